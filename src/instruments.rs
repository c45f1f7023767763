//! What the program counts and measures about itself (reliability.md, "Metrics"), served by
//! `admin` at `/metrics`.
//!
//! All names begin with `mirror_`. Label sets are closed ([`labels`]): a URL, an address, a metric
//! name or a caller's text never becomes a label, so no caller can make this page grow.

mod backends;
mod held;
pub mod labels;
mod process;
mod registered;

use std::borrow::Cow;
use std::time::Duration;

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

pub use backends::Measured;
pub use held::Held;
pub use held::LinesDropped;
pub use held::OpenConnection;
pub use labels::AcceptError;
pub use labels::AnswerResult;
pub use labels::Breaker;
pub use labels::CallOutcome;
pub use labels::CloseReason;
pub use labels::ConnectionState;
pub use labels::Denied;
pub use labels::DropReason;
pub use labels::Insecurity;
pub use labels::MethodLabel;
pub use labels::NotStored;
pub use labels::Refresh;
pub use labels::RefusedCaller;
pub use labels::RequestOutcome;
pub use labels::Scope;
pub use labels::ShedReason;

/// The media type of [`Instruments::encode`].
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The revision of the sources that this was built from. Releases and images set it; a build for
/// oneself does not, or each commit would be compiled anew for it.
pub const REVISION: &str = match option_env!("MIRROR_REVISION") {
    Some(revision) => revision,
    None => "unknown",
};

type Labels<const N: usize> = [(&'static str, &'static str); N];
/// Labels of which one can be the name of a configured connection.
type Named<const N: usize> = [(&'static str, Cow<'static, str>); N];

/// Upper bounds of the duration histograms, in seconds. The deadline of a request is at most 60 s;
/// below 5 ms lies only what no backend was asked for.
const DURATIONS: [f64; 13] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0,
];

/// Upper bounds of the histogram of the mirror's own time, in seconds. What is promised is 5 ms, so
/// that it is fine around there.
const OVERHEADS: [f64; 10] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0,
];

/// What `backend` is for a connection that the configuration does not name.
const OTHER_BACKEND: &str = "other";

/// Every instrument of the program. Made once and shared; all methods may be called from anywhere.
#[derive(Debug)]
pub struct Instruments {
    registry: Registry,
    requests: Family<Labels<2>, Counter>,
    request_duration: Family<Labels<1>, Histogram>,
    overhead: Family<Labels<1>, Histogram>,
    errors: Family<Labels<1>, Counter>,
    backend_calls: Family<Named<2>, Counter>,
    backend_call_duration: Family<Named<1>, Histogram>,
    backend_retries: Family<Named<2>, Counter>,
    backend_retries_denied: Family<Named<2>, Counter>,
    breaker_state: Family<Named<1>, Gauge>,
    breaker_opened: Family<Named<1>, Counter>,
    empty_answers: Family<Labels<2>, Counter>,
    points_dropped: Family<Labels<1>, Counter>,
    backend_warnings: Family<Named<1>, Counter>,
    guard_refusals: Family<Labels<1>, Counter>,
    credential_refresh: Family<Named<2>, Counter>,
    clock_skew: Family<Named<1>, Gauge>,
    credential_expiry: Family<Named<1>, Gauge>,
    certificate_expiry: Family<Named<1>, Gauge>,
    listener_certificate_expiry: Family<Labels<1>, Gauge>,
    unusable_files: Gauge,
    unusable_tls: Gauge,
    in_flight: Family<Labels<1>, Gauge>,
    queued: Family<Labels<1>, Gauge>,
    queue_wait: Family<Labels<1>, Histogram>,
    shed: Family<Labels<1>, Counter>,
    connections: Family<Labels<1>, Gauge>,
    connections_closed: Family<Labels<1>, Counter>,
    accept_errors: Family<Labels<1>, Counter>,
    refused_callers: Family<Labels<1>, Counter>,
    insecure_config: Family<Labels<1>, Gauge>,
    answers: Family<Labels<1>, Counter>,
    answers_not_stored: Family<Labels<1>, Counter>,
    panics: Counter,
    notices: Family<Labels<1>, Counter>,
    tap_dropped: Counter,
    task_restarts: Counter,
    tasks: Gauge,
    log_lines_dropped: Counter,
    memory_pressure: Gauge,
    buffer_bytes: Gauge,
    buffer_budget_bytes: Gauge,
    limit: Family<Labels<1>, Gauge>,
    draining: Gauge,
    config_last_reload_successful: Gauge,
}

impl Default for Instruments {
    fn default() -> Self {
        Self::new()
    }
}

impl Instruments {
    /// All instruments at zero.
    #[must_use]
    pub fn new() -> Self {
        let durations: fn() -> Histogram = || Histogram::new(DURATIONS);
        let overheads: fn() -> Histogram = || Histogram::new(OVERHEADS);
        let new = Self {
            registry: Registry::default(),
            requests: Family::default(),
            request_duration: Family::new_with_constructor(durations),
            overhead: Family::new_with_constructor(overheads),
            errors: Family::default(),
            backend_calls: Family::default(),
            backend_call_duration: Family::new_with_constructor(durations),
            backend_retries: Family::default(),
            backend_retries_denied: Family::default(),
            breaker_state: Family::default(),
            breaker_opened: Family::default(),
            empty_answers: Family::default(),
            points_dropped: Family::default(),
            backend_warnings: Family::default(),
            guard_refusals: Family::default(),
            credential_refresh: Family::default(),
            clock_skew: Family::default(),
            credential_expiry: Family::default(),
            certificate_expiry: Family::default(),
            listener_certificate_expiry: Family::default(),
            unusable_files: Gauge::default(),
            unusable_tls: Gauge::default(),
            in_flight: Family::default(),
            queued: Family::default(),
            queue_wait: Family::new_with_constructor(durations),
            shed: Family::default(),
            connections: Family::default(),
            connections_closed: Family::default(),
            accept_errors: Family::default(),
            refused_callers: Family::default(),
            insecure_config: Family::default(),
            answers: Family::default(),
            answers_not_stored: Family::default(),
            panics: Counter::default(),
            notices: Family::default(),
            tap_dropped: Counter::default(),
            task_restarts: Counter::default(),
            tasks: Gauge::default(),
            log_lines_dropped: Counter::default(),
            memory_pressure: Gauge::default(),
            buffer_bytes: Gauge::default(),
            buffer_budget_bytes: Gauge::default(),
            limit: Family::default(),
            draining: Gauge::default(),
            config_last_reload_successful: Gauge::default(),
        };
        // The program runs with settings that could be used.
        new.config_reloaded(true);
        // So that a rate over them is 0 and not absent until the first one.
        for scope in Scope::ALL {
            let scope = [("scope", scope.as_str())];
            drop(new.in_flight.get_or_create(&scope));
            drop(new.queued.get_or_create(&scope));
        }
        for reason in ShedReason::ALL {
            drop(new.shed.get_or_create(&[("reason", reason.as_str())]));
        }
        for state in [ConnectionState::Active, ConnectionState::Idle] {
            drop(new.connections.get_or_create(&[("state", state.as_str())]));
        }
        for reason in CloseReason::ALL {
            drop(new.closed(reason));
        }
        for reason in AcceptError::ALL {
            drop(
                new.accept_errors
                    .get_or_create(&[("reason", reason.as_str())]),
            );
        }
        for reason in RefusedCaller::ALL {
            let reason = ("reason", reason.as_str());
            drop(new.refused_callers.get_or_create(&[reason]));
        }
        for result in AnswerResult::ALL {
            drop(new.answers.get_or_create(&[("result", result.as_str())]));
        }
        for reason in NotStored::ALL {
            let reason = ("reason", reason.as_str());
            drop(new.answers_not_stored.get_or_create(&[reason]));
        }
        for reason in Insecurity::ALL {
            new.insecure_config(reason, false);
        }
        new.registered()
    }

    /// Counts one request and how long it took.
    pub fn request(&self, method: MethodLabel, outcome: RequestOutcome, took: Duration) {
        let method = ("method", method.as_str());
        self.requests
            .get_or_create(&[method, ("outcome", outcome.as_str())])
            .inc();
        self.request_duration
            .get_or_create(&[method])
            .observe(took.as_secs_f64());
    }

    /// What one accepted call took of the mirror's own time.
    pub fn overhead(&self, method: MethodLabel, took: Duration) {
        self.overhead
            .get_or_create(&[("method", method.as_str())])
            .observe(took.as_secs_f64());
    }

    /// Counts one failure that a caller reads by its id, for example `PM-2001`: one of the catalogue
    /// (experience.md, "Errors"), which is what closes this set.
    pub fn error(&self, code: &'static str) {
        self.errors.get_or_create(&[("code", code)]).inc();
    }

    /// Counts one notice by its id, for example `PM-7004`: one of the catalogue, as above.
    pub fn notice(&self, code: &'static str) {
        self.notices.get_or_create(&[("code", code)]).inc();
    }

    /// Counts one request that the tap had no time for.
    pub fn tap_dropped(&self) {
        self.tap_dropped.inc();
    }

    /// How many requests are worked on.
    #[must_use]
    pub fn requests_in_flight(&self) -> usize {
        let gauge = self.in_flight.get_or_create(&[("scope", "global")]);
        usize::try_from(gauge.get()).unwrap_or_default()
    }

    /// Counts one more in a slot of `scope` for as long as the result lives.
    #[must_use]
    pub fn held(&self, scope: Scope) -> Held {
        Held::new(&self.in_flight.get_or_create(&[("scope", scope.as_str())]))
    }

    /// Counts one more that waits for such a slot for as long as the result lives.
    #[must_use]
    pub fn queued(&self, scope: Scope) -> Held {
        Held::new(&self.queued.get_or_create(&[("scope", scope.as_str())]))
    }

    /// Notes how long one has waited for it.
    pub fn queue_wait(&self, scope: Scope, waited: Duration) {
        self.queue_wait
            .get_or_create(&[("scope", scope.as_str())])
            .observe(waited.as_secs_f64());
    }

    /// Counts what was refused for lack of room.
    pub fn shed(&self, reason: ShedReason) {
        self.shed
            .get_or_create(&[("reason", reason.as_str())])
            .inc();
    }

    /// Counts one answer to a metric query by where it came from.
    pub fn answer(&self, result: AnswerResult) {
        self.answers
            .get_or_create(&[("result", result.as_str())])
            .inc();
    }

    /// Counts one answer that was not kept for others.
    pub fn answer_not_stored(&self, reason: NotStored) {
        self.answers_not_stored
            .get_or_create(&[("reason", reason.as_str())])
            .inc();
    }

    /// Counts one address that was not dialled. `reason` is one of `egress::Refusal`, which is what
    /// closes this set.
    pub fn guard_refusal(&self, reason: &'static str) {
        self.guard_refusals
            .get_or_create(&[("reason", reason)])
            .inc();
    }

    /// Counts a successful answer with nothing in it, which no error counter would see.
    pub fn empty_answer(&self, method: MethodLabel) {
        self.empty_answers
            .get_or_create(&[("method", method.as_str()), ("backend", OTHER_BACKEND)])
            .inc();
    }

    /// Counts `count` values that became no point.
    pub fn points_dropped(&self, reason: DropReason, count: u64) {
        if count > 0 {
            self.points_dropped
                .get_or_create(&[("reason", reason.as_str())])
                .inc_by(count);
        }
    }

    /// Says when the certificate ends that callers see, in seconds since 1970; `None`: they see none.
    pub fn listener_certificate_expiry(&self, seconds: Option<i64>) {
        match seconds {
            Some(seconds) => {
                let listener = [("listener", "mirror")];
                let gauge = self.listener_certificate_expiry.get_or_create(&listener);
                gauge.set(seconds);
            }
            None => self.listener_certificate_expiry.clear(),
        }
    }

    /// Says how many files with secrets or certificates cannot be used now.
    pub fn unusable_files(&self, count: usize) {
        self.unusable_files
            .set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Says how many clients have new certificates or keys that cannot be used.
    pub fn unusable_tls(&self, count: usize) {
        self.unusable_tls
            .set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Counts a caller's connection until the guard is dropped.
    #[must_use]
    pub fn connection(&self) -> OpenConnection {
        let state = |state: ConnectionState| {
            self.connections
                .get_or_create(&[("state", state.as_str())])
                .clone()
        };
        let open = OpenConnection {
            idle: state(ConnectionState::Idle),
            active: state(ConnectionState::Active),
        };
        open.idle.inc();
        open
    }

    /// Counts a connection of a caller that we closed.
    pub fn connection_closed(&self, reason: CloseReason) {
        self.closed(reason).inc();
    }

    fn closed(&self, reason: CloseReason) -> Counter {
        self.connections_closed
            .get_or_create(&[("reason", reason.as_str())])
            .clone()
    }

    /// Counts a connection that could not be accepted.
    pub fn accept_error(&self, reason: AcceptError) {
        self.accept_errors
            .get_or_create(&[("reason", reason.as_str())])
            .inc();
    }

    /// Counts a request of a caller that was not accepted.
    pub fn refused_caller(&self, reason: RefusedCaller) {
        self.refused_callers
            .get_or_create(&[("reason", reason.as_str())])
            .inc();
    }

    /// Says whether the configuration leaves a door open.
    pub fn insecure_config(&self, reason: Insecurity, is_open: bool) {
        self.insecure_config
            .get_or_create(&[("reason", reason.as_str())])
            .set(i64::from(is_open));
    }

    /// Counts a panic that was caught.
    pub fn panic(&self) {
        self.panics.inc();
    }

    /// Counts a task of the program that began anew.
    pub fn task_restart(&self) {
        self.task_restarts.inc();
    }

    /// Shows how many tasks the runtime that serves has.
    pub fn tasks(&self, count: usize) {
        self.tasks.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// What counts the lines of the log that are dropped.
    #[must_use]
    pub fn log_lines_dropped(&self) -> LinesDropped {
        LinesDropped(self.log_lines_dropped.clone())
    }

    /// Shows how close the process is to its limit of memory, 0 to 2.
    pub fn memory_pressure(&self, level: u8) {
        self.memory_pressure.set(i64::from(level));
    }

    /// Shows how many bytes all requests hold, and how many they may.
    pub fn buffers(&self, used: usize, limit: usize) {
        let number = |bytes| i64::try_from(bytes).unwrap_or(i64::MAX);
        self.buffer_bytes.set(number(used));
        self.buffer_budget_bytes.set(number(limit));
    }

    /// Shows how many there may be at once of `scope`.
    pub fn limit(&self, scope: Scope, most: usize) {
        self.limit
            .get_or_create(&[("scope", scope.as_str())])
            .set(i64::try_from(most).unwrap_or(i64::MAX));
    }

    /// Says that the program has begun to stop.
    pub fn draining(&self) {
        self.draining.set(1);
    }

    /// Says whether the configuration could be used when it was read last.
    pub fn config_reloaded(&self, is_in_force: bool) {
        self.config_last_reload_successful
            .set(i64::from(is_in_force));
    }

    /// The page in the text format of `OpenMetrics`; its media type is [`MEDIA_TYPE`].
    #[must_use]
    pub fn encode(&self) -> String {
        let mut page = String::with_capacity(16 << 10);
        // Writing into a `String` cannot fail, and no label encoder of ours does.
        let written = text::encode(&mut page, &self.registry);
        debug_assert!(written.is_ok(), "an instrument failed to encode itself");
        page
    }
}

#[cfg(test)]
mod tests;
