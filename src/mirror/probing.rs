//! A backend asked step by step, by whoever looks for the cause of an empty answer. Walls, policy and
//! limits hold as for any request; each call has a deadline of its own, and none is repeated.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cache::ListKey;
use crate::cache::Turn;
use crate::caller::Caller;
use crate::connections::Configured;
use crate::connections::Connection;
use crate::failures;
use crate::failures::Failure;
use crate::limits::Charged;
use crate::mirror::Mirror;
use crate::mirror::Opened;
use crate::options::Dialect;
use crate::promql::Selector;
use crate::promql::quote;
use crate::protocol::RawDetails;
use crate::record::Arrival;
use crate::record::Context;
use crate::series::Labels;
use crate::series::Metadata;
use crate::time::Deadline;
use crate::time::Millis;
use crate::time::TimeRange;
use crate::time::UnixMillis;
use crate::translate;
use crate::upstream::Upstream;
use crate::upstream::UpstreamError;

/// Longest that one call may take.
const CALL: Duration = Duration::from_secs(5);
/// Longest that all of them may take.
const ALL: Duration = Duration::from_secs(20);

/// The backend of one request, and what was used up of its calls.
#[derive(Debug)]
pub struct Probing<'a> {
    mirror: &'a Mirror,
    upstream: Upstream,
    request_id: String,
    began: Instant,
    calls: u32,
    dialect: Dialect,
}

impl Mirror {
    /// The backend that `details` name, for somebody who asks it step by step.
    ///
    /// # Errors
    ///
    /// The failure of a request with these details.
    pub fn probing(
        &self,
        configured: &Configured,
        caller: &Caller,
        arrival: Arrival,
        details: &RawDetails,
    ) -> Result<Probing<'_>, Failure> {
        let (request_id, began) = (arrival.request_id.clone(), arrival.started);
        let Opened { upstream, .. } = self.open(configured, caller, arrival, details, None)?;
        Ok(Probing {
            mirror: self,
            upstream,
            request_id,
            began,
            calls: 0,
            dialect: Dialect::PromqlOpen,
        })
    }
}

impl Probing<'_> {
    /// The connection that was resolved.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        self.upstream.connection()
    }

    /// How many calls were made.
    #[must_use]
    pub const fn calls(&self) -> u32 {
        self.calls
    }

    /// Whether there is time for another call at `now`.
    #[must_use]
    pub fn has_time(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.began) < ALL
    }

    fn context(&self) -> Context {
        let now = Instant::now();
        let left = ALL.saturating_sub(now.saturating_duration_since(self.began));
        let deadline = Deadline::new(now, left.min(CALL));
        Context::new(self.request_id.clone(), deadline)
            .with_notes()
            .without_repeats()
    }

    fn failure(&self, error: &UpstreamError) -> Failure {
        failures::upstream(error, self.connection().options.profile)
    }

    /// Reaches the backend and learns its dialect; how far its clock is from ours, if it said.
    ///
    /// # Errors
    ///
    /// Why it cannot be asked.
    pub async fn reach(&mut self, now: UnixMillis) -> Result<Option<Millis>, Failure> {
        let cx = self.context();
        let told = match self.connection().options.dialect {
            Some(dialect) => Ok(dialect),
            None => self.mirror.prober.dialect(&cx, &self.upstream).await,
        };
        self.calls += cx.calls();
        self.dialect = told.map_err(|error| self.failure(&error))?;
        Ok(cx.date().map(|(date, at)| {
            let since = Millis::from(at.saturating_duration_since(self.began));
            date.since(now + since)
        }))
    }

    /// Each series that `expr` gives at `at`, with its value.
    ///
    /// # Errors
    ///
    /// The failure of the call.
    pub async fn vector(
        &mut self,
        expr: &str,
        at: UnixMillis,
    ) -> Result<Vec<(Labels, f64)>, Failure> {
        let cx = self.context();
        let parameters = translate::parameters(self.dialect);
        let asked = self.upstream.vector(&cx, expr, at, &parameters).await;
        self.calls += cx.calls();
        asked.map_err(|error| self.failure(&error))
    }

    /// The values of `label` in the series of `selector`, or of all; a list that is known already
    /// costs no call.
    ///
    /// # Errors
    ///
    /// The failure of the call.
    pub async fn values(
        &mut self,
        label: &str,
        selector: Option<&Selector>,
        range: TimeRange,
    ) -> Result<Vec<String>, Failure> {
        let cx = self.context();
        // Rounded, so that two questions soon after one another share a list.
        let half_a_minute = Millis::from_seconds(30);
        let start = Some(range.start.floor_to(half_a_minute));
        let end = Some(range.end.ceil_to(half_a_minute));
        let selectors: Vec<String> = selector.iter().map(ToString::to_string).collect();
        let key = ListKey {
            identity: self.upstream.identity().to_owned(),
            label: Some(label.to_owned()),
            selectors: selectors.clone(),
            range: (start, end),
        };
        let segment = quote::path_form(label);
        let (upstream, cx_of) = (&self.upstream, &cx);
        let selectors = &selectors;
        let segment = &segment;
        let fetch = async || {
            if upstream.fits(segment, selectors, start, end) {
                return upstream
                    .label_values(cx_of, segment, selectors, start, end)
                    .await;
            }
            upstream
                .values_in_series(cx_of, label, selectors, start, end)
                .await
        };
        let turn = Turn::of(&cx, upstream);
        let list = self.mirror.lists.list(key, &turn, fetch).await;
        self.calls += cx.calls();
        let list = list.map_err(|error| self.failure(&error))?;
        Ok(list.values.clone())
    }

    /// The types of metrics, none where the backend has no metadata.
    ///
    /// # Errors
    ///
    /// The failure of the call.
    pub async fn metadata(&mut self) -> Result<Arc<Charged<Metadata>>, Failure> {
        let cx = self.context();
        let upstream = &self.upstream;
        let metadata = self
            .mirror
            .lists
            .metadata(upstream.identity(), &Turn::of(&cx, upstream), || {
                upstream.metadata(&cx)
            })
            .await;
        self.calls += cx.calls();
        match metadata {
            Ok(metadata) => Ok(metadata),
            Err(error) if error.status().is_some() => Ok(Arc::default()),
            Err(error) => Err(self.failure(&error)),
        }
    }
}
