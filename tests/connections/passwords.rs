//! `basic_auth`, checked by nginx.

use serde_json::{Value, json};

use crate::ask::refused;
use crate::nginx::{PASSWORD, USER};
use crate::rig::Rig;
use crate::setup::Setup;
use crate::stored::value;

crate::cases![
    a_password_with_every_kind_of_character_is_accepted,
    user_and_password_in_the_url_become_basic_auth,
    a_wrong_password_is_told_as_such,
    no_credentials_at_all_are_told_as_such,
    two_ways_to_authenticate_are_refused,
    a_tenant_header_and_parameters_reach_the_backend,
];

fn details(rig: &Rig, password: &str) -> Value {
    json!({
        "url": rig.nginx.url("basic"), "basic_auth": {"username": USER, "password": password},
    })
}

fn a_password_with_every_kind_of_character_is_accepted(rig: &Rig) {
    let mirror = Setup::new().start();
    let details = details(rig, PASSWORD);
    mirror.test(&details).unwrap();
    assert_eq!(
        mirror.query(&details).unwrap().to_bits(),
        value(0).to_bits()
    );
    assert!(rig.nginx.visits().iter().all(|visit| visit.user == USER));
}

fn user_and_password_in_the_url_become_basic_auth(rig: &Rig) {
    let mirror = Setup::new().start();
    let url = rig
        .nginx
        .url("basic")
        .replace("http://", "http://mirror:first%20p%25ss%3Aw%C3%B6rd@");
    mirror.test(&json!({"url": url})).unwrap();
    assert!(rig.nginx.visits().iter().all(|visit| visit.user == USER));
}

fn a_wrong_password_is_told_as_such(rig: &Rig) {
    let mirror = Setup::new().start();
    let wrong = details(rig, "not this one");
    refused(mirror.test(&wrong), "PM-3004", &["401", "basic_auth"]);
    refused(mirror.query(&wrong), "PM-3004", &["401"]);
    // The right one beside it is not harmed, nor does it help the wrong one.
    mirror.query(&details(rig, PASSWORD)).unwrap();
    refused(mirror.query(&wrong), "PM-3004", &["401"]);
}

fn no_credentials_at_all_are_told_as_such(rig: &Rig) {
    let mirror = Setup::new().start();
    let none = json!({"url": rig.nginx.url("basic")});
    refused(mirror.test(&none), "PM-3004", &["401"]);
}

fn two_ways_to_authenticate_are_refused(rig: &Rig) {
    let mirror = Setup::new().start();
    let mut both = details(rig, PASSWORD);
    both["bearer_token"] = json!("x");
    refused(mirror.test(&both), "PM-1008", &["connectionDetails."]);
    let mut both = details(rig, PASSWORD);
    both["url"] = json!(rig.nginx.url("basic").replace("http://", "http://u:p@"));
    refused(mirror.test(&both), "PM-1008", &["connectionDetails."]);
    assert_eq!(rig.nginx.count(), 0);
}

fn a_tenant_header_and_parameters_reach_the_backend(rig: &Rig) {
    let mirror = Setup::new().start();
    let tenant = |headers: Value| json!({"url": rig.nginx.url("tenant"), "headers": headers});
    mirror
        .test(&tenant(json!({"X-Scope-OrgID": "team-a"})))
        .unwrap();
    refused(
        mirror.test(&tenant(json!({"X-Scope-OrgID": "team-b"}))),
        "PM-3004",
        &["403"],
    );
    let prometheus = json!({
        "url": rig.nginx.url("tenant"), "http_headers": {"X-Scope-OrgID": {"values": ["team-a"]}},
    });
    mirror.test(&prometheus).unwrap();
    // In the URL only: a form body would not show in nginx's `$arg_team`.
    let parameter = json!({
        "url": rig.nginx.url("parameter"), "http_method": "GET", "query_parameters": {"team": "a"},
    });
    mirror.query(&parameter).unwrap();
}
