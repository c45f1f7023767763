//! The one reader of Prometheus' JSON: from the bytes of an answer to a [`SampleSink`] or a list
//! ("Prometheus documentation, HTTP API").
//!
//! It is as strict as a JSON parser: bad UTF-8, trailing data, a known member twice, too much depth
//! and an unknown `resultType` make an answer unreadable. The order of members is free; `metric`
//! may follow `values`, and `status` may come last. No tree stands between the bytes and the sink.

mod build;
mod envelope;
mod labels;
mod lists;
mod number;
mod query;
mod series;
mod skip;

use crate::series::Labels;
use crate::series::Metadata;
use crate::series::SampleSink;
use crate::series::Stop;
use crate::upstream::decode::build::Build;
use crate::upstream::decode::envelope::Envelope;
use crate::upstream::decode::lists::LabelSets;
use crate::upstream::decode::lists::Strings;
use crate::upstream::decode::lists::Types;
use crate::upstream::decode::query::QueryData;

/// What an answer holds, and what the backend remarks on it.
#[derive(Debug, PartialEq)]
pub(super) struct Decoded<T> {
    /// What was asked for.
    pub(super) value: T,
    /// How many series or entries the answer holds.
    pub(super) entries: usize,
    /// `warnings`, as they came.
    pub(super) warnings: Vec<String>,
    /// `infos`, as they came.
    pub(super) infos: Vec<String>,
}

/// Why an answer gives nothing.
#[derive(Debug, PartialEq)]
pub(super) enum Unusable {
    /// It is not what Prometheus sends.
    Unreadable,
    /// It has more series than an answer may hold.
    Series,
    /// It is an error of the backend.
    Error(ErrorBody),
}

/// The members of an error answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ErrorBody {
    /// `errorType`: `bad_data`, `execution`, `timeout`, …
    pub(super) kind: String,
    /// `error`: the text.
    pub(super) text: String,
}

/// Values of a list, and whether there are more than were read.
pub(super) type Cut<T> = (Vec<T>, bool);

/// Reads the answer of `query` or `query_range` into `sink`. `Some` if the sink stopped: then the
/// rest was not looked at. What the sink holds after an error means nothing.
pub(super) fn query<S: SampleSink>(
    body: &[u8],
    sink: &mut S,
) -> Result<Decoded<Option<Stop>>, Unusable> {
    let mut data = QueryData::new(sink);
    let read = envelope::read(body, &mut data);
    if let Some(stop) = data.stopped() {
        return Ok(Decoded {
            value: Some(stop),
            entries: data.series(),
            warnings: Vec::new(),
            infos: Vec::new(),
        });
    }
    if data.is_over() {
        return Err(Unusable::Series);
    }
    match read {
        Ok(envelope) if envelope.error.is_none() && !envelope.has_data => Err(Unusable::Unreadable),
        read => succeed(read, || (None, data.series())),
    }
}

/// Reads the answer of `labels` or `label/…/values`.
pub(super) fn strings(body: &[u8]) -> Result<Decoded<Cut<String>>, Unusable> {
    let mut data = Strings::default();
    let read = envelope::read(body, &mut data);
    succeed(read, || {
        let entries = data.values.len();
        ((data.values, data.is_cut), entries)
    })
}

/// Reads the answer of `series`.
pub(super) fn label_sets(body: &[u8]) -> Result<Decoded<Cut<Labels>>, Unusable> {
    let mut data = LabelSets::default();
    let read = envelope::read(body, &mut data);
    succeed(read, || {
        let entries = data.values.len();
        ((data.values, data.is_cut), entries)
    })
}

/// Reads the answer of `metadata`.
pub(super) fn metadata(body: &[u8]) -> Result<Decoded<Metadata>, Unusable> {
    let mut data = Types::default();
    let read = envelope::read(body, &mut data);
    succeed(read, || {
        let entries = data.0.len();
        (data.0, entries)
    })
}

/// Reads the answer of `status/buildinfo`.
pub(super) fn version(body: &[u8]) -> Result<Decoded<Option<String>>, Unusable> {
    let mut data = Build::default();
    let read = envelope::read(body, &mut data);
    succeed(read, || (data.0, 1))
}

/// The error that `body` holds, if it is an error answer of the Prometheus API.
pub(super) fn error_body(body: &[u8]) -> Option<ErrorBody> {
    match envelope::read(body, &mut envelope::Nothing) {
        Ok(envelope) => envelope.error,
        Err(_) => None,
    }
}

fn succeed<T>(
    read: Result<Envelope, serde_json::Error>,
    value: impl FnOnce() -> (T, usize),
) -> Result<Decoded<T>, Unusable> {
    let envelope = read.map_err(|_| Unusable::Unreadable)?;
    if let Some(error) = envelope.error {
        return Err(Unusable::Error(error));
    }
    let (value, entries) = value();
    Ok(Decoded {
        value,
        entries,
        warnings: envelope.warnings,
        infos: envelope.infos,
    })
}

#[cfg(test)]
mod tests;
