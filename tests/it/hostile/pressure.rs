//! What the program does when the memory of its control group is all but used up, by whomever.

use std::fs;
use std::path::PathBuf;
use std::process;
use std::process::Command;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::memory::Group;
use crate::fake_backend::Answer;
use crate::fake_backend::Backend;
use crate::harness::Reply;
use crate::harness::send;
use crate::program::Program;

const LIMIT: u64 = 128 << 20;
const PRESSURE: &str = "mirror_memory_pressure";

/// Bytes that somebody in the group has taken. They come back with this value.
struct Ballast(PathBuf);

impl Ballast {
    /// So much that the group uses `percent` of its limit; a file in memory is charged to who wrote
    /// it.
    fn up_to(percent: u64, group: &Group, number: u32) -> Self {
        let file = format!("/dev/shm/mirror-test-{}-{number}", process::id());
        let bytes = (LIMIT * percent / 100).saturating_sub(group.used());
        let mut shell = Command::new("/bin/sh");
        let fills = "echo $$ >\"$0\"; exec head -c \"$1\" /dev/zero >\"$2\"";
        shell.args(["-c", fills]).arg(group.procs());
        let filled = shell.args([&bytes.to_string(), &file]).status().unwrap();
        let ballast = Self(PathBuf::from(file));
        assert!(filled.success());
        ballast
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn ask(program: &Program, backend: &Backend, label: &str) -> Reply {
    let body = format!(
        r#"{{"connectionDetails": {{"url": "{}", "dialect": "promql-open",
            "scrape_interval_ms": 15000}}, "query": {{"conditions": [],
            "field": {{"fieldName": "{label}"}}, "limit": 10}}}}"#,
        backend.url()
    );
    program.post("/api/field/value", &body)
}

#[derive(Deserialize)]
struct Tapped {
    entries: Vec<IgnoredAny>,
}

/// How many requests the tap holds.
fn tapped(program: &Program) -> usize {
    let listed = send(program.admin(), "GET", "/debug/requests", "");
    assert_eq!(listed.status, 200, "{listed:?}");
    let listed: Tapped = serde_json::from_str(&listed.body).unwrap();
    listed.entries.len()
}

#[test]
fn f27_near_the_limit_of_its_memory_nothing_is_kept_and_then_nothing_begun() {
    let Some(group) = Group::of(LIMIT) else {
        return;
    };
    let backend = Backend::start(|_| Answer::json(r#"{"status":"success","data":["a"]}"#));
    let mut program = Program::in_group(&group.procs());
    assert_eq!(ask(&program, &backend, "a").status, 200);
    assert_eq!(program.metric(PRESSURE).as_deref(), Some("0"));
    assert_eq!(tapped(&program), 1);

    let high = Ballast::up_to(93, &group, 0);
    program.wait_for("pressure", |it| it.metric(PRESSURE).as_deref() == Some("1"));
    let reply = ask(&program, &backend, "a");
    assert_eq!(
        (reply.status, reply.header("connection")),
        (200, Some("close"))
    );
    assert_eq!(backend.calls().len(), 2, "the list was forgotten");

    assert_eq!(tapped(&program), 2);

    let full = Ballast::up_to(97, &group, 1);
    program.wait_for("pressure", |it| it.metric(PRESSURE).as_deref() == Some("2"));
    // A moment later than the metric.
    program.wait_for("entry forgotten", |it| tapped(it) == 0);
    let reply = ask(&program, &backend, "b");
    let id = reply.header("x-mirror-error");
    assert_eq!((reply.status, id), (500, Some("PM-6007")), "{reply:?}");
    let shed = r#"mirror_shed_total{reason="memory"}"#;
    assert_eq!(program.metric(shed).as_deref(), Some("1"));
    assert_eq!(backend.calls().len(), 2);

    drop((high, full));
    program.wait_for("room", |it| it.metric(PRESSURE).as_deref() == Some("0"));
    assert_eq!(ask(&program, &backend, "b").status, 200);
    assert_eq!(group.kills(), 0);
}
