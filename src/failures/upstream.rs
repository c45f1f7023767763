//! Failures between the mirror and a backend.

use std::time::Duration;

use crate::failures::Failure;
use crate::failures::Id;
use crate::failures::remote;
use crate::failures::store;
use crate::failures::text;
use crate::failures::text::insert;
use crate::options::Profile;
use crate::protocol::failure::FailureBody;
use crate::record::Step;
use crate::upstream;
use crate::upstream::AwsError;
use crate::upstream::Cause;
use crate::upstream::CredentialError;
use crate::upstream::Part;
use crate::upstream::ProvedBy;
use crate::upstream::Refusal;
use crate::upstream::UpstreamError;

const REFUSED: &str = "Prometheus error.";

pub(super) fn failure(error: &UpstreamError, profile: Profile) -> Failure {
    let (id, body) = worded(error);
    let mut failure = Failure::new(id, body, error);
    failure.backend_status = error.status();
    failure.step = step(error);
    if profile == Profile::Legacy {
        legacy_summary(&mut failure);
    }
    failure
}

/// The step of a connection test that ended where the id is that of several.
fn step(error: &UpstreamError) -> Option<Step> {
    match error {
        UpstreamError::Unreached { part, .. } => Some(match part {
            Part::Resolve => Step::Name,
            Part::Connect => Step::Connect,
            Part::Handshake => Step::Tls,
        }),
        UpstreamError::Credentials {
            source: CredentialError::Unreached { .. },
            ..
        } => Some(Step::Credentials),
        _ => None,
    }
}

/// A query of which the backend refuses even the smallest part.
pub(super) fn too_heavy(error: &UpstreamError, profile: Profile) -> Failure {
    let UpstreamError::TooBig { message, .. } = error else {
        return failure(error, profile);
    };
    let id = Id::TooHeavy;
    let message = message.as_str();
    let sentence = format!("The backend refuses even one bucket: {}.", insert(message));
    let body = remote(id, REFUSED, &sentence, "Add a condition.", rest(message));
    let mut failure = Failure::new(id, body, error);
    failure.backend_status = error.status();
    if profile == Profile::Legacy {
        legacy_summary(&mut failure);
    }
    failure
}

/// The predecessor knew one summary for every status of the backend but 200.
fn legacy_summary(failure: &mut Failure) {
    if failure.backend_status.is_some_and(|status| status != 200) {
        let details = failure.details();
        let summary = "Unexpected error.".to_owned();
        failure.body = FailureBody::RemoteMirrorError { summary, details };
    }
}

fn worded(error: &UpstreamError) -> (Id, FailureBody) {
    match error {
        UpstreamError::Resolve { host, reason } => {
            let id = Id::Unresolved;
            // Names have no ports, and without one more of a long name is left.
            let host = host
                .rsplit_once(':')
                .map_or(host.as_str(), |(name, _)| name);
            let sentence = format!("{} cannot be resolved: {}.", insert(host), insert(reason));
            let fix =
                "Check the name as the mirror sees it (in a container `localhost` is the mirror).";
            (id, store(id, &sentence, fix))
        }
        UpstreamError::Connect { host, reason } => {
            let id = Id::Unreachable;
            let sentence = format!(
                "{} cannot be reached: {}.",
                insert(host),
                text::reason(reason)
            );
            (id, store(id, &sentence, connect_fix(host)))
        }
        UpstreamError::Tls { host, reason } => {
            let id = Id::Tls;
            let sentence = format!(
                "TLS with {} failed: {}.",
                insert(host),
                text::reason(reason)
            );
            (id, store(id, &sentence, tls_fix(reason)))
        }
        UpstreamError::Forbidden { host, refusal, .. } => forbidden(host, *refusal),
        UpstreamError::Unreached { host, .. } => unreached(host),
        UpstreamError::Unauthorised {
            host,
            status,
            by,
            cause,
        } => {
            let id = Id::Unauthorised;
            let sentence = format!("{} answered {status} to {by}.", insert(host));
            if let Some(cause) = cause {
                return (id, store(id, &sentence, &mend(cause)));
            }
            let fix = match by {
                ProvedBy::Nothing => {
                    "Give `basic_auth`, `bearer_token` or `oauth2`; for a tenant the header X-Scope-OrgID."
                }
                ProvedBy::Basic | ProvedBy::Authorization(_) => "Check the credentials given.",
                ProvedBy::OAuth2 => "Check what the client of `oauth2` may do.",
                ProvedBy::Aws { .. } => "Check the credentials, and what they are allowed.",
            };
            (id, store(id, &sentence, fix))
        }
        UpstreamError::Credentials { source, .. } => credentials(source),
        UpstreamError::Timeout { host, after, phase } => {
            let id = Id::Silent;
            let sentence = format!(
                "{} did not answer within {} s ({phase}).",
                insert(host),
                seconds(*after)
            );
            (
                id,
                store(
                    id,
                    &sentence,
                    "Shorten the range or raise `request_timeout_seconds`.",
                ),
            )
        }
        UpstreamError::QueryTimeout { host, after } => {
            let id = Id::TooSlow;
            let sentence = too_slow(host, *after);
            let fix = "Shorten it or enlarge the bucket.";
            (id, remote(id, "Deadline reached.", &sentence, fix, None))
        }
        UpstreamError::Refused { message, .. } | UpstreamError::TooBig { message, .. } => {
            let id = Id::Refused;
            let message = message.as_str();
            let sentence = format!("The backend refused the query: {}.", insert(message));
            // What is no backend says that of any query.
            let fix = if message.starts_with(upstream::NO_REASON) {
                "Give the API's base URL, or look at its log."
            } else {
                "Correct the query."
            };
            (id, remote(id, REFUSED, &sentence, fix, rest(message)))
        }
        UpstreamError::TooLarge { limit, .. } => {
            let id = Id::TooLarge;
            let sentence = format!("The answer exceeds {limit}.");
            let fix = "Narrow it with a condition, or enlarge the bucket.";
            (id, remote(id, "Answer too large.", &sentence, fix, None))
        }
        UpstreamError::Memory => {
            let id = Id::Busy;
            let sentence = "The mirror is at its limit of memory.";
            (
                id,
                remote(id, "Mirror busy.", sentence, "Add a replica.", None),
            )
        }
        UpstreamError::Busy { .. } => {
            let id = Id::Busy;
            let sentence = "The mirror is at its limit of requests.";
            (
                id,
                remote(id, "Mirror busy.", sentence, "Add a replica.", None),
            )
        }
        UpstreamError::Open {
            host,
            failures,
            last,
            next,
        } => {
            let id = Id::OpenCircuit;
            let (last, _) = worded(last);
            let sentence = format!(
                "{} failed {failures} times in a row, last {last}; next try in {} s.",
                insert(host),
                seconds((*next).max(Duration::from_millis(100)))
            );
            (id, store(id, &sentence, &format!("Cure {last}.")))
        }
        UpstreamError::Throttled { host, retry_after } => {
            let id = Id::Throttled;
            let retry = retry_after.map_or_else(String::new, |after| {
                format!("; retry in {} s", seconds(after))
            });
            let sentence = format!("{} is throttling{retry}.", insert(host));
            (
                id,
                remote(
                    id,
                    "Backend busy.",
                    &sentence,
                    "Poll less, or raise its quota.",
                    None,
                ),
            )
        }
        UpstreamError::Broken { host, bytes } => {
            let id = Id::Broken;
            let sentence = format!(
                "The connection to {} broke after {bytes} bytes.",
                insert(host)
            );
            (id, store(id, &sentence, "Look at a proxy between."))
        }
        UpstreamError::Status { host, status } => {
            let id = Id::BadStatus;
            let sentence = format!("{} answered {status}.", insert(host));
            let fix = match status {
                // Prometheus has every path that is asked for, so the base URL is not its own.
                404 | 405 | 410 | 501 => {
                    "Check the path in `url`, or `path_prefix`; give the backend itself, not Grafana."
                }
                _ => "Look at the backend's log.",
            };
            (id, store(id, &sentence, fix))
        }
        UpstreamError::NotPrometheus {
            host, media_type, ..
        } => {
            let id = Id::NotPrometheus;
            let sentence = format!(
                "{} answered {}, not Prometheus JSON.",
                insert(host),
                insert(media_type)
            );
            let fix = "Give the API's base URL; no login page.";
            (id, remote(id, "Not Prometheus.", &sentence, fix, None))
        }
        UpstreamError::Redirect { host, origin, .. } => {
            let id = Id::Redirect;
            let sentence = format!(
                "{} redirects to {}; redirects are not followed.",
                insert(host),
                insert(origin)
            );
            (id, store(id, &sentence, "Configure the final URL."))
        }
        UpstreamError::Calls { limit } => {
            let id = Id::OverLimit;
            let sentence =
                format!("The number of backend calls is over the limit; the limit is {limit}.");
            let fix = "Ask for less: a shorter range or larger buckets.";
            (id, remote(id, super::VALIDATION, &sentence, fix, None))
        }
        UpstreamError::LabelName { label, .. } => {
            let id = Id::LabelName;
            let sentence = format!("This backend cannot match {}.", insert(label));
            let summary = "label name not supported by the backend";
            (
                id,
                remote(id, summary, &sentence, "Choose another label.", None),
            )
        }
    }
}

fn forbidden(host: &str, refusal: Refusal) -> (Id, FailureBody) {
    let id = Id::Forbidden;
    let sentence = format!("{} has an address that is never reached.", insert(host));
    let fix = match refusal {
        Refusal::Private => "Use another, or list it in policy.allowed_upstreams.",
        Refusal::Narrowed => "Use another, or compare `addresses` in policy.allowed_upstreams.",
        Refusal::Ourselves => "Use another: this is the mirror itself.",
        Refusal::LinkLocal
        | Refusal::Metadata
        | Refusal::ThisHost
        | Refusal::Multicast
        | Refusal::Reserved
        | Refusal::LocalNat64
        | Refusal::Peer => "Use another.",
    };
    (id, store(id, &sentence, fix))
}

/// One text for several causes: nobody may scan ports with us.
fn unreached(host: &str) -> (Id, FailureBody) {
    let id = Id::NoConnection;
    let sentence = format!("No usable connection to {}.", insert(host));
    let fix = "Ask the mirror's operator; its log has the reason.";
    (id, store(id, &sentence, fix))
}

/// Who runs the mirror in a container writes `localhost` and means the machine around it.
fn connect_fix(host: &str) -> &'static str {
    let is_near = ["localhost:", "127.", "[::1]:"];
    if is_near.iter().any(|near| host.starts_with(near)) {
        "Check port and listen address; in a container `localhost` is the mirror."
    } else {
        "Check port and listen address."
    }
}

/// The dialler says in words what is wrong; those about our own certificate have one in common.
fn tls_fix(reason: &str) -> &'static str {
    if reason.contains("our certificate") || reason.contains("client certificate") {
        "Set `tls_config.cert` and `key`."
    } else if reason.contains("does not speak TLS") {
        "Write http:// in `url`, or give its TLS port."
    } else if reason == upstream::WANTS_TLS {
        "Write https:// in `url`."
    } else {
        "Set `tls_config.ca` or `server_name`."
    }
}

/// No credentials to ask with.
fn credentials(error: &CredentialError) -> (Id, FailureBody) {
    match error {
        CredentialError::File { key, reason } => {
            let id = Id::UnusableFile;
            let sentence = format!("{}: the file cannot be used: {reason}.", insert(key));
            (id, store(id, &sentence, "Check mount and mode."))
        }
        CredentialError::Inline { key, reason } => {
            let id = Id::InvalidDetails;
            let sentence = format!("connectionDetails.{}: {reason}.", insert(key));
            let fix = "Correct the connection details.";
            (id, remote(id, super::VALIDATION, &sentence, fix, None))
        }
        CredentialError::Endpoint { service, reason } => {
            let id = Id::NoCredentials;
            let sentence = format!(
                "{} did not answer: {}.",
                insert(service),
                text::reason(reason)
            );
            (id, store(id, &sentence, "Check endpoint and route."))
        }
        CredentialError::Forbidden { host, refusal, .. } => forbidden(host, *refusal),
        CredentialError::Unreached { service, .. } => unreached(service),
        CredentialError::Refused { service, reason } => {
            let id = Id::NoCredentials;
            let sentence = format!(
                "{} gave no token: {}.",
                insert(service),
                text::reason(reason)
            );
            (id, store(id, &sentence, "Check client and scopes."))
        }
        CredentialError::Aws(error) => aws(error),
        CredentialError::Late { service } => {
            let id = Id::NoCredentials;
            let sentence = format!(
                "{} did not answer: the request had no more time.",
                insert(service)
            );
            (id, store(id, &sentence, "Check endpoint and route."))
        }
    }
}

/// What is said of a backend that answers, but not in time.
pub(super) fn too_slow(host: &str, given: Duration) -> String {
    format!(
        "{} needs more than {} s for this range.",
        insert(host),
        seconds(given)
    )
}

/// What to do about a signature that was refused.
fn mend(cause: &Cause) -> String {
    match cause {
        Cause::Signature => "Check the secret key, the region and the service.".to_owned(),
        Cause::Permission { action } => {
            let action = action.as_deref().unwrap_or("the action that it lacks");
            format!("AWS: allow {action}, also in the policy of a VPC endpoint.")
        }
        Cause::Session => "Check the key id, or give another session.".to_owned(),
    }
}

/// No signature.
fn aws(error: &AwsError) -> (Id, FailureBody) {
    match error {
        AwsError::NoCredentials { tried } => {
            let id = Id::NoAwsCredentials;
            let tried: Vec<_> = tried.iter().map(|it| it.provider).collect();
            let sentence = format!("No AWS credentials found; tried {}.", tried.join(", "));
            (id, store(id, &sentence, "Give the pod a role, or keys."))
        }
        AwsError::RoleRefused { role, code } => {
            let id = Id::RoleRefused;
            let sentence = format!("AWS refused to assume {}: {code}.", insert(role));
            (
                id,
                store(id, &sentence, "Check its trust policy and external_id."),
            )
        }
        AwsError::Expired => {
            let id = Id::SessionOver;
            let sentence = "The session token given has expired and cannot be renewed.";
            (id, store(id, sentence, "Use `role_arn`."))
        }
        AwsError::NoRegion { host } => {
            let id = Id::NoRegion;
            let sentence = format!("No region known for {}.", insert(host));
            let fix = "Set `region_name`.";
            (id, remote(id, super::VALIDATION, &sentence, fix, None))
        }
        AwsError::Skewed { seconds } => {
            let id = Id::Skewed;
            let sentence = format!("The clocks differ by {seconds} s.");
            (id, store(id, &sentence, "Synchronise the mirror's host."))
        }
    }
}

/// A message again, behind the fix, if it was cut in the sentence.
fn rest(message: &str) -> Option<&str> {
    (insert(message) != message).then_some(message)
}

/// Seconds with at most one decimal.
fn seconds(duration: Duration) -> String {
    let text = format!("{:.1}", duration.as_secs_f64());
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests;
