//! No error repeats anything of the body.

use proptest::prelude::*;

use super::tree::Tree;
use super::*;

/// A request of each method that uses every member.
const REQUESTS: [&str; 4] = [
    include_str!("../../../schemas/examples/connection.request.json"),
    include_str!("../../../schemas/examples/field_names.request.json"),
    include_str!("../../../schemas/examples/field_values.request.json"),
    include_str!("../../../schemas/examples/metric.request.json"),
];

/// What every reader says of a body.
fn errors(body: &[u8]) -> Vec<String> {
    [
        decode::<TestConnectionRequest>(body).err(),
        decode::<FieldNamesRequest>(body).err(),
        decode::<FieldValuesRequest>(body).err(),
        decode::<MetricsRequest>(body).err(),
    ]
    .into_iter()
    .flatten()
    .map(|error| format!("{error} {error:?}"))
    .collect()
}

/// Values that each fit somewhere and nowhere else, all of them recognisable.
fn planted() -> Vec<Tree> {
    let trap = r#"opensesame`, expected 8675309 at line 1 column 2"#;
    [
        r#""opensesame""#.to_owned(),
        serde_json::to_string(trap).unwrap(),
        // The mark of our own texts, as a value would have to imitate it.
        r#""\u0001opensesame\u0001opensesame""#.to_owned(),
        format!(r#""{}""#, "opensesame".repeat(4000)),
        "8675309".to_owned(),
        "-8675309".to_owned(),
        "8675309.5".to_owned(),
        "86753098675309867530".to_owned(),
        "8675309e300".to_owned(),
        r#"["opensesame", 8675309]"#.to_owned(),
        r#"{"opensesame": "opensesame"}"#.to_owned(),
        r#"{"_type": "opensesame", "value": 8675309}"#.to_owned(),
        r#"{"_type": "InSetValue", "value": [{"opensesame": 8675309}]}"#.to_owned(),
        r#"{"key": "opensesame", "value": {"_type": "DoubleValue", "value": "opensesame"}}"#
            .to_owned(),
        r#"{"method": "opensesame", "bucketSizeMillis": "opensesame"}"#.to_owned(),
    ]
    .iter()
    .map(|text| Tree::parse(text))
    .collect()
}

#[test]
fn no_error_repeats_a_value_or_a_key_wherever_it_stands() {
    let mut refused = 0;
    for request in REQUESTS {
        for planted in planted() {
            for body in Tree::parse(request).with_planted(&planted, "opensesame") {
                for error in errors(body.to_string().as_bytes()) {
                    refused += 1;
                    assert!(!error.contains("opensesame"), "{error}: {body}");
                    assert!(!error.contains("86753"), "{error}: {body}");
                    assert!(!error.contains("does not fit"), "{error}: {body}");
                }
            }
        }
    }
    assert!(refused > 1000, "the planted values must be refused");
}

#[test]
fn a_key_that_stands_twice_is_not_repeated() {
    let body = r#"{"connectionDetails": {"opensesame": 1, "opensesame": 2}}"#;
    for error in errors(body.as_bytes()) {
        assert!(error.starts_with("the body is not valid JSON at line 1, column"));
        assert!(!error.contains("opensesame"));
    }
}

/// A request whose query is any tree under the names that are read.
fn request_like() -> impl Strategy<Value = Tree> {
    let name = prop::sample::select(vec![
        "conditions",
        "startTime",
        "endTime",
        "limit",
        "offset",
        "aggregation",
        "field",
        "fieldValuePrefix",
        "fieldName",
        "method",
        "bucketSizeMillis",
        "key",
        "value",
        "_type",
    ]);
    let inner = Tree::any().prop_recursive(4, 30, 4, move |inner| {
        let member = (name.clone(), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Tree::List),
            prop::collection::hash_map(name.clone(), member.1, 0..6).prop_map(|members| {
                let named = |(name, value): (&str, Tree)| (name.to_owned(), value);
                Tree::Object(members.into_iter().map(named).collect())
            }),
        ]
    });
    (inner.clone(), inner.clone(), inner).prop_map(|(details, timeout, query)| {
        Tree::Object(vec![
            ("connectionDetails".to_owned(), details),
            ("requestTimeout".to_owned(), timeout),
            ("query".to_owned(), query),
        ])
    })
}

/// An expectation without the numbers of our limits.
fn is_ours(error: &DecodeError) -> bool {
    let DecodeError::Invalid(invalid) = error else {
        return true;
    };
    let words = [
        "is required",
        "must be ",
        "must have at most ",
        "must not be ",
    ];
    invalid.path.len() < 80
        && words
            .iter()
            .any(|word| invalid.expectation.starts_with(word))
}

proptest! {
    #[test]
    fn any_request_is_read_or_refused_in_our_own_words(body in request_like()) {
        let body = body.to_string();
        for error in [
            decode::<TestConnectionRequest>(body.as_bytes()).err(),
            decode::<FieldNamesRequest>(body.as_bytes()).err(),
            decode::<FieldValuesRequest>(body.as_bytes()).err(),
            decode::<MetricsRequest>(body.as_bytes()).err(),
        ] {
            prop_assert!(error.as_ref().is_none_or(is_ours), "{:?}", error);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        errors(&body);
    }
}
