//! Histograms and summaries: what is written of them, and what an answer must be by plain
//! arithmetic over what was written. Made from the chapter alone; there is no `PromQL` in it.

use crate::numbers::{float, noise};
use crate::oracle::{Increment, Method, growth, increments};
use crate::samples::{BASE, MINUTE, SCRAPE};
use crate::series::{Sample, Series};

/// Upper bounds of the classic histograms, and an observation of each bucket. All of them are exact
/// in binary, so that sums are.
pub(crate) const BOUNDS: [(&str, f64, f64); 5] = [
    ("0.125", 0.125, 0.0625),
    ("0.5", 0.5, 0.25),
    ("1", 1.0, 0.75),
    ("2.5", 2.5, 2.0),
    ("+Inf", f64::INFINITY, 4.0),
];

/// One histogram of one instance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Class {
    pub(crate) metric: &'static str,
    pub(crate) instance: Option<&'static str>,
    seed: i64,
    /// Distance of the samples, and where they lie within it.
    pub(crate) scrape: i64,
    phase: i64,
    /// At which samples everything starts again.
    resets: &'static [i64],
    /// Buckets below this one stay empty.
    lowest: usize,
}

pub(crate) const CLASSES: [Class; 6] = [
    Class {
        metric: "observed_edges",
        instance: None,
        seed: 31,
        scrape: SCRAPE,
        phase: 0,
        resets: &[300],
        lowest: 0,
    },
    Class {
        metric: "observed_high",
        instance: None,
        seed: 32,
        scrape: SCRAPE,
        phase: 4_321,
        resets: &[],
        lowest: 2,
    },
    Class {
        metric: "observed_two",
        instance: Some("a"),
        seed: 33,
        scrape: SCRAPE,
        phase: 2_000,
        resets: &[310],
        lowest: 0,
    },
    Class {
        metric: "observed_two",
        instance: Some("b"),
        seed: 34,
        scrape: SCRAPE,
        phase: 7_321,
        resets: &[311, 380],
        lowest: 1,
    },
    Class {
        metric: "observed_minutely",
        instance: None,
        seed: 35,
        scrape: MINUTE,
        phase: 17_000,
        resets: &[75],
        lowest: 0,
    },
    Class {
        metric: "observed_new",
        instance: None,
        seed: 36,
        scrape: SCRAPE,
        phase: 1_000,
        // From nothing: `rate` alone would not extrapolate below zero.
        resets: &[0],
        lowest: 0,
    },
];

impl Class {
    pub(crate) fn at(self, k: i64) -> i64 {
        BASE + k * self.scrape + self.phase
    }

    fn samples(self) -> i64 {
        720 * SCRAPE / self.scrape
    }

    /// Minutes in which nothing is observed: 65 to 70.
    fn is_idle(self, k: i64) -> bool {
        (65 * MINUTE..70 * MINUTE).contains(&(k * self.scrape))
    }

    /// How many observations each bucket by itself gets at sample k.
    fn observed(self, k: i64) -> [i64; 5] {
        std::array::from_fn(|bucket| {
            if self.is_idle(k) || bucket < self.lowest {
                return 0;
            }
            let which = i64::try_from(bucket).unwrap();
            // Never none, so that no quantile lies on the edge of an empty bucket.
            1 + noise(self.seed * 10 + which, k, 4)
        })
    }

    /// For each sample what the counters of the buckets by themselves stand at.
    fn totals(self) -> Vec<[i64; 5]> {
        let mut totals = [500; 5];
        (0..self.samples())
            .map(|k| {
                if self.resets.contains(&k) {
                    totals = [0; 5];
                }
                for (total, observed) in totals.iter_mut().zip(self.observed(k)) {
                    *total += observed;
                }
                totals
            })
            .collect()
    }

    fn labels<'a>(self, inner: Option<(&'a str, &'a str)>) -> Vec<(&'a str, &'a str)> {
        let instance = self.instance.map(|instance| ("instance", instance));
        instance.into_iter().chain(inner).collect()
    }

    fn series(
        self,
        suffix: &str,
        inner: Option<(&str, &str)>,
        value: impl Fn(&[i64; 5]) -> f64,
    ) -> Series {
        let samples = (0..).zip(self.totals()).map(|(k, totals)| Sample {
            at: self.at(k),
            value: value(&totals),
        });
        Series::new(
            &format!("{}{suffix}", self.metric),
            &self.labels(inner),
            samples.collect(),
        )
    }

    /// `_sum` and `_count`.
    fn pair(self) -> [Series; 2] {
        [
            self.series("_sum", None, sum),
            self.series("_count", None, |totals| float(totals.iter().sum())),
        ]
    }

    fn classic(self) -> Vec<Series> {
        let buckets = BOUNDS.iter().enumerate().map(|(n, (le, ..))| {
            self.series("_bucket", Some(("le", le)), move |totals| {
                float(totals[..=n].iter().sum())
            })
        });
        buckets.chain(self.pair()).collect()
    }
}

fn sum(totals: &[i64; 5]) -> f64 {
    let each = totals.iter().zip(BOUNDS);
    each.map(|(count, (_, _, value))| float(*count) * value)
        .sum()
}

/// The quantiles of the summaries, by metric, in the spelling of the label.
const QUANTILES: [(&str, &[&str]); 3] = [
    ("summed_edges", &["0", "0.5", "0.9", "0.95", "0.99", "1"]),
    ("summed_spelled", &["0.0", "0.50", "0.90", "1.0"]),
    ("summed_two", &["0.5"]),
];

/// Everything that is written of histograms and summaries as floats.
pub(crate) fn all() -> Vec<Series> {
    let mut all: Vec<Series> = CLASSES.iter().flat_map(|class| class.classic()).collect();
    for (metric, spellings) in QUANTILES {
        for class in summaries(metric) {
            for (n, spelling) in spellings.iter().enumerate() {
                let which = i64::try_from(n).unwrap();
                let samples = (0..class.samples()).map(|k| Sample {
                    at: class.at(k),
                    value: float(noise(class.seed + 100 * which, k, 4_000)) / 4.0,
                });
                all.push(Series::new(
                    metric,
                    &class.labels(Some(("quantile", spelling))),
                    samples.collect(),
                ));
            }
            all.extend(class.pair());
        }
    }
    // A summary without quantiles, as some clients expose it.
    all.extend(
        Class {
            metric: "summed_bare",
            ..CLASSES[0]
        }
        .pair(),
    );
    all
}

/// The summaries of one metric.
fn summaries(metric: &'static str) -> Vec<Class> {
    let of = |class: &Class| Class { metric, ..*class };
    match metric {
        "summed_two" => vec![of(&CLASSES[2]), of(&CLASSES[3])],
        _ => vec![of(&CLASSES[0])],
    }
}

/// What the series of one metric, whatever their further labels, grew by.
fn growths(metric: &str) -> Vec<Vec<Increment>> {
    let all = all();
    let found = all.iter().filter(|series| series.metric == metric);
    found.map(increments).collect()
}

/// A histogram or a summary as it was written, for many questions.
pub(crate) struct Written {
    sums: Vec<Vec<Increment>>,
    counts: Vec<Vec<Increment>>,
    /// The increments of each bucket with all smaller ones, by upper bound.
    buckets: Vec<(f64, Vec<Vec<Increment>>)>,
}

impl Written {
    pub(crate) fn of(metric: &str) -> Self {
        let all = all();
        let of = |le: &str| -> Vec<Vec<Increment>> {
            let name = format!("{metric}_bucket");
            let label = ("le".to_owned(), le.to_owned());
            all.iter()
                .filter(|one| one.metric == name && one.labels.contains(&label))
                .map(increments)
                .collect()
        };
        Self {
            sums: growths(&format!("{metric}_sum")),
            counts: growths(&format!("{metric}_count")),
            buckets: BOUNDS.map(|(le, upper, _)| (upper, of(le))).into(),
        }
    }

    /// The value of a bucket, if any sample lies in it.
    pub(crate) fn value(&self, method: Method, start: i64, end: i64) -> Option<f64> {
        let sum = growth(&self.sums, start, end)?;
        let count = growth(&self.counts, start, end)?;
        Some(match method {
            Method::Mean => sum / count,
            Method::Sum | Method::SumNoZeros => sum,
            Method::EventCount | Method::EventCountNoZeros => count,
            Method::Max => self.quantile(1.0, start, end),
            Method::Min => self.quantile(0.000_001, start, end),
            Method::Percentile(percent) => self.quantile(f64::from(percent) / 100.0, start, end),
        })
    }

    /// Linear within the bucket that holds the rank; above the highest bound, that bound.
    fn quantile(&self, q: f64, start: i64, end: i64) -> f64 {
        let upto: Vec<(f64, f64)> = (self.buckets.iter())
            .map(|(upper, series)| (*upper, growth(series, start, end).unwrap()))
            .collect();
        let total = upto.last().unwrap().1;
        if total == 0.0 {
            return f64::NAN;
        }
        let rank = q * total;
        let mut below = (0.0, 0.0);
        for (upper, count) in upto {
            if count >= rank {
                return if upper.is_infinite() {
                    below.0
                } else {
                    below.0 + (upper - below.0) * (rank - below.1) / (count - below.1)
                };
            }
            below = (upper, count);
        }
        unreachable!("the last bucket holds every rank")
    }
}

/// The raw points of the one histogram or summary of a metric: `(at, mean)`.
pub(crate) fn means(metric: &str) -> Vec<(i64, f64)> {
    let sums = growths(&format!("{metric}_sum")).remove(0);
    let counts = growths(&format!("{metric}_count")).remove(0);
    (sums.iter().zip(&counts))
        .filter(|(_, count)| count.amount != 0.0)
        .map(|(sum, count)| (sum.at, sum.amount / count.amount))
        .collect()
}

/// The samples of one quantile.
pub(crate) fn quantile(metric: &str, spelling: &str) -> Vec<Series> {
    let label = ("quantile".to_owned(), spelling.to_owned());
    let mut all = all();
    all.retain(|one| one.metric == metric && one.labels.contains(&label));
    all
}
