//! The region and the service that a signature is made for, where no host tells.

use serde_json::{Value, json};

use crate::ask::refused;
use crate::aws::{STATIC, merged};
use crate::rig::Rig;
use crate::setup::Setup;

crate::cases![
    the_region_given_wins_over_the_environment,
    aws_region_comes_before_aws_default_region,
    without_any_an_aws_block_means_eu_west_1,
    without_any_a_sigv4_block_is_an_error,
    what_is_no_region_is_refused,
    another_service_is_signed_for,
];

#[track_caller]
fn signed_for(rig: &Rig, setup: Setup, more: Value, region: &str) {
    let before = rig.signed().len();
    let block = merged(STATIC.block(), more);
    setup.start().query(&rig.amp(block)).unwrap();
    let signed = rig.signed().split_off(before);
    assert!(!signed.is_empty());
    assert!(signed.iter().all(|one| one.region == region), "{signed:?}");
}

fn the_region_given_wins_over_the_environment(rig: &Rig) {
    let setup = || Setup::new().env("AWS_REGION", "eu-north-1");
    signed_for(
        rig,
        setup(),
        json!({"region_name": "us-gov-west-1"}),
        "us-gov-west-1",
    );
    signed_for(rig, setup(), json!({"region_name": ""}), "eu-north-1");
}

fn aws_region_comes_before_aws_default_region(rig: &Rig) {
    let setup = || Setup::new().env("AWS_DEFAULT_REGION", "ap-south-1");
    signed_for(
        rig,
        setup().env("AWS_REGION", "eu-north-1"),
        json!({}),
        "eu-north-1",
    );
    signed_for(rig, setup(), json!({}), "ap-south-1");
}

fn without_any_an_aws_block_means_eu_west_1(rig: &Rig) {
    signed_for(rig, Setup::new(), json!({}), "eu-west-1");
}

fn without_any_a_sigv4_block_is_an_error(rig: &Rig) {
    let mut details = rig.amp(json!(null));
    details["sigv4"] = json!({"access_key": STATIC.id, "secret_key": STATIC.secret});
    let mirror = Setup::new().start();
    refused(mirror.test(&details), "PM-4005", &["region"]);
    refused(mirror.query(&details), "PM-4005", &["region"]);
    details["sigv4"]["region"] = json!("eu-central-1");
    mirror.query(&details).unwrap();
    assert!(rig.signed().iter().all(|one| one.region == "eu-central-1"));
}

fn what_is_no_region_is_refused(rig: &Rig) {
    let mirror = Setup::new().start();
    for region in ["evil.example/", "EU-WEST-1", "a@b", &"x".repeat(33)] {
        let mut block = STATIC.block();
        block["region_name"] = json!(region);
        refused(
            mirror.query(&rig.amp(block)),
            "PM-1002",
            &["connectionDetails.aws.region_name"],
        );
    }
    assert_eq!(rig.signed().len(), 0);
}

fn another_service_is_signed_for(rig: &Rig) {
    let mirror = Setup::new().start();
    let mut block = STATIC.block();
    mirror.query(&rig.amp(block.clone())).unwrap();
    assert!(rig.signed().iter().all(|one| one.service == "aps"));
    rig.reset();
    block["service_name"] = json!("execute-api");
    mirror.query(&rig.amp(block)).unwrap();
    assert!(rig.signed().iter().all(|one| one.service == "execute-api"));
}
