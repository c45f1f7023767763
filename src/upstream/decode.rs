//! The one reader of Prometheus' JSON: from the bytes of an answer, as they come, to a
//! [`SampleSink`] or a list ("Prometheus documentation, HTTP API").
//!
//! It is as strict as a JSON parser: bad UTF-8, trailing data, a known member twice, too much depth
//! and an unknown `resultType` make an answer unreadable. The order of members is free; `metric`
//! may follow `values`, and `status` may come last. Nothing holds the body, whole or as a tree: what
//! a [`Reading`] keeps is one unfinished token and what was asked for.

mod build;
mod envelope;
mod errors;
mod json;
mod labels;
mod lists;
mod metadata;
mod number;
mod pairs;
mod query;
mod series;
mod members;

use std::ops::ControlFlow;

use crate::limits::Charge;
use crate::series::Stop;
use crate::upstream::AnswerLimit;
use crate::upstream::decode::envelope::Envelope;
use crate::upstream::decode::json::Scanner;

pub(super) use build::Build;
pub(super) use envelope::Data;
pub(super) use errors::ErrorAnswer;
pub(super) use errors::error_body;
pub(super) use lists::Strings;
pub(super) use lists::ValuesOf;
pub(super) use metadata::Types;
pub(super) use query::QueryData;

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
    /// The number of the call in the record, if one is kept.
    pub(super) call: Option<usize>,
    /// Whether something is missing: the backend says so, or the rest was not read.
    pub(super) is_partial: bool,
}

/// Why an answer gives nothing.
#[derive(Debug, PartialEq)]
pub(super) enum Unusable {
    /// It is not what Prometheus sends.
    Unreadable,
    /// It exceeds a limit.
    Over(AnswerLimit),
    /// There is no memory left for it.
    Memory,
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

/// Why the rest of an answer is not wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is not what Prometheus sends.
    Malformed,
    /// It exceeds a limit.
    Over(AnswerLimit),
    /// There is no memory left for it.
    Memory,
    /// The sink wants no more.
    Stopped(Stop),
}

/// Takes the body of an answer in pieces of any size.
pub(super) trait Intake: Send {
    /// A new attempt begins: what came before means nothing.
    fn restart(&mut self);

    /// Takes what comes next; whether more is wanted.
    fn push(&mut self, bytes: &[u8]) -> ControlFlow<()>;

    /// Whether the document has begun and not ended, though what came of it was in order: a body
    /// that ends here was cut off.
    fn is_within(&self) -> bool;
}

/// An answer being read.
#[derive(Debug)]
pub(super) struct Reading<D> {
    scanner: Scanner,
    envelope: Envelope<D>,
    fault: Option<Fault>,
}

impl<D: Data> Reading<D> {
    /// Nothing of the answer whose `data` is read by `data`.
    pub(super) fn new(data: D) -> Self {
        Self {
            scanner: Scanner::default(),
            envelope: Envelope::new(data),
            fault: None,
        }
    }

    /// What the answer holds, which has ended. Where a sink stopped, what it has is the answer.
    pub(super) fn finish(mut self) -> Result<Decoded<D::Value>, Unusable> {
        if self.fault.is_none() {
            self.fault = self.scanner.finish(&mut self.envelope).err();
        }
        match self.fault {
            None => self.envelope.finish(),
            Some(Fault::Stopped(stop)) => self.envelope.stopped(stop),
            Some(Fault::Malformed) => Err(Unusable::Unreadable),
            Some(Fault::Over(limit)) => Err(Unusable::Over(limit)),
            Some(Fault::Memory) => Err(Unusable::Memory),
        }
    }
}

impl<D: Data> Intake for Reading<D> {
    fn restart(&mut self) {
        self.scanner = Scanner::default();
        self.envelope.restart();
        self.fault = None;
    }

    fn push(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        if self.fault.is_none() {
            self.fault = self.scanner.push(bytes, &mut self.envelope).err();
        }
        match self.fault {
            None => ControlFlow::Continue(()),
            Some(_) => ControlFlow::Break(()),
        }
    }

    fn is_within(&self) -> bool {
        self.fault.is_none() && self.scanner.is_within()
    }
}

/// Takes `bytes` more of the memory that `charge` may have.
fn keep(charge: &mut Charge, bytes: usize) -> Result<(), Fault> {
    charge.grow(bytes).map_err(|_| Fault::Memory)
}

/// Has `bytes` of the memory that `charge` may have at hand, for a text whose end has not come.
fn hold(charge: &mut Charge, bytes: usize) -> Result<(), Fault> {
    charge.reserve(bytes).map_err(|_| Fault::Memory)
}

#[cfg(test)]
mod tests;
