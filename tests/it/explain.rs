//! What the admin listener tells of requests is what the Mirror API does (experience.md, "The
//! engine"): the golden folders once more, with the recorder on, and the tap.

use std::time::Duration;
use std::time::Instant;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::fake_backend::Answer;
use crate::fake_backend::Backend;
use crate::golden;
use crate::harness::Mirror;
use crate::harness::Reply;
use crate::json;

#[derive(Debug, Deserialize)]
struct Record {
    stages: Stages,
    outcome: Outcome,
    answer: Option<Box<RawValue>>,
}

#[derive(Debug, Deserialize)]
struct Stages {
    promql: Vec<Query>,
    calls: Vec<Called>,
    conditions: Vec<Condition>,
    response: Option<Response>,
}

#[derive(Debug, Deserialize)]
struct Response {
    error: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Condition {
    became: String,
}

#[derive(Debug, Deserialize)]
struct Query {
    text: String,
    fragments: Vec<Fragment>,
}

#[derive(Debug, Deserialize)]
struct Fragment {
    start: usize,
    end: usize,
    origin: String,
}

#[derive(Debug, Deserialize)]
struct Called {
    query: Option<usize>,
    verb: String,
    url: String,
    parameters: Vec<(String, String)>,
    status: Option<u16>,
}

#[derive(Debug, Deserialize)]
struct Outcome {
    result: String,
    ambiguity: Option<Ambiguity>,
}

#[derive(Debug, Deserialize)]
struct Ambiguity {
    labels: Vec<String>,
    suggestions: Vec<IgnoredSuggestion>,
    combine: Option<String>,
}

#[derive(Debug, Deserialize)]
struct IgnoredSuggestion {}

fn record(reply: &Reply) -> Record {
    assert_eq!(reply.status, 200, "{reply:?}");
    serde_json::from_str(&reply.body).unwrap_or_else(|error| panic!("{error}: {}", reply.body))
}

/// The request with its `_type`, by which it is told what it is.
fn typed(method: &str, request: &str) -> String {
    if json::text_of(request, "_type").is_some_and(|kind| kind.ends_with("Request")) {
        return request.to_owned();
    }
    let kind = match method {
        "metric" => "MetricsRequest",
        "field_names" => "FieldNamesRequest",
        _ => "FieldValuesRequest",
    };
    request.replacen('{', &format!("{{\"_type\":\"{kind}\","), 1)
}

fn explain(mirror: &Mirror, request: &str, more: &str) -> Reply {
    let body = format!("{{\"request\":{request}{more}}}");
    mirror.ask("POST", "/debug/explain", &body)
}

/// Parameters as they compare: `timeout` is what was left of the time, and those of a connection
/// are shown to nobody.
fn comparable(parameters: &[(String, String)], hidden: &[String]) -> Vec<(String, String)> {
    let mut parameters: Vec<(String, String)> = parameters
        .iter()
        .filter(|(name, _)| name != "timeout" && !hidden.contains(name))
        .cloned()
        .collect();
    parameters.sort();
    parameters
}

#[test]
fn what_is_explained_is_what_is_answered_and_what_the_backend_saw() {
    for method in ["metric", "field_names", "field_values"] {
        for path in golden::folders(method) {
            let (request, response, backend) = golden::staged(method, &path);
            let request = typed(method, &request.replace("{backend}", &backend.url()));
            let mirror = Mirror::start();
            let record = record(&explain(&mirror, &request, ""));
            let name = path.display();

            let answer = record.answer.as_ref().unwrap().get();
            let shown = json::pretty(answer)
                .replace(&backend.url(), "{backend}")
                .replace(&backend.host(), "{host}");
            assert_eq!(shown, response, "{name}");
            let code = record.stages.response.as_ref().unwrap().error.as_deref();
            let is_error = record.outcome.result == "error";
            assert_eq!(code.is_some(), is_error, "{name}");

            let seen = backend.calls();
            assert_eq!(record.stages.calls.len(), seen.len(), "{name}");
            let redacted = |call: &Called| -> Vec<String> {
                let all = call.parameters.iter();
                let hidden = all.filter(|(_, value)| value == "<redacted>");
                hidden.map(|(name, _)| name.clone()).collect()
            };
            let mut told: Vec<_> = (record.stages.calls.iter())
                .map(|call| {
                    let hidden = redacted(call);
                    let path = call.url.replace(&backend.url(), "");
                    (
                        call.verb.clone(),
                        path,
                        comparable(&call.parameters, &hidden),
                    )
                })
                .collect();
            let hidden: Vec<String> = record.stages.calls.iter().flat_map(redacted).collect();
            let mut seen: Vec<_> = seen
                .iter()
                .map(|call| {
                    let parameters = comparable(&call.parameters, &hidden);
                    (call.method.clone(), call.path.clone(), parameters)
                })
                .collect();
            // Parallel calls arrive in any order.
            told.sort();
            seen.sort();
            assert_eq!(told, seen, "{name}");

            for query in &record.stages.promql {
                let mut joined = String::new();
                for fragment in &query.fragments {
                    assert_eq!(fragment.start, joined.len(), "{name}: {query:?}");
                    assert!(!fragment.origin.is_empty());
                    joined.push_str(&query.text[fragment.start..fragment.end]);
                }
                assert_eq!(joined, query.text, "{name}");
            }
            for call in &record.stages.calls {
                let carries = |(name, _): &(String, String)| name == "query" || name == "match[]";
                let text = call.parameters.iter().find(|it| carries(it));
                let told = call.query.map(|query| &record.stages.promql[query].text);
                assert_eq!(told, text.map(|(_, text)| text), "{name}");
            }
        }
    }
}

const MATRIX: &str = r#"{"status":"success","data":{"resultType":"matrix","result":[
    {"metric":{"__name__":"m","job":"x","pod":"a"},"values":[[1,"1"]]},
    {"metric":{"__name__":"m","job":"x","pod":"b"},"values":[[1,"2"]]}]}}"#;

fn raw(url: &str, more: &str) -> String {
    format!(
        r#"{{"_type":"MetricsRequest","connectionDetails":{{"url":"{url}","dialect":"promql-open"{more}}},"query":{{
            "conditions":[{{"key":"__gauge__","value":{{"value":"m"}}}},{{"key":"job","value":{{"value":"x"}}}}],
            "startTime":1000,"endTime":9000}}}}"#
    )
}

#[test]
fn an_ambiguity_names_the_label_that_ends_it() {
    let backend = Backend::start(|_| Answer::json(MATRIX));
    let mirror = Mirror::start();
    let record = record(&explain(&mirror, &raw(&backend.url(), ""), ""));
    let ambiguity = record.outcome.ambiguity.unwrap();
    assert_eq!(ambiguity.labels, ["pod"]);
    assert_eq!(ambiguity.suggestions.len(), 2);
    assert_eq!(ambiguity.combine.as_deref(), Some(r#"sum(m{job="x"})"#));
    let became: Vec<&str> = record
        .stages
        .conditions
        .iter()
        .map(|it| it.became.as_str())
        .collect();
    assert_eq!(became, ["metric", "matcher"]);
}

#[test]
fn a_dry_run_sends_nothing_and_tells_what_it_would_send() {
    let backend = Backend::start(|_| Answer::json(MATRIX));
    let mirror = Mirror::start();
    let record = record(&explain(
        &mirror,
        &raw(&backend.url(), ""),
        ",\"dry_run\":true",
    ));
    assert!(backend.calls().is_empty());
    let first = &record.stages.calls[0];
    assert_eq!(first.status, None);
    assert_eq!(first.url, format!("{}/api/v1/query", backend.url()));
    assert!(record.answer.is_none() && record.stages.response.is_none());
}

#[test]
fn nothing_secret_is_in_a_record_or_in_the_tap() {
    let backend = Backend::start(|_| Answer::json(MATRIX));
    let mirror = Mirror::start();
    let secrets = r#","classified_labels":["job"],"headers":{"x-key":"planted-1"},
        "query_parameters":{"k":"planted-2"},"basic_auth":{"username":"planted-3","password":"planted-4"}"#;
    let request = raw(&backend.url(), secrets).replace("\"x\"", "\"planted-5\"");
    let explained = explain(&mirror, &request, "");
    assert!(
        !explained
            .body
            .contains("\"version\":1,\"stages\":{\"request\":null")
    );
    // The words of the failure itself are those that the caller gets.
    let (stages, _) = explained.body.split_once("\"outcome\"").unwrap();
    assert!(!stages.contains("planted"), "{stages}");
    assert!(stages.contains("<redacted>"));
    mirror.post("/api/metric", &request);
    let list = mirror.ask("GET", "/debug/requests", "");
    assert!(list.body.contains("PM-2001"), "{}", list.body);
    let id = json::text_of(&list.body, "id").unwrap();
    let entry = mirror.ask("GET", &format!("/debug/requests/{id}"), "");
    assert!(entry.body.contains("\"request\":{"), "{}", entry.body);
    let status = mirror.ask("GET", "/debug/status", "");
    for body in [&list.body, &entry.body, &status.body] {
        assert!(!body.contains("planted"), "{body}");
    }
    let replay = format!("/debug/requests/{id}/replay");
    assert_eq!(mirror.ask("POST", &replay, "{\"at\":\"then\"}").status, 400);
    let given = format!(
        "{{\"at\":\"then\",\"connection_details\":{{\"url\":\"{}\"}}}}",
        backend.url()
    );
    assert_eq!(mirror.ask("POST", &replay, &given).status, 200);
}

#[test]
fn the_other_questions_are_answered() {
    let backend = Backend::start(|call| match call.path.as_str() {
        "/api/v1/metadata" => Answer::json(
            r#"{"status":"success","data":{"up":[{"type":"gauge","help":"h","unit":""}]}}"#,
        ),
        "/api/v1/query" => {
            let query = r#"count by (__name__) ({__name__=~"job|up"})"#;
            assert!(
                call.parameters
                    .contains(&("query".to_owned(), query.to_owned())),
                "{call:?}"
            );
            Answer::json(
                r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up"},"value":[1,"7"]}]}}"#,
            )
        }
        _ => Answer::json(r#"{"status":"success","data":["up","job"]}"#),
    });
    let mirror = Mirror::start();
    let details = format!("\"connection_details\":{{\"url\":\"{}\"}}", backend.url());
    let complete = |what: &str| {
        let body = format!("{{{details},\"what\":{what},\"limit\":2000,\"prefix\":\"\"}}");
        mirror.ask("POST", "/debug/complete", &body)
    };
    for what in ["\"metrics\"", "\"metrics\",\"names\":[\"job\",\"up\"]"] {
        let metrics = complete(what);
        for expected in [
            r#"{"value":"up","type":"gauge","help":"h","series":7}"#,
            r#"{"value":"job","type":null,"help":null,"series":0}"#,
        ] {
            assert!(metrics.body.contains(expected), "{what}: {metrics:?}");
        }
    }
    let many = format!("\"metrics\",\"names\":{:?}", ["up"; 51]);
    assert_eq!(complete(&many).status, 400);
    assert!(
        complete("\"label_names\"")
            .body
            .contains("\"value\":\"job\"")
    );
    assert!(
        complete("\"label_values\",\"label\":\"job\"")
            .body
            .contains("\"total\":2")
    );
    assert_eq!(complete("\"label_values\"").status, 400);

    let request = format!(
        "{{\"connectionDetails\":{{\"url\":\"{}\"}}}}",
        backend.url()
    );
    let body = format!("{{\"request\":{request}}}");
    let tested = mirror.ask("POST", "/debug/connection", &body);
    assert!(
        tested.body.contains("\"step\":\"details\",\"ok\":true"),
        "{tested:?}"
    );

    let unknown = mirror.ask("GET", "/debug/requests/none", "");
    assert_eq!(unknown.status, 404);
    assert!(unknown.body.starts_with("{\"error\":{"), "{unknown:?}");
    let page = mirror.ask("GET", "/", "");
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(page.header("cache-control"), Some("no-store"));
}

/// A backend with two pods of one metric, and nothing else.
fn two_pods() -> Backend {
    Backend::start(|call| {
        let query = call.parameters.iter().find(|(name, _)| name == "query");
        let query = query.map_or("", |(_, text)| text.as_str());
        Answer::json(match query {
            query if query.contains("\"nothing\"") => {
                r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#
            }
            query if query.starts_with("count(") => {
                r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[0,"2"]}]}}"#
            }
            query if query.starts_with("count_over_time(") || query == "sum by (pod) (m)" => {
                r#"{"status":"success","data":{"resultType":"vector","result":[
                    {"metric":{"job":"x","pod":"a"},"value":[0,"9"]},
                    {"metric":{"job":"x","pod":"b"},"value":[0,"9"]}]}}"#
            }
            query if query.starts_with("label_replace(count(count_over_time({__name__=\"m\"}") => {
                r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"selector":"0"},"value":[0,"2"]}]}}"#
            }
            _ => MATRIX,
        })
    })
}

fn diagnose(mirror: &Mirror, request: &str) -> Reply {
    mirror.ask(
        "POST",
        "/debug/diagnose",
        &format!("{{\"request\":{request}}}"),
    )
}

#[derive(Debug, Deserialize)]
struct Diagnosis {
    findings: Vec<Finding>,
    ambiguity: Option<Ambiguity>,
    calls: u32,
    not_empty: bool,
}

#[derive(Debug, Deserialize)]
struct Finding {
    id: String,
    certainty: String,
    fix: String,
    #[serde(rename = "try")]
    attempt: Option<Vec<Tried>>,
}

#[derive(Debug, Deserialize)]
struct Tried {
    key: String,
}

#[test]
fn a_diagnosis_of_several_series_names_the_label_that_ends_it() {
    let backend = two_pods();
    let mirror = Mirror::start();
    let told = diagnose(&mirror, &raw(&backend.url(), ""));
    assert_eq!(told.status, 200, "{told:?}");
    let told: Diagnosis = serde_json::from_str(&told.body).unwrap();
    let first = &told.findings[0];
    assert_eq!(
        (first.id.as_str(), first.certainty.as_str()),
        ("PM-2001", "certain")
    );
    assert_eq!(first.fix, "Add pod = a.");
    let tried: Vec<&str> = (first.attempt.iter().flatten())
        .map(|it| it.key.as_str())
        .collect();
    assert_eq!(tried, ["__gauge__", "job", "pod"]);
    let ambiguity = told.ambiguity.unwrap();
    assert_eq!(ambiguity.labels, ["pod"]);
    assert_eq!(ambiguity.combine.as_deref(), Some(r#"sum(m{job="x"})"#));
    assert!(told.not_empty && told.calls <= 10);
}

#[test]
fn a_diagnosis_says_nothing_of_several_series_where_they_combine() {
    let backend = two_pods();
    let mirror = Mirror::start();
    let request = raw(&backend.url(), "").replace(
        "\"startTime\"",
        "\"aggregation\":{\"method\":\"MEAN\",\"bucketSizeMillis\":1000},\"startTime\"",
    );
    let told = diagnose(&mirror, &request);
    assert!(told.body.contains("\"ambiguity\":null"), "{told:?}");
}

#[test]
fn a_query_in_ones_own_words_is_told_apart_by_what_it_gives() {
    let backend = two_pods();
    let mirror = Mirror::start();
    let request = raw(&backend.url(), "")
        .replace("__gauge__", "~")
        .replace("\"value\":\"m\"", "\"value\":\"sum by (pod) (m)\"")
        .replace(",{\"key\":\"job\",\"value\":{\"value\":\"x\"}}", "");
    let told = diagnose(&mirror, &request);
    let told: Diagnosis = serde_json::from_str(&told.body).unwrap();
    assert_eq!(told.findings[0].id, "PM-2001");
    assert!(told.findings[0].attempt.is_none());
    assert_eq!(told.ambiguity.unwrap().labels, ["pod"]);
}

#[test]
fn what_cannot_be_diagnosed_is_refused_with_its_id() {
    let backend = two_pods();
    let mirror = Mirror::start();
    let request = raw(&backend.url(), "").replace("\"__gauge__\"", "\"x\"");
    let told = diagnose(&mirror, &request);
    assert_eq!(told.status, 400);
    assert_eq!(json::text_of(&told.body, "id"), Some("PM-1003"), "{told:?}");
    let body = format!(
        "{{\"request\":{},\"dry_run\":true}}",
        raw(&backend.url(), "")
    );
    assert_eq!(mirror.ask("POST", "/debug/diagnose", &body).status, 400);
    assert!(backend.calls().is_empty());
}

#[test]
fn a_record_says_where_nan_were() {
    let backend = Backend::start(|_| {
        Answer::json(
            r#"{"status":"success","data":{"resultType":"matrix","result":[
                {"metric":{"__name__":"m","job":"x"},"values":[[2,"1"],[3,"NaN"],[5,"NaN"]]}]}}"#,
        )
    });
    let mirror = Mirror::start();
    let told = explain(&mirror, &raw(&backend.url(), ""), "");
    let expected = r#""nan":2,"nan_became":"zero","nan_at":[3000,5000],"#;
    assert!(told.body.contains(expected), "{told:?}");
}

#[test]
fn names_do_not_wait_for_a_count_that_takes_long() {
    let backend = Backend::start(|call| match call.path.as_str() {
        "/api/v1/query" => Answer::Silence,
        "/api/v1/metadata" => Answer::json(r#"{"status":"success","data":{}}"#),
        _ => Answer::json(r#"{"status":"success","data":["up"]}"#),
    });
    let mirror = Mirror::start();
    let body = format!(
        r#"{{"connection_details":{{"url":"{}"}},"what":"metrics"}}"#,
        backend.url()
    );
    let began = Instant::now();
    let names = mirror.ask("POST", "/debug/complete", &body);
    let expected = r#"{"value":"up","type":null,"help":null,"series":null}"#;
    assert!(names.body.contains(expected), "{names:?}");
    assert!(began.elapsed() < Duration::from_secs(10), "{names:?}");
}

#[test]
fn what_a_dry_run_did_not_ask_is_kept_for_nobody() {
    let backend = Backend::start(|call| match call.path.as_str() {
        "/api/v1/metadata" => Answer::json(
            r#"{"status":"success","data":{"up":[{"type":"gauge","help":"h","unit":""}]}}"#,
        ),
        _ => Answer::json(r#"{"status":"success","data":["up"]}"#),
    });
    let mirror = Mirror::start();
    let asked = |kind: &str, more: &str| {
        format!(
            r#"{{"_type":"{kind}Request","connectionDetails":{{"url":"{}"}},"query":{{{more}"conditions":[]}}}}"#,
            backend.url()
        )
    };
    let names = asked("FieldNames", "");
    let values = asked("FieldValues", r#""field":{"fieldName":"__gauge__"},"#);
    for request in [&names, &values] {
        let told = explain(&mirror, request, ",\"dry_run\":true");
        assert!(told.body.contains("\"calls\":[{"), "{told:?}");
    }
    assert!(backend.calls().is_empty());
    for (path, request) in [("/api/field/name", &names), ("/api/field/value", &values)] {
        let answer = mirror.post(path, request);
        assert!(answer.body.contains("\"up\""), "{answer:?}");
    }
}
