//! The reference: what an answer must be, by plain arithmetic over the samples written. It is
//! made from the chapter alone (`queries.md`, sections 3, 9, 11 and 16) and shares nothing
//! with the crate; there is no `PromQL` in it.

use crate::numbers::{float, whole};
use crate::series::Series;
use crate::wire::Point;

/// The 14 aggregation methods; the three lists of percentiles and twins are by name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Method {
    Mean,
    Max,
    Min,
    Sum,
    SumNoZeros,
    EventCount,
    EventCountNoZeros,
    /// 25 is the lower quartile.
    Percentile(u8),
}

impl Method {
    pub(crate) const ALL: [Self; 14] = [
        Self::Mean,
        Self::Max,
        Self::Min,
        Self::Sum,
        Self::SumNoZeros,
        Self::EventCount,
        Self::EventCountNoZeros,
        Self::Percentile(25),
        Self::Percentile(50),
        Self::Percentile(75),
        Self::Percentile(90),
        Self::Percentile(95),
        Self::Percentile(98),
        Self::Percentile(99),
    ];

    /// As `StackState` spells it.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Mean => "MEAN".to_owned(),
            Self::Max => "MAX".to_owned(),
            Self::Min => "MIN".to_owned(),
            Self::Sum => "SUM".to_owned(),
            Self::SumNoZeros => "SUM_NO_ZEROS".to_owned(),
            Self::EventCount => "EVENT_COUNT".to_owned(),
            Self::EventCountNoZeros => "EVENT_COUNT_NO_ZEROS".to_owned(),
            Self::Percentile(percent) => format!("PERCENTILE_{percent}"),
        }
    }

    /// A bucket without data is a point of zero.
    fn fills(self) -> bool {
        matches!(self, Self::Sum | Self::EventCount)
    }

    /// The method over one bag of values; `None` when it is empty.
    pub(crate) fn of(self, values: &[f64]) -> Option<f64> {
        if values.is_empty() {
            return None;
        }
        let count = float(i64::try_from(values.len()).unwrap());
        let sum = values.iter().sum::<f64>();
        Some(match self {
            Self::Mean => sum / count,
            // `f64::max` passes over NaN as long as there is something else.
            Self::Max => values.iter().copied().fold(f64::NAN, f64::max),
            Self::Min => values.iter().copied().fold(f64::NAN, f64::min),
            Self::Sum | Self::SumNoZeros => sum,
            Self::EventCount | Self::EventCountNoZeros => count,
            Self::Percentile(percent) => percentile(percent, values),
        })
    }
}

/// linear between the neighbours of rank `q * (n - 1)`, NaN below everything.
fn percentile(percent: u8, values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| b.is_nan().cmp(&a.is_nan()).then(a.total_cmp(b)));
    let last = sorted.len() - 1;
    let rank = f64::from(percent) / 100.0 * float(i64::try_from(last).unwrap());
    let low = usize::try_from(whole(rank.floor())).unwrap();
    let weight = rank - rank.floor();
    // Both terms count even with weight 0: 0 * infinity is NaN, for Prometheus too.
    sorted[low] * (1.0 - weight) + sorted[last.min(low + 1)] * weight
}

/// What to do with what JSON cannot say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// `nan_interpretation: ZERO`, the default, instead of `NONE`.
    pub(crate) nan_is_zero: bool,
    /// `inf_interpretation: MAX` instead of `NONE`, the default.
    pub(crate) infinity_is_max: bool,
}

impl Rules {
    pub(crate) const DEFAULT: Self = Self {
        nan_is_zero: true,
        infinity_is_max: false,
    };

    /// What a caller sees of a value, if anything.
    pub(crate) fn shown(self, value: f64) -> Option<f64> {
        if value.is_nan() {
            self.nan_is_zero.then_some(0.0)
        } else if value.is_infinite() {
            self.infinity_is_max.then(|| f64::MAX.copysign(value))
        } else {
            Some(value)
        }
    }
}

/// Starts and ends of the buckets of a query: on epoch multiples, `start < e <= end`.
pub(crate) fn buckets(start: i64, end: i64, width: i64) -> Vec<(i64, i64)> {
    let first = (start.div_euclid(width) + 1) * width;
    (0..)
        .map(|k| first + k * width)
        .take_while(|e| *e <= end)
        .map(|e| (e - width, e))
        .collect()
}

/// Values per bucket as points: zero fill, NaN and infinities as the rules say.
pub(crate) fn points(
    method: Method,
    buckets: &[(i64, i64)],
    rules: Rules,
    value: impl Fn(i64, i64) -> Option<f64>,
) -> Vec<Point> {
    let fill = method.fills().then_some(0.0);
    let shown = |&(start, end): &(i64, i64)| {
        let value = value(start, end).map_or(fill, |value| rules.shown(value))?;
        Some(Point { value, start, end })
    };
    buckets.iter().filter_map(shown).collect()
}

/// The values of all samples with `start <= t < end`, all series in one bag, without markers.
pub(crate) fn bag(series: &[Series], start: i64, end: i64) -> Vec<f64> {
    let samples = series
        .iter()
        .flat_map(|one| within(&one.samples, start, end, |sample| sample.at));
    samples
        .filter(|sample| !sample.is_stale())
        .map(|sample| sample.value)
        .collect()
}

/// Growth of a counter, attributed to the sample at which it is seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Increment {
    pub(crate) at: i64,
    pub(crate) amount: f64,
    /// Growth per second since the sample before.
    pub(crate) rate: f64,
    /// Milliseconds since the sample before.
    pub(crate) gap: i64,
}

/// The increments of one series: after a drop the counter began at zero. The first sample has none.
pub(crate) fn increments(series: &Series) -> Vec<Increment> {
    let pairs = series.samples.windows(2).map(|pair| {
        let (before, now) = (pair[0], pair[1]);
        let amount = if now.value < before.value {
            now.value
        } else {
            now.value - before.value
        };
        let gap = now.at - before.at;
        let rate = amount * 1000.0 / float(gap);
        Increment {
            at: now.at,
            amount,
            rate,
            gap,
        }
    });
    pairs.collect()
}

/// Growth of all series together in the bucket.
pub(crate) fn growth(series: &[Vec<Increment>], start: i64, end: i64) -> Option<f64> {
    let amounts: Vec<f64> = series
        .iter()
        .flat_map(|one| within(one, start, end, |increment| increment.at))
        .map(|increment| increment.amount)
        .collect();
    (!amounts.is_empty()).then(|| amounts.iter().sum())
}

/// The per-second rates in the bucket, one for each instant. Series are scraped at the same
/// instants, so the rate of all of them together is the sum over each instant.
pub(crate) fn rates(series: &[Vec<Increment>], start: i64, end: i64) -> Vec<f64> {
    let mut total: Vec<f64> = Vec::new();
    for one in series {
        for (n, increment) in within(one, start, end, |increment| increment.at).enumerate() {
            if n == total.len() {
                total.push(0.0);
            }
            total[n] += increment.rate;
        }
    }
    total
}

/// Those with `start <= at < end`, of a list in ascending time.
fn within<'a, T>(
    all: &'a [T],
    start: i64,
    end: i64,
    at: impl Fn(&T) -> i64,
) -> std::slice::Iter<'a, T> {
    let from = all.partition_point(|one| at(one) < start);
    let to = all.partition_point(|one| at(one) < end);
    all[from..to].iter()
}
