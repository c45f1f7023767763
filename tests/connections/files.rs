//! Secrets from files: named connections read any, requests only below `policy.secrets_dir`.

use serde_json::{Value, json};

use crate::ask::refused;
use crate::aws::named;
use crate::nginx::{PASSWORD, TOKEN_ONE, USER};
use crate::rig::Rig;
use crate::setup::Setup;

crate::cases![
    a_named_connection_reads_its_secret_from_a_file_beside_the_configuration,
    a_placeholder_takes_a_secret_from_the_environment,
    a_request_may_name_no_file_without_a_folder_for_it,
    a_request_reads_only_below_the_folder_for_it,
    beside_a_named_connection_nothing_of_it_can_be_changed,
];

fn basic(rig: &Rig, file: &str) -> Value {
    json!({
        "url": rig.nginx.url("basic"), "basic_auth": {"username": USER, "password_file": file},
    })
}

fn a_named_connection_reads_its_secret_from_a_file_beside_the_configuration(rig: &Rig) {
    let mirror = Setup::new()
        // One newline at the end is an editor's, not the secret's.
        .file("secrets/password", &format!("{PASSWORD}\n"))
        .connection("lab", basic(rig, "secrets/password"))
        .start();
    mirror.test(&named("lab")).unwrap();
    mirror.query(&named("lab")).unwrap();
    // The same URL in a request gains no secret.
    refused(
        mirror.query(&json!({"url": rig.nginx.url("basic")})),
        "PM-3004",
        &["401"],
    );
    refused(mirror.query(&named("other")), "PM-6006", &[]);
}

fn a_placeholder_takes_a_secret_from_the_environment(rig: &Rig) {
    let details = json!({
        "url": rig.nginx.url("${PLACE:-bearer}"),
        "authorization": {"credentials": "${LAB_TOKEN}"},
    });
    let mirror = Setup::new()
        .env("LAB_TOKEN", TOKEN_ONE)
        .connection("lab", details)
        .start();
    mirror.query(&named("lab")).unwrap();
    assert!(rig.nginx.visits().iter().all(|visit| visit.bearer == "one"));
}

fn a_request_may_name_no_file_without_a_folder_for_it(rig: &Rig) {
    let setup = Setup::new().file("password", PASSWORD);
    let file = setup.path("password");
    let mirror = setup.start();
    refused(
        mirror.test(&basic(rig, &file)),
        "PM-6005",
        &["basic_auth.password_file"],
    );
    assert_eq!(rig.nginx.count(), 0);
}

fn a_request_reads_only_below_the_folder_for_it(rig: &Rig) {
    let setup = Setup::new()
        .file("open/password", PASSWORD)
        .file("hidden", PASSWORD);
    let place = setup.folder.path();
    std::os::unix::fs::symlink(place.join("hidden"), place.join("open/way-out")).unwrap();
    std::os::unix::fs::symlink("password", place.join("open/inside")).unwrap();
    let policy = json!({"secrets_dir": setup.path("open")});
    let hidden = setup.path("hidden");
    let mirror = setup.section("policy", policy).start();
    mirror.query(&basic(rig, "password")).unwrap();
    mirror.query(&basic(rig, "inside")).unwrap();
    rig.nginx.reset();
    for file in ["../hidden", "way-out", &hidden] {
        refused(
            mirror.query(&basic(rig, file)),
            "PM-6005",
            &["basic_auth.password_file"],
        );
    }
    refused(
        mirror.query(&basic(rig, "missing")),
        "PM-4007",
        &["password_file"],
    );
    assert_eq!(rig.nginx.count(), 0);
}

fn beside_a_named_connection_nothing_of_it_can_be_changed(rig: &Rig) {
    let mirror = Setup::new()
        .file("password", PASSWORD)
        .connection("lab", basic(rig, "password"))
        .start();
    let mut details = named("lab");
    details["request_timeout_seconds"] = json!(5);
    details["nan_interpretation"] = json!("NONE");
    mirror.query(&details).unwrap();
    rig.nginx.reset();
    for (key, value) in [
        ("url", json!(rig.trap.url)),
        ("headers", json!({"X-Scope-OrgID": "team-b"})),
        ("query_parameters", json!({"a": "b"})),
        ("bearer_token", json!("x")),
        ("tls_config", json!({"server_name": "x"})),
    ] {
        let mut details = named("lab");
        details[key] = value;
        refused(mirror.query(&details), "PM-1008", &["connectionDetails."]);
    }
    assert_eq!(rig.nginx.count(), 0);
}
