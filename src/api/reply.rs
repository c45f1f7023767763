//! From a result to an answer: the only place that writes a status, and the only one that sets the
//! header of the key, which takes an [`Accepted`] (mirror-api.md, "Failures" and "The key").

mod answer;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::StatusCode;
use http::Uri;
use http::header::CONNECTION;
use http::header::CONTENT_TYPE;
use http::header::RETRY_AFTER;

use super::wire::Call;
use super::wire::Seen;
use crate::app::Snapshot;
use crate::caller::Accepted;
use crate::failures;
use crate::failures::Failure;
use crate::failures::Id;
use crate::failures::NotACall;
use crate::instruments::RequestOutcome;
use crate::instruments::ShedReason;
use crate::options::Profile;
use crate::protocol::connection::ConnectionStatus;
use crate::protocol::connection::TestConnectionResponse;
use crate::protocol::failure::FailureBody;
use crate::record::Served;
use answer::Answer;

/// Proves the mirror to `StackState`, which rejects an answer without it.
pub(super) const KEY: HeaderName = HeaderName::from_static("x-mirror-api-key");
const ERROR: HeaderName = HeaderName::from_static("x-mirror-error");
const PROFILE: HeaderName = HeaderName::from_static("x-mirror-profile");
const RESULT: HeaderName = HeaderName::from_static("x-mirror-result");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Where a failure is an answer too.
const CONNECTION_TEST: &str = "/api/connection";
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What the log and the instruments are told of an answer, beside its status.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// How the request ended.
    pub(super) outcome: RequestOutcome,
    /// The id of the failure, as `PM-1001`.
    pub(super) code: Option<&'static str>,
    /// What lies below the failure; never for the caller.
    pub(super) cause: Option<String>,
    /// How many backend calls were made, where that is known.
    pub(super) calls: Option<u32>,
    /// Whether a success holds nothing.
    pub(super) empty: bool,
    /// What was asked, and what was written down of its way.
    pub(super) seen: Option<Seen>,
}

/// How a request can fail to be a call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Misuse {
    /// 404
    NoSuchPath,
    /// 405 on one of the four methods.
    UsePost,
    /// 405 on an open page.
    UseGet,
    /// 413
    BodyTooLarge,
    /// 415
    ContentEncoding,
}

/// The answer to `/api/connection`. Its failures are answers too, "no" in a 200: the call itself
/// worked.
pub(super) fn connection(call: &Call, tested: Result<(), Failure>) -> Response {
    let Err(failure) = tested else {
        let ok = TestConnectionResponse {
            status: ConnectionStatus::Ok,
            error: None,
        };
        return signed(call, success(call, answer::json(&ok), Told::OK));
    };
    // The predecessor passed the backend's own status on.
    let status = match failure.profile {
        Some(Profile::Legacy) => failure
            .backend_status
            .and_then(|s| StatusCode::from_u16(s).ok()),
        Some(Profile::Exact) | None => None,
    };
    signed(
        call,
        refused_test(status.unwrap_or(StatusCode::OK), &failure),
    )
}

fn refused_test(status: StatusCode, failure: &Failure) -> Response {
    let body = TestConnectionResponse {
        status: ConnectionStatus::Failure,
        error: Some(FailureBody::MetricStoreConnectionError {
            details: failure.details(),
        }),
    };
    // As below: nothing in it can fail to be written.
    let body = serde_json::to_vec(&body).unwrap_or_default();
    failed(status, body, failure)
}

/// The answer to one of the other three: 200, or 500 whatever the failure, since `StackState` reads
/// the type in the body.
pub(super) fn answer(call: &Call, answer: Result<impl Answer, Failure>) -> Response {
    let response = match answer {
        Ok(answer) => {
            let (told, profile) = (answer.told(), answer.profile());
            let (served, forms) = (answer.served(), answer.forms());
            let mut response = success(call, answer.into_body(), told);
            if let Some(profile) = profile {
                response
                    .headers_mut()
                    .insert(PROFILE, profile_name(profile));
            }
            tell_result(response.headers_mut(), served);
            if let Some(forms) = forms {
                response.extensions_mut().insert(forms);
            }
            response
        }
        Err(failure) => failure_body(StatusCode::INTERNAL_SERVER_ERROR, &failure),
    };
    signed(call, response)
}

/// The answer to a call that there is no room for: to an accepted caller a failure like any other.
/// Whoever is not accepted yet is asked to come again, unread and without the key.
pub(super) fn shed(
    snapshot: &Snapshot,
    accepted: Option<&Accepted>,
    path: &Uri,
    reason: ShedReason,
) -> Response {
    let failure = match reason {
        ShedReason::Bytes => failures::no_room(),
        ShedReason::Memory => failures::pressed(),
        ShedReason::InFlight | ShedReason::Caller | ShedReason::Backend => failures::busy(),
    };
    match accepted {
        None => unavailable(&failure),
        Some(accepted) => {
            let response = if path.path() == CONNECTION_TEST {
                refused_test(StatusCode::OK, &failure)
            } else {
                failure_body(StatusCode::INTERNAL_SERVER_ERROR, &failure)
            };
            sign(snapshot, accepted, response)
        }
    }
}

/// The answer to what is no call; with the key if its caller is accepted by then.
pub(super) fn misuse(snapshot: &Snapshot, accepted: Option<&Accepted>, misuse: Misuse) -> Response {
    let (status, call) = match misuse {
        Misuse::NoSuchPath => (StatusCode::NOT_FOUND, NotACall::NoSuchPath),
        Misuse::UsePost => (StatusCode::METHOD_NOT_ALLOWED, NotACall::UsePost),
        // Who posts here has most likely cut the data source URL short; that text says so.
        Misuse::UseGet => (StatusCode::METHOD_NOT_ALLOWED, NotACall::NoSuchPath),
        Misuse::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, NotACall::BodyTooLarge),
        Misuse::ContentEncoding => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            NotACall::ContentEncoding,
        ),
    };
    to(
        snapshot,
        accepted,
        failure_body(status, &failures::not_a_call(call)),
    )
}

/// With the key, where the caller is accepted by now.
fn to(snapshot: &Snapshot, accepted: Option<&Accepted>, response: Response) -> Response {
    match accepted {
        Some(accepted) => sign(snapshot, accepted, response),
        None => response,
    }
}

/// The answer to whoever is not accepted: one body, and of the headers of a failure none.
pub(super) fn not_accepted() -> Response {
    let mut response = failure_body(StatusCode::UNAUTHORIZED, &failures::not_accepted());
    response.headers_mut().remove(ERROR);
    if let Some(told) = response.extensions_mut().get_mut::<Told>() {
        told.outcome = RequestOutcome::Unaccepted;
    }
    response
}

fn unavailable(failure: &Failure) -> Response {
    let mut response = failure_body(StatusCode::SERVICE_UNAVAILABLE, failure);
    let a_second = HeaderValue::from_static("1");
    response.headers_mut().insert(RETRY_AFTER, a_second);
    response
}

/// A page that is open to anybody and never carries the key.
pub(super) fn page(json: impl Into<Body>) -> Response {
    told(json_response(StatusCode::OK, json.into()), Told::OK)
}

/// The answer after a panic outside a call's own work, where nothing is known of the caller.
pub(super) fn panicked(request_id: &str) -> Response {
    failure_body(
        StatusCode::INTERNAL_SERVER_ERROR,
        &failures::internal(request_id),
    )
}

/// The body did not arrive in time. As for everything below a request, there is no body.
pub(super) fn too_slow(snapshot: &Snapshot, accepted: Option<&Accepted>) -> Response {
    to(snapshot, accepted, closing(StatusCode::REQUEST_TIMEOUT))
}

/// The body ended early or was framed wrongly.
pub(super) fn broken_body(snapshot: &Snapshot, accepted: Option<&Accepted>) -> Response {
    to(snapshot, accepted, closing(StatusCode::BAD_REQUEST))
}

/// Lets the caller find the request in our log.
pub(super) fn identify(response: &mut Response, request_id: &str) {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
}

/// Asks the caller to come back on another connection.
fn close(head: &mut HeaderMap) {
    head.insert(CONNECTION, HeaderValue::from_static("close"));
}

/// The answer to `call`, which takes up its slot until it is written.
///
/// The instruments and the tap are told what was asked.
fn signed(call: &Call, mut response: Response) -> Response {
    response.extensions_mut().insert(call.in_flight.clone());
    if let Some(told) = response.extensions_mut().get_mut::<Told>() {
        told.seen = Some(call.seen());
    }
    sign(&call.snapshot, &call.accepted, response)
}

/// Sets the key, that of the snapshot which the request began with: for an accepted caller, and for
/// nobody else.
fn sign(snapshot: &Snapshot, _proof: &Accepted, mut response: Response) -> Response {
    response.headers_mut().insert(KEY, snapshot.key.clone());
    response
}

fn success(call: &Call, body: Option<Bytes>, what: Told) -> Response {
    match body {
        Some(body) => told(json_response(StatusCode::OK, Body::from(body)), what),
        None => internal(call),
    }
}

/// An answer that could not be written as JSON, which is a bug.
fn internal(call: &Call) -> Response {
    panicked(&call.arrival().request_id)
}

fn failure_body(status: StatusCode, failure: &Failure) -> Response {
    // Strings alone: nothing in it can fail to be written.
    let body = serde_json::to_vec(&failure.body).unwrap_or_default();
    failed(status, body, failure)
}

fn failed(status: StatusCode, body: Vec<u8>, failure: &Failure) -> Response {
    let mut response = json_response(status, Body::from(body));
    let code = failure.id.code();
    response
        .headers_mut()
        .insert(ERROR, HeaderValue::from_static(code));
    if let Some(profile) = failure.profile {
        response
            .headers_mut()
            .insert(PROFILE, profile_name(profile));
    }
    tell_result(response.headers_mut(), failure.served);
    told(
        response,
        Told {
            // What the mirror had no room for is told apart from what went wrong.
            outcome: if failure.id == Id::Busy {
                RequestOutcome::Shed
            } else {
                RequestOutcome::Error
            },
            code: Some(code),
            cause: Some(failure.cause.clone()),
            ..Told::OK
        },
    )
}

/// Says where an answer came from, if its query had reached a plan.
fn tell_result(head: &mut HeaderMap, served: Option<Served>) {
    let text = served.map(|served| served.to_string());
    if let Some(value) = text.and_then(|text| HeaderValue::from_str(&text).ok()) {
        head.insert(RESULT, value);
    }
}

fn closing(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    close(response.headers_mut());
    told(response, Told::FAILED)
}

fn json_response(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

fn told(mut response: Response, what: Told) -> Response {
    response.extensions_mut().insert(what);
    response
}

fn profile_name(profile: Profile) -> HeaderValue {
    HeaderValue::from_static(match profile {
        Profile::Exact => "exact",
        Profile::Legacy => "legacy",
    })
}
