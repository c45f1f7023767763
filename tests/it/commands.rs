//! What the commands that explain print: whole transcripts, in a pipe and on a terminal, with their exit
//! codes (experience.md, "Command line").

use std::path::Path;
use std::process::Command;
use std::process::Output;

use prometheus_mirror::config::details::as_json;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::fake_backend::Answer;
use crate::fake_backend::Backend;
use crate::harness::Mirror;

const SEVERAL: &str = r#"{"status":"success","data":{"resultType":"matrix","result":[
    {"metric":{"__name__":"m","job":"x","pod":"a"},"values":[[1699999200,"1"]]},
    {"metric":{"__name__":"m","job":"x","pod":"b"},"values":[[1699999200,"2"]]}]}}"#;
const ONE: &str = r#"{"status":"success","data":{"resultType":"matrix","result":[
    {"metric":{"__name__":"one","job":"x"},"values":[[1699999200,"1.50"],[1699999260,"2"]]}]}}"#;
const AT_ENDS: &str = r#"{"status":"success","data":{"resultType":"matrix","result":[
    {"metric":{},"values":[[1699999260,"1.50"],[1699999320,"2"]]}]}}"#;
const NONE: &str = r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;

/// A backend with one series of `one`, two of `m`, and no other.
fn backend() -> Backend {
    Backend::start(|call| {
        let query = call.parameters.iter().find(|(name, _)| name == "query");
        let query = query.map_or("", |(_, text)| text.as_str());
        let vector = |result: &str| {
            format!(
                r#"{{"status":"success","data":{{"resultType":"vector","result":[{result}]}}}}"#
            )
        };
        Answer::json(match call.path.as_str() {
            "/api/v1/labels" => {
                r#"{"status":"success","data":["__name__","job","pod"]}"#.to_owned()
            }
            path if path.ends_with("/values") => {
                r#"{"status":"success","data":["m","one"]}"#.to_owned()
            }
            "/api/v1/metadata" => r#"{"status":"success","data":{}}"#.to_owned(),
            "/api/v1/series" => r#"{"status":"success","data":[]}"#.to_owned(),
            _ if query == "1+1" => {
                r#"{"status":"success","data":{"resultType":"scalar","result":[0,"2"]}}"#.to_owned()
            }
            _ if query.contains("vector(NaN)") => vector(r#"{"metric":{},"value":[0,"11"]}"#),
            _ if query.contains("\"nothing\"") => NONE.to_owned(),
            _ if query.starts_with("count(") && query.contains("\"one\"") => {
                vector(r#"{"metric":{},"value":[0,"1"]}"#)
            }
            _ if query.starts_with("count(") => vector(r#"{"metric":{},"value":[0,"2"]}"#),
            _ if query.starts_with("count_over_time(") => vector(
                r#"{"metric":{"job":"x","pod":"a"},"value":[0,"2"]},{"metric":{"job":"x","pod":"b"},"value":[0,"2"]}"#,
            ),
            _ if query.contains("\"m\"") => SEVERAL.to_owned(),
            "/api/v1/query_range" => AT_ENDS.to_owned(),
            _ => ONE.to_owned(),
        })
    })
}

/// A backend, a folder, and in it the details by which it is reached.
pub(crate) struct Lab {
    backend: Backend,
    pub(crate) folder: tempfile::TempDir,
    details: String,
}

pub(crate) fn lab() -> Lab {
    lab_with("")
}

fn lab_with(more: &str) -> Lab {
    let backend = backend();
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join("lab.json");
    let text = format!(r#"{{"url":"{}"{more}}}"#, backend.url());
    std::fs::write(&name, text).unwrap();
    Lab {
        backend,
        details: name.to_str().unwrap().to_owned(),
        folder,
    }
}

const RANGE: [&str; 4] = ["--from", "1699999200000", "--to", "1699999500000"];

impl Lab {
    fn run(&self, arguments: &[&str]) -> Output {
        run(&[arguments, &["-c", &self.details]].concat(), &[])
    }

    /// A file in the folder that holds `text`.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let name = self.folder.path().join(name);
        std::fs::write(&name, text).unwrap();
        name.to_str().unwrap().to_owned()
    }

    /// What was printed, with what varies by its name: the backend, and milliseconds.
    pub(crate) fn shown(&self, output: &[u8]) -> String {
        let text = String::from_utf8(output.to_vec()).unwrap();
        let text = text
            .replace(&self.backend.url(), "{backend}")
            .replace(&self.backend.host(), "{host}");
        let mut shown = String::new();
        for (place, part) in text.split(" ms").enumerate() {
            if place > 0 {
                let kept = shown.trim_end_matches(|c: char| c.is_ascii_digit());
                let padding = if kept.ends_with("   ") { "   " } else { " " };
                shown.truncate(kept.trim_end_matches(' ').len());
                shown.push_str(padding);
                shown.push_str("{n} ms");
            }
            shown.push_str(part);
        }
        shown
    }
}

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_prometheus-mirror"))
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

/// Runs the program on a terminal of 80 columns; what it printed, and its exit code.
fn on_terminal(arguments: &[&str], variables: &[(&str, &str)]) -> (String, i32) {
    let quoted = |text: &&str| format!("'{}'", text.replace('\'', r"'\''"));
    let arguments: Vec<String> = arguments.iter().map(quoted).collect();
    let variables: Vec<String> = variables.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let program = env!("CARGO_BIN_EXE_prometheus-mirror");
    let line = format!(
        "stty cols 80; exec env -i TERM=xterm {} '{program}' {}",
        variables.join(" "),
        arguments.join(" ")
    );
    let output = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (text.replace("\r\n", "\n"), output.status.code().unwrap())
}

#[track_caller]
fn check(lab: &Lab, output: &Output, code: i32, stdout: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(lab.shown(&output.stdout), stdout, "{said}");
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.is_empty(), "{said}");
}

/// Whether a text is JSON, or YAML.
fn parses(text: &str) -> bool {
    let json = as_json("stdout", text).unwrap_or_default();
    serde_json::from_str::<IgnoredAny>(&json).is_ok() && !text.is_empty()
}

const AMBIGUOUS: &str = r#"1 request     MetricsRequest, raw, 2 conditions, profile exact
2 conditions  __gauge__ = m   -> metric name
              job = x         -> matcher job="x"
3 promql      count_over_time(vector(1)[60s:60s]) + 10 * (count(vector(NaN)) or vector(0))   (probe)
              {__name__="m",job="x"}[300001ms]
4 plan        1 call at 22:05:00.000, deadline 30 s
5 calls       POST {backend}/api/v1/query   200   {n} ms   1 series
              POST {backend}/api/v1/query   200   {n} ms   2 series   1 sample
6 reduction   stopped: a raw query needs one series
7 response    500 RemoteMirrorError "Too many metrics."
error[PM-2001]: 2 series match m{job="x"}; they differ in ['pod']
  pod   a | b
  fix   add the condition  pod = a
  or    ~ = sum(m{job="x"})
"#;

#[test]
fn explain_tells_the_seven_stages_and_ends_as_the_request_did() {
    let lab = lab();
    let explain = |conditions: &[&str]| lab.run(&[&["explain"], &RANGE[..], conditions].concat());
    check(&lab, &explain(&["__gauge__=m", "job=x"]), 4, AMBIGUOUS);

    let output = explain(&["__gauge__=one", "--agg", "MEAN", "--bucket", "60s"]);
    let text = lab.shown(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for line in [
        "1 request     MetricsRequest, MEAN in buckets of 60 s, 1 condition, profile exact\n",
        "4 plan        5 buckets of 60 s from 2023-11-14T22:00:00Z to 2023-11-14T22:05:00Z\n",
        "7 response    200 MetricsResponse, 2 points from ",
        "notice[PM-7004]: The backend combines all series that match into one.\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }

    let output = explain(&["__gauge__=nothing"]);
    let text = lab.shown(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(
        text.contains("\n7 response    500 MetricNotFoundError\n"),
        "{text}"
    );
    assert!(
        text.contains("\nerror[PM-2002]: No series matches nothing. "),
        "{text}"
    );
    let output = explain(&["job=x"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

#[test]
fn every_form_of_every_command_parses() {
    let lab = lab();
    let point = ["__gauge__=one", RANGE[0], RANGE[1], RANGE[2], RANGE[3]];
    let commands: [&[&str]; 5] = [
        &["query"],
        &["explain"],
        &["diagnose"],
        &["fields", "--limit", "2"],
        &["values", "job"],
    ];
    for command in commands {
        let is_list = ["fields", "values"].contains(&command[0]);
        let of: &[&str] = if is_list { &[] } else { &point };
        for form in ["json", "yaml"] {
            let output = lab.run(&[command, of, &["-o", form]].concat());
            let text = String::from_utf8(output.stdout).unwrap();
            assert_eq!(output.status.code(), Some(0), "{command:?} {form}: {text}");
            assert!(parses(&text), "{command:?} {form}: {text}");
        }
        let table = lab.run(&[command, of, &["-o", "table"]].concat());
        assert!(
            table.status.success() && !table.stdout.is_empty(),
            "{table:?}"
        );
        let csv = lab.run(&[command, of, &["-o", "csv"]].concat());
        let chart = lab.run(&[command, of, &["-o", "chart"]].concat());
        assert_eq!(
            csv.status.code(),
            Some(if command[0] == "explain" { 2 } else { 0 })
        );
        assert_eq!(
            chart.status.code(),
            Some(if command[0] == "query" { 0 } else { 2 })
        );
        let text = String::from_utf8(csv.stdout).unwrap();
        let columns: Vec<usize> = text.lines().map(|it| it.matches(',').count()).collect();
        assert!(
            columns.windows(2).all(|pair| pair[0] == pair[1]) || is_list,
            "{text}"
        );
    }
    for schema in [
        "config",
        "connection-details",
        "record",
        "bundle",
        "openapi",
    ] {
        let output = run(&["schema", schema], &[]);
        assert!(
            parses(&String::from_utf8(output.stdout).unwrap()),
            "{schema}"
        );
    }
}

#[test]
fn a_dry_run_prints_the_calls_and_sends_nothing() {
    let lab = lab_with(
        r#","basic_auth":{"username":"planted-1","password":"planted-2"},
           "headers":{"X-Scope-OrgID":"planted-3"},"query_parameters":{"dedup":"planted-4"}"#,
    );
    let dry = |arguments: &[&str]| lab.run(&[arguments, &["--dry-run"]].concat());
    let expected = r#"# assumed, a probe would tell: dialect promql-open
curl -sS {backend}/api/v1/query \
  -u "$BACKEND_USER:$BACKEND_PASSWORD" \
  -H "x-scope-orgid: $X_SCOPE_ORGID" \
  --data-urlencode 'query={__name__="m"}[300001ms]' \
  --data-urlencode time=1699999500.000 \
  --data-urlencode timeout=30000ms \
  --data-urlencode dedup="$DEDUP"
"#;
    for command in ["query", "explain"] {
        let output = dry(&[&[command, "__gauge__=m"], &RANGE[..]].concat());
        let text = lab.shown(&output.stdout);
        let first: String = text.split_inclusive('\n').take(8).collect();
        assert_eq!(first, expected, "{command}: {text}");
        assert_eq!(output.status.code(), Some(0));
    }
    for arguments in [
        &["fields"][..],
        &["values", "job"],
        &["values", "__gauge__"],
    ] {
        let output = dry(arguments);
        let text = lab.shown(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{text}");
        assert!(text.starts_with("curl -sS"), "{arguments:?}: {text}");
        assert!(!text.contains("planted"), "{text}");
    }
    let output = dry(&["query", "job=x"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(lab.backend.calls().is_empty());
}

#[test]
fn a_mirror_that_runs_answers_as_this_process_does() {
    let lab = lab();
    let mirror = Mirror::start();
    let url = mirror.admin_url();
    let commands: [&[&str]; 6] = [
        &[
            "query",
            "__gauge__=one",
            "--from",
            RANGE[1],
            "--to",
            RANGE[3],
        ],
        &["query", "__gauge__=m", "--from", RANGE[1], "--to", RANGE[3]],
        &[
            "explain",
            "__gauge__=one",
            "--from",
            RANGE[1],
            "--to",
            RANGE[3],
            "-o",
            "table",
        ],
        &["fields"],
        &["values", "job", "-o", "json"],
        &["test-connection"],
    ];
    for command in commands {
        let here = lab.run(command);
        let there = lab.run(&[command, &["--admin-url", &url]].concat());
        assert_eq!(
            here.status.code(),
            there.status.code(),
            "{command:?}: {there:?}"
        );
        let comparable = |output: &[u8]| {
            // The addresses that a test tries, and clocks, are measured.
            let text = lab.shown(output);
            let lines = text.lines().filter(|line| !line.contains("clock"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        // A dialect that is remembered is not asked for again.
        if command[0] != "explain" {
            assert_eq!(
                comparable(&here.stdout),
                comparable(&there.stdout),
                "{command:?}"
            );
        }
        assert_eq!(
            comparable(&here.stderr),
            comparable(&there.stderr),
            "{command:?}"
        );
    }
    let output = lab.run(&["diagnose", "__gauge__=m", "job=x", "--admin-url", &url]);
    let text = lab.shown(&output.stdout);
    assert_eq!(output.status.code(), Some(4), "{text}");
    assert!(text.contains("\nfix              Add pod = a.\n"), "{text}");
    assert!(text.contains("\n  or    ~ = sum(m{job=\"x\"})\n"), "{text}");
}

#[test]
fn a_mirror_that_does_not_answer_or_refuses_exits_by_its_kind() {
    let lab = lab();
    let ask = |url: &str, more: &[&str]| {
        let fields = ["fields", "--admin-url", url];
        lab.run(&[&fields[..], more].concat())
    };
    assert_eq!(ask("http://127.0.0.1:1", &[]).status.code(), Some(6));
    assert_eq!(ask("nonsense:", &[]).status.code(), Some(2));
    let gate = Backend::start(|call| {
        let token = call.header("authorization");
        match token {
            Some("Bearer planted-token-0123") => Answer::status(
                429,
                r#"{"error":{"id":null,"message":"two such requests are being worked on"}}"#,
            ),
            _ => Answer::status(
                401,
                r#"{"error":{"id":null,"message":"give the console token"}}"#,
            ),
        }
    });
    let refused = ask(&gate.url(), &[]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(5), "{said}");
    assert!(said.contains("give the console token"), "{said}");
    let token = lab.file("token", "planted-token-0123\n");
    let busy = ask(&gate.url(), &["--token-file", &token]);
    let said = String::from_utf8(busy.stderr).unwrap();
    assert_eq!(busy.status.code(), Some(1), "{said}");
    assert!(
        said.contains("two such requests") && !said.contains("planted"),
        "{said}"
    );
    let missing = ask(&gate.url(), &["--token-file", "/nonexistent/token"]);
    assert_eq!(missing.status.code(), Some(2));
}

#[test]
fn a_record_is_replayed_without_network_and_asked_again_with_it() {
    let lab = lab();
    let record = lab.run(
        &[
            &["explain", "__gauge__=m", "job=x", "-o", "json"],
            &RANGE[..],
        ]
        .concat(),
    );
    let record = String::from_utf8(record.stdout).unwrap();
    let file = lab.file("record.json", &record);
    let asked = lab.backend.calls().len();
    check(&lab, &run(&["replay", &file], &[]), 0, AMBIGUOUS);
    let bundle = format!(
        r#"{{"bundle":1,"build":{{"version":"9.9.9","revision":"abc"}},"record":{record},"diagnosis":null}}"#
    );
    let bundle = lab.file("bundle.json", &bundle);
    let expected = format!("build         9.9.9 (abc)\n{AMBIGUOUS}");
    check(&lab, &run(&["replay", &bundle], &[]), 0, &expected);
    assert_eq!(lab.backend.calls().len(), asked);

    let live = lab.run(&["replay", &bundle, "--live", "--at", "then"]);
    check(&lab, &live, 4, AMBIGUOUS);
    assert!(lab.backend.calls().len() > asked);
    assert_eq!(
        run(&["replay", &bundle, "--live"], &[]).status.code(),
        Some(2)
    );
    let other = lab.file("other.json", r#"{"bundle":7}"#);
    let output = run(&["replay", &other], &[]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("bundles of version 7 are not known here"),
        "{said}"
    );
}

#[derive(Deserialize)]
struct Bundle {
    bundle: u8,
    settings: String,
    requests: Vec<Request>,
}

#[derive(Deserialize)]
struct Request {
    id: String,
    code: Option<String>,
}

#[test]
fn a_bundle_for_support_holds_what_the_mirror_did_and_no_secret() {
    let lab = lab();
    let mirror = Mirror::start();
    let request = format!(
        r#"{{"connectionDetails":{{"url":"{}","basic_auth":{{"username":"u","password":"planted-1"}}}},
            "query":{{"conditions":[{{"key":"__gauge__","value":{{"value":"m"}}}}],"startTime":1699999200000,"endTime":1699999500000}}}}"#,
        lab.backend.url()
    );
    mirror.post("/api/metric", &request);
    let config = lab.file(
        "config.yaml",
        "connections:\n  prod: { url: http://a, basic_auth: { username: u, password: planted-2 } }\n",
    );
    let file = lab.folder.path().join("support.json");
    let name = file.to_str().unwrap();
    let url = mirror.admin_url();
    let arguments = ["support-bundle", "--config", &config, "--admin-url", &url];
    let output = run(
        &[&arguments[..], &["--file", name]].concat(),
        &[("API_KEY", "planted-3")],
    );
    assert!(output.status.success(), "{output:?}");
    let text = std::fs::read_to_string(Path::new(&file)).unwrap();
    assert!(!text.contains("planted"), "{text}");
    let bundle: Bundle = serde_json::from_str(&text).unwrap();
    assert_eq!(bundle.bundle, 1);
    assert!(bundle.settings.contains("prod:"), "{}", bundle.settings);
    assert_eq!(bundle.requests.len(), 1);
    let entry = &bundle.requests[0];
    assert_eq!(entry.code.as_deref(), Some("PM-2001"));

    let shown = run(&["replay", name], &[]);
    let text = lab.shown(&shown.stdout);
    assert!(shown.status.success(), "{shown:?}");
    assert!(text.contains("\nstatus        ready, up "), "{text}");
    assert!(text.contains("  metric  PM-2001  {host}"), "{text}");
    // Its connection had a secret, which is not kept.
    let live = [
        "replay", name, "--live", "--at", "then", "--entry", &entry.id,
    ];
    assert_eq!(run(&live, &[]).status.code(), Some(2));
    assert_eq!(lab.run(&live).status.code(), Some(4));

    let nobody = run(
        &["support-bundle", "--admin-url", "http://127.0.0.1:1"],
        &[],
    );
    assert_eq!(nobody.status.code(), Some(0));
    let said = String::from_utf8(nobody.stderr).unwrap();
    assert!(said.contains("neither status nor requests"), "{said}");
    assert!(parses(&String::from_utf8(nobody.stdout).unwrap()));
}

#[test]
fn on_a_terminal_of_80_columns_no_line_is_wider_and_colours_can_be_refused() {
    let lab = lab();
    let commands: [&[&str]; 6] = [
        &["explain", "__gauge__=m", "job=x"],
        &["diagnose", "__gauge__=m", "job=x"],
        &[
            "query",
            "__gauge__=one",
            "--from",
            RANGE[1],
            "--to",
            RANGE[3],
        ],
        &["fields"],
        &["values", "job"],
        &["errors"],
    ];
    for command in commands {
        let mut all = command.to_vec();
        if command[0] != "errors" {
            all.extend(["-c", lab.details.as_str()]);
        }
        let (coloured, code) = on_terminal(&all, &[]);
        let (plain, same) = on_terminal(&all, &[("NO_COLOR", "1")]);
        assert_eq!(code, same, "{command:?}: {plain}");
        let expected = i32::from(["explain", "diagnose"].contains(&command[0])) * 4;
        assert_eq!(code, expected, "{command:?}: {plain}");
        assert!(!plain.contains('\u{1b}'), "{command:?}: {plain}");
        if command[0] != "query" {
            assert!(coloured.contains("\u{1b}["), "{command:?}: {coloured}");
        }
        let stages = plain.lines().take_while(|line| {
            !line.starts_with("error") && !line.starts_with("cause") && !line.starts_with("FAIL")
        });
        for line in stages {
            assert!(line.chars().count() <= 80, "{command:?}: {line}");
        }
    }
}
