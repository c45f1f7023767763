//! The rows, but for those that have a rig of their own.

use std::net::SocketAddr;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use prometheus_mirror::time::UnixMillis;

use super::*;
use crate::gateway::Gateway;
use crate::gateway::peer;
use crate::gateway::post;
use crate::harness::send;
use crate::raw::Raw;

const PATIENCE: Duration = Duration::from_secs(20);
/// Into the body of the canned answer: its head is longer.
const IN_BODY: usize = 400;
/// Into its head.
const IN_HEAD: usize = 10;

#[test]
fn f01_a_silent_backend_is_cut_before_the_deadline() {
    check(Fault::Silence, ("PM-3005", C), 1);
    check(Fault::Latency(Duration::from_secs(8)), ("PM-3005", C), 1);
}

#[test]
fn f02_a_backend_that_hangs_or_drips_is_cut_before_the_deadline() {
    check(Fault::Hang(IN_HEAD), ("PM-3005", C), 1);
    check(Fault::Drip, ("PM-3005", C), 1);
}

#[test]
fn f03_a_typed_timeout_is_not_repeated() {
    let timeout = r#"{"status":"error","errorType":"timeout","error":"query timed out"}"#;
    check(Fault::Body(503, timeout), ("PM-3017", R), 1);
}

#[test]
fn f04_a_kept_connection_that_is_reset_costs_nobody_an_answer() {
    let (_backend, at) = backend();
    let proxy = Proxy::start(at, |number| match number {
        0 => Fault::CloseKept,
        _ => Fault::None,
    });
    let mut program = Program::with("");
    let one = query(&proxy.url(), 4);
    // Of another label, so that it is a call of its own.
    let other = one.replace("\"job\"", "\"instance\"");
    for body in [one, other] {
        let reply = program.post("/api/field/value", &body);
        assert_eq!((id(&reply), reply.status), ("none", 200), "{reply:?}");
    }
    assert_eq!(proxy.connections(), 2);
    check_freed(&mut program);
}

#[test]
fn f05_a_refused_connection_and_a_black_hole_are_no_way_to_a_backend() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let mut program = Program::with("");
    check_failure(&ask(&program, &url, 4), "PM-3002", C);

    // A backlog of one that is full: the kernel answers no further try.
    let hole = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let any: SocketAddr = ([127, 0, 0, 1], 0).into();
    hole.bind(&any.into()).unwrap();
    hole.listen(0).unwrap();
    let at = hole.local_addr().unwrap().as_socket().unwrap();
    let _full: Vec<_> = (0..4)
        .map(|_| {
            let one = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
            let one = one.unwrap();
            one.set_nonblocking(true).unwrap();
            // It is under way, and stays so.
            drop(one.connect(&at.into()));
            one
        })
        .collect();
    let began = Instant::now();
    let reply = ask(&program, &format!("http://{at}"), 4);
    assert!(began.elapsed() <= Duration::from_millis(4_500));
    assert!(["PM-3002", "PM-3005"].contains(&id(&reply)), "{reply:?}");
    check_freed(&mut program);
}

#[test]
fn f06_a_broken_answer_is_asked_for_again_and_never_passed_on() {
    for fault in [Fault::Cut(IN_BODY), Fault::Reset(IN_BODY), Fault::Length(5)] {
        check(fault, ("PM-3008", C), 3);
    }
    let (_backend, at) = backend();
    let proxy = Proxy::start(at, |number| match number {
        0 => Fault::Cut(IN_BODY),
        _ => Fault::None,
    });
    let program = Program::with("");
    let reply = ask(&program, &proxy.url(), 4);
    assert_eq!((id(&reply), reply.status), ("none", 200), "{reply:?}");
}

#[test]
fn f07_what_is_no_prometheus_is_told_and_not_repeated() {
    for body in [
        "<html>log in, planted-4b1d</html>",
        r#"{"status":"success","data":["a"}"#,
        r#"{"status":"success","status":"success","data":["a"]}"#,
    ] {
        check(Fault::Body(200, body), ("PM-3010", R), 1);
    }
    check(Fault::Garbage, ("PM-3010", R), 1);
}

#[test]
fn f08_an_answer_beyond_the_caps_is_not_read_on() {
    proxy::bomb();
    check(Fault::Endless, ("PM-3011", R), 1);
    // On loopback no coding is offered, so none is undone; elsewhere `limits` shows the bound.
    check(Fault::Bomb, ("PM-3010", R), 1);
}

#[test]
fn f09_a_backend_that_throttles_is_left_alone_for_as_long_as_it_wants() {
    let (_backend, at) = backend();
    let proxy = Proxy::start(at, |_| Fault::Status(429, Some("20")));
    let mut program = Program::with("");
    check_failure(&ask(&program, &proxy.url(), 4), "PM-3007", R);
    let other = query(&proxy.url(), 4).replace("\"job\"", "\"instance\"");
    check_failure(&program.post("/api/field/value", &other), "PM-3007", R);
    assert_eq!(proxy.connections(), 1);
    let opened = r#"mirror_breaker_opened_total{backend="other"}"#;
    assert_eq!(program.metric(opened), None);
    check_freed(&mut program);
}

#[test]
fn f10_a_gateway_without_its_backend_is_asked_again() {
    for status in [502, 503, 504] {
        let (_backend, at) = backend();
        let proxy = Proxy::start(at, move |_| Fault::Status(status, None));
        let program = Program::with("");
        check_failure(&ask(&program, &proxy.url(), 4), "PM-3009", C);
        let success = r#"mirror_backend_calls_total{backend="other",outcome="unavailable"}"#;
        assert_eq!(program.metric(success).as_deref(), Some("3"));
    }
}

#[test]
fn f11_a_refused_query_is_told_in_the_words_of_the_backend() {
    let refused = r#"{"status":"error","errorType":"bad_data","error":"no such thing"}"#;
    for status in [400, 422] {
        check(Fault::Body(status, refused), ("PM-3006", R), 1);
    }
}

#[test]
fn f12_other_statuses_are_not_repeated() {
    for status in [500, 404, 418] {
        check(Fault::Status(status, None), ("PM-3009", C), 1);
    }
}

#[test]
fn f13_a_refused_credential_is_never_a_401_to_the_caller() {
    for status in [401, 403] {
        check(Fault::Status(status, None), ("PM-3004", C), 1);
    }
}

#[test]
fn f14_a_token_endpoint_that_is_down_is_told_and_not_hammered_at() {
    let (backend, at) = backend();
    let proxy = Proxy::start(at, |_| Fault::Close);
    let program = Program::with("");
    let block = format!(
        r#""oauth2": {{"client_id": "c", "client_secret": "{PLANTED}", "token_url": "{}/t"}}"#,
        proxy.url()
    );
    let body = query(&backend.url(), 2);
    let basic = format!(r#""basic_auth": {{"username": "u", "password": "{PLANTED}"}}"#);
    let body = body.replace(&basic, &block);
    for _ in 0..20 {
        check_failure(&program.post("/api/field/value", &body), "PM-4003", C);
    }
    assert!(proxy.connections() <= 6, "{}", proxy.connections());
    assert!(backend.calls().is_empty());
}

#[test]
fn f16_a_name_without_an_address_is_told() {
    let mut program = Program::with("");
    let reply = ask(&program, "http://no-such-host.invalid:9090", 4);
    check_failure(&reply, "PM-3001", C);
    check_freed(&mut program);
}

#[test]
fn f17_a_forbidden_address_is_not_dialled() {
    let program = Program::with("");
    let reply = ask(&program, "http://169.254.169.254", 4);
    check_failure(&reply, "PM-6003", C);
}

#[test]
fn f18_a_backend_without_tls_is_not_spoken_to_in_clear() {
    let (_backend, at) = backend();
    let proxy = Proxy::start(at, |_| Fault::None);
    let program = Program::with("");
    let url = proxy.url().replace("http:", "https:");
    check_failure(&ask(&program, &url, 4), "PM-3003", C);
    // A handshake that hangs.
    let proxy = Proxy::start(at, |_| Fault::Silence);
    let url = proxy.url().replace("http:", "https:");
    let began = Instant::now();
    let reply = ask(&program, &url, 2);
    assert!(began.elapsed() <= Duration::from_millis(2_500));
    assert!(["PM-3003", "PM-3005"].contains(&id(&reply)), "{reply:?}");
}

#[test]
fn f18_a_certificate_that_proves_nothing_is_no_session_and_is_not_looked_at_twice() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let (_backend, at) = backend();
    for (config, reason) in [
        (ours.well(), None),
        (ours.expired(), Some("expired")),
        (ours.misnamed(), Some("other.example")),
        (theirs.well(), Some("unknown authority")),
    ] {
        let proxy = Proxy::start(at, move |_| Fault::Tls(Arc::clone(&config)));
        let mut program = Program::with("");
        let url = proxy.url().replace("http://127.0.0.1", "https://localhost");
        let body = ours.trusted_in(&query(&url, 4));
        let reply = program.post("/api/field/value", &body);
        match reason {
            None => assert_eq!((id(&reply), reply.status), ("none", 200), "{reply:?}"),
            Some(reason) => {
                check_failure(&reply, "PM-3003", C);
                assert!(reply.body.contains(reason), "{reply:?}");
            }
        }
        assert_eq!(proxy.connections(), 1, "{reply:?}");
        check_freed(&mut program);
    }
}

#[test]
fn f18_a_handshake_that_hangs_ends_by_its_own_timer() {
    let (_backend, at) = backend();
    let proxy = Proxy::start(at, |_| Fault::Silence);
    let mut program = Program::with("");
    let url = proxy.url().replace("http:", "https:");
    let began = Instant::now();
    check_failure(&ask(&program, &url, 20), "PM-3003", C);
    let took = began.elapsed();
    let seconds = Duration::from_secs;
    assert!(took >= seconds(5) && took < seconds(10), "{took:?}");
    assert_eq!(proxy.connections(), 1);
    check_freed(&mut program);
    program.wait_for("close", |_| proxy.open() == 0);
}

#[test]
fn f19_a_redirect_is_not_followed() {
    check(Fault::Redirect, ("PM-3015", C), 1);
}

#[test]
fn f21_who_is_not_accepted_reaches_no_backend() {
    let (backend, _) = backend();
    let program = Program::with("callers: [{name: a, tokens: [the-token-of-a-caller]}]\n");
    let reply = ask(&program, &backend.url(), 4);
    assert_eq!(reply.status, 401);
    assert_eq!(reply.header("x-mirror-api-key"), None);
    assert!(reply.body.contains("[PM-6001]"), "{reply:?}");
    assert!(backend.calls().is_empty());
}

#[test]
fn f22_what_is_no_request_has_no_body_as_its_answer() {
    let program = Program::with("");
    let head = "POST /api/metric HTTP/1.1\r\nhost: localhost\r\n";
    let long = format!("{head}x: {}\r\n\r\n", "a".repeat(33 << 10));
    let both = format!("{head}content-length: two\r\n\r\n{{}}");
    for (text, status) in [(long, 431), (both, 400)] {
        let mut raw = Raw::connect(program.mirror());
        raw.send(text.as_bytes());
        let heard = raw.hear(PATIENCE);
        assert_eq!(heard.statuses(), [status], "{heard:?}");
        assert!(heard.is_closed && heard.has_no_body(), "{heard:?}");
    }
    let mut raw = Raw::connect(program.mirror());
    let coded = format!("{head}content-encoding: gzip\r\ncontent-length: 2\r\n\r\n{{}}");
    raw.send(coded.as_bytes());
    assert_eq!(raw.hear(PATIENCE).statuses(), [415]);
}

#[test]
fn f23_a_slow_body_and_a_silent_connection_end_by_their_timers() {
    let program = Program::with("");
    let began = Instant::now();
    let mut silent = Raw::connect(program.mirror());
    let mut slow = Raw::connect(program.mirror());
    slow.send(b"POST /api/metric HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{");
    assert!(silent.hear(PATIENCE).is_closed);
    assert!(began.elapsed() <= Duration::from_secs(7));
    let heard = slow.hear(PATIENCE);
    assert!(began.elapsed() <= Duration::from_secs(12));
    assert_eq!(heard.statuses(), [408], "{heard:?}");
    assert!(heard.is_closed && heard.has_no_body(), "{heard:?}");
}

#[test]
fn f24_a_body_over_a_mebibyte_is_refused_unread_and_the_answer_arrives() {
    let program = Program::with("");
    let mut raw = Raw::connect(program.mirror());
    let length = 2 << 20;
    let head =
        format!("POST /api/metric HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n");
    raw.send(head.as_bytes());
    // A part that lies within what is discarded.
    raw.send(&vec![b' '; 512 << 10]);
    let heard = raw.hear_until(PATIENCE, |text| text.contains("[PM-1010]"));
    assert_eq!(heard.statuses(), [413], "{heard:?}");
    assert!(heard.text.contains(KEY) && !heard.is_reset, "{heard:?}");
}

#[test]
fn f25_an_invalid_request_makes_no_call() {
    let (backend, _) = backend();
    let program = Program::with("");
    let body = query(&backend.url(), 4).replace("\"limit\": 10", "\"limit\": \"ten\"");
    check_failure(&program.post("/api/field/value", &body), "PM-1002", R);
    check_failure(&program.post("/api/field/value", "{]"), "PM-1001", R);
    assert!(backend.calls().is_empty());
}

/// Asks until one more is told that there is no room; the others wait for `hung`.
fn shed(program: &Program, hung: &Backend, path: &str, body: &str) -> Reply {
    let is_over = Arc::<AtomicBool>::default();
    let caller = program.caller();
    let token = r#""connectionDetails": {"token": "the-token-of-a-caller","#;
    let holding = query(&hung.url(), 3).replace("\"connectionDetails\": {", token);
    let holder = thread::spawn({
        let is_over = Arc::clone(&is_over);
        move || {
            while !is_over.load(Ordering::Relaxed) {
                drop(caller.post("/api/field/value", &holding));
            }
        }
    });
    let began = Instant::now();
    let reply = loop {
        let reply = program.post(path, body);
        if id(&reply) == "PM-6007" || began.elapsed() > PATIENCE {
            break reply;
        }
    };
    is_over.store(true, Ordering::Relaxed);
    assert_eq!(program.get("/healthcheck").status, 200);
    assert_eq!(program.get("/").status, 200);
    holder.join().unwrap();
    reply
}

#[test]
fn f27_beyond_the_requests_in_flight_the_answer_is_short_and_has_the_key() {
    let hung = Backend::start(|_| Answer::Silence);
    let mut program = Program::with("limits: {in_flight: 1}\n");
    let (well, _) = backend();
    let reply = shed(&program, &hung, "/api/field/value", &query(&well.url(), 3));
    check_failure(&reply, "PM-6007", R);
    assert!(reply.body.contains("limit of requests"), "{reply:?}");
    let reply = shed(&program, &hung, "/api/connection", &query(&well.url(), 3));
    assert_eq!(
        (reply.status, reply.header("x-mirror-api-key")),
        (200, Some(KEY))
    );
    assert!(
        reply.body.contains("FAILURE") && reply.body.contains(C),
        "{reply:?}"
    );
    check_freed(&mut program);
    let waited = r#"mirror_queue_wait_seconds_count{scope="global"}"#;
    assert_ne!(program.metric(waited), None);
    assert_eq!(
        program.metric(r#"mirror_limit{scope="global"}"#).as_deref(),
        Some("1")
    );
}

#[test]
fn f27_where_a_token_decides_the_request_is_shed_unread_and_without_the_key() {
    let hung = Backend::start(|_| Answer::Silence);
    let settings = "limits: {in_flight: 1}\n\
                    callers: [{name: a, tokens: [the-token-of-a-caller]}]\n";
    let program = Program::with(settings);
    let reply = shed(&program, &hung, "/api/field/value", "{}");
    assert_eq!((id(&reply), reply.status), ("PM-6007", 503), "{reply:?}");
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert_eq!(reply.header("x-mirror-api-key"), None);
}

#[test]
fn f27_a_body_that_there_are_no_bytes_for_is_refused_and_the_next_one_is_not() {
    let mut program = Program::with("limits: {byte_budget: 1MiB}\n");
    let held = "mirror_buffer_bytes";
    let mut raw = Raw::connect(program.mirror());
    let head = "POST /api/metric HTTP/1.1\r\nhost: localhost\r\n";
    raw.send(format!("{head}content-length: {}\r\n\r\n", 1_000_000).as_bytes());
    raw.send(&vec![b' '; 900_000]);
    program.wait_for("bytes", |it| {
        it.metric(held).is_some_and(|it| it.parse() == Ok(900_000))
    });
    let (well, _) = backend();
    let body = format!("{}{}", query(&well.url(), 4), " ".repeat(200_000));
    check_failure(&program.post("/api/field/value", &body), "PM-6007", R);
    let counted = r#"mirror_shed_total{reason="bytes"}"#;
    assert_eq!(program.metric(counted).as_deref(), Some("1"));
    assert!(well.calls().is_empty());
    drop(raw);
    program.wait_for("end", |it| it.metric(held).as_deref() == Some("0"));
    let reply = program.post("/api/field/value", &body);
    assert_eq!((id(&reply), reply.status), ("none", 200), "{reply:?}");
    check_freed(&mut program);
}

#[test]
fn f27_an_answer_that_there_are_no_bytes_for_is_counted_as_such() {
    let values: Vec<_> = (0..2_000).map(|it| format!("\"{it:01000}\"")).collect();
    let list = format!(r#"{{"status":"success","data":[{}]}}"#, values.join(","));
    let backend = Backend::start(move |_| Answer::json(list.clone()));
    let program = Program::with("limits: {byte_budget: 1MiB}\n");
    check_failure(&ask(&program, &backend.url(), 4), "PM-6007", R);
    let counted = r#"mirror_shed_total{reason="bytes"}"#;
    assert_eq!(program.metric(counted).as_deref(), Some("1"));
}

/// A clock of the wall that jumps a day, one way and the other, each time that it is looked at.
fn jumping() -> UnixMillis {
    static LOOKS: AtomicI64 = AtomicI64::new(0);
    let jump = LOOKS.fetch_add(1, Ordering::Relaxed) % 3 - 1;
    UnixMillis::new(1_700_000_000_000 + jump * 86_400_000)
}

#[test]
fn f32_a_wall_clock_that_jumps_moves_no_timer() {
    let gateway = Gateway::clocked("", jumping);
    let hung = Backend::start(|_| Answer::Silence);
    let (well, _) = backend();
    let ask = |url: &str, label: &str| {
        let body = query(url, 1).replace("\"job\"", label);
        gateway.ask(&peer("127.0.0.1"), &post("/api/field/value", &body))
    };
    for label in ["\"a\"", "\"b\"", "\"c\""] {
        let began = Instant::now();
        assert_eq!(ask(&hung.url(), label).code(), Some("PM-3005"));
        let took = began.elapsed();
        assert!(took >= Duration::from_millis(800), "{took:?}");
        assert!(took <= Duration::from_millis(1_500), "{took:?}");
        assert_eq!(ask(&well.url(), label).code(), None);
    }
}

#[test]
fn f32_with_a_tenth_of_a_core_timers_still_fire_and_health_answers() {
    let (_backend, at) = backend();
    let proxy = Proxy::start(at, |_| Fault::Silence);
    let mut program = Program::with("");
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let (throttled, is_over) = (&program, &is_over);
        scope.spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                throttled.signal("STOP");
                thread::park_timeout(Duration::from_millis(90));
                throttled.signal("CONT");
                thread::park_timeout(Duration::from_millis(10));
            }
        });
        let reply = ask(throttled, &proxy.url(), 2);
        check_failure(&reply, "PM-3005", C);
        let began = Instant::now();
        let health = send(throttled.admin(), "GET", "/-/healthy", "");
        let took = began.elapsed();
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(health.status, 200);
        assert!(took <= Duration::from_secs(1), "{took:?}");
    });
    check_freed(&mut program);
}
