//! `query_parameters`: what is added to every call of a backend.

use super::error::Unfit;
use super::given::Given;
use super::keys;
use crate::limits;
use crate::secret::Secret;

/// Parameters that the mirror sets itself.
const RESERVED: [&str; 9] = [
    "query", "time", "start", "end", "step", "timeout", "match[]", "limit", "metric",
];
/// Parameters of backends that say how a query is to be run, sorted. Any other may carry a key.
const HARMLESS: [&str; 16] = [
    "analyze",
    "dedup",
    "engine",
    "extra_filters[]",
    "extra_label",
    "latency_offset",
    "lookback_delta",
    "max_lookback",
    "max_samples_processed_error_threshold",
    "max_samples_processed_warning_threshold",
    "max_source_resolution",
    "nocache",
    "partial_response",
    "replicaLabels[]",
    "round_digits",
    "stats",
];

/// Whether the value of the parameter `name` is no secret.
#[must_use]
pub fn is_harmless(name: &str) -> bool {
    HARMLESS.contains(&name)
}

/// Findings by their path below the details.
type Unfits = Vec<(String, Unfit)>;

/// The parameters in document order, or all that is wrong with them.
pub(super) fn read(given: Given) -> Result<Vec<(String, Secret)>, Unfits> {
    let block = |unfit| vec![("query_parameters".to_owned(), unfit)];
    let Given::Map(members) = given else {
        return Err(block(Unfit::invalid("must be a map of strings")));
    };
    let (most, most_bytes) = limits::QUERY_PARAMETERS;
    if members.len() > most {
        let text = format!("must have at most {most} members");
        return Err(block(Unfit::refused(text)));
    }
    let mut parameters = Vec::new();
    let mut findings = Vec::new();
    for (name, value) in members {
        match parameter(&name, value) {
            Ok(None) => {}
            Ok(Some(value)) => parameters.push((name, Secret::new(value))),
            Err(unfit) => {
                findings.push((format!("query_parameters.{}", keys::shown(&name)), unfit));
            }
        }
    }
    let bytes = |(name, value): &(String, Secret)| name.len() + value.expose().len();
    let bytes: usize = parameters.iter().map(bytes).sum();
    if bytes > most_bytes {
        let text = format!("must be at most {most_bytes} bytes in all");
        findings.extend(block(Unfit::refused(text)));
    }
    if findings.is_empty() {
        Ok(parameters)
    } else {
        Err(findings)
    }
}

fn parameter(name: &str, value: Given) -> Result<Option<String>, Unfit> {
    if value.is_absent() {
        return Ok(None);
    }
    if RESERVED.contains(&name) {
        return Err(Unfit::refused("is set by the mirror itself"));
    }
    if name.is_empty() {
        return Err(Unfit::invalid("needs a name"));
    }
    value.text().map(Some)
}
