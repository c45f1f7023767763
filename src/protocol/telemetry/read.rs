//! Reads an answer back, for tests: slowly, by another parser than any of ours.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Kind;
use super::Telemetry;

/// A value, and the times that stand beside it.
pub(crate) type Point = (f64, Vec<i64>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    #[serde(rename = "_type")]
    kind: String,
    telemetry: Told,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Told {
    #[serde(rename = "_type")]
    kind: String,
    is_partial: bool,
    data_format: Vec<String>,
    points: Vec<Vec<Box<RawValue>>>,
}

impl Telemetry {
    /// Which points the answer holds, and of which kind.
    #[track_caller]
    pub(crate) fn read(&self) -> (Kind, Vec<Point>) {
        let text = str::from_utf8(&self.body).expect("an answer is text");
        let Answer { kind, telemetry } =
            serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(kind, "MetricsResponse");
        let kind = match telemetry.kind.as_str() {
            "RawMetricTelemetry" => Kind::Raw,
            "AggregatedMetricTelemetry" => Kind::Aggregated,
            other => panic!("{other}"),
        };
        let format: &[&str] = match kind {
            Kind::Raw => &["value", "timestamp"],
            Kind::Aggregated => &["value", "startTimestamp", "endTimestamp"],
        };
        assert_eq!(telemetry.data_format, format);
        assert_eq!(telemetry.is_partial, self.is_partial);
        assert_eq!(telemetry.points.len(), self.points);
        let points = telemetry.points.iter().map(|row| {
            assert_eq!(row.len(), format.len());
            let value = row[0].get();
            assert!(value.contains(['.', 'e', 'E']), "{value} is no float");
            // A parser of JSON may round the other way.
            let value: f64 = value.parse().expect("a number");
            assert!(value.is_finite(), "{value}");
            let times = row[1..].iter().map(|time| time.get().parse());
            (value, times.map(|time| time.expect("a time")).collect())
        });
        (kind, points.collect())
    }
}
