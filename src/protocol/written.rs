//! Requests as `StackState` writes them, for whoever asks a mirror: the command line, and the answers
//! that propose conditions.

use serde::Serialize;
use serde::ser::{SerializeSeq as _, SerializeStruct as _, Serializer};
use serde_json::value::RawValue;

use crate::protocol::RawDetails;
use crate::protocol::condition::{Condition, ConditionValue, Number, Scalar};
use crate::protocol::field_names::FieldNamesQuery;
use crate::protocol::field_values::FieldValuesQuery;
use crate::protocol::metric::{Aggregation, AggregationMethod, MetricsQuery};

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut condition = serializer.serialize_struct("EqualityCondition", 3)?;
        condition.serialize_field("_type", "EqualityCondition")?;
        condition.serialize_field("key", &self.key)?;
        condition.serialize_field("value", &Value(&self.value))?;
        condition.end()
    }
}

struct Value<'a>(&'a ConditionValue);

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut value = serializer.serialize_struct("ConditionValue", 2)?;
        let name = match self.0 {
            ConditionValue::Text(_) => "StringValue",
            ConditionValue::Number(_) => "DoubleValue",
            ConditionValue::Boolean(_) => "BooleanValue",
            ConditionValue::Set(_) => "InSetValue",
            ConditionValue::Unsupported(name) => name,
        };
        value.serialize_field("_type", name)?;
        match self.0 {
            ConditionValue::Text(text) => value.serialize_field("value", text)?,
            ConditionValue::Number(number) => value.serialize_field("value", number)?,
            ConditionValue::Boolean(truth) => value.serialize_field("value", truth)?,
            ConditionValue::Set(members) => value.serialize_field("value", &Members(members))?,
            ConditionValue::Unsupported(_) => {}
        }
        value.end()
    }
}

struct Members<'a>(&'a [Scalar]);

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_seq(Some(self.0.len()))?;
        for member in self.0 {
            match member {
                Scalar::Text(text) => members.serialize_element(text)?,
                Scalar::Number(number) => members.serialize_element(number)?,
                Scalar::Boolean(truth) => members.serialize_element(truth)?,
            }
        }
        members.end()
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Float(number) => serializer.serialize_f64(*number),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a, Q> {
    #[serde(rename = "_type")]
    name: &'static str,
    connection_details: &'a RawValue,
    query: Q,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Query<'a> {
    #[serde(rename = "_type")]
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<Field<'a>>,
    conditions: &'a [Condition],
    #[serde(skip_serializing_if = "Option::is_none")]
    aggregation: Option<Aggregated>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field_value_prefix: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<i64>,
    #[serde(skip_serializing_if = "is_zero")]
    offset: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<usize>,
}

#[derive(Serialize)]
#[serde(tag = "_type", rename = "FieldDescriptor", rename_all = "camelCase")]
struct Field<'a> {
    field_name: &'a str,
    field_type: &'static str,
}

#[derive(Serialize)]
#[serde(tag = "_type", rename = "Aggregation", rename_all = "camelCase")]
struct Aggregated {
    method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bucket_size_millis: Option<i64>,
}

impl Aggregated {
    fn of(aggregation: &Aggregation) -> Self {
        Self {
            method: aggregation.method.map_or("", AggregationMethod::name),
            bucket_size_millis: aggregation.bucket_size.map(crate::time::Millis::get),
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "what serde calls it with"
)]
const fn is_zero(offset: &usize) -> bool {
    *offset == 0
}

/// The body of a request for points.
#[must_use]
pub fn metric(details: &RawDetails, query: &MetricsQuery) -> String {
    let MetricsQuery {
        conditions,
        aggregation,
        start_time,
        end_time,
        limit,
    } = query;
    let query = Query {
        name: "MetricsQuery",
        field: None,
        conditions,
        aggregation: aggregation.as_ref().map(Aggregated::of),
        field_value_prefix: None,
        start_time: Some(start_time.get()),
        end_time: Some(end_time.get()),
        offset: 0,
        limit: *limit,
    };
    request("MetricsRequest", details, query)
}

/// The body of a request for field names.
#[must_use]
pub fn field_names(details: &RawDetails, query: &FieldNamesQuery) -> String {
    let query = Query {
        name: "FieldNamesQuery",
        field: None,
        conditions: &query.conditions,
        aggregation: None,
        field_value_prefix: None,
        start_time: query.start_time.map(crate::time::UnixMillis::get),
        end_time: query.end_time.map(crate::time::UnixMillis::get),
        offset: 0,
        limit: query.limit,
    };
    request("FieldNamesRequest", details, query)
}

/// The body of a request for the values of a field.
#[must_use]
pub fn field_values(details: &RawDetails, query: &FieldValuesQuery) -> String {
    let written = Query {
        name: "FieldValuesQuery",
        field: Some(Field {
            field_name: &query.field_name,
            field_type: "STRING",
        }),
        conditions: &query.conditions,
        aggregation: None,
        field_value_prefix: query.prefix.as_deref(),
        start_time: query.start_time.map(crate::time::UnixMillis::get),
        end_time: query.end_time.map(crate::time::UnixMillis::get),
        offset: query.offset,
        limit: query.limit,
    };
    request("FieldValuesRequest", details, written)
}

/// `details` are JSON already, and the rest are strings and numbers: nothing can fail to be written.
fn request(name: &'static str, details: &RawDetails, query: Query<'_>) -> String {
    let request = Request {
        name,
        connection_details: details.raw(),
        query,
    };
    serde_json::to_string(&request).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol;
    use crate::protocol::metric::MetricsRequest;

    #[test]
    fn what_is_written_is_read_as_what_was_meant() {
        let text = r#"{"_type":"MetricsRequest","connectionDetails":{"url":"http://a"},"query":{"_type":"MetricsQuery","conditions":[{"_type":"EqualityCondition","key":"__gauge__","value":{"_type":"StringValue","value":"m\"x"}},{"_type":"EqualityCondition","key":"a","value":{"_type":"DoubleValue","value":42}},{"_type":"EqualityCondition","key":"b","value":{"_type":"BooleanValue","value":true}},{"_type":"EqualityCondition","key":"c","value":{"_type":"InSetValue","value":["x",1.5,false]}}],"aggregation":{"_type":"Aggregation","method":"PERCENTILE_95","bucketSizeMillis":60000},"startTime":1,"endTime":2,"limit":3}}"#;
        let request: MetricsRequest = protocol::decode(text.as_bytes()).unwrap();
        assert_eq!(metric(&request.connection_details, &request.query), text);
    }
}
