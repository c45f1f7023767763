//! What the log says of a panic: where, and in which request's span, but not what. The payload can
//! hold data, so it is written at debug only (reliability.md, "The process").

/// Replaces the default hook, which prints payloads.
pub(super) fn log() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "panicked");
        tracing::debug!(payload = panic.payload_as_str(), "panicked");
    }));
}
