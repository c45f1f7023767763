//! Ranges of time.

use super::*;
use crate::time::UnixMillis;

fn ranged(range: &str) -> Result<MetricsQuery, DecodeError> {
    decode::<MetricsRequest>(request(range).as_bytes()).map(|request| request.query)
}

#[test]
fn a_metric_needs_both_ends() {
    refused(ranged(r#""endTime": 1"#), "query.startTime", "is required");
    refused(ranged(r#""startTime": 1"#), "query.endTime", "is required");
    let null = ranged(r#""startTime": null, "endTime": 1"#);
    refused(null, "query.startTime", "is required");
}

#[test]
fn a_metric_may_start_in_1970_and_take_no_time() {
    let query = ranged(r#""startTime": 0, "endTime": 0.0"#).unwrap();
    assert_eq!(
        (query.start_time, query.end_time),
        <(UnixMillis, UnixMillis)>::default()
    );
}

#[test]
fn fields_may_be_asked_without_ends() {
    let query = field_names(r#""startTime": 0, "endTime": 0"#).unwrap();
    assert_eq!((query.start_time, query.end_time), (None, None));
    let query = field_values(r#", "endTime": 5.0"#).unwrap();
    assert_eq!(
        (query.start_time, query.end_time),
        (None, Some(UnixMillis::new(5)))
    );
}

#[test]
fn no_range_ends_before_it_starts() {
    let (path, expectation) = ("query.endTime", "must not be before startTime");
    let backward = r#""startTime": 2, "endTime": 1"#;
    refused(ranged(backward), path, expectation);
    refused(field_names(backward), path, expectation);
    refused(field_values(&format!(", {backward}")), path, expectation);
}

#[test]
fn an_instant_is_a_whole_number_since_1970() {
    for at in ["-1", "1.5", r#""1504400400000""#, "true"] {
        let expectation = "must be an integer, 0 or greater";
        let range = format!(r#""startTime": {at}, "endTime": 2"#);
        refused(ranged(&range), "query.startTime", expectation);
        refused(field_names(&range), "query.startTime", expectation);
    }
    let range = format!(
        r#""startTime": 0, "endTime": {}"#,
        UnixMillis::MAX.get() + 1
    );
    refused(
        ranged(&range),
        "query.endTime",
        "must be at most 9007199254740991",
    );
}
