//! A record, as the commands read it: as JSON, since it may come from this process, from a mirror that
//! runs or out of a file. What a file leaves out is not told.

use serde::Deserialize;

use crate::explain::Ambiguity;

/// A record, as far as it is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Record {
    pub(super) stages: Stages,
    pub(super) outcome: Outcome,
    pub(super) notices: Vec<Notice>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Stages {
    pub(super) request: Option<Request>,
    pub(super) conditions: Vec<Condition>,
    pub(super) promql: Vec<Query>,
    pub(super) plan: Option<Plan>,
    pub(super) calls: Vec<Call>,
    pub(super) reduction: Option<Reduction>,
    pub(super) response: Option<Response>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Request {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) profile: Option<String>,
    pub(super) connection: Option<Connection>,
    pub(super) start: Option<i64>,
    pub(super) end: Option<i64>,
    pub(super) limit: Option<usize>,
    pub(super) aggregation: Option<Aggregation>,
    pub(super) field: Option<String>,
    pub(super) prefix: Option<String>,
    pub(super) offset: usize,
    pub(super) ignored: Vec<String>,
    pub(super) warnings: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Connection {
    pub(super) alias: Option<String>,
    pub(super) host: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Aggregation {
    pub(super) method: Option<String>,
    pub(super) bucket_ms: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Condition {
    pub(super) key: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) value: String,
    pub(super) became: String,
    pub(super) text: Option<String>,
    pub(super) error: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    pub(super) purpose: String,
    pub(super) text: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Plan {
    pub(super) strategy: String,
    pub(super) dialect: Option<String>,
    pub(super) buckets: Option<i64>,
    pub(super) bucket_ms: Option<i64>,
    pub(super) first: Option<i64>,
    pub(super) last: Option<i64>,
    pub(super) step_ms: Option<i64>,
    pub(super) instants: Option<usize>,
    pub(super) chunks: usize,
    pub(super) rate_window_ms: Option<i64>,
    pub(super) rate_window_why: Option<String>,
    pub(super) scrape_interval_ms: Option<i64>,
    pub(super) scrape_interval_from: Option<String>,
    pub(super) deadline_ms: u64,
    pub(super) assumed: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Call {
    pub(super) query: Option<usize>,
    pub(super) verb: String,
    pub(super) url: String,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) authentication: Authentication,
    pub(super) status: Option<u16>,
    pub(super) ms: Option<f64>,
    pub(super) series: usize,
    pub(super) samples: usize,
    pub(super) repeats: usize,
    pub(super) source: Option<String>,
    pub(super) warnings: Vec<String>,
    pub(super) error: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Authentication {
    pub(super) kind: String,
    pub(super) region: Option<String>,
    pub(super) service: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reduction {
    pub(super) series_in: usize,
    pub(super) series_out: usize,
    pub(super) samples: usize,
    pub(super) nan: u64,
    pub(super) nan_became: Option<String>,
    pub(super) infinite: u64,
    pub(super) infinite_became: Option<String>,
    pub(super) zero_filled: u64,
    pub(super) combined: usize,
    pub(super) cut_by_limit: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Response {
    pub(super) status: u16,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) points: usize,
    pub(super) first_point: Option<i64>,
    pub(super) last_point: Option<i64>,
    pub(super) is_partial: bool,
    pub(super) partial_because: Option<String>,
    pub(super) error: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Outcome {
    pub(super) result: String,
    pub(super) error: Option<Failed>,
    pub(super) ambiguity: Option<Ambiguity>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Failed {
    pub(super) id: String,
    pub(super) summary: Option<String>,
    pub(super) details: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Notice {
    pub(super) id: String,
    pub(super) text: String,
}
