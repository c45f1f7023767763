//! Callers that are many, slow or silent, and what the others notice of them (reliability.md, rows
//! 22, 23 and 28).

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use rustix::process::Resource;
use rustix::process::Rlimit;
use rustix::process::getrlimit;
use rustix::process::setrlimit;

use crate::harness::send;
use crate::hostile::memory::Group;
use crate::program::Program;
use crate::raw::Raw;

const PATIENCE: Duration = Duration::from_secs(20);
const HEALTHCHECK: &[u8] = b"GET /healthcheck HTTP/1.1\r\nhost: localhost\r\n\r\n";
const EVICTED: &str = r#"mirror_connections_closed_total{reason="evicted"}"#;

/// A connection that idles after an answer.
fn idle(to: SocketAddr) -> Raw {
    let mut raw = Raw::connect(to);
    raw.send(HEALTHCHECK);
    let heard = raw.hear_until(PATIENCE, |text| text.ends_with('}'));
    assert_eq!(heard.statuses(), [200]);
    raw
}

/// A metric as a number.
fn number(program: &Program, name: &str) -> u64 {
    program.metric(name).unwrap().parse().unwrap()
}

/// Lets this process hold as many sockets as the tests of crowds need.
pub(crate) fn raise_own_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    setrlimit(Resource::Nofile, raised).unwrap();
}

/// Sends `first` on `count` connections and then a byte each quarter of a second; when each was
/// closed, and what it heard.
fn drip(to: SocketAddr, count: usize, first: &str, drop: &[u8]) -> Vec<(Duration, String)> {
    let mut open: Vec<(Raw, Instant, String)> = Vec::new();
    for _ in 0..count {
        let mut raw = Raw::connect(to);
        raw.send(first.as_bytes());
        open.push((raw, Instant::now(), String::new()));
    }
    let mut closed = Vec::new();
    let began = Instant::now();
    let mut dropped = Instant::now();
    while !open.is_empty() {
        assert!(began.elapsed() < PATIENCE, "{} are still open", open.len());
        let is_time = dropped.elapsed() >= Duration::from_millis(250);
        if is_time {
            dropped = Instant::now();
        }
        open.retain_mut(|(raw, since, heard)| {
            let is_open = raw.glance(heard);
            if !is_open {
                closed.push((since.elapsed(), std::mem::take(heard)));
            } else if is_time {
                raw.send(drop);
            }
            is_open
        });
        thread::park_timeout(Duration::from_millis(5));
    }
    closed
}

/// Each was closed when `seconds` were over, and heard `text` first. On an idle machine that takes
/// milliseconds more; how many here depends on what else it does.
#[track_caller]
fn check(closed: &[(Duration, String)], seconds: f64, text: &str, has_key: bool) {
    for (after, heard) in closed {
        let after = after.as_secs_f64();
        assert!((seconds - 0.05..seconds + 8.0).contains(&after), "{after}");
        assert!(heard.starts_with(text), "{heard:?}");
        assert_eq!(heard.is_empty(), text.is_empty(), "{heard:?}");
        assert!(heard.is_empty() || heard.ends_with("\r\n\r\n"), "{heard:?}");
        assert_eq!(heard.contains("x-mirror-api-key"), has_key, "{heard:?}");
    }
}

#[test]
fn slow_heads_slow_bodies_and_silent_ones_are_closed_by_their_timers_and_nobody_notices() {
    const EACH: usize = 100;
    let program = Program::with("");
    let to = program.mirror();
    let head = "POST /api/metric HTTP/1.1\r\nhost: localhost\r\n";
    let body = format!("{head}content-length: 1000\r\n\r\n");
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n");
    let is_over = AtomicBool::new(false);
    let ((asked, good), groups) = thread::scope(|scope| {
        let normal = scope.spawn(|| {
            let (mut asked, mut good) = (0_usize, 0_usize);
            while !is_over.load(Ordering::Relaxed) {
                asked += 1;
                let reply = send(to, "POST", "/api/metric", "{]");
                good += usize::from(reply.header("x-mirror-error") == Some("PM-1001"));
            }
            (asked, good)
        });
        let groups = [
            scope.spawn(|| drip(to, EACH, head, b"x")),
            scope.spawn(|| drip(to, EACH, "", b"")),
            scope.spawn(|| drip(to, EACH, &body, b" ")),
            scope.spawn(|| drip(to, EACH, &chunked, b"1\r\n \r\n")),
        ];
        let groups = groups.map(thread::ScopedJoinHandle::join);
        is_over.store(true, Ordering::Relaxed);
        (normal.join().unwrap(), groups)
    });
    let [heads, silent, bodies, chunks] = groups.map(Result::unwrap);
    check(&heads, 5.0, "HTTP/1.1 408 ", false);
    check(&silent, 5.0, "", false);
    // Without a wall acceptance is settled at the head.
    check(&bodies, 10.0, "HTTP/1.1 408 ", true);
    check(&chunks, 10.0, "HTTP/1.1 408 ", true);
    assert!(
        asked > 100 && good * 1000 >= asked * 999,
        "{good} of {asked}"
    );
    let closed = |reason| {
        let name = format!(r#"mirror_connections_closed_total{{reason="{reason}"}}"#);
        number(&program, &name)
    };
    assert_eq!(closed("head"), 2 * EACH as u64);
    assert_eq!(closed("body"), 2 * EACH as u64);
}

#[test]
fn a_head_has_its_time_again_after_idling() {
    let program = Program::with("");
    let mut raw = idle(program.mirror());
    let (begin, end) = HEALTHCHECK.split_at(20);
    raw.send(begin);
    thread::park_timeout(Duration::from_secs(1));
    raw.send(end);
    let heard = raw.hear_until(PATIENCE, |text| text.ends_with('}'));
    assert_eq!(heard.statuses(), [200]);
}

#[test]
fn a_thousand_idle_connections_stay_and_cost_the_others_nothing() {
    raise_own_limit();
    let mut program = Program::with("");
    let tasks = |it: &Program| number(it, "mirror_tasks");
    program.wait_for("a beat of the heart", |it| tasks(it) > 0);
    let before = tasks(&program);
    let crowd: Vec<Raw> = (0..1_000).map(|_| idle(program.mirror())).collect();
    program.wait_for("their tasks", |it| tasks(it) >= before + 1_000);
    let idle = number(&program, r#"mirror_connections{state="idle"}"#);
    assert!(idle >= 1_000, "{idle}");
    for _ in 0..100 {
        assert_eq!(program.get("/healthcheck").status, 200);
    }
    for mut raw in crowd {
        raw.send(HEALTHCHECK);
        let heard = raw.hear_until(PATIENCE, |text| text.ends_with('}'));
        assert_eq!(heard.statuses(), [200]);
    }
    assert_eq!(number(&program, EVICTED), 0);
    // All that were open have been dropped.
    program.wait_for("the end of their tasks", |it| tasks(it) <= before + 2);
}

#[test]
fn beyond_half_of_the_descriptors_whoever_idles_for_longest_is_closed() {
    // (120 - 16 - 1) / 2
    const ROOM: usize = 51;
    let program = Program::within(120);
    let mut crowd: Vec<Raw> = (0..200).map(|_| idle(program.mirror())).collect();
    let mut heard = String::new();
    let open: Vec<bool> = crowd.iter_mut().map(|raw| raw.glance(&mut heard)).collect();
    let (gone, there) = open.split_at(200 - ROOM);
    assert!(gone.iter().all(|is_open| !is_open), "{open:?}");
    assert!(there.iter().all(|is_open| *is_open), "{open:?}");
    // The requests of this very test take part: each may push another one out.
    assert!(number(&program, EVICTED) >= (200 - ROOM) as u64);
    assert_eq!(program.get("/healthcheck").status, 200);
}

#[test]
fn where_memory_has_less_room_than_descriptors_it_sets_how_many_connections_there_are() {
    // 64 MiB / 48 KiB
    const ROOM: u64 = 1_365;
    let Some(group) = Group::of(64 << 20) else {
        return;
    };
    raise_own_limit();
    let program = Program::in_group(&group.procs());
    let crowd: Vec<Raw> = (0..1_500).map(|_| idle(program.mirror())).collect();
    // The request of this very test takes part.
    let idle = number(&program, r#"mirror_connections{state="idle"}"#);
    assert!((ROOM - 2..=ROOM).contains(&idle), "{idle}");
    assert!(number(&program, EVICTED) >= 1_500 - ROOM);
    drop(crowd);
    assert_eq!(group.kills(), 0);
}

#[test]
fn f28_without_descriptors_accepting_waits_and_the_admin_listener_answers() {
    // The program needs about 18 for itself, and keeps 16: they are gone before its room is.
    let program = Program::within(36);
    let crowd: Vec<Raw> = (0..64)
        .map(|_| {
            let mut raw = Raw::connect(program.mirror());
            raw.send(b"POST /api/metric HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n");
            raw
        })
        .collect();
    let scarce = r#"mirror_accept_errors_total{reason="descriptors"}"#;
    let began = Instant::now();
    while number(&program, scarce) == 0 {
        assert!(began.elapsed() < PATIENCE, "descriptors did not run out");
    }
    for _ in 0..50 {
        assert_eq!(send(program.admin(), "GET", "/-/ready", "").status, 200);
    }
    // It waits between tries: 10 ms at first, then longer.
    let (before, began) = (number(&program, scarce), Instant::now());
    thread::park_timeout(Duration::from_secs(1));
    let tries = number(&program, scarce) - before;
    assert!(tries <= 100 * began.elapsed().as_secs() + 100, "{tries}");
    drop(crowd);
    assert_eq!(program.get("/healthcheck").status, 200);
}

impl Raw {
    /// Takes what is there; whether the connection is still open.
    fn glance(&mut self, heard: &mut String) -> bool {
        self.set_waiting(false);
        let mut buffer = [0; 4096];
        let is_open = loop {
            match self.read(&mut buffer) {
                Ok(0) => break false,
                Ok(n) => heard.push_str(&String::from_utf8_lossy(&buffer[..n])),
                Err(error) => break error.kind() == ErrorKind::WouldBlock,
            }
        };
        self.set_waiting(true);
        is_open
    }
}

#[test]
fn strangers_do_not_fill_the_log_whatever_they_are_answered() {
    let token = "a-token-of-these-tests";
    let mut program = Program::with(&format!("callers: [{{name: known, tokens: [{token}]}}]\n"));
    for number in 0..20 {
        assert_eq!(program.get(&format!("/nowhere/{number}")).status, 404);
    }
    // Whoever is accepted has a line each; with theirs, those before them are written.
    let body = format!(r#"{{"connectionDetails": {{"token": "{token}", "url": "ftp://h"}}}}"#);
    for _ in 0..3 {
        let reply = program.post("/api/connection", &body);
        assert!(reply.header("x-mirror-api-key").is_some());
    }
    program.wait_for("lines", |it| it.logged("PM-1002") >= 3);
    assert_eq!(program.logged("PM-1010"), 1);
}
