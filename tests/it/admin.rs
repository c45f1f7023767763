//! The admin listener of the program itself: what is open, what is behind its gate, and the reload
//! that it asks for (experience.md, "Admin listener and its JSON").

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::fake_backend::Answer;
use crate::fake_backend::Backend;
use crate::program::Program;
use crate::raw::Raw;

const KEYS: [&str; 2] = ["the-first-key-of-all", "the-second-key-of-all"];
const TOKENS: [&str; 2] = ["the-first-console-token", "the-second-console-token"];

fn write(folder: &Path, key: &str, more: &str) {
    let text = format!("port: 0\nadmin_port: 0\napi_key: {key}\n{more}");
    fs::write(folder.join("mirror.yaml"), text).unwrap();
}

/// Status and body of what the admin listener says; `lines` are those of the head, the host among
/// them. No answer there has the key.
fn ask(program: &Program, method: &str, path: &str, lines: &str) -> (u16, String) {
    ask_with(program, method, path, lines, "")
}

fn ask_with(program: &Program, method: &str, path: &str, lines: &str, body: &str) -> (u16, String) {
    let mut raw = Raw::connect(program.admin());
    let head = format!("{method} {path} HTTP/1.1\r\n{lines}connection: close\r\n\r\n");
    raw.send(format!("{head}{body}").as_bytes());
    let heard = raw.hear(Duration::from_secs(30));
    let (head, body) = heard.text.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("\r\ncache-control: no-store\r\n"), "{head}");
    assert!(!head.contains("x-mirror-api-key"), "{head}");
    (heard.statuses()[0], body.to_owned())
}

const AT_HOME: &str = "host: localhost\r\n";

fn bearer(token: &str) -> String {
    format!("{AT_HOME}authorization: Bearer {token}\r\n")
}

/// The key that the mirror proves itself with.
fn key(program: &Program) -> String {
    let reply = program.post("/api/connection", "{}");
    reply.header("x-mirror-api-key").unwrap().to_owned()
}

#[test]
fn a_reload_is_as_by_a_signal_and_says_what_keeps_it_from_being_one() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), KEYS[0], "");
    let program = Program::serve(&folder.path().join("mirror.yaml"));
    write(folder.path(), KEYS[1], "");
    let reload = || ask(&program, "POST", "/-/reload", AT_HOME);
    assert_eq!(reload(), (200, "reloaded\n".to_owned()));
    assert_eq!(key(&program), KEYS[1]);

    write(folder.path(), KEYS[0], "prot: 1\nlog: {level: planted}\n");
    let (status, body) = reload();
    assert_eq!(status, 400);
    let lines: Vec<&str> = body.lines().collect();
    let [first, second] = lines[..] else {
        panic!("{body}")
    };
    let ends = "mirror.yaml:4:1: prot: unknown key; did you mean port";
    assert!(
        first.starts_with("error[PM-5002]: ") && first.ends_with(ends),
        "{first}"
    );
    assert!(second.starts_with("error[PM-5003]: "), "{second}");
    assert!(!body.contains("planted"), "{body}");
    assert_eq!(key(&program), KEYS[1]);
    let successful = "mirror_config_last_reload_successful";
    assert_eq!(program.metric(successful).as_deref(), Some("0"));
    // To ask whether there is a reload is none.
    assert_eq!(ask(&program, "GET", "/-/reload", AT_HOME).0, 405);
}

#[test]
fn the_token_is_that_of_the_configuration_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, TOKENS[0]).unwrap();
    write(folder.path(), KEYS[0], "console: {token_file: token}\n");
    let program = Program::serve(&folder.path().join("mirror.yaml"));
    let told = |lines: &str| ask(&program, "GET", "/openapi.json", lines).0;
    let both = || TOKENS.map(|token| told(&bearer(token)));
    assert_eq!(told(AT_HOME), 401);
    assert_eq!(ask(&program, "GET", "/metrics", AT_HOME).0, 200);
    assert_eq!(both(), [200, 401]);
    fs::write(&token, TOKENS[1]).unwrap();
    let (status, body) = ask(&program, "POST", "/-/reload", &bearer(TOKENS[0]));
    // The file may have been found changed before it was asked for.
    assert!([200, 401].contains(&status), "{body}");
    assert_eq!(both(), [401, 200]);
    assert_eq!(TOKENS.map(|token| program.logged(token)), [0, 0]);
    assert_eq!(program.logged("a wrong token for the console"), 1);
}

#[test]
fn no_web_page_reaches_what_is_behind_the_gate() {
    let program = Program::with("");
    // What a browser sends of a page whose name resolves to loopback, and of one that posts across.
    for lines in [
        "host: evil.example:9901\r\n",
        "host: localhost\r\norigin: http://evil.example\r\n",
        "host: localhost\r\norigin: null\r\n",
    ] {
        let (status, body) = ask(&program, "POST", "/-/reload", lines);
        assert_eq!(status, 403, "{lines}{body}");
    }
    assert_eq!(ask(&program, "POST", "/-/reload", AT_HOME).0, 200);
}

#[test]
fn a_wrong_token_is_logged_once_and_none_is_not() {
    let wrong = "a wrong token for the console";
    let mut program = Program::with(&format!("console: {{token: {}}}", TOKENS[0]));
    let status = |lines: &str| ask(&program, "GET", "/debug/status", lines).0;
    assert_eq!(status(AT_HOME), 401);
    assert_eq!(status(&bearer(TOKENS[0])), 200);
    for _ in 0..3 {
        assert_eq!(status(&bearer(TOKENS[1])), 401);
    }
    program.wait_for("line", |program| program.logged(wrong) > 0);
    assert_eq!(program.logged(wrong), 1);
    assert_eq!(program.logged(TOKENS[1]), 0);
}

#[test]
fn what_it_asks_of_a_backend_passes_the_list_and_the_guard() {
    let backend = Backend::start(|_| Answer::json(r#"{"status":"success","data":["up"]}"#));
    let listed = Backend::start(|_| Answer::json(r#"{"status":"success","data":["up"]}"#));
    let policy = format!(
        "policy: {{allowed_upstreams: ['{}', 'http://169.254.169.254']}}",
        listed.url()
    );
    let program = Program::with(&policy);
    let check = |url: &str, expected: &str| {
        let details = format!(r#"{{"url": "{url}"}}"#);
        let metric = r#"{"key": "__gauge__", "value": {"_type": "StringValue", "value": "m"}}"#;
        let query = format!(
            r#"{{"conditions": [{metric}], "startTime": 1699999200000, "endTime": 1699999500000}}"#
        );
        let request = format!(
            r#"{{"_type": "MetricsRequest", "connectionDetails": {details}, "query": {query}}}"#
        );
        for (path, body) in [
            ("/debug/explain", format!(r#"{{"request": {request}}}"#)),
            (
                "/debug/connection",
                format!(r#"{{"request": {{"connectionDetails": {details}}}}}"#),
            ),
            (
                "/debug/complete",
                format!(r#"{{"connection_details": {details}, "what": "metrics"}}"#),
            ),
        ] {
            let lines = format!("{AT_HOME}content-length: {}\r\n", body.len());
            let (_, answer) = ask_with(&program, "POST", path, &lines, &body);
            assert!(answer.contains(expected), "{path}: {answer}");
        }
    };
    check(&backend.url(), "PM-6002");
    check("http://169.254.169.254", "PM-6003");
    assert!(backend.calls().is_empty());
}
