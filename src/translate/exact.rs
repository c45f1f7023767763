//! The exact profile: numbers that can be proved from raw samples.

mod existence;
mod probes;

use crate::options::Dialect;
use crate::options::MultipleSeries;
use crate::options::QueryOptions;
use crate::options::Strategy;
use crate::promql::Expr;
use crate::promql::Origin;
use crate::promql::Selector;
use crate::protocol::Invalid;
use crate::protocol::metric::AggregationMethod;
use crate::protocol::metric::MetricsQuery;
use crate::time::Millis;
use crate::time::TimeRange;
use crate::time::UnixMillis;
use crate::translate;
use crate::translate::Facts;
use crate::translate::HistogramForm;
use crate::translate::TranslateError;
use crate::translate::computed;
use crate::translate::conditions;
use crate::translate::conditions::Kind;
use crate::translate::counter;
use crate::translate::family::Family;
use crate::translate::gauge;
use crate::translate::grid;
use crate::translate::grid::Placement;
use crate::translate::histogram;
use crate::translate::plan::ComputedRead;
use crate::translate::plan::Grid;
use crate::translate::plan::Instants;
use crate::translate::plan::ObservationsRead;
use crate::translate::plan::Plan;
use crate::translate::plan::RangeRead;
use crate::translate::plan::RateWindow;
use crate::translate::plan::Read;
use crate::translate::plan::Reduction;
use crate::translate::plan::SampleRead;
use crate::translate::plan::Several;
use crate::translate::plan::Source;
use crate::translate::raw;
use crate::translate::summary;
use crate::translate::tilde;
use crate::translate::tilde::Tilde;
use crate::translate::window;

/// A question of the exact profile.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Exact {
    about: About,
    shape: Shape,
    /// As it was asked for.
    range: TimeRange,
    now: UnixMillis,
    limit: usize,
    options: QueryOptions,
}

/// What is asked about.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum About {
    Gauge(Metric),
    Counter(Metric),
    Histogram(Family),
    Summary(Family),
    Tilde(Tilde),
}

/// A metric and the conditions on its labels.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Metric {
    name: String,
    pub(super) selector: Selector,
}

/// Which points are asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    Raw,
    Buckets {
        method: AggregationMethod,
        width: Millis,
    },
}

/// The part of a plan that differs from one kind and shape to the other.
struct Asked {
    read: Read,
    reduction: Reduction,
    several: Several,
}

/// Reads a query.
///
/// # Errors
///
/// Every [`TranslateError`] that needs no knowledge of the backend.
pub(super) fn question(
    query: &MetricsQuery,
    options: &QueryOptions,
    now: UnixMillis,
) -> Result<Exact, TranslateError> {
    let shape = shape(query)?;
    let width = match shape {
        Shape::Raw => None,
        Shape::Buckets { width, .. } => Some(width),
    };
    let (kind, name) = conditions::subject(&query.conditions, &Kind::ALL)?;
    let index = conditions::subject_index(&query.conditions, &Kind::ALL);
    let metric = || -> Result<Metric, TranslateError> {
        let matchers = conditions::matchers(&query.conditions, kind)?;
        Ok(Metric {
            name: name.to_owned(),
            selector: Selector::of_condition(name, index).and_all(matchers),
        })
    };
    let family = || -> Result<Family, TranslateError> {
        let matchers = conditions::matchers(&query.conditions, kind)?;
        Ok(Family::new(name, matchers).of_condition(index))
    };
    let about = match kind {
        Kind::Gauge => About::Gauge(metric()?),
        Kind::Counter => About::Counter(metric()?),
        Kind::Promql => About::Tilde(tilde::read(name, &query.conditions, width, options)?),
        Kind::Histogram => About::Histogram(family()?),
        Kind::Summary => About::Summary(family()?),
    };
    check_selector(&about)?;
    Ok(Exact {
        about,
        shape,
        range: TimeRange {
            start: query.start_time,
            end: query.end_time,
        },
        now,
        limit: query.limit.unwrap_or(usize::MAX).min(options.max_points),
        options: options.clone(),
    })
}

fn shape(query: &MetricsQuery) -> Result<Shape, TranslateError> {
    let Some(aggregation) = &query.aggregation else {
        return Ok(Shape::Raw);
    };
    let method = aggregation.method.ok_or(TranslateError::Aggregation)?;
    let width = aggregation
        .bucket_size
        .filter(|width| (Millis::ONE..=window::LONGEST).contains(width))
        .ok_or_else(|| Invalid::new(BUCKET_SIZE, "must be a positive integer"))?;
    Ok(Shape::Buckets { method, width })
}

const BUCKET_SIZE: &str = "query.aggregation.bucketSizeMillis";

impl Exact {
    /// Decides what to ask and how to read the answer.
    pub(super) fn plan(&self, facts: Facts) -> Result<Plan, TranslateError> {
        let asked = match self.shape {
            Shape::Raw => self.raw(facts),
            Shape::Buckets { method, width } => match self.grid(facts.dialect, width) {
                Some(grid) => {
                    check_width(width, facts.dialect)?;
                    Some(self.buckets(method, grid, facts))
                }
                None => None,
            },
        };
        let asked = match asked {
            None => self.nothing(),
            Some(asked) if self.is_missing(facts) => Asked {
                read: Read::Missing,
                ..asked
            },
            Some(asked) => {
                self.check_form(facts)?;
                asked
            }
        };
        check_length(&asked.read)?;
        Ok(Plan {
            subject: self.subject(facts.dialect, facts.histogram),
            read: asked.read,
            reduction: asked.reduction,
            several: asked.several,
            limit: self.limit,
            nan: self.options.nan_interpretation,
            inf: self.options.inf_interpretation,
            parameters: parameters(facts.dialect),
            rate_window: self.rate_window(facts),
            held_back: self.held_back(facts.dialect),
        })
    }

    /// Whether the histogram that is asked about can be read in the form that it has.
    fn check_form(&self, facts: Facts) -> Result<(), TranslateError> {
        let About::Histogram(_) = self.about else {
            return Ok(());
        };
        match (facts.histogram, facts.dialect) {
            (HistogramForm::Gauge, _) => Err(TranslateError::MetricKind("GAUGEHISTOGRAM")),
            // VictoriaMetrics knows none of the functions that read it.
            (HistogramForm::Native, Dialect::Metricsql) => {
                Err(TranslateError::MetricKind("HISTOGRAM"))
            }
            _ => Ok(()),
        }
    }

    fn is_missing(&self, facts: Facts) -> bool {
        matches!(self.about, About::Histogram(_)) && facts.histogram == HistogramForm::Absent
    }

    fn raw(&self, facts: Facts) -> Option<Asked> {
        let range = self.readable()?;
        let earlier = TimeRange {
            start: range.start - raw::LOOKBACK,
            ..range
        };
        let since = range.start;
        let read = |selector: &Selector, range| {
            raw::samples(selector, range, facts.dialect, &self.options)
        };
        let samples = |metric: &Metric, range| Read::Samples(read(&metric.selector, range));
        let observations = |selector: Selector, source| {
            let samples = read(&selector, earlier);
            let read = ObservationsRead {
                samples,
                since,
                source,
            };
            (Read::Observations(read), Reduction::Points)
        };
        let (read, reduction) = match &self.about {
            About::Gauge(metric) => (samples(metric, range), Reduction::Points),
            About::Counter(metric) => (samples(metric, earlier), Reduction::Rates { since }),
            About::Histogram(family) if facts.histogram == HistogramForm::Native => {
                observations(family.base(), Source::Native)
            }
            About::Histogram(family) | About::Summary(family) => {
                observations(family.pairs(), Source::Pairs)
            }
            About::Tilde(tilde) => {
                let read = tilde.raw(range, &self.options)?;
                (Read::Range(read), Reduction::Points)
            }
        };
        Some(Asked {
            read,
            reduction,
            several: Several::Refuse,
        })
    }

    fn buckets(&self, method: AggregationMethod, grid: Grid, facts: Facts) -> Asked {
        let is_zero_filled = is_gapless(method);
        let each_end = |expr: Expr| {
            let expr = expr.spelled();
            Read::Range(RangeRead {
                expr: expr.text,
                fragments: expr.fragments,
                instants: Instants {
                    first: grid.first_end,
                    last: grid.last_end,
                    step: grid.width,
                },
                group: 1,
                is_splittable: true,
                max_steps: self.options.max_steps,
                max_range: self.options.max_query_range,
            })
        };
        let buckets = Reduction::Buckets {
            grid,
            is_zero_filled,
        };
        let several = self.options.multiple_series;
        if let Some(read) = self.computed(method, grid, facts) {
            return Asked {
                read: Read::Computed(Box::new(read)),
                reduction: buckets,
                several: Several::Refuse,
            };
        }
        let setting = counter::Setting {
            dialect: facts.dialect,
            width: grid.width,
            interval: self.interval(facts),
            interval_by: self.interval_by(),
            several,
        };
        let pushed_down = |expr| Asked {
            read: each_end(expr),
            reduction: buckets.clone(),
            several: Several::Refuse,
        };
        match &self.about {
            About::Gauge(metric) => Asked {
                read: each_end(gauge::expr(
                    method,
                    &metric.selector,
                    window::covering(facts.dialect, grid.width),
                    several,
                )),
                reduction: buckets,
                several: match (method, several) {
                    (AggregationMethod::Percentile(percentile), MultipleSeries::Combine) => {
                        Several::Pool {
                            read: raw::samples_of(
                                &metric.selector,
                                grid,
                                facts.dialect,
                                &self.options,
                            ),
                            percentile,
                            budget: self.options.raw_budget,
                        }
                    }
                    _ => Several::Refuse,
                },
            },
            About::Counter(metric) => pushed_down(counter::expr(method, &metric.selector, setting)),
            About::Histogram(family) => {
                pushed_down(histogram::expr(method, family, facts.histogram, setting))
            }
            About::Summary(family) => pushed_down(summary::expr(method, family, setting)),
            About::Tilde(tilde) => Asked {
                read: Read::Range(tilde.folded(grid, &self.options)),
                reduction: Reduction::Fold {
                    grid,
                    method,
                    is_zero_filled,
                },
                several: Several::Refuse,
            },
        }
    }

    /// What to read where the mirror computes itself.
    fn computed(
        &self,
        method: AggregationMethod,
        grid: Grid,
        facts: Facts,
    ) -> Option<ComputedRead> {
        if self.options.strategy == Strategy::Auto {
            return None;
        }
        let setting = computed::Setting {
            grid,
            interval: self.interval(facts),
            form: facts.histogram,
            several: self.options.multiple_series,
            budget: self.options.raw_budget,
        };
        computed::read(&self.about, method, setting, |selector| {
            raw::samples_before(selector, grid, facts.dialect, &self.options)
        })
    }

    /// No bucket or instant fits. The reduction still says which kind of points there are none of.
    fn nothing(&self) -> Asked {
        let reduction = match self.shape {
            Shape::Raw => Reduction::Points,
            Shape::Buckets { width, .. } => Reduction::Buckets {
                grid: Grid {
                    first_end: self.range.end,
                    last_end: self.range.end,
                    width,
                },
                is_zero_filled: false,
            },
        };
        Asked {
            read: Read::Nothing,
            reduction,
            several: Several::Refuse,
        }
    }

    /// The range up to now, both ends included; `None` if it begins in the future.
    fn readable(&self) -> Option<TimeRange> {
        let end = self.range.end.min(self.now);
        (self.range.start <= end).then_some(TimeRange { end, ..self.range })
    }

    /// For how long the newest data are held back.
    fn settle_delay(&self, dialect: Dialect) -> Millis {
        let delay = self.options.settle_delay.unwrap_or(match dialect {
            Dialect::PromqlOpen | Dialect::PromqlClosed => Millis::ZERO,
            // VictoriaMetrics 1.79 replaces the values of the last 30 s by earlier ones.
            Dialect::Metricsql => Millis::from_seconds(30),
        });
        delay.min(window::LONGEST)
    }

    /// The same, if data that were asked for are so new.
    fn held_back(&self, dialect: Dialect) -> Option<Millis> {
        let delay = self.settle_delay(dialect);
        let is_cut = matches!(self.shape, Shape::Buckets { .. })
            && delay > Millis::ZERO
            && self.range.end > self.now - delay;
        is_cut.then_some(delay)
    }

    fn grid(&self, dialect: Dialect, width: Millis) -> Option<Grid> {
        let placement = Placement {
            range: self.range,
            settled: self.now - self.settle_delay(dialect),
            alignment: self.options.bucket_alignment,
            include_partial_last: self.options.include_partial_last,
        };
        grid::grid(placement, width)
    }

    fn interval(&self, facts: Facts) -> Millis {
        let known = self
            .options
            .scrape_interval
            .unwrap_or(facts.scrape_interval);
        known.clamp(Millis::ONE, window::LONGEST)
    }

    /// The same for a person: `sum(rate(up[60000ms]))`.
    pub(super) fn combining(&self) -> Option<String> {
        let window = match self.shape {
            Shape::Raw => raw::LOOKBACK,
            Shape::Buckets { width, .. } => width.max(Millis::MINUTE),
        };
        match &self.about {
            About::Gauge(metric) => Some(metric.selector.combined(None)),
            About::Counter(metric) => Some(metric.selector.combined(Some(window))),
            About::Histogram(_) | About::Summary(_) | About::Tilde(_) => None,
        }
    }

    /// Whether several series are refused, whichever way the answer is computed.
    pub(super) fn needs_one_series(&self) -> bool {
        let Shape::Buckets { method, .. } = self.shape else {
            return true;
        };
        match &self.about {
            About::Gauge(_) | About::Counter(_) => {
                self.options.multiple_series == MultipleSeries::Error
            }
            About::Histogram(_) => false,
            About::Summary(family) => summary::quantile(method, family).is_some(),
            About::Tilde(_) => true,
        }
    }

    /// The text that is sent for a tilde query.
    pub(super) fn own_words(&self) -> Option<&str> {
        match &self.about {
            About::Tilde(tilde) => Some(tilde.sent()),
            About::Gauge(_) | About::Counter(_) | About::Histogram(_) | About::Summary(_) => None,
        }
    }

    /// What decides on the scrape interval.
    fn interval_by(&self) -> Origin {
        match self.options.scrape_interval {
            Some(_) => Origin::SetInterval,
            None => Origin::Interval,
        }
    }

    fn rate_window(&self, facts: Facts) -> Option<RateWindow> {
        let Shape::Buckets { method, width } = self.shape else {
            return None;
        };
        if self.options.strategy == Strategy::Raw {
            return None;
        }
        let About::Counter(_) = &self.about else {
            return None;
        };
        let interval = self.interval(facts);
        counter::rate_window(method, facts.dialect, width, interval)
    }
}

/// Whether `method` has a value for every bucket.
const fn is_gapless(method: AggregationMethod) -> bool {
    matches!(
        method,
        AggregationMethod::Sum | AggregationMethod::EventCount
    )
}

fn check_width(width: Millis, dialect: Dialect) -> Result<(), TranslateError> {
    let smallest = window::smallest_bucket(dialect);
    if width < smallest {
        let expectation = [
            "must be at least ",
            &smallest.get().to_string(),
            " on this backend",
        ];
        return Err(Invalid::new(BUCKET_SIZE, expectation.concat()).into());
    }
    Ok(())
}

/// Refuses a selector that is too long before it is sent: what is asked to plan holds it too, and for
/// all but gauges that may be a question about how far samples are apart.
fn check_selector(about: &About) -> Result<(), TranslateError> {
    let probed = |selector: &Selector| probes::samples(selector, Millis::HOUR).to_string();
    let longest = match about {
        About::Gauge(metric) => metric.selector.to_string(),
        About::Counter(metric) => probed(&metric.selector),
        About::Histogram(family) | About::Summary(family) => probed(&family.bucket()),
        // Its text was bounded when it was read.
        About::Tilde(_) => return Ok(()),
    };
    translate::within_promql_text(&longest)
}

fn check_length(read: &Read) -> Result<(), TranslateError> {
    let within = |read: &SampleRead| translate::within_promql_text(&read.selector.to_string());
    match read {
        Read::Nothing | Read::Missing => Ok(()),
        Read::Observations(read) => within(&read.samples),
        Read::Computed(read) => within(&read.samples),
        Read::Range(read) => translate::within_promql_text(&read.expr),
        Read::Samples(read) => within(read),
        Read::Legacy(read) => translate::within_promql_text(&read.expr),
    }
}

/// VictoriaMetrics aligns ranges of 50 points and more, and replaces the newest values, unless it is
/// told not to.
pub(super) fn parameters(dialect: Dialect) -> Vec<(&'static str, &'static str)> {
    match dialect {
        Dialect::PromqlOpen | Dialect::PromqlClosed => Vec::new(),
        Dialect::Metricsql => vec![("nocache", "1"), ("latency_offset", "1ms")],
    }
}

#[cfg(test)]
mod tests;
