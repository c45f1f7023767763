//! What each instrument is called on the page, and what it says of itself there.

use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::Instruments;
use super::REVISION;
use super::process;

impl Instruments {
    /// All of them on one page, each with its name there and what it says of itself.
    pub(super) fn registered(mut self) -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(process::Process));
        let mirror = registry.sub_registry_with_prefix("mirror");
        let build = [
            ("version", env!("CARGO_PKG_VERSION")),
            ("revision", REVISION),
        ];
        mirror.register("build", "Which build this is", Info::new(build));
        mirror.register(
            "requests",
            "Requests on the mirror's port, by method and outcome",
            self.requests.clone(),
        );
        mirror.register(
            "request_duration_seconds",
            "From the head of a request to its answer's head",
            self.request_duration.clone(),
        );
        mirror.register(
            "overhead_seconds",
            "What of the duration of accepted calls was not spent waiting for a backend or the caller's body",
            self.overhead.clone(),
        );
        mirror.register(
            "errors",
            "Failures answered, by error id",
            self.errors.clone(),
        );
        mirror.register(
            "backend_calls",
            "Calls to backends, repeats included, by outcome",
            self.backend_calls.clone(),
        );
        mirror.register(
            "backend_call_duration_seconds",
            "From sending a call to a backend to the end of its answer",
            self.backend_call_duration.clone(),
        );
        mirror.register(
            "backend_retries",
            "Calls to backends that repeat one that failed, by outcome",
            self.backend_retries.clone(),
        );
        mirror.register(
            "backend_retries_denied",
            "Failed calls that were worth a repeat and had none, by reason",
            self.backend_retries_denied.clone(),
        );
        mirror.register(
            "breaker_state",
            "Whether a backend is called: 0 yes, 1 by one call that finds out, 2 no; of all that have no name the worst",
            self.breaker_state.clone(),
        );
        mirror.register(
            "breaker_opened",
            "How often a backend was no more called for a while",
            self.breaker_opened.clone(),
        );
        mirror.register(
            "empty_answers",
            "Successful answers without points, fields or values",
            self.empty_answers.clone(),
        );
        mirror.register(
            "points_dropped",
            "Values that JSON cannot hold and that became no point, by reason",
            self.points_dropped.clone(),
        );
        mirror.register(
            "backend_warnings",
            "Warnings that came with answers of backends",
            self.backend_warnings.clone(),
        );
        mirror.register(
            "guard_refusals",
            "Addresses that were not dialled, by reason",
            self.guard_refusals.clone(),
        );
        mirror.register(
            "credential_refresh",
            "Attempts to have sessions and tokens, by result",
            self.credential_refresh.clone(),
        );
        mirror.register(
            "clock_skew_seconds",
            "By how much the clock of a backend was last found ahead of ours, or behind",
            self.clock_skew.clone(),
        );
        mirror.register(
            "credential_expiry_timestamp_seconds",
            "When the session or token that a connection used last ends, in seconds since 1970",
            self.credential_expiry.clone(),
        );
        mirror.register(
            "certificate_expiry_timestamp_seconds",
            "When the client certificate of a connection ends, in seconds since 1970",
            self.certificate_expiry.clone(),
        );
        mirror.register(
            "listener_certificate_expiry_timestamp_seconds",
            "When the certificate that callers see ends, in seconds since 1970",
            self.listener_certificate_expiry.clone(),
        );
        mirror.register(
            "secret_files_unusable",
            "Files with secrets or certificates that cannot be used now; what they held before is used",
            self.unusable_files.clone(),
        );
        mirror.register(
            "tls_material_unusable",
            "Clients whose new certificates or keys cannot be used; they go on with the old ones",
            self.unusable_tls.clone(),
        );
        mirror.register(
            "in_flight",
            "Requests being worked on (global) and calls to backends under way (backend)",
            self.in_flight.clone(),
        );
        mirror.register(
            "queued",
            "Requests and calls to backends that wait for their turn",
            self.queued.clone(),
        );
        mirror.register(
            "queue_wait_seconds",
            "How long they waited, of those that had to",
            self.queue_wait.clone(),
        );
        mirror.register(
            "shed",
            "What was refused for lack of room, by the limit that was reached",
            self.shed.clone(),
        );
        mirror.register(
            "connections",
            "Connections of callers",
            self.connections.clone(),
        );
        mirror.register(
            "connections_closed",
            "Connections of callers that we closed, by reason",
            self.connections_closed.clone(),
        );
        mirror.register(
            "accept_errors",
            "Connections that could not be accepted, by reason",
            self.accept_errors.clone(),
        );
        mirror.register(
            "refused_callers",
            "Requests of callers that were not accepted, by what was missing",
            self.refused_callers.clone(),
        );
        mirror.register(
            "insecure_config",
            "1 for as long as the configuration leaves this door open",
            self.insecure_config.clone(),
        );
        mirror.register(
            "notices",
            "What was to be known of answers, by id",
            self.notices.clone(),
        );
        mirror.register(
            "tap_dropped",
            "Requests that the tap had no time for",
            self.tap_dropped.clone(),
        );
        mirror.register(
            "answers",
            "Answers to metric queries that reached a plan, by where they came from",
            self.answers.clone(),
        );
        mirror.register(
            "answers_not_stored",
            "Answers to metric queries that were not kept for others, by reason",
            self.answers_not_stored.clone(),
        );
        mirror.register("panics", "Panics caught", self.panics.clone());
        mirror.register(
            "task_restarts",
            "Tasks of the program that began anew after a panic",
            self.task_restarts.clone(),
        );
        mirror.register(
            "tasks",
            "Tasks of the runtime that serves, as its heart saw them last",
            self.tasks.clone(),
        );
        mirror.register(
            "log_lines_dropped",
            "Lines of the log that were not written since nobody read it fast enough",
            self.log_lines_dropped.clone(),
        );
        mirror.register(
            "memory_pressure",
            "How close the process is to its limit of memory: 1 nothing is kept, 2 new work is refused",
            self.memory_pressure.clone(),
        );
        mirror.register(
            "buffer_bytes",
            "Bytes that all requests together hold",
            self.buffer_bytes.clone(),
        );
        mirror.register(
            "buffer_budget_bytes",
            "Bytes that they may hold",
            self.buffer_budget_bytes.clone(),
        );
        mirror.register(
            "limit",
            "Requests worked on at once (global) and calls to one backend that has no number of its own (backend), at most",
            self.limit.clone(),
        );
        mirror.register(
            "draining",
            "1 from the signal to stop until the end",
            self.draining.clone(),
        );
        mirror.register(
            "config_last_reload_successful",
            "1 if the configuration that was read last is in force, 0 if it has an error",
            self.config_last_reload_successful.clone(),
        );
        self.registry = registry;
        self
    }
}
