//! The hostile answers, and what of them a caller may hear.

use std::fmt::Write as _;

use super::parts;
use super::parts::MATRIX;
use super::parts::OPEN;
use crate::fake_backend::Answer;

/// One of them.
pub(super) struct Hostile {
    /// Also the first segment of the path that it is asked for by.
    pub(super) name: &'static str,
    /// Whether a list is asked for, and not a metric.
    pub(super) is_list: bool,
    /// What is in the query besides; without anything raw samples are asked for.
    pub(super) more: &'static str,
    pub(super) answer: fn() -> Answer,
    /// The ids that may come of it.
    pub(super) answers: &'static [&'static str],
}

impl Hostile {
    /// Whether it ends by its time alone.
    pub(super) fn is_late(&self) -> bool {
        self.answers == LATE
    }
}

const BUCKETS: &str = r#", "aggregation": {"method": "MEAN", "bucketSizeMillis": 60000}"#;

const TOO_LARGE: &[&str] = &["PM-3011"];
const UNREADABLE: &[&str] = &["PM-3010"];
const BROKEN: &[&str] = &["PM-3008"];
const LATE: &[&str] = &["PM-3005"];
const ALTERED: &[&str] = &["PM-3012"];

const fn metric(
    name: &'static str,
    answer: fn() -> Answer,
    answers: &'static [&'static str],
) -> Hostile {
    Hostile {
        name,
        is_list: false,
        more: BUCKETS,
        answer,
        answers,
    }
}

const fn raw(
    name: &'static str,
    answer: fn() -> Answer,
    answers: &'static [&'static str],
) -> Hostile {
    Hostile {
        more: "",
        ..metric(name, answer, answers)
    }
}

const fn list(
    name: &'static str,
    answer: fn() -> Answer,
    answers: &'static [&'static str],
) -> Hostile {
    Hostile {
        is_list: true,
        ..metric(name, answer, answers)
    }
}

fn open(body: &str) -> String {
    format!("{OPEN}{body}")
}

fn matrix(body: &str) -> String {
    format!("{OPEN}{MATRIX}{body}")
}

pub(super) const HOSTILE: &[Hostile] = &[
    // Bombs.
    metric("bomb", || parts::bomb(""), TOO_LARGE),
    metric("bomb-in-json", || parts::bomb(MATRIX), TOO_LARGE),
    raw("bomb-for-samples", || parts::bomb(MATRIX), TOO_LARGE),
    list("bomb-for-a-list", || parts::bomb(""), TOO_LARGE),
    metric("empty-blocks", parts::empty_blocks, TOO_LARGE),
    metric("endless-name", parts::endless_name, UNREADABLE),
    metric("no-gzip", || parts::miscoded("gzip", MATRIX), UNREADABLE),
    metric(
        "two-codings",
        || parts::miscoded("gzip, gzip", MATRIX),
        UNREADABLE,
    ),
    metric(
        "another-coding",
        || parts::miscoded("br", MATRIX),
        UNREADABLE,
    ),
    // Bodies without end.
    metric("blanks", || parts::repeated(open(""), " ", ""), TOO_LARGE),
    metric(
        "no-json",
        || parts::repeated(open(""), "<p>login</p>", ""),
        UNREADABLE,
    ),
    metric("dripping", parts::dripping, LATE),
    metric("announced", announced, TOO_LARGE),
    metric(
        "errors",
        || parts::repeated(failing(), "x", ""),
        &["PM-3006"],
    ),
    metric(
        "warnings",
        || parts::counted(open(r#"{"warnings":[""#), warning),
        TOO_LARGE,
    ),
    // Series and samples.
    metric(
        "series",
        || parts::counted(matrix(r#"{"metric":{},"values":[]}"#), series),
        TOO_LARGE,
    ),
    raw(
        "series-of-samples",
        || parts::counted(matrix(FIRST), series),
        TOO_LARGE,
    ),
    metric(
        "samples",
        || parts::counted(matrix(SAMPLES), sample),
        ALTERED,
    ),
    raw(
        "raw-samples",
        || parts::counted(matrix(SAMPLES), sample),
        TOO_LARGE,
    ),
    raw(
        "one-sample",
        || parts::repeated(matrix(SAMPLES), "[1,\"1\"],", ""),
        TOO_LARGE,
    ),
    metric(
        "labels",
        || parts::counted(matrix(r#"{"metric":{"a":"b""#), label),
        TOO_LARGE,
    ),
    metric(
        "labels-of-many",
        || parts::counted(matrix(FIRST), labelled),
        TOO_LARGE,
    ),
    list(
        "entries",
        || parts::counted(open(r#"{"status":"success","data":["a""#), entry),
        TOO_LARGE,
    ),
    list(
        "long-entries",
        || parts::counted(open(r#"{"status":"success","data":["a""#), long_entry),
        &["PM-3011", "PM-6007"],
    ),
    // Depth.
    metric("levels", || parts::repeated(open(""), "[", ""), UNREADABLE),
    metric(
        "objects",
        || parts::repeated(open(""), r#"{"a":"#, ""),
        UNREADABLE,
    ),
    metric(
        "levels-unread",
        || parts::repeated(open(r#"{"a":"#), "[", ""),
        UNREADABLE,
    ),
    metric(
        "levels-of-histograms",
        || parts::repeated(matrix(r#"{"histograms":"#), "[", ""),
        UNREADABLE,
    ),
    list(
        "levels-in-a-list",
        || parts::repeated(open(r#"{"data":"#), "[", ""),
        UNREADABLE,
    ),
    // Long texts.
    metric(
        "text-as-label",
        || parts::repeated(matrix(r#"{"metric":{"a":""#), "x", ""),
        TOO_LARGE,
    ),
    metric(
        "text-as-name",
        || parts::repeated(matrix(r#"{"metric":{""#), "x", ""),
        TOO_LARGE,
    ),
    metric(
        "text-as-value",
        || parts::repeated(matrix(r#"{"values":[[1,""#), "1", ""),
        TOO_LARGE,
    ),
    metric(
        "text-as-time",
        || parts::repeated(matrix(r#"{"values":[["#), "1", ""),
        UNREADABLE,
    ),
    metric(
        "text-as-member",
        || parts::repeated(open("{\""), "x", ""),
        TOO_LARGE,
    ),
    metric(
        "text-as-status",
        || parts::repeated(open(r#"{"status":""#), "x", ""),
        TOO_LARGE,
    ),
    metric(
        "text-unread",
        || parts::repeated(open(r#"{"a":""#), "\\u00e4", ""),
        TOO_LARGE,
    ),
    metric(
        "text-as-word",
        || parts::repeated(open(r#"{"a":"#), "t", ""),
        UNREADABLE,
    ),
    list(
        "text-as-entry",
        || parts::repeated(open(r#"{"data":[""#), "x", ""),
        TOO_LARGE,
    ),
    // Twice, or after the end.
    metric(
        "status-twice",
        || parts::closed(r#"{"status":"success","status":"error"}"#),
        UNREADABLE,
    ),
    metric(
        "label-twice",
        || parts::closed(&format!(r#"{MATRIX}{{"metric":{{"a":"1","a":"2"}}"#)),
        UNREADABLE,
    ),
    metric(
        "data-twice",
        || parts::closed(&format!(r#"{MATRIX}]}},"data":null}}"#)),
        UNREADABLE,
    ),
    metric(
        "trailing",
        || parts::closed(&format!("{MATRIX}]}}}}{MATRIX}]}}}}")),
        UNREADABLE,
    ),
    metric(
        "not-text",
        || Answer::Bytes([OPEN.as_bytes(), b"{\"\xff\":1}"].concat()),
        UNREADABLE,
    ),
    metric(
        "lone-surrogate",
        || parts::closed(r#"{"a":"\ud800"}"#),
        UNREADABLE,
    ),
    // What HTTP says of it.
    metric(
        "too-short",
        || answered("Content-Length: 9000\r\n\r\n{"),
        BROKEN,
    ),
    metric(
        "two-lengths",
        || answered("Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
        UNREADABLE,
    ),
    metric(
        "no-length",
        || answered("Content-Length: x\r\n\r\n{}"),
        UNREADABLE,
    ),
    metric(
        "no-chunk",
        || answered("Transfer-Encoding: chunked\r\n\r\nxyz\r\n"),
        BROKEN,
    ),
    metric(
        "chunk-without-end",
        || answered("Transfer-Encoding: chunked\r\n\r\n5\r\n{"),
        BROKEN,
    ),
    metric(
        "endless-chunk",
        || answered("Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{"),
        BROKEN,
    ),
    metric(
        "chunk-extension",
        || {
            parts::endless_head(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;",
                "x",
            )
        },
        BROKEN,
    ),
    metric(
        "trailers",
        || {
            parts::endless_head(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n",
                "a: b\r\n",
            )
        },
        BROKEN,
    ),
    metric(
        "endless-head",
        || parts::endless_head("HTTP/1.1 200 OK\r\n", "a: b\r\n"),
        TOO_LARGE,
    ),
    metric(
        "endless-field",
        || parts::endless_head("HTTP/1.1 200 OK\r\na: ", "x"),
        TOO_LARGE,
    ),
    metric(
        "endless-status",
        || parts::endless_head("HTTP/1.1 200 ", "x"),
        TOO_LARGE,
    ),
    metric(
        "no-http",
        || parts::endless_head("", "220 mail\r\n"),
        UNREADABLE,
    ),
    metric(
        "interim",
        || parts::endless_head("", "HTTP/1.1 100 Continue\r\n\r\n"),
        LATE,
    ),
];

/// Those that let us hold as much as they may, and then say nothing more.
pub(super) const HOLDING: &[Hostile] = &[
    raw(
        "hold-samples",
        || parts::held(matrix(SAMPLES), 190_000, sample),
        LATE,
    ),
    list(
        "hold-a-text",
        || parts::held(open(r#"{"data":[""#), 1_000, text),
        LATE,
    ),
    list(
        "hold-entries",
        || parts::held(open(r#"{"data":["a""#), 500, long_entry),
        LATE,
    ),
    list(
        "hold-many-entries",
        || parts::held(open(r#"{"data":["a""#), 90_000, entry),
        LATE,
    ),
    metric(
        "hold-labels",
        || parts::held(matrix(FIRST), 500, labelled),
        LATE,
    ),
    metric(
        "hold-a-label",
        || parts::held(matrix(r#"{"metric":{"a":""#), 1_000, text),
        LATE,
    ),
    metric(
        "hold-an-error",
        || parts::held(failing(), 900, text),
        &["PM-3006"],
    ),
    metric(
        "hold-warnings",
        || parts::held(open(r#"{"warnings":[""#), 10_000, warning),
        LATE,
    ),
];

fn text(_: usize, out: &mut String) {
    out.push_str(&"x".repeat(1_000));
}

/// A first series with the one sample that a bucket wants.
const FIRST: &str = r#"{"metric":{},"values":[]}"#;
/// The begin of a series with samples.
const SAMPLES: &str = r#"{"metric":{},"values":["#;

fn answered(fields_and_body: &str) -> Answer {
    Answer::Bytes(format!("HTTP/1.1 200 OK\r\n{fields_and_body}").into_bytes())
}

/// A terabyte, it says, and begins.
fn announced() -> Answer {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 1_u64 << 40);
    parts::repeated(head, " ", "")
}

fn failing() -> String {
    "HTTP/1.1 422 No\r\nConnection: close\r\n\r\n{\"status\":\"error\",\"error\":\"".to_owned()
}

fn warning(count: usize, out: &mut String) {
    write!(out, "{count}{count:0>500}\",\"").unwrap();
}

fn series(count: usize, out: &mut String) {
    write!(out, r#",{{"metric":{{"pod":"{count}"}},"values":[]}}"#).unwrap();
}

/// Each after the one before, a millisecond apart, in the range that is asked for.
fn sample(count: usize, out: &mut String) {
    let comma = if count == 0 { "" } else { "," };
    let millis = 1_699_999_498_000 + count;
    write!(out, "{comma}[{}.{:03},\"1\"]", millis / 1000, millis % 1000).unwrap();
}

fn label(count: usize, out: &mut String) {
    write!(out, r#","{count:0>900}":"{count:0>900}""#).unwrap();
}

fn labelled(count: usize, out: &mut String) {
    out.push_str(r#",{"metric":{"a":"b""#);
    for name in 0..50 {
        write!(out, r#","{count}-{name:0>500}":"{count:0>500}""#).unwrap();
    }
    out.push_str(r#"},"values":[]}"#);
}

fn entry(count: usize, out: &mut String) {
    write!(out, r#","{count}""#).unwrap();
}

fn long_entry(count: usize, out: &mut String) {
    write!(out, r#","{count:0>60000}""#).unwrap();
}
