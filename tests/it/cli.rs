//! The program as a process: what each command prints where, and its exit code.

use std::net::TcpListener;
use std::process::Command;
use std::process::Output;

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
