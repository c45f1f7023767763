//! Reload: what changes, what does not, and that no request is lost over it.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;

use tempfile::TempDir;

use crate::fake_backend::Answer;
use crate::fake_backend::Backend;
use crate::program::Program;

const IN_FORCE: &str = "is in force";
const REFUSED: &str = "stays in force";
const SUCCESSFUL: &str = "mirror_config_last_reload_successful";
const KEYS: [&str; 2] = ["the-first-key-of-all", "the-second-key-of-all"];

/// A configuration file and what it names.
struct Folder(TempDir);

impl Folder {
    fn new(text: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("mirror.yaml", text);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Replaces a file as a whole, as `ConfigMaps` and careful editors do.
    fn write(&self, name: &str, text: &str) {
        let next = self.path("next");
        fs::write(&next, text).unwrap();
        fs::rename(next, self.path(name)).unwrap();
    }

    fn serve(&self) -> Program {
        Program::serve(&self.path("mirror.yaml"))
    }
}

fn settings(key: &str, more: &str) -> String {
    format!("port: 0\nadmin_port: 0\napi_key: {key}\n{more}")
}

/// A backend that passes the connection test.
fn backend() -> Backend {
    Backend::start(|call| {
        Answer::json(match call.path.as_str() {
            "/api/v1/labels" => r#"{"status":"success","data":["job"]}"#,
            _ => r#"{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}"#,
        })
    })
}

fn connection_test(url: &str) -> String {
    format!(r#"{{"connectionDetails": {{"url": "{url}"}}}}"#)
}

#[test]
fn a_hundred_reloads_under_load_lose_no_request() {
    let folder = Folder::new(&settings(KEYS[0], ""));
    let mut program = folder.serve();
    let backend = backend();
    let body = connection_test(&backend.url());
    let is_over = AtomicBool::new(false);
    let mut asked = 0;
    thread::scope(|scope| {
        let caller = program.caller();
        let (is_over, body) = (&is_over, &body);
        let callers = [(); 4].map(|()| {
            scope.spawn(move || {
                let mut asked = 0;
                while !is_over.load(Ordering::Relaxed) {
                    let reply = caller.post("/api/connection", body);
                    assert_eq!((reply.status, reply.body.contains("OK")), (200, true));
                    let key = reply.header("x-mirror-api-key").unwrap();
                    assert!(KEYS.contains(&key), "{key}");
                    asked += 1;
                }
                asked
            })
        });
        for round in 1..=100 {
            folder.write("mirror.yaml", &settings(KEYS[round % 2], ""));
            program.hang_up(IN_FORCE);
            // What begins after the reload has the new key.
            let reply = program.post("/api/connection", body);
            assert_eq!(reply.header("x-mirror-api-key"), Some(KEYS[round % 2]));
        }
        is_over.store(true, Ordering::Relaxed);
        asked = callers.map(|caller| caller.join().unwrap()).iter().sum();
    });
    assert!(asked >= 100, "only {asked} requests were under way");
    assert_eq!(program.metric(SUCCESSFUL).as_deref(), Some("1"));
}

#[test]
fn a_bad_file_changes_nothing() {
    let folder = Folder::new(&settings(KEYS[0], ""));
    let mut program = folder.serve();
    for bad in [
        "port: [".to_owned(),
        settings(KEYS[1], "prot: 1"),
        settings(KEYS[1], "defaults: {profile: planted}"),
        "port: 0\nadmin_port: 0\napi_key_file: nonexistent".to_owned(),
    ] {
        folder.write("mirror.yaml", &bad);
        program.hang_up(REFUSED);
        assert_eq!(program.metric(SUCCESSFUL).as_deref(), Some("0"));
        let reply = program.post("/api/connection", "{}");
        assert_eq!(reply.header("x-mirror-api-key"), Some(KEYS[0]));
    }
    assert_eq!(
        program.logged("mirror.yaml:4:1: prot: unknown key; did you mean port"),
        1
    );
    assert_eq!(program.logged("planted"), 0);
    folder.write("mirror.yaml", &settings(KEYS[1], ""));
    program.hang_up(IN_FORCE);
    assert_eq!(program.metric(SUCCESSFUL).as_deref(), Some("1"));
}

#[test]
fn a_changed_file_is_found_without_a_signal_and_a_bad_one_is_said_once() {
    let folder = Folder::new("port: 0\nadmin_port: 0\napi_key_file: key\n");
    folder.write("key", KEYS[0]);
    let mut program = folder.serve();
    folder.write("key", "two words");
    program.wait_for("refusal", |program| program.logged(REFUSED) > 0);
    folder.write("key", KEYS[1]);
    program.wait_for("reload", |program| program.logged(IN_FORCE) > 0);
    assert_eq!(program.logged(REFUSED), 1);
    let reply = program.post("/api/connection", "{}");
    assert_eq!(reply.header("x-mirror-api-key"), Some(KEYS[1]));
}

#[test]
fn what_needs_a_restart_is_said_and_the_rest_applies() {
    let folder = Folder::new(&settings(KEYS[0], ""));
    let mut program = folder.serve();
    let moved = format!(
        "port: 1\nadmin_port: 0\napi_key: {}\nlog: {{level: debug}}",
        KEYS[1]
    );
    folder.write("mirror.yaml", &moved);
    program.hang_up(IN_FORCE);
    // The poll may see the change just before the signal does.
    assert!(program.logged("needs a restart") >= 1);
    let reply = program.post("/api/connection", "{}");
    assert_eq!(reply.header("x-mirror-api-key"), Some(KEYS[1]));
    assert!(program.logged(r#""level":"DEBUG""#) == 0);
    drop(program.metric(SUCCESSFUL));
    program.get("/healthcheck");
    program.wait_for("debug line", |program| {
        program.logged(r#""level":"DEBUG""#) > 0
    });
}

#[test]
fn a_key_that_is_taken_away_stays_until_the_restart() {
    let folder = Folder::new(&settings(KEYS[0], ""));
    let mut program = folder.serve();
    folder.write("mirror.yaml", "port: 0\nadmin_port: 0\n");
    program.hang_up(IN_FORCE);
    let reply = program.post("/api/connection", "{}");
    assert_eq!(reply.header("x-mirror-api-key"), Some(KEYS[0]));
}

#[test]
fn a_connection_is_there_from_the_reload_that_names_it_to_the_one_that_removes_it() {
    let backend = backend();
    let lab = format!("connections: {{lab: {{url: '{}'}}}}", backend.url());
    let elsewhere = "connections: {other: {url: 'http://other.invalid'}}";
    let folder = Folder::new(&settings(KEYS[0], elsewhere));
    let mut program = folder.serve();
    let body = r#"{"connectionDetails": {"connection": "lab"}}"#;
    let code = |program: &Program| {
        let reply = program.post("/api/connection", body);
        reply.header("x-mirror-error").map(str::to_owned)
    };
    assert_eq!(code(&program).as_deref(), Some("PM-6006"));
    folder.write("mirror.yaml", &settings(KEYS[0], &lab));
    program.hang_up(IN_FORCE);
    assert_eq!(code(&program), None);
    folder.write("mirror.yaml", &settings(KEYS[0], elsewhere));
    program.hang_up(IN_FORCE);
    let calls = backend.calls().len();
    assert_eq!(code(&program).as_deref(), Some("PM-6006"));
    // Its address alone is not open either, now that it is not listed.
    let reply = program.post("/api/connection", &connection_test(&backend.url()));
    assert_eq!(reply.header("x-mirror-error"), Some("PM-6002"));
    assert_eq!(backend.calls().len(), calls);
}
