//! Which credentials sign: each row of the table of `connections.md`, "AWS", by the identity that
//! the backend sees.

use serde_json::{Value, json};

use crate::ask::refused;
use crate::aws::{OWN, POD_ROLE, ROLE, STATIC, TEMPORARY, named, session_of};
use crate::rig::Rig;
use crate::setup::{Running, Setup};

crate::cases![
    key_secret_and_token_sign_as_they_are_and_the_role_is_ignored,
    key_secret_and_role_assume_the_role,
    key_and_secret_sign_as_they_are,
    a_role_alone_is_assumed_by_the_own_identity,
    a_role_alone_is_first_assumed_by_web_identity,
    with_an_external_id_the_web_identity_only_brings_the_own_one,
    where_the_web_identity_is_refused_the_chain_is_used_and_remembered,
    an_empty_block_is_the_own_identity,
    in_sigv4_a_role_is_always_assumed,
    sigv4_without_a_role_signs_as_it_is,
    an_external_id_without_a_role_is_an_error_in_sigv4,
    the_own_identity_needs_a_listed_upstream,
];

/// A mirror with an identity of its own, and this block in a named connection, since only those
/// may use it here.
fn with(rig: &Rig, block: Value) -> Running {
    rig.with_identity()
        .connection("amp", rig.amp(block))
        .start()
}

fn key_secret_and_token_sign_as_they_are_and_the_role_is_ignored(rig: &Rig) {
    let details = rig.assuming(&TEMPORARY, ROLE);
    with(rig, details["aws"].clone())
        .query(&named("amp"))
        .unwrap();
    rig.with_identity().start().query(&details).unwrap();
    rig.asked_as(TEMPORARY.id);
    assert_eq!(rig.calls().len(), 0);
}

fn key_secret_and_role_assume_the_role(rig: &Rig) {
    let details = rig.assuming(&STATIC, ROLE);
    with(rig, details["aws"].clone())
        .query(&named("amp"))
        .unwrap();
    rig.with_identity().start().query(&details).unwrap();
    rig.asked_as(&session_of(ROLE, None));
    assert!(
        rig.calls()
            .iter()
            .all(|call| call.action == "AssumeRole" && call.key == STATIC.id)
    );
}

fn key_and_secret_sign_as_they_are(rig: &Rig) {
    with(rig, STATIC.block()).query(&named("amp")).unwrap();
    rig.with_identity()
        .start()
        .query(&rig.amp(STATIC.block()))
        .unwrap();
    rig.asked_as(STATIC.id);
    assert_eq!(rig.calls().len(), 0);
}

fn a_role_alone_is_assumed_by_the_own_identity(rig: &Rig) {
    with(rig, json!({"role_arn": ROLE}))
        .query(&named("amp"))
        .unwrap();
    rig.asked_as(&session_of(ROLE, None));
    let calls = rig.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!(
        (calls[0].action.as_str(), calls[0].key.as_str()),
        ("AssumeRole", OWN.id)
    );
}

/// A pod as EKS makes them: a token file and a role of its own, no keys.
fn pod(rig: &Rig) -> Setup {
    let setup = rig.with_sts().file("web-identity", "a-web-identity-token");
    let file = setup.path("web-identity");
    setup
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", file)
        .env("AWS_ROLE_ARN", POD_ROLE)
}

fn a_role_alone_is_first_assumed_by_web_identity(rig: &Rig) {
    let mirror = pod(rig)
        .connection("amp", rig.amp(json!({"role_arn": ROLE})))
        .start();
    mirror.query(&named("amp")).unwrap();
    rig.asked_as(&session_of(ROLE, None));
    let calls = rig.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!(calls[0].action, "AssumeRoleWithWebIdentity");
    assert_eq!(calls[0].parameter("RoleArn"), Some(ROLE));
    assert_eq!(
        calls[0].web_identity_token.as_deref(),
        Some("a-web-identity-token")
    );
}

fn with_an_external_id_the_web_identity_only_brings_the_own_one(rig: &Rig) {
    let block = json!({"role_arn": ROLE, "external_id": "ours"});
    let mirror = pod(rig).connection("amp", rig.amp(block)).start();
    mirror.query(&named("amp")).unwrap();
    rig.asked_as(&session_of(ROLE, Some("ours")));
    let calls: Vec<_> = rig.calls();
    let roles: Vec<_> = calls
        .iter()
        .map(|call| (call.action.as_str(), call.parameter("RoleArn")))
        .collect();
    let expected = [
        ("AssumeRoleWithWebIdentity", Some(POD_ROLE)),
        ("AssumeRole", Some(ROLE)),
    ];
    assert_eq!(roles, expected);
}

fn where_the_web_identity_is_refused_the_chain_is_used_and_remembered(rig: &Rig) {
    rig.sts.set(&json!({"web_identity_denied": [ROLE]}));
    let mirror = pod(rig)
        .connection("amp", rig.amp(json!({"role_arn": ROLE})))
        .start();
    mirror.query(&named("amp")).unwrap();
    rig.asked_as(&session_of(ROLE, None));
    let refused = |call: &crate::aws::Call| {
        call.action == "AssumeRoleWithWebIdentity" && call.parameter("RoleArn") == Some(ROLE)
    };
    assert_eq!(rig.calls().into_iter().filter(refused).count(), 1);
    // A refresh, here forced by the backend, goes the way that worked.
    rig.amp.set(&json!({"expire_times": 1}));
    mirror.query(&named("amp")).unwrap();
    assert_eq!(rig.calls().into_iter().filter(refused).count(), 1);
}

fn an_empty_block_is_the_own_identity(rig: &Rig) {
    with(rig, json!({})).query(&named("amp")).unwrap();
    rig.asked_as(OWN.id);
    assert_eq!(rig.calls().len(), 0);
}

fn sigv4(rig: &Rig, block: Value) -> Value {
    let mut details = rig.amp(json!(null));
    details["sigv4"] = block;
    details
}

fn in_sigv4_a_role_is_always_assumed(rig: &Rig) {
    let block = json!({
        "region": "eu-west-1", "access_key": STATIC.id, "secret_key": STATIC.secret, "role_arn": ROLE,
    });
    rig.with_sts().start().query(&sigv4(rig, block)).unwrap();
    let own = json!({"region": "eu-west-1", "role_arn": ROLE});
    rig.with_identity()
        .connection("amp", sigv4(rig, own))
        .start()
        .query(&named("amp"))
        .unwrap();
    rig.asked_as(&session_of(ROLE, None));
    let keys: Vec<_> = rig.calls().into_iter().map(|call| call.key).collect();
    assert_eq!(keys, [STATIC.id, OWN.id]);
}

fn sigv4_without_a_role_signs_as_it_is(rig: &Rig) {
    let block = json!({
        "region": "eu-west-1", "access_key": STATIC.id, "secret_key": STATIC.secret,
    });
    rig.with_sts().start().query(&sigv4(rig, block)).unwrap();
    rig.asked_as(STATIC.id);
}

fn an_external_id_without_a_role_is_an_error_in_sigv4(rig: &Rig) {
    let mirror = rig.with_sts().start();
    let mut block = STATIC.block();
    block["external_id"] = json!("ours");
    mirror.query(&rig.amp(block)).unwrap();
    let block = json!({
        "region": "eu-west-1", "access_key": STATIC.id, "secret_key": STATIC.secret,
        "external_id": "ours",
    });
    let details = sigv4(rig, block);
    refused(
        mirror.query(&details),
        "PM-1008",
        &["connectionDetails.sigv4.external_id"],
    );
}

fn the_own_identity_needs_a_listed_upstream(rig: &Rig) {
    let mirror = rig.with_identity().start();
    refused(mirror.query(&rig.amp(json!({}))), "PM-6004", &[]);
    refused(
        mirror.query(&rig.amp(json!({"role_arn": ROLE}))),
        "PM-6004",
        &[],
    );
    assert_eq!((rig.signed().len(), rig.calls().len()), (0, 0));
    drop(mirror);
    let policy = json!({"allowed_upstreams": [rig.amp.url]});
    let mirror = rig.with_identity().section("policy", policy).start();
    mirror.query(&rig.amp(json!({}))).unwrap();
    rig.asked_as(OWN.id);
}
