//! Limits, offsets, sizes and timeouts.

use super::*;
use crate::time::Millis;

#[test]
fn an_integral_float_is_an_integer() {
    let query = metric(r#", "limit": 7.0, "aggregation": {"bucketSizeMillis": 6e4}"#).unwrap();
    assert_eq!(query.limit, Some(7));
    let aggregation = query.aggregation.unwrap();
    assert_eq!(aggregation.bucket_size, Some(Millis::MINUTE));
    assert_eq!(field_values(r#", "offset": 3.0"#).unwrap().offset, 3);
}

#[test]
fn a_limit_is_a_positive_integer() {
    for limit in ["0", "-1", "1.5", "-0.0", r#""7""#, "true", "[7]", "{}"] {
        let member = format!(r#", "limit": {limit}"#);
        let expectation = "must be a positive integer";
        refused(metric(&member), "query.limit", expectation);
        refused(field_values(&member), "query.limit", expectation);
        refused(field_names(&member[2..]), "query.limit", expectation);
    }
    assert_eq!(metric(r#", "limit": 1"#).unwrap().limit, Some(1));
    // "All" is a number that no list reaches.
    assert_eq!(
        metric(r#", "limit": 2147483647"#).unwrap().limit,
        Some(2_147_483_647)
    );
}

#[test]
fn an_offset_is_zero_or_more() {
    assert_eq!(field_values("").unwrap().offset, 0);
    assert_eq!(field_values(r#", "offset": -0.0"#).unwrap().offset, 0);
    for offset in ["-1", "0.5", r#""1""#] {
        let read = field_values(&format!(r#", "offset": {offset}"#));
        refused(read, "query.offset", "must be an integer, 0 or greater");
    }
}

#[test]
fn a_bucket_is_a_positive_integer_or_absent() {
    let sized = |size: &str| {
        metric(&format!(
            r#", "aggregation": {{"bucketSizeMillis": {size}}}"#
        ))
    };
    assert_eq!(
        sized("null").unwrap().aggregation.unwrap().bucket_size,
        None
    );
    for size in ["0", "-60000", "0.5", r#""60000""#, "false"] {
        let path = "query.aggregation.bucketSizeMillis";
        refused(sized(size), path, "must be a positive integer");
    }
}

#[test]
fn no_integer_is_larger_than_every_reader_agrees_on() {
    let largest = metric(r#", "limit": 9007199254740991"#).unwrap();
    assert_eq!(largest.limit, Some(9_007_199_254_740_991));
    for limit in [
        "9007199254740992",
        "18446744073709551615",
        "1e300",
        "123456789012345678901",
    ] {
        let read = metric(&format!(r#", "limit": {limit}"#));
        refused(read, "query.limit", "must be at most 9007199254740991");
    }
}

#[test]
fn a_timeout_counts_only_if_it_is_positive() {
    for (given, expected) in [
        ("15000", Some(15_000)),
        ("15000.0", Some(15_000)),
        ("1500.7", Some(1500)),
        ("0.25", Some(1)),
        ("1e300", Some(u64::MAX)),
        ("0", None),
        ("0.0", None),
        ("-1", None),
        ("-1.5", None),
    ] {
        let body = format!(r#"{{"connectionDetails": {{}}, "requestTimeout": {given}}}"#);
        assert_eq!(
            connection(&body).unwrap().request_timeout,
            expected,
            "{given}"
        );
    }
    for given in [r#""15000""#, "true", "{}"] {
        let body = format!(r#"{{"connectionDetails": {{}}, "requestTimeout": {given}}}"#);
        refused(connection(&body), "requestTimeout", "must be a number");
    }
}
