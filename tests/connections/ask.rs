//! What cases ask a mirror, and what comes back: a value, or a failure with its id.

use serde_json::{Value, json};

use crate::mirror::{Mirror, Reply};
use crate::setup::Running;
use crate::stored::{METRIC, this_minute};
use crate::wire::{Answer, FieldValue};

/// A failure as a caller sees it.
#[derive(Debug)]
pub(crate) struct Failed {
    /// Of the answer's header; `details` end with the same one.
    pub(crate) id: String,
    pub(crate) details: String,
}

pub(crate) type Asked<T> = Result<T, Failed>;

impl Running {
    /// The connection test.
    #[track_caller]
    pub(crate) fn test(&self, details: &Value) -> Asked<()> {
        self.mirror.test(details)
    }

    /// The value of the series with this `text`.
    #[track_caller]
    pub(crate) fn gauge(&self, details: &Value, text: &str) -> Asked<f64> {
        self.mirror.metric(
            details,
            &[("__gauge__", json!(METRIC)), ("text", json!(text))],
        )
    }

    /// The value of any series that is there; for cases that are about who asks.
    #[track_caller]
    pub(crate) fn query(&self, details: &Value) -> Asked<f64> {
        self.gauge(details, "plain")
    }
}

impl Mirror {
    #[track_caller]
    pub(crate) fn test(&self, details: &Value) -> Asked<()> {
        let request = json!({"_type": "TestConnectionRequest", "connectionDetails": details});
        let reply = self.ask("/api/connection", &request);
        assert_eq!(reply.status, 200, "{}", reply.text);
        let Answer::TestConnectionResponse { status, error } = &reply.answer else {
            panic!("{}", reply.text);
        };
        match error {
            None => {
                assert_eq!(status, "OK");
                Ok(())
            }
            Some(error) => {
                assert_eq!(status, "FAILURE");
                Err(failed(&reply, error))
            }
        }
    }

    /// The one value that all buckets of the last minutes have under these conditions.
    #[track_caller]
    pub(crate) fn metric(&self, details: &Value, conditions: &[(&str, Value)]) -> Asked<f64> {
        let mut query = query("MetricsQuery", conditions);
        query["aggregation"] =
            json!({"_type": "Aggregation", "method": "MEAN", "bucketSizeMillis": 60_000});
        let request = json!({
            "_type": "MetricsRequest", "connectionDetails": details, "query": query,
        });
        let reply = self.ask("/api/metric", &request);
        let Answer::MetricsResponse { .. } = reply.answer else {
            return Err(failed(&reply, &reply.answer));
        };
        let text = reply.text;
        let Answer::MetricsResponse { telemetry } = reply.answer else {
            unreachable!("it was looked at above");
        };
        let (points, _) = telemetry.points();
        let value = points
            .first()
            .unwrap_or_else(|| panic!("no points: {text}"))
            .value;
        let is_same = |other: f64| other.to_bits() == value.to_bits();
        assert!(points.iter().all(|point| is_same(point.value)), "{text}");
        Ok(value)
    }

    /// The values of a field, as the mirror sorts them.
    #[track_caller]
    pub(crate) fn values(&self, details: &Value, field: &str) -> Asked<Vec<String>> {
        let mut query = query("FieldValuesQuery", &[("__gauge__", json!(METRIC))]);
        query["field"] = json!({"_type": "Field", "fieldName": field});
        let request = json!({
            "_type": "FieldValuesRequest", "connectionDetails": details, "query": query,
        });
        let reply = self.ask("/api/field/value", &request);
        let Answer::FieldValuesResponse { values, .. } = &reply.answer else {
            return Err(failed(&reply, &reply.answer));
        };
        let text = |value: &FieldValue| match value {
            FieldValue::CompleteValue { value } | FieldValue::FieldValuePattern { value } => {
                value.clone()
            }
        };
        Ok(values.iter().map(text).collect())
    }

    /// The names of fields.
    #[track_caller]
    pub(crate) fn names(&self, details: &Value) -> Asked<Vec<String>> {
        let request = json!({
            "_type": "FieldNamesRequest", "connectionDetails": details,
            "query": query("FieldNamesQuery", &[("__gauge__", json!(METRIC))]),
        });
        let reply = self.ask("/api/field/name", &request);
        let Answer::FieldNamesResponse { fields, .. } = &reply.answer else {
            return Err(failed(&reply, &reply.answer));
        };
        Ok(fields
            .iter()
            .map(|field| field.field_name.clone())
            .collect())
    }
}

/// A query over the last five whole minutes. Lists are conditions on a set.
fn query(kind: &str, conditions: &[(&str, Value)]) -> Value {
    let condition = |(key, value): &(&str, Value)| {
        let kind = if value.is_array() {
            "InSetValue"
        } else {
            "StringValue"
        };
        json!({
            "_type": "EqualityCondition", "key": key, "value": {"_type": kind, "value": value},
        })
    };
    let conditions: Vec<Value> = conditions.iter().map(condition).collect();
    let end = this_minute();
    json!({
        "_type": kind, "conditions": conditions, "startTime": end - 300_000, "endTime": end,
    })
}

/// What every failure has to hold, whatever it is.
#[track_caller]
fn failed(reply: &Reply, error: &Answer) -> Failed {
    let (Answer::MetricStoreConnectionError { details }
    | Answer::MetricNotFoundError { details, .. }
    | Answer::RemoteMirrorError { details, .. }) = error
    else {
        panic!("{}", reply.text);
    };
    let id = reply
        .header("X-Mirror-Error")
        .unwrap_or_default()
        .to_owned();
    assert!(details.ends_with(&format!("[{id}]")), "{id}: {details}");
    Failed {
        id,
        details: details.clone(),
    }
}

/// The failure has this id, and its text holds every part.
#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(asked: Asked<T>, id: &str, parts: &[&str]) {
    let failed = asked.expect_err("it was to be refused");
    assert_eq!(failed.id, id, "{}", failed.details);
    for part in parts {
        assert!(
            failed.details.contains(part),
            "no {part} in: {}",
            failed.details
        );
    }
}
