//! `explain`: the very methods of the Mirror API with a recorder on, and what it wrote down
//! (experience.md, "The engine").
//!
//! Nothing here builds `PromQL` or reads what a backend sends: a second way would drift, and then
//! lie. Walls, guard, policy and limits hold as for any request.

pub mod bundle;
pub mod diagnose;
mod record;
pub mod tap;

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

use crate::caller::Caller;
use crate::connections::Configured;
use crate::failures;
use crate::failures::Failure;
use crate::failures::Id;
use crate::mirror::Mirror;
use crate::protocol;
use crate::protocol::DecodeError;
use crate::protocol::Invalid;
use crate::protocol::MirrorMethod;
use crate::protocol::field_names::FieldNamesRequest;
use crate::protocol::field_values::FieldValuesRequest;
use crate::protocol::kept;
use crate::protocol::metric::MetricsRequest;
use crate::protocol::telemetry::Telemetry;
use crate::record::Arrival;
use crate::record::Depth;
use crate::record::Freshness;
use crate::record::Notice;
use crate::record::Recorded;
use crate::record::Recorder;
use crate::record::stages::ResponseStage;
use crate::series::solver;
pub use record::Ambiguity;
pub use record::Answer;
pub use record::ConditionShown;
pub use record::CountShown;
pub use record::Ended;
pub use record::ErrorShown;
pub use record::Outcome;
pub use record::Record;
pub use record::Suggestion;
pub use record::schema;

/// A request that can be explained.
#[derive(Clone, Debug)]
pub enum Asked {
    /// For points.
    Metric(MetricsRequest),
    /// For the names of fields.
    FieldNames(FieldNamesRequest),
    /// For the values of a field.
    FieldValues(FieldValuesRequest),
}

impl Asked {
    /// Reads a request of the Mirror API by its `_type`.
    ///
    /// # Errors
    ///
    /// The failure that the Mirror API would answer with; also for a `_type` that is none of these.
    pub fn read(text: &[u8]) -> Result<Self, Failure> {
        let read = || {
            let text = protocol::scan::scan(text)?;
            let bytes = text.as_bytes();
            Ok(match kept::method_of(text) {
                Some(MirrorMethod::Metric) => Self::Metric(protocol::read(bytes)?),
                Some(MirrorMethod::FieldNames) => Self::FieldNames(protocol::read(bytes)?),
                Some(MirrorMethod::FieldValues) => Self::FieldValues(protocol::read(bytes)?),
                Some(MirrorMethod::Connection) | None => {
                    let expectation = "must be the name of a request for points, fields or values";
                    return Err(DecodeError::from(Invalid::new(kept::TAG, expectation)));
                }
            })
        };
        read().map_err(|error| failures::decode(&error))
    }
}

/// How a request ended: the body, and what is known of it.
struct Answered {
    result: Result<Given, Failure>,
    body: Bytes,
}

/// What is known of a success.
#[derive(Default)]
struct Given {
    kind: &'static str,
    telemetry: Option<&'static str>,
    is_partial: bool,
    count: usize,
    first: Option<i64>,
    last: Option<i64>,
}

/// Runs `asked` with the recorder on. With `is_dry` nothing is sent, and the record tells what would
/// be.
pub async fn explain(
    mirror: &Mirror,
    configured: &Configured,
    caller: &Caller,
    arrival: Arrival,
    asked: &Asked,
    is_dry: bool,
) -> Record {
    let depth = if is_dry { Depth::Dry } else { Depth::Full };
    let recorder = Arc::new(Recorder::new(depth));
    let arrival = Arrival {
        recorder: Some(Arc::clone(&recorder)),
        // What is explained is done for it alone: no other's answer would tell of its own calls.
        freshness: Freshness::Unkept,
        ..arrival
    };
    let answered = match asked {
        Asked::Metric(request) => {
            let answer = mirror.metric(configured, caller, arrival, request).await;
            of(answer.map(|it| points(&it.finished.telemetry)))
        }
        Asked::FieldNames(request) => {
            let answer = mirror
                .field_names(configured, caller, arrival, request)
                .await;
            of(answer.map(|it| {
                let (is_partial, count) = (it.is_partial, it.fields.len());
                list(MirrorMethod::FieldNames, is_partial, count, &it)
            }))
        }
        Asked::FieldValues(request) => {
            let answer = mirror
                .field_values(configured, caller, arrival, request)
                .await;
            of(answer.map(|it| {
                let (is_partial, count) = (it.is_partial, it.values.len());
                list(MirrorMethod::FieldValues, is_partial, count, &it)
            }))
        }
    };
    assembled(recorder.take(), &answered, is_dry)
}

/// The record of a request that was not understood: no stage was reached.
#[must_use]
pub fn refused(failure: Failure) -> Record {
    assembled(Recorded::default(), &of(Err(failure)), false)
}

fn of(answer: Result<(Given, Bytes), Failure>) -> Answered {
    match answer {
        Ok((given, body)) => Answered {
            result: Ok(given),
            body,
        },
        Err(failure) => Answered {
            body: json(&failure.body),
            result: Err(failure),
        },
    }
}

fn json(body: &impl Serialize) -> Bytes {
    serde_json::to_vec(body).unwrap_or_default().into()
}

fn list(
    method: MirrorMethod,
    is_partial: bool,
    count: usize,
    response: &impl Serialize,
) -> (Given, Bytes) {
    let given = Given {
        kind: method.response(),
        is_partial,
        count,
        ..Given::default()
    };
    (given, json(response))
}

/// What is known of a metric's answer.
fn points(telemetry: &Telemetry) -> (Given, Bytes) {
    let span = telemetry.span();
    let given = Given {
        kind: MirrorMethod::Metric.response(),
        telemetry: span.as_ref().map(|span| span.kind),
        is_partial: telemetry.is_partial,
        count: telemetry.points,
        first: span.as_ref().and_then(|span| span.first),
        last: span.as_ref().and_then(|span| span.last),
    };
    (given, telemetry.body.clone())
}

fn assembled(recorded: Recorded, answered: &Answered, is_dry: bool) -> Record {
    let Recorded {
        mut stages,
        notices,
        sets,
        combine,
        ..
    } = recorded;
    let failure = answered.result.as_ref().err().map(|failure| failure.id);
    let mut last_failed = true;
    for call in stages.calls.iter_mut().rev() {
        call.error = code_of(call.outcome);
        // What ended the request is told exactly, as its caller is told it.
        if call.error.is_some() && std::mem::take(&mut last_failed) {
            let exact = failure.filter(|id| (3_000..5_000).contains(&(*id as u16)));
            call.error = exact.map(Id::code).or(call.error);
        }
    }
    let ambiguity = (sets.len() > 1).then(|| Ambiguity::of(solver::solve(&sets), combine));
    let outcome = match &answered.result {
        Ok(given) => Outcome {
            result: match given {
                _ if is_dry => Ended::Ok,
                Given {
                    is_partial: true, ..
                } => Ended::Partial,
                Given { count: 0, .. } => Ended::Empty,
                _ => Ended::Ok,
            },
            error: None,
            ambiguity,
        },
        // A dry run finds nothing, since it does not look.
        Err(failure) if is_dry && failure.id == Id::NoSeries => Outcome {
            result: Ended::Ok,
            error: None,
            ambiguity: None,
        },
        Err(failure) => Outcome {
            result: Ended::Error,
            error: Some(failure.into()),
            ambiguity,
        },
    };
    if is_dry {
        stages.reduction = None;
    } else {
        stages.response = Some(response(answered, &notices));
    }
    Record {
        version: 1,
        stages,
        answer: (!is_dry).then(|| Answer::of(&answered.body)).flatten(),
        outcome,
        notices: notices.iter().map(Into::into).collect(),
    }
}

fn response(answered: &Answered, notices: &[Notice]) -> ResponseStage {
    let notice_codes = notices.iter().map(Notice::code).collect();
    match &answered.result {
        Ok(given) => ResponseStage {
            status: 200,
            kind: given.kind,
            telemetry: given.telemetry,
            points: given.count,
            first_point: given.first,
            last_point: given.last,
            is_partial: given.is_partial,
            partial_because: (given.is_partial).then(|| {
                if notices.contains(&Notice::CutByDeadline) {
                    "deadline"
                } else {
                    "limit"
                }
            }),
            error: None,
            notices: notice_codes,
        },
        Err(failure) => ResponseStage {
            status: 500,
            kind: failure.body.described().0,
            error: Some(failure.id.code()),
            notices: notice_codes,
            ..ResponseStage::default()
        },
    }
}

/// The id of a call that failed, by the outcome that is counted.
fn code_of(outcome: &str) -> Option<&'static str> {
    let id = match outcome {
        "dns" => Id::Unresolved,
        "connect" => Id::Unreachable,
        "tls" => Id::Tls,
        "auth" => Id::Unauthorised,
        "timeout" => Id::Silent,
        "throttled" => Id::Throttled,
        "broken" => Id::Broken,
        "unavailable" => Id::BadStatus,
        "refused_query" => Id::Refused,
        "bad_answer" => Id::NotPrometheus,
        _ => return None,
    };
    Some(id.code())
}
