//! Every failure, its id, its wire type and its public text (experience.md, "Errors").
//!
//! The layers fail with facts; here, once, they get words. A text costs no backend call. Which
//! status carries it is `api/reply`'s decision.

pub mod catalogue;
mod connection;
mod explain;
mod query;
mod text;
mod upstream;

use std::fmt;
use std::time::Duration;

use crate::fetch::FetchError;
use crate::options::Profile;
use crate::protocol::DecodeError;
use crate::protocol::failure::FailureBody;
use crate::record::Served;
use crate::record::Step;
use crate::translate::TranslateError;
use crate::upstream::UpstreamError;
pub use catalogue::Id;
pub use connection::details;
pub use connection::policy;
pub use explain::explained;
pub use explain::is_skewed;
pub use explain::skew;

/// A failure as the caller reads it.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its constant id, for the `X-Mirror-Error` header, the log and the instruments.
    pub id: Id,
    /// The body of the answer.
    pub body: FailureBody,
    /// The profile that was in force, once it was known.
    pub profile: Option<Profile>,
    /// The status that the backend gave, which the legacy profile passes on for `/api/connection`.
    pub backend_status: Option<u16>,
    /// The step of a connection test that it ends, where its id alone does not tell.
    pub step: Option<Step>,
    /// The errors below it, outermost first, for the log.
    pub cause: String,
    /// Where it came from, if the query had reached a plan.
    pub served: Option<Served>,
}

/// What a failure of the path to the backend is worded with.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The metric name, or the text of a tilde query.
    pub metric: &'a str,
    /// What was selected, as a person reads it.
    pub selection: &'a str,
    /// Name and port of the backend.
    pub host: &'a str,
    /// How long the request may take.
    pub deadline: Duration,
    /// Which profile answers.
    pub profile: Profile,
}

/// Why a call is no call of the Mirror API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotACall {
    /// No such path.
    NoSuchPath,
    /// Another HTTP method than the path knows.
    UsePost,
    /// A body over 1 MiB.
    BodyTooLarge,
    /// A coded body.
    ContentEncoding,
}

impl Failure {
    fn new(id: Id, body: FailureBody, cause: &dyn std::error::Error) -> Self {
        Self {
            id,
            body,
            profile: None,
            backend_status: None,
            step: None,
            cause: chain(cause),
            served: None,
        }
    }

    /// The same failure, of a request in `profile`.
    #[must_use]
    pub fn in_profile(mut self, profile: Profile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// What happened, one thing to do, and the id; for `UnsupportedFieldTypeError`, which has no
    /// such text on the wire, what its docs page says first.
    #[must_use]
    pub fn details(&self) -> String {
        match &self.body {
            FailureBody::MetricStoreConnectionError { details }
            | FailureBody::MetricNotFoundError { details, .. }
            | FailureBody::RemoteMirrorError { details, .. } => details.clone(),
            FailureBody::UnsupportedFieldTypeError { mirror_type } => text::details(
                self.id,
                &format!(
                    "The type {} is not supported here.",
                    text::insert(mirror_type)
                ),
                "Use another one.",
                None,
            ),
        }
    }
}

/// An error and its sources on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

fn remote(id: Id, summary: &str, sentence: &str, fix: &str, more: Option<&str>) -> FailureBody {
    FailureBody::RemoteMirrorError {
        summary: summary.to_owned(),
        details: text::details(id, sentence, fix, more),
    }
}

fn store(id: Id, sentence: &str, fix: &str) -> FailureBody {
    FailureBody::MetricStoreConnectionError {
        details: text::details(id, sentence, fix, None),
    }
}

/// The summary of every failure of the request itself.
const VALIDATION: &str = "Request validation errors.";

/// A body that is not the request it should be.
#[must_use]
pub fn decode(error: &DecodeError) -> Failure {
    let (id, body) = match error {
        DecodeError::Syntax { line, column } => (
            Id::InvalidJson,
            remote(
                Id::InvalidJson,
                VALIDATION,
                &format!("The body is not valid JSON at line {line}, column {column}."),
                "Compare it with /openapi.json.",
                None,
            ),
        ),
        DecodeError::Invalid(invalid) => (
            Id::InvalidRequest,
            remote(
                Id::InvalidRequest,
                VALIDATION,
                &format!("{invalid}."),
                "Correct that field.",
                None,
            ),
        ),
    };
    Failure::new(id, body, error)
}

/// A call outside the Mirror API.
#[must_use]
pub fn not_a_call(call: NotACall) -> Failure {
    let sentence = match call {
        NotACall::NoSuchPath => "No such path.",
        NotACall::UsePost => "Use POST.",
        NotACall::BodyTooLarge => "The body is over 1 MiB.",
        NotACall::ContentEncoding => "The body has a content encoding.",
    };
    let fix = match call {
        NotACall::NoSuchPath | NotACall::UsePost => {
            "Compare the data source URL with the paths of /openapi.json."
        }
        NotACall::BodyTooLarge => "Ask with fewer conditions.",
        NotACall::ContentEncoding => "Send it as it is.",
    };
    let body = remote(Id::NotACall, "Not a Mirror API call.", sentence, fix, None);
    Failure::new(Id::NotACall, body, &call)
}

/// A caller that is not accepted. Nothing of the request and no reason stands in it: it is the same
/// for whatever was missing.
#[must_use]
pub fn not_accepted() -> Failure {
    let id = Id::NotAccepted;
    let sentence = "This caller is not accepted.";
    let fix = "The page of this error tells what a caller has to prove.";
    let body = remote(id, "Not accepted.", sentence, fix, None);
    Failure {
        id,
        body,
        profile: None,
        backend_status: None,
        step: None,
        cause: "caller not accepted".to_owned(),
        served: None,
    }
}

/// There is no room for the body of a call.
#[must_use]
pub fn no_room() -> Failure {
    let id = Id::Busy;
    let sentence = "The mirror is at its limit of memory.";
    let body = remote(id, "Mirror busy.", sentence, "Add a replica.", None);
    Failure {
        id,
        body,
        profile: None,
        backend_status: None,
        step: None,
        cause: "requests, or those of callers who are not accepted yet, take all there is for them"
            .to_owned(),
        served: None,
    }
}

/// As many requests are worked on as may be, or as many of this caller.
#[must_use]
pub fn busy() -> Failure {
    let id = Id::Busy;
    let sentence = "The mirror is at its limit of requests.";
    let body = remote(id, "Mirror busy.", sentence, "Add a replica.", None);
    Failure {
        id,
        body,
        profile: None,
        backend_status: None,
        step: None,
        cause: "as many requests are in flight as may be".to_owned(),
        served: None,
    }
}

/// The memory of the process is all but used up.
#[must_use]
pub fn pressed() -> Failure {
    Failure {
        cause: "the memory of the process is all but used up".to_owned(),
        ..no_room()
    }
}

/// The time to stop was over before the request was.
#[must_use]
pub fn stopping() -> Failure {
    let id = Id::Stopping;
    let sentence = "The mirror is shutting down.";
    let body = remote(id, "Mirror stopping.", sentence, "Ask again.", None);
    Failure {
        id,
        body,
        profile: None,
        backend_status: None,
        step: None,
        cause: "the program stops".to_owned(),
        served: None,
    }
}

/// A bug of the mirror, met while it worked on the request `request_id`.
#[must_use]
pub fn internal(request_id: &str) -> Failure {
    let id = Id::Internal;
    let sentence = format!("Internal error {}.", text::insert(request_id));
    let body = remote(
        id,
        "Internal server error.",
        &sentence,
        "Report that id with the log.",
        None,
    );
    Failure {
        id,
        body,
        profile: None,
        backend_status: None,
        step: None,
        cause: "panic".to_owned(),
        served: None,
    }
}

/// As many requests wait for the answer as may.
#[must_use]
pub fn crowded(profile: Profile) -> Failure {
    let id = Id::Busy;
    let sentence = "The mirror is at its limit of waiters.";
    let body = remote(id, "Mirror busy.", sentence, "Add a replica.", None);
    Failure {
        id,
        body,
        profile: Some(profile),
        backend_status: None,
        step: None,
        cause: "too many requests wait for one answer".to_owned(),
        served: None,
    }
}

/// A query that cannot be translated.
#[must_use]
pub fn translate(error: &TranslateError, profile: Profile) -> Failure {
    query::translate(error, profile).in_profile(profile)
}

/// A call to the backend that failed.
#[must_use]
pub fn upstream(error: &UpstreamError, profile: Profile) -> Failure {
    upstream::failure(error, profile).in_profile(profile)
}

/// A plan that has no points to show.
#[must_use]
pub fn fetch(error: &FetchError, subject: Subject<'_>) -> Failure {
    query::fetch(error, subject).in_profile(subject.profile)
}

impl fmt::Display for NotACall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchPath => "no such path",
            Self::UsePost => "wrong HTTP method",
            Self::BodyTooLarge => "body too large",
            Self::ContentEncoding => "coded body",
        })
    }
}

impl std::error::Error for NotACall {}
