//! What explains a failure: a warning that was given before it, or clocks that differ.

use crate::connections::Warning;
use crate::failures::Failure;
use crate::failures::Id;
use crate::failures::text;
use crate::protocol::failure::FailureBody;
use crate::time::Millis;
use crate::upstream::Cause;
use crate::upstream::UpstreamError;

/// Clocks that are so far apart are worth a word (connections.md, "The connection test").
const SKEW: Millis = Millis::new(30_000);

/// Whether clocks that differ by `skew` are worth a word.
#[must_use]
pub fn is_skewed(skew: Millis) -> bool {
    skew >= SKEW || skew <= SKEW.times(-1)
}

/// What is said of clocks that differ by `skew`.
#[must_use]
pub fn skew(skew: Millis) -> String {
    let seconds = skew.get().unsigned_abs() / 1_000;
    format!("the clocks differ by {seconds} s; synchronise the mirror's host")
}

/// `failure`, which `error` has become, with what explains it: of the `warnings` about the connection
/// details those that bear on it, and clocks that differ if a signature was refused.
#[must_use]
pub fn explained(
    mut failure: Failure,
    error: &UpstreamError,
    warnings: &[Warning],
    clocks: Option<Millis>,
) -> Failure {
    let clocks = clocks.filter(|_| failure.id == Id::Unauthorised && !is_known(error));
    let clocks = clocks.filter(|it| is_skewed(*it)).map(skew);
    let warnings = warnings
        .iter()
        .filter(|it| explains(it, failure.id) && !(is_of_signature(it) && is_known(error)));
    let all: Vec<String> = clocks
        .into_iter()
        .chain(warnings.map(ToString::to_string))
        .collect();
    if !all.is_empty()
        && let FailureBody::MetricStoreConnectionError { details }
        | FailureBody::MetricNotFoundError { details, .. }
        | FailureBody::RemoteMirrorError { details, .. } = &mut failure.body
    {
        *details = text::with_more(failure.id, details, &all.join(". "));
    }
    failure
}

/// Whether the backend knows who asks, and lacks only its permission.
fn is_known(error: &UpstreamError) -> bool {
    matches!(
        error,
        UpstreamError::Unauthorised {
            cause: Some(Cause::Permission { .. }),
            ..
        }
    )
}

/// Whether what the warning is about changes a signature, and nothing else.
const fn is_of_signature(warning: &Warning) -> bool {
    matches!(
        warning,
        Warning::RegionAssumed | Warning::RegionsDiffer { .. }
    )
}

fn explains(warning: &Warning, id: Id) -> bool {
    match warning {
        // A misspelt key was to change something, and anything may fail for want of it.
        Warning::UnknownKey { nearest, .. } => nearest.is_some(),
        Warning::MoreUnknownKeys => false,
        Warning::TimeoutClamped { .. } | Warning::TimeoutUnused { .. } => {
            matches!(id, Id::Silent | Id::TooSlow)
        }
        Warning::NoWorkspace => matches!(
            id,
            Id::BadStatus | Id::NotPrometheus | Id::Unauthorised | Id::Refused
        ),
        Warning::ApiPathCut { .. } => matches!(id, Id::BadStatus | Id::NotPrometheus),
        Warning::RedirectsNotFollowed => id == Id::Redirect,
        Warning::CeilingKept { .. } | Warning::CredentialsInClear => false,
        Warning::TenantHeaderDropped
        | Warning::SessionLengthClamped { .. }
        | Warning::RoleUnused
        | Warning::ExternalIdUnused
        | Warning::RegionAssumed
        | Warning::RegionsDiffer { .. } => id == Id::Unauthorised,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failures;
    use crate::options::Profile;
    use crate::upstream::ProvedBy;

    fn refused(warnings: &[Warning], seconds: i64) -> String {
        refused_for(None, warnings, seconds)
    }

    fn refused_for(cause: Option<Cause>, warnings: &[Warning], seconds: i64) -> String {
        let host = "h:1".to_owned();
        let error = UpstreamError::Unauthorised {
            host,
            status: 403,
            by: ProvedBy::Nothing,
            cause,
        };
        let failure = failures::upstream(&error, Profile::Exact);
        let clocks = Some(Millis::from_seconds(seconds));
        explained(failure, &error, warnings, clocks).details()
    }

    #[test]
    fn clocks_that_differ_explain_a_refusal_from_thirty_seconds_on() {
        let plain = "h:1 answered 403 to no authentication. Give `basic_auth`, `bearer_token` or \
                     `oauth2`; for a tenant the header X-Scope-OrgID.";
        assert_eq!(refused(&[], 29), format!("{plain} [PM-3004]"));
        let why = "the clocks differ by 30 s; synchronise the mirror's host.";
        assert_eq!(refused(&[], -30), format!("{plain} {why} [PM-3004]"));
    }

    #[test]
    fn a_missing_permission_is_explained_by_no_signature() {
        let permission = || Some(Cause::Permission { action: None });
        let region = || Warning::RegionsDiffer {
            name: "aws.region_name",
        };
        assert!(!refused_for(permission(), &[region()], 600).contains("region_name"));
        assert!(!refused_for(permission(), &[], 600).contains("clocks"));
        assert!(refused_for(Some(Cause::Signature), &[region()], 0).contains("region_name"));
        assert!(refused_for(permission(), &[Warning::RoleUnused], 0).contains("role_arn"));
    }

    #[test]
    fn only_a_warning_that_bears_on_the_failure_joins_its_text() {
        let path = Warning::ApiPathCut { name: "url" };
        assert!(!refused(&[path], 0).contains("url"));
        let misspelt = Warning::UnknownKey {
            written: "basic_atuh".to_owned(),
            nearest: Some("basic_auth"),
        };
        let text = refused(&[misspelt], 0);
        assert!(
            text.ends_with("basic_atuh: unknown key, ignored; did you mean basic_auth. [PM-3004]"),
            "{text}"
        );
    }
}
