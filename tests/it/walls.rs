//! The walls of a program that runs: rotation of tokens, reloads, and what is logged of strangers.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use crate::fake_backend::Answer;
use crate::fake_backend::Backend;
use crate::program::Program;
use crate::raw::Raw;

const KEY: &str = "the-key-of-these-tests";
const IN_FORCE: &str = "is in force";
const REFUSED: &str = "stays in force";

struct Folder(TempDir);

impl Folder {
    fn new(settings: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.settings(settings);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let next = self.path("next");
        fs::write(&next, text).unwrap();
        fs::rename(next, self.path(name)).unwrap();
    }

    fn settings(&self, settings: &str) {
        let text = format!("port: 0\nadmin_port: 0\napi_key: {KEY}\n{settings}");
        self.write("mirror.yaml", &text);
    }

    fn serve(&self) -> Program {
        Program::serve(&self.path("mirror.yaml"))
    }
}

fn with_token(token: &str) -> String {
    format!(r#"{{"connectionDetails": {{"url": "planted", "token": "{token}"}}}}"#)
}

/// Whether a call with this token is answered with the key.
fn is_accepted(program: &Program, token: &str) -> bool {
    let reply = program.post("/api/connection", &with_token(token));
    let has_key = reply.header("x-mirror-api-key") == Some(KEY);
    assert_eq!(reply.status, if has_key { 200 } else { 401 });
    has_key
}

#[test]
fn a_token_is_rotated_by_its_files_without_a_restart_and_without_an_outage() {
    let [old, new] = ["the-old-token-1234", "the-new-token-1234"];
    let folder = Folder::new("callers: [{name: a, token_files: [token, token-next]}]");
    folder.write("token", old);
    folder.write("token-next", old);
    let mut program = folder.serve();
    assert!(is_accepted(&program, old) && !is_accepted(&program, new));
    // Found without a signal: files are looked at every 5 s.
    folder.write("token-next", &format!("{new}\n"));
    program.wait_for("rotation", |program| program.logged(IN_FORCE) > 0);
    assert!(is_accepted(&program, old) && is_accepted(&program, new));
    folder.write("token", new);
    program.hang_up(IN_FORCE);
    assert!(!is_accepted(&program, old) && is_accepted(&program, new));
    // A file that proves nothing changes nothing.
    for bad in ["", "short", &"x".repeat(513)] {
        folder.write("token", bad);
        program.hang_up(REFUSED);
        assert!(is_accepted(&program, new));
    }
    assert_eq!(program.logged(old) + program.logged(new), 0);
}

#[test]
fn a_reload_changes_the_callers_and_one_with_an_error_does_not() {
    let caller =
        |name: &str, token: &str| format!("callers: [{{name: {name}, tokens: [{token}]}}]");
    let [alpha, beta] = ["the-token-of-alpha", "the-token-of-beta1"];
    let folder = Folder::new(&caller("alpha", alpha));
    let mut program = folder.serve();
    assert!(is_accepted(&program, alpha) && !is_accepted(&program, beta));
    folder.settings(&caller("beta", beta));
    program.hang_up(IN_FORCE);
    assert!(!is_accepted(&program, alpha) && is_accepted(&program, beta));
    folder.settings(&caller("alpha", "short"));
    program.hang_up(REFUSED);
    assert!(!is_accepted(&program, alpha) && is_accepted(&program, beta));
}

#[test]
fn a_reload_that_takes_the_last_wall_away_is_refused_wherever_it_wants_to_listen() {
    let settings = |listen: &str, more: &str| format!("listen: {listen}\n{more}\n");
    // Bound beyond loopback on purpose: that is the case. It admits nobody who is not on loopback.
    let walled = "allowed_callers: [127.0.0.0/8]";
    let folder = Folder::new(&settings("0.0.0.0", walled));
    let mut program = folder.serve();
    let key = |program: &Program| {
        let reply = program.post("/api/connection", "{}");
        reply.header("x-mirror-api-key").map(str::to_owned)
    };
    assert_eq!(key(&program).as_deref(), Some(KEY));
    for listen in ["0.0.0.0", "127.0.0.1"] {
        for open in [
            "",
            "allowed_callers: [0.0.0.0/0]",
            "policy: {allowed_upstreams: any}",
        ] {
            folder.settings(&settings(listen, open));
            program.hang_up(REFUSED);
            let metric = "mirror_config_last_reload_successful";
            assert_eq!(program.metric(metric).as_deref(), Some("0"));
        }
    }
    let refused = "nothing limits who may call or what may be reached";
    program.wait_for("refusals", |program| program.logged(refused) >= 6);
    let open = r#"mirror_insecure_config{reason="callers_open"}"#;
    assert_eq!(program.metric(open).as_deref(), Some("0"));
    let upstreams = "policy: {allowed_upstreams: ['http://a']}";
    folder.settings(&settings("0.0.0.0", upstreams));
    program.hang_up(IN_FORCE);
    assert_eq!(program.metric(open).as_deref(), Some("1"));
    assert_eq!(key(&program).as_deref(), Some(KEY));
    folder.settings(&settings("0.0.0.0", &format!("{walled}\n{upstreams}")));
    program.hang_up(IN_FORCE);
    assert_eq!(program.metric(open).as_deref(), Some("0"));
}

#[test]
fn strangers_cannot_fill_the_log_and_nothing_of_theirs_is_in_it() {
    let settings = "log: {level: trace}\ncallers: [{name: a, tokens: [the-token-of-alpha]}]";
    let mut program = Folder::new(settings).serve();
    let backend = Backend::start(|_| Answer::json("{}"));
    let body = format!(
        r#"{{"connectionDetails": {{"url": "{}", "token": "planted-token-9f2c"}}}}"#,
        backend.url()
    );
    for _ in 0..50 {
        assert_eq!(program.post("/api/metric", &body).status, 401);
    }
    program.wait_for("line", |program| program.logged("was not accepted") > 0);
    assert_eq!(program.logged("was not accepted"), 1);
    assert_eq!(
        program.logged("PM-6001"),
        program.logged("was not accepted")
    );
    assert_eq!(program.logged("planted"), 0);
    assert_eq!(program.logged("the-token-of-alpha"), 0);
    assert_eq!(backend.calls().len(), 0);
    let refused = r#"mirror_refused_callers_total{reason="token"}"#;
    assert_eq!(program.metric(refused).as_deref(), Some("50"));
}

#[test]
fn on_loopback_nobody_notices_any_of_this() {
    let folder = Folder::new("");
    let program = folder.serve();
    let reply = program.post("/api/connection", "{}");
    assert_eq!(reply.header("x-mirror-api-key"), Some(KEY));
    assert_eq!(program.logged("\"level\":\"WARN\""), 0);
    for reason in ["callers_open", "role_arns_open"] {
        let metric = format!(r#"mirror_insecure_config{{reason="{reason}"}}"#);
        assert_eq!(program.metric(&metric).as_deref(), Some("0"));
    }
}

#[test]
fn bodies_of_strangers_have_one_room_and_beyond_it_hear_503_without_the_key() {
    const TOKEN: &str = "the-token-of-alpha";
    const MIB: usize = 1 << 20;
    let folder = Folder::new(&format!("callers: [{{name: alpha, tokens: [{TOKEN}]}}]"));
    let mut program = folder.serve();
    let head =
        format!("POST /api/metric HTTP/1.1\r\nhost: localhost\r\ncontent-length: {MIB}\r\n\r\n");
    // What is only announced takes no room.
    let announced: Vec<Raw> = (0..64)
        .map(|_| {
            let mut raw = Raw::connect(program.mirror());
            raw.send(head.as_bytes());
            raw
        })
        .collect();
    assert!(is_accepted(&program, TOKEN));
    drop(announced);
    // Sixteen of a byte less than the largest, which their callers never end.
    let body = vec![b' '; MIB - 1];
    let strangers: Vec<Raw> = (0..16)
        .map(|_| {
            let mut raw = Raw::connect(program.mirror());
            raw.send(head.as_bytes());
            assert!(raw.send(&body));
            raw
        })
        .collect();
    let ask = |program: &Program| program.post("/api/connection", &with_token(TOKEN));
    program.wait_for("shedding", |program| ask(program).status == 503);
    let reply = ask(&program);
    assert_eq!(reply.header("x-mirror-api-key"), None);
    assert_eq!(reply.header("x-mirror-error"), Some("PM-6007"));
    assert_eq!(reply.header("retry-after"), Some("1"));
    let expected = r#"{"_type":"RemoteMirrorError","summary":"Mirror busy.","details":"The mirror is at its limit of memory. Add a replica. [PM-6007]"}"#;
    assert_eq!(reply.body, expected);
    // Pages that have no body are answered, and so is a body that was shed while it is still sent.
    assert_eq!(program.get("/healthcheck").status, 200);
    let mut raw = Raw::connect(program.mirror());
    raw.send(head.as_bytes());
    raw.send(&body);
    let heard = raw.hear(Duration::from_secs(5));
    assert_eq!(
        (heard.statuses(), heard.is_reset),
        (vec![503], false),
        "{heard:?}"
    );
    drop(strangers);
    program.wait_for("room", |program| ask(program).status == 200);
    assert!(is_accepted(&program, TOKEN));
}
