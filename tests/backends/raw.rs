//! Queries without aggregation: true samples at their own milliseconds.

use crate::oracle::increments;
use crate::question::Question;
use crate::rig::Rig;
use crate::samples::{self, BASE, HOUR, MINUTE, MINUTES};
use crate::wire::Point;
use crate::{Case, On};

/// A sample whose predecessor is farther away is no rate (`queries.md`, section 10).
const LONGEST_GAP: i64 = 5 * MINUTE;

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "a_gauge_is_its_samples_and_both_ends_count",
        on: On::Each(gauge),
    },
    Case {
        name: "a_counter_is_its_rates_since_the_sample_before",
        on: On::Each(counter),
    },
    Case {
        name: "sixty_days_cross_every_chunk_without_loss",
        on: On::Each(long),
    },
    Case {
        name: "tilde_is_its_values_at_multiples_of_the_scrape_interval",
        on: On::Each(tilde),
    },
    Case {
        name: "an_empty_range_of_a_known_series_has_no_points",
        on: On::Each(empty),
    },
];

fn gauge_points(metric: &str, start: i64, end: i64) -> Vec<Point> {
    let samples = samples::of(metric).remove(0).samples.into_iter();
    let within = samples.filter(|sample| (start..=end).contains(&sample.at));
    within
        .map(|sample| Point {
            value: sample.value,
            start: sample.at,
            end: sample.at,
        })
        .collect()
}

fn gauge(rig: &Rig<'_>) {
    for metric in ["gauge_edges", "gauge_odd", "gauge_sparse", "gauge_lonely"] {
        let samples = samples::of(metric).remove(0).samples;
        let (first, last) = (
            samples[samples.len() / 4].at,
            samples[samples.len() * 3 / 4].at,
        );
        // From sample to sample, and a millisecond less and more on each side.
        for (start, end) in [
            (first, last),
            (first - 1, last + 1),
            (first + 1, last - 1),
            (BASE, BASE + 3 * HOUR),
        ] {
            if start <= end {
                let expected = gauge_points(metric, start, end);
                rig.expect(
                    "the samples",
                    &Question::gauge(metric).between(start, end),
                    &expected,
                    0.0,
                );
            }
        }
    }
}

fn counter(rig: &Rig<'_>) {
    for metric in [
        "counter_edges",
        "counter_odd",
        "counter_jitter",
        "counter_minutely",
        "counter_gaps",
    ] {
        let mut rates = increments(&samples::of(metric)[0]);
        rates.retain(|one| one.gap <= LONGEST_GAP);
        // The second begins on a sample, whose predecessor lies before the range; the third in
        // a gap.
        for (start, end) in [
            (BASE, BASE + 3 * HOUR),
            (rates[40].at, rates[120].at - 1),
            (BASE + 72 * MINUTE + 1, BASE + 2 * HOUR),
        ] {
            let within = rates.iter().filter(|one| (start..=end).contains(&one.at));
            let expected: Vec<Point> = within
                .map(|one| Point {
                    value: one.rate,
                    start: one.at,
                    end: one.at,
                })
                .collect();
            let question = Question::counter(metric).between(start, end);
            rig.expect(
                "growth per second since the sample before",
                &question,
                &expected,
                1e-9,
            );
        }
    }
}

fn long(rig: &Rig<'_>) {
    let (start, end) = (BASE, BASE + MINUTES * MINUTE);
    let expected = gauge_points("gauge_minutely", start, end);
    rig.expect(
        "the samples",
        &Question::gauge("gauge_minutely").between(start, end),
        &expected,
        0.0,
    );
    // A limit ends the walk early, however the chunks lie.
    for limit in [1, 2, 999, 50_001] {
        let question = Question::gauge("gauge_minutely")
            .between(start + 1, end)
            .limit(limit);
        let (got, is_partial) = rig.points(&question);
        assert!(is_partial, "{limit} of many were asked");
        let prefix = gauge_points("gauge_minutely", start + 1, end);
        let prefix = &prefix[..usize::try_from(limit).unwrap()];
        rig.equal("the first samples", &question, prefix, &got, 0.0);
    }
}

fn tilde(rig: &Rig<'_>) {
    let (start, end) = (BASE + HOUR + 1, BASE + HOUR + 30 * MINUTE);
    let samples = samples::of("gauge_edges").remove(0).samples;
    for (configured, step) in [
        (None, MINUTE),
        (Some(15_000), 15_000),
        (Some(45_000), 45_000),
    ] {
        // On this metric every multiple of 15 s is a sample.
        let at_step = samples
            .iter()
            .filter(|one| one.at % step == 0 && (start..=end).contains(&one.at));
        let expected: Vec<Point> = at_step
            .map(|one| Point {
                value: one.value * 2.0,
                start: one.at,
                end: one.at,
            })
            .collect();
        let mut question = Question::tilde("gauge_edges * 2").between(start, end);
        if let Some(configured) = configured {
            question = question.option("scrape_interval_ms", configured);
        }
        rig.expect("twice the sample at each step", &question, &expected, 1e-9);
    }
}

fn empty(rig: &Rig<'_>) {
    let question =
        Question::gauge("gauge_lonely").between(BASE + 2 * HOUR, BASE + 2 * HOUR + MINUTE);
    rig.expect("the series exists, only not here", &question, &[], 0.0);
    let question =
        Question::gauge("nothing_at_all").between(BASE + 2 * HOUR, BASE + 2 * HOUR + MINUTE);
    rig.expect_not_found(&question, "nothing_at_all");
}
