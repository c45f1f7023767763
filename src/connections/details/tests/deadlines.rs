//! The three timeout keys, and the timeout beside the details.

use super::*;

#[track_caller]
fn timeout(members: &str, beside: Option<u64>, expected_millis: u64) {
    let text = format!("{{{URL}, {members}}}");
    let resolved = resolve(&text, beside, &Defaults::default()).unwrap();
    let expected = Duration::from_millis(expected_millis);
    assert_eq!(
        resolved.connection.timeout, expected,
        "{members} {beside:?}"
    );
}

#[test]
fn the_first_timeout_in_the_documented_order_wins() {
    timeout(
        r#""requestTimeout": 7000, "timeout": "6s", "request_timeout_seconds": 5.5"#,
        None,
        5500,
    );
    timeout(r#""requestTimeout": 7000, "timeout": "6s""#, None, 6000);
    timeout(r#""requestTimeout": "7000.0""#, None, 7000);
    timeout(r#""timeout": "1m""#, None, 60_000);
    timeout(r#""timeout": 12"#, None, 12_000);
    warns(
        &format!(r#"{{{URL}, "requestTimeout": 7000, "timeout": "6s"}}"#),
        &["connectionDetails.requestTimeout: has no effect beside timeout"],
    );
}

#[test]
fn a_timeout_out_of_range_is_clamped_with_a_warning() {
    timeout(r#""request_timeout_seconds": 15000"#, None, 60_000);
    timeout(r#""request_timeout_seconds": -1e300"#, None, 1000);
    timeout(r#""timeout": "500ms""#, None, 1000);
    timeout(r#""timeout": "9999999y""#, None, 60_000);
    warns(
        &format!(r#"{{{URL}, "request_timeout_seconds": 15000}}"#),
        &["connectionDetails.request_timeout_seconds: outside of 1 to 60 seconds; 60 s is used"],
    );
}

#[test]
fn the_timeout_beside_the_details_only_lowers() {
    timeout(r#""timeout": "20s""#, Some(15_000), 15_000);
    timeout(r#""timeout": "20s""#, Some(25_000), 20_000);
    timeout(r#""timeout": "20s""#, Some(0), 20_000);
    timeout(r#""timeout": null"#, Some(15_000), 15_000);
    timeout(r#""timeout": null"#, Some(100), 1000);
    timeout(r#""timeout": null"#, Some(u64::MAX), 30_000);
}

#[test]
fn a_timeout_of_another_type_is_an_error() {
    refuses_member(
        r#""request_timeout_seconds": "30s""#,
        "request_timeout_seconds: must be a number of seconds",
    );
    refuses_member(
        r#""requestTimeout": true"#,
        "requestTimeout: must be a number of milliseconds",
    );
    refuses_member(
        r#""timeout": "soon""#,
        "timeout: must be a duration such as 500ms or 1m30s, or a number of seconds",
    );
}
