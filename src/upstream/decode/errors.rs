//! Answers that are no success.

use std::ops::ControlFlow;

use crate::series::Stop;
use crate::upstream::decode::ErrorBody;
use crate::upstream::decode::Fault;
use crate::upstream::decode::Intake;
use crate::upstream::decode::Reading;
use crate::upstream::decode::Unusable;
use crate::upstream::decode::envelope::Data;
use crate::upstream::decode::json::Event;

/// How much of a body is kept as it came: what AWS or a proxy says is far shorter.
const START: usize = 64 << 10;

/// Data that nobody wants.
#[derive(Debug)]
struct Nothing;

impl Data for Nothing {
    const EMPTY: &'static str = r#"{"status":"success","data":{}}"#;

    type Value = ();

    fn restart(&mut self) {}

    fn event(&mut self, _: Event<'_>) -> Result<(), Fault> {
        Ok(())
    }

    fn wanted(&self) -> usize {
        0
    }

    fn finish(self, _: bool) -> Result<((), usize), Fault> {
        Ok(((), 0))
    }

    fn stopped(self, _: Stop) -> Result<((), usize), Fault> {
        Ok(((), 0))
    }
}

/// The body of an answer that is no success: whether or not it is an error of the Prometheus API.
#[derive(Debug)]
pub(in crate::upstream) struct ErrorAnswer {
    start: Vec<u8>,
    reading: Reading<Nothing>,
}

impl ErrorAnswer {
    /// Nothing of it.
    pub(in crate::upstream) fn new() -> Self {
        Self {
            start: Vec::new(),
            reading: Reading::new(Nothing),
        }
    }

    /// How the body starts, and the error that it holds, if it is an error answer of the Prometheus
    /// API.
    pub(in crate::upstream) fn finish(self) -> (Vec<u8>, Option<ErrorBody>) {
        let error = match self.reading.finish() {
            Err(Unusable::Error(error)) => Some(error),
            Ok(_) | Err(_) => None,
        };
        (self.start, error)
    }
}

impl Intake for ErrorAnswer {
    fn restart(&mut self) {
        *self = Self::new();
    }

    /// What is no error of the API is read on all the same: what follows it would be lost.
    fn push(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        let room = START - self.start.len();
        self.start.extend(bytes.iter().take(room));
        let _ = self.reading.push(bytes);
        ControlFlow::Continue(())
    }

    fn is_within(&self) -> bool {
        self.reading.is_within()
    }
}

/// The error that `body` holds, if it is an error answer of the Prometheus API.
pub(in crate::upstream) fn error_body(body: &[u8]) -> Option<ErrorBody> {
    let mut answer = ErrorAnswer::new();
    let _ = answer.push(body);
    answer.finish().1
}
