//! Both sides of each limit on what a backend answers, over HTTP (security.md, "Limits on answers of
//! backends").

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::fake_backend::Answer;
use crate::fake_backend::Backend;
use crate::harness::Mirror;
use crate::harness::Reply;

const SUCCESS: &str = "none";
const MIB: usize = 1 << 20;

/// One bucket, so that nothing is halved.
const METRIC: &str = r#"{"conditions": [{"key": "__gauge__", "value":
    {"_type": "StringValue", "value": "m"}}], "startTime": 1699999200000, "endTime": 1699999260000,
    "aggregation": {"method": "MEAN", "bucketSizeMillis": 60000}}"#;
const RAW: &str = r#"{"conditions": [{"key": "__gauge__", "value":
    {"_type": "StringValue", "value": "m"}}], "startTime": 1699999200000, "endTime": 1699999201000}"#;
const VALUES: &str = r#"{"conditions": [], "field": {"fieldName": "job"}, "limit": 10}"#;
const METRIC_NAMES: &str =
    r#"{"conditions": [], "field": {"fieldName": "__gauge__"}, "limit": 10}"#;

/// What the mirror says when the backend gives the answers of `answer`, and how often it was asked.
fn ask(
    path: &str,
    query: &str,
    answer: impl Fn(&str) -> Answer + Send + Sync + 'static,
) -> (Reply, usize) {
    let backend = Backend::start(move |call| answer(&call.path));
    let body = format!(
        r#"{{"connectionDetails": {{"url": "{}", "dialect": "promql-open",
            "scrape_interval_ms": 15000, "backend_compression": "on"}}, "query": {query}}}"#,
        backend.url()
    );
    let reply = Mirror::start().post(path, &body);
    (reply, backend.calls().len())
}

fn id(reply: &Reply) -> &str {
    reply.header("x-mirror-error").unwrap_or(SUCCESS)
}

/// Checks what becomes of a metric whose backend answers so.
#[track_caller]
fn check(query: &str, answer: Answer, expected: &str) {
    let (reply, _) = ask("/api/metric", query, move |_| answer.clone());
    assert_eq!(id(&reply), expected, "{reply:?}");
}

/// Checks what becomes of an answer with this body.
#[track_caller]
fn check_body(body: impl Into<Vec<u8>>, expected: &str) {
    check(METRIC, Answer::json(body), expected);
}

/// The one point of the bucket, with these further members of the answer.
fn point(members: &str) -> String {
    let sample = r#"{"metric":{"a":"b"},"values":[[1699999260,"1"]]}"#;
    let data = format!(r#"{{"resultType":"matrix","result":[{sample}]}}"#);
    format!(r#"{{"status":"success","data":{data}{members}}}"#)
}

fn matrix(series: &str) -> String {
    format!(r#"{{"status":"success","data":{{"resultType":"matrix","result":[{series}]}}}}"#)
}

#[test]
fn a_head_has_64_kib() {
    // Status line, two fields, the end: what the server adds itself.
    let head = |size: usize| {
        let length = point("").len().to_string().len();
        let rest = "HTTP/1.1 200 X\r\ncontent-length: \r\na: \r\n\r\n".len() + length;
        Answer::Body {
            status: 200,
            headers: vec![("a", "x".repeat(size - rest))],
            body: point("").into_bytes(),
        }
    };
    check(METRIC, head(64 << 10), SUCCESS);
    check(METRIC, head((64 << 10) + 1), "PM-3011");
}

#[test]
fn a_head_has_100_fields() {
    let head = |count: usize| Answer::Body {
        status: 200,
        headers: vec![("a", "b".to_owned()); count - 1],
        body: point("").into_bytes(),
    };
    check(METRIC, head(100), SUCCESS);
    check(METRIC, head(101), "PM-3011");
}

#[test]
fn a_body_has_32_mib() {
    let body = |size: usize| {
        let mut body = point("").into_bytes();
        body.resize(size, b' ');
        body
    };
    check_body(body(32 * MIB), SUCCESS);
    check_body(body(32 * MIB + 1), "PM-3011");
}

#[test]
fn a_body_has_32_mib_without_its_length_as_well() {
    let body = |size: usize| {
        let mut body = b"HTTP/1.1 200 X\r\n\r\n".to_vec();
        let head = body.len();
        body.extend(point("").into_bytes());
        body.resize(head + size, b' ');
        Answer::Bytes(body)
    };
    check(METRIC, body(32 * MIB), SUCCESS);
    check(METRIC, body(32 * MIB + 1), "PM-3011");
}

#[test]
fn a_range_whose_answer_is_too_large_is_halved_down_to_one_bucket() {
    let query = METRIC.replace("1699999260000", "1699999440000");
    let huge = vec![b' '; 32 * MIB + 1];
    let (reply, calls) = ask("/api/metric", &query, move |_| Answer::json(huge.clone()));
    assert_eq!((id(&reply), calls), ("PM-3011", 3));
}

#[test]
fn what_is_coded_may_be_a_mebibyte_and_then_a_hundredfold() {
    let body = |size: usize| {
        let mut body = point("").into_bytes();
        body.resize(size, b' ');
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&body).unwrap();
        Answer::Body {
            status: 200,
            headers: vec![("content-encoding", "gzip".to_owned())],
            body: encoder.finish().unwrap(),
        }
    };
    check(METRIC, body(MIB), SUCCESS);
    // Room for what is undone at a time.
    check(METRIC, body(MIB + (64 << 10)), "PM-3011");
}

#[test]
fn an_answer_has_64_levels() {
    let nested = |depth: usize| {
        let nested = format!("{}{}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        point(&format!(r#","x":{nested}"#))
    };
    check_body(nested(64), SUCCESS);
    check_body(nested(65), "PM-3010");
    check_body(nested(100_000), "PM-3010");
}

#[test]
fn a_string_has_a_mebibyte_wherever_it_stands() {
    let unread = |size: usize| point(&format!(r#","x":"{}""#, "x".repeat(size)));
    check_body(unread(MIB), SUCCESS);
    check_body(unread(MIB + 1), "PM-3011");
    let label = |size: usize| point("").replace(r#""b""#, &format!("{:?}", "x".repeat(size)));
    check_body(label(MIB), SUCCESS);
    check_body(label(MIB + 1), "PM-3011");
    let warning = |size: usize| point(&format!(r#","warnings":["{}"]"#, "x".repeat(size)));
    check_body(warning(MIB), SUCCESS);
    check_body(warning(MIB + 1), "PM-3011");
    let value = |size: usize| {
        let value = format!(r#"{{"status":"success","data":["{}"]}}"#, "x".repeat(size));
        let (reply, _) = ask("/api/field/value", VALUES, move |_| {
            Answer::json(value.clone())
        });
        id(&reply).to_owned()
    };
    assert_eq!(value(MIB), SUCCESS);
    assert_eq!(value(MIB + 1), "PM-3011");
}

#[test]
fn the_labels_of_a_series_have_128_kib() {
    let labels = |count: usize| {
        // With 4 bytes of a name, and 64 for each, 1 KiB.
        let value = "x".repeat((1 << 10) - 64 - 4);
        let labels: Vec<_> = (0..count)
            .map(|it| format!(r#""{it:04}":"{value}""#))
            .collect();
        point("").replace(r#""a":"b""#, &labels.join(","))
    };
    check_body(labels(128), SUCCESS);
    check_body(labels(129), "PM-3011");
}

#[test]
fn an_answer_has_1_000_series() {
    let many = |count: usize, values: &str| {
        let series: Vec<_> = (0..count)
            .map(|it| format!(r#"{{"metric":{{"pod":"{it}"}},"values":[{values}]}}"#))
            .collect();
        Answer::json(matrix(&series.join(",")))
    };
    check(METRIC, many(1_000, r#"[1699999260,"1"]"#), "PM-2001");
    check(METRIC, many(1_001, r#"[1699999260,"1"]"#), "PM-3011");
    check(RAW, many(1_000, r#"[1699999200,"1"]"#), "PM-2001");
    check(RAW, many(1_001, r#"[1699999200,"1"]"#), "PM-3011");
}

#[test]
fn a_list_has_100_000_entries_and_says_that_it_was_cut() {
    let list = |count: usize| {
        let entries: Vec<_> = (0..count).map(|it| format!("\"{it}\"")).collect();
        let body = format!(r#"{{"status":"success","data":[{}]}}"#, entries.join(","));
        // A list that is asked for to its end is whole, unless the backend's was not.
        let query = VALUES.replace("\"limit\": 10", "\"limit\": 200000");
        let (reply, _) = ask("/api/field/value", &query, move |_| {
            Answer::json(body.clone())
        });
        assert_eq!(id(&reply), SUCCESS, "{reply:?}");
        reply.body.contains(r#""isPartial":true"#)
    };
    assert!(!list(99_999));
    assert!(list(100_000));
    assert!(list(100_001));
}

#[test]
fn metadata_have_100_000_families_since_without_one_its_kind_were_a_guess() {
    let metadata = |count: usize| {
        let families: Vec<_> = (0..count)
            .map(|it| format!(r#""{it}":[{{"type":"gauge"}}]"#))
            .collect();
        let families = format!(
            r#"{{"status":"success","data":{{{}}}}}"#,
            families.join(",")
        );
        let (reply, _) = ask("/api/field/value", METRIC_NAMES, move |path| {
            Answer::json(if path.ends_with("/metadata") {
                families.clone()
            } else {
                r#"{"status":"success","data":["m"]}"#.to_owned()
            })
        });
        id(&reply).to_owned()
    };
    assert_eq!(metadata(100_000), SUCCESS);
    assert_eq!(metadata(100_001), "PM-3011");
}

#[test]
fn what_is_known_comes_once_and_nothing_comes_after_the_end() {
    check_body(point(""), SUCCESS);
    check_body(point(r#","x":1,"x":1"#), SUCCESS);
    check_body(point(r#","status":"success""#), "PM-3010");
    check_body(point(r#","data":null"#), "PM-3010");
    check_body(
        point("").replace(r#""a":"b""#, r#""a":"b","a":"b""#),
        "PM-3010",
    );
    check_body(
        point("").replace(r#""a":"b""#, r#""a":"b","\u0061":"b""#),
        "PM-3010",
    );
    check_body(format!("{} \r\n\t", point("")), SUCCESS);
    check_body(format!("{}x", point("")), "PM-3010");
    check_body(format!("{}{}", point(""), point("")), "PM-3010");
    check_body(format!("\u{feff}{}", point("")), "PM-3010");
}

#[test]
fn bad_utf_8_is_refused_wherever_it_stands() {
    for place in ["\"b\"", "\"a\"", "\"x\"", "\"deep\"", "\"y\""] {
        let body = point(r#","warnings":["y"],"x":{"deep":[]}"#);
        let at = body.find(place).unwrap() + 1;
        let mut bytes = body.into_bytes();
        bytes[at] = 0xff;
        check_body(bytes, "PM-3010");
    }
}

#[test]
fn what_is_prometheus_json_is_told_by_its_body_and_not_by_its_type() {
    let typed = |kind: &str, body: &str| Answer::Body {
        status: 200,
        headers: vec![("content-type", kind.to_owned())],
        body: body.as_bytes().to_vec(),
    };
    for kind in [
        "application/json",
        "text/html",
        "application/octet-stream",
        "",
    ] {
        check(METRIC, typed(kind, &point("")), SUCCESS);
        for body in [
            "<html>log in</html>",
            "",
            "{}",
            "[]",
            "null",
            r#"{"a":1}"#,
            "status: success",
        ] {
            check(METRIC, typed(kind, body), "PM-3010");
        }
    }
}
