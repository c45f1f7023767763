//! What is asked of STS: external id, session name, duration, region; and what becomes of its
//! refusals.

use std::time::Instant;

use serde_json::{Value, json};

use crate::ask::refused;
use crate::aws::{Call, ROLE, STATIC, merged, named, session_of};
use crate::rig::Rig;
use crate::setup::{Running, Setup};

crate::cases![
    the_session_name_is_ours_unless_another_is_given,
    an_external_id_is_sent_only_if_there_is_one,
    the_duration_is_asked_for_and_clamped,
    a_duration_that_the_role_refuses_becomes_an_hour,
    the_region_of_sts_is_the_one_given_or_the_mirrors_or_the_workspaces,
    an_unknown_token_is_tried_in_the_first_region_once,
    denied_is_told_with_what_to_look_at,
    an_outage_of_sts_is_told_as_such,
    a_slow_sts_keeps_the_deadline,
    only_a_named_connection_may_say_where_sts_is,
];

fn with(rig: &Rig, more: Value) -> Value {
    rig.amp(merged(rig.assuming(&STATIC, ROLE)["aws"].take(), more))
}

/// Asks once with a session of its own and gives the STS calls that it took.
fn calls(rig: &Rig, mirror: &Running, more: Value) -> Vec<Call> {
    let before = rig.calls().len();
    mirror.query(&with(rig, more)).unwrap();
    rig.calls().split_off(before)
}

fn the_session_name_is_ours_unless_another_is_given(rig: &Rig) {
    let mirror = rig.with_sts().start();
    let call = calls(rig, &mirror, json!({})).remove(0);
    assert_eq!(
        call.parameter("RoleSessionName"),
        Some("StackState-Prometheus-Mirror")
    );
    let call = calls(
        rig,
        &mirror,
        json!({"role_session_name": "a_b+c=d,e.f@g-h"}),
    )
    .remove(0);
    assert_eq!(call.parameter("RoleSessionName"), Some("a_b+c=d,e.f@g-h"));
    let wrong = with(rig, json!({"role_session_name": "a blank"}));
    refused(
        mirror.query(&wrong),
        "PM-1002",
        &["connectionDetails.aws.role_session_name"],
    );
}

fn an_external_id_is_sent_only_if_there_is_one(rig: &Rig) {
    rig.sts.set(&json!({"external_ids": {ROLE: "12345"}}));
    let mirror = rig.with_sts().start();
    // Typed without quotes it is a number; the predecessor took that.
    for given in [json!("12345"), json!(12345)] {
        calls(rig, &mirror, json!({"external_id": given}));
    }
    rig.asked_as(&session_of(ROLE, Some("12345")));
    rig.sts.set(&json!({"external_ids": {}}));
    for given in [json!(""), json!(null)] {
        let asked = calls(rig, &mirror, json!({"external_id": given}));
        assert!(
            asked
                .iter()
                .all(|call| call.parameter("ExternalId").is_none()),
            "{asked:?}"
        );
    }
}

fn the_duration_is_asked_for_and_clamped(rig: &Rig) {
    let mirror = rig.with_sts().start();
    for (given, asked) in [
        (json!(null), "3600"),
        (json!(7200), "7200"),
        (json!("1800"), "1800"),
        (json!(60), "900"),
        (json!(100_000), "43200"),
    ] {
        // A role of its own each: a clamped duration may be that of another session.
        let role = format!("{ROLE}-{asked}");
        let more = json!({"token_expiry_seconds": given, "role_arn": role});
        let call = calls(rig, &mirror, more).remove(0);
        assert_eq!(call.parameter("DurationSeconds"), Some(asked), "{given}");
    }
}

fn a_duration_that_the_role_refuses_becomes_an_hour(rig: &Rig) {
    rig.sts.set(&json!({"longest_seconds": 3600}));
    let mirror = rig.with_sts().start();
    let asked = calls(rig, &mirror, json!({"token_expiry_seconds": 7200}));
    let durations: Vec<_> = asked
        .iter()
        .filter_map(|call| call.parameter("DurationSeconds"))
        .collect();
    assert_eq!(durations, ["7200", "3600"]);
}

fn the_region_of_sts_is_the_one_given_or_the_mirrors_or_the_workspaces(rig: &Rig) {
    let mirror = rig.with_sts().env("AWS_REGION", "eu-north-1").start();
    let both = json!({"region_name": "us-east-2", "sts_region": "ap-south-1"});
    assert_eq!(calls(rig, &mirror, both)[0].region, "ap-south-1");
    assert_eq!(
        calls(rig, &mirror, json!({"region_name": "us-east-2"}))[0].region,
        "eu-north-1"
    );
    drop(mirror);
    let mirror = rig.with_sts().env("AWS_REGION", "").start();
    assert_eq!(
        calls(rig, &mirror, json!({"region_name": "us-east-2"}))[0].region,
        "us-east-2"
    );
    assert!(rig.signed().iter().all(|one| one.region == "us-east-2"));
}

fn an_unknown_token_is_tried_in_the_first_region_once(rig: &Rig) {
    for code in ["InvalidClientTokenId", "RegionDisabledException"] {
        rig.reset();
        rig.sts.set(&json!({"fail_times": 1, "fail_once": code}));
        let mirror = rig.with_sts().start();
        let regions: Vec<_> = calls(rig, &mirror, json!({}))
            .into_iter()
            .map(|call| call.region)
            .collect();
        assert_eq!(regions, ["eu-west-1", "us-east-1"], "{code}");
    }
    rig.reset();
    rig.sts.set(&json!({"fail": "InvalidClientTokenId"}));
    let mirror = rig.with_sts().start();
    refused(
        mirror.query(&with(rig, json!({}))),
        "PM-4002",
        &["InvalidClientTokenId"],
    );
    assert_eq!(rig.calls().len(), 2);
}

fn denied_is_told_with_what_to_look_at(rig: &Rig) {
    rig.sts.set(&json!({"denied_roles": [ROLE]}));
    let mirror = rig.with_sts().start();
    let parts = [ROLE, "AccessDenied", "trust policy", "external"];
    refused(mirror.test(&with(rig, json!({}))), "PM-4002", &parts);
    refused(mirror.query(&with(rig, json!({}))), "PM-4002", &parts);
    for code in ["ExpiredToken", "ValidationError", "SignatureDoesNotMatch"] {
        rig.sts.set(&json!({"denied_roles": [], "fail": code}));
        let more = json!({"role_arn": format!("{ROLE}-{code}")});
        refused(mirror.query(&with(rig, more)), "PM-4002", &[code]);
    }
}

fn an_outage_of_sts_is_told_as_such(rig: &Rig) {
    for code in ["InternalFailure", "ServiceUnavailable"] {
        rig.reset();
        rig.sts.set(&json!({"fail": code}));
        let mirror = rig.with_sts().start();
        refused(mirror.test(&with(rig, json!({}))), "PM-4003", &[]);
        refused(mirror.query(&with(rig, json!({}))), "PM-4003", &[]);
    }
    let mirror = rig
        .with_sts()
        .env("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
        .start();
    refused(mirror.query(&with(rig, json!({}))), "PM-4003", &[]);
}

fn a_slow_sts_keeps_the_deadline(rig: &Rig) {
    rig.sts.set(&json!({"delay_seconds": 20}));
    let mirror = rig.with_sts().start();
    let mut details = with(rig, json!({}));
    details["request_timeout_seconds"] = json!(1.5);
    let began = Instant::now();
    refused(mirror.query(&details), "PM-4003", &["did not answer"]);
    assert!(began.elapsed().as_millis() < 2_500, "{:?}", began.elapsed());
}

fn only_a_named_connection_may_say_where_sts_is(rig: &Rig) {
    let details = with(rig, json!({"sts_endpoint": rig.sts.url}));
    let mirror = Setup::new().connection("amp", details.clone()).start();
    mirror.query(&named("amp")).unwrap();
    assert_eq!(rig.calls().len(), 1);
    refused(
        mirror.query(&details),
        "PM-1008",
        &["connectionDetails.aws.sts_endpoint"],
    );
    for key in ["profile", "web_identity_token_file"] {
        let mut more = json!({});
        more[key] = json!("x");
        let path = format!("connectionDetails.aws.{key}");
        refused(mirror.query(&with(rig, more)), "PM-1008", &[&path]);
    }
}
