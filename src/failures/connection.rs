//! Failures of the connection details.

use crate::connections::DetailsError;
use crate::failures::Failure;
use crate::failures::Id;
use crate::failures::VALIDATION;
use crate::failures::remote;
use crate::failures::store;

/// Connection details that cannot be used.
#[must_use]
pub fn details(error: &DetailsError) -> Failure {
    let (id, body) = match error {
        DetailsError::Invalid(_) => {
            let id = Id::InvalidRequest;
            (id, findings(id, error, "Correct that field."))
        }
        DetailsError::Refused(_) => {
            let id = Id::InvalidDetails;
            (id, findings(id, error, "Correct the connection details."))
        }
        DetailsError::UnknownConnection => {
            let id = Id::UnknownConnection;
            let sentence = "No connection of this name is open to this caller.";
            (
                id,
                store(id, sentence, "Compare the mirror's configuration."),
            )
        }
    };
    Failure::new(id, body, error)
}

/// The first finding as the sentence, the others behind the fix.
fn findings(id: Id, error: &DetailsError, fix: &str) -> crate::protocol::failure::FailureBody {
    let mut findings = error.findings().iter().map(ToString::to_string);
    let first = findings.next().unwrap_or_default();
    let others: Vec<String> = findings.map(|finding| format!("{finding}.")).collect();
    remote(
        id,
        VALIDATION,
        &format!("{first}."),
        fix,
        Some(&others.join(" ")),
    )
}
