//! The command `test-connection`: the whole ladder, for a person at a terminal.

use serde_json::{Value, json};

use crate::aws::{ROLE, STATIC};
use crate::command::{Ended, run};
use crate::nginx::{PASSWORD, USER};
use crate::rig::Rig;
use crate::setup::Setup;

crate::cases![
    every_step_has_a_line_of_its_own,
    a_broken_step_is_the_last_and_sets_the_exit_code,
    a_named_connection_is_tested_from_its_file,
    the_steps_of_aws_are_shown_with_the_identity,
    no_secret_is_printed,
];

/// The steps of a connection that can be used, as `connections.md` names them.
const STEPS: [&str; 9] = [
    "details",
    "allowed",
    "name",
    "connect",
    "credentials",
    "authorisation",
    "query",
    "data",
    "clock",
];

/// Tests details given as a file.
fn test(details: &Value, environment: &[(&str, &str)]) -> Ended {
    let setup = Setup::new().file("details.json", &details.to_string());
    run(
        &["test-connection", "-c", &setup.path("details.json")],
        environment,
    )
}

/// Each step in its order, at the beginning of a line or after a verdict.
#[track_caller]
fn has_steps(text: &str, steps: &[&str]) {
    let mut lines = text.lines();
    for step in steps {
        let found = lines.any(|line| {
            line.split_ascii_whitespace()
                .take(2)
                .any(|word| word.trim_matches(',') == *step)
        });
        assert!(found, "no line for {step} in its place:\n{text}");
    }
}

fn every_step_has_a_line_of_its_own(rig: &Rig) {
    let ended = test(&json!({"url": rig.prometheus.url}), &[]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    has_steps(&ended.stdout, &STEPS);
    assert!(
        ended.stdout.contains("ms"),
        "each with its time:\n{}",
        ended.stdout
    );
}

fn a_broken_step_is_the_last_and_sets_the_exit_code(rig: &Rig) {
    let wrong = json!({"username": USER, "password": "wrong"});
    for (details, code, id, last) in [
        (
            json!({"url": rig.nginx.url("basic"), "basic_auth": wrong}),
            5,
            "PM-3004",
            "authorisation",
        ),
        (
            json!({"url": "http://127.0.0.1:1"}),
            6,
            "PM-3002",
            "connect",
        ),
        (
            json!({"url": rig.nginx.tls_url("tls", "open")}),
            6,
            "PM-3003",
            "connect",
        ),
        (
            json!({"url": rig.nginx.url("login")}),
            1,
            "PM-3010",
            "query",
        ),
        (
            json!({"url": "http://169.254.169.254"}),
            5,
            "PM-6003",
            "allowed",
        ),
    ] {
        let ended = test(&details, &[]);
        assert_eq!(ended.code, code, "{}{}", ended.stdout, ended.stderr);
        let all = format!("{}{}", ended.stdout, ended.stderr);
        assert!(all.contains(id), "no {id}: {all}");
        let end = STEPS.iter().position(|step| *step == last).unwrap();
        if id != "PM-6003" {
            has_steps(&ended.stdout, &STEPS[..=end]);
        }
        assert!(
            !STEPS[end + 1..]
                .iter()
                .any(|step| ended.stdout.contains(&format!("ok    {step}")))
        );
    }
}

fn a_named_connection_is_tested_from_its_file(rig: &Rig) {
    let basic = json!({"username": USER, "password_file": "password"});
    let setup = Setup::new().file("password", PASSWORD).connection(
        "lab",
        json!({"url": rig.nginx.url("basic"), "basic_auth": basic}),
    );
    let config = setup.write_config().display().to_string();
    let ended = run(&["test-connection", "-c", "lab", "--config", &config], &[]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let ended = run(
        &["test-connection", "-c", "other", "--config", &config],
        &[],
    );
    assert_eq!(ended.code, 5, "{}{}", ended.stdout, ended.stderr);
}

fn the_steps_of_aws_are_shown_with_the_identity(rig: &Rig) {
    let environment = [
        ("AWS_ENDPOINT_URL_STS", rig.sts.url.as_str()),
        ("AWS_REGION", "eu-west-1"),
    ];
    let ended = test(&rig.assuming(&STATIC, ROLE), &environment);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    has_steps(&ended.stdout, &STEPS);
    assert!(
        ended.stdout.contains("amp-query"),
        "whose role:\n{}",
        ended.stdout
    );
    rig.sts.set(&json!({"denied_roles": [ROLE]}));
    let ended = test(&rig.assuming(&STATIC, ROLE), &environment);
    assert_eq!(ended.code, 5, "{}{}", ended.stdout, ended.stderr);
    assert!(format!("{}{}", ended.stdout, ended.stderr).contains("PM-4002"));
}

fn no_secret_is_printed(rig: &Rig) {
    for details in [
        rig.amp(STATIC.block()),
        json!({"url": rig.nginx.url("basic"), "basic_auth": {"username": USER, "password": PASSWORD}}),
    ] {
        let ended = test(&details, &[("MIRROR_LOG_LEVEL", "trace")]);
        assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
        for secret in [STATIC.secret, PASSWORD] {
            assert!(!ended.stdout.contains(secret) && !ended.stderr.contains(secret));
        }
    }
}
