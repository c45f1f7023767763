//! Failures of the connection details.

use crate::connections::DetailsError;
use crate::connections::PolicyError;
use crate::connections::policy::Barred;
use crate::failures::Failure;
use crate::failures::Id;
use crate::failures::VALIDATION;
use crate::failures::remote;
use crate::failures::store;
use crate::failures::text;

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
        DetailsError::Files(_) => {
            let id = Id::FilesNotAllowed;
            (id, findings(id, error, "Use a named connection."))
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

/// A connection that may not be used.
#[must_use]
pub fn policy(error: &PolicyError) -> Failure {
    let (id, fix) = match error {
        PolicyError::Upstream { .. } => (
            Id::NotListed,
            "List it in policy.allowed_upstreams, or name a connection.",
        ),
        PolicyError::Credential { what, .. } => (
            Id::NotAllowed,
            match what {
                Barred::OfRequest => "Allow policy.request_credentials, or name a connection.",
                Barred::NoIdentity => "Allow policy.ambient_credentials, or give keys.",
                Barred::OwnIdentity => {
                    "List it in policy.allowed_upstreams, name a connection, or give keys."
                }
                Barred::Role => "List both in policy.allowed_role_arns, or give keys.",
            },
        ),
    };
    let sentence = match error {
        PolicyError::Upstream { host } => format!(
            "{} is not an upstream this mirror may reach.",
            text::insert(host)
        ),
        PolicyError::Credential { what, host } => {
            let what = match what {
                Barred::OfRequest => "Credentials of a request",
                Barred::NoIdentity | Barred::OwnIdentity => "The mirror's own AWS identity",
                Barred::Role => "This role or external id",
            };
            format!("{what} may not be used towards {}.", text::insert(host))
        }
    };
    Failure::new(id, store(id, &sentence, fix), error)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(error: &PolicyError, expected: &str) {
        let failure = policy(error);
        let details = failure.details();
        assert_eq!(details, expected);
        assert!(details.chars().count() <= 200, "{details}");
    }

    #[test]
    fn what_is_not_allowed_is_told_with_the_setting_that_allows_it() {
        let host = || "prometheus.example".to_owned();
        check(
            &PolicyError::Upstream { host: host() },
            "prometheus.example is not an upstream this mirror may reach. List it in \
             policy.allowed_upstreams, or name a connection. [PM-6002]",
        );
        let credential = |what| PolicyError::Credential { what, host: host() };
        check(
            &credential(Barred::OfRequest),
            "Credentials of a request may not be used towards prometheus.example. Allow \
             policy.request_credentials, or name a connection. [PM-6004]",
        );
        check(
            &credential(Barred::NoIdentity),
            "The mirror's own AWS identity may not be used towards prometheus.example. Allow \
             policy.ambient_credentials, or give keys. [PM-6004]",
        );
        check(
            &credential(Barred::OwnIdentity),
            "The mirror's own AWS identity may not be used towards prometheus.example. List it in \
             policy.allowed_upstreams, name a connection, or give keys. [PM-6004]",
        );
        check(
            &credential(Barred::Role),
            "This role or external id may not be used towards prometheus.example. List both in \
             policy.allowed_role_arns, or give keys. [PM-6004]",
        );
    }
}
