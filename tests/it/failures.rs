//! What a caller reads when something fails: type, id, status, key and text, over HTTP, for each
//! failure that can reach the wire (experience.md, "Errors"; mirror-api.md, "Failures").

use std::net::TcpListener;

use crate::fake_backend::Answer;
use crate::fake_backend::Backend;
use crate::harness::KEY;
use crate::harness::Mirror;
use crate::harness::Reply;
use crate::json::text_of;

/// Stands wherever a secret could: no answer may hold it.
const PLANTED: &str = "planted-7f3a9c";

const C: &str = "MetricStoreConnectionError";
const N: &str = "MetricNotFoundError";
const R: &str = "RemoteMirrorError";
const U: &str = "UnsupportedFieldTypeError";

const CONNECTION: &str = "/api/connection";
const NAMES: &str = "/api/field/name";
const VALUES: &str = "/api/field/value";
const METRIC: &str = "/api/metric";
const ROUTES: [&str; 4] = [CONNECTION, NAMES, VALUES, METRIC];

const VALIDATION: &str = "Request validation errors.";
const GAUGE: &str = r#"{"key": "__gauge__", "value": {"_type": "StringValue", "value": "m"}}"#;

/// What is expected of a failure.
#[derive(Clone, Copy)]
struct Expected {
    id: &'static str,
    body: &'static str,
    summary: Option<&'static str>,
}

const fn expected(id: &'static str, body: &'static str) -> Expected {
    Expected {
        id,
        body,
        summary: None,
    }
}

const fn remote(id: &'static str, summary: &'static str) -> Expected {
    Expected {
        id,
        body: R,
        summary: Some(summary),
    }
}

/// What every failure keeps to, and what this one is.
#[track_caller]
fn check(reply: &Reply, route: &str, expected: Expected) {
    let told = format!("{route}: {reply:?}");
    assert!(!reply.body.contains(PLANTED), "{told}");
    assert_eq!(reply.header("x-mirror-error"), Some(expected.id), "{told}");
    assert_eq!(reply.header("x-mirror-api-key"), Some(KEY), "{told}");
    let kind = if route == CONNECTION {
        // The answer to "can it be used?" is no; the call itself worked.
        assert_eq!(reply.status, 200, "{told}");
        assert_eq!(
            text_of(&reply.body, "_type"),
            Some("TestConnectionResponse"),
            "{told}"
        );
        assert_eq!(text_of(&reply.body, "status"), Some("FAILURE"), "{told}");
        let (_, error) = reply.body.split_once("\"error\":").expect(&told);
        assert_eq!(text_of(error, "_type"), Some(C), "{told}");
        C
    } else {
        assert_eq!(reply.status, 500, "{told}");
        assert_eq!(text_of(&reply.body, "_type"), Some(expected.body), "{told}");
        expected.body
    };
    if kind == R {
        assert_eq!(text_of(&reply.body, "summary"), expected.summary, "{told}");
    }
    if kind != U {
        let details = text_of(&reply.body, "details").expect(&told);
        assert!(details.ends_with(&format!(" [{}]", expected.id)), "{told}");
        assert!(details.chars().count() <= 200, "{told}");
        assert!(
            details.matches(". ").count() >= 1,
            "one thing happened, one to do: {told}"
        );
    }
}

/// A query over five minutes long past.
fn query(route: &str, conditions: &str, more: &str) -> String {
    let query = format!(
        r#"{{"conditions": [{conditions}], "startTime": 1699999200000, "endTime": 1699999500000,
             "field": {{"fieldName": "job"}} {more}}}"#
    );
    if route == CONNECTION {
        "null".to_owned()
    } else {
        query
    }
}

fn body(details: &str, query: &str) -> String {
    format!(
        r#"{{"connectionDetails": {{"dialect": "promql-open", "remark": "{PLANTED}", {details}}},
             "query": {query}}}"#
    )
}

/// A metric query with these conditions and further members, to a backend that is never asked.
#[track_caller]
fn check_query(conditions: &str, more: &str, expected: Expected) {
    let backend = Backend::start(|_| Answer::status(500, "{}"));
    let url = format!("\"url\": \"{}\"", backend.url());
    let reply = Mirror::start().post(METRIC, &body(&url, &query(METRIC, conditions, more)));
    check(&reply, METRIC, expected);
    assert!(backend.calls().is_empty(), "the backend was asked");
}

/// The same body on every route where it fails before any backend is asked.
#[track_caller]
fn check_body(text: &str, expected: Expected) {
    let mirror = Mirror::start();
    for route in ROUTES {
        check(&mirror.post(route, text), route, expected);
    }
}

/// These details on every route; `{backend}` stands for a backend that is never asked.
#[track_caller]
fn check_details(details: &str, expected: Expected) {
    let backend = Backend::start(|_| Answer::status(500, "{}"));
    let mirror = Mirror::start();
    for route in ROUTES {
        let details = details.replace("{backend}", &backend.url());
        let reply = mirror.post(route, &body(&details, &query(route, GAUGE, "")));
        check(&reply, route, expected);
    }
    assert!(backend.calls().is_empty(), "the backend was asked");
}

/// A backend that answers every call of every route like this.
#[track_caller]
fn check_answer(answer: Answer, more: &str, expected: Expected) {
    let backend = Backend::start(move |_| answer.clone());
    let mirror = Mirror::start();
    for route in ROUTES {
        let details = format!(r#""url": "{}" {more}"#, backend.url());
        let reply = mirror.post(route, &body(&details, &query(route, GAUGE, "")));
        check(&reply, route, expected);
    }
}

/// A backend that answers every call of a metric query like this.
#[track_caller]
fn check_metric_answer(answer: Answer, conditions: &str, more: &str, expected: Expected) {
    let backend = Backend::start(move |_| answer.clone());
    let url = format!(
        r#""url": "{}", "raw_budget": 2, "scrape_interval_ms": 60000"#,
        backend.url()
    );
    let reply = Mirror::start().post(METRIC, &body(&url, &query(METRIC, conditions, more)));
    check(&reply, METRIC, expected);
}

fn prometheus_error(status: u16, kind: &str, error: &str) -> Answer {
    let error = error.replace('"', "\\\"");
    Answer::status(
        status,
        format!(r#"{{"status": "error", "errorType": "{kind}", "error": "{error}"}}"#),
    )
}

fn matrix(series: &str) -> Answer {
    let data = format!(r#"{{"resultType": "matrix", "result": [{series}]}}"#);
    Answer::json(format!(r#"{{"status": "success", "data": {data}}}"#))
}

fn headed(status: u16, name: &'static str, value: &str, body: &str) -> Answer {
    Answer::Body {
        status,
        headers: vec![(name, value.to_owned())],
        body: body.into(),
    }
}

fn aggregation(method: &str, bucket: &str) -> String {
    format!(r#", "aggregation": {{"method": "{method}", "bucketSizeMillis": {bucket}}}"#)
}

#[test]
fn pm_1001_a_body_that_is_not_json() {
    let expected = remote("PM-1001", VALIDATION);
    check_body(
        &format!(r#"{{"connectionDetails": {{"url": "{PLANTED}""#),
        expected,
    );
    check_body(
        &format!(r#"{{"query": "{PLANTED}", "query": {{}}}}"#),
        expected,
    );
    check_body(&"[".repeat(33), expected);
    check_body("", expected);
}

#[test]
fn pm_1002_a_member_that_does_not_fit() {
    let expected = remote("PM-1002", VALIDATION);
    check_body("{}", expected);
    check_body(
        &format!(r#"{{"connectionDetails": "{PLANTED}", "query": {{}}}}"#),
        expected,
    );
    check_query(GAUGE, &format!(r#", "limit": "{PLANTED}""#), expected);
    check_query(GAUGE, r#", "limit": 0"#, expected);
    check_query(GAUGE, r#", "limit": 1.5"#, expected);
    check_query(GAUGE, &aggregation("MEAN", "0"), expected);
    check_query(GAUGE, &aggregation("MEAN", "null"), expected);
    check_query(
        GAUGE,
        &aggregation("MEAN", &format!("\"{PLANTED}\"")),
        expected,
    );
}

#[test]
fn pm_1003_none_or_several_of_the_virtual_fields() {
    check_query("", "", expected("PM-1003", N));
    let counter = GAUGE.replace("gauge", "counter");
    check_query(&format!("{GAUGE}, {counter}"), "", expected("PM-1003", N));
}

#[test]
fn pm_1004_a_condition_value_of_an_unknown_type() {
    let condition =
        format!(r#"{{"key": "a", "value": {{"_type": "RegexValue", "value": "{PLANTED}"}}}}"#);
    check_query(&format!("{GAUGE}, {condition}"), "", expected("PM-1004", U));
}

#[test]
fn pm_1005_native_histograms_under_a_plain_kind() {
    let series = r#"{"metric": {}, "histograms": [[1699999260, {"count": "1", "sum": "2"}]]}"#;
    check_metric_answer(matrix(series), GAUGE, "", expected("PM-1005", U));
}

#[test]
fn pm_1006_a_condition_that_cannot_be_used() {
    let expected = remote("PM-1006", VALIDATION);
    let empty_key = GAUGE.replace("__gauge__", "");
    check_query(&format!("{GAUGE}, {empty_key}"), "", expected);
    let name = GAUGE.replace("__gauge__", "__name__");
    check_query(&format!("{GAUGE}, {name}"), "", expected);
    let empty_set = r#"{"key": "a", "value": {"_type": "InSetValue", "value": []}}"#;
    check_query(&format!("{GAUGE}, {empty_set}"), "", expected);
}

#[test]
fn pm_1007_conditions_beside_a_query_that_does_not_parse() {
    let tilde = GAUGE.replace("__gauge__", "~").replace("\"m\"", "\"sum(\"");
    let label = GAUGE.replace("__gauge__", "job");
    let expected = remote("PM-1007", "Conditions cannot be applied.");
    check_query(&format!("{tilde}, {label}"), "", expected);
}

#[test]
fn pm_1008_connection_details_that_contradict_themselves() {
    let expected = remote("PM-1008", VALIDATION);
    check_details(r#""url": "{backend}", "host": "localhost""#, expected);
    let block = format!(r#""url": "{{backend}}", "azuread": {{"client_secret": "{PLANTED}"}}"#);
    check_details(&block, expected);
    let near_miss = format!(r#""url": "{{backend}}", "aws": {{"roleArn": "{PLANTED}"}}"#);
    check_details(&near_miss, expected);
}

#[test]
fn pm_1009_no_such_method() {
    let expected = remote("PM-1009", "Unsupported aggregation");
    check_query(GAUGE, &aggregation("MEDIAN", "60000"), expected);
    check_query(
        GAUGE,
        r#", "aggregation": {"method": null, "bucketSizeMillis": 60000}"#,
        expected,
    );
}

#[test]
fn pm_1010_no_call_of_the_mirror_api() {
    let mirror = Mirror::start();
    for (method, path, status) in [
        ("GET", "/no/such/path", 404),
        ("POST", "/api/metrics", 404),
        ("GET", METRIC, 405),
        ("PUT", METRIC, 405),
    ] {
        let reply = mirror.send(method, path, "{}");
        let told = format!("{method} {path}: {reply:?}");
        assert_eq!(reply.status, status, "{told}");
        assert_eq!(reply.header("x-mirror-error"), Some("PM-1010"), "{told}");
        assert_eq!(text_of(&reply.body, "_type"), Some(R), "{told}");
        assert_eq!(
            text_of(&reply.body, "summary"),
            Some("Not a Mirror API call."),
            "{told}"
        );
        assert!(
            text_of(&reply.body, "details")
                .unwrap()
                .ends_with(" [PM-1010]"),
            "{told}"
        );
        assert_eq!(
            reply.header("allow"),
            (status == 405).then_some("POST"),
            "{told}"
        );
    }
}

#[test]
fn pm_1010_a_body_over_one_mebibyte_is_refused_unread() {
    let head = format!(
        "POST {METRIC} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n",
        (1 << 20) + 1
    );
    let answer = Mirror::start().raw(head.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(
        answer.contains("\"Not a Mirror API call.\"") && answer.contains(" [PM-1010]\""),
        "{answer}"
    );
    assert!(
        answer.to_lowercase().contains("x-mirror-error: pm-1010"),
        "{answer}"
    );
}

#[test]
fn pm_2001_several_series_where_one_is_needed() {
    let series =
        |pod| format!(r#"{{"metric": {{"pod": "{pod}"}}, "values": [[1699999260, "1"]]}}"#);
    let answer = matrix(&format!("{}, {}", series(1), series(2)));
    check_metric_answer(answer, GAUGE, "", remote("PM-2001", "Too many metrics."));
}

#[test]
fn pm_2002_no_series() {
    let backend = Backend::start(|call| match &*call.path {
        "/api/v1/series" => Answer::json(r#"{"status": "success", "data": []}"#),
        _ => matrix(""),
    });
    let url = format!("\"url\": \"{}\"", backend.url());
    let reply = Mirror::start().post(METRIC, &body(&url, &query(METRIC, GAUGE, "")));
    check(&reply, METRIC, expected("PM-2002", N));
    assert_eq!(text_of(&reply.body, "metric"), Some("m"));
}

#[test]
fn pm_2006_more_samples_than_may_be_pooled() {
    let series = |pod| {
        let values = r#"[[1699999260, "1"], [1699999320, "1"]]"#;
        format!(r#"{{"metric": {{"pod": "{pod}"}}, "values": {values}}}"#)
    };
    check_metric_answer(
        matrix(&format!("{}, {}", series(1), series(2))),
        GAUGE,
        &aggregation("PERCENTILE_90", "60000"),
        remote("PM-2006", "Too many metrics."),
    );
}

#[test]
fn pm_2007_a_quantile_that_a_summary_does_not_expose() {
    let backend = Backend::start(|call| {
        if call.path.contains("/label/") {
            Answer::json(r#"{"status": "success", "data": ["0.5", "0.9"]}"#)
        } else {
            matrix("")
        }
    });
    let conditions = GAUGE.replace("__gauge__", "__summary__");
    let more = aggregation("PERCENTILE_99", "60000");
    let url = format!(r#""url": "{}""#, backend.url());
    let reply = Mirror::start().post(METRIC, &body(&url, &query(METRIC, &conditions, &more)));
    check(
        &reply,
        METRIC,
        remote("PM-2007", "Quantile is not exposed."),
    );
}

#[test]
fn pm_3001_a_name_without_an_address() {
    check_details(
        r#""url": "http://backend.invalid:9090""#,
        expected("PM-3001", C),
    );
}

#[test]
fn pm_3002_a_port_that_nobody_listens_on() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    check_details(
        &format!(r#""url": "http://{free}""#),
        expected("PM-3002", C),
    );
}

#[test]
fn pm_3003_a_backend_without_tls() {
    let backend = Backend::start(|_| Answer::Silence);
    let details = format!(r#""url": "https://{}""#, backend.host());
    check_details(&details, expected("PM-3003", C));
}

#[test]
fn pm_3004_refused_credentials() {
    for status in [401, 403] {
        check_answer(Answer::status(status, PLANTED), "", expected("PM-3004", C));
    }
}

#[test]
fn pm_3005_a_silent_backend() {
    check_answer(
        Answer::Silence,
        r#", "request_timeout_seconds": 1"#,
        expected("PM-3005", C),
    );
}

#[test]
fn pm_3006_a_refused_query() {
    for status in [400, 422] {
        let answer = prometheus_error(status, "bad_data", "1:3: parse error: unexpected end");
        check_answer(answer, "", remote("PM-3006", "Prometheus error."));
    }
}

#[test]
fn pm_3007_a_backend_that_throttles() {
    let answer = headed(429, "retry-after", "3600", PLANTED);
    check_answer(answer, "", remote("PM-3007", "Backend busy."));
}

#[test]
fn pm_3008_a_connection_that_breaks() {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{{\"{PLANTED}\": ");
    check_answer(Answer::Bytes(head.into()), "", expected("PM-3008", C));
}

#[test]
fn pm_3009_a_status_that_says_nothing_more() {
    check_answer(Answer::status(500, PLANTED), "", expected("PM-3009", C));
    check_answer(Answer::status(418, PLANTED), "", expected("PM-3009", C));
    check_answer(Answer::status(503, PLANTED), "", expected("PM-3009", C));
}

#[test]
fn pm_3010_a_backend_that_is_not_prometheus() {
    let page = format!("<html>{PLANTED}</html>");
    let expected = remote("PM-3010", "Not Prometheus.");
    check_answer(
        headed(200, "content-type", "text/html", &page),
        "",
        expected,
    );
    check_answer(
        Answer::json(format!(r#"{{"status": "{PLANTED}"}}"#)),
        "",
        expected,
    );
}

#[test]
fn pm_3011_more_series_than_an_answer_may_hold() {
    let series: Vec<String> = (0..1_001)
        .map(|pod| format!(r#"{{"metric": {{"pod": "{pod}"}}, "values": [[1699999500, "1"]]}}"#))
        .collect();
    let bucket = aggregation("MEAN", "300000");
    let expected = remote("PM-3011", "Answer too large.");
    check_metric_answer(matrix(&series.join(",")), GAUGE, &bucket, expected);
}

#[test]
fn pm_3012_altered_evaluation_times() {
    let series = r#"{"metric": {}, "values": [[1699999499, "1"]]}"#;
    let summary = "backend altered evaluation timestamps";
    let bucket = aggregation("MEAN", "300000");
    check_metric_answer(matrix(series), GAUGE, &bucket, remote("PM-3012", summary));
}

#[test]
fn pm_3013_too_heavy_even_for_one_bucket() {
    let error = "query processing would load too many samples into memory in query execution";
    check_metric_answer(
        prometheus_error(422, "execution", error),
        GAUGE,
        &aggregation("MEAN", "60000"),
        remote("PM-3013", "Prometheus error."),
    );
}

#[test]
fn pm_3015_a_redirect() {
    let elsewhere = Backend::start(|_| Answer::json("{}"));
    let location = format!("{}/{PLANTED}", elsewhere.url());
    for status in [301, 302, 303, 307, 308] {
        check_answer(
            headed(status, "location", &location, ""),
            "",
            expected("PM-3015", C),
        );
    }
    assert!(elsewhere.calls().is_empty(), "a redirect was followed");
}

#[test]
fn pm_3016_a_label_name_that_the_backend_cannot_match() {
    let label = GAUGE.replace("__gauge__", "http.status");
    let error = "invalid parameter \"query\": 1:22: parse error: unexpected string \"\\\"http.status\\\"\" \
                 in label matching, expected identifier or \"}\"";
    check_metric_answer(
        prometheus_error(400, "bad_data", &error.replace('\\', "\\\\")),
        &format!("{GAUGE}, {label}"),
        &aggregation("MEAN", "60000"),
        remote("PM-3016", "label name not supported by the backend"),
    );
}

#[test]
fn pm_3017_a_backend_that_gives_up_for_lack_of_time() {
    let answer = prometheus_error(503, "timeout", "query timed out in query execution");
    let bucket = aggregation("MEAN", "60000");
    check_metric_answer(
        answer,
        GAUGE,
        &bucket,
        remote("PM-3017", "Deadline reached."),
    );
}

#[test]
fn pm_4003_a_token_endpoint_that_does_not_answer() {
    let backend = Backend::start(|_| Answer::json("{}"));
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let block = format!(
        r#"{{"client_id": "c", "client_secret": "{PLANTED}", "token_url": "http://{free}/"}}"#
    );
    let details = format!(r#""url": "{}", "oauth2": {block}"#, backend.url());
    check_details(&details, expected("PM-4003", C));
    assert!(backend.calls().is_empty(), "asked without a token");
}

#[test]
fn pm_3000_beyond_loopback_nobody_learns_what_failed() {
    // 192.0.2.0/24 is nobody's: what becomes of a connection there depends on the machine.
    for url in ["http://192.0.2.1:9090", "https://192.0.2.1"] {
        let details = format!(r#""url": "{url}", "request_timeout_seconds": 1"#);
        check_details(&details, expected("PM-3000", C));
    }
    let backend = Backend::start(|_| Answer::Silence);
    let block = r#"{"client_id": "c", "client_secret": "s", "token_url": "http://192.0.2.1:1/"}"#;
    let details = format!(
        r#""url": "{}", "oauth2": {block}, "request_timeout_seconds": 4"#,
        backend.url()
    );
    check_details(&details, expected("PM-3000", C));
}

#[test]
fn pm_6003_an_address_that_is_never_dialled() {
    for host in ["169.254.169.254", "[::ffff:169.254.169.254]", "0xa9fea9fe"] {
        let details = format!(r#""url": "http://{host}/latest/meta-data""#);
        check_details(&details, expected("PM-6003", C));
    }
    let block =
        r#"{"client_id": "c", "client_secret": "s", "token_url": "http://169.254.169.254/"}"#;
    let details = format!(r#""url": "{{backend}}", "oauth2": {block}"#);
    check_details(&details, expected("PM-6003", C));
}

#[test]
fn pm_6004_the_own_identity_is_for_backends_that_the_operator_knows() {
    check_details(r#""url": "{backend}", "aws": {}"#, expected("PM-6004", C));
}

#[test]
fn pm_6005_a_request_names_no_file() {
    let file = format!(r#""url": "{{backend}}", "bearer_token_file": "{PLANTED}""#);
    check_details(&file, remote("PM-6005", VALIDATION));
}

#[test]
fn pm_6006_a_connection_that_is_not_configured() {
    check_details(
        &format!(r#""connection": "{PLANTED}""#),
        expected("PM-6006", C),
    );
}

#[test]
fn pm_6009_more_backend_calls_than_a_request_may_make() {
    let backend = Backend::start(|_| matrix(""));
    let details = format!(r#""url": "{}", "max_steps": 1"#, backend.url());
    let more = aggregation("MEAN", "1000");
    let reply = Mirror::start().post(METRIC, &body(&details, &query(METRIC, GAUGE, &more)));
    check(&reply, METRIC, remote("PM-6009", VALIDATION));
    assert_eq!(backend.calls().len(), 64);
}

#[test]
fn the_legacy_profile_passes_on_the_status_of_the_backend_when_a_connection_is_tested() {
    for (answered, status) in [(401, 401), (403, 403), (503, 503)] {
        let backend = Backend::start(move |_| Answer::status(answered, PLANTED));
        let details = format!(r#""url": "{}", "profile": "legacy""#, backend.url());
        let reply = Mirror::start().post(CONNECTION, &body(&details, "null"));
        assert_eq!(reply.status, status, "{reply:?}");
        assert_eq!(text_of(&reply.body, "status"), Some("FAILURE"), "{reply:?}");
        assert_eq!(reply.header("x-mirror-api-key"), Some(KEY), "{reply:?}");
    }
}

/// What the legacy profile answers to 11,001 steps of which the backend answers the first 11,000.
fn legacy_prefix(limit: &str) -> Reply {
    const START: &str = "1699999200";
    let backend = Backend::start(|call| {
        let starts_first = |(name, value): &(String, String)| name == "start" && value == START;
        if call.parameters.iter().any(starts_first) {
            matrix(r#"{"metric": {}, "values": [[1699999200, "1"], [1699999230, "2"]]}"#)
        } else {
            Answer::Silence
        }
    });
    let details = format!(
        r#""url": "{}", "profile": "legacy", "request_timeout_seconds": 1"#,
        backend.url()
    );
    let query = format!(
        r#"{{"conditions": [{GAUGE}], "startTime": 1699999200000, "endTime": 1700329200000 {limit}}}"#
    );
    Mirror::start().post(METRIC, &body(&details, &query))
}

#[test]
fn the_legacy_profile_never_passes_a_prefix_for_the_whole() {
    let reply = legacy_prefix("");
    check(&reply, METRIC, remote("PM-3017", "Deadline reached."));
    let reply = legacy_prefix(r#", "limit": 2"#);
    assert_eq!(reply.status, 200, "{reply:?}");
}

#[test]
fn open_pages_carry_no_key() {
    let mirror = Mirror::start();
    for (path, text) in [
        ("/", r#"{"app":"StackState Prometheus Mirror"}"#),
        (
            "/healthcheck",
            r#"{"app":"StackState Prometheus Mirror","status":"OK"}"#,
        ),
    ] {
        let reply = mirror.send("GET", path, "");
        assert_eq!(
            (reply.status, reply.header("x-mirror-api-key")),
            (200, None),
            "{reply:?}"
        );
        let body: String = reply.body.chars().filter(|c| !c.is_whitespace()).collect();
        assert_eq!(body, text.replace(' ', "").as_str());
    }
}

#[test]
fn doubled_slashes_are_folded() {
    let reply = Mirror::start().post("//api//metric", "");
    assert_eq!(reply.header("x-mirror-error"), Some("PM-1001"), "{reply:?}");
}
