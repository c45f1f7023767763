//! The record as it goes out: `schemas/record.json`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::Schema;
use schemars::SchemaGenerator;
use schemars::json_schema;
use serde::Deserialize;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::failures::Failure;
use crate::protocol::schema;
use crate::record::stages::NoticeShown;
use crate::record::stages::Stages;
use crate::series::solver::Solution;

/// What became of one request, and how.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Record {
    /// The version of this form: 1.
    pub version: u8,
    /// The way of the request.
    pub stages: Stages,
    /// How it ended.
    pub outcome: Outcome,
    /// The body of the Mirror API's answer, byte for byte; null in a dry run.
    pub answer: Option<Answer>,
    /// What should be known of the answer.
    pub notices: Vec<NoticeShown>,
}

/// A body of the Mirror API.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Answer(Box<RawValue>);

impl Answer {
    /// A body; `None` if it is not JSON, which ours is.
    #[must_use]
    pub fn of(body: &[u8]) -> Option<Self> {
        let text = str::from_utf8(body).ok()?;
        RawValue::from_string(text.to_owned()).ok().map(Self)
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.get()
    }
}

impl JsonSchema for Answer {
    fn schema_name() -> Cow<'static, str> {
        "Answer".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "description": "An answer of the Mirror API." })
    }
}

/// How a request ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Outcome {
    /// How.
    pub result: Ended,
    /// The failure, if it is one.
    pub error: Option<ErrorShown>,
    /// What tells several series apart, if there are several.
    pub ambiguity: Option<Ambiguity>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Ended {
    /// With an answer.
    Ok,
    /// With a part of one.
    Partial,
    /// With an answer that holds nothing.
    Empty,
    /// With a failure.
    Error,
}

/// A failure.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ErrorShown {
    /// Its id.
    pub id: &'static str,
    /// `_type` of the body.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Its kind in a few words, where it has them.
    pub summary: Option<String>,
    /// What happened, one thing to do, and the id.
    pub details: String,
}

impl From<&Failure> for ErrorShown {
    fn from(failure: &Failure) -> Self {
        let (kind, summary) = failure.body.described();
        Self {
            id: failure.id.code(),
            kind,
            summary: summary.map(str::to_owned),
            details: failure.details(),
        }
    }
}

/// What tells several series apart.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Ambiguity {
    /// How many series there are.
    pub series: usize,
    /// The smallest set of labels that tells them apart.
    pub labels: Vec<String>,
    /// Labels that have one value throughout.
    pub constant: BTreeMap<String, String>,
    /// The first ten tuples of values; a label that a series lacks is empty.
    pub tuples: Vec<Vec<String>>,
    /// How many series each value has.
    pub counts: Vec<CountShown>,
    /// Conditions that select one series, for each of the tuples.
    pub suggestions: Vec<Suggestion>,
    /// A query for `~` that makes one series of them.
    pub combine: Option<String>,
    /// Whether the labels tell all series apart.
    pub separable: bool,
}

/// How many series have a value.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CountShown {
    /// The label.
    pub label: String,
    /// The value.
    pub value: String,
    /// The number of series.
    pub series: usize,
}

/// Conditions to add.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Suggestion {
    /// All of them together select one series.
    pub conditions: Vec<ConditionShown>,
}

impl Ambiguity {
    /// The first suggestion in which each label has a value, else the first.
    #[must_use]
    pub fn best(&self) -> Option<&Suggestion> {
        let has_values = |it: &&Suggestion| it.conditions.iter().all(|it| !it.value.is_empty());
        let mut all = self.suggestions.iter();
        all.find(has_values).or(self.suggestions.first())
    }
}

impl Suggestion {
    /// The conditions as a person reads them: `pod = a and zone = b`.
    #[must_use]
    pub fn spelled(&self) -> String {
        let conditions = self.conditions.iter();
        let conditions: Vec<String> = conditions
            .map(|ConditionShown { key, value }| format!("{key} = {value}"))
            .collect();
        conditions.join(" and ")
    }
}

/// A condition to add.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ConditionShown {
    /// The label.
    pub key: String,
    /// Its value.
    pub value: String,
}

impl Ambiguity {
    /// What `solution` says; `combine` makes one series of all.
    #[must_use]
    pub fn of(solution: Solution, combine: Option<String>) -> Self {
        let Solution {
            series,
            labels,
            constant,
            tuples,
            counts,
            is_separable,
        } = solution;
        let conditions = |tuple: &Vec<String>| Suggestion {
            conditions: (labels.iter().zip(tuple))
                .map(|(key, value)| ConditionShown {
                    key: key.clone(),
                    value: value.clone(),
                })
                .collect(),
        };
        let suggestions = if is_separable {
            tuples.iter().map(conditions).collect()
        } else {
            Vec::new()
        };
        Self {
            series,
            suggestions,
            labels,
            constant,
            tuples,
            counts: (counts.into_iter())
                .map(|count| CountShown {
                    label: count.label,
                    value: count.value,
                    series: count.series,
                })
                .collect(),
            combine,
            separable: is_separable,
        }
    }
}

/// The JSON Schema of the record, indented and with a line break at its end, the same at each call.
///
/// # Panics
///
/// Never: it is made of text, lists and maps with text as keys.
#[must_use]
pub fn schema() -> String {
    let settings = schema::settings().with(|it| it.definitions_path = "/$defs".into());
    let schema = settings.into_generator().into_root_schema_for::<Record>();
    let mut text = serde_json::to_string_pretty(&schema).expect("keys are strings");
    text.push('\n');
    text
}
