//! The command `print-config`: what holds, where each value comes from, and no secret.

use serde_json::json;

use crate::aws::STATIC;
use crate::command::{Ended, run};
use crate::nginx::PASSWORD;
use crate::rig::Rig;
use crate::setup::Setup;

crate::cases![
    secrets_are_redacted_and_paths_are_shown,
    each_value_tells_its_origin,
    flag_environment_file_and_default_win_in_this_order,
    what_is_printed_loads_again,
    the_defaults_are_a_whole_configuration,
];

fn setup(rig: &Rig) -> Setup {
    let basic = json!({"username": "u", "password": "${PASSWORD}"});
    let lab = json!({"url": rig.prometheus.url, "bearer_token_file": "secrets/token"});
    Setup::new()
        .file("secrets/token", "a-token-in-a-file")
        .section("port", json!(9911))
        .section("policy", json!({"named_only": true}))
        .connection("amp", rig.amp(STATIC.block()))
        .connection(
            "basic",
            json!({"url": rig.prometheus.url, "basic_auth": basic}),
        )
        .connection("lab", lab)
}

fn print(setup: &Setup, more: &[&str], environment: &[(&str, &str)]) -> Ended {
    let config = setup.write_config().display().to_string();
    let environment = [&[("PASSWORD", PASSWORD)], environment].concat();
    run(
        &[&["print-config", "--config", &config], more].concat(),
        &environment,
    )
}

#[track_caller]
fn printed(ended: &Ended) -> &str {
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    &ended.stdout
}

fn secrets_are_redacted_and_paths_are_shown(rig: &Rig) {
    for flags in [&[][..], &["--origin"]] {
        let environment = [
            ("API_KEY", "a-key-that-nobody-prints"),
            ("CALLER_TOKEN", "a-token-that-nobody-prints"),
        ];
        let ended = print(&setup(rig), flags, &environment);
        let text = printed(&ended);
        assert!(
            text.contains("<redacted>") && text.contains("secrets/token"),
            "{text}"
        );
        assert!(
            text.contains(STATIC.id) || text.contains("aws_access_key_id"),
            "{text}"
        );
        for secret in [
            STATIC.secret,
            PASSWORD,
            "that-nobody-prints",
            "a-token-in-a-file",
        ] {
            assert!(
                !ended.stdout.contains(secret) && !ended.stderr.contains(secret),
                "{secret}"
            );
        }
    }
}

/// The line of a key at the top level.
fn line<'a>(text: &'a str, key: &str) -> &'a str {
    let found = text
        .lines()
        .find(|line| line.starts_with(&format!("{key}:")));
    found.unwrap_or_else(|| panic!("no {key} in\n{text}"))
}

fn each_value_tells_its_origin(rig: &Rig) {
    let ended = print(
        &setup(rig),
        &["--origin", "--workers", "3"],
        &[("ADMIN_PORT", "9922")],
    );
    let text = printed(&ended);
    assert!(line(text, "workers").ends_with("# flag"), "{text}");
    assert!(
        line(text, "admin_port").ends_with("# env ADMIN_PORT"),
        "{text}"
    );
    assert!(line(text, "port").contains("mirror.yaml:"), "{text}");
    assert!(line(text, "listen").ends_with("# default"), "{text}");
}

fn flag_environment_file_and_default_win_in_this_order(rig: &Rig) {
    let port = |flags: &[&str], environment: &[(&str, &str)], setup: &Setup| {
        line(printed(&print(setup, flags, environment)), "port").to_owned()
    };
    assert_eq!(
        port(&["--port", "9933"], &[("PORT", "9922")], &setup(rig)),
        "port: 9933"
    );
    assert_eq!(port(&[], &[("PORT", "9922")], &setup(rig)), "port: 9922");
    assert_eq!(port(&[], &[("PORT", "")], &setup(rig)), "port: 9911");
    let bare = Setup::new().section("workers", json!(2));
    assert_eq!(
        port(&[], &[("MIRROR_PORT", "tcp://10.0.0.1:9900")], &bare),
        "port: 9900"
    );
}

fn what_is_printed_loads_again(rig: &Rig) {
    let setup = setup(rig);
    let ended = print(&setup, &[], &[]);
    let text = printed(&ended).replace("<redacted>", "put-back");
    let again = setup.file("again.yaml", &text);
    let ended = run(
        &["check-config", &again.path("again.yaml"), "--offline"],
        &[],
    );
    assert_eq!(ended.code, 0, "{}{}\n{text}", ended.stdout, ended.stderr);
}

fn the_defaults_are_a_whole_configuration(_: &Rig) {
    let ended = run(&["print-config", "--defaults"], &[]);
    let text = printed(&ended).to_owned();
    assert_eq!(
        (line(&text, "port"), line(&text, "admin_port")),
        ("port: 9900", "admin_port: 9901")
    );
    let setup = Setup::new().file("defaults.yaml", &text);
    let ended = run(&["check-config", &setup.path("defaults.yaml")], &[]);
    assert_eq!(ended.code, 0, "{}{}\n{text}", ended.stdout, ended.stderr);
}
