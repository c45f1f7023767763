//! What is written to every engine: series by class, all of them long past, so that no
//! settle delay and no "latest" rule of an engine plays a part.

use crate::numbers::{float, noise};
use crate::series::{Sample, Series};

/// A whole hour; every class starts here.
pub(crate) const BASE: i64 = 1_699_999_200_000;
/// One hour in milliseconds.
pub(crate) const HOUR: i64 = 3_600_000;
/// One minute in milliseconds.
pub(crate) const MINUTE: i64 = 60_000;
/// The prevailing distance between samples, in milliseconds.
pub(crate) const SCRAPE: i64 = 15_000;
/// Samples of a class that is scraped every 15 s: three hours.
const SCRAPES: i64 = 720;
/// Length of the long series, in samples a minute apart: 60 days.
pub(crate) const MINUTES: i64 = 86_400;

/// A gauge value: negative ones too, in quarters, which every engine stores exactly.
fn level(seed: i64, k: i64) -> f64 {
    float(noise(seed, k, 4_000)) / 4.0 - 300.0
}

/// `count` samples, the k-th at `BASE + at(k)`.
fn gauge(seed: i64, count: i64, at: impl Fn(i64) -> i64) -> Vec<Sample> {
    (0..count)
        .map(|k| Sample {
            at: BASE + at(k),
            value: level(seed, k),
        })
        .collect()
}

/// The gauges, by metric name.
pub(crate) fn gauges() -> Vec<Series> {
    let two = |instance, phase, seed| {
        let samples = gauge(seed, SCRAPES, |k| k * SCRAPE + phase);
        Series::new(
            "gauge_two",
            &[("instance", instance), ("zone", "z1")],
            samples,
        )
    };
    let mut sparse = gauge(3, SCRAPES / 4, |k| k * MINUTE + 59_999);
    sparse.retain(|sample| noise(4, sample.at, 4) > 0);
    vec![
        Series::new("gauge_edges", &[], gauge(1, SCRAPES, |k| k * SCRAPE)),
        Series::new(
            "gauge_odd",
            &[],
            gauge(2, SCRAPES, |k| k * SCRAPE + 1 + noise(20, k, SCRAPE - 2)),
        ),
        two("a", 0, 5),
        two("b", 7_321, 6),
        Series::new("gauge_sparse", &[], sparse),
        Series::new("gauge_lonely", &[], gauge(7, 1, |_| HOUR + 10 * MINUTE)),
        Series::new("gauge_steady", &[], steady(|_| 7)),
    ]
}

/// What is scraped regularly and has no noise in it.
fn steady(value: impl Fn(i64) -> i64) -> Vec<Sample> {
    let sample = |k| Sample {
        at: BASE + k * SCRAPE,
        value: float(value(k)),
    };
    (0..SCRAPES).map(sample).collect()
}

/// 60 days of one sample a minute, somewhere within its minute.
pub(crate) fn long() -> Series {
    Series::new(
        "gauge_minutely",
        &[],
        gauge(8, MINUTES, |k| k * MINUTE + noise(21, k, MINUTE)),
    )
}

/// A counter that grows by 0 to 40 and starts again, below its first growth, at the `resets`.
fn counter(seed: i64, count: i64, resets: &[i64], at: impl Fn(i64) -> i64) -> Vec<Sample> {
    let mut total = 5_000;
    (0..count)
        .map(|k| {
            // Drops are deep: MetricsQL takes a drop of less than an eighth for a wobble.
            total = if resets.contains(&k) {
                total / 10_000 + noise(seed, k, 4)
            } else {
                total + noise(seed, k, 41)
            };
            Sample {
                at: BASE + at(k),
                value: float(total),
            }
        })
        .collect()
}

/// Counters that are sampled regularly: what is said of them holds exactly.
pub(crate) fn regular_counters() -> Vec<Series> {
    let two = |instance, seed, resets: &[i64]| {
        let samples = counter(seed, SCRAPES, resets, |k| k * SCRAPE + 2_000);
        Series::new(
            "counter_two",
            &[("instance", instance), ("zone", "z1")],
            samples,
        )
    };
    vec![
        Series::new(
            "counter_edges",
            &[],
            counter(11, SCRAPES, &[290, 301, 302, 350, 352], |k| k * SCRAPE),
        ),
        Series::new(
            "counter_odd",
            &[],
            counter(12, SCRAPES, &[300, 391], |k| k * SCRAPE + 4_321),
        ),
        Series::new(
            "counter_minutely",
            &[],
            counter(13, SCRAPES / 4, &[75], |k| k * MINUTE + 17_000),
        ),
        // 2 a second.
        Series::new("counter_steady", &[], steady(|k| 1_000 + 30 * k)),
        two("a", 14, &[310]),
        two("b", 15, &[311, 380]),
    ]
}

/// Counters with jitter and missed scrapes, one with long gaps, and one that ends.
pub(crate) fn irregular_counters() -> Vec<Series> {
    let mut jitter = counter(16, SCRAPES, &[333], |k| {
        k * SCRAPE + 4_000 + noise(22, k, 3_000)
    });
    jitter.retain(|sample| noise(23, sample.at, 25) > 0);
    let mut gaps = counter(18, SCRAPES, &[], |k| k * SCRAPE + 3_000);
    // Four minutes and six are missing: one less and one more than a predecessor may be away.
    gaps.retain(|sample| {
        let minute = (sample.at - BASE) / MINUTE;
        !(70..74).contains(&minute) && !(80..86).contains(&minute)
    });
    vec![
        Series::new("counter_jitter", &[], jitter),
        Series::new("counter_gaps", &[], gaps),
        Series::new(
            "counter_ends",
            &[],
            counter(17, SCRAPES * 5 / 12, &[], |k| k * SCRAPE + 9_000),
        ),
    ]
}

/// NaN and a stale marker among ordinary samples; infinities in a metric of their own.
pub(crate) fn odd_values() -> Vec<Series> {
    let with = |metric: &str, changes: &[(usize, f64)]| {
        let mut samples = gauge(9, SCRAPES, |k| k * SCRAPE + 1_000);
        for &(k, value) in changes {
            samples[k].value = value;
        }
        Series::new(metric, &[], samples)
    };
    let (nan, stale) = (f64::from_bits(Sample::NAN), f64::from_bits(Sample::STALE));
    let (up, down) = (f64::INFINITY, f64::NEG_INFINITY);
    // Four samples a minute from k = 240 on: one NaN, two, a whole minute of it; the same for
    // the marker; and every mixture of the infinities.
    let odd = [
        (241, nan),
        (244, nan),
        (246, nan),
        (248, nan),
        (249, nan),
        (250, nan),
        (251, nan),
    ];
    let marks = [
        (256, stale),
        (260, stale),
        (261, stale),
        (264, stale),
        (265, stale),
        (266, stale),
        (267, stale),
    ];
    let infinite = [
        (241, up),
        (245, down),
        (249, up),
        (250, down),
        (252, up),
        (253, up),
        (254, up),
        (255, up),
    ];
    vec![
        with("gauge_nan", &odd),
        with("gauge_stale", &marks),
        with("gauge_infinite", &infinite),
    ]
}

/// Everything that every engine takes, the long series last.
pub(crate) fn all() -> Vec<Series> {
    let mut all = gauges();
    all.extend(regular_counters());
    all.extend(irregular_counters());
    all.extend(odd_values());
    all.extend(crate::observed::all());
    all.extend(crate::labels::all());
    all.push(long());
    all
}

/// The series of one metric.
pub(crate) fn of(metric: &str) -> Vec<Series> {
    let found: Vec<Series> = all()
        .into_iter()
        .filter(|series| series.metric == metric)
        .collect();
    assert!(!found.is_empty(), "no class is called {metric}");
    found
}
