//! Native histograms, on the one engine that takes old ones: the same claims as for classic ones.

use crate::numbers::{agree, float, noise};
use crate::oracle::{Method, Rules, buckets, points};
use crate::question::Question;
use crate::remote_write::{field, message, varint};
use crate::rig::Rig;
use crate::samples::{BASE, HOUR, MINUTE, SCRAPE};
use crate::wire::{Answer, Point};
use crate::{Case, On};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "every_method_and_bucket_size_equals_the_reference",
        on: On::Native(equal_the_reference),
    },
    Case {
        name: "short_buckets_leave_no_gap_and_lose_nothing",
        on: On::Native(short),
    },
    Case {
        name: "raw_is_the_mean_between_neighbours",
        on: On::Native(raw),
    },
    Case {
        name: "under_a_plain_kind_they_are_unsupported",
        on: On::Native(plain),
    },
];

/// One histogram of one instance: schema 0, so that bucket n ends at 2^n.
#[derive(Clone, Copy)]
struct Class {
    metric: &'static str,
    instance: &'static str,
    seed: i64,
    phase: i64,
    reset: i64,
}

const CLASSES: [Class; 3] = [
    Class {
        metric: "native_one",
        instance: "a",
        seed: 51,
        phase: 4_321,
        reset: 300,
    },
    Class {
        metric: "native_two",
        instance: "a",
        seed: 52,
        phase: 2_000,
        reset: 310,
    },
    Class {
        metric: "native_two",
        instance: "b",
        seed: 53,
        phase: 7_321,
        reset: 331,
    },
];

/// The exponents of the upper bounds of the buckets in use.
const EXPONENTS: [i64; 5] = [-2, -1, 0, 1, 2];
const SAMPLES: i64 = 720;

/// The counters of the buckets, each by itself.
type Totals = [i64; 5];

impl Class {
    fn at(self, k: i64) -> i64 {
        BASE + k * SCRAPE + self.phase
    }

    /// Instants and counters.
    fn written(self) -> Vec<(i64, Totals)> {
        let mut totals = [500; 5];
        (0..SAMPLES)
            .map(|k| {
                if k == self.reset {
                    totals = [0; 5];
                }
                // Minutes 65 to 70 are idle.
                if !(260..280).contains(&k) {
                    for (n, total) in (0..).zip(&mut totals) {
                        *total += 1 + noise(self.seed * 10 + n, k, 4);
                    }
                }
                (self.at(k), totals)
            })
            .collect()
    }

    /// What each sample added.
    fn growth(self) -> Vec<(i64, Totals)> {
        let pairs = self.written();
        let added = |pair: &[(i64, Totals)]| {
            let (before, (at, now)) = (pair[0].1, pair[1]);
            let is_reset = now.iter().sum::<i64>() < before.iter().sum();
            let from = if is_reset { [0; 5] } else { before };
            (at, std::array::from_fn(|n| now[n] - from[n]))
        };
        pairs.windows(2).map(added).collect()
    }

    /// The body of a remote write request.
    pub(crate) fn body(self) -> Vec<u8> {
        let mut series = Vec::new();
        for (name, value) in [
            ("__name__", self.metric),
            ("instance", self.instance),
            ("job", "oracle"),
        ] {
            let mut label = Vec::new();
            field(&mut label, 1, name.as_bytes());
            field(&mut label, 2, value.as_bytes());
            field(&mut series, 1, &label);
        }
        for (at, totals) in self.written() {
            field(&mut series, 4, &histogram(at, &totals));
        }
        let mut request = Vec::new();
        field(&mut request, 1, &series);
        message(&request)
    }
}

/// An observation of each bucket: three quarters of its upper bound.
fn sum(totals: &Totals) -> f64 {
    let each = totals.iter().zip(EXPONENTS);
    each.map(|(count, exponent)| float(*count) * bound(exponent) * 0.75)
        .sum()
}

fn bound(exponent: i64) -> f64 {
    2_f64.powi(i32::try_from(exponent).unwrap())
}

/// A histogram with integer counts, as the protocol has it.
fn histogram(at: i64, totals: &Totals) -> Vec<u8> {
    let zigzag = |number: i64| ((number << 1) ^ (number >> 63)).cast_unsigned();
    let whole_number = |out: &mut Vec<u8>, number: u8, value: u64| {
        out.push(number << 3);
        varint(out, value);
    };
    let mut out = Vec::new();
    whole_number(&mut out, 1, totals.iter().sum::<i64>().cast_unsigned());
    out.push(3 << 3 | 1);
    out.extend_from_slice(&sum(totals).to_bits().to_le_bytes());
    let mut span = Vec::new();
    whole_number(&mut span, 1, zigzag(EXPONENTS[0]));
    whole_number(&mut span, 2, 5);
    field(&mut out, 11, &span);
    let mut deltas = Vec::new();
    let mut before = 0;
    for total in totals {
        varint(&mut deltas, zigzag(total - before));
        before = *total;
    }
    field(&mut out, 12, &deltas);
    whole_number(&mut out, 15, at.cast_unsigned());
    out
}

/// What is written beside the float series.
pub(crate) fn bodies() -> Vec<Vec<u8>> {
    CLASSES.iter().map(|class| class.body()).collect()
}

/// What all histograms of a metric observed in a bucket, if any sample lies in it.
fn observed(metric: &str, start: i64, end: i64) -> Option<Totals> {
    let mut all = None;
    for class in CLASSES.iter().filter(|class| class.metric == metric) {
        for (at, added) in class.growth() {
            if (start..end).contains(&at) {
                let totals = all.get_or_insert([0; 5]);
                for (total, added) in totals.iter_mut().zip(added) {
                    *total += added;
                }
            }
        }
    }
    all
}

fn value(metric: &str, method: Method, start: i64, end: i64) -> Option<f64> {
    let totals = observed(metric, start, end)?;
    let count = float(totals.iter().sum());
    Some(match method {
        Method::Mean => sum(&totals) / count,
        Method::Sum | Method::SumNoZeros => sum(&totals),
        Method::EventCount | Method::EventCountNoZeros => count,
        Method::Max => quantile(1.0, &totals),
        Method::Min => quantile(0.0, &totals),
        Method::Percentile(percent) => quantile(f64::from(percent) / 100.0, &totals),
    })
}

/// Exponential within the bucket that holds the rank.
fn quantile(q: f64, totals: &Totals) -> f64 {
    let total = float(totals.iter().sum());
    if total == 0.0 {
        return f64::NAN;
    }
    let rank = q * total;
    let mut below = 0.0;
    for (count, exponent) in totals.iter().zip(EXPONENTS) {
        let count = float(*count);
        if below + count >= rank {
            return 2_f64.powf(float(exponent - 1) + (rank - below) / count);
        }
        below += count;
    }
    unreachable!("the last bucket holds every rank")
}

fn asked(metric: &str, method: Method, width: i64, (start, end): (i64, i64)) -> Question {
    Question::metric("__histogram__", metric)
        .buckets(method, width)
        .between(start, end)
}

fn equal_the_reference(rig: &Rig<'_>) {
    let range = (BASE + HOUR + 12_345, BASE + HOUR + 43 * MINUTE + 678);
    for metric in ["native_one", "native_two"] {
        for width in [SCRAPE, 2 * SCRAPE, 4 * SCRAPE, 5 * MINUTE, 15 * MINUTE] {
            for method in Method::ALL {
                let expected = points(
                    method,
                    &buckets(range.0, range.1, width),
                    Rules::DEFAULT,
                    |s, e| value(metric, method, s, e),
                );
                let question = asked(metric, method, width, range);
                rig.expect(
                    "what was observed in the bucket",
                    &question,
                    &expected,
                    1e-6,
                );
                let computed = question.option("strategy", "raw");
                rig.expect(
                    "what was observed in the bucket",
                    &computed,
                    &expected,
                    1e-6,
                );
            }
        }
    }
}

fn short(rig: &Rig<'_>) {
    let range = (BASE + HOUR + 20 * MINUTE, BASE + HOUR + 24 * MINUTE);
    let all = buckets(range.0, range.1, 7_000);
    let (first, last) = (all[0].0, all[all.len() - 1].1);
    for method in [Method::EventCount, Method::Sum] {
        let (got, _) = rig.points(&asked("native_two", method, 7_000, range));
        let total: f64 = got.iter().map(|point| point.value).sum();
        let written = value("native_two", method, first, last).unwrap();
        assert!(
            agree(total, written, 0.03),
            "{method:?} sums to {total}, not {written}"
        );
        assert_eq!(got.len(), all.len());
    }
}

fn raw(rig: &Rig<'_>) {
    let (start, end) = (BASE + 30 * MINUTE, BASE + 2 * HOUR);
    let expected: Vec<Point> = CLASSES[0]
        .growth()
        .iter()
        .filter(|(at, totals)| (start..=end).contains(at) && totals.iter().sum::<i64>() > 0)
        .map(|(at, totals)| Point {
            value: sum(totals) / float(totals.iter().sum()),
            start: *at,
            end: *at,
        })
        .collect();
    assert!(expected.len() > 300);
    let question = Question::metric("__histogram__", "native_one").between(start, end);
    rig.expect(
        "the mean since the sample before",
        &question,
        &expected,
        1e-9,
    );
    let two = Question::metric("__histogram__", "native_two").between(start, end);
    rig.expect_failure(&two, "Too many metrics.", &["['instance']"]);
}

fn plain(rig: &Rig<'_>) {
    let range = (BASE + HOUR, BASE + HOUR + 10 * MINUTE);
    for field in ["__gauge__", "__counter__"] {
        let raw = Question::metric(field, "native_one").between(range.0, range.1);
        let computed = (raw.clone().buckets(Method::Mean, MINUTE)).option("strategy", "raw");
        for question in [raw.clone(), raw.buckets(Method::Mean, MINUTE), computed] {
            match rig.reply(&question).answer {
                Answer::UnsupportedFieldTypeError { mirror_type } => {
                    assert_eq!(mirror_type, "HISTOGRAM");
                }
                other => panic!("{field} answered {other:?}"),
            }
        }
    }
}
