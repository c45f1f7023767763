//! One line of the log and one count for each attempt at a backend call, however it ends.

use std::time::Instant;

use crate::egress::dial::Part;
use crate::instruments::CallOutcome;
use crate::instruments::Instruments;
use crate::record::Context;
use crate::record::stages::CallStage;
use crate::upstream::UpstreamError;
use crate::upstream::client::Target;

/// An attempt under way. Dropped before it is finished, it counts as cancelled: nobody waits for
/// its answer any more.
#[derive(Debug)]
pub(super) struct Tally<'a> {
    instruments: &'a Instruments,
    cx: &'a Context,
    /// The name of the connection, if it has one.
    name: Option<&'a str>,
    host: &'a str,
    path: String,
    started: Instant,
    outcome: CallOutcome,
    is_repeat: bool,
    /// The status of the answer, once there is one.
    pub(super) status: Option<u16>,
    /// The size of the answer's body.
    pub(super) bytes: usize,
    series: usize,
    /// What the record shows of it, until it is shown.
    shown: Option<CallStage>,
}

impl<'a> Tally<'a> {
    /// Begins to count the time of an attempt.
    pub(super) fn start(
        instruments: &'a Instruments,
        cx: &'a Context,
        target: &'a Target,
        path: &str,
        is_repeat: bool,
        shown: Option<CallStage>,
    ) -> Self {
        Self {
            instruments,
            cx,
            name: target.connection.name.as_deref(),
            host: &target.host,
            path: path.to_owned(),
            started: Instant::now(),
            outcome: CallOutcome::Cancelled,
            is_repeat,
            status: None,
            bytes: 0,
            series: 0,
            shown,
        }
    }

    /// The attempt gave an answer of so many series or entries; its number in the record.
    pub(super) fn succeed(mut self, series: usize) -> Option<usize> {
        self.outcome = CallOutcome::Success;
        self.series = series;
        self.record()
    }

    fn record(&mut self) -> Option<usize> {
        let shown = self.shown.take()?;
        let mut number = None;
        self.cx.record(|recorded| {
            number = Some(recorded.call(CallStage {
                status: self.status,
                ms: self.started.elapsed().as_secs_f64() * 1_000.0,
                bytes: self.bytes,
                series: self.series,
                repeats: usize::from(self.is_repeat),
                outcome: self.outcome.as_str(),
                ..shown
            }));
        });
        number
    }

    /// The attempt failed.
    pub(super) fn fail(mut self, error: &UpstreamError) {
        self.outcome = outcome(error);
    }
}

impl Drop for Tally<'_> {
    fn drop(&mut self) {
        self.record();
        let took = self.started.elapsed();
        self.instruments.backend_call(self.name, self.outcome, took);
        if self.is_repeat {
            self.instruments.backend_retry(self.name, self.outcome);
        }
        // The path and never the parameters: a query holds what the caller asked for.
        tracing::debug!(
            request_id = self.cx.request_id,
            host = self.host,
            path = self.path,
            outcome = self.outcome.as_str(),
            status = self.status,
            duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            bytes = self.bytes,
            series = self.series,
            "backend call"
        );
    }
}

fn outcome(error: &UpstreamError) -> CallOutcome {
    match error {
        UpstreamError::Resolve { .. } => CallOutcome::Dns,
        UpstreamError::Tls { .. }
        | UpstreamError::Unreached {
            part: Part::Handshake,
            ..
        } => CallOutcome::Tls,
        UpstreamError::Connect { .. }
        | UpstreamError::Forbidden { .. }
        | UpstreamError::Unreached { .. } => CallOutcome::Connect,
        UpstreamError::Unauthorised { .. } | UpstreamError::Credentials { .. } => CallOutcome::Auth,
        UpstreamError::Timeout { .. } | UpstreamError::QueryTimeout { .. } => CallOutcome::Timeout,
        UpstreamError::Throttled { .. } => CallOutcome::Throttled,
        UpstreamError::Broken { .. } => CallOutcome::Broken,
        UpstreamError::Status { status, .. } if *status >= 500 => CallOutcome::Unavailable,
        UpstreamError::Refused { .. }
        | UpstreamError::TooBig { .. }
        | UpstreamError::Status { .. }
        | UpstreamError::LabelName { .. } => CallOutcome::RefusedQuery,
        UpstreamError::TooLarge { .. }
        | UpstreamError::NotPrometheus { .. }
        | UpstreamError::Redirect { .. }
        | UpstreamError::Memory
        | UpstreamError::Open { .. }
        | UpstreamError::Busy { .. }
        | UpstreamError::Calls { .. } => CallOutcome::BadAnswer,
    }
}
