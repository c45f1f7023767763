//! What a backend can do wrong: rows 1 to 13 and 19 of the fault matrix (reliability.md).

use std::time::{Duration, Instant};

use super::{Count, Rig, TWO, lasting, ok, server};
use crate::limits;
use crate::record::Context;
use crate::time::UnixMillis;
use crate::upstream::AnswerLimit;
use crate::upstream::ProvedBy;
use crate::upstream::Scrubbed;
use crate::upstream::UpstreamError;
use crate::upstream::WANTS_TLS;
use crate::upstream::body::Progress;
use server::{Server, Step};

const AT: UnixMillis = UnixMillis::new(0);

/// Asks for `1+1` once.
async fn ask(rig: &Rig, cx: &Context) -> Result<Option<f64>, UpstreamError> {
    rig.upstream.value(cx, "1+1", AT, &[]).await
}

/// Checks that `step` fails with what `expected` makes of the host, after so many attempts.
async fn check(
    step: impl Fn() -> Step,
    attempts: usize,
    expected: impl FnOnce(String) -> UpstreamError,
) {
    let rig = Rig::new((0..attempts).map(|_| step())).await;
    let error = ask(&rig, &lasting(30_000)).await.unwrap_err();
    assert_eq!(error, expected(rig.server.host()));
    assert_eq!(rig.server.seen().len(), attempts);
}

fn status(status: &'static str) -> impl Fn() -> Step {
    move || Step::Answer(server::answer(status, "Content-Type: text/html\r\n", "no"))
}

fn error(status: &'static str, kind: &'static str, text: &'static str) -> impl Fn() -> Step {
    move || Step::Answer(server::error(status, kind, text))
}

#[tokio::test]
async fn f01_a_silent_backend_is_cut_when_work_ends() {
    let rig = Rig::new([Step::Hang(Vec::new())]).await;
    let started = Instant::now();
    let cx = lasting(400);
    let error = ask(&rig, &cx).await.unwrap_err();
    let took = started.elapsed();
    assert!(took >= Duration::from_millis(299), "{took:?}");
    // Far below any other timer, however busy the machine is.
    assert!(took < Duration::from_secs(2), "{took:?}");
    let expected = UpstreamError::Timeout {
        host: rig.server.host(),
        after: Duration::from_millis(400),
        phase: "waiting for the answer",
    };
    assert_eq!(error, expected);
    rig.server.until_closed(1).await;
    assert!(rig.counted("timeout"));
}

#[tokio::test]
async fn f02_a_backend_that_hangs_in_the_body_is_cut_when_work_ends() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{".to_vec();
    let rig = Rig::new([Step::Hang(head)]).await;
    let error = ask(&rig, &lasting(300)).await.unwrap_err();
    let expected = UpstreamError::Timeout {
        host: rig.server.host(),
        after: Duration::from_millis(300),
        phase: "reading the answer",
    };
    assert_eq!(error, expected);
    rig.server.until_closed(1).await;
}

#[tokio::test]
async fn f02_a_backend_that_drips_is_cut_below_the_floor() {
    let every = Duration::from_millis(100);
    let progress = Progress {
        bytes: 1_024,
        every,
    };
    // What came before does not count for what comes now.
    for before in [0, 4_096] {
        let mut bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n".to_vec();
        bytes.resize(bytes.len() + before, b' ');
        let drip = Step::Drip(bytes, Duration::from_millis(10));
        let rig = Rig::with([drip], progress, |_| ()).await;
        let error = ask(&rig, &lasting(2_000)).await.unwrap_err();
        let expected = UpstreamError::Timeout {
            host: rig.server.host(),
            after: every,
            phase: "the answer came too slowly",
        };
        assert_eq!(error, expected);
        rig.server.until_closed(1).await;
    }
}

#[tokio::test]
async fn f03_a_typed_timeout_is_the_querys_and_is_not_repeated() {
    let late = "query timed out in expression evaluation";
    let exceeded = "context deadline exceeded";
    for step in [
        error("503 Service Unavailable", "timeout", late),
        error("422 Unprocessable Entity", "execution", exceeded),
        error("400 Bad Request", "execution", exceeded),
        error("422 Unprocessable Entity", "timeout", late),
        error("200 OK", "timeout", late),
    ] {
        let rig = Rig::new([step()]).await;
        let error = ask(&rig, &lasting(30_000)).await.unwrap_err();
        let UpstreamError::QueryTimeout { after, .. } = error else {
            panic!("{error}");
        };
        assert!(after > Duration::from_secs(29), "{after:?}");
        assert_eq!(rig.server.seen().len(), 1);
    }
}

#[tokio::test]
async fn f04_a_kept_connection_that_closes_costs_one_free_repeat() {
    for close in [Step::Close(Vec::new()), Step::Reset(Vec::new())] {
        let rig = Rig::new([ok(TWO), close, ok(TWO)]).await;
        let cx = lasting(30_000);
        assert_eq!(ask(&rig, &cx).await, Ok(Some(2.0)));
        assert_eq!(ask(&rig, &cx).await, Ok(Some(2.0)));
        assert_eq!((cx.calls(), cx.repeats()), (3, 0));
        assert_eq!(rig.server.connections(), 2);
    }
}

#[tokio::test]
async fn f04_the_free_repeat_has_a_connection_of_its_own() {
    let rig = Rig::new([ok(TWO), ok(TWO), Step::Close(Vec::new()), ok(TWO)]).await;
    let cx = lasting(30_000);
    let (first, second) = tokio::join!(ask(&rig, &cx), ask(&rig, &cx));
    assert_eq!((first, second), (Ok(Some(2.0)), Ok(Some(2.0))));
    assert_eq!(rig.server.connections(), 2);
    assert_eq!(ask(&rig, &cx).await, Ok(Some(2.0)));
    assert_eq!(
        rig.server.connections(),
        3,
        "the other kept one may be closed too"
    );
}

#[tokio::test]
async fn f04_a_new_connection_that_closes_is_repeated_as_any_failure() {
    let close = || Step::Close(Vec::new());
    check(close, 3, |host| UpstreamError::Broken { host, bytes: 0 }).await;
}

#[tokio::test]
async fn f05_a_refused_connection_is_tried_three_times() {
    let rig = Rig::new([]).await;
    let gone = Server::start([]).await;
    let upstream = super::Upstreams::with(
        Progress::default(),
        || 0.0,
        Default::default(),
        rig.instruments.clone(),
        crate::limits::Budget::of(usize::MAX),
    )
    .open_new(&super::connection(&gone.url));
    let host = gone.host();
    drop(gone);
    // The listener goes when its task has been told.
    tokio::time::sleep(Duration::from_millis(20)).await;
    let cx = lasting(30_000);
    let error = upstream.value(&cx, "1", AT, &[]).await.unwrap_err();
    let reason = "connection refused".to_owned();
    assert_eq!(error, UpstreamError::Connect { host, reason });
    assert_eq!((cx.calls(), cx.repeats()), (3, 2));
    assert!(rig.counted("connect"));
}

#[tokio::test]
async fn f06_a_short_body_is_repeated_from_scratch() {
    let cut = || {
        let whole = server::json("200 OK", &matrix(3));
        Step::Close(whole[..whole.len() - 10].to_vec())
    };
    let bytes = u64::try_from(matrix(3).len() - 10).unwrap();
    check(cut, 3, |host| UpstreamError::Broken { host, bytes }).await;

    let rig = Rig::new([cut(), ok(&matrix(2))]).await;
    let cx = lasting(30_000);
    let mut sink = Count::default();
    rig.upstream
        .query(&cx, "m", AT, &[], &mut sink)
        .await
        .unwrap();
    assert_eq!(sink.series, 2, "nothing of the first answer is left");
    assert_eq!(cx.repeats(), 1);
}

#[tokio::test]
async fn f06_a_reset_in_the_body_is_a_broken_connection() {
    let reset = || Step::Reset(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{\"sta".to_vec());
    check(reset, 3, |host| UpstreamError::Broken { host, bytes: 5 }).await;
}

#[tokio::test]
async fn f06_a_wrong_length_is_a_broken_connection() {
    let short = || Step::Close(server::json("200 OK", &matrix(1)[..40]));
    check(short, 3, |host| UpstreamError::Broken { host, bytes: 40 }).await;
    let no_length = || {
        let body = &matrix(1)[..40];
        Step::Close(format!("HTTP/1.1 200 OK\r\n\r\n{body}").into_bytes())
    };
    check(no_length, 3, |host| UpstreamError::Broken {
        host,
        bytes: 40,
    })
    .await;
    let bad_chunk = || {
        Step::Close(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nxyz\r\n".to_vec(),
        )
    };
    check(bad_chunk, 3, |host| UpstreamError::Broken {
        host,
        bytes: 2,
    })
    .await;
}

#[tokio::test]
async fn f07_a_login_page_is_not_prometheus() {
    let page = || {
        let fields = "Content-Type: text/html; charset=utf-8\r\n";
        Step::Answer(server::answer("200 OK", fields, "<html>password</html>"))
    };
    check(page, 1, |host| not_prometheus(host, "text/html", 200)).await;
}

#[tokio::test]
async fn f07_broken_json_is_not_prometheus() {
    for body in [r#"{"status":"success","data":{}}"#, "{}", r#"{"a":"b"}}"#] {
        let json = || ok(body);
        check(json, 1, |host| {
            not_prometheus(host, "application/json", 200)
        })
        .await;
    }
    let bare = || Step::Answer(server::answer("200 OK", "", ""));
    check(bare, 1, |host| not_prometheus(host, "an unnamed type", 200)).await;
}

#[tokio::test]
async fn f07_what_is_not_http_is_not_prometheus() {
    let garbage = || Step::Close(b"220 mail.example ESMTP\r\n\r\n".to_vec());
    let what = "something that is not HTTP";
    check(garbage, 1, |host| not_prometheus(host, what, 502)).await;
}

#[tokio::test]
async fn f07_a_coding_that_was_not_offered_is_not_undone() {
    let coded = || {
        let fields = "Content-Type: application/json\r\nContent-Encoding: gzip\r\n";
        Step::Answer(server::answer("200 OK", fields, TWO))
    };
    let what = "application/json coded as gzip";
    check(coded, 1, |host| not_prometheus(host, what, 200)).await;
    let identity = answer_with("Content-Encoding: identity\r\n");
    let rig = Rig::new([identity]).await;
    assert_eq!(ask(&rig, &lasting(30_000)).await, Ok(Some(2.0)));
}

#[tokio::test]
async fn f08_a_body_over_the_cap_is_not_read_on() {
    let huge = || {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 1_u64 << 40);
        let mut bytes = head.into_bytes();
        bytes.resize(bytes.len() + limits::ANSWER_BODY + 1, b' ');
        Step::Hang(bytes)
    };
    let rig = Rig::new([huge()]).await;
    let error = ask(&rig, &lasting(30_000)).await.unwrap_err();
    assert_eq!(error, too_large(rig.server.host(), AnswerLimit::Body));
    rig.server.until_closed(1).await;
    assert!(rig.counted("bad_answer"));
}

#[tokio::test]
async fn f08_a_head_over_the_caps_is_refused() {
    let long = || answer_with(&format!("X-Long: {}\r\n", "x".repeat(65 << 10)));
    let many = || answer_with(&"X-Many: x\r\n".repeat(101));
    let limit = AnswerLimit::Head;
    check(long, 1, |host| too_large(host, limit)).await;
    check(many, 1, |host| too_large(host, limit)).await;
}

#[tokio::test]
async fn f08_too_many_series_are_refused() {
    let many = || ok(&matrix(1_001));
    check(many, 1, |host| too_large(host, AnswerLimit::Series)).await;
}

#[tokio::test]
async fn f09_a_throttling_backend_is_left_alone_as_long_as_it_wants() {
    let busy = |status: &'static str, after: &'static str| {
        move || {
            let fields = format!("Retry-After: {after}\r\n");
            Step::Answer(server::answer(status, &fields, ""))
        }
    };
    let throttling = "429 Too Many Requests";
    let rig = Rig::new([busy(throttling, "0")(), ok(TWO)]).await;
    assert_eq!(ask(&rig, &lasting(30_000)).await, Ok(Some(2.0)));

    let retry_after = Some(Duration::from_secs(31));
    let expected = |host| UpstreamError::Throttled { host, retry_after };
    check(busy(throttling, "31"), 1, expected).await;
}

#[tokio::test]
async fn f09_a_backend_that_throttles_without_a_time_is_asked_again_soon() {
    let retry_after = None;
    let expected = |host| UpstreamError::Throttled { host, retry_after };
    check(status("429 Too Many Requests"), 3, expected).await;
}

#[tokio::test]
async fn f10_a_gateway_without_its_backend_is_asked_again() {
    for (line, code) in [("502 Bad", 502), ("503 No", 503), ("504 Late", 504)] {
        check(status(line), 3, |host| UpstreamError::Status {
            host,
            status: code,
        })
        .await;
        let rig = Rig::new([status(line)(), ok(TWO)]).await;
        assert_eq!(ask(&rig, &lasting(30_000)).await, Ok(Some(2.0)));
        assert!(rig.counted("unavailable") && rig.counted("success"));
    }
}

#[tokio::test]
async fn f11_a_refused_query_keeps_the_backends_reason_alone() {
    for (line, code) in [("400 Bad", 400), ("422 No", 422), ("500 Oh", 500)] {
        let message = Scrubbed::new("parse error");
        check(error(line, "bad_data", "parse error"), 1, |host| {
            let status = code;
            UpstreamError::Refused {
                host,
                status,
                message,
            }
        })
        .await;
    }
    let message = Scrubbed::new("it gave no reason, only text/html");
    check(status("400 Bad Request"), 1, |host| {
        let status = 400;
        UpstreamError::Refused {
            host,
            status,
            message,
        }
    })
    .await;
}

#[tokio::test]
async fn f11_an_error_in_a_success_is_a_refused_query() {
    let message = Scrubbed::new("no");
    check(error("200 OK", "execution", "no"), 1, |host| {
        let status = 200;
        UpstreamError::Refused {
            host,
            status,
            message,
        }
    })
    .await;
}

#[tokio::test]
async fn f11_too_big_is_told_from_refused() {
    let samples = "query processing would load too many samples into memory in query execution";
    let points = "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing";
    for (line, code, text) in [
        ("422 Unprocessable Entity", 422, samples),
        ("400 Bad Request", 400, points),
        (
            "422 No",
            422,
            "the query time range exceeds the limit (query length: 1)",
        ),
        (
            "422 No",
            422,
            "the query hit the max number of series limit (limit: 1)",
        ),
        (
            "422 No",
            422,
            "the query exceeded the max number of chunks limit",
        ),
        (
            "422 No",
            422,
            "the query exceeded the aggregated chunks size limit",
        ),
        (
            "422 No",
            422,
            "the query exceeded the aggregated data size limit",
        ),
        ("422 No", 422, "response larger than the max (1 vs 2)"),
    ] {
        let message = Scrubbed::new(text);
        check(error(line, "execution", text), 1, |host| {
            let status = code;
            UpstreamError::TooBig {
                host,
                status,
                message,
            }
        })
        .await;
    }
    let rig = Rig::new([status("413 Too Large")()]).await;
    let error = ask(&rig, &lasting(30_000)).await.unwrap_err();
    assert!(matches!(error, UpstreamError::TooBig { .. }), "{error}");
}

#[tokio::test]
async fn f11_a_quoted_label_that_cannot_be_parsed_is_named() {
    let text =
        r#"1:14: parse error: unexpected string \"a.b\" in label matching, expected identifier"#;
    let body = format!(r#"{{"status":"error","errorType":"bad_data","error":"{text}"}}"#);
    let refuse = || Step::Answer(server::json("400 Bad Request", &body));
    let rig = Rig::new([refuse(), refuse(), refuse()]).await;
    let cx = lasting(30_000);
    let quoted = r#"{__name__="m","a.b"="c"}"#;
    let named = UpstreamError::LabelName {
        host: rig.server.host(),
        label: "a.b".to_owned(),
    };
    let error = rig.upstream.value(&cx, quoted, AT, &[]).await.unwrap_err();
    assert_eq!(error, named);
    let selectors = [quoted.to_owned()];
    let error = rig.upstream.label_names(&cx, &selectors, None, None).await;
    assert_eq!(error.unwrap_err(), named);
    let error = rig.upstream.value(&cx, "m{", AT, &[]).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn f12_other_failures_are_not_repeated() {
    for (line, code) in [("404 Not Found", 404), ("500 Oh", 500), ("418 Teapot", 418)] {
        check(status(line), 1, |host| UpstreamError::Status {
            host,
            status: code,
        })
        .await;
    }
}

#[tokio::test]
async fn f13_a_refused_credential_is_not_repeated() {
    for (line, code) in [("401 Unauthorized", 401), ("403 Forbidden", 403)] {
        check(status(line), 1, |host| UpstreamError::Unauthorised {
            host,
            status: code,
            by: ProvedBy::Nothing,
            cause: None,
        })
        .await;
    }
}

#[tokio::test]
async fn f18_what_a_page_says_about_tls_is_understood() {
    for (words, reason) in [
        (
            "No required SSL certificate was sent",
            "it wants a client certificate",
        ),
        (
            "The SSL certificate error",
            "it does not take our certificate",
        ),
        ("The plain HTTP request was sent to HTTPS port", WANTS_TLS),
        ("Client sent an HTTP request to an HTTPS server.", WANTS_TLS),
    ] {
        let page =
            format!("<html><center><h1>400 Bad Request</h1></center><center>{words}</center>");
        let step = || {
            let fields = "Content-Type: text/html\r\n";
            Step::Answer(server::answer("400 Bad Request", fields, &page))
        };
        check(step, 1, |host| UpstreamError::Tls {
            host,
            reason: reason.to_owned(),
        })
        .await;
    }
}

#[tokio::test]
async fn f19_a_redirect_is_not_followed() {
    let redirect = |host, origin, status| UpstreamError::Redirect {
        host,
        origin,
        status,
    };
    let moved = |location: &str| {
        let fields = format!("Location: {location}\r\n");
        Step::Answer(server::answer("302 Found", &fields, ""))
    };
    let away = || moved("https://user:pass@login.example/path?secret");
    let origin = "https://login.example".to_owned();
    check(away, 1, |host| redirect(host, origin, 302)).await;
    let near = || moved("/graph");
    check(near, 1, |host| {
        let origin = format!("http://{host}");
        redirect(host, origin, 302)
    })
    .await;
    for status in [300, 301, 303, 305, 307, 308] {
        let elsewhere = || {
            let fields = "Location: https://login.example/\r\n";
            Step::Answer(server::answer(&format!("{status} Elsewhere"), fields, ""))
        };
        let origin = "https://login.example".to_owned();
        check(elsewhere, 1, |host| redirect(host, origin, status)).await;
    }
    let nowhere = || Step::Answer(server::answer("304 Not Modified", "", ""));
    let origin = "an unnamed place".to_owned();
    check(nowhere, 1, |host| redirect(host, origin, 304)).await;
}

#[tokio::test]
async fn with_under_100_ms_left_no_call_starts() {
    let rig = Rig::new([]).await;
    let cx = lasting(200);
    let error = ask(&rig, &cx).await.unwrap_err();
    let expected = UpstreamError::Timeout {
        host: rig.server.host(),
        after: Duration::from_millis(200),
        phase: "no time was left to ask",
    };
    assert_eq!(error, expected);
    assert_eq!((cx.calls(), rig.server.connections()), (0, 0));
}

#[tokio::test]
async fn a_request_makes_64_calls_and_no_more() {
    let rig = Rig::new((0..64).map(|_| ok(TWO))).await;
    let cx = lasting(30_000);
    for _ in 0..64 {
        assert_eq!(ask(&rig, &cx).await, Ok(Some(2.0)));
    }
    let limit = 64;
    assert_eq!(ask(&rig, &cx).await, Err(UpstreamError::Calls { limit }));
    assert_eq!(rig.server.seen().len(), 64);
}

#[tokio::test]
async fn a_request_is_repeated_four_times_in_all() {
    let rig = Rig::new((0..7).map(|_| status("502 Bad")())).await;
    let cx = lasting(30_000);
    for _ in 0..3 {
        ask(&rig, &cx).await.unwrap_err();
    }
    assert_eq!((cx.calls(), cx.repeats()), (7, 4));
}

#[tokio::test]
async fn a_caller_that_leaves_closes_the_connection() {
    let rig = Rig::new([Step::Hang(Vec::new())]).await;
    let cx = lasting(30_000);
    tokio::select! {
        answer = ask(&rig, &cx) => panic!("{answer:?}"),
        () = rig.server.until_seen(1) => {}
    }
    rig.server.until_closed(1).await;
    assert!(rig.counted("cancelled"));
}

#[test]
fn calls_may_run_on_any_thread() {
    fn check<F: Send>(_: fn() -> Option<F>) {}
    fn pick<'a, F>(_: impl Fn(&'a Rig, &'a Context, &'a mut Count) -> F) -> fn() -> Option<F> {
        || None
    }
    check(pick(|rig, cx, sink| {
        rig.upstream.query(cx, "", AT, &[], sink)
    }));
    check(pick(|rig, cx, _| rig.upstream.metadata(cx)));
}

/// A matrix of so many series.
fn matrix(count: usize) -> String {
    let one = r#"{"metric":{},"values":[[1,"1"]]}"#;
    let all = vec![one; count].join(",");
    format!(r#"{{"status":"success","data":{{"resultType":"matrix","result":[{all}]}}}}"#)
}

fn answer_with(fields: &str) -> Step {
    let fields = format!("Content-Type: application/json\r\n{fields}");
    Step::Answer(server::answer("200 OK", &fields, TWO))
}

fn not_prometheus(host: String, media_type: &str, status: u16) -> UpstreamError {
    UpstreamError::NotPrometheus {
        host,
        media_type: media_type.to_owned(),
        status,
    }
}

fn too_large(host: String, limit: AnswerLimit) -> UpstreamError {
    UpstreamError::TooLarge { host, limit }
}
