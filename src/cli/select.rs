//! What is asked for: conditions, times and options of the command line, as the request that
//! StackState would send.

use clap::Args;

use super::asker::Ask;
use super::connect;
use super::json::Members;
use super::{USAGE, print, when};
use crate::options::Profile;
use crate::protocol::RawDetails;
use crate::protocol::condition::{Condition, ConditionValue, Number, Scalar};
use crate::protocol::metric::{Aggregation, AggregationMethod, MetricsQuery};
use crate::protocol::written;
use crate::time::Millis;
use crate::time::TimeRange;
use crate::time::UnixMillis;

/// Conditions.
#[derive(Debug, Args)]
pub(super) struct Selection {
    /// A condition: KEY=VALUE for a text, KEY:=JSON for a number, a boolean or an array. The key is
    /// a label, or one of __gauge__, __counter__, __histogram__, __summary__ and ~.
    #[arg(value_name = "KEY=VALUE", value_parser = condition)]
    pub(super) conditions: Vec<Condition>,
}

/// Times.
#[derive(Debug, Args)]
pub(super) struct Times {
    /// The first instant: RFC 3339, milliseconds since 1970, or now-1h [default: --since].
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    from: Option<String>,
    /// The last instant [default: now].
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    to: Option<String>,
    /// How long before the last instant the first is [default: 1h].
    #[arg(long, value_name = "LENGTH", value_parser = when::length, conflicts_with = "from")]
    since: Option<Millis>,
}

impl Times {
    /// The range that is meant.
    ///
    /// # Errors
    ///
    /// The exit code; what is wrong was printed.
    pub(super) fn range(&self, now: UnixMillis) -> Result<TimeRange, u8> {
        let instant = |text: &Option<String>| {
            let at = text.as_deref().map(|text| when::instant(text, now));
            at.transpose().map_err(|wrong| {
                print::error(&wrong);
                USAGE
            })
        };
        let end = instant(&self.to)?.unwrap_or(now);
        let since = self.since.unwrap_or(Millis::HOUR);
        let start = instant(&self.from)?.unwrap_or(end - since);
        Ok(TimeRange { start, end })
    }
}

/// A request for points.
#[derive(Debug, Args)]
#[expect(
    clippy::doc_markdown,
    reason = "these docs are the help, where backticks are noise"
)]
pub(super) struct MetricFlags {
    #[command(flatten)]
    pub(super) ask: Ask,
    #[command(flatten)]
    selection: Selection,
    /// A request body as StackState sends it (- for standard input), instead of conditions.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["conditions", "agg", "bucket", "limit", "from", "to", "since"])]
    request: Option<String>,
    /// How points are aggregated: MEAN, MAX, PERCENTILE_95 or another of the 14; without it they
    /// are raw.
    #[arg(long, value_name = "METHOD", value_parser = method, requires = "bucket")]
    agg: Option<AggregationMethod>,
    /// The size of a bucket, for example 60s.
    #[arg(long, value_name = "LENGTH", value_parser = when::length, requires = "agg")]
    bucket: Option<Millis>,
    /// Most points.
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
    /// Which translation answers, whatever the connection says.
    #[arg(long, value_name = "PROFILE", value_parser = profile)]
    profile: Option<Profile>,
    #[command(flatten)]
    times: Times,
}

impl MetricFlags {
    /// The body of the request, for the connection `details`, at `now`.
    ///
    /// # Errors
    ///
    /// The exit code; what is wrong was printed.
    pub(super) fn body(&self, details: Option<String>, now: UnixMillis) -> Result<String, u8> {
        if let Some(name) = &self.request {
            let body = connect::file(name).map_err(|error| {
                print::error(&format_args!("{name}: {error}"));
                USAGE
            })?;
            return Ok(self.changed(body, details));
        }
        let details = details.ok_or_else(connect::which)?;
        let details = raw(&with_profile(details, self.profile))?;
        let range = self.times.range(now)?;
        let aggregation = self.agg.map(|method| Aggregation {
            method: Some(method),
            bucket_size: self.bucket,
        });
        let query = MetricsQuery {
            conditions: self.selection.conditions.clone(),
            aggregation,
            start_time: range.start,
            end_time: range.end,
            limit: self.limit,
        };
        Ok(written::metric(&details, &query))
    }

    /// A body of a file, with what flags say of its connection. What is no object stays as it is,
    /// for the one who decodes it to say so.
    fn changed(&self, body: String, details: Option<String>) -> String {
        let Some(mut members) = Members::of(&body) else {
            return body;
        };
        let is_details = |(name, _): &&(String, _)| name == DETAILS;
        let own = members.0.iter().find(is_details);
        let own = own.map(|(_, value)| value.get().to_owned());
        if let Some(details) = details.or(own) {
            members.set(DETAILS, &with_profile(details, self.profile));
        }
        members.text()
    }
}

const DETAILS: &str = "connectionDetails";

/// Connection details in another profile.
pub(super) fn with_profile(details: String, profile: Option<Profile>) -> String {
    let (Some(profile), Some(mut members)) = (profile, Members::of(&details)) else {
        return details;
    };
    members.set(
        "profile",
        &serde_json::to_string(&profile).unwrap_or_default(),
    );
    members.text()
}

/// Connection details, unread.
///
/// # Errors
///
/// The exit code; what is wrong was printed.
pub(super) fn raw(details: &str) -> Result<RawDetails, u8> {
    serde_json::from_str(details).map_err(|_| {
        print::error(&"the connection details are no object");
        USAGE
    })
}

/// `exact` or `legacy`.
pub(super) fn profile(name: &str) -> Result<Profile, String> {
    match name {
        "exact" => Ok(Profile::Exact),
        "legacy" => Ok(Profile::Legacy),
        _ => Err("it is exact or legacy".to_owned()),
    }
}

fn method(name: &str) -> Result<AggregationMethod, String> {
    let names = AggregationMethod::NAMED.map(|(name, _)| name).join(", ");
    AggregationMethod::of_name(name).ok_or(format!("one of {names}"))
}

/// A condition as it is typed.
fn condition(text: &str) -> Result<Condition, String> {
    let (key, value) = text.split_once('=').ok_or(HOW)?;
    if let Some(key) = key.strip_suffix(':') {
        return Ok(Condition {
            key: key.to_owned(),
            value: typed(value)?,
        });
    }
    Ok(Condition {
        key: key.to_owned(),
        value: ConditionValue::Text(value.to_owned()),
    })
}

const HOW: &str = "a condition is KEY=VALUE or KEY:=JSON";
const WHAT: &str = "behind := stands a number, true, false, a string or an array of them, as JSON";

pub(super) fn typed(json: &str) -> Result<ConditionValue, String> {
    if json.trim_start().starts_with('[') {
        let members: Vec<Box<serde_json::value::RawValue>> =
            serde_json::from_str(json).map_err(|_| WHAT)?;
        let members = members.iter().map(|member| scalar(member.get()));
        return members.collect::<Result<_, _>>().map(ConditionValue::Set);
    }
    Ok(match scalar(json)? {
        Scalar::Text(text) => ConditionValue::Text(text),
        Scalar::Number(number) => ConditionValue::Number(number),
        Scalar::Boolean(truth) => ConditionValue::Boolean(truth),
    })
}

fn scalar(json: &str) -> Result<Scalar, String> {
    let json = json.trim();
    if let Ok(text) = serde_json::from_str(json) {
        return Ok(Scalar::Text(text));
    }
    if let Ok(truth) = serde_json::from_str(json) {
        return Ok(Scalar::Boolean(truth));
    }
    let integer: Result<i64, _> = serde_json::from_str(json);
    if let Ok(integer) = integer {
        return Ok(Scalar::Number(Number::Integer(integer)));
    }
    let float: f64 = serde_json::from_str(json).map_err(|_| WHAT)?;
    Ok(Scalar::Number(Number::Float(float)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let condition = condition(text).unwrap();
        let json = serde_json::to_string(&condition).unwrap();
        assert!(json.contains(expected), "{json}");
    }

    #[test]
    fn a_condition_is_a_text_unless_it_says_otherwise() {
        check(
            "job=a=b",
            r#""key":"job","value":{"_type":"StringValue","value":"a=b"}"#,
        );
        check(
            "~=sum(x)",
            r#""key":"~","value":{"_type":"StringValue","value":"sum(x)"}"#,
        );
        check("code:=42", r#"{"_type":"DoubleValue","value":42}"#);
        check("code:=42.0", r#"{"_type":"DoubleValue","value":42.0}"#);
        check("up:=true", r#"{"_type":"BooleanValue","value":true}"#);
        check(
            r#"job:=["a", 1, false]"#,
            r#"{"_type":"InSetValue","value":["a",1,false]}"#,
        );
        for wrong in [
            "job",
            "job:=",
            "job:=a",
            "job:={}",
            "job:=null",
            "job:=[[]]",
        ] {
            assert!(condition(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_profile_replaces_that_of_the_connection() {
        let details = r#"{"url":"u","profile":"exact"}"#.to_owned();
        let expected = r#"{"url":"u","profile":"legacy"}"#;
        assert_eq!(
            with_profile(details.clone(), Some(Profile::Legacy)),
            expected
        );
        assert_eq!(with_profile(details.clone(), None), details);
    }
}
