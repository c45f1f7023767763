//! One span, one log line and one count per request, however it ends.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use axum::extract::Request;
use axum::response::Response;
use tracing::Instrument as _;
use tracing::Span;

use super::caught::caught;
use super::reply;
use super::reply::Told;
use super::wire::Seen;
use super::wire::arrival_of;
use crate::app::App;
use crate::caller::Peer;
use crate::explain::tap::Ended;
use crate::instruments::MethodLabel;
use crate::instruments::RequestOutcome;
use crate::protocol::MirrorMethod;
use crate::record::Arrival;

/// What `answer` makes of `request`, which is observed as one of `method`.
pub(super) async fn observed<F: Future<Output = Response>>(
    app: &Arc<App>,
    method: MethodLabel,
    mut request: Request,
    answer: impl FnOnce(Request) -> F,
) -> Response {
    let arrival = arrival_of(app, request.headers());
    let id = arrival.request_id.clone();
    request.extensions_mut().insert(arrival.clone());
    let source = request.extensions().get::<Peer>();
    let source = source.map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.address.ip());
    let span = tracing::info_span!("request", id, method = method.as_str());
    let watch = Watch {
        app: Arc::clone(app),
        method,
        arrival,
        source,
        span: span.clone(),
        answered: false,
    };
    // A net below the one around the work of a call, for what is done before and after it.
    let answer = caught(&app.instruments, answer(request)).instrument(span);
    let mut response = answer.await.unwrap_or_else(|_| reply::panicked(&id));
    reply::identify(&mut response, &id);
    watch.answered(&response);
    response
}

/// Waits for a request to end. Dropped without an answer, its caller went away.
struct Watch {
    app: Arc<App>,
    method: MethodLabel,
    arrival: Arrival,
    /// Who speaks to us.
    source: IpAddr,
    span: Span,
    answered: bool,
}

impl Watch {
    fn answered(mut self, response: &Response) {
        self.answered = true;
        let _entered = self.span.enter();
        let instruments = &self.app.instruments;
        let took = self.arrival.started.elapsed();
        let told = response.extensions().get::<Told>().cloned();
        let told = told.unwrap_or(Told::FAILED);
        instruments.request(self.method, told.outcome, took);
        if let Some(code) = told.code {
            instruments.error(code);
        }
        if told.empty {
            instruments.empty_answer(self.method);
        }
        let (status, outcome) = (response.status().as_u16(), told.outcome.as_str());
        let (ms, calls) = (millis(took), told.calls);
        if let Some(seen) = &told.seen {
            let waited = seen.recorder.waits().total();
            instruments.overhead(self.method, took.saturating_sub(waited));
            self.tap(seen, &told, took);
        }
        let (code, cause) = (told.code, told.cause);
        // Probes of `/healthcheck` come every few seconds and are not worth a line each, and strangers
        // must not fill the log.
        let is_probe = self.method == MethodLabel::Other && code.is_none();
        let is_refused = told.outcome == RequestOutcome::Unaccepted;
        // Who was accepted has been given the key.
        let is_stranger = !response.headers().contains_key(reply::KEY);
        let refusals = &self.app.refusals;
        if is_probe || is_refused || (is_stranger && !refusals.is_due(self.source, Instant::now()))
        {
            tracing::debug!(status, outcome, ms, "answered");
        } else {
            tracing::info!(status, outcome, ms, code, cause, calls, "answered");
        }
    }
}

impl Watch {
    /// Counts the notices of a call, and offers it to the tap.
    fn tap(&self, seen: &Seen, told: &Told, took: Duration) {
        let recorded = seen.recorder.take();
        let instruments = &self.app.instruments;
        for notice in &recorded.notices {
            instruments.notice(notice.code());
        }
        let ended = Ended {
            id: &self.arrival.request_id,
            at: self.arrival.now,
            method: match self.method {
                MethodLabel::Connection => MirrorMethod::Connection,
                MethodLabel::FieldName => MirrorMethod::FieldNames,
                MethodLabel::FieldValue => MirrorMethod::FieldValues,
                MethodLabel::Metric => MirrorMethod::Metric,
                MethodLabel::Other => return,
            },
            outcome: told.outcome.as_str(),
            code: told.code,
            ms: took.as_secs_f64() * 1_000.0,
            calls: told.calls,
            recorded,
            body: &seen.body,
        };
        if !self.app.tap.offer(ended, self.app.snapshot().tap_entries) {
            instruments.tap_dropped();
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.answered {
            let _entered = self.span.enter();
            let took = self.arrival.started.elapsed();
            let outcome = RequestOutcome::ClientGone;
            self.app.instruments.request(self.method, outcome, took);
            let (outcome, ms) = (outcome.as_str(), millis(took));
            tracing::info!(outcome, ms, "the caller went away");
        }
    }
}

/// A number for the log, which writes longer integers as text.
fn millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}
