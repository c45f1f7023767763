//! What the four methods tolerate, refuse and answer, claim by claim.

mod aggregation;
mod answers;
mod conditions;
mod envelope;
mod leaks;
mod numbers;
mod times;
pub(super) mod tree;

use super::DecodeError;
use super::Invalid;
use super::connection::TestConnectionRequest;
use super::decode;
use super::field_names::{FieldNamesQuery, FieldNamesRequest};
use super::field_values::{FieldValuesQuery, FieldValuesRequest};
use super::metric::{MetricsQuery, MetricsRequest};

/// Members that a metrics query needs.
const RANGE: &str = r#""startTime": 1000, "endTime": 2000"#;

fn request(query: &str) -> String {
    format!(r#"{{"connectionDetails": {{}}, "query": {{{query}}}}}"#)
}

/// The query with these members beside a range.
fn metric(members: &str) -> Result<MetricsQuery, DecodeError> {
    let body = request(&format!("{RANGE}{members}"));
    decode::<MetricsRequest>(body.as_bytes()).map(|request| request.query)
}

/// The query with these members and no others.
fn field_names(members: &str) -> Result<FieldNamesQuery, DecodeError> {
    decode::<FieldNamesRequest>(request(members).as_bytes()).map(|request| request.query)
}

/// The query for the field `job` with these members too.
fn field_values(members: &str) -> Result<FieldValuesQuery, DecodeError> {
    let body = request(&format!(r#""field": {{"fieldName": "job"}}{members}"#));
    decode::<FieldValuesRequest>(body.as_bytes()).map(|request| request.query)
}

fn connection(body: &str) -> Result<TestConnectionRequest, DecodeError> {
    decode(body.as_bytes())
}

/// Expects a finding at `path`.
#[track_caller]
fn refused<T: std::fmt::Debug>(read: Result<T, DecodeError>, path: &str, expectation: &str) {
    let finding = DecodeError::Invalid(Invalid::new(path, expectation));
    assert_eq!(read.unwrap_err(), finding);
}
