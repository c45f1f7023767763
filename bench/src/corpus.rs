//! What is asked, and what the backend says to it. Nothing here is random.

use std::fmt::Write as _;

/// A whole bucket begins here.
const START: u64 = 1_699_999_200_000;
const WIDTH: u64 = 60_000;

/// A kind of question.
#[derive(Clone, Copy)]
pub(crate) enum Question {
    /// So many buckets computed by the backend: scanned, and written.
    Buckets(usize),
    /// The same, always of the same series.
    Same(usize),
    /// The same, signed for AWS.
    Signed(usize),
    /// So many samples of which the mirror makes rates.
    RawCounter(usize),
    /// A body that is no request.
    Refused,
}

impl Question {
    /// The body of the `number`-th request to a mirror whose backend is at `backend`.
    pub(crate) fn body(self, backend: &str, number: usize) -> String {
        let (path, points, rest, details) = match self {
            Self::Buckets(points) => (points.to_string(), points, buckets(number), ""),
            Self::Same(points) => (points.to_string(), points, buckets(0), ""),
            Self::Signed(points) => (points.to_string(), points, buckets(number), SIGNED),
            Self::RawCounter(points) => (format!("raw-{points}"), points, raw(number), ""),
            Self::Refused => return r#"{"_type":"MetricsRequest","query":{}}"#.to_owned(),
        };
        let end = START + WIDTH * u64::try_from(points).unwrap_or(0);
        format!(
            r#"{{"_type":"MetricsRequest","connectionDetails":{{"url":"{backend}/{path}","dialect":"promql-open","scrape_interval_ms":15000{details}}},"query":{{"_type":"MetricsQuery",{rest},"metricField":"value","startTime":{START},"endTime":{end},"limit":{points}}}}}"#
        )
    }

    /// Whether the answer is to be a 200.
    pub(crate) fn is_answered(self) -> bool {
        !matches!(self, Self::Refused)
    }
}

const SIGNED: &str = r#","aws":{"aws_access_key_id":"bench","aws_secret_access_key":"bench","region_name":"eu-west-1"}"#;

fn buckets(number: usize) -> String {
    format!(
        r#""conditions":[{},{},{}],"aggregation":{{"_type":"Aggregation","method":"MAX","bucketSizeMillis":{WIDTH}}}"#,
        equal("__gauge__", "replay_gauge"),
        equal("job", "replay"),
        equal("instance", &format!("i{number:06}")),
    )
}

fn raw(number: usize) -> String {
    format!(
        r#""conditions":[{},{}]"#,
        equal("__counter__", "replay_total"),
        equal("instance", &format!("i{number:06}")),
    )
}

fn equal(key: &str, value: &str) -> String {
    format!(
        r#"{{"_type":"EqualityCondition","key":"{key}","value":{{"_type":"StringValue","value":"{value}"}}}}"#
    )
}

/// The query of 40 conditions, sets and values to be escaped among them.
pub(crate) fn many_conditions() -> String {
    let mut conditions = equal("__counter__", "replay_total");
    for number in 0..39 {
        let key = format!("label_{number}");
        conditions.push(',');
        match number % 3 {
            0 => conditions.push_str(&equal(&key, "a plain value")),
            1 => conditions.push_str(&equal(&key, r#"a \"quoted\" one\\\n"#)),
            _ => {
                let values: Vec<String> = (0..10).map(|n| format!(r#""value.{n}""#)).collect();
                let _ = write!(
                    conditions,
                    r#"{{"_type":"EqualityCondition","key":"{key}","value":{{"_type":"InSetValue","value":[{}]}}}}"#,
                    values.join(",")
                );
            }
        }
    }
    format!(
        r#"{{"_type":"MetricsQuery","conditions":[{conditions}],"aggregation":{{"_type":"Aggregation","method":"MEAN","bucketSizeMillis":{WIDTH}}},"metricField":"value","startTime":{START},"endTime":{},"limit":1000}}"#,
        START + 100 * WIDTH
    )
}

/// Every answer of the backend by the first segment of its path.
pub(crate) fn answers() -> Vec<(String, String)> {
    let mut answers: Vec<(String, String)> = [121, 1_000, 11_000]
        .map(|points| (points.to_string(), series("{}", points, gauge)))
        .into();
    let labels = r#"{"__name__":"replay_total","instance":"i"}"#;
    answers.push(("raw-11000".to_owned(), series(labels, 11_000, counter)));
    answers
}

/// Eighths, so that most have a fraction, as most gauges do.
fn gauge(k: u64) -> String {
    let eighths = k * 7919 % 100_003;
    format!(
        "{}{}",
        eighths / 8,
        ["", ".125", ".25", ".375", ".5", ".625", ".75", ".875"]
            [usize::try_from(eighths % 8).unwrap_or(0)]
    )
}

fn counter(k: u64) -> String {
    (k * 37).to_string()
}

fn series(labels: &str, points: u64, value: fn(u64) -> String) -> String {
    let mut body = format!(
        r#"{{"status":"success","data":{{"resultType":"matrix","result":[{{"metric":{labels},"values":["#
    );
    for k in 0..points {
        let separator = if k == 0 { "" } else { "," };
        let at = (START + WIDTH * (k + 1)) / 1000;
        let _ = write!(body, r#"{separator}[{at},"{}"]"#, value(k));
    }
    body.push_str("]}]}}");
    body
}
