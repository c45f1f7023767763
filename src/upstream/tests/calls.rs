//! The calls: what is sent for each, and what their answers mean.

use super::{Count, Rig, TWO, connection, lasting, ok, server};
use crate::connections::HttpMethod;
use crate::secret::Secret;
use crate::series::MetricType;
use crate::time::Millis;
use crate::time::TimeRange;
use crate::time::UnixMillis;
use crate::upstream::RangeQuery;
use crate::upstream::UpstreamError;
use crate::upstream::Upstreams;
use crate::upstream::body::Progress;
use server::Step;

const AT: UnixMillis = UnixMillis::new(1_700_000_000_001);
const EMPTY: &str = r#"{"status":"success","data":[]}"#;
const MATRIX: &str = r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"1"],[2,"2"]]},{"metric":{"a":"b"},"values":[[1,"1"]]}]},"warnings":["w\u001b"]}"#;

/// Without the value of `timeout`, which is time that passes.
fn untimed(form: &str) -> String {
    let (before, after) = form.split_once("&timeout=").expect("a timeout");
    let (millis, rest) = after.split_once("ms").expect("milliseconds");
    let millis: u64 = millis.parse().expect("a whole number");
    assert!((29_000..=29_400).contains(&millis), "{millis}");
    format!("{before}{rest}")
}

#[tokio::test]
async fn a_query_is_a_form_with_a_time_and_a_timeout() {
    let rig = Rig::new([ok(TWO)]).await;
    let cx = lasting(30_000);
    let parameters = [("nocache", "1")];
    let value = rig.upstream.value(&cx, "a+b", AT, &parameters).await;
    assert_eq!(value, Ok(Some(2.0)));

    let seen = rig.server.seen().remove(0);
    assert_eq!(seen.line, "POST /api/v1/query");
    let expected = "query=a%2Bb&time=1700000000.001&nocache=1";
    assert_eq!(untimed(&seen.body), expected);
    let host = format!("host: {}\r\n", rig.server.host());
    assert!(seen.head.contains(&host), "{}", seen.head);
    assert!(seen.head.contains("user-agent: prometheus-mirror/"));
    assert!(!seen.head.contains("accept-encoding"), "{}", seen.head);
    assert!(rig.counted("success"));
    assert_eq!(cx.calls(), 1);
}

#[tokio::test]
async fn a_range_query_counts_its_step_in_milliseconds() {
    let rig = Rig::new([ok(MATRIX)]).await;
    let query = RangeQuery {
        expr: "up",
        start: UnixMillis::new(0),
        end: AT,
        step: Millis::new(60_000),
        parameters: &[],
    };
    let mut sink = Count::default();
    let cx = lasting(30_000);
    let asked = rig.upstream.query_range(&cx, &query, &mut sink);
    let answer = asked.await.unwrap();
    let (series, samples) = (2, 3);
    assert_eq!(sink, Count { series, samples });
    assert_eq!((answer.series, answer.stopped), (2, None));
    assert_eq!(answer.warnings[0].as_str(), "w");

    let (line, body) = rig.server.calls().remove(0);
    assert_eq!(line, "POST /api/v1/query_range");
    let expected = "query=up&start=0.000&end=1700000000.001&step=60000ms";
    assert_eq!(untimed(&body), expected);
}

#[tokio::test]
async fn the_legacy_range_query_is_a_get_of_whole_seconds() {
    let rig = Rig::new([ok(MATRIX)]).await;
    let mut sink = Count::default();
    let cx = lasting(30_000);
    let asked = rig
        .upstream
        .query_range_legacy(&cx, "up{}", 10, 70, 30, &mut sink);
    asked.await.unwrap();
    let line = "GET /api/v1/query_range?query=up%7B%7D&start=10&end=70&step=30";
    assert_eq!(rig.server.calls(), [(line.to_owned(), String::new())]);
}

#[tokio::test]
async fn a_vector_without_elements_has_no_value() {
    let empty = r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;
    let two = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[0,"1"]},{"metric":{},"value":[0,"5"]}]}}"#;
    let rig = Rig::new([ok(empty), ok(two)]).await;
    let cx = lasting(30_000);
    assert_eq!(rig.upstream.value(&cx, "up", AT, &[]).await, Ok(None));
    assert_eq!(rig.upstream.value(&cx, "up", AT, &[]).await, Ok(Some(1.0)));
}

#[tokio::test]
async fn one_series_is_enough_to_know_that_there_are_some() {
    let one = r#"{"status":"success","data":[{"a":"b"}]}"#;
    let rig = Rig::new([ok(one), ok(EMPTY)]).await;
    let selectors = ["{a=\"b\"}".to_owned(), "c".to_owned()];
    let start = UnixMillis::new(0);
    let range = TimeRange { start, end: AT };
    let cx = lasting(30_000);
    let has_series = rig.upstream.has_series(&cx, &selectors, range).await;
    assert_eq!(has_series, Ok(true));
    let has_series = rig.upstream.has_series(&cx, &selectors, range).await;
    assert_eq!(has_series, Ok(false));
    let (line, body) = rig.server.calls().remove(0);
    assert_eq!(line, "POST /api/v1/series");
    let expected =
        "match%5B%5D=%7Ba%3D%22b%22%7D&match%5B%5D=c&start=0.000&end=1700000000.001&limit=1";
    assert_eq!(body, expected);
}

#[tokio::test]
async fn lists_are_asked_for_with_their_scope() {
    let rig = Rig::new([ok(EMPTY), ok(EMPTY), ok(EMPTY)]).await;
    let (cx, selectors) = (lasting(30_000), ["m".to_owned()]);
    let start = Some(UnixMillis::new(1_000));
    let upstream = &rig.upstream;
    upstream
        .label_names(&cx, &selectors, start, None)
        .await
        .unwrap();
    let values = upstream.values_in_series(&cx, "a", &selectors, start, None);
    values.await.unwrap();
    let values = upstream.label_values(&cx, "U__a_2e_b", &selectors, start, Some(AT));
    values.await.unwrap();
    let scope = "match%5B%5D=m&start=1.000";
    assert_eq!(
        rig.server.calls(),
        [
            ("POST /api/v1/labels".to_owned(), scope.to_owned()),
            (
                "POST /api/v1/series".to_owned(),
                format!("{scope}&limit=100000")
            ),
            (
                format!(
                    "GET /api/v1/label/U__a_2e_b/values?{scope}&end=1700000000.001&limit=100000"
                ),
                String::new()
            ),
        ]
    );
}

#[tokio::test]
async fn lists_of_everything_have_no_parameters() {
    let rig = Rig::new([ok(EMPTY), ok(EMPTY)]).await;
    let cx = lasting(30_000);
    rig.upstream
        .label_names(&cx, &[], None, None)
        .await
        .unwrap();
    let values = rig.upstream.label_values(&cx, "job", &[], None, None);
    values.await.unwrap();
    assert_eq!(
        rig.server.calls(),
        [
            ("POST /api/v1/labels".to_owned(), String::new()),
            ("GET /api/v1/label/job/values".to_owned(), String::new()),
        ]
    );
}

#[tokio::test]
async fn a_list_that_the_backend_cut_is_cut() {
    let whole = r#"{"status":"success","data":["a"],"warnings":["other"]}"#;
    let cut = r#"{"status":"success","data":["a"],"warnings":["results truncated due to limit"]}"#;
    let rig = Rig::new([ok(whole), ok(cut)]).await;
    let cx = lasting(30_000);
    let names = rig
        .upstream
        .label_names(&cx, &[], None, None)
        .await
        .unwrap();
    assert!(!names.is_cut);
    let names = rig
        .upstream
        .label_names(&cx, &[], None, None)
        .await
        .unwrap();
    assert!(names.is_cut);
    assert_eq!(names.values, ["a"]);
}

#[tokio::test]
async fn metadata_are_fetched_by_get() {
    let body = r#"{"status":"success","data":{"m":[{"type":"gauge","help":"","unit":""}]}}"#;
    let rig = Rig::new([ok(body)]).await;
    let metadata = rig.upstream.metadata(&lasting(30_000)).await.unwrap();
    assert!(metadata["m"].types.contains(&MetricType::Gauge));
    assert_eq!(rig.server.calls()[0].0, "GET /api/v1/metadata");
}

#[tokio::test]
async fn the_connections_parameters_and_prefix_are_on_every_call() {
    let steps = [ok(MATRIX), ok(EMPTY), ok(EMPTY)];
    let rig = Rig::with(steps, Progress::default(), |connection| {
        let url = format!("{}/tenant", connection.url.url());
        connection.url = super::connection(&url).url;
        connection.query_parameters = vec![("dedup".to_owned(), Secret::new("a b".to_owned()))];
    })
    .await;
    let cx = lasting(30_000);
    let upstream = &rig.upstream;
    let mut sink = Count::default();
    let legacy = upstream.query_range_legacy(&cx, "up", 0, 1, 1, &mut sink);
    legacy.await.unwrap();
    upstream.label_names(&cx, &[], None, None).await.unwrap();
    upstream
        .label_values(&cx, "a", &[], None, None)
        .await
        .unwrap();
    for (line, body) in rig.server.calls() {
        let path = line.split(' ').nth(1).unwrap();
        assert!(path.starts_with("/tenant/api/v1/"), "{line}");
        assert!(
            format!("{line}{body}").ends_with("dedup=a%20b"),
            "{line} {body}"
        );
    }
}

#[tokio::test]
async fn a_connection_may_want_get() {
    let rig = Rig::with([ok(TWO)], Progress::default(), |connection| {
        connection.http_method = HttpMethod::Get;
    })
    .await;
    let cx = lasting(30_000);
    rig.upstream.value(&cx, "1+1", AT, &[]).await.unwrap();
    let (line, body) = rig.server.calls().remove(0);
    assert!(
        line.starts_with("GET /api/v1/query?query=1%2B1&time="),
        "{line}"
    );
    assert_eq!(body, "");
}

#[tokio::test]
async fn a_backend_that_refuses_post_is_asked_by_get_from_then_on() {
    for status in ["405 Method Not Allowed", "501 Not Implemented"] {
        let refused = Step::Answer(server::answer(status, "", ""));
        let rig = Rig::new([refused, ok(TWO), ok(TWO)]).await;
        let cx = lasting(30_000);
        for _ in 0..2 {
            let value = rig.upstream.value(&cx, "1+1", AT, &[]).await;
            assert_eq!(value, Ok(Some(2.0)));
        }
        let calls = rig.server.calls().into_iter();
        let methods: Vec<_> = calls.map(|(line, _)| line[..4].to_owned()).collect();
        assert_eq!(methods, ["POST", "GET ", "GET "], "{status}");
        assert_eq!((cx.calls(), cx.repeats()), (3, 0));
    }
}

#[tokio::test]
async fn a_backend_that_refuses_get_as_well_is_not_remembered() {
    let refused = || Step::Answer(server::answer("405 Method Not Allowed", "", ""));
    let rig = Rig::new([refused(), refused(), ok(TWO)]).await;
    let cx = lasting(30_000);
    let error = rig.upstream.value(&cx, "1", AT, &[]).await.unwrap_err();
    let (host, status) = (rig.server.host(), 405);
    assert_eq!(error, UpstreamError::Status { host, status });
    rig.upstream.value(&cx, "1", AT, &[]).await.unwrap();
    assert!(rig.server.calls()[2].0.starts_with("POST"));
}

#[tokio::test]
async fn connections_are_kept() {
    let rig = Rig::new([ok(TWO), ok(TWO), ok(TWO)]).await;
    let cx = lasting(30_000);
    for _ in 0..3 {
        rig.upstream.value(&cx, "1", AT, &[]).await.unwrap();
    }
    assert_eq!(rig.server.connections(), 1);
}

#[test]
fn a_url_over_7_kib_does_not_fit() {
    let upstreams = Upstreams::of(std::sync::Arc::default());
    let upstream = upstreams.open_new(&connection("http://prometheus:9090"));
    let fits = |length: usize| upstream.fits("job", &["x".repeat(length)], None, None);
    let rest = "http://prometheus:9090/api/v1/label/job/values?match%5B%5D=&limit=100000".len();
    assert!(fits((7 << 10) - rest));
    assert!(!fits((7 << 10) - rest + 1));
}
