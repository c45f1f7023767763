//! What the program does when a backend fails, hangs or has too much to do, and when callers leave
//! (reliability.md, "Retries" to "Callers that leave").

use std::io::Read as _;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::fake_backend::Answer;
use crate::fake_backend::Backend;
use crate::harness::Reply;
use crate::program::Program;
use crate::raw::Raw;

/// One backend call for each.
fn query(url: &str) -> String {
    format!(
        r#"{{"connectionDetails": {{"url": "{url}", "dialect": "promql-open",
            "scrape_interval_ms": 15000, "request_timeout_seconds": 1}}, "query": {{"conditions": [],
            "field": {{"fieldName": "job"}}, "limit": 10}}}}"#
    )
}

fn ask(program: &Program, url: &str) -> Reply {
    program.post("/api/field/value", &query(url))
}

fn id(reply: &Reply) -> &str {
    reply.header("x-mirror-error").unwrap_or("none")
}

const LIST: &str = r#"{"status":"success","data":["a"]}"#;

/// A backend that answers 502 for as long as the switch says so.
fn switched(is_away: &Arc<AtomicBool>) -> Backend {
    let is_away = Arc::clone(is_away);
    Backend::start(move |call| {
        if is_away.load(Ordering::Relaxed) {
            return Answer::status(502, "");
        }
        let is_query = call.path.ends_with("/query");
        Answer::json(if is_query {
            r#"{"status":"success","data":{"resultType":"scalar","result":[0,"2"]}}"#
        } else {
            LIST
        })
    })
}

#[test]
fn f20_a_backend_that_keeps_failing_is_not_called_until_a_test_finds_it_well() {
    let is_away = Arc::new(AtomicBool::new(true));
    let backend = switched(&is_away);
    let program = Program::with("");
    let replies: Vec<_> = (0..5).map(|_| ask(&program, &backend.url())).collect();
    assert!(replies.iter().all(|it| id(it) == "PM-3009"), "{replies:?}");
    assert!(backend.calls().len() <= 15);
    // On a machine that stands still for a second a probe goes out instead, and then it is open for
    // longer.
    let refused = (0..10).find_map(|_| {
        let before = backend.calls().len();
        let reply = ask(&program, &backend.url());
        (id(&reply) == "PM-3014").then(|| (reply, backend.calls().len() - before))
    });
    let (reply, calls) = refused.expect("the circuit is open");
    assert_eq!((reply.status, calls), (500, 0), "{reply:?}");
    let text = "times in a row, last PM-3009; next try in";
    assert!(reply.body.contains(text), "{}", reply.body);
    let state = r#"mirror_breaker_state{backend="other"}"#;
    assert_eq!(program.metric(state).as_deref(), Some("2"));

    is_away.store(false, Ordering::Relaxed);
    let reply = program.post("/api/connection", &query(&backend.url()));
    assert!(reply.body.contains(r#""status":"OK""#), "{}", reply.body);
    assert_eq!(program.metric(state).as_deref(), Some("0"));
    assert_eq!(id(&ask(&program, &backend.url())), "none");
}

#[test]
fn one_hung_backend_at_its_limit_leaves_the_others_alone() {
    let hung = Backend::start(|_| Answer::Silence);
    let well = switched(&Arc::default());
    let program = Program::with("limits: {backend_calls: 2}\n");
    let well_url = well.url();
    // Time enough for all of them to come before the first ones give up.
    let body = query(&hung.url()).replace("_seconds\": 1", "_seconds\": 4");
    // Each asks for another list: what is the same is asked for once.
    let ask_for = |n: usize| {
        let body = body.replace("job", &format!("job{n}"));
        id(&program.post("/api/field/value", &body)).to_owned()
    };
    let ask_for = &ask_for;
    thread::scope(|scope| {
        let all: Vec<_> = (0..6).map(|n| scope.spawn(move || ask_for(n))).collect();
        for _ in 0..20 {
            assert_eq!(id(&ask(&program, &well_url)), "none");
        }
        let mut ids: Vec<_> = all.into_iter().map(|it| it.join().unwrap()).collect();
        ids.sort_unstable();
        // Two are called. The others wait, or find no room to wait in.
        let expected = [
            "PM-3005", "PM-3005", "PM-6007", "PM-6007", "PM-6007", "PM-6007",
        ];
        assert_eq!(ids, expected);
    });
    assert_eq!(hung.calls().len(), 2);
    for (name, value) in [
        (r#"mirror_shed_total{reason="backend"}"#, "4"),
        (r#"mirror_in_flight{scope="backend"}"#, "0"),
        (r#"mirror_queued{scope="backend"}"#, "0"),
    ] {
        assert_eq!(program.metric(name).as_deref(), Some(value), "{name}");
    }
}

#[test]
fn f26_who_leaves_takes_the_call_along() {
    const LEAVE: usize = 20;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (seen, is_seen) = mpsc::channel();
    let (closed, is_closed) = mpsc::channel();
    let backend = thread::spawn(move || {
        for _ in 0..LEAVE {
            let (mut stream, _) = listener.accept().unwrap();
            let mut buffer = [0; 4096];
            let _ = stream.read(&mut buffer).unwrap();
            seen.send(()).unwrap();
            // To the end of what comes, however it ends.
            while stream.read(&mut buffer).is_ok_and(|count| count > 0) {}
            closed.send(()).unwrap();
        }
    });
    let mut program = Program::with("");
    // Time enough for silence to count against the backend, if it did.
    let body = query(&url).replace("\"request_timeout_seconds\": 1", "\"timeout\": \"50s\"");
    let head = format!(
        "POST /api/field/value HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let patience = Duration::from_secs(20);
    for _ in 0..LEAVE {
        let mut caller = Raw::connect(program.mirror());
        caller.send(format!("{head}{body}").as_bytes());
        is_seen.recv_timeout(patience).unwrap();
        drop(caller);
        is_closed.recv_timeout(patience).unwrap();
    }
    backend.join().unwrap();
    let gone = r#"mirror_requests_total{method="field_value",outcome="client_gone"}"#;
    let all = LEAVE.to_string();
    program.wait_for("end", |it| it.metric(gone).as_deref() == Some(&all));
    for (name, value) in [
        (
            r#"mirror_backend_calls_total{backend="other",outcome="cancelled"}"#,
            &*all,
        ),
        (r#"mirror_in_flight{scope="backend"}"#, "0"),
        (r#"mirror_in_flight{scope="global"}"#, "0"),
    ] {
        assert_eq!(program.metric(name).as_deref(), Some(value), "{name}");
    }
    let opened = r#"mirror_breaker_opened_total{backend="other"}"#;
    assert_eq!(program.metric(opened), None);
}
