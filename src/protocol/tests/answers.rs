//! What is written, byte for byte but for the layout.

use serde::Serialize;

use crate::protocol::connection::{ConnectionStatus, TestConnectionResponse};
use crate::protocol::failure::FailureBody;
use crate::protocol::field_names::{FieldDescriptor, FieldNamesResponse, FieldType};
use crate::protocol::field_values::{FieldValue, FieldValuesResponse};
use crate::protocol::telemetry::Figure;
use crate::protocol::telemetry::Kind;
use crate::protocol::telemetry::Rows;
use crate::protocol::telemetry::Telemetry;
use crate::time::Millis;
use crate::time::UnixMillis;

/// Expects these bytes, but for the layout.
#[track_caller]
fn check(answer: &impl Serialize, expected: &str) {
    let mut written = serde_json::to_string_pretty(answer).unwrap();
    written.push('\n');
    assert_eq!(written, expected);
}

/// Points at these times, whose buckets are a minute.
fn metrics(kind: Kind, points: &[(Figure<'_>, i64)]) -> Telemetry {
    let mut rows = Rows::new(kind, 0);
    for (value, at) in points {
        rows.push(*value, UnixMillis::new(*at), Millis::MINUTE);
    }
    rows.finish(false, drop)
}

fn text(telemetry: &Telemetry) -> &str {
    str::from_utf8(&telemetry.body).unwrap()
}

/// Expects these bytes, but for the layout and the spelling of a float.
#[track_caller]
fn check_points(kind: Kind, point: (f64, i64), expected: &str) {
    let expected = expected.replace(char::is_whitespace, "");
    let (value, at) = point;
    let telemetry = metrics(kind, &[(Figure::Float(value), at)]);
    assert_eq!(text(&telemetry), expected);
    let copied = Figure::Text {
        text: &format!("{value}"),
        is_whole: true,
    };
    assert_eq!(text(&metrics(kind, &[(copied, at)])), expected);
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
    check_points(
        Kind::Raw,
        (1.0, 1_555_408_501_000),
        include_str!("../../../schemas/examples/metric.raw.json"),
    );
    check_points(
        Kind::Aggregated,
        (1.0, 1_555_408_560_000),
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
    let answer = metrics(Kind::Raw, &[]);
    assert!(text(&answer).ends_with(r#""dataFormat":["value","timestamp"],"points":[]}}"#));
}

#[test]
fn values_are_floats_and_timestamps_integers() {
    let values = [-0.0, 1e21, 0.1].map(Figure::Float);
    let points: Vec<_> = values.into_iter().zip(0..).collect();
    let answer = metrics(Kind::Raw, &points);
    assert!(
        text(&answer).ends_with(r#""points":[[-0.0,0],[1e+21,1],[0.1,2]]}}"#),
        "{answer:?}"
    );
}

#[test]
fn texts_of_every_length_are_copied_whole() {
    let digits = "12345678901234567890123456789012";
    for length in 1..=Figure::LONGEST {
        let text = &digits[..length];
        for is_whole in [false, true] {
            let point = (Figure::Text { text, is_whole }, 1_700_000_000_000);
            let answer = metrics(Kind::Aggregated, &[point; 3]);
            let zero = if is_whole { ".0" } else { "" };
            let row = format!("[{text}{zero},1699999940000,1700000000000]");
            let rows = format!("[{row},{row},{row}]}}}}");
            assert!(self::text(&answer).ends_with(&rows), "{answer:?}");
        }
    }
}

#[test]
fn joined_rows_are_those_of_one_writer_and_grow_as_they_must() {
    let values: Vec<(Figure<'_>, i64)> = [f64::MIN_POSITIVE, -f64::MAX, 1.5, 1e300]
        .into_iter()
        .cycle()
        .map(Figure::Float)
        .zip((0..).map(|k| k * 70_000))
        .take(500)
        .collect();
    for cut in [0, 1, 2, 250, 499, 500] {
        let (first, second) = values.split_at(cut);
        let mut rows = Rows::new(Kind::Aggregated, 0);
        for part in [first, second] {
            let mut more = Rows::new(Kind::Aggregated, 0);
            for (value, at) in part {
                more.push(*value, UnixMillis::new(*at), Millis::MINUTE);
            }
            rows.append(more);
        }
        let joined = rows.finish(false, drop);
        assert_eq!(joined, metrics(Kind::Aggregated, &values));
        assert_eq!(joined.read().1.len(), 500);
    }
}

#[test]
fn what_an_answer_holds_is_let_go_with_its_last_copy() {
    let rows = Rows::new(Kind::Raw, 1 << 20);
    let held = std::sync::Arc::new(());
    let answer = rows.finish(true, |bytes| {
        assert!(bytes < 1 << 10, "what is not needed is given back: {bytes}");
        std::sync::Arc::clone(&held)
    });
    assert!(text(&answer).contains(r#""isPartial":true,"#));
    let sent = answer.body.clone();
    drop(answer);
    assert_eq!(std::sync::Arc::strong_count(&held), 2);
    drop(sent);
    assert_eq!(std::sync::Arc::strong_count(&held), 1);
}
