//! The program as a process: what each command prints where, and its exit code.

use std::net::TcpListener;
use std::process::Command;
use std::process::Output;

use crate::fake_backend::Answer;
use crate::fake_backend::Backend;
use crate::program::Program;

/// Runs the program with `arguments` and no variables but `variables`.
fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_prometheus-mirror"))
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

/// Checks exit code, stdout and the start of stderr.
#[track_caller]
fn check(output: &Output, code: i32, stdout: &str, stderr: &str) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert_eq!(text(&output.stdout), stdout);
    assert!(said.starts_with(stderr), "{said}");
    assert_eq!(said.is_empty(), stderr.is_empty(), "{said}");
}

#[test]
fn help_and_version_are_data() {
    for argument in ["--help", "--version"] {
        let output = run(&[argument], &[]);
        assert_eq!(output.status.code(), Some(0));
        assert!(!output.stdout.is_empty() && output.stderr.is_empty());
    }
}

#[test]
fn a_command_line_that_means_nothing_exits_with_2() {
    check(&run(&["frobnicate"], &[]), 2, "", "error: ");
}

#[test]
fn the_schema_is_what_is_served() {
    let document = prometheus_mirror::openapi::document();
    check(&run(&["schema", "openapi"], &[]), 0, &document, "");
    let details = prometheus_mirror::openapi::connection_details();
    check(
        &run(&["schema", "connection-details"], &[]),
        0,
        &details,
        "",
    );
    let config = prometheus_mirror::openapi::config();
    check(&run(&["schema", "config"], &[]), 0, &config, "");
}

#[test]
fn settings_that_cannot_be_used_exit_with_2_and_name_themselves() {
    let output = run(&["serve"], &[("PORT", "planted")]);
    check(&output, 2, "", "error[PM-5003]: PORT: must be an integer");
    assert!(
        !String::from_utf8(output.stderr)
            .unwrap()
            .contains("planted")
    );
    let output = run(&["--config", "/nonexistent/mirror.yaml"], &[]);
    check(&output, 2, "", "error[PM-5001]: /nonexistent/mirror.yaml: ");
}

#[test]
fn beyond_loopback_no_start_without_a_wall_and_one_line_says_which_there_are() {
    let line = "error[PM-5004]: 0.0.0.0:9900: nothing limits who may call or what may be reached; \
                set allowed_callers or callers, or policy.allowed_upstreams or connections, or \
                listen on 127.0.0.1\n";
    for variables in [
        &[][..],
        &[("API_KEY", "0123456789abcdef")],
        &[("MIRROR_CALLERS", "a")],
    ] {
        let output = run(&["--listen", "0.0.0.0"], variables);
        check(&output, 2, "", line);
        assert_eq!(output.stderr, line.as_bytes());
    }
    let (_folder, name) = config("listen: 0.0.0.0\napi_key: 0123456789abcdef");
    check(&run(&["check-config", &name], &[]), 1, "", line);
    assert_eq!(
        run(&["print-config", "--config", &name], &[]).status.code(),
        Some(0)
    );
}

#[test]
fn beyond_loopback_no_start_without_a_key_of_ones_own() {
    let wall = ("MIRROR_ALLOWED_CALLERS", "10.0.0.0/8");
    let missing = "error[PM-5005]: 0.0.0.0:9900: no key is set";
    check(&run(&["--listen", "0.0.0.0"], &[wall]), 2, "", missing);
    for known in ["unsecure", "API_KEY", "xxx"] {
        let variables = [("MIRROR_LISTEN", "0.0.0.0"), ("API_KEY", known), wall];
        let output = run(&[], &variables);
        check(&output, 2, "", "error[PM-5005]: API_KEY: is a default");
    }
}

#[test]
fn a_taken_port_exits_with_2_and_is_named() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = taken.local_addr().unwrap();
    let port = address.port().to_string();
    let variables = [
        ("API_KEY", "0123456789abcdef"),
        ("PORT", &port),
        ("ADMIN_PORT", "0"),
        ("MIRROR_LOG_LEVEL", "error"),
    ];
    let expected = format!("error[PM-5006]: {address}: cannot listen: ");
    check(&run(&["serve"], &variables), 2, "", &expected);
}

#[test]
fn health_of_a_mirror_that_is_not_there_exits_with_1() {
    // Bound and closed again, so that nobody listens there.
    let free = TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("http://{free}");
    let expected = format!("error: {url}/-/ready: no connection: ");
    check(&run(&["health", &url], &[]), 1, "", &expected);
    let page = format!("{url}/healthcheck");
    let of_page = format!("error: {page}: no connection: ");
    check(&run(&["health", &page], &[]), 1, "", &of_page);
    let port = free.port().to_string();
    check(
        &run(&["health"], &[("ADMIN_PORT", &port)]),
        1,
        "",
        &expected,
    );
    check(
        &run(&["health", "localhost"], &[]),
        2,
        "",
        "error: URL: has no scheme",
    );
}

/// A file `mirror.yaml` with `text`, and a name for it.
fn config(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mirror.yaml");
    std::fs::write(&path, text).unwrap();
    let name = path.to_str().unwrap().to_owned();
    (folder, name)
}

#[test]
fn check_config_names_every_error_with_its_place_and_exits_with_1() {
    let (_folder, name) = config(
        "prot: 1\nconnections:\n  a: {url: planted}\n  b: {url: 'http://b', bearer_token_file: missing}\n",
    );
    let output = run(&["check-config", &name], &[]);
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 3, "{said}");
    for (line, expected) in lines.iter().zip([
        format!("error[PM-5002]: {name}:1:1: prot: unknown key; did you mean port"),
        format!("error[PM-5003]: {name}:3:12: connections.a.url: has no scheme"),
        format!("error[PM-5007]: {name}:4:43: connections.b.bearer_token_file: "),
    ]) {
        assert!(line.starts_with(&expected), "{line}");
    }
    check(&output, 1, "", "error[PM-5002]: ");
    assert!(!said.contains("planted"));
}

#[test]
fn check_config_without_files_passes_over_what_they_hold() {
    let (_folder, name) = config(
        "api_key_file: missing\nconnections: {b: {url: 'http://b', bearer_token_file: missing}}\n",
    );
    let output = run(&["check-config", &name, "--offline"], &[]);
    check(&output, 0, "ok\n", "warning[PM-5003]: ");
    let output = run(&["check-config"], &[("MIRROR_CONFIG", &name)]);
    check(&output, 1, "", "error[PM-5007]: ");
}

#[test]
fn print_config_can_be_checked_again() {
    let (folder, name) = config("connections: {b: {url: 'https://b', bearer_token_file: b}}\n");
    std::fs::write(folder.path().join("b"), "token").unwrap();
    let arguments = ["print-config", "--config", &name, "--origin", "--port", "1"];
    let output = run(&arguments, &[("API_KEY", "planted")]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        text.contains(&format!("{name}:1")) && text.contains("# env API_KEY"),
        "{text}"
    );
    assert!(!text.contains("planted"), "{text}");
    let put_back = text.replace("<redacted>", "0123456789abcdef");
    std::fs::write(&name, put_back).unwrap();
    check(&run(&["check-config", &name], &[]), 0, "ok\n", "");
}

#[test]
fn print_config_of_a_bad_file_exits_with_2() {
    let (_folder, name) = config("prot: 1");
    let output = run(&["print-config", "--config", &name], &[]);
    check(&output, 2, "", "error[PM-5002]: ");
    let output = run(&["print-config", "--defaults"], &[("MIRROR_CONFIG", &name)]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn test_connection_needs_a_connection_and_a_file_that_can_be_read() {
    check(
        &run(&["test-connection"], &[]),
        2,
        "",
        "error: which connection?",
    );
    let (_folder, name) = config("url: [");
    let output = run(&["test-connection", "-c", &name], &[]);
    check(&output, 2, "", &format!("error[PM-5001]: {name}:1:"));
    let (_folder, name) = config("prot: 1");
    let output = run(&["test-connection", "-c", "x", "--config", &name], &[]);
    check(&output, 2, "", "error[PM-5002]: ");
    let output = run(&["test-connection"], &[("MIRROR_CONNECTION", "x")]);
    assert_eq!(output.status.code(), Some(5));
}

const NONE: &str = r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;
const DIALECT: &str = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[0,"11"]}]}}"#;

/// A backend with two samples of one series, its labels and their values; it knows no other name.
fn backend() -> Backend {
    Backend::start(|call| {
        let query = call.parameters.iter().find(|(name, _)| name == "query");
        let query = query.map_or("", |(_, text)| text.as_str());
        Answer::json(match call.path.as_str() {
            "/api/v1/labels" => r#"{"status":"success","data":["__name__","job"]}"#,
            path if path.ends_with("/values") => r#"{"status":"success","data":["up","upper"]}"#,
            "/api/v1/metadata" => r#"{"status":"success","data":{}}"#,
            "/api/v1/series" => r#"{"status":"success","data":[]}"#,
            _ if query.contains("vector(NaN)") => DIALECT,
            _ if query.contains("\"upp\"") || query.contains("\"nothing\"") => NONE,
            _ if query.starts_with("count(") => {
                r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[0,"2"]}]}}"#
            }
            _ => {
                r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up"},"values":[[1699999200,"1.50"],[1699999215.5,"2"]]}]}}"#
            }
        })
    })
}

/// The details of a backend as a file.
fn details(backend: &Backend) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join("lab.json");
    std::fs::write(&name, format!(r#"{{"url":"{}"}}"#, backend.url())).unwrap();
    (folder, name.to_str().unwrap().to_owned())
}

const RANGE: [&str; 4] = ["--from", "1699999200000", "--to", "2023-11-14T22:05:00Z"];

#[test]
fn query_prints_csv_off_a_terminal_and_every_other_form_when_asked() {
    let backend = backend();
    let (_folder, name) = details(&backend);
    let query = |more: &[&str], variables: &[(&str, &str)]| {
        let all = [&["query", "__gauge__=up"][..], &RANGE, more].concat();
        run(&all, variables)
    };
    let csv = "time,value\n2023-11-14T22:00:00Z,1.50\n2023-11-14T22:00:15.500Z,2.0\n";
    check(&query(&["-c", &name], &[]), 0, csv, "");
    let twins = [
        ("MIRROR_CONNECTION", name.as_str()),
        ("MIRROR_OUTPUT", "csv"),
    ];
    check(&query(&[], &twins), 0, csv, "");
    let table = query(&["-c", &name, "-o", "table", "--color", "always"], &[]);
    let text = String::from_utf8(table.stdout).unwrap();
    assert!(text.starts_with("\u{1b}[1mTIME "), "{text}");
    let json = query(&["-c", &name, "-o", "json"], &[]);
    let text = String::from_utf8(json.stdout).unwrap();
    assert!(text.starts_with(r#"{"_type":"MetricsResponse""#), "{text}");
    let yaml = query(&["-c", &name, "-o", "yaml"], &[]);
    let text = String::from_utf8(yaml.stdout).unwrap();
    assert!(
        text.contains("  points:\n  - [1.50,1699999200000]\n"),
        "{text}"
    );
    let chart = query(&["-c", &name, "-o", "chart"], &[("NO_COLOR", "1")]);
    let text = String::from_utf8(chart.stdout).unwrap();
    assert!(
        text.contains("maximum 2.0 at 2023-11-14T22:00:15.500Z\n"),
        "{text}"
    );
    assert!(text.lines().all(|line| line.chars().count() <= 100) && !text.contains('\u{1b}'));
}

#[test]
fn a_request_of_a_file_is_sent_as_it_is() {
    let backend = backend();
    let (folder, _) = details(&backend);
    let name = folder.path().join("request.json");
    let request = format!(
        r#"{{"connectionDetails":{{"url":"{}"}},"query":{{"conditions":[{{"key":"__gauge__","value":{{"value":"up"}}}}],"startTime":1699999200000,"endTime":1699999500000,"limit":1}}}}"#,
        backend.url()
    );
    std::fs::write(&name, request).unwrap();
    let output = run(&["query", "--request", name.to_str().unwrap()], &[]);
    let csv = "time,value\n2023-11-14T22:00:00Z,1.50\n";
    check(&output, 0, csv, "note: the answer is partial");
}

#[test]
fn fields_and_values_are_listed() {
    let backend = backend();
    let (_folder, name) = details(&backend);
    let output = run(&["fields", "-c", &name, "-o", "csv"], &[]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.starts_with("field,classified\n__counter__,\n"),
        "{text}"
    );
    assert!(text.ends_with("job,\n"), "{text}");
    let output = run(&["values", "job", "-c", &name], &[]);
    check(&output, 0, "VALUE\nup\nupper\n", "");
    let output = run(&["values", "job", "-c", &name, "-o", "chart"], &[]);
    check(&output, 2, "", "error: a chart");
}

#[test]
fn an_exit_code_tells_what_kind_of_failure_it_was() {
    let backend = backend();
    let (_folder, name) = details(&backend);
    let query = |conditions: &[&str]| {
        let all = [&["query", "-c", &name][..], &RANGE, conditions].concat();
        run(&all, &[])
    };
    check(&query(&["__gauge__=nothing"]), 3, "", "error[PM-2002]: ");
    check(&query(&["job=x"]), 1, "", "error[PM-1003]: ");
    check(&query(&["job"]), 2, "", "error: ");
    check(
        &query(&["__gauge__=up", "--bucket", "60"]),
        2,
        "",
        "error: ",
    );
    let (folder, _) = details(&backend);
    let dead = folder.path().join("dead.json");
    std::fs::write(&dead, r#"{"url":"http://127.0.0.1:1"}"#).unwrap();
    let output = run(&["fields", "-c", dead.to_str().unwrap()], &[]);
    check(&output, 6, "", "error[PM-3002]: ");
}

#[test]
fn a_diagnosis_names_the_cause_and_what_to_try() {
    let backend = backend();
    let (_folder, name) = details(&backend);
    let output = run(&["diagnose", "-c", &name, "__gauge__=upp"], &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3), "{text}");
    for line in [
        "\nFAIL  metric     no series named upp in the last 1 h ",
        "\ncause certain    no series named upp in the last 1 h; nearest: up (2 series), upper\n",
        "\ntry              __gauge__ = up\n",
        "\n4 of 10 calls, ",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert_eq!(backend.calls().len(), 4);
}

#[test]
fn the_catalogue_needs_no_network() {
    let output = run(&["error", "pm-2001"], &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        text.starts_with("PM-2001  ") && text.contains("How to fix it\n"),
        "{text}"
    );
    check(
        &run(&["error", "PM-1"], &[]),
        2,
        "",
        "error: there is no error",
    );
    let output = run(&["errors", "--markdown"], &[]);
    let index = prometheus_mirror::failures::catalogue::pages::index();
    check(&output, 0, &index, "");
    let output = run(&["errors", "-o", "json"], &[]);
    assert!(output.stdout.starts_with(br#"[{"id":"PM-1001","#));
}

#[test]
fn onboarding_shows_no_secret_unless_it_is_told_to() {
    let backend = backend();
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join("lab.json");
    let text = format!(
        r#"{{"url":"{}","basic_auth":{{"username":"u","password":"planted-1"}}}}"#,
        backend.url()
    );
    std::fs::write(&name, text).unwrap();
    let name = name.to_str().unwrap();
    let key = [("API_KEY", "planted-23456789abcdef")];
    let hidden = run(&["onboard", "-c", name], &key);
    let text = String::from_utf8(hidden.stdout).unwrap();
    assert!(
        text.starts_with("DataSourceUrl            http://127.0.0.1:9900\n"),
        "{text}"
    );
    assert!(!text.contains("planted"), "{text}");
    let shown = run(&["onboard", "-c", name, "--show-secrets"], &key);
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(
        text.contains("planted-1") && text.contains("planted-23456789abcdef"),
        "{text}"
    );
}

#[test]
fn what_onboarding_prints_is_accepted_when_it_is_pasted() {
    let backend = backend();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    // As the packages and the chart keep them: key and tokens are files.
    file("api-key", "a-key-that-a-file-holds\n");
    file("token", "a-token-that-a-file-holds\n");
    let config = file(
        "mirror.yaml",
        &format!(
            "listen: 127.0.0.1\nport: 0\nadmin_port: 0\napi_key_file: api-key\n\
             callers: [{{name: other, tokens: [0123456789abcdef], connections: []}}, \
             {{name: stackstate, token_files: [token], connections: [prod]}}]\n\
             connections: {{prod: {{url: '{}'}}}}\n",
            backend.url()
        ),
    );
    let path = config.to_str().unwrap();
    let arguments = ["onboard", "-c", "prod", "--config", path];
    let hidden = run(&arguments, &[]);
    let text = String::from_utf8(hidden.stdout).unwrap();
    let secret = "<redacted> (--show-secrets prints it)";
    assert!(
        text.contains(&format!("API Key                  {secret}\n"))
            && text.contains(r#"JSON  {"connection":"prod","token":"<redacted>"}"#),
        "{text}"
    );
    let shown = run(&[&arguments[..], &["--show-secrets"]].concat(), &[]);
    let text = String::from_utf8(shown.stdout).unwrap();
    let value = |name: &str| {
        let mut lines = text.lines();
        let line = lines.find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{text}")).trim_start()
    };
    let details = value("Connection Details JSON");
    let program = Program::serve(&config);
    let body = format!(r#"{{"connectionDetails":{details}}}"#);
    let reply = program.post("/api/connection", &body);
    assert_eq!(reply.status, 200, "{details}: {}", reply.body);
    assert_eq!(reply.header("x-mirror-api-key"), Some(value("API Key")));
}

#[test]
fn onboarding_tells_whose_token_it_shows_and_what_it_cannot_read() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("mirror.yaml");
    let text = "\
listen: 0.0.0.0
api_key_file: nowhere
callers:
- {name: a, token_files: [absent], connections: [prod]}
- {name: b, tokens: [bbbbbbbbbbbbbbbb, cccccccccccccccc]}
- {name: c, tokens: [dddddddddddddddd], upstreams: ['https://lab.example.net']}
connections: {prod: {url: 'http://127.0.0.1:1'}}
";
    std::fs::write(&config, text).unwrap();
    let path = config.to_str().unwrap();
    let details = folder.path().join("lab.json");
    std::fs::write(&details, r#"{"url":"https://lab.example.net:443/"}"#).unwrap();
    let lab = details.to_str().unwrap();
    let told = |connection: &str, more: &[&str], variables: &[(&str, &str)]| {
        let arguments = [
            "onboard",
            "-c",
            connection,
            "--config",
            path,
            "--show-secrets",
        ];
        let output = run(&[&arguments[..], more].concat(), variables);
        let text = String::from_utf8(output.stdout).unwrap();
        (text, String::from_utf8(output.stderr).unwrap())
    };
    let (text, said) = told("prod", &[], &[]);
    assert!(
        text.contains("http://<name of this machine>:9900\n"),
        "{text}"
    );
    let nowhere = folder.path().join("nowhere");
    let key = format!(
        "API Key                  <what {} holds>\n",
        nowhere.display()
    );
    assert!(text.contains(&key), "{text}");
    assert!(text.contains("absent holds>\"}"), "{text}");
    assert!(said.contains("nowhere: the file cannot be read"), "{said}");
    assert!(
        said.contains("that of a; --caller gives another's: b\n"),
        "{said}"
    );
    // The one in use, not the next.
    let (text, said) = told("prod", &["--caller", "b"], &[]);
    assert!(
        text.contains(r#""token":"bbbbbbbbbbbbbbbb""#),
        "{text}{said}"
    );
    let (text, said) = told(lab, &[], &[]);
    assert!(
        text.contains(r#""token":"bbbbbbbbbbbbbbbb""#),
        "{text}{said}"
    );
    assert!(said.contains("another's: c\n"), "{said}");
    // The environment's goes with the caller that it makes.
    let variables = [("CALLER_TOKEN", "eeeeeeeeeeeeeeee")];
    let (text, _) = told("prod", &["--caller", "default"], &variables);
    assert!(text.contains(r#""token":"eeeeeeeeeeeeeeee""#), "{text}");
    let output = run(
        &["onboard", "-c", lab, "--config", path, "--caller", "z"],
        &[],
    );
    check(
        &output,
        2,
        "",
        "error: no caller with a token is called z; there are: a, b, c",
    );
}

#[test]
fn completions_and_man_pages_are_made_of_the_definition() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = run(&["completions", shell], &[]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success() && text.contains("diagnose"),
            "{shell}"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let output = run(&["man", "--dir", folder.path().to_str().unwrap()], &[]);
    check(&output, 0, "", "");
    let page = std::fs::read_to_string(folder.path().join("prometheus-mirror-query.1")).unwrap();
    assert!(
        page.contains(".TH") && page.contains("\\-\\-since"),
        "{page}"
    );
    assert!(folder.path().join("prometheus-mirror.1").exists());
}
