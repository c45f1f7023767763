//! The connection test as `test-connection` shows it: each step broken in turn, and what is warned
//! of.

use std::process::Command;
use std::time::Duration;
use std::time::UNIX_EPOCH;

use tempfile::TempDir;

use crate::fake_backend::Answer;
use crate::fake_backend::Backend;
use crate::fake_backend::Call;

/// What the command said.
struct Said {
    code: i32,
    /// The first words of each line: verdict and step.
    steps: Vec<(String, String)>,
    stdout: String,
    stderr: String,
}

/// Tests `details`, which `config` may name.
fn test(details: &str, config: &str) -> Said {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("details.yaml"), details).unwrap();
    std::fs::write(path("mirror.yaml"), config).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_prometheus-mirror"))
        .arg("test-connection")
        .arg("--config")
        .arg(path("mirror.yaml"))
        .arg("--connection")
        .arg(path("details.yaml"))
        .env_clear()
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let steps = stdout.lines().map(|line| {
        let mut words = line.split_whitespace().map(str::to_owned);
        (words.next().unwrap(), words.next().unwrap())
    });
    Said {
        code: output.status.code().unwrap(),
        steps: steps.collect(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        stdout,
    }
}

/// A success of the connection test, but for what `script` says.
fn backend(script: impl Fn(&Call) -> Option<Answer> + Send + Sync + 'static) -> Backend {
    Backend::start(move |call| {
        script(call).unwrap_or_else(|| {
            let query = call.parameters.iter().find(|(name, _)| name == "query");
            Answer::json(match (call.path.as_str(), query) {
                ("/api/v1/labels", _) => r#"{"status":"success","data":["job"]}"#,
                ("/api/v1/status/buildinfo", _) => {
                    r#"{"status":"success","data":{"version":"3.5.0"}}"#
                }
                (_, Some((_, query))) if query == "1+1" => {
                    r#"{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}"#
                }
                _ => r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"11"]}]}}"#,
            })
        })
    })
}

fn at(backend: &Backend) -> String {
    format!("url: {}", backend.url())
}

/// The test of `details` ends at `step` with `id`, in a text that fits into StackState's box.
#[track_caller]
fn ends(details: &str, config: &str, step: &str, id: &str, code: i32) {
    let said = test(details, config);
    let (stdout, stderr) = (&said.stdout, &said.stderr);
    let failed = ("FAIL".to_owned(), step.to_owned());
    assert_eq!(said.steps.last(), Some(&failed), "{stdout}{stderr}");
    let text = stderr.lines().last().unwrap();
    assert!(text.starts_with(&format!("error[{id}]: ")), "{stderr}");
    assert!(text.chars().count() <= 200, "{stderr}");
    assert_eq!(said.code, code, "{stderr}");
}

#[test]
fn each_step_broken_in_turn_ends_the_test_with_its_own_id() {
    let fine = backend(|_| None);
    ends("url: 7", "", "details", "PM-1002", 1);
    ends(
        &format!("{}\naws: {{roleArn: x}}", at(&fine)),
        "",
        "details",
        "PM-1008",
        1,
    );
    ends(
        &at(&fine),
        "policy: {named_only: true}",
        "allowed",
        "PM-6002",
        5,
    );
    ends(
        &format!("{}\nbearer_token_file: x", at(&fine)),
        "",
        "allowed",
        "PM-6005",
        5,
    );
    ends("connection: nobody", "", "allowed", "PM-6006", 5);
    ends("url: http://169.254.169.254", "", "allowed", "PM-6003", 5);
    ends("url: http://nowhere.invalid", "", "name", "PM-3001", 6);
    ends("url: http://127.0.0.1:1", "", "connect", "PM-3002", 6);
    let tls = at(&fine).replace("http:", "https:");
    ends(&tls, "", "TLS", "PM-3003", 6);
    let lab = format!(
        "connections: {{lab: {{{}, bearer_token_file: missing}}}}",
        at(&fine).replace("url: ", "url: '") + "'"
    );
    ends("connection: lab", &lab, "credentials", "PM-4007", 5);
    for (status, step, id, code) in [
        (401, "authorisation", "PM-3004", 5),
        (403, "authorisation", "PM-3004", 5),
        (404, "query", "PM-3009", 6),
        (500, "query", "PM-3009", 6),
    ] {
        let refusing = backend(move |_| Some(Answer::status(status, "no")));
        ends(&at(&refusing), "", step, id, code);
    }
    let login = backend(|_| Some(Answer::status(200, "<html>")));
    ends(&at(&login), "", "query", "PM-3010", 1);
    let silent = backend(|_| Some(Answer::Silence));
    let impatient = format!("{}\nrequest_timeout_seconds: 1", at(&silent));
    ends(&impatient, "", "query", "PM-3005", 6);
    let closed = backend(|call| (call.path == "/api/v1/labels").then(|| Answer::status(403, "no")));
    ends(&at(&closed), "", "data", "PM-3004", 5);
}

#[test]
fn who_sees_the_steps_sees_what_failed_where_the_text_does_not_say_it() {
    let details = "url: http://192.0.2.1:9090\nrequest_timeout_seconds: 1";
    ends(details, "", "connect", "PM-3000", 6);
    let said = test(details, "");
    let line = said.stdout.lines().last().unwrap();
    assert!(
        line.contains("no usable connection to 192.0.2.1:9090: connect: "),
        "{line}"
    );
    let walled = "policy: {allowed_upstreams: ['http://192.0.2.1:9090']}";
    let said = test(details, walled);
    assert!(said.stderr.contains("192.0.2.1"), "{}", said.stderr);
    assert!(!said.stderr.contains("PM-3000"), "{}", said.stderr);
}

#[test]
fn a_connection_that_can_be_used_shows_every_step() {
    let said = test(&at(&backend(|_| None)), "");
    assert_eq!(
        (said.code, said.stderr.as_str()),
        (0, ""),
        "{}",
        said.stdout
    );
    let steps: Vec<&str> = said.steps.iter().map(|(_, step)| step.as_str()).collect();
    assert_eq!(
        steps,
        [
            "details",
            "allowed",
            "name",
            "connect",
            "TLS",
            "credentials",
            "authorisation",
            "query",
            "data",
            "clock",
            "flavour",
        ]
    );
    let flavour = said.stdout.lines().last().unwrap();
    assert!(
        flavour.ends_with("promql-open; says version 3.5.0"),
        "{flavour}"
    );
}

/// The test of `details` succeeds and warns of `text` at `step`.
#[track_caller]
fn warns(details: &str, step: &str, text: &str) {
    let said = test(details, "");
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    let mut lines = said.stdout.lines();
    let found = lines.any(|line| {
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        line.starts_with(&format!("warn {step} ")) && line.contains(text)
    });
    assert!(found, "no {text} in\n{}", said.stdout);
}

#[test]
fn what_can_be_used_and_should_be_known_is_a_warning_at_its_step() {
    let fine = backend(|_| None);
    warns(
        &format!("{}\nremark: x", at(&fine)),
        "details",
        "remark: unknown key",
    );
    warns(
        &format!("{}\ndialect: metricsql", at(&fine)),
        "flavour",
        "dialect is set to metricsql",
    );
    let empty = backend(|call| {
        let answer = r#"{"status":"success","data":[]}"#;
        (call.path == "/api/v1/labels").then(|| Answer::json(answer))
    });
    warns(&at(&empty), "data", "no series in the last 5 minutes");
    let unlisted =
        backend(|call| (call.path == "/api/v1/labels").then(|| Answer::status(405, "no")));
    warns(&at(&unlisted), "data", "does not list labels (405)");
    let late = backend(|call| {
        let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(1_000_000_000));
        (call.path == "/api/v1/labels").then(|| Answer::Body {
            status: 200,
            headers: vec![("date", date)],
            body: br#"{"status":"success","data":["job"]}"#.to_vec(),
        })
    });
    warns(&at(&late), "clock", "the clocks differ by ");
    let unprobed = backend(|call| {
        let query = call.parameters.iter().find(|(name, _)| name == "query");
        let is_probe = query.is_some_and(|(_, query)| query != "1+1");
        is_probe.then(|| Answer::status(401, "no"))
    });
    warns(&at(&unprobed), "flavour", "dialect unknown");
}
