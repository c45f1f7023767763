//! `query_parameters`: what is added to every call of a backend.

use super::error::Unfit;
use super::given::{Given, Scalar};
use super::keys;
use crate::limits;

/// Parameters that the mirror sets itself.
const RESERVED: [&str; 8] = [
    "query", "time", "start", "end", "step", "timeout", "match[]", "limit",
];

/// Findings by their path below the details.
type Unfits = Vec<(String, Unfit)>;

/// The parameters in document order, or all that is wrong with them.
pub(super) fn read(given: Given) -> Result<Vec<(String, String)>, Unfits> {
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
            Ok(Some(value)) => parameters.push((name, value)),
            Err(unfit) => {
                findings.push((format!("query_parameters.{}", keys::shown(&name)), unfit));
            }
        }
    }
    let bytes: usize = parameters.iter().map(|(n, v)| n.len() + v.len()).sum();
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

fn parameter(name: &str, value: Scalar) -> Result<Option<String>, Unfit> {
    match value {
        Scalar::Absent => Ok(None),
        _ if RESERVED.contains(&name) => Err(Unfit::refused("is set by the mirror itself")),
        _ if name.is_empty() => Err(Unfit::invalid("needs a name")),
        Scalar::Text(text) => Ok(Some(text)),
        Scalar::Flag(_) | Scalar::Number(_) | Scalar::Nested => {
            Err(Unfit::invalid("must be a string"))
        }
    }
}
