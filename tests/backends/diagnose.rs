//! Why an answer is empty, by the command line, on data made for each cause: the first cause is the
//! right one, what is to be tried gives data, and no more than ten calls are made.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;

use crate::engine::Engine;
use crate::metadata;
use crate::rig::Rig;
use crate::series::{Sample, Series};
use crate::{Case, On};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "each_cause_is_found_and_what_is_to_be_tried_has_data",
        on: On::Each(causes),
    },
    Case {
        name: "a_wrong_kind_is_told_by_metadata",
        on: On::Prometheus(kinds),
    },
    Case {
        name: "a_backend_without_data_and_one_that_is_not_there",
        on: On::Each(nothing),
    },
];

const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600 * SECOND;

#[derive(Debug, Deserialize)]
struct Diagnosis {
    findings: Vec<Finding>,
    #[expect(dead_code, reason = "shown where a case fails")]
    probes: Vec<Probed>,
    calls: u32,
    not_empty: bool,
}

#[derive(Debug, Deserialize)]
struct Finding {
    id: String,
    certainty: String,
    probe: String,
    text: String,
    #[serde(rename = "try")]
    attempt: Option<Vec<Condition>>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "shown where a case fails")]
struct Probed {
    probe: String,
    ok: bool,
    text: String,
    query: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Condition {
    key: String,
    value: Value,
}

#[derive(Clone, Debug, Deserialize)]
struct Value {
    value: String,
}

/// What is expected: id, step, certainty, a part of the text, and the exit code.
type Expected = (&'static str, &'static str, &'static str, &'static str, i32);

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

fn every(
    metric: &str,
    labels: &[(&str, &str)],
    step: i64,
    from: i64,
    to: i64,
    value: f64,
) -> Series {
    let count = (to - from) / step;
    let samples = (0..count).map(|n| Sample {
        at: from + n * step,
        value,
    });
    let labels = labels.iter();
    let mut labels: Vec<(String, String)> = labels
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    labels.sort();
    Series {
        metric: metric.to_owned(),
        labels,
        samples: samples.collect(),
    }
}

fn run(url: &str, arguments: &[&str]) -> (Diagnosis, i32) {
    let folder = tempfile::tempdir().unwrap();
    let details = folder.path().join("lab.json");
    std::fs::write(&details, format!(r#"{{"url":"{url}"}}"#)).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_prometheus-mirror"))
        .args(["diagnose", "-o", "json", "-c"])
        .arg(&details)
        .args(arguments)
        .env_clear()
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let diagnosis = serde_json::from_str(&text).unwrap_or_else(|it| panic!("{it}: {text}{said}"));
    (diagnosis, output.status.code().unwrap())
}

#[track_caller]
fn check(url: &str, arguments: &[&str], expected: Expected) {
    let (found, code) = run(url, arguments);
    let told = format!("{arguments:?}: {found:#?}");
    let (id, probe, certainty, part, exit) = expected;
    let first = found.findings.first().expect(&told);
    assert_eq!(first.id, id, "{told}");
    assert_eq!(first.probe, probe, "{told}");
    assert_eq!(first.certainty, certainty, "{told}");
    assert!(first.text.contains(part), "{told}");
    assert_eq!(code, exit, "{told}");
    assert!(found.calls <= 10, "{told}");
    for finding in &found.findings {
        let Some(conditions) = &finding.attempt else {
            continue;
        };
        let again: Vec<String> = conditions
            .iter()
            .map(|it| format!("{}={}", it.key, it.value.value))
            .collect();
        let again: Vec<&str> = again.iter().map(String::as_str).collect();
        let (found, _) = run(url, &again);
        assert!(found.not_empty, "{told}\n{again:?}: {found:#?}");
    }
}

fn causes(rig: &Rig<'_>) {
    let folder = rig
        .folder
        .join(format!("{}-diagnose", rig.engine.kind.name));
    let engine = Engine::start(rig.engine.kind, rig.backends, &folder, None);
    let end = now() / SECOND * SECOND;
    let step = 15 * SECOND;
    let live = |metric: &str, labels: &[(&str, &str)]| {
        every(metric, labels, step, end - 2 * HOUR, end, 1.0)
    };
    let all = [
        live(
            "http_requests_total",
            &[("job", "checkout"), ("pod", "a"), ("code", "200")],
        ),
        live(
            "http_requests_total",
            &[("job", "Billing"), ("pod", "b"), ("code", "42.0")],
        ),
        live(
            "latency_seconds_bucket",
            &[("job", "checkout"), ("le", "+Inf")],
        ),
        live("latency_seconds_sum", &[("job", "checkout")]),
        live("latency_seconds_count", &[("job", "checkout")]),
        every(
            "http_requests_total",
            &[("job", "checkout"), ("pod", "old")],
            step,
            end - 3 * HOUR,
            end - 2 * HOUR,
            1.0,
        ),
        every(
            "gone",
            &[("job", "checkout")],
            step,
            end - 3 * HOUR,
            end - 2 * HOUR,
            1.0,
        ),
        every(
            "slow_total",
            &[("job", "checkout")],
            60 * SECOND,
            end - 2 * HOUR,
            end,
            1.0,
        ),
        every(
            "odd",
            &[("job", "checkout")],
            step,
            end - 2 * HOUR,
            end,
            f64::NAN,
        ),
    ];
    engine.write(&all);
    for series in all.iter().filter(|it| it.metric != "odd") {
        engine.wait_for(std::slice::from_ref(series));
    }
    let url = engine.url.as_str();
    let empty = 3;
    check(
        url,
        &["__counter__=http_request_total", "job=checkout"],
        (
            "PM-2002",
            "metric",
            "certain",
            "no series named http_request_total in the last 1 h",
            empty,
        ),
    );
    check(
        url,
        &["__counter__=http_requests_total"],
        (
            "PM-2001",
            "selection",
            "certain",
            "they differ in ['pod']",
            4,
        ),
    );
    let (one, _) = run(url, &["__counter__=http_requests_total", "pod=a"]);
    assert!(one.findings.is_empty(), "{one:#?}");
    check(
        url,
        &["__counter__=http_requests_total", "job=checkuot"],
        (
            "PM-2002",
            "values",
            "certain",
            "no series has job = checkuot",
            empty,
        ),
    );
    check(
        url,
        &["__counter__=http_requests_total", "job=something-else"],
        ("PM-2002", "values", "certain", "no series has job", empty),
    );
    check(
        url,
        &["__counter__=http_requests_total", "job=billing"],
        ("PM-2002", "values", "certain", "only case differs", empty),
    );
    check(
        url,
        &["__counter__=http_requests_total", "job=checkout "],
        (
            "PM-2002",
            "values",
            "certain",
            "only outer blanks differ",
            empty,
        ),
    );
    check(
        url,
        &["__counter__=http_requests_total", "code=42"],
        (
            "PM-2002",
            "values",
            "certain",
            "only the spelling of the number differs",
            empty,
        ),
    );
    check(
        url,
        &[
            "__counter__=http_requests_total",
            "job=chekcout",
            "code=201",
        ],
        ("PM-2002", "values", "certain", "no series has", empty),
    );
    check(
        url,
        &["__counter__=http_requests_tota", "job=chekcout", "pod=a"],
        ("PM-2002", "metric", "certain", "no series named", empty),
    );
    check(
        url,
        &["__gauge__=gone", "job=checkout"],
        (
            "PM-2005",
            "elsewhere",
            "certain",
            "the last sample is of",
            empty,
        ),
    );
    check(
        url,
        &["__counter__=http_requests_total", "job=checkout", "pod=old"],
        (
            "PM-2005",
            "elsewhere",
            "certain",
            "the last sample is of",
            empty,
        ),
    );
    check(
        url,
        &[
            "__counter__=http_requests_total",
            "--from",
            "now-5d",
            "--to",
            "now-4d",
        ],
        (
            "PM-2010",
            "elsewhere",
            "certain",
            "none in the window",
            empty,
        ),
    );
    check(
        url,
        &[
            "__counter__=http_requests_total",
            "--from",
            "1700000000",
            "--to",
            "1700003600",
        ],
        (
            "PM-2010",
            "elsewhere",
            "certain",
            "look like seconds",
            empty,
        ),
    );
    if !rig.is_victoria_metrics() {
        // It drops NaN as it is written.
        check(
            url,
            &["__gauge__=odd", "job=checkout"],
            ("PM-2004", "nan", "certain", "NaN", empty),
        );
    }
    check(
        url,
        &["__counter__=slow_total", "--agg", "MEAN", "--bucket", "60s"],
        (
            "PM-2008",
            "interval",
            "certain",
            "a sample comes every 1 min",
            1,
        ),
    );
    check(
        url,
        &["__gauge__=latency_seconds", "job=checkout"],
        (
            "PM-2002",
            "metric",
            "certain",
            "base name of a histogram",
            empty,
        ),
    );
    check(
        url,
        &["__histogram__=http_requests_total", "job=checkout"],
        ("PM-2002", "metric", "certain", "has no buckets", empty),
    );
    check(
        url,
        &["~=sum(http_requests_total) / sum(http_request_total)"],
        (
            "PM-2002",
            "metric",
            "certain",
            "no series named http_request_total",
            empty,
        ),
    );
    let (found, code) = run(url, &["__counter__=http_requests_total", "job=checkout"]);
    assert!(
        found.not_empty && found.findings.is_empty() && code == 0,
        "{found:#?}"
    );
}

fn kinds(rig: &Rig<'_>) {
    let target = metadata::target();
    let folder = rig.folder.join(format!("{}-kinds", rig.engine.kind.name));
    let engine = Engine::start(rig.engine.kind, rig.backends, &folder, Some(&target));
    engine.wait_for_metadata("live_odd");
    check(
        &engine.url,
        &["__gauge__=live_requests"],
        (
            "PM-2009",
            "kind",
            "certain",
            "live_requests is a counter",
            1,
        ),
    );
    check(
        &engine.url,
        &["__counter__=live_level_total"],
        (
            "PM-2009",
            "kind",
            "certain",
            "live_level_total is a gauge",
            1,
        ),
    );
    check(
        &engine.url,
        &["__gauge__=live_latency_bucket"],
        ("PM-2009", "kind", "certain", "is a histogram", 1),
    );
}

fn nothing(rig: &Rig<'_>) {
    let folder = rig.folder.join(format!("{}-nothing", rig.engine.kind.name));
    let engine = Engine::start(rig.engine.kind, rig.backends, &folder, None);
    check(
        &engine.url,
        &["__gauge__=up", "job=x"],
        ("PM-2002", "metric", "certain", "no metrics at all", 3),
    );
    check(
        "http://127.0.0.1:1",
        &["__gauge__=up"],
        ("PM-3002", "reach", "certain", "cannot be reached", 6),
    );
}
