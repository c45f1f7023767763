//! Backends that want to do harm, in front of the program itself: 64 at once, in 64 MiB of memory
//! (security.md, "Shown by"). What each may be answered with is told; nothing else is.

mod answers;
pub(crate) mod memory;
mod parts;
mod pressure;

use std::thread;

use crate::crowds::raise_own_limit;
use crate::fake_backend::Backend;
use crate::harness::Reply;
use crate::program::Caller;
use crate::program::Program;
use crate::raw::Raw;
use answers::HOLDING;
use answers::HOSTILE;
use answers::Hostile;
use memory::Group;

/// How many at once.
const CROWD: usize = 64;
/// What all of them may take at their peak, a mebibyte each, beside what the program takes when nobody
/// asks. How many are at their largest at the same moment is chance.
const MOST_KIB: u64 = 64 << 10;
/// What each of them has, so that what never ends does.
const SECONDS: u32 = 5;
/// How many at a time where it matters what is said of them.
const FEW: usize = 4;

const METRIC: &str = "/api/metric";
const VALUES: &str = "/api/field/value";

/// A request of the kind that brings the answer of `hostile` upon us.
fn ask(caller: Caller, backend: &Backend, hostile: &Hostile, seconds: u32) -> Reply {
    let url = format!("{}/{}", backend.url(), hostile.name);
    let details = format!(
        r#""url": "{url}", "dialect": "promql-open", "scrape_interval_ms": 15000,
           "backend_compression": "on", "request_timeout_seconds": {seconds}"#
    );
    let start = if hostile.more.is_empty() {
        // So short that it is not halved often.
        1_699_999_498_000_u64
    } else {
        1_699_999_200_000
    };
    let times = format!(r#""startTime": {start}, "endTime": 1699999500000"#);
    let (path, query) = if hostile.is_list {
        let query =
            format!(r#""conditions": [], {times}, "field": {{"fieldName": "job"}}, "limit": 10"#);
        (VALUES, query)
    } else {
        let value = r#"{"_type": "StringValue", "value": "m"}"#;
        let query = format!(
            r#""conditions": [{{"key": "__gauge__", "value": {value}}}], {times} {}"#,
            hostile.more
        );
        (METRIC, query)
    };
    let body = format!(r#"{{"connectionDetails": {{{details}}}, "query": {{{query}}}}}"#);
    caller.post(path, &body)
}

/// Checks that `reply` is one that may be given to `hostile`.
#[track_caller]
fn check(hostile: &Hostile, reply: &Reply, also: &[&str]) {
    let id = reply.header("x-mirror-error").unwrap_or("none");
    let may = hostile.answers.contains(&id) || also.contains(&id);
    assert!(may, "{}: {id}: {reply:?}", hostile.name);
    assert_eq!(
        reply.status,
        if id == "none" { 200 } else { 500 },
        "{}",
        hostile.name
    );
    assert!(reply.body.len() < 1 << 20, "{}", hostile.name);
}

fn backend() -> Backend {
    Backend::start(|call| {
        let name = call.path.split('/').nth(1).unwrap_or_default();
        let hostile = HOSTILE.iter().chain(HOLDING).find(|it| it.name == name);
        (hostile.expect("a known answer").answer)()
    })
}

/// Lets 64 backends at once give the program these answers: each of them, and some more than once.
fn crowd(program: &Program, answers: &[Hostile], also: &[&str]) {
    let backend = backend();
    thread::scope(|scope| {
        for hostile in answers.iter().cycle().take(CROWD) {
            let (caller, backend) = (program.caller(), &backend);
            scope.spawn(move || check(hostile, &ask(caller, backend, hostile, SECONDS), also));
        }
    });
    assert_eq!(program.get("/healthcheck").status, 200);
}

#[test]
fn each_hostile_answer_is_told_for_what_it_is() {
    let program = Program::with("");
    let backend = backend();
    // A few at a time, so that none is late for want of a processor.
    thread::scope(|scope| {
        for part in HOSTILE.chunks(HOSTILE.len().div_ceil(FEW)) {
            let (caller, backend) = (program.caller(), &backend);
            scope.spawn(move || {
                for hostile in part {
                    let seconds = if hostile.is_late() { 2 } else { 60 };
                    check(hostile, &ask(caller, backend, hostile, seconds), &[]);
                }
            });
        }
    });
}

#[test]
fn sixty_four_hostile_backends_at_once_take_little_memory() {
    let program = Program::with("");
    let before = memory::peak_kib(program.id());
    // What never ends may end by its time, so busy as the machine is then.
    crowd(&program, HOSTILE, &["PM-3005"]);
    let after = memory::peak_kib(program.id());
    if let (Some(before), Some(after)) = (before, after) {
        assert!(after - before < MOST_KIB, "{before} KiB, then {after} KiB");
    }
}

/// Heads of strangers that are never ended, each as long as one may be.
#[test]
fn a_thousand_unfinished_heads_kill_nothing_in_64_mib() {
    let Some(group) = Group::of(64 << 20) else {
        return;
    };
    raise_own_limit();
    let program = Program::in_group(&group.procs());
    let head = format!("POST {METRIC} HTTP/1.1\r\nx: {}", "a".repeat(31_000));
    let mut open = Vec::new();
    for _ in 0..1_000 {
        let mut raw = Raw::connect(program.mirror());
        // Whom there is no room for may be gone before all is sent.
        let _ = raw.send(head.as_bytes());
        open.push(raw);
    }
    // What everybody sends is still answered, on a connection of its own.
    assert_eq!(program.get("/healthcheck").status, 200);
    let long = "b".repeat(3_000);
    let reply = program.get(&format!("/healthcheck?{long}"));
    assert_eq!(reply.status, 200, "a head of 3 KiB");
    drop(open);
    assert_eq!(group.kills(), 0);
}

#[test]
fn sixty_four_hostile_backends_kill_nothing_in_64_mib() {
    let Some(group) = Group::of(64 << 20) else {
        return;
    };
    let program = Program::in_group(&group.procs());
    // Each may also hear that memory is used up: that is what keeps the program alive.
    crowd(&program, HOSTILE, &["PM-3005", "PM-6007"]);
    crowd(&program, HOLDING, &["PM-3005", "PM-6007"]);
    assert_eq!(group.kills(), 0);
}
