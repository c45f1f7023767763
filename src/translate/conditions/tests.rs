//! The cases of `tests/data/selectors.json`, and that every selector reads back.

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::promql::Selector;
use crate::protocol::condition::Number;

/// One row of the data: a query's conditions, and the selector or error that they give.
#[derive(Deserialize)]
struct Case {
    number: usize,
    kind: String,
    metric: String,
    conditions: Vec<Given>,
    promql: Option<String>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Given {
    key: String,
    #[serde(flatten)]
    value: ConditionValue,
}

/// The canonical selector of the conditions of a metric query.
fn selector(all: &[Condition]) -> Result<String, String> {
    let told = |error| match error {
        TranslateError::KindRequired => "kind required".to_owned(),
        TranslateError::SeveralKinds => "several kinds".to_owned(),
        TranslateError::ValueType(name) => format!("value type {name}"),
        TranslateError::Condition { reason, .. } => reason.to_owned(),
        other => other.to_string(),
    };
    check_types(all).map_err(told)?;
    let (kind, name) = subject(all, &Kind::ALL).map_err(told)?;
    let matchers = matchers(all, kind).map_err(told)?;
    Ok(Selector::of(name).and_all(matchers).to_string())
}

#[test]
fn each_case_gives_its_selector_or_its_error() {
    let data = include_str!("../../../tests/data/selectors.json");
    let cases: Vec<Case> = serde_json::from_str(data).expect("the cases are JSON");
    for (index, case) in cases.into_iter().enumerate() {
        assert_eq!(case.number, index + 1);
        let mut all = vec![Condition {
            key: case.kind,
            value: ConditionValue::Text(case.metric),
        }];
        all.extend(case.conditions.into_iter().map(|given| Condition {
            key: given.key,
            value: given.value,
        }));
        let expected = match (case.promql, case.error) {
            (Some(promql), None) => Ok(promql),
            (None, Some(error)) => Err(error),
            _ => panic!("case {} has one outcome", case.number),
        };
        assert_eq!(selector(&all), expected, "case {}", case.number);
        if let Ok(promql) = expected {
            promql_parser::parser::parse(&promql).expect("the parser reads every selector");
        }
    }
}

#[test]
fn the_kind_may_stand_anywhere_and_must_be_a_text() {
    let kind = |value| Condition {
        key: "__gauge__".to_owned(),
        value,
    };
    let job = Condition {
        key: "job".to_owned(),
        value: ConditionValue::Text("x".to_owned()),
    };
    assert_eq!(
        selector(&[job.clone(), kind(ConditionValue::Text("m".to_owned()))]),
        Ok(r#"{__name__="m",job="x"}"#.to_owned())
    );
    for value in [
        ConditionValue::Boolean(true),
        ConditionValue::Number(Number::Integer(1)),
        ConditionValue::Set(vec![Scalar::Text("m".to_owned())]),
    ] {
        assert_eq!(selector(&[kind(value)]), Err("kind required".to_owned()));
    }
    assert_eq!(selector(&[job]), Err("kind required".to_owned()));
    assert_eq!(selector(&[]), Err("kind required".to_owned()));
}

fn scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        any::<String>().prop_map(Scalar::Text),
        any::<bool>().prop_map(Scalar::Boolean),
        any::<f64>()
            .prop_filter("finite", |value| value.is_finite())
            .prop_map(|value| Scalar::Number(Number::Float(value))),
    ]
}

/// What a regular expression of tokens stands for, read back without our own code.
fn alternatives(regex: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut characters = regex.chars();
    while let Some(character) = characters.next() {
        let literal = match character {
            '|' => {
                found.push(String::new());
                continue;
            }
            '\\' => characters.next().expect("a backslash escapes something"),
            other => other,
        };
        found.last_mut().expect("never empty").push(literal);
    }
    found
}

proptest! {
    /// parse(build(x)) has exactly the intended matchers.
    #[test]
    fn any_text_reads_back_as_the_intended_matchers(
        metric in any::<String>().prop_filter("a name", |name| !name.is_empty()),
        key in any::<String>().prop_filter("a label", |key| {
            !key.is_empty() && key != METRIC_NAME && Kind::of(key).is_none()
        }),
        value: String,
        members in proptest::collection::vec(scalar(), 1..6),
    ) {
        let all = [
            Condition { key: "__gauge__".to_owned(), value: ConditionValue::Text(metric.clone()) },
            Condition { key: key.clone(), value: ConditionValue::Text(value.clone()) },
            Condition { key: key.clone(), value: ConditionValue::Set(members.clone()) },
        ];
        let printed = selector(&all).expect("nothing is refused");
        let parsed = promql_parser::parser::parse(&printed);
        let Ok(promql_parser::parser::Expr::VectorSelector(parsed)) = parsed else {
            return Err(TestCaseError::fail(format!("{printed}: {parsed:?}")));
        };
        let read: Vec<(String, String, String)> = parsed.matchers.matchers.iter()
            .map(|m| (m.name.clone(), m.op.to_string(), m.value.clone()))
            .collect();
        prop_assert_eq!(parsed.name, None);
        prop_assert!(parsed.matchers.or_matchers.is_empty());
        prop_assert_eq!(read.len(), 3);
        prop_assert_eq!(&read[0], &("__name__".to_owned(), "=".to_owned(), metric));
        prop_assert_eq!(&read[1], &(key.clone(), "=".to_owned(), value));
        prop_assert_eq!(&read[2].0, &key);
        let spelled = match read[2].1.as_str() {
            "=" => vec![read[2].2.clone()],
            "=~" => alternatives(&read[2].2),
            other => return Err(TestCaseError::fail(other.to_owned())),
        };
        for member in &members {
            match member {
                Scalar::Text(text) => prop_assert!(spelled.contains(text)),
                Scalar::Boolean(flag) => prop_assert!(spelled.contains(&flag.to_string())),
                Scalar::Number(_) => {}
            }
        }
    }
}
