//! What is printed, and how.

use std::fmt::Display;
use std::io::{self, Write as _};

use crate::config::ConfigError;
use crate::config::Finding;
use crate::failures::Failure;

/// Prints data, which has its own line breaks. A reader that has gone away has read enough.
pub(super) fn data(text: &str) {
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

/// Prints a line for the person at the terminal.
pub(super) fn note(text: &dyn Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints why a command failed.
pub(super) fn error(text: &dyn Display) {
    note(&format_args!("error: {text}"));
}

/// Prints a failure as a caller would read it.
pub(super) fn failure(failure: &Failure) {
    told(failure.id.code(), &failure.details());
}

/// Prints a failure with these details, which end in its `id`.
pub(super) fn told(id: &str, details: &str) {
    let text = without_id(id, details);
    note(&format_args!("error[{id}]: {text}"));
}

/// The details of a failure without the `id` at their end.
pub(super) fn without_id<'d>(id: &str, details: &'d str) -> &'d str {
    let end = format!(" [{id}]");
    details.strip_suffix(&end).unwrap_or(details)
}

/// Prints what can be used and should not stay.
pub(super) fn warnings<'a>(warnings: impl IntoIterator<Item = &'a Finding>) {
    for warning in warnings {
        note(&format_args!("warning[{}]: {warning}", warning.code));
    }
}

/// Prints every finding about the settings.
pub(super) fn findings(error: &ConfigError) {
    for finding in &error.findings {
        note(&format_args!("error[{}]: {finding}", finding.code));
    }
}
