//! `authorization` and `bearer_token`, checked by nginx.

use serde_json::{Value, json};

use crate::ask::refused;
use crate::nginx::{TOKEN_ONE, TOKEN_TWO};
use crate::rig::Rig;
use crate::setup::Setup;

crate::cases![
    every_spelling_of_a_bearer_token_is_sent,
    another_type_is_sent_as_it_is,
    the_type_basic_is_refused,
    a_wrong_token_is_told_as_such,
    reserved_headers_are_refused,
];

fn details(rig: &Rig, place: &str, block: &str, value: Value) -> Value {
    let mut details = json!({"url": rig.nginx.url(place)});
    details[block] = value;
    details
}

fn every_spelling_of_a_bearer_token_is_sent(rig: &Rig) {
    let mirror = Setup::new().start();
    for (block, value) in [
        ("bearer_token", json!(TOKEN_TWO)),
        ("authorization", json!({"credentials": TOKEN_TWO})),
        (
            "authorization",
            json!({"type": "Bearer", "credentials": TOKEN_TWO}),
        ),
    ] {
        let details = details(rig, "bearer", block, value);
        mirror.test(&details).unwrap();
        mirror.query(&details).unwrap();
    }
    assert!(rig.nginx.visits().iter().all(|visit| visit.bearer == "two"));
}

fn another_type_is_sent_as_it_is(rig: &Rig) {
    let mirror = Setup::new().start();
    let block = json!({"type": "Token", "credentials": TOKEN_ONE});
    mirror
        .query(&details(rig, "custom", "authorization", block))
        .unwrap();
}

fn the_type_basic_is_refused(rig: &Rig) {
    let mirror = Setup::new().start();
    let block = json!({"type": "Basic", "credentials": "bWlycm9yOng="});
    let details = details(rig, "bearer", "authorization", block);
    refused(
        mirror.test(&details),
        "PM-1008",
        &["connectionDetails.authorization", "basic_auth"],
    );
}

fn a_wrong_token_is_told_as_such(rig: &Rig) {
    let mirror = Setup::new().start();
    let details = details(rig, "bearer", "bearer_token", json!("guessed"));
    refused(mirror.test(&details), "PM-3004", &["401", "bearer_token"]);
    refused(mirror.query(&details), "PM-3004", &["401"]);
}

fn reserved_headers_are_refused(rig: &Rig) {
    let mirror = Setup::new().start();
    for name in [
        "Authorization",
        "host",
        "Cookie",
        "User-Agent",
        "Accept-Encoding",
        "Content-Type",
        "Proxy-Authorization",
        "X-Amz-Date",
        "Connection",
        "TE",
        "Transfer-Encoding",
        "Upgrade",
    ] {
        let mut headers = json!({});
        headers[name] = json!("x");
        let details = details(rig, "open", "headers", headers);
        refused(
            mirror.test(&details),
            "PM-1008",
            &["connectionDetails.headers"],
        );
    }
    assert_eq!(rig.nginx.count(), 0);
}
