//! The mirror's port without a socket: what goes in as a request and what comes out.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::Request;
use http::StatusCode;
use http_body_util::BodyExt as _;

use super::Api;
use super::reply;
use super::wire::Call;
use crate::app::App;
use crate::app::tests::app;
use crate::caller::Entry;
use crate::caller::Gate;
use crate::caller::Peer;
use crate::caller::TokenDigest;
use crate::config::tests::with_key;
use crate::connections::policy::AllowedUpstreams;
use crate::connections::policy::Grant;
use crate::limits;
use crate::secret::Secret;

const KEY: &str = "x-mirror-api-key";

struct Answered {
    head: http::response::Parts,
    body: Bytes,
}

impl Answered {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.headers.get(name).map(|v| v.to_str().unwrap())
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

fn peer() -> Peer {
    Peer::plain(SocketAddr::from(([127, 0, 0, 1], 1)))
}

async fn read(response: Response) -> Answered {
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answered { head, body }
}

async fn send(app: &Arc<App>, request: Request<Body>) -> Answered {
    read(Api::new(app).call(&peer(), request).await).await
}

fn request(method: &str, path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .body(body.into())
        .unwrap()
}

/// Sends a request and checks the status, the error id and the presence of the key.
#[track_caller]
fn check(request: Request<Body>, status: u16, code: Option<&str>, key: bool) -> Answered {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let answered = runtime.block_on(send(&app(), request));
    assert_eq!(answered.head.status, status, "{}", answered.text());
    assert_eq!(answered.header("x-mirror-error"), code);
    assert_eq!(answered.header(KEY).is_some(), key);
    assert!(answered.header("x-request-id").is_some());
    if let Some(code) = code {
        let end = format!(r#"[{code}]""#);
        assert!(
            answered.text().trim_end_matches('}').ends_with(&end),
            "{}",
            answered.text()
        );
    }
    answered
}

#[test]
fn the_open_pages_are_the_predecessors_to_the_byte_and_carry_no_key() {
    let index = check(request("GET", "/", ""), 200, None, false);
    assert_eq!(index.text(), r#"{"app": "StackState Prometheus Mirror"}"#);
    let health = check(request("GET", "/healthcheck", ""), 200, None, false);
    assert_eq!(
        health.text(),
        r#"{"app": "StackState Prometheus Mirror", "status": "OK"}"#
    );
    assert_eq!(health.header("content-type"), Some("application/json"));
    check(request("HEAD", "/healthcheck", ""), 200, None, false);
    let openapi = check(request("GET", "/openapi.json", ""), 200, None, false);
    assert_eq!(openapi.text(), crate::openapi::document());
}

#[test]
fn an_unknown_path_is_a_404_in_the_callers_language() {
    let answered = check(
        request("POST", "/api/metrics", "{}"),
        404,
        Some("PM-1010"),
        true,
    );
    assert!(
        answered
            .text()
            .contains(r#""summary":"Not a Mirror API call.""#)
    );
    check(request("OPTIONS", "*", ""), 404, Some("PM-1010"), true);
}

#[test]
fn a_wrong_method_is_a_405_that_says_which_are_allowed() {
    for path in [
        "/api/connection",
        "/api/field/name",
        "/api/field/value",
        "/api/metric",
    ] {
        let answered = check(request("GET", path, ""), 405, Some("PM-1010"), true);
        assert_eq!(answered.header("allow"), Some("POST"));
    }
    let answered = check(request("POST", "/", "{}"), 405, Some("PM-1010"), true);
    assert_eq!(answered.header("allow"), Some("GET,HEAD"));
}

#[test]
fn doubled_slashes_are_folded_before_the_route_is_chosen() {
    check(
        request("POST", "//api/metric", "{"),
        500,
        Some("PM-1001"),
        true,
    );
    check(
        request("POST", "//api///field//name", "{"),
        500,
        Some("PM-1001"),
        true,
    );
}

#[test]
fn a_body_that_is_no_request_is_a_500_in_the_callers_language() {
    let answered = check(
        request("POST", "/api/field/value", "{"),
        500,
        Some("PM-1001"),
        true,
    );
    assert!(
        answered
            .text()
            .starts_with(r#"{"_type":"RemoteMirrorError""#)
    );
    check(
        request("POST", "/api/metric", r#"{"query":[]}"#),
        500,
        Some("PM-1002"),
        true,
    );
}

#[test]
fn on_a_connection_test_the_same_failure_is_the_answer_no() {
    let answered = check(
        request("POST", "/api/connection", "{"),
        200,
        Some("PM-1001"),
        true,
    );
    let start = r#"{"_type":"TestConnectionResponse","status":"FAILURE","error":{"_type":"MetricStoreConnectionError","details":""#;
    assert!(answered.text().starts_with(start), "{}", answered.text());
}

#[test]
fn a_body_over_a_mebibyte_is_refused_by_its_length_or_once_it_is_too_long() {
    let long = vec![b' '; (1 << 20) + 1];
    check(
        request("POST", "/api/metric", long.clone()),
        413,
        Some("PM-1010"),
        true,
    );
    // Of unknown length.
    let half = Bytes::from(vec![b' '; (1 << 19) + 1]);
    let frames = [half.clone(), half].map(|half| Ok(hyper::body::Frame::data(half)));
    let stream = Frames(frames.into_iter().collect());
    check(
        request("POST", "/api/metric", Body::new(stream)),
        413,
        Some("PM-1010"),
        true,
    );
    // Exactly as much as is allowed.
    check(
        request("POST", "/api/metric", long[1..].to_vec()),
        500,
        Some("PM-1001"),
        true,
    );
}

#[test]
fn a_coded_body_is_a_415() {
    let mut coded = request("POST", "/api/connection", "{}");
    coded
        .headers_mut()
        .insert("content-encoding", "gzip".parse().unwrap());
    check(coded, 415, Some("PM-1010"), true);
}

#[test]
fn a_callers_request_id_comes_back() {
    let mut given = request("GET", "/", "");
    given
        .headers_mut()
        .insert("x-request-id", "abc-1".parse().unwrap());
    let answered = check(given, 200, None, false);
    assert_eq!(answered.header("x-request-id"), Some("abc-1"));
}

#[tokio::test]
async fn f31_a_panic_in_a_call_is_a_failure_with_the_key_and_is_counted() {
    let app = app();
    let mut request = request("POST", "/", "{}");
    request.extensions_mut().insert(peer());
    let call = Call::of(request, &app).await.unwrap();
    let panics = async {
        assert!(std::hint::black_box(false), "on purpose");
        Ok(())
    };
    let worked = call.work(&app, panics).await;
    let answered = read(reply::connection(&call, worked)).await;
    assert_eq!(answered.head.status, StatusCode::OK);
    assert_eq!(answered.header("x-mirror-error"), Some("PM-9001"));
    assert_eq!(answered.header(KEY), Some("opensesame"));
    assert!(app.instruments.encode().contains("mirror_panics_total 1"));
}

#[tokio::test]
async fn each_request_is_counted_once_by_method_outcome_and_id() {
    let app = app();
    send(&app, request("POST", "/api/field/name", "{")).await;
    let page = app.instruments.encode();
    let counted = r#"mirror_requests_total{method="field_name",outcome="error"} 1"#;
    assert!(page.contains(counted), "{page}");
    assert!(
        page.contains(r#"mirror_errors_total{code="PM-1001"} 1"#),
        "{page}"
    );
    assert!(
        page.contains(r#"mirror_in_flight{scope="global"} 0"#),
        "{page}"
    );
}

#[tokio::test]
async fn a_caller_that_goes_away_is_counted_as_that() {
    let app = app();
    // A body that never ends: the request is dropped while it waits.
    let forever = Body::new(Forever);
    let api = Api::new(&app);
    let peer = peer();
    let mut call = Box::pin(api.call(&peer, request("POST", "/api/metric", forever)));
    let poll = std::future::poll_fn(|cx| std::task::Poll::Ready(call.as_mut().poll(cx)));
    assert!(poll.await.is_pending());
    drop(call);
    let page = app.instruments.encode();
    let counted = r#"mirror_requests_total{method="metric",outcome="client_gone"} 1"#;
    assert!(page.contains(counted), "{page}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_arrive_in_ten_seconds_is_given_up() {
    let answered = send(&app(), request("POST", "/api/metric", Body::new(Forever))).await;
    assert_eq!(answered.head.status, StatusCode::REQUEST_TIMEOUT);
    assert_eq!(answered.header("connection"), Some("close"));
    assert_eq!(answered.header(KEY), Some("opensesame"));
    assert!(answered.body.is_empty());
    let by_token = app_of_a_caller();
    let answered = send(
        &by_token,
        request("POST", "/api/metric", Body::new(Forever)),
    )
    .await;
    assert_eq!(answered.head.status, StatusCode::REQUEST_TIMEOUT);
    assert_eq!(answered.header(KEY), None);
}

#[test]
fn a_panic_is_answered_by_its_request_and_without_the_key() {
    let response = super::reply::panicked("the-id");
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(response.headers().contains_key("x-mirror-error"));
    assert!(!response.headers().contains_key(KEY));
}

/// An application whose callers prove themselves by a token.
fn app_of_a_caller() -> Arc<App> {
    let token = Secret::new("the-token-of-alpha".to_owned());
    let alpha = Entry {
        name: "alpha".into(),
        tokens: Some(vec![TokenDigest::new(&token).unwrap()]),
        certificates: Vec::new(),
    };
    let mut settings = crate::config::Settings {
        callers: Gate {
            entries: vec![alpha],
            ..Gate::default()
        },
        ..with_key("opensesame")
    };
    settings.connections.policy.allowed_upstreams = AllowedUpstreams::Any;
    settings.connections.policy.grants = BTreeMap::from([("alpha".into(), Grant::default())]);
    Arc::new(App::new(&settings).unwrap())
}

/// How many bytes are held for strangers, and which statuses were answered, while so many calls have
/// come but for the last byte of the largest body.
async fn held_for_strangers(app: &Arc<App>, count: usize) -> (usize, Vec<u16>) {
    let (api, peer) = (Api::new(app), peer());
    let mut waiting = Vec::new();
    let mut statuses = Vec::new();
    for _ in 0..count {
        let begun = Begun(Some(vec![b' '; limits::REQUEST_BODY - 1].into()));
        let mut call = Box::pin(api.call(&peer, request("POST", "/api/metric", Body::new(begun))));
        let poll = std::future::poll_fn(|cx| std::task::Poll::Ready(call.as_mut().poll(cx)));
        match poll.await {
            std::task::Poll::Ready(answer) => statuses.push(answer.status().as_u16()),
            std::task::Poll::Pending => waiting.push(call),
        }
    }
    assert_eq!(waiting.len() + statuses.len(), count);
    (app.unaccepted.used(), statuses)
}

#[tokio::test]
async fn bodies_are_those_of_strangers_only_where_a_token_decides() {
    let body = limits::REQUEST_BODY - 1;
    let held = held_for_strangers(&app_of_a_caller(), 18).await;
    assert_eq!(held, (16 * body, vec![503, 503]));
    let open = app();
    assert_eq!(held_for_strangers(&open, 18).await, (0, Vec::new()));
}

#[tokio::test]
async fn the_body_of_an_accepted_caller_is_no_longer_one_of_strangers() {
    let app = app_of_a_caller();
    // It takes connections and says nothing, so the call waits.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let body = format!(
        r#"{{"connectionDetails":{{"url":"http://{}","token":"the-token-of-alpha"}}}}"#,
        silent.local_addr().unwrap()
    );
    let (api, peer, length) = (Api::new(&app), peer(), body.len());
    let mut call = Box::pin(api.call(&peer, request("POST", "/api/connection", body)));
    let poll = std::future::poll_fn(|cx| std::task::Poll::Ready(call.as_mut().poll(cx)));
    assert!(poll.await.is_pending());
    assert_eq!(app.unaccepted.used(), 0);
    assert!(app.budget.used() >= length);
}

/// The longest page there is, sent to a caller that accepts `codings`.
async fn long_answer(codings: Option<&str>) -> Answered {
    let mut request = request("GET", "/openapi.json", "");
    if let Some(codings) = codings {
        request
            .headers_mut()
            .insert("accept-encoding", codings.parse().unwrap());
    }
    send(&app(), request).await
}

#[tokio::test]
async fn long_answers_are_coded_as_the_caller_accepts() {
    for (codings, expected) in [
        (None, None),
        (Some("gzip"), Some("gzip")),
        (Some("zstd"), Some("zstd")),
        (Some("gzip, zstd"), Some("zstd")),
        (Some("gzip;q=0"), None),
        (Some("zstd;q=0, gzip;q=0.5"), Some("gzip")),
        (Some("br"), None),
        (Some("identity;q=0, *;q=0"), None),
    ] {
        let answered = long_answer(codings).await;
        assert_eq!(answered.head.status, StatusCode::OK, "{codings:?}");
        assert_eq!(answered.header("content-encoding"), expected, "{codings:?}");
        // Caches in between must know that there are several forms of it.
        assert_eq!(
            answered.header("vary"),
            Some("accept-encoding"),
            "{codings:?}"
        );
        assert_eq!(
            answered.header("content-length").is_some(),
            expected.is_none()
        );
    }
}

#[test]
fn short_answers_are_sent_as_they_are() {
    let mut short = request("GET", "/healthcheck", "");
    short
        .headers_mut()
        .insert("accept-encoding", "gzip".parse().unwrap());
    let answered = check(short, 200, None, false);
    assert_eq!(answered.header("content-encoding"), None);
}

/// A body of these frames, whose length nobody knows.
struct Frames(std::collections::VecDeque<Result<hyper::body::Frame<Bytes>, std::io::Error>>);

impl hyper::body::Body for Frames {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, std::io::Error>>> {
        std::task::Poll::Ready(self.0.pop_front())
    }
}

/// A body that begins so and does not end.
struct Begun(Option<Bytes>);

impl hyper::body::Body for Begun {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, std::io::Error>>> {
        match self.0.take() {
            Some(bytes) => std::task::Poll::Ready(Some(Ok(hyper::body::Frame::data(bytes)))),
            None => std::task::Poll::Pending,
        }
    }
}

/// A body that neither comes nor ends.
struct Forever;

impl hyper::body::Body for Forever {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, std::io::Error>>> {
        std::task::Poll::Pending
    }
}
