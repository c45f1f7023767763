//! The own identity: every provider of the default chain, by what the backend sees.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::ask::refused;
use crate::aws::{MACHINE, OWN, POD, POD_ROLE, PROFILE, named};
use crate::rig::Rig;
use crate::setup::{Running, Setup};

crate::cases![
    the_environment_comes_first,
    a_profile_is_read_from_its_files,
    a_named_connection_may_name_a_profile,
    a_web_identity_becomes_the_role_of_the_pod,
    a_container_endpoint_gives_its_credentials,
    a_rotated_container_token_is_read_at_every_refresh,
    a_machine_tells_over_imds_v2,
    without_any_every_provider_tried_is_told,
    a_missing_identity_delays_neither_start_nor_others,
];

#[derive(Debug, Deserialize)]
struct Visit {
    method: String,
    path: String,
    status: u16,
}

/// A mirror with a connection that is signed by the own identity.
fn start(rig: &Rig, setup: Setup) -> Running {
    setup
        .env("AWS_REGION", "eu-west-1")
        .connection("amp", rig.amp(json!({})))
        .start()
}

/// An environment in which a container endpoint is.
fn pod(rig: &Rig) -> Setup {
    let setup = Setup::new().file("token", "token-of-today");
    let file = setup.path("token");
    rig.identity
        .set(&json!({"token_file": file, "credentials": POD.credentials()}));
    setup
        .env(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            format!("{}/container/", rig.identity.url),
        )
        .env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file)
}

fn machine(rig: &Rig, setup: Setup) -> Setup {
    rig.identity
        .set(&json!({"credentials": MACHINE.credentials()}));
    setup.env("AWS_EC2_METADATA_DISABLED", "false").env(
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        rig.identity.url.as_str(),
    )
}

fn the_environment_comes_first(rig: &Rig) {
    let setup = pod(rig)
        .env("AWS_ACCESS_KEY_ID", OWN.id)
        .env("AWS_SECRET_ACCESS_KEY", OWN.secret);
    start(rig, setup).query(&named("amp")).unwrap();
    rig.asked_as(OWN.id);
    assert_eq!(rig.identity.seen::<Visit>().len(), 0);
}

fn profiles() -> Setup {
    let content = format!(
        "[lab]\naws_access_key_id = {}\naws_secret_access_key = {}\n\
         [default]\naws_access_key_id = KEY-NOBODY\naws_secret_access_key = nothing\n",
        PROFILE.id, PROFILE.secret
    );
    let setup = Setup::new().file("credentials", &content);
    let file = setup.path("credentials");
    setup.env("AWS_SHARED_CREDENTIALS_FILE", file)
}

fn a_profile_is_read_from_its_files(rig: &Rig) {
    let mirror = start(rig, profiles().env("AWS_PROFILE", "lab"));
    mirror.query(&named("amp")).unwrap();
    rig.asked_as(PROFILE.id);
}

fn a_named_connection_may_name_a_profile(rig: &Rig) {
    let setup = profiles().connection("lab", rig.amp(json!({"profile": "lab"})));
    start(rig, setup).query(&named("lab")).unwrap();
    rig.asked_as(PROFILE.id);
}

fn a_web_identity_becomes_the_role_of_the_pod(rig: &Rig) {
    let setup = rig.with_sts().file("web-identity", "a-web-identity-token");
    let file = setup.path("web-identity");
    let setup = setup
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", file)
        .env("AWS_ROLE_ARN", POD_ROLE)
        .env("AWS_ROLE_SESSION_NAME", "a-pod");
    let mirror = start(rig, setup);
    for _ in 0..3 {
        mirror.query(&named("amp")).unwrap();
    }
    rig.asked_as(&format!("{POD_ROLE} a-pod"));
    let calls = rig.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    // A rotated token is what the next refresh sends.
    mirror.write("web-identity", "another-token");
    rig.amp.set(&json!({"expire_times": 1}));
    mirror.query(&named("amp")).unwrap();
    assert_eq!(
        rig.calls()[1].web_identity_token.as_deref(),
        Some("another-token")
    );
}

fn a_container_endpoint_gives_its_credentials(rig: &Rig) {
    let mirror = start(rig, pod(rig));
    for _ in 0..3 {
        mirror.query(&named("amp")).unwrap();
    }
    rig.asked_as(POD.id);
    let visits: Vec<Visit> = rig.identity.seen();
    assert_eq!(visits.len(), 1, "{visits:?}");
}

fn a_rotated_container_token_is_read_at_every_refresh(rig: &Rig) {
    let mirror = start(rig, pod(rig));
    mirror.query(&named("amp")).unwrap();
    mirror.write("token", "token-of-tomorrow");
    rig.amp.set(&json!({"expire_times": 1}));
    mirror.query(&named("amp")).unwrap();
    let visits: Vec<Visit> = rig.identity.seen();
    assert_eq!(visits.len(), 2, "{visits:?}");
    assert!(visits.iter().all(|visit| visit.status == 200), "{visits:?}");
}

fn a_machine_tells_over_imds_v2(rig: &Rig) {
    let mirror = start(rig, machine(rig, Setup::new()));
    for _ in 0..3 {
        mirror.query(&named("amp")).unwrap();
    }
    rig.asked_as(MACHINE.id);
    let visits: Vec<Visit> = rig.identity.seen();
    assert_eq!(
        (visits[0].method.as_str(), visits[0].path.as_str()),
        ("PUT", "/latest/api/token")
    );
    assert!(visits.len() <= 4, "one round for three queries: {visits:?}");
}

fn without_any_every_provider_tried_is_told(rig: &Rig) {
    let mirror = start(rig, Setup::new());
    let asked = mirror.test(&named("amp"));
    refused(asked, "PM-4001", &["environment", "profile"]);
    // A machine that is slow or sick is one more reason, and within the second it is given.
    for settings in [json!({"status": 500}), json!({"delay_seconds": 10})] {
        rig.identity.set(&settings);
        let sick: Value = named("amp");
        refused(
            start(rig, machine(rig, Setup::new())).query(&sick),
            "PM-4001",
            &[],
        );
    }
    assert_eq!(rig.signed().len(), 0);
}

fn a_missing_identity_delays_neither_start_nor_others(rig: &Rig) {
    rig.identity.set(&json!({"delay_seconds": 10}));
    // A named connection is a wall, behind which the other backend would not be reached.
    let open = Setup::new().section("policy", json!({"allowed_upstreams": "any"}));
    let mirror = start(rig, machine(rig, open));
    let began = std::time::Instant::now();
    mirror.query(&json!({"url": rig.prometheus.url})).unwrap();
    assert!(began.elapsed().as_secs() < 2);
    assert_eq!(rig.identity.seen::<Visit>().len(), 0);
}
