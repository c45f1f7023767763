//! For whom the mirror's identity, and credentials in requests, may be used: `security.md`,
//! "Credentials".

use serde_json::json;

use crate::ask::refused;
use crate::aws::{OTHER_ROLE, OWN, ROLE, STATIC, named, session_of};
use crate::rig::Rig;

crate::cases![
    a_role_that_is_not_listed_is_refused_before_sts_is_asked,
    an_external_id_that_is_pinned_must_be_left_out_or_match,
    a_callers_own_keys_may_assume_what_aws_lets_them,
    the_role_of_a_named_connection_counts_as_listed,
    without_ambient_credentials_the_identity_is_never_used,
    without_request_credentials_a_secret_in_a_request_is_refused,
];

fn a_role_that_is_not_listed_is_refused_before_sts_is_asked(rig: &Rig) {
    let policy = json!({"allowed_upstreams": [rig.amp.url], "allowed_role_arns": [ROLE]});
    let mirror = rig.with_identity().section("policy", policy).start();
    refused(
        mirror.query(&rig.amp(json!({"role_arn": OTHER_ROLE}))),
        "PM-6004",
        &[],
    );
    assert_eq!(rig.calls().len(), 0);
    mirror.query(&rig.amp(json!({"role_arn": ROLE}))).unwrap();
}

fn an_external_id_that_is_pinned_must_be_left_out_or_match(rig: &Rig) {
    let pinned = json!([{"role_arn": ROLE, "external_id": "pinned"}]);
    let policy = json!({"allowed_upstreams": [rig.amp.url], "allowed_role_arns": pinned});
    let mirror = rig.with_identity().section("policy", policy).start();
    let with = |external_id| rig.amp(json!({"role_arn": ROLE, "external_id": external_id}));
    refused(mirror.query(&with("another")), "PM-6004", &[]);
    assert_eq!(rig.calls().len(), 0);
    mirror.query(&with("pinned")).unwrap();
    mirror.query(&rig.amp(json!({"role_arn": ROLE}))).unwrap();
    rig.asked_as(&session_of(ROLE, Some("pinned")));
}

fn a_callers_own_keys_may_assume_what_aws_lets_them(rig: &Rig) {
    let policy = json!({"allowed_upstreams": [rig.amp.url], "allowed_role_arns": [ROLE]});
    let mirror = rig.with_identity().section("policy", policy).start();
    mirror.query(&rig.assuming(&STATIC, OTHER_ROLE)).unwrap();
    rig.asked_as(&session_of(OTHER_ROLE, None));
}

fn the_role_of_a_named_connection_counts_as_listed(rig: &Rig) {
    let mirror = rig
        .with_identity()
        .section("policy", json!({"allowed_role_arns": [ROLE]}))
        .connection("amp", rig.amp(json!({"role_arn": OTHER_ROLE})))
        .start();
    mirror.query(&named("amp")).unwrap();
    rig.asked_as(&session_of(OTHER_ROLE, None));
}

fn without_ambient_credentials_the_identity_is_never_used(rig: &Rig) {
    let policy = json!({"allowed_upstreams": [rig.amp.url], "ambient_credentials": false});
    let mirror = rig.with_identity().section("policy", policy).start();
    refused(mirror.query(&rig.amp(json!({}))), "PM-6004", &[]);
    refused(
        mirror.query(&rig.amp(json!({"role_arn": ROLE}))),
        "PM-6004",
        &[],
    );
    assert_eq!((rig.signed().len(), rig.calls().len()), (0, 0));
    mirror.query(&rig.amp(STATIC.block())).unwrap();
}

fn without_request_credentials_a_secret_in_a_request_is_refused(rig: &Rig) {
    let mirror = rig
        .with_identity()
        .section(
            "policy",
            json!({"request_credentials": false, "allowed_upstreams": [rig.amp.url]}),
        )
        .connection("amp", rig.amp(STATIC.block()))
        .start();
    refused(mirror.query(&rig.amp(STATIC.block())), "PM-6004", &[]);
    let mut token = json!({"url": rig.amp.url, "bearer_token": "x"});
    refused(mirror.query(&token), "PM-6004", &[]);
    token["bearer_token"] = json!(null);
    token["basic_auth"] = json!({"username": "u", "password": "p"});
    refused(mirror.query(&token), "PM-6004", &[]);
    assert_eq!(rig.signed().len(), 0);
    mirror.query(&named("amp")).unwrap();
    mirror.query(&rig.amp(json!({}))).unwrap();
    assert!(
        rig.signed()
            .iter()
            .any(|one| one.identity.as_deref() == Some(OWN.id))
    );
}
