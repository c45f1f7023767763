//! What is written, byte for byte but for the layout.

use serde::Serialize;

use crate::protocol::connection::{ConnectionStatus, TestConnectionResponse};
use crate::protocol::failure::FailureBody;
use crate::protocol::field_names::{FieldDescriptor, FieldNamesResponse, FieldType};
use crate::protocol::field_values::{FieldValue, FieldValuesResponse};
use crate::protocol::metric::MetricsResponse;
use crate::protocol::telemetry::{Points, Telemetry};
use crate::time::UnixMillis;

/// Expects these bytes, but for the layout.
#[track_caller]
fn check(answer: &impl Serialize, expected: &str) {
    let mut written = serde_json::to_string_pretty(answer).unwrap();
    written.push('\n');
    assert_eq!(written, expected);
}

fn metrics(points: Points) -> MetricsResponse {
    let telemetry = Telemetry {
        is_partial: false,
        points,
    };
    MetricsResponse { telemetry }
}

fn instant(millis: i64) -> UnixMillis {
    UnixMillis::new(millis)
}

#[test]
fn a_usable_connection_is_written_as_in_the_chapter() {
    let answer = TestConnectionResponse {
        status: ConnectionStatus::Ok,
        error: None,
    };
    check(
        &answer,
        include_str!("../../../schemas/examples/connection.ok.json"),
    );
}

#[test]
fn an_unusable_connection_is_written_as_in_the_chapter() {
    let answer = TestConnectionResponse {
        status: ConnectionStatus::Failure,
        error: Some(FailureBody::MetricStoreConnectionError {
            details: "prometheus.example cannot be resolved: no such name. \
                      Check the name as the mirror sees it. [PM-3001]"
                .to_owned(),
        }),
    };
    check(
        &answer,
        include_str!("../../../schemas/examples/connection.failure.json"),
    );
}

#[test]
fn field_names_are_written_as_in_the_chapter() {
    let answer = FieldNamesResponse {
        is_partial: false,
        fields: vec![FieldDescriptor {
            field_name: "job".to_owned(),
            field_type: FieldType::String,
            classified: false,
        }],
    };
    check(
        &answer,
        include_str!("../../../schemas/examples/field_names.answer.json"),
    );
}

#[test]
fn field_values_are_written_as_in_the_chapter() {
    let answer = FieldValuesResponse {
        is_partial: false,
        values: vec![
            FieldValue::CompleteValue {
                value: "payment".to_owned(),
            },
            FieldValue::FieldValuePattern {
                value: "payment-*".to_owned(),
            },
        ],
    };
    check(
        &answer,
        include_str!("../../../schemas/examples/field_values.answer.json"),
    );
}

#[test]
fn points_are_written_as_in_the_chapter() {
    let raw = metrics(Points::Raw(vec![(1.0, instant(1_555_408_501_000))]));
    check(
        &raw,
        include_str!("../../../schemas/examples/metric.raw.json"),
    );
    let aggregated = metrics(Points::Aggregated(vec![(
        1.0,
        instant(1_555_408_500_000),
        instant(1_555_408_560_000),
    )]));
    check(
        &aggregated,
        include_str!("../../../schemas/examples/metric.aggregated.json"),
    );
}

#[test]
fn a_failure_is_written_as_in_the_chapter() {
    let failure = FailureBody::RemoteMirrorError {
        summary: "Request validation errors.".to_owned(),
        details: "query.aggregation.bucketSizeMillis: must be a positive integer. \
                  Correct that field. [PM-1002]"
            .to_owned(),
    };
    check(
        &failure,
        include_str!("../../../schemas/examples/failure.json"),
    );
}

#[test]
fn each_failure_has_the_members_of_its_type() {
    let line = |failure| serde_json::to_string(&failure).unwrap();
    let not_found = FailureBody::MetricNotFoundError {
        metric: "m".to_owned(),
        details: "d".to_owned(),
    };
    assert_eq!(
        line(not_found),
        r#"{"_type":"MetricNotFoundError","metric":"m","details":"d"}"#
    );
    let unsupported = FailureBody::UnsupportedFieldTypeError {
        mirror_type: "RangeValue".to_owned(),
    };
    assert_eq!(
        line(unsupported),
        r#"{"_type":"UnsupportedFieldTypeError","mirrorType":"RangeValue"}"#
    );
}

#[test]
fn no_points_are_an_empty_list() {
    let answer = serde_json::to_string(&metrics(Points::Raw(Vec::new()))).unwrap();
    assert!(answer.ends_with(r#""dataFormat":["value","timestamp"],"points":[]}}"#));
}

#[test]
fn values_are_floats_and_timestamps_integers() {
    let values = vec![(-0.0, instant(0)), (1e21, instant(1)), (0.1, instant(2))];
    let answer = serde_json::to_string(&metrics(Points::Raw(values))).unwrap();
    assert!(
        answer.ends_with(r#""points":[[-0.0,0],[1e+21,1],[0.1,2]]}}"#),
        "{answer}"
    );
}
