//! What a diagnosis says, as `/debug/diagnose` and `diagnose -o json` write it.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

use crate::explain::Ambiguity;
use crate::protocol::condition::Condition;

/// The most calls that one diagnosis makes.
pub const CALLS_ALLOWED: u32 = 10;

/// The answer to "why is it empty?".
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Diagnosis {
    /// The causes, the most certain first.
    pub findings: Vec<Finding>,
    /// What was asked, in order.
    pub probes: Vec<Probed>,
    /// How several series differ, where one is needed (`PM-2001`).
    pub ambiguity: Option<Ambiguity>,
    /// How many calls it took.
    pub calls: u32,
    /// How many it may take.
    pub calls_allowed: u32,
    /// How long it took, in milliseconds.
    pub ms: f64,
    /// Whether the selection has samples in the window.
    pub not_empty: bool,
}

/// How sure a finding is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// What was corrected was run and has data, or the backend said so itself.
    Certain,
    /// All that was seen speaks for it.
    Likely,
    /// It would explain what was seen.
    Possible,
}

/// The steps, in order.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Probe {
    /// Can it be asked at all?
    Reach,
    /// Has the selection samples in the window?
    Selection,
    /// Which condition matches nothing?
    Conditions,
    /// Is there a metric of that name?
    Metric,
    /// Which values are there?
    Values,
    /// Are there data at another time?
    Elsewhere,
    /// Are all samples NaN?
    Nan,
    /// How far apart are samples?
    Interval,
    /// Of which kind is the metric?
    Kind,
}

/// One cause.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Its id, as `PM-2002`.
    pub id: String,
    /// How sure it is.
    pub certainty: Certainty,
    /// The step that found it.
    pub probe: Probe,
    /// What it is.
    pub text: String,
    /// What to do.
    pub fix: String,
    /// What exists and resembles what was asked for, the nearest first; at most five.
    pub nearest: Vec<Nearest>,
    /// Conditions that were proved to have data.
    #[serde(rename = "try")]
    pub attempt: Option<Vec<Condition>>,
}

/// A name or a value that exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Nearest {
    /// It.
    pub value: String,
    /// The kind of a metric, where that is known.
    pub kind: Option<Cow<'static, str>>,
    /// How many series it has under the other conditions, where that was asked.
    pub series: Option<u64>,
}

/// What one step asked and found.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Probed {
    /// Which.
    pub probe: Probe,
    /// Whether nothing is wrong here.
    pub ok: bool,
    /// What was found.
    pub text: String,
    /// The query, where it was one.
    pub query: Option<String>,
    /// How long it took, in milliseconds.
    pub ms: f64,
    /// The id of the failure that ended it.
    pub error: Option<Cow<'static, str>>,
}

impl Probe {
    /// Its name, as it is printed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reach => "reach",
            Self::Selection => "selection",
            Self::Conditions => "conditions",
            Self::Metric => "metric",
            Self::Values => "values",
            Self::Elsewhere => "elsewhere",
            Self::Nan => "nan",
            Self::Interval => "interval",
            Self::Kind => "kind",
        }
    }
}

impl Certainty {
    /// Its name, as it is printed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Possible => "possible",
        }
    }
}
