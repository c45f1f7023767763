//! `oauth2`: a token endpoint that wants the client in one style or another, and a bearer check
//! that says which token was used.

use std::time::Instant;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::ask::refused;
use crate::process::poll;
use crate::rig::{CLIENT_SECRET, Rig};
use crate::setup::Setup;

crate::cases![
    one_token_serves_many_queries,
    the_other_style_is_tried_once_and_remembered,
    scopes_and_parameters_are_sent,
    a_short_token_is_renewed_before_it_ends,
    a_revoked_token_is_fetched_anew_and_the_query_repeated_once,
    without_expires_in_a_token_is_kept,
    a_wrong_secret_never_gets_the_token_of_the_right_one,
    a_refusing_or_failing_endpoint_is_told_as_such,
    a_hanging_endpoint_keeps_the_deadline,
    another_type_of_token_or_of_grant_is_refused,
];

#[derive(Debug, Deserialize)]
struct Seen {
    call: String,
    style: Option<String>,
    number: Option<u32>,
    status: u16,
    parameters: Option<Value>,
}

fn details(rig: &Rig) -> Value {
    json!({"url": rig.oauth2.url, "oauth2": {
        "client_id": "mirror", "client_secret": CLIENT_SECRET,
        "token_url": format!("{}/token", rig.oauth2.url),
    }})
}

fn calls(rig: &Rig, call: &str) -> Vec<Seen> {
    let mut seen: Vec<Seen> = rig.oauth2.seen();
    seen.retain(|one| one.call == call);
    seen
}

fn styles(rig: &Rig) -> Vec<String> {
    calls(rig, "token")
        .into_iter()
        .filter_map(|one| one.style)
        .collect()
}

fn one_token_serves_many_queries(rig: &Rig) {
    let mirror = Setup::new().start();
    for _ in 0..5 {
        mirror.query(&details(rig)).unwrap();
    }
    assert_eq!(styles(rig), ["basic"]);
    let queries = calls(rig, "query");
    assert!(queries.len() >= 5);
    assert!(
        queries
            .iter()
            .all(|one| one.status == 200 && one.number == queries[0].number)
    );
}

fn the_other_style_is_tried_once_and_remembered(rig: &Rig) {
    for refuses_with_401 in [true, false] {
        rig.reset();
        rig.oauth2.set(&json!({
            "styles": ["form"], "refuses_with_401": refuses_with_401, "expires_in": 2,
        }));
        let mirror = Setup::new().start();
        mirror.query(&details(rig)).unwrap();
        assert_eq!(styles(rig), ["basic", "form"]);
        // The next one comes in the style that worked.
        poll(
            || "a second token".to_owned(),
            || {
                mirror.query(&details(rig)).unwrap();
                styles(rig).len() > 2
            },
        );
        assert!(
            styles(rig)[1..].iter().all(|style| style == "form"),
            "{:?}",
            styles(rig)
        );
    }
}

fn scopes_and_parameters_are_sent(rig: &Rig) {
    let mirror = Setup::new().start();
    let mut details = details(rig);
    details["oauth2"]["scopes"] = json!(["read", "metrics"]);
    details["oauth2"]["endpoint_params"] = json!({"audience": "https://x/?a=b&c"});
    mirror.query(&details).unwrap();
    let parameters = calls(rig, "token").remove(0).parameters.unwrap();
    assert_eq!(parameters["scope"], "read metrics");
    assert_eq!(parameters["audience"], "https://x/?a=b&c");
    assert_eq!(parameters["grant_type"], "client_credentials");
}

fn a_short_token_is_renewed_before_it_ends(rig: &Rig) {
    rig.oauth2
        .set(&json!({"expires_in": 8, "lives_seconds": 8}));
    let mirror = Setup::new().start();
    let began = Instant::now();
    while began.elapsed().as_secs() < 12 {
        mirror.query(&details(rig)).unwrap();
        std::thread::park_timeout(std::time::Duration::from_millis(100));
    }
    assert!(calls(rig, "query").iter().all(|one| one.status == 200));
    // One more than its lives, and a few that were fetched early: it is short for the margins.
    let tokens = styles(rig).len();
    assert!(
        (2..=5).contains(&tokens),
        "{tokens} tokens in a life and a half"
    );
}

fn a_revoked_token_is_fetched_anew_and_the_query_repeated_once(rig: &Rig) {
    let mirror = Setup::new().start();
    mirror.query(&details(rig)).unwrap();
    let number = calls(rig, "token")[0].number;
    rig.oauth2.set(&json!({"revoked": number}));
    mirror.query(&details(rig)).unwrap();
    assert_eq!(styles(rig).len(), 2);
    let refusals = calls(rig, "query")
        .iter()
        .filter(|one| one.status == 401)
        .count();
    assert_eq!(refusals, 1);
    // A backend that takes no token at all is asked twice and no more.
    rig.reset();
    rig.oauth2.set(&json!({"revoked": 1_000_000}));
    refused(mirror.query(&details(rig)), "PM-3004", &["401", "oauth2"]);
    assert!(calls(rig, "query").len() <= 2);
    assert!(styles(rig).len() <= 2);
}

fn without_expires_in_a_token_is_kept(rig: &Rig) {
    rig.oauth2.set(&json!({"expires_in": null}));
    let mirror = Setup::new().start();
    for _ in 0..3 {
        mirror.query(&details(rig)).unwrap();
    }
    assert_eq!(styles(rig).len(), 1);
}

fn a_wrong_secret_never_gets_the_token_of_the_right_one(rig: &Rig) {
    let mirror = Setup::new().start();
    mirror.query(&details(rig)).unwrap();
    let mut wrong = details(rig);
    wrong["oauth2"]["client_secret"] = json!("guessed");
    mirror.query(&wrong).unwrap_err();
    // Nor is one token shared by two scopes.
    let mut scoped = details(rig);
    scoped["oauth2"]["scopes"] = json!(["admin"]);
    mirror.query(&scoped).unwrap();
    let tokens = calls(rig, "token");
    assert_eq!(tokens.iter().filter(|one| one.status == 200).count(), 2);
}

fn a_refusing_or_failing_endpoint_is_told_as_such(rig: &Rig) {
    for status in [401, 500, 503] {
        rig.reset();
        rig.oauth2.set(&json!({"status": status}));
        let mirror = Setup::new().start();
        refused(mirror.test(&details(rig)), "PM-4003", &[]);
        refused(mirror.query(&details(rig)), "PM-4003", &[]);
        assert_eq!(calls(rig, "query").len(), 0);
    }
}

fn a_hanging_endpoint_keeps_the_deadline(rig: &Rig) {
    rig.oauth2.set(&json!({"delay_seconds": 20}));
    let mirror = Setup::new().start();
    let mut details = details(rig);
    details["request_timeout_seconds"] = json!(1.5);
    for asked in [mirror.test(&details), mirror.query(&details).map(drop)] {
        refused(asked, "PM-4003", &["did not answer"]);
    }
    let began = Instant::now();
    mirror.query(&details).unwrap_err();
    assert!(began.elapsed().as_millis() < 2_500, "{:?}", began.elapsed());
}

fn another_type_of_token_or_of_grant_is_refused(rig: &Rig) {
    rig.oauth2.set(&json!({"token_type": "mac"}));
    let mirror = Setup::new().start();
    refused(mirror.query(&details(rig)), "PM-4003", &[]);
    let mut details = details(rig);
    details["oauth2"]["grant_type"] = json!("password");
    refused(
        mirror.query(&details),
        "PM-1008",
        &["connectionDetails.oauth2"],
    );
}
