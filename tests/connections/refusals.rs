//! What AMP refuses and how it says so: in the shapes that it was reported to use, with the
//! session token in the text.

use serde_json::json;

use crate::ask::refused;
use crate::aws::{ROLE, STATIC, TEMPORARY};
use crate::rig::Rig;

crate::cases![
    a_signature_that_does_not_match_is_told_with_region_and_service,
    the_canonical_request_never_reaches_anybody,
    a_missing_permission_is_named,
    the_test_tells_apart_what_may_be_queried_and_listed,
    an_expired_session_that_was_given_cannot_be_renewed,
    throttling_is_told_as_such_whatever_its_status,
];

const SHAPES: [&str; 3] = ["header", "code", "text"];

fn a_signature_that_does_not_match_is_told_with_region_and_service(rig: &Rig) {
    let mirror = rig.with_sts().start();
    for shape in SHAPES {
        rig.amp.set(&json!({"shape": shape}));
        let mut details = rig.amp(STATIC.block());
        details["aws"]["aws_secret_access_key"] = json!("wrong");
        let before = rig.signed().len();
        refused(
            mirror.test(&details),
            "PM-3004",
            &["403", "eu-west-1", "aps"],
        );
        refused(
            mirror.query(&details),
            "PM-3004",
            &["403", "eu-west-1", "aps"],
        );
        assert_eq!(rig.signed().len() - before, 2, "it is not repeated");
    }
}

fn the_canonical_request_never_reaches_anybody(rig: &Rig) {
    let mirror = rig.with_sts().env("MIRROR_LOG_LEVEL", "trace").start();
    let token = TEMPORARY.token.unwrap();
    for shape in SHAPES {
        rig.amp.set(&json!({"shape": shape}));
        let mut details = rig.amp(TEMPORARY.block());
        details["aws"]["aws_secret_access_key"] = json!("wrong");
        let failed = mirror.query(&details).unwrap_err();
        assert_eq!(failed.id, "PM-3004", "{}", failed.details);
        for text in [&failed.details, &mirror.mirror.process.words()] {
            assert!(!text.contains(token), "{text}");
            assert!(!text.contains("x-amz-security-token:"), "{text}");
            assert!(!text.contains("AWS4-HMAC-SHA256"), "{text}");
        }
    }
}

fn a_missing_permission_is_named(rig: &Rig) {
    let mirror = rig.with_sts().start();
    for shape in SHAPES {
        rig.amp
            .set(&json!({"shape": shape, "denied": ["QueryMetrics", "GetSeries", "GetLabels"]}));
        refused(
            mirror.query(&rig.amp(STATIC.block())),
            "PM-3004",
            &["403", "aps:"],
        );
    }
}

fn the_test_tells_apart_what_may_be_queried_and_listed(rig: &Rig) {
    let mirror = rig.with_sts().start();
    for action in ["QueryMetrics", "GetLabels"] {
        rig.amp.set(&json!({"denied": [action]}));
        let named = format!("aps:{action}");
        refused(mirror.test(&rig.amp(STATIC.block())), "PM-3004", &[&named]);
    }
    // Series are not asked by the test.
    rig.amp
        .set(&json!({"denied": ["GetSeries", "GetMetricMetadata"]}));
    mirror.test(&rig.amp(STATIC.block())).unwrap();
}

fn an_expired_session_that_was_given_cannot_be_renewed(rig: &Rig) {
    let mirror = rig.with_sts().start();
    for shape in SHAPES {
        rig.amp.set(&json!({"shape": shape, "expire_times": 1_000}));
        refused(
            mirror.query(&rig.amp(TEMPORARY.block())),
            "PM-4004",
            &["role_arn"],
        );
    }
    assert_eq!(rig.calls().len(), 0);
}

fn throttling_is_told_as_such_whatever_its_status(rig: &Rig) {
    let mirror = rig.with_sts().start();
    for status in [400, 429] {
        let refuse = json!([status, "ThrottlingException", "Rate exceeded"]);
        rig.amp.set(&json!({"refuse": refuse}));
        let mut details = rig.assuming(&STATIC, ROLE);
        details["request_timeout_seconds"] = json!(3);
        let before = rig.signed().len();
        refused(mirror.query(&details), "PM-3007", &[]);
        let asked = rig.signed().len() - before;
        assert!((2..=6).contains(&asked), "asked {asked} times");
    }
    assert_eq!(rig.calls().len(), 1);
}
