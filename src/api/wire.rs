//! From bytes to a call: the path as the route table sees it, and what every one of the four methods
//! takes.

use std::sync::Arc;
use std::time::Instant;

use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::Request;
use http::Uri;
use http::header::CACHE_CONTROL;
use http::header::CONTENT_ENCODING;
use http::uri::PathAndQuery;
use serde::de::DeserializeOwned;

use super::admission::InFlight;
use super::admission::admit;
use super::body;
use super::body::Unread;
use super::caught::caught;
use super::entry::enter;
use super::entry::refuse;
use super::reply;
use super::reply::Misuse;
use crate::app::App;
use crate::app::Snapshot;
use crate::caller::Accepted;
use crate::caller::Caller;
use crate::caller::Reason;
use crate::connections::Configured;
use crate::failures;
use crate::failures::Failure;
use crate::instruments::ShedReason;
use crate::limits::Charge;
use crate::protocol;
use crate::protocol::DecodeError;
use crate::protocol::scan;
use crate::protocol::scan::Scanned;
use crate::random;
use crate::record::Arrival;
use crate::record::Depth;
use crate::record::Freshness;
use crate::record::Recorder;

/// One call of an accepted caller, its body read and scanned but not yet understood.
#[derive(Debug)]
pub(super) struct Call {
    /// The proof that the caller was accepted.
    pub(super) accepted: Accepted,
    /// The configuration that it began with.
    pub(super) snapshot: Arc<Snapshot>,
    arrival: Arrival,
    /// What it takes up until it is answered.
    pub(super) in_flight: InFlight,
    /// The text of the body, or why it is none.
    body: Result<Bytes, DecodeError>,
    /// The memory that it takes.
    _charges: Vec<Charge>,
    recorder: Arc<Recorder>,
}

/// What is known of a call beside its answer.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) recorder: Arc<Recorder>,
    /// As it came, secrets included; for as long as the answer is made.
    pub(super) body: Bytes,
}

impl Call {
    /// What is configured about connections, for this call.
    pub(super) fn configured(&self) -> &Configured {
        &self.snapshot.connections
    }

    /// Who calls.
    pub(super) fn caller(&self) -> &Caller {
        self.accepted.caller()
    }

    /// How the call arrived.
    pub(super) fn arrival(&self) -> Arrival {
        self.arrival.clone()
    }

    /// What is known of the call for the tap, and to count its notices.
    pub(super) fn seen(&self) -> Seen {
        Seen {
            recorder: Arc::clone(&self.recorder),
            body: self.body.clone().unwrap_or_default(),
        }
    }

    /// The request in the body. `Content-Type` is not looked at.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let body = self.body.as_ref().map_err(failures::decode)?;
        protocol::read(body).map_err(|error| failures::decode(&error.into()))
    }

    /// Does the work of this call; a panic in it is a failure like others, and so is that the time
    /// to stop is over.
    pub(super) async fn work<T>(
        &self,
        app: &App,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let work = caught(&app.instruments, work);
        tokio::select! {
            biased;
            done = work => {
                done.unwrap_or_else(|_| Err(failures::internal(&self.arrival.request_id)))
            }
            () = app.state.stopping() => Err(failures::stopping()),
        }
    }
}

impl Call {
    /// The call that `request` is, or the answer to what is none.
    ///
    /// The order is part of the contract: head, then acceptance as far as the head decides it, then
    /// the body's limits, then one scan of it, which picks up the token, and the rest of acceptance.
    /// What the body asks for is read after that (security.md, "Wall A: who calls").
    pub(super) async fn of(request: axum::extract::Request, app: &App) -> Result<Self, Response> {
        let (head, body) = request.into_parts();
        // One snapshot from here to the header of the key.
        let snapshot = app.snapshot();
        let refused = |refused| refuse(app, refused);
        let entrance = enter(&snapshot, &head).map_err(refused)?;
        let settled = entrance.settled();
        let misuse = |misuse| reply::misuse(&snapshot, settled.as_ref(), misuse);
        if is_coded(&head.headers) {
            return Err(misuse(Misuse::ContentEncoding));
        }
        let limits = &snapshot.limits;
        let shed = |accepted: Option<&Accepted>, reason| {
            reply::shed(&snapshot, accepted, &head.uri, reason)
        };
        let caller = settled.as_ref().map(|it| it.caller().clone());
        let admitted = admit(app, limits, caller).await;
        let in_flight = admitted.map_err(|reason| shed(settled.as_ref(), reason))?;
        let mut charges = vec![app.budget.charge()];
        // Bodies are kept for strangers in common bounds until they are read as JSON.
        charges.extend(settled.is_none().then(|| app.unaccepted.charge()));
        let asked = Instant::now();
        let body = match body::whole(body, &mut charges).await {
            Ok(body) => body,
            Err(Unread::TooLarge) => return Err(misuse(Misuse::BodyTooLarge)),
            Err(Unread::NoRoom) => {
                app.instruments.shed(ShedReason::Bytes);
                return Err(shed(settled.as_ref(), ShedReason::Bytes));
            }
            Err(Unread::TooSlow) => return Err(reply::too_slow(&snapshot, settled.as_ref())),
            Err(Unread::Broken) => return Err(reply::broken_body(&snapshot, settled.as_ref())),
        };
        let received = asked.elapsed();
        let (accepted, body) = match scan::scanned(&body) {
            Ok(Scanned { text, token }) => {
                let accepted = entrance.accept(token.as_ref()).map_err(refused)?;
                (accepted, Ok(body.slice_ref(text.as_bytes())))
            }
            // Where a token is needed, a body that cannot be read proves nothing.
            Err(error) => {
                let unproved = || refused(entrance.refused(Reason::Body));
                (settled.ok_or_else(unproved)?, Err(error))
            }
        };
        charges.truncate(1);
        let owned = in_flight.belongs_to(accepted.caller(), app, limits);
        owned.map_err(|reason| shed(Some(&accepted), reason))?;
        let arrival = head.extensions.get().cloned();
        let arrival = arrival.unwrap_or_else(|| arrival_of(app, &head.headers));
        let recorder = Arc::new(Recorder::new(Depth::Brief));
        // A caller that sends slowly is no slowness of ours.
        recorder.waits().add(received);
        Ok(Self {
            accepted,
            snapshot,
            arrival: Arrival {
                recorder: Some(Arc::clone(&recorder)),
                ..arrival
            },
            in_flight,
            body,
            _charges: charges,
            recorder,
        })
    }
}

/// How a request with the head `head` arrives now.
pub(super) fn arrival_of(app: &App, head: &HeaderMap) -> Arrival {
    Arrival {
        request_id: request_id(head),
        started: Instant::now(),
        now: (app.clock)(),
        recorder: None,
        freshness: Freshness::of(
            head.get_all(CACHE_CONTROL)
                .iter()
                .map(HeaderValue::as_bytes),
        ),
    }
}

/// The caller's own `X-Request-Id` if it is a plain token of up to 64 characters, so that logs of
/// both sides can be joined; else 16 random hexadecimal digits.
fn request_id(head: &HeaderMap) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let given = head
        .get("x-request-id")
        .and_then(|value| value.to_str().ok())
        .filter(|id| (1..=64).contains(&id.len()) && id.chars().all(plain));
    match given {
        Some(id) => id.to_owned(),
        // Nobody gains by guessing one, so no system call is spent on it.
        None => format!("{:016x}", random::number()),
    }
}

/// Whether a body has a content coding. None is decoded, so no bomb can come in.
fn is_coded(head: &HeaderMap) -> bool {
    head.get_all(CONTENT_ENCODING).iter().any(|coding| {
        !coding
            .as_bytes()
            .trim_ascii()
            .eq_ignore_ascii_case(b"identity")
    })
}

/// The request with each run of slashes in its path folded into one: a trailing slash in the data
/// source URL makes `StackState` call `//api/metric`.
pub(super) fn fold_slashes<B>(mut request: Request<B>) -> Request<B> {
    if request.uri().path().contains("//")
        && let Some(folded) = folded(request.uri())
    {
        *request.uri_mut() = folded;
    }
    request
}

fn folded(uri: &Uri) -> Option<Uri> {
    let mut text = String::with_capacity(uri.path().len());
    for c in uri.path().chars() {
        if c != '/' || !text.ends_with('/') {
            text.push(c);
        }
    }
    if let Some(query) = uri.query() {
        text.push('?');
        text.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(text).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_folding(given: &str, expected: &str) {
        let request = Request::builder().uri(given).body(()).unwrap();
        assert_eq!(fold_slashes(request).uri(), expected);
    }

    #[test]
    fn runs_of_slashes_are_folded_in_the_path_alone() {
        check_folding("//api/metric", "/api/metric");
        check_folding("/api///field//name?a=//b", "/api/field/name?a=//b");
        check_folding("/", "/");
        check_folding("///", "/");
        check_folding(
            "http://mirror:9900//api/metric",
            "http://mirror:9900/api/metric",
        );
    }

    #[track_caller]
    fn check_id(given: &str, kept: bool) {
        let mut head = HeaderMap::new();
        head.insert("x-request-id", HeaderValue::from_str(given).unwrap());
        let id = request_id(&head);
        assert_eq!(id == given, kept, "{id}");
        assert!(kept || (id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit())));
    }

    #[test]
    fn a_callers_id_is_taken_if_it_is_a_plain_token() {
        check_id("4bf92f35-77b3.a_1", true);
        check_id(&"a".repeat(64), true);
        check_id(&"a".repeat(65), false);
        check_id("", false);
        check_id("a b", false);
        check_id("{\"forged\":1}", false);
    }

    #[test]
    fn identity_is_no_coding() {
        let coded = |value| {
            let mut head = HeaderMap::new();
            head.insert(CONTENT_ENCODING, HeaderValue::from_static(value));
            is_coded(&head)
        };
        assert!(!is_coded(&HeaderMap::new()));
        assert!(!coded("Identity"));
        assert!(coded("gzip"));
        assert!(coded("identity, gzip"));
    }
}
