//! The fault matrix (reliability.md), a test a row, on the real program: what is answered, within
//! the deadline, and that nothing stays taken. Rows that need a rig of their own stand beside it;
//! `each_row_has_a_test` finds them by their names.

mod names;
mod panics;
mod proxy;
mod rows;
mod shutdown;
mod soak;
mod tls;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::fake_backend::Answer;
use crate::fake_backend::Backend;
use crate::harness::KEY;
use crate::harness::Reply;
use crate::program::Program;
pub(crate) use proxy::Fault;
pub(crate) use proxy::Proxy;
pub(crate) use tls::Authority;

/// Stands where a secret would: neither an answer nor the log may hold it.
const PLANTED: &str = "planted-4b1d";

const C: &str = "MetricStoreConnectionError";
const R: &str = "RemoteMirrorError";

/// A list whose answer is longer than any place that a fault hits.
fn list() -> String {
    let value = "a".repeat(500);
    format!(r#"{{"status":"success","data":["{value}"]}}"#)
}

/// A field value request, which takes one call, with so many seconds.
fn query(url: &str, seconds: u32) -> String {
    format!(
        r#"{{"connectionDetails": {{"url": "{url}", "dialect": "promql-open",
            "basic_auth": {{"username": "u", "password": "{PLANTED}"}},
            "scrape_interval_ms": 15000, "request_timeout_seconds": {seconds}}},
            "query": {{"conditions": [], "field": {{"fieldName": "job"}}, "limit": 10}}}}"#
    )
}

fn ask(program: &Program, url: &str, seconds: u32) -> Reply {
    program.post("/api/field/value", &query(url, seconds))
}

fn id(reply: &Reply) -> &str {
    reply.header("x-mirror-error").unwrap_or("none")
}

/// A backend that is well, and where it listens.
fn backend() -> (Backend, SocketAddr) {
    let backend = Backend::start(|_| Answer::json(list()));
    let at = SocketAddr::from(([127, 0, 0, 1], backend.port()));
    (backend, at)
}

/// What every failure of an accepted caller keeps to.
#[track_caller]
fn check_failure(reply: &Reply, expected: &str, kind: &str) {
    assert_eq!((id(reply), reply.status), (expected, 500), "{reply:?}");
    assert_eq!(reply.header("x-mirror-api-key"), Some(KEY), "{reply:?}");
    let start = format!(r#"{{"_type":"{kind}""#);
    assert!(reply.body.starts_with(&start), "{reply:?}");
    assert!(reply.body.contains(&format!("[{expected}]")), "{reply:?}");
    assert!(!reply.body.contains(PLANTED), "{reply:?}");
}

/// Nothing is taken any more.
#[track_caller]
fn check_freed(program: &mut Program) {
    for scope in ["global", "backend"] {
        for name in ["in_flight", "queued"] {
            let gauge = format!(r#"mirror_{name}{{scope="{scope}"}}"#);
            program.wait_for(&gauge, |it| it.metric(&gauge).as_deref() == Some("0"));
        }
    }
}

/// Checks what a backend behind this fault ends in, and over how many connections.
#[track_caller]
fn check(fault: Fault, expected: (&str, &str), connections: usize) {
    const SECONDS: u32 = 4;
    let (_backend, at) = backend();
    let is_unfinished = matches!(
        fault,
        Fault::Latency(_) | Fault::Silence | Fault::Hang(_) | Fault::Drip | Fault::Endless
    );
    let proxy = Proxy::start(at, move |_| fault.clone());
    let mut program = Program::with("");
    let began = Instant::now();
    let reply = ask(&program, &proxy.url(), SECONDS);
    let took = began.elapsed();
    check_failure(&reply, expected.0, expected.1);
    let most = Duration::from_secs(SECONDS.into()) + Duration::from_millis(500);
    assert!(took <= most, "{took:?}");
    assert_eq!(proxy.connections(), connections);
    let counted = format!(r#"mirror_errors_total{{code="{}"}}"#, expected.0);
    assert_eq!(program.metric(&counted).as_deref(), Some("1"));
    let line = format!(r#""code":"{}""#, expected.0);
    program.wait_for("the line", |it| it.logged(&line) == 1);
    assert_eq!(program.logged(PLANTED), 0);
    check_freed(&mut program);
    if is_unfinished {
        program.wait_for("close", |_| proxy.open() == 0);
    }
}

#[test]
fn each_row_has_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    let mut paths = vec![root.join("src"), root.join("tests")];
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(fs::read_dir(path).unwrap().map(|it| it.unwrap().path()));
        } else if path.extension().is_some_and(|it| it == "rs") {
            texts.push(fs::read_to_string(path).unwrap());
        }
    }
    let missing: Vec<u8> = (1..=32)
        .filter(|row| {
            let name = format!("fn f{row:02}_");
            !texts.iter().any(|text| text.contains(&name))
        })
        .collect();
    assert_eq!(missing, [0_u8; 0]);
}
