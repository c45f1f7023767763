//! What a case holds: one engine, the mirror in front of it, and the count of what was
//! compared. All comparing is done here, so that every mismatch is reported alike.

use std::cell::Cell;
use std::path::Path;

use crate::engine::Engine;
use crate::mirror::{Mirror, Reply};
use crate::numbers::agree;
use crate::question::Question;
use crate::wire::{Answer, FieldValue, Point};

pub(crate) struct Rig<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) mirror: &'a Mirror,
    /// Where the engines' programs are, for a case that starts its own.
    pub(crate) backends: &'a Path,
    /// Where such a case may write.
    pub(crate) folder: &'a Path,
    compared: Cell<usize>,
}

impl<'a> Rig<'a> {
    pub(crate) fn new(
        engine: &'a Engine,
        mirror: &'a Mirror,
        backends: &'a Path,
        folder: &'a Path,
    ) -> Self {
        Self {
            engine,
            mirror,
            backends,
            folder,
            compared: Cell::new(0),
        }
    }

    /// Points compared so far.
    pub(crate) fn compared(&self) -> usize {
        self.compared.get()
    }

    pub(crate) fn is_victoria_metrics(&self) -> bool {
        self.engine.kind.is_victoria_metrics()
    }

    pub(crate) fn reply(&self, question: &Question) -> Reply {
        let (path, request) = question.about(&self.engine.url);
        let reply = self.mirror.ask(path, &request);
        let is_failure = matches!(
            reply.answer,
            Answer::MetricStoreConnectionError { .. }
                | Answer::MetricNotFoundError { .. }
                | Answer::UnsupportedFieldTypeError { .. }
                | Answer::RemoteMirrorError { .. }
        );
        let expected = if is_failure { 500 } else { 200 };
        assert_eq!(
            reply.status,
            expected,
            "{}: {:?}",
            self.told(question),
            reply.answer
        );
        reply
    }

    /// The points of an answer and whether some were cut.
    #[track_caller]
    pub(crate) fn points(&self, question: &Question) -> (Vec<Point>, bool) {
        match self.reply(question).answer {
            Answer::MetricsResponse { telemetry } => telemetry.points(),
            other => panic!("{}\nanswered {other:?}", self.told(question)),
        }
    }

    /// Values of a field and whether more remain.
    #[track_caller]
    pub(crate) fn values(&self, question: &Question) -> (Vec<String>, bool) {
        let Answer::FieldValuesResponse { is_partial, values } = self.reply(question).answer else {
            panic!("{}\nanswered something else", self.told(question));
        };
        let text = |value| match value {
            FieldValue::CompleteValue { value } => value,
            FieldValue::FieldValuePattern { value } => panic!("a pattern, unasked: {value}"),
        };
        (values.into_iter().map(text).collect(), is_partial)
    }

    /// Names of fields, once type and classification are what they are without configuration.
    #[track_caller]
    pub(crate) fn names(&self, question: &Question) -> (Vec<String>, bool) {
        let Answer::FieldNamesResponse { is_partial, fields } = self.reply(question).answer else {
            panic!("{}\nanswered something else", self.told(question));
        };
        assert!(
            fields
                .iter()
                .all(|field| field.field_type == "STRING" && !field.classified)
        );
        (
            fields.into_iter().map(|field| field.field_name).collect(),
            is_partial,
        )
    }

    /// The whole answer equals the reference; `because` says in words what the reference is.
    #[track_caller]
    pub(crate) fn expect(
        &self,
        because: &str,
        question: &Question,
        expected: &[Point],
        tolerance: f64,
    ) {
        let (got, is_partial) = self.points(question);
        assert!(
            !is_partial,
            "{}\nnothing was to be cut",
            self.told(question)
        );
        self.equal(because, question, expected, &got, tolerance);
    }

    /// Row by row, instants exactly and values within the tolerance.
    #[track_caller]
    pub(crate) fn equal(
        &self,
        because: &str,
        question: &Question,
        expected: &[Point],
        got: &[Point],
        tolerance: f64,
    ) {
        let same = |a: &Point, b: &Point| {
            a.start == b.start
                && a.end == b.end
                && (a.value.to_bits() == b.value.to_bits() || agree(a.value, b.value, tolerance))
        };
        let differing = expected.iter().zip(got).position(|(a, b)| !same(a, b));
        let differing = differing
            .or_else(|| (expected.len() != got.len()).then_some(expected.len().min(got.len())));
        if let Some(n) = differing {
            let near = |points: &[Point]| {
                format!(
                    "{:?}",
                    &points[n.saturating_sub(1).min(points.len())..points.len().min(n + 3)]
                )
            };
            panic!(
                "{}\n{because}\nthey differ at row {n}; {} rows expected, {} got\nexpected {}\n     got {}",
                self.told(question),
                expected.len(),
                got.len(),
                near(expected),
                near(got)
            );
        }
        self.compared.set(self.compared.get() + expected.len());
    }

    /// The answer is this failure. Details hold every one of the parts.
    #[track_caller]
    pub(crate) fn expect_failure(&self, question: &Question, summary: &str, parts: &[&str]) {
        match self.reply(question).answer {
            Answer::RemoteMirrorError {
                summary: got,
                details,
            } => {
                assert_eq!(got, summary, "{}: {details}", self.told(question));
                for part in parts {
                    assert!(
                        details.contains(part),
                        "{}: no {part} in {details}",
                        self.told(question)
                    );
                }
            }
            other => panic!("{}\nanswered {other:?}, not {summary}", self.told(question)),
        }
    }

    /// The answer is that there is no such metric.
    #[track_caller]
    pub(crate) fn expect_not_found(&self, question: &Question, metric: &str) {
        match self.reply(question).answer {
            Answer::MetricNotFoundError { metric: got, .. } => assert_eq!(got, metric),
            other => panic!("{}\nanswered {other:?}", self.told(question)),
        }
    }

    fn told(&self, question: &Question) -> String {
        let (path, request) = question.about(&self.engine.url);
        format!(
            "{} {path} {}",
            self.engine.kind.name,
            serde_json::to_string(&request).unwrap()
        )
    }
}
