//! What surrounds a query, and the fields that are asked for.

use super::*;

#[test]
fn the_request_of_the_chapter_is_read() {
    let body = include_str!("../../../schemas/examples/metric.request.json");
    let request: MetricsRequest = decode(body.as_bytes()).unwrap();
    assert_eq!(request.request_timeout, Some(15_000));
    assert!(
        request
            .connection_details
            .text()
            .starts_with("{\n    \"url\"")
    );
    assert_eq!(request.query.conditions.len(), 2);
    assert_eq!(request.query.limit, Some(1000));
    assert!(request.query.aggregation.is_some());
}

#[test]
fn the_requests_of_the_guide_are_read() {
    let details = r#""connectionDetails": {"host": "localhost", "port": 9000}"#;
    let condition = r#"{"key": "d", "value": {"value": 42.0, "_type": "DoubleValue"}, "_type": "EqualityCondition"}"#;
    let range = r#""startTime": 1504174208940, "endTime": 1505124608940, "limit": 2147483647, "latestFirst": true"#;
    let field = r#"{"fieldName": "string", "fieldType": "STRING", "classified": false, "_type": "FieldDescriptor"}"#;
    let names = format!(
        r#"{{{details}, "query": {{"conditions": [{condition}], {range}, "_type": "FieldNamesQuery"}}, "_type": "FieldNamesRequest"}}"#
    );
    assert!(decode::<FieldNamesRequest>(names.as_bytes()).is_ok());
    let values = format!(
        r#"{{{details}, "query": {{"field": {field}, "fieldValuePrefix": "cpu.", "offset": 0, {range}}}}}"#
    );
    let values: FieldValuesRequest = decode(values.as_bytes()).unwrap();
    assert_eq!(values.query.field_name, "string");
    assert_eq!(values.query.prefix.as_deref(), Some("cpu."));
}

#[test]
fn a_type_may_be_missing_or_anything() {
    for tag in [
        "",
        r#""_type": null, "#,
        r#""_type": "Other", "#,
        r#""_type": [1], "#,
    ] {
        let body = format!(
            r#"{{{tag}"connectionDetails": {{}}, "query": {{{tag}{RANGE},
            "aggregation": {{{tag}"method": "MAX"}},
            "conditions": [{{{tag}"key": "a", "value": {{"value": "b"}}}}]}}}}"#
        );
        assert!(decode::<MetricsRequest>(body.as_bytes()).is_ok(), "{tag}");
    }
}

#[test]
fn unknown_members_are_ignored_everywhere() {
    let x = r#""x": {"y": [1, null, "z"]}, "#;
    let body = format!(
        r#"{{{x}"connectionDetails": {{}}, "query": {{{x}{RANGE},
        "aggregation": {{{x}"method": "MAX"}},
        "conditions": [{{{x}"key": "a", "value": {{{x}"value": "b"}}}}]}}}}"#
    );
    assert!(decode::<MetricsRequest>(body.as_bytes()).is_ok());
}

#[test]
fn both_spellings_of_latest_first_go_together_and_have_no_effect() {
    let with = metric(r#", "latestFirst": true, "lastFirst": false, "metricField": "value""#);
    assert_eq!(with, metric(""));
}

#[test]
fn null_equals_absent_for_every_optional_member() {
    let nothing =
        r#", "conditions": null, "limit": null, "aggregation": null, "metricField": null"#;
    assert_eq!(metric(nothing), metric(""));
    let nothing = r#""conditions": null, "startTime": null, "endTime": null, "limit": null"#;
    assert_eq!(field_names(nothing), Ok(FieldNamesQuery::default()));
    let nothing = r#", "fieldValuePrefix": null, "offset": null, "limit": null"#;
    assert_eq!(field_values(nothing), field_values(""));
    let request = connection(r#"{"connectionDetails": {}, "requestTimeout": null}"#);
    assert_eq!(request.unwrap().request_timeout, None);
}

#[test]
fn members_may_stand_in_any_order() {
    let body =
        format!(r#"{{"query": {{{RANGE}}}, "requestTimeout": 5, "connectionDetails": {{}}}}"#);
    assert!(decode::<MetricsRequest>(body.as_bytes()).is_ok());
}

#[test]
fn the_details_are_required_and_an_object_and_kept_as_they_came() {
    refused(connection("{}"), "connectionDetails", "is required");
    for (details, expectation) in [
        ("null", "is required"),
        ("[]", "must be an object"),
        (r#""{}""#, "must be an object"),
        ("1", "must be an object"),
    ] {
        let body = format!(r#"{{"connectionDetails": {details}}}"#);
        refused(connection(&body), "connectionDetails", expectation);
    }
    let request = connection(r#"{"connectionDetails" :  { "url":1.0,"x" : [ ] } }"#).unwrap();
    assert_eq!(
        request.connection_details.text(),
        r#"{ "url":1.0,"x" : [ ] }"#
    );
    assert_eq!(format!("{:?}", request.connection_details), "[redacted]");
}

#[test]
fn the_query_is_required_and_an_object() {
    for (query, expectation) in [
        ("", "is required"),
        (r#", "query": null"#, "is required"),
        (r#", "query": []"#, "must be an object"),
        (r#", "query": "x""#, "must be an object"),
    ] {
        let body = format!(r#"{{"connectionDetails": {{}}{query}}}"#);
        refused(
            decode::<FieldNamesRequest>(body.as_bytes()),
            "query",
            expectation,
        );
        refused(
            decode::<FieldValuesRequest>(body.as_bytes()),
            "query",
            expectation,
        );
        refused(
            decode::<MetricsRequest>(body.as_bytes()),
            "query",
            expectation,
        );
    }
}

#[test]
fn the_body_is_an_object() {
    refused(connection("null"), "the body", "is required");
    for body in ["[]", "[{}]", "1", r#""x""#, "true"] {
        refused(connection(body), "the body", "must be an object");
    }
}

#[test]
fn the_field_is_required_and_has_a_name() {
    let read = |query: &str| decode::<FieldValuesRequest>(request(query).as_bytes());
    refused(read(""), "query.field", "is required");
    refused(
        read(r#""field": "job""#),
        "query.field",
        "must be an object",
    );
    for (name, expectation) in [
        ("{}", "is required"),
        (r#"{"fieldName": null}"#, "is required"),
        (r#"{"fieldName": 1}"#, "must be a string"),
        (r#"{"fieldName": ""}"#, "must not be empty"),
    ] {
        let query = format!(r#""field": {name}"#);
        refused(read(&query), "query.field.fieldName", expectation);
    }
    let long = format!(r#""field": {{"fieldName": "{}"}}"#, "é".repeat(513));
    refused(
        read(&long),
        "query.field.fieldName",
        "must be at most 1024 bytes long",
    );
}

#[test]
fn an_empty_prefix_is_none() {
    assert_eq!(
        field_values(r#", "fieldValuePrefix": """#),
        field_values("")
    );
    let long = format!(r#", "fieldValuePrefix": "{}""#, "x".repeat(8193));
    refused(
        field_values(&long),
        "query.fieldValuePrefix",
        "must be at most 8192 bytes long",
    );
    let list = field_values(r#", "fieldValuePrefix": ["x"]"#);
    refused(list, "query.fieldValuePrefix", "must be a string");
}

#[test]
fn a_body_that_is_not_json_is_told_apart_from_one_that_does_not_fit() {
    let read = connection("{\n  \"connectionDetails\": {},\n  }");
    assert_eq!(
        read.unwrap_err(),
        DecodeError::Syntax { line: 3, column: 3 }
    );
}
