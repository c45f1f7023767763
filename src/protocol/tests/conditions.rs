//! Conditions and their values.

use super::*;
use crate::protocol::condition::{Condition, ConditionValue, Number, Scalar};

/// Where the value of the only condition stands.
const VALUE: &str = "query.conditions[0].value.value";

fn conditions(list: &str) -> Result<Vec<Condition>, DecodeError> {
    field_names(&format!(r#""conditions": {list}"#)).map(|query| query.conditions)
}

/// The value of a condition on `key`.
fn value_of(key: &str, value: &str) -> Result<ConditionValue, DecodeError> {
    let read = conditions(&format!(r#"[{{"key": "{key}", "value": {value}}}]"#))?;
    Ok(read[0].value.clone())
}

/// The value with these members.
fn value(members: &str) -> Result<ConditionValue, DecodeError> {
    value_of("a", &format!("{{{members}}}"))
}

#[track_caller]
fn check(members: &str, expected: &ConditionValue) {
    assert_eq!(&value(members).unwrap(), expected);
}

fn text(text: &str) -> ConditionValue {
    ConditionValue::Text(text.to_owned())
}

#[test]
fn each_type_reads_its_value() {
    check(r#""_type": "StringValue", "value": "x""#, &text("x"));
    check(
        r#""_type": "BooleanValue", "value": true"#,
        &ConditionValue::Boolean(true),
    );
    let number = ConditionValue::Number(Number::Integer(2));
    check(r#""_type": "DoubleValue", "value": 2"#, &number);
    let members = vec![
        Scalar::Text("x".to_owned()),
        Scalar::Number(Number::Float(1.0)),
        Scalar::Boolean(false),
    ];
    let set = r#""_type": "InSetValue", "value": ["x", 1.0, false]"#;
    check(set, &ConditionValue::Set(members));
    check(
        r#""_type": "InSetValue", "value": []"#,
        &ConditionValue::Set(Vec::new()),
    );
}

#[test]
fn a_value_may_stand_before_its_type() {
    let number = ConditionValue::Number(Number::Float(2.5));
    check(r#""value": 2.5, "_type": "DoubleValue""#, &number);
}

#[test]
fn a_value_without_a_type_is_a_string() {
    check(r#""value": "x""#, &text("x"));
    check(r#""value": "x", "_type": null"#, &text("x"));
    refused(value(r#""value": 1"#), VALUE, "must be a string");
}

#[test]
fn an_unknown_type_is_named_and_what_it_holds_is_not_looked_at() {
    let range = ConditionValue::Unsupported("RangeValue".to_owned());
    for held in [
        "",
        r#", "value": null"#,
        r#", "value": {"from": [1]}"#,
        r#", "value": [[{}]]"#,
    ] {
        check(&format!(r#""_type": "RangeValue"{held}"#), &range);
    }
    let many = vec!["1"; 1001].join(",");
    check(
        &format!(r#""value": [{many}], "_type": "RangeValue""#),
        &range,
    );
    // Types are told apart by case, unlike methods.
    let lower = ConditionValue::Unsupported("stringvalue".to_owned());
    check(r#""_type": "stringvalue", "value": "x""#, &lower);
}

#[test]
fn a_type_is_a_string_of_bearable_length() {
    let path = "query.conditions[0].value._type";
    refused(value(r#""_type": 1, "value": 1"#), path, "must be a string");
    let long = format!(r#""_type": "{}""#, "x".repeat(1025));
    refused(value(&long), path, "must be at most 1024 bytes long");
}

#[test]
fn a_value_fits_its_type() {
    let fits = [
        ("StringValue", r#""x""#, "must be a string"),
        ("DoubleValue", "1.5", "must be a number"),
        ("BooleanValue", "true", "must be a boolean"),
        ("InSetValue", r#"["x"]"#, "must be an array"),
    ];
    for (name, _, expectation) in fits {
        for (other, held, _) in fits {
            let read = value(&format!(r#""_type": "{name}", "value": {held}"#));
            if name == other {
                assert!(read.is_ok(), "{name}");
            } else {
                refused(read, VALUE, expectation);
            }
        }
        let object = format!(r#""_type": "{name}", "value": {{"x": 1}}"#);
        refused(value(&object), VALUE, expectation);
        for nothing in ["", r#", "value": null"#] {
            let members = format!(r#""_type": "{name}"{nothing}"#);
            refused(value(&members), VALUE, "is required");
        }
    }
}

#[test]
fn a_set_holds_scalars() {
    for member in ["null", "[]", "{}"] {
        let read = value(&format!(
            r#""_type": "InSetValue", "value": ["x", {member}]"#
        ));
        refused(
            read,
            &format!("{VALUE}[1]"),
            "must be a string, a number or a boolean",
        );
    }
}

#[test]
fn how_a_number_was_written_is_kept() {
    for (written, number) in [
        ("2", Number::Integer(2)),
        ("-2", Number::Integer(-2)),
        ("2.0", Number::Float(2.0)),
        ("1e3", Number::Float(1000.0)),
        ("9007199254740991", Number::Integer(9_007_199_254_740_991)),
        ("9007199254740992", Number::Float(9_007_199_254_740_992.0)),
        ("-9007199254740992", Number::Float(-9_007_199_254_740_992.0)),
        (
            "18446744073709551615",
            Number::Float(18_446_744_073_709_551_615.0),
        ),
        ("1e300", Number::Float(1e300)),
    ] {
        let members = format!(r#""_type": "DoubleValue", "value": {written}"#);
        check(&members, &ConditionValue::Number(number));
    }
    let Ok(ConditionValue::Number(Number::Float(zero))) =
        value(r#""_type": "DoubleValue", "value": -0.0"#)
    else {
        panic!("a float is expected");
    };
    assert!(zero.is_sign_negative());
}

#[test]
fn a_condition_has_a_key_and_a_value() {
    for (condition, member, expectation) in [
        (r#"{"value": {"value": "x"}}"#, ".key", "is required"),
        (
            r#"{"key": null, "value": {"value": "x"}}"#,
            ".key",
            "is required",
        ),
        (
            r#"{"key": 1, "value": {"value": "x"}}"#,
            ".key",
            "must be a string",
        ),
        (r#"{"key": "a"}"#, ".value", "is required"),
        (r#"{"key": "a", "value": null}"#, ".value", "is required"),
        (
            r#"{"key": "a", "value": "x"}"#,
            ".value",
            "must be an object",
        ),
        (
            r#"{"key": "a", "value": ["x"]}"#,
            ".value",
            "must be an object",
        ),
        ("null", "", "is required"),
        (r#""a""#, "", "must be an object"),
    ] {
        let good = r#"{"key": "a", "value": {"value": "x"}}"#;
        let read = conditions(&format!("[{good}, {condition}]"));
        refused(read, &format!("query.conditions[1]{member}"), expectation);
    }
}

#[test]
fn the_conditions_are_a_list() {
    refused(conditions("{}"), "query.conditions", "must be an array");
    assert_eq!(conditions("[]"), Ok(Vec::new()));
}

#[test]
fn an_empty_key_or_value_is_not_decided_here() {
    let read = conditions(r#"[{"key": "", "value": {"value": ""}}]"#).unwrap();
    assert_eq!((read[0].key.as_str(), &read[0].value), ("", &text("")));
}

#[test]
fn there_are_at_most_100_conditions() {
    let list = |count| {
        format!(
            "[{}]",
            vec![r#"{"key":"a","value":{"value":"x"}}"#; count].join(",")
        )
    };
    assert_eq!(conditions(&list(100)).unwrap().len(), 100);
    refused(
        conditions(&list(101)),
        "query.conditions",
        "must have at most 100 entries",
    );
}

#[test]
fn a_key_has_at_most_1024_bytes() {
    let plain = r#"{"value": "x"}"#;
    assert!(value_of(&"k".repeat(1024), plain).is_ok());
    let read = value_of(&"k".repeat(1025), plain);
    refused(
        read,
        "query.conditions[0].key",
        "must be at most 1024 bytes long",
    );
}

#[test]
fn a_value_has_at_most_8_kib_and_a_tilde_query_32() {
    let of_length = |length| format!(r#"{{"value": "{}"}}"#, "x".repeat(length));
    assert!(value_of("a", &of_length(8192)).is_ok());
    refused(
        value_of("a", &of_length(8193)),
        VALUE,
        "must be at most 8192 bytes long",
    );
    assert!(value_of("~", &of_length(32_768)).is_ok());
    refused(
        value_of("~", &of_length(32_769)),
        VALUE,
        "must be at most 32768 bytes long",
    );
    let bytes = format!(r#"{{"value": "{}"}}"#, "é".repeat(4097));
    refused(
        value_of("a", &bytes),
        VALUE,
        "must be at most 8192 bytes long",
    );
}

#[test]
fn a_value_that_stands_before_its_key_is_measured_too() {
    let long = "x".repeat(8193);
    let list = |key| format!(r#"[{{"value": {{"value": "{long}"}}, "key": "{key}"}}]"#);
    assert!(conditions(&list("~")).is_ok());
    refused(
        conditions(&list("a")),
        VALUE,
        "must be at most 8192 bytes long",
    );
}

#[test]
fn a_set_has_at_most_1000_members_of_8_kib() {
    let set = |count, member: &str| {
        let members = vec![member; count].join(",");
        value(&format!(r#""_type": "InSetValue", "value": [{members}]"#))
    };
    assert!(set(1000, "1").is_ok());
    refused(set(1001, "1"), VALUE, "must have at most 1000 entries");
    let long = format!(r#""x","{}""#, "x".repeat(8193));
    refused(
        set(1, &long),
        &format!("{VALUE}[1]"),
        "must be at most 8192 bytes long",
    );
}
