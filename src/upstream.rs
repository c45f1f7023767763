//! Our side of a backend: its address, its client, and the calls of the Prometheus HTTP API.
//!
//! This module knows URLs, forms, statuses and Prometheus' JSON. It does not know queries, buckets
//! or points.

pub mod client;
pub mod error;
mod ask;
mod attempt;
mod aws;
mod backend;
mod body;
mod credentials;
mod decode;
mod exchange;
mod first;
mod lists;
mod posting;
mod query_string;
mod quoted;
mod reach;
mod request;
mod retry;
mod retry_after;
mod scrub;
mod sessions;
mod shown;
mod sign;
mod status;
mod tally;
mod until;
mod vector;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
#[cfg(any(test, fuzzing, feature = "bench"))]
mod replay;

use std::sync::Arc;

use crate::connections::Connection;
use crate::connections::auth::Authentication;
use crate::limits::Charge;
use crate::limits::Size;
use crate::record::Context;
use crate::record::Reservation;
use crate::series::Labels;
use crate::series::SampleSink;
use crate::series::Stop;
use crate::time::Millis;
use crate::time::UnixMillis;
use crate::upstream::aws::Purpose;
use crate::upstream::backend::Backend;
use crate::upstream::client::Shared;
use crate::upstream::client::Target;
use crate::upstream::decode::Build;
use crate::upstream::decode::QueryData;
use crate::upstream::first::First;
use crate::upstream::request::Call;
use crate::upstream::vector::Vector;

pub use crate::egress::Refusal;
pub use crate::egress::dial::Part;
pub use aws::AwsError;
pub use aws::Cause;
pub use client::Destination;
pub use client::Upstreams;
pub use credentials::CredentialError;
pub use error::AnswerLimit;
pub use error::Scrubbed;
pub use error::UpstreamError;
#[cfg(any(test, fuzzing, feature = "bench"))]
pub use replay::replay;
pub use sign::ProvedBy;
pub(crate) use status::NO_REASON;
pub(crate) use status::WANTS_TLS;

/// One backend, ready to be asked. Cheap to clone.
///
/// All calls spend from the deadline of their [`Context`] and count in it, repeats included. What a
/// sink holds after an error means nothing.
#[derive(Clone, Debug)]
pub struct Upstream {
    shared: Arc<Shared>,
    target: Arc<Target>,
    purpose: Purpose,
    /// What is remembered of it, whoever asks.
    backend: Arc<Backend>,
    /// How many calls it gets at once.
    size: Size,
}

/// One `query_range` call.
#[derive(Clone, Copy, Debug)]
pub struct RangeQuery<'a> {
    /// The `PromQL` text.
    pub expr: &'a str,
    /// The first instant.
    pub start: UnixMillis,
    /// No instant is after this one.
    pub end: UnixMillis,
    /// The distance between two instants, positive.
    pub step: Millis,
    /// What the dialect adds.
    pub parameters: &'a [(&'static str, &'static str)],
}

/// What is known of an answer whose samples went into a sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Why the sink stopped; the rest was then not read.
    pub stopped: Option<Stop>,
    /// How many series came.
    pub series: usize,
    /// What the backend warns of, logged and counted already.
    pub warnings: Vec<Scrubbed>,
}

/// A list of a backend.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List<T> {
    /// Its entries, in the backend's order; at most [`ANSWER_LIST`](crate::limits::ANSWER_LIST).
    pub values: Vec<T>,
    /// Whether there may be more.
    pub is_cut: bool,
}

impl Upstream {
    /// This backend, asked to see whether its connection works: with sessions of its own, so that
    /// what was mended elsewhere shows at once.
    #[must_use]
    pub fn for_testing(self) -> Self {
        Self {
            purpose: Purpose::Test,
            ..self
        }
    }

    /// This backend with so many calls at once.
    #[must_use]
    pub fn with_size(self, size: Size) -> Self {
        Self { size, ..self }
    }

    /// The connection by which it is asked.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.target.connection
    }

    /// Equal for two connections that get the same answers: for the keys of caches.
    #[must_use]
    pub fn identity(&self) -> &str {
        &self.target.identity
    }

    /// Name and port of the backend.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.target.host
    }

    /// Something to charge memory to that a request takes.
    #[must_use]
    pub fn charge(&self) -> Charge {
        self.shared.budget.charge()
    }

    /// What is to be said of an answer with more than [`ANSWER_SAMPLES`](crate::limits::ANSWER_SAMPLES).
    #[must_use]
    pub fn over_samples(&self) -> UpstreamError {
        UpstreamError::TooLarge {
            host: self.host().to_owned(),
            limit: AnswerLimit::Samples,
        }
    }

    /// Whether nothing says which region signatures are for, so that one is assumed.
    #[must_use]
    pub fn assumes_region(&self) -> bool {
        let connection = &self.target.connection;
        match &connection.authentication {
            Authentication::Aws(block) => self.shared.aws.assumes_region(block, connection),
            Authentication::None
            | Authentication::Basic(_)
            | Authentication::Authorization(_)
            | Authentication::OAuth2(_) => false,
        }
    }

    /// What is to be said of a backend that answers in the right form and yet computes wrongly.
    #[must_use]
    pub fn miscalculates(&self) -> UpstreamError {
        UpstreamError::NotPrometheus {
            host: self.host().to_owned(),
            media_type: "another sum than 2 for 1+1".to_owned(),
            status: 200,
        }
    }

    /// Evaluates `expr` at one instant.
    ///
    /// # Errors
    ///
    /// Each [`UpstreamError`].
    pub async fn query<S: SampleSink + Send>(
        &self,
        cx: &Context,
        expr: &str,
        at: UnixMillis,
        parameters: &[(&'static str, &'static str)],
        sink: &mut S,
    ) -> Result<Answer, UpstreamError> {
        let mut all = vec![("query", expr.to_owned()), ("time", at.to_string())];
        all.extend(owned(parameters));
        let call = Call::new(&["api", "v1", "query"], all).timed();
        self.samples(cx, &call, sink).await
    }

    /// Evaluates an expression at regular instants.
    ///
    /// # Errors
    ///
    /// Each [`UpstreamError`].
    pub async fn query_range<S: SampleSink + Send>(
        &self,
        cx: &Context,
        query: &RangeQuery<'_>,
        sink: &mut S,
    ) -> Result<Answer, UpstreamError> {
        let mut all = vec![
            ("query", query.expr.to_owned()),
            ("start", query.start.to_string()),
            ("end", query.end.to_string()),
            ("step", query.step.to_string()),
        ];
        all.extend(owned(query.parameters));
        let call = Call::new(&["api", "v1", "query_range"], all).timed();
        self.samples(cx, &call, sink).await
    }

    /// Evaluates an expression at regular instants as the Python predecessor did: GET, whole
    /// seconds, no `timeout` (queries.md, "The legacy profile").
    ///
    /// # Errors
    ///
    /// Each [`UpstreamError`].
    pub async fn query_range_legacy<S: SampleSink + Send>(
        &self,
        cx: &Context,
        expr: &str,
        start: i64,
        end: i64,
        step: i64,
        sink: &mut S,
    ) -> Result<Answer, UpstreamError> {
        let all = vec![
            ("query", expr.to_owned()),
            ("start", start.to_string()),
            ("end", end.to_string()),
            ("step", step.to_string()),
        ];
        let call = Call::new(&["api", "v1", "query_range"], all).by_get();
        self.samples(cx, &call, sink).await
    }

    /// The one value that `expr` has at an instant: a scalar, or the first element of a vector.
    ///
    /// # Errors
    ///
    /// Each [`UpstreamError`].
    pub async fn value(
        &self,
        cx: &Context,
        expr: &str,
        at: UnixMillis,
        parameters: &[(&'static str, &'static str)],
    ) -> Result<Option<f64>, UpstreamError> {
        let mut first = First::default();
        self.query(cx, expr, at, parameters, &mut first).await?;
        Ok(first.0)
    }

    /// The first hundred series that `expr` has at an instant, each with its value.
    ///
    /// # Errors
    ///
    /// Each [`UpstreamError`].
    pub async fn vector(
        &self,
        cx: &Context,
        expr: &str,
        at: UnixMillis,
        parameters: &[(&'static str, &'static str)],
    ) -> Result<Vec<(Labels, f64)>, UpstreamError> {
        let mut vector = Vector::default();
        self.query(cx, expr, at, parameters, &mut vector).await?;
        Ok(vector.series)
    }

    /// Which version the backend says it is, cleaned. Several pass for another program than they
    /// are, so it is a hint for a reader and nothing more.
    ///
    /// # Errors
    ///
    /// Each [`UpstreamError`].
    pub async fn version(&self, cx: &Context) -> Result<Option<Scrubbed>, UpstreamError> {
        let path = ["api", "v1", "status", "buildinfo"];
        let call = Call::new(&path, Vec::new()).by_get();
        let (decoded, secrets) = self.ask_and_prove(cx, &call, Build::default()).await?;
        let version = decoded.value;
        Ok(version.map(|text| Scrubbed::without(&secrets, &text)))
    }

    async fn samples<S: SampleSink + Send>(
        &self,
        cx: &Context,
        call: &Call<'_>,
        sink: &mut S,
    ) -> Result<Answer, UpstreamError> {
        let decoded = self.ask(cx, call, QueryData::new(sink)).await?;
        if let Some(call) = decoded.call {
            cx.record(|recorded| recorded.read(call, sink.taken()));
        }
        if decoded.value == Some(Stop::Memory) {
            return Err(self.out_of_memory());
        }
        if decoded.value.is_some() {
            cx.reserve(Reservation::Unread);
        }
        let warnings = decoded.warnings.iter().map(|text| Scrubbed::new(text));
        Ok(Answer {
            stopped: decoded.value,
            series: decoded.entries,
            warnings: warnings.collect(),
        })
    }
}

fn owned(
    parameters: &[(&'static str, &'static str)],
) -> impl Iterator<Item = (&'static str, String)> {
    parameters
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
}

#[cfg(test)]
mod tests;
