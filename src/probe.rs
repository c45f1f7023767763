//! Asks a backend for the [`Facts`] that a plan depends on, and remembers
//! them: its dialect for an hour, a metric's scrape interval and the form of a histogram for ten
//! minutes.
//!
//! Callers that ask for the same fact at the same time share one call.

use std::time::Duration;

use moka::future::Cache;

use crate::cache::Turn;
use crate::options::Dialect;
use crate::options::QueryOptions;
use crate::promql::Origin;
use crate::promql::Spelled;
use crate::record::Context;
use crate::record::Notice;
use crate::record::Recorded;
use crate::record::stages::Purpose;
use crate::series::MetricType;
use crate::time::Millis;
use crate::time::UnixMillis;
use crate::translate;
use crate::translate::Facts;
use crate::translate::FormProbe;
use crate::translate::HistogramForm;
use crate::translate::IntervalProbe;
use crate::translate::Question;
use crate::upstream::Upstream;
use crate::upstream::UpstreamError;

/// One query that needs no data and whose answer names the dialect: a window of 60 s at a
/// resolution of 60 s holds two instants where ranges are closed on the left and one where they
/// are open, and `MetricsQL` drops the NaN that counts 10 elsewhere.
///
/// Never build information: `VictoriaMetrics` claims to be Prometheus 2.24, and Thanos and Amazon
/// have no such route (queries.md, "Probe: which dialect").
const DIALECT: &str =
    "count_over_time(vector(1)[60s:60s]) + 10 * (count(vector(NaN)) or vector(0))";

/// The usual steps of a scrape interval, to which a measured one snaps.
const USUAL: [i64; 10] = [
    1_000, 2_000, 5_000, 10_000, 15_000, 20_000, 30_000, 60_000, 120_000, 300_000,
];
/// The interval that is assumed where there are too few samples to measure one.
const ASSUMED: Millis = Millis::MINUTE;

/// Most backends and metrics whose facts are remembered.
const DIALECTS: u64 = 1_024;
const INTERVALS: u64 = 4_096;
const FORMS: u64 = 4_096;

/// A scrape interval, and whether it is only assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Interval {
    length: Millis,
    is_assumed: bool,
}

impl Interval {
    const ASSUMED: Self = Self {
        length: ASSUMED,
        is_assumed: true,
    };
}

/// The facts that are known.
#[derive(Debug)]
pub struct Prober {
    dialects: Cache<String, Dialect>,
    intervals: Cache<(String, String), Interval>,
    forms: Cache<(String, String), HistogramForm>,
}

impl Default for Prober {
    fn default() -> Self {
        let hour = Duration::from_secs(3_600);
        Self {
            dialects: Cache::builder()
                .max_capacity(DIALECTS)
                .time_to_live(hour)
                .build(),
            intervals: Cache::builder()
                .max_capacity(INTERVALS)
                .time_to_live(hour / 6)
                .build(),
            forms: Cache::builder()
                .max_capacity(FORMS)
                .time_to_live(hour / 6)
                .build(),
        }
    }
}

impl Prober {
    /// What must be known of the backend to plan `question`.
    ///
    /// # Errors
    ///
    /// The failure of a probe's call. A backend that answers a dialect probe with a status of its
    /// own is no failure: it counts as [`Dialect::PromqlOpen`].
    pub async fn facts(
        &self,
        cx: &Context,
        upstream: &Upstream,
        question: &Question,
        options: &QueryOptions,
    ) -> Result<Facts, UpstreamError> {
        let dialect = match options.dialect {
            Some(dialect) => dialect,
            None if question.needs_dialect() && cx.is_dry() => {
                assume(cx, "dialect");
                Dialect::PromqlOpen
            }
            None if question.needs_dialect() => self.dialect(cx, upstream).await?,
            None => Dialect::PromqlOpen,
        };
        let histogram = match translate::form_probe(question, dialect) {
            Some(probe) => self.form(cx, upstream, &probe).await?,
            None => HistogramForm::Absent,
        };
        let scrape_interval = match translate::interval_probe(question, dialect, histogram) {
            Some(probe) => {
                let interval = self.interval(cx, upstream, &probe).await?;
                cx.note(|recorded| tell(interval, recorded));
                interval.length
            }
            None => options.scrape_interval.unwrap_or(ASSUMED),
        };
        Ok(Facts {
            dialect,
            scrape_interval,
            histogram,
        })
    }

    /// Which dialect the backend speaks.
    ///
    /// # Errors
    ///
    /// The failure of the probe's call; a backend that answers it with a status of its own is none.
    pub async fn dialect(
        &self,
        cx: &Context,
        upstream: &Upstream,
    ) -> Result<Dialect, UpstreamError> {
        let turn = Turn::of(cx, upstream);
        let known = loop {
            let ask = turn.lead(ask_dialect(cx, upstream));
            let shared = self.dialects.try_get_with_by_ref(upstream.identity(), ask);
            if let Some(known) = turn.end(shared).await {
                break known;
            }
        };
        match known {
            Err(error) if has_own_status(&error) => Ok(Dialect::PromqlOpen),
            known => known,
        }
    }

    async fn form(
        &self,
        cx: &Context,
        upstream: &Upstream,
        probe: &FormProbe,
    ) -> Result<HistogramForm, UpstreamError> {
        if cx.is_dry() {
            assume(cx, "histogram");
            return Ok(HistogramForm::Classic);
        }
        // By selector, because one job may have moved to native histograms and another not.
        let key = (upstream.identity().to_owned(), probe.classic.text.clone());
        let turn = Turn::of(cx, upstream);
        let form = loop {
            let ask = turn.lead(ask_form(cx, upstream, probe));
            let shared = self.forms.try_get_with_by_ref(&key, ask);
            if let Some(known) = turn.end(shared).await {
                break known?;
            }
        };
        // What is not there now may be there in a moment.
        if form == HistogramForm::Absent {
            self.forms.invalidate(&key).await;
        }
        Ok(form)
    }

    async fn interval(
        &self,
        cx: &Context,
        upstream: &Upstream,
        probe: &IntervalProbe,
    ) -> Result<Interval, UpstreamError> {
        if cx.is_dry() {
            assume(cx, "scrape_interval");
            return Ok(Interval::ASSUMED);
        }
        let key = (upstream.identity().to_owned(), probe.metric.clone());
        let turn = Turn::of(cx, upstream);
        loop {
            let ask = turn.lead(ask_interval(cx, upstream, probe));
            let shared = self.intervals.try_get_with_by_ref(&key, ask);
            if let Some(known) = turn.end(shared).await {
                return known;
            }
        }
    }
}

async fn ask_dialect(cx: &Context, upstream: &Upstream) -> Result<Dialect, UpstreamError> {
    let query = Spelled::of(DIALECT, Origin::Profile);
    cx.asks(Purpose::Probe, &query.text, &query.fragments);
    let value = upstream.value(cx, DIALECT, UnixMillis::new(0), &[]).await?;
    Ok(match value {
        Some(12.0) => Dialect::PromqlClosed,
        Some(1.0) => Dialect::Metricsql,
        _ => Dialect::PromqlOpen,
    })
}

/// Writes down what a dry run takes for granted, since it asks nothing.
fn assume(cx: &Context, what: &'static str) {
    cx.record(|recorded| recorded.assumed.push(what));
}

/// Writes down where the scrape interval is from.
fn tell(interval: Interval, recorded: &mut Recorded) {
    if interval.is_assumed {
        let assumed = Notice::IntervalAssumed(interval.length.get());
        recorded.notice(assumed);
        recorded.interval_from = Some("assumed");
    } else {
        recorded.interval_from = Some("probed");
    }
}

/// Whether the backend itself answered, with a status that says nothing about credentials. That
/// is not remembered as a dialect, so that a passing 503 does not decide for an hour.
fn has_own_status(error: &UpstreamError) -> bool {
    matches!(
        error,
        UpstreamError::Refused { .. } | UpstreamError::TooBig { .. } | UpstreamError::Status { .. }
    )
}

async fn ask_interval(
    cx: &Context,
    upstream: &Upstream,
    probe: &IntervalProbe,
) -> Result<Interval, UpstreamError> {
    for (expr, window) in [
        (&probe.ten_minutes, Millis::MINUTE.times(10)),
        (&probe.one_hour, Millis::HOUR),
    ] {
        cx.asks(Purpose::ScrapeInterval, &expr.text, &expr.fragments);
        let count = upstream
            .value(cx, &expr.text, probe.at, &probe.parameters)
            .await?;
        if let Some(count) = count.filter(|count| *count >= 2.0) {
            return Ok(Interval {
                length: snapped(window, count),
                is_assumed: false,
            });
        }
    }
    Ok(Interval::ASSUMED)
}

async fn ask_form(
    cx: &Context,
    upstream: &Upstream,
    probe: &FormProbe,
) -> Result<HistogramForm, UpstreamError> {
    let has = async |selector: &Spelled| {
        cx.asks_all(Purpose::Series, std::slice::from_ref(selector));
        let selectors = std::slice::from_ref(&selector.text);
        upstream.has_series(cx, selectors, probe.range).await
    };
    let form = if has(&probe.classic).await? {
        HistogramForm::Classic
    } else if has(&probe.native).await? {
        HistogramForm::Native
    } else {
        return Ok(HistogramForm::Absent);
    };
    Ok(if is_gauge(cx, upstream, &probe.metric).await? {
        HistogramForm::Gauge
    } else {
        form
    })
}

/// Whether metadata say that the buckets of `metric` go up and down. A backend without metadata
/// says nothing, and where targets disagree the histogram may be an ordinary one.
async fn is_gauge(cx: &Context, upstream: &Upstream, metric: &str) -> Result<bool, UpstreamError> {
    let metadata = match upstream.metadata_of(cx, metric).await {
        Ok(metadata) => metadata,
        Err(error) if error.status().is_some() => return Ok(false),
        Err(error) => return Err(error),
    };
    let Some(family) = metadata.get(metric) else {
        return Ok(false);
    };
    Ok(family.types.iter().eq([&MetricType::GaugeHistogram]))
}

/// The interval at which `count` samples, at least two, fill `window`; the nearest usual one if it
/// is within 12 % of it.
#[must_use]
pub fn snapped(window: Millis, count: f64) -> Millis {
    let measured = window.seconds() * 1000.0 / count;
    let near = USUAL
        .into_iter()
        .map(Millis::new)
        .min_by(|a, b| distance(*a, measured).total_cmp(&distance(*b, measured)))
        .filter(|usual| distance(*usual, measured) <= usual.seconds() * 1000.0 * 0.12);
    near.unwrap_or_else(|| rounded(measured))
}

fn distance(usual: Millis, measured: f64) -> f64 {
    (usual.seconds() * 1000.0 - measured).abs()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "at most half an hour, see `snapped`"
)]
fn rounded(millis: f64) -> Millis {
    Millis::new((millis.round() as i64).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(window: Millis, count: f64, expected: i64) {
        assert_eq!(snapped(window, count), Millis::new(expected));
    }

    #[test]
    fn a_regular_interval_snaps_to_the_usual_one() {
        let ten_minutes = Millis::MINUTE.times(10);
        check(ten_minutes, 40.0, 15_000);
        check(ten_minutes, 41.0, 15_000);
        check(ten_minutes, 10.0, 60_000);
        check(ten_minutes, 11.0, 60_000);
        check(ten_minutes, 600.0, 1_000);
        check(Millis::HOUR, 12.0, 300_000);
    }

    #[test]
    fn an_unusual_interval_stays_what_it_is() {
        let ten_minutes = Millis::MINUTE.times(10);
        check(ten_minutes, 15.0, 40_000);
        check(ten_minutes, 7.0, 85_714);
        check(Millis::HOUR, 2.0, 1_800_000);
        check(ten_minutes, 6_000_000.0, 1);
    }
}
