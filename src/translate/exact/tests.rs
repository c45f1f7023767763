//! Plans of whole queries.

mod histograms;

use super::*;
use crate::options::BucketAlignment;
use crate::protocol::condition::Condition;
use crate::protocol::condition::ConditionValue;
use crate::protocol::metric::Aggregation;
use crate::protocol::metric::Percentile;
use crate::translate;
use crate::translate::IntervalProbe;
use crate::translate::plan::Subject;

const NOW: i64 = 1_000_000;
const OPEN: Facts = Facts {
    dialect: Dialect::PromqlOpen,
    scrape_interval: Millis::new(15_000),
    histogram: HistogramForm::Absent,
};
const METRICSQL: Facts = Facts {
    dialect: Dialect::Metricsql,
    ..OPEN
};

fn at(millis: i64) -> UnixMillis {
    UnixMillis::new(millis)
}

fn condition(key: &str, value: &str) -> Condition {
    Condition {
        key: key.to_owned(),
        value: ConditionValue::Text(value.to_owned()),
    }
}

/// `method` in buckets of one minute, from 400 to 700 s.
fn aggregated(kind: &str, method: AggregationMethod) -> MetricsQuery {
    MetricsQuery {
        aggregation: Some(Aggregation {
            method: Some(method),
            bucket_size: Some(Millis::MINUTE),
        }),
        ..raw_query(kind)
    }
}

fn raw_query(kind: &str) -> MetricsQuery {
    MetricsQuery {
        conditions: vec![condition(kind, "m")],
        aggregation: None,
        start_time: at(400_000),
        end_time: at(700_000),
        limit: None,
    }
}

fn planned(query: &MetricsQuery, options: &QueryOptions, facts: Facts) -> Plan {
    let question = translate::question(query, options, at(NOW)).expect("a question");
    translate::plan(&question, facts).expect("a plan")
}

#[track_caller]
fn range_read(plan: &Plan) -> &RangeRead {
    match &plan.read {
        Read::Range(read) => read,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn sample_read(plan: &Plan) -> &crate::translate::plan::SampleRead {
    match &plan.read {
        Read::Samples(read) => read,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_gauge_is_asked_at_the_end_of_each_bucket() {
    let query = aggregated("__gauge__", AggregationMethod::Max);
    let plan = planned(&query, &QueryOptions::default(), OPEN);
    let read = range_read(&plan);
    assert_eq!(
        read.expr,
        r#"max(max_over_time({__name__="m"}[60000ms] offset 1ms))"#
    );
    // 400 s lies in the bucket that ends at 420 s, 700 s in one that is unfinished.
    assert_eq!(
        read.instants,
        Instants {
            first: at(420_000),
            last: at(660_000),
            step: Millis::MINUTE
        }
    );
    assert_eq!((read.group, read.is_splittable), (1, true));
    assert_eq!(
        plan.reduction,
        Reduction::Buckets {
            grid: Grid {
                first_end: at(420_000),
                last_end: at(660_000),
                width: Millis::MINUTE
            },
            is_zero_filled: false,
        }
    );
    assert_eq!(plan.several, Several::Refuse);
    assert!(plan.parameters.is_empty());
}

#[test]
fn the_subject_is_looked_for_a_day_around_the_buckets_of_the_range() {
    let mut query = aggregated("__counter__", AggregationMethod::Mean);
    query.conditions.push(condition("job", "x"));
    query.end_time = at(NOW + 5);
    let plan = planned(&query, &QueryOptions::default(), OPEN);
    let day = Millis::DAY.get();
    let [selector] = &plan.subject.selectors[..] else {
        panic!("{:?}", plan.subject)
    };
    assert_eq!(selector.text, r#"{__name__="m",job="x"}"#);
    assert_eq!(
        plan.subject,
        Subject {
            name: "m".to_owned(),
            shown: r#"m{job="x"}"#.to_owned(),
            selectors: vec![selector.clone()],
            range: TimeRange {
                start: at(0),
                // NOW lies within the bucket behind the last one.
                end: at(1_020_000 + day)
            },
            quantiles: None,
        }
    );
    query.end_time = at(NOW - 39_000);
    let earlier = planned(&query, &QueryOptions::default(), OPEN);
    assert_eq!(earlier, plan);
    query.aggregation = None;
    let raw = planned(&query, &QueryOptions::default(), OPEN);
    assert_eq!(raw.subject.range.end, at(NOW - 39_000 + day));
}

#[test]
fn a_percentile_of_a_gauge_pools_the_samples_of_its_buckets() {
    let query = aggregated("__gauge__", AggregationMethod::Percentile(Percentile::P99));
    let plan = planned(&query, &QueryOptions::default(), METRICSQL);
    let Several::Pool {
        read,
        percentile,
        budget,
    } = &plan.several
    else {
        panic!("{:?}", plan.several);
    };
    assert_eq!((*percentile, *budget), (Percentile::P99, 500_000));
    assert_eq!(read.selector.to_string(), r#"{__name__="m"}"#);
    assert_eq!(
        (read.range.start, read.range.end),
        (at(360_000), at(659_999))
    );
    assert!(read.skips_nan);
    let error = QueryOptions {
        multiple_series: MultipleSeries::Error,
        ..QueryOptions::default()
    };
    assert_eq!(planned(&query, &error, OPEN).several, Several::Refuse);
}

#[test]
fn only_methods_without_gaps_are_filled() {
    for (method, is_gapless) in [
        (AggregationMethod::Sum, true),
        (AggregationMethod::EventCount, true),
        (AggregationMethod::SumNoZeros, false),
        (AggregationMethod::EventCountNoZeros, false),
        (AggregationMethod::Mean, false),
    ] {
        for kind in ["__gauge__", "__counter__", "~"] {
            let plan = planned(&aggregated(kind, method), &QueryOptions::default(), OPEN);
            let (Reduction::Buckets { is_zero_filled, .. }
            | Reduction::Fold { is_zero_filled, .. }) = plan.reduction
            else {
                panic!("{:?}", plan.reduction);
            };
            assert_eq!(is_zero_filled, is_gapless, "{kind} {method:?}");
        }
    }
}

#[test]
fn a_limit_is_at_most_the_cap_on_points() {
    let query = MetricsQuery {
        limit: Some(5),
        ..aggregated("__gauge__", AggregationMethod::Sum)
    };
    let plan = planned(&query, &QueryOptions::default(), OPEN);
    assert_eq!(plan.limit, 5);
    let capped = QueryOptions {
        max_points: 3,
        ..QueryOptions::default()
    };
    assert_eq!(planned(&query, &capped, OPEN).limit, 3);
}

#[test]
fn a_raw_gauge_reads_its_range_up_to_now() {
    let query = MetricsQuery {
        end_time: at(NOW + 1),
        ..raw_query("__gauge__")
    };
    let plan = planned(&query, &QueryOptions::default(), OPEN);
    let read = sample_read(&plan);
    assert_eq!((read.range.start, read.range.end), (at(400_000), at(NOW)));
    assert_eq!(read.interval, Millis::new(15_000));
    assert!(!read.skips_nan);
    assert_eq!(plan.reduction, Reduction::Points);
}

#[test]
fn a_raw_counter_reads_its_predecessors_too() {
    let plan = planned(
        &raw_query("__counter__"),
        &QueryOptions::default(),
        METRICSQL,
    );
    let read = sample_read(&plan);
    assert_eq!(
        (read.range.start, read.range.end),
        (at(100_000), at(700_000))
    );
    assert!(read.skips_nan);
    assert_eq!(plan.reduction, Reduction::Rates { since: at(400_000) });
}

#[test]
fn a_raw_tilde_query_is_evaluated_at_multiples_of_the_interval() {
    let plan = planned(&raw_query("~"), &QueryOptions::default(), OPEN);
    let read = range_read(&plan);
    assert_eq!(read.expr, "m");
    assert_eq!(
        read.instants,
        Instants {
            first: at(420_000),
            last: at(660_000),
            step: Millis::MINUTE
        }
    );
    assert_eq!(plan.reduction, Reduction::Points);
}

#[test]
fn a_tilde_query_is_folded_from_the_inner_resolution() {
    let options = QueryOptions {
        scrape_interval: Some(Millis::new(25_000)),
        ..QueryOptions::default()
    };
    let query = aggregated("~", AggregationMethod::Mean);
    let plan = planned(&query, &options, OPEN);
    let read = range_read(&plan);
    assert_eq!(
        read.instants,
        Instants {
            first: at(380_000),
            last: at(660_000),
            step: Millis::new(20_000)
        }
    );
    assert_eq!(read.group, 3);
    assert!(matches!(
        plan.reduction,
        Reduction::Fold {
            method: AggregationMethod::Mean,
            ..
        }
    ));
}

#[test]
fn what_fits_no_bucket_or_instant_asks_nothing_but_says_what_there_is_none_of() {
    let future = |query: MetricsQuery| MetricsQuery {
        start_time: at(NOW + 1),
        end_time: at(NOW + 10_000_000),
        ..query
    };
    let within = |query: MetricsQuery| MetricsQuery {
        start_time: at(421_000),
        end_time: at(479_000),
        ..query
    };
    for kind in ["__gauge__", "__counter__", "~"] {
        let none = |query: MetricsQuery| {
            let question =
                translate::question(&query, &QueryOptions::default(), at(NOW)).expect("a question");
            assert!(!question.needs_dialect());
            assert_eq!(
                translate::interval_probe(&question, OPEN.dialect, OPEN.histogram),
                None
            );
            let plan = translate::plan(&question, OPEN).expect("a plan");
            assert_eq!(plan.read, Read::Nothing);
            plan.reduction
        };
        let raw = none(future(raw_query(kind)));
        assert_eq!(raw, Reduction::Points);
        for query in [
            future(aggregated(kind, AggregationMethod::Sum)),
            within(aggregated(kind, AggregationMethod::Sum)),
        ] {
            assert!(matches!(
                none(query),
                Reduction::Buckets {
                    is_zero_filled: false,
                    ..
                }
            ));
        }
    }
}

#[test]
fn metricsql_gets_its_parameters_and_holds_back_30_seconds() {
    let query = MetricsQuery {
        end_time: at(NOW),
        ..aggregated("__gauge__", AggregationMethod::Max)
    };
    let now = at(1_020_000);
    let last = |options: &QueryOptions, facts| {
        let query = MetricsQuery {
            end_time: now,
            ..query.clone()
        };
        let question = translate::question(&query, options, now).expect("a question");
        let plan = translate::plan(&question, facts).expect("a plan");
        range_read(&plan).instants.last
    };
    let usual = QueryOptions::default();
    assert_eq!(last(&usual, OPEN), at(1_020_000));
    assert_eq!(last(&usual, METRICSQL), at(960_000));
    let without = QueryOptions {
        settle_delay: Some(Millis::ZERO),
        ..QueryOptions::default()
    };
    assert_eq!(last(&without, METRICSQL), at(1_020_000));
    assert_eq!(
        planned(&query, &usual, METRICSQL).parameters,
        [("nocache", "1"), ("latency_offset", "1ms")]
    );
}

#[test]
fn the_interval_is_asked_for_only_where_a_plan_depends_on_it() {
    let probe = |kind, method, options: &QueryOptions, dialect| {
        let question = translate::question(&aggregated(kind, method), options, at(NOW));
        translate::interval_probe(&question.expect("a question"), dialect, OPEN.histogram)
    };
    let usual = QueryOptions::default();
    let mean = AggregationMethod::Mean;
    assert_eq!(
        probe("__counter__", mean, &usual, Dialect::PromqlClosed).map(|probe| {
            let IntervalProbe {
                metric,
                ten_minutes,
                one_hour,
                at,
                parameters,
            } = probe;
            assert_eq!(parameters, []);
            (metric, ten_minutes.text, one_hour.text, at)
        }),
        Some((
            "m".to_owned(),
            r#"max(count_over_time({__name__="m"}[600000ms] offset 1ms))"#.to_owned(),
            r#"max(count_over_time({__name__="m"}[3600000ms] offset 1ms))"#.to_owned(),
            at(660_000),
        ))
    );
    assert_eq!(probe("__counter__", mean, &usual, Dialect::Metricsql), None);
    assert_eq!(probe("__gauge__", mean, &usual, Dialect::PromqlOpen), None);
    assert_eq!(probe("~", mean, &usual, Dialect::PromqlOpen), None);
    let known = QueryOptions {
        scrape_interval: Some(Millis::new(30_000)),
        ..QueryOptions::default()
    };
    assert_eq!(
        probe("__counter__", mean, &known, Dialect::PromqlOpen),
        None
    );
    let query = aggregated("__counter__", mean);
    // 90 s are bucket and interval of the setting, not of the facts.
    assert!(
        range_read(&planned(&query, &known, OPEN))
            .expr
            .contains("[90000ms]")
    );
}

#[test]
fn a_bucket_without_a_window_is_refused() {
    let mut query = aggregated("__gauge__", AggregationMethod::Max);
    let refused = |query: &MetricsQuery, dialect| {
        let question = translate::question(query, &QueryOptions::default(), at(NOW))?;
        translate::plan(&question, Facts { dialect, ..OPEN }).map(|_| ())
    };
    let sized = |millis| {
        Some(Aggregation {
            method: Some(AggregationMethod::Max),
            bucket_size: millis,
        })
    };
    query.aggregation = sized(Some(Millis::ONE));
    assert_eq!(refused(&query, Dialect::PromqlOpen), Ok(()));
    assert_eq!(refused(&query, Dialect::Metricsql), Ok(()));
    assert_eq!(
        refused(&query, Dialect::PromqlClosed),
        Err(TranslateError::Invalid(Invalid::new(
            BUCKET_SIZE,
            "must be at least 2 on this backend"
        )))
    );
    query.aggregation = sized(None);
    assert_eq!(
        refused(&query, Dialect::PromqlOpen),
        Err(TranslateError::Invalid(Invalid::new(
            BUCKET_SIZE,
            "must be a positive integer"
        )))
    );
}

#[test]
fn what_cannot_be_asked_is_refused_without_a_backend() {
    let refused = |query: &MetricsQuery| {
        translate::question(query, &QueryOptions::default(), at(NOW)).map(|_| ())
    };
    let mut unknown = aggregated("__gauge__", AggregationMethod::Max);
    unknown.aggregation = Some(Aggregation {
        method: None,
        bucket_size: None,
    });
    assert_eq!(refused(&unknown), Err(TranslateError::Aggregation));
    assert_eq!(
        refused(&raw_query("job")),
        Err(TranslateError::KindRequired)
    );
}

#[test]
fn promql_beyond_64_kib_is_not_sent() {
    let mut query = aggregated("__counter__", AggregationMethod::Mean);
    query.conditions.push(condition("x", &"y".repeat(30_000)));
    let question =
        translate::question(&query, &QueryOptions::default(), at(NOW)).expect("a question");
    assert!(matches!(
        translate::plan(&question, OPEN),
        Err(TranslateError::TooLarge { limit: 65_536, size, .. }) if size > 90_000
    ));
}

#[test]
fn a_selector_beyond_64_kib_is_refused_before_anything_is_asked() {
    for kind in ["__gauge__", "__counter__", "__histogram__", "__summary__"] {
        let asked = |count: usize| {
            let mut query = raw_query(kind);
            let more = (0..count).map(|n| condition(&format!("x{n}"), &"y".repeat(8_000)));
            query.conditions.extend(more);
            translate::question(&query, &QueryOptions::default(), at(NOW)).map(|_| ())
        };
        assert_eq!(asked(8), Ok(()), "{kind}");
        let refused = asked(9);
        assert!(
            matches!(refused, Err(TranslateError::TooLarge { limit: 65_536, .. })),
            "{kind} {refused:?}"
        );
    }
}

#[test]
fn what_asks_how_far_samples_are_apart_is_no_longer_than_any_promql() {
    for (kind, form) in [
        ("__counter__", HistogramForm::Absent),
        ("__histogram__", HistogramForm::Classic),
        ("__summary__", HistogramForm::Absent),
    ] {
        // Lengths around the one with which the selector alone is as long as it may be.
        let sent = (8_000..8_300).filter_map(|length| {
            let mut query = aggregated(kind, AggregationMethod::Mean);
            let more = (0..7).map(|n| condition(&format!("x{n}"), &"y".repeat(8_180)));
            query.conditions.extend(more);
            query.conditions.push(condition("x7", &"y".repeat(length)));
            let question = translate::question(&query, &QueryOptions::default(), at(NOW)).ok()?;
            let probe = translate::interval_probe(&question, OPEN.dialect, form)?;
            Some(probe.one_hour.text.len().max(probe.ten_minutes.text.len()))
        });
        let longest = sent.max().expect("some are sent");
        assert!((65_500..=65_536).contains(&longest), "{kind} {longest}");
    }
}

#[test]
fn the_largest_numbers_of_a_caller_are_safe() {
    let largest = Millis::new(UnixMillis::MAX.get());
    for kind in [
        "__gauge__",
        "__counter__",
        "__histogram__",
        "__summary__",
        "~",
    ] {
        for method in [AggregationMethod::Sum, AggregationMethod::Max] {
            for width in [Millis::ONE, Millis::new(2), largest] {
                for include_partial_last in [false, true] {
                    let query = MetricsQuery {
                        aggregation: Some(Aggregation {
                            method: Some(method),
                            bucket_size: Some(width),
                        }),
                        start_time: at(0),
                        end_time: UnixMillis::MAX,
                        ..raw_query(kind)
                    };
                    let options = QueryOptions {
                        include_partial_last,
                        settle_delay: Some(largest),
                        scrape_interval: Some(largest),
                        bucket_alignment: BucketAlignment::Start,
                        ..QueryOptions::default()
                    };
                    let question =
                        translate::question(&query, &options, UnixMillis::MAX).expect("a question");
                    for dialect in [Dialect::PromqlOpen, Dialect::PromqlClosed] {
                        let facts = Facts {
                            dialect,
                            scrape_interval: largest,
                            histogram: HistogramForm::Classic,
                        };
                        let _ = translate::plan(&question, facts);
                        let _ = translate::interval_probe(&question, dialect, facts.histogram);
                    }
                }
            }
        }
    }
}
