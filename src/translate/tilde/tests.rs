//! Texts of callers, with and without conditions.

use super::*;
use crate::protocol::condition::ConditionValue;

fn beside(pairs: &[(&str, &str)]) -> Vec<Condition> {
    let tilde = ("~", "the text is read elsewhere");
    [tilde]
        .iter()
        .chain(pairs)
        .map(|(key, value)| Condition {
            key: (*key).to_owned(),
            value: ConditionValue::Text((*value).to_owned()),
        })
        .collect()
}

fn with(tilde_conditions: TildeConditions) -> QueryOptions {
    QueryOptions {
        tilde_conditions,
        ..QueryOptions::default()
    }
}

#[track_caller]
fn sent(text: &str, pairs: &[(&str, &str)], options: &QueryOptions) -> Tilde {
    read(text, &beside(pairs), Some(Millis::MINUTE), options).expect("readable")
}

fn texts(spelled: &[Spelled]) -> Vec<&str> {
    spelled.iter().map(|it| it.text.as_str()).collect()
}

#[test]
fn without_conditions_the_text_goes_out_byte_for_byte() {
    for text in [
        "up) or vector(1",
        " sum( up ) # all\n",
        "WITH (x = 1) x + $__interval",
        "rate(a[5m]) keep_metric_names",
        "1",
    ] {
        let tilde = sent(text, &[], &QueryOptions::default());
        assert_eq!(
            (tilde.text.text.as_str(), tilde.name.as_str()),
            (text, text)
        );
    }
}

#[test]
fn conditions_are_added_in_the_order_of_the_request() {
    let tilde = sent(
        "sum(up) / count(up{job=\"x\"})",
        &[("env", "p"), ("a.b", "c")],
        &QueryOptions::default(),
    );
    assert_eq!(
        tilde.text.text,
        r#"sum(up{env="p","a.b"="c"}) / count(up{job="x",env="p","a.b"="c"})"#
    );
    assert_eq!(tilde.name, "sum(up) / count(up{job=\"x\"})");
    assert_eq!(
        texts(&tilde.selectors),
        [
            r#"up{env="p","a.b"="c"}"#,
            r#"up{job="x",env="p","a.b"="c"}"#
        ]
    );
}

#[test]
fn labels_of_histograms_and_summaries_are_ordinary_here() {
    let tilde = sent(
        "a",
        &[("le", "0.5"), ("quantile", "0.9")],
        &QueryOptions::default(),
    );
    assert_eq!(tilde.text.text, r#"a{le="0.5",quantile="0.9"}"#);
}

#[test]
fn conditions_can_be_ignored_or_refused() {
    let tilde = sent("a +", &[("x", "y")], &with(TildeConditions::Ignore));
    assert_eq!(tilde.text.text, "a +");
    let refused = read(
        "a",
        &beside(&[("x", "y")]),
        None,
        &with(TildeConditions::Reject),
    );
    assert!(matches!(refused, Err(TranslateError::CannotApply { keys, .. }) if keys == ["x"]));
    let alone = sent("a", &[], &with(TildeConditions::Reject));
    assert_eq!(alone.text.text, "a");
}

#[test]
fn conditions_beside_a_text_that_does_not_parse_are_an_error() {
    let refused = read(
        "rate(a[5m]) keep_metric_names",
        &beside(&[("x", "y"), ("z", "1")]),
        None,
        &QueryOptions::default(),
    );
    assert_eq!(
        refused,
        Err(TranslateError::CannotApply {
            keys: vec!["x".to_owned(), "z".to_owned()],
            reason: "which does not parse as PromQL".to_owned(),
        })
    );
}

#[test]
fn the_name_of_a_metric_cannot_stand_beside_a_text() {
    let refused = read(
        "a",
        &beside(&[("__name__", "b")]),
        None,
        &QueryOptions::default(),
    );
    assert!(matches!(refused, Err(TranslateError::Condition { .. })));
}

#[test]
fn conditions_that_make_the_text_too_long_are_an_error() {
    let text = ["a", &"+a".repeat(200)].concat();
    let long = "y".repeat(1000);
    let refused = read(
        &text,
        &beside(&[("x", &long)]),
        None,
        &QueryOptions::default(),
    );
    assert!(matches!(refused, Err(TranslateError::TooLarge { .. })));
}

#[test]
fn variables_are_replaced_only_where_that_is_on() {
    let on = QueryOptions {
        tilde_variables: true,
        scrape_interval: Some(Millis::new(15_000)),
        ..QueryOptions::default()
    };
    let text = "rate(a[$__rate_interval]) + b[$__interval:]";
    assert_eq!(
        sent(text, &[], &on).text.text,
        "rate(a[75000ms]) + b[60000ms:]"
    );
    let raw = read(text, &beside(&[]), None, &on).expect("readable");
    assert_eq!(raw.text.text, "rate(a[30000ms]) + b[15000ms:]");
    assert_eq!(sent(text, &[], &QueryOptions::default()).text.text, text);
}

#[test]
fn a_text_bound_to_its_range_is_not_split() {
    let grid = Grid {
        first_end: crate::time::UnixMillis::new(60_000),
        last_end: crate::time::UnixMillis::new(120_000),
        width: Millis::MINUTE,
    };
    let options = QueryOptions::default();
    let is_splittable = |text| {
        sent(text, &[], &options)
            .folded(grid, &options)
            .is_splittable
    };
    assert!(is_splittable("sum(a)"));
    assert!(!is_splittable("a @ start()"));
    assert!(!is_splittable("a @ end()"));
}
