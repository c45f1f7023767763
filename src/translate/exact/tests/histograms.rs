//! Plans of histograms and summaries, and of buckets that the mirror computes.

use super::*;
use crate::options::Strategy;
use crate::promql::Matcher;
use crate::translate::FormProbe;
use crate::translate::plan::Arithmetic;
use crate::translate::plan::ObservationsRead;
use crate::translate::plan::Quantiles;

const CLASSIC: Facts = Facts {
    histogram: HistogramForm::Classic,
    ..OPEN
};
const NATIVE: Facts = Facts {
    histogram: HistogramForm::Native,
    ..OPEN
};

fn tried(query: &MetricsQuery, facts: Facts) -> Result<Plan, TranslateError> {
    let question = translate::question(query, &QueryOptions::default(), at(NOW))?;
    translate::plan(&question, facts)
}

#[track_caller]
fn observations(plan: &Plan) -> &ObservationsRead {
    match &plan.read {
        Read::Observations(read) => read,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn computed(kind: &str, method: AggregationMethod, facts: Facts) -> ComputedRead {
    let options = QueryOptions {
        strategy: Strategy::Raw,
        ..QueryOptions::default()
    };
    match planned(&aggregated(kind, method), &options, facts).read {
        Read::Computed(read) => *read,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_form_of_a_histogram_is_asked_for_with_its_conditions() {
    let mut query = aggregated("__histogram__", AggregationMethod::Mean);
    query.conditions.push(condition("job", "x"));
    let question =
        translate::question(&query, &QueryOptions::default(), at(NOW)).expect("a question");
    let day = Millis::DAY.get();
    let of = |name| {
        let job = Matcher::equal("job", "x").of_condition(1);
        Selector::of_condition(name, 0).and(job)
    };
    assert_eq!(
        translate::form_probe(&question, Dialect::PromqlOpen),
        Some(FormProbe {
            metric: "m".to_owned(),
            classic: of("m_bucket").spelled(),
            native: of("m").spelled(),
            range: TimeRange {
                start: at(0),
                end: at(700_000 + day)
            },
        })
    );
    for kind in ["__gauge__", "__counter__", "__summary__", "~"] {
        let query = aggregated(kind, AggregationMethod::Mean);
        let question =
            translate::question(&query, &QueryOptions::default(), at(NOW)).expect("a question");
        assert_eq!(
            translate::form_probe(&question, Dialect::PromqlOpen),
            None,
            "{kind}"
        );
    }
}

#[test]
fn no_form_is_asked_for_where_no_bucket_fits() {
    let mut query = aggregated("__histogram__", AggregationMethod::Mean);
    query.end_time = query.start_time;
    let question =
        translate::question(&query, &QueryOptions::default(), at(NOW)).expect("a question");
    assert_eq!(translate::form_probe(&question, Dialect::PromqlOpen), None);
    assert_eq!(tried(&query, OPEN).expect("a plan").read, Read::Nothing);
}

#[test]
fn a_histogram_is_asked_in_the_form_that_it_has() {
    let query = aggregated("__histogram__", AggregationMethod::Max);
    let expr = |facts| {
        range_read(&tried(&query, facts).expect("a plan"))
            .expr
            .clone()
    };
    assert!(expr(CLASSIC).starts_with("histogram_quantile(1, sum by (le) (delta("));
    assert!(expr(NATIVE).starts_with(r#"histogram_quantile(1, sum(rate({__name__="m"}"#));
    assert_eq!(tried(&query, OPEN).expect("a plan").read, Read::Missing);
    for (facts, kind) in [
        (
            Facts {
                histogram: HistogramForm::Gauge,
                ..OPEN
            },
            "GAUGEHISTOGRAM",
        ),
        (
            Facts {
                histogram: HistogramForm::Native,
                ..METRICSQL
            },
            "HISTOGRAM",
        ),
    ] {
        for query in [&query, &raw_query("__histogram__")] {
            assert_eq!(
                tried(query, facts).map(|_| ()),
                Err(TranslateError::MetricKind(kind))
            );
        }
    }
}

#[test]
fn inner_labels_are_no_conditions() {
    for (kind, label) in [("__histogram__", "le"), ("__summary__", "quantile")] {
        let mut query = aggregated(kind, AggregationMethod::Mean);
        query.conditions.push(condition(label, "1"));
        assert!(matches!(
            tried(&query, CLASSIC),
            Err(TranslateError::Condition { key, .. }) if key == label
        ));
    }
}

#[test]
fn the_interval_is_that_of_the_count_or_of_the_native_histogram() {
    let asked = |kind, method, dialect, form| {
        let query = aggregated(kind, method);
        let question =
            translate::question(&query, &QueryOptions::default(), at(NOW)).expect("a question");
        translate::interval_probe(&question, dialect, form).map(|probe| probe.metric)
    };
    let mean = AggregationMethod::Mean;
    let open = Dialect::PromqlOpen;
    let classic = HistogramForm::Classic;
    let count = Some("m_count".to_owned());
    assert_eq!(asked("__histogram__", mean, open, classic), count);
    assert_eq!(
        asked("__summary__", mean, open, HistogramForm::Absent),
        count
    );
    let native = asked("__histogram__", mean, open, HistogramForm::Native);
    assert_eq!(native, Some("m".to_owned()));
    let quantile = AggregationMethod::Percentile(Percentile::P50);
    assert_eq!(asked("__summary__", quantile, open, classic), None);
    assert_eq!(
        asked("__histogram__", mean, Dialect::Metricsql, classic),
        None
    );
}

#[test]
fn raw_observations_are_read_from_five_minutes_before() {
    for (kind, facts, source, selector) in [
        (
            "__histogram__",
            CLASSIC,
            Source::Pairs,
            r#"{__name__=~"m_sum|m_count"}"#,
        ),
        (
            "__summary__",
            OPEN,
            Source::Pairs,
            r#"{__name__=~"m_sum|m_count"}"#,
        ),
        ("__histogram__", NATIVE, Source::Native, r#"{__name__="m"}"#),
    ] {
        let plan = tried(&raw_query(kind), facts).expect("a plan");
        let read = observations(&plan);
        assert_eq!(read.samples.selector.to_string(), selector);
        assert_eq!((read.source, read.since), (source, at(400_000)));
        assert_eq!(read.samples.range.start, at(100_000));
        assert_eq!(read.samples.range.end, at(700_000));
        assert_eq!(plan.reduction, Reduction::Points);
    }
}

#[test]
fn a_quantile_of_a_summary_that_brings_nothing_may_not_be_exposed() {
    let quantile = AggregationMethod::Percentile(Percentile::P90);
    let plan = tried(&aggregated("__summary__", quantile), OPEN).expect("a plan");
    assert_eq!(
        plan.subject.quantiles,
        Some(Quantiles {
            all: Selector::of_condition("m", 0).spelled(),
            wanted: &["0.9", "0.90"],
            count: Selector::of_condition("m_count", 0).spelled(),
        })
    );
    let mean = tried(&aggregated("__summary__", AggregationMethod::Mean), OPEN);
    assert_eq!(mean.expect("a plan").subject.quantiles, None);
}

#[test]
fn buckets_are_computed_of_their_samples_and_those_of_five_minutes_before() {
    let read = computed("__gauge__", AggregationMethod::Max, OPEN);
    assert_eq!(read.samples.range.start, at(60_000));
    assert_eq!(read.samples.range.end, at(659_999));
    assert_eq!(read.grid.first_end, at(420_000));
    assert_eq!((read.interval, read.budget), (Millis::new(15_000), 500_000));
}

#[test]
fn each_kind_has_its_arithmetic() {
    let growth = Arithmetic::Growth {
        resolution: Millis::new(15_000),
    };
    let pairs = Arithmetic::Observations(Source::Pairs);
    let mean = AggregationMethod::Mean;
    let quantile = AggregationMethod::Percentile(Percentile::P75);
    let events = AggregationMethod::EventCount;
    for (kind, method, arithmetic, selector) in [
        ("__gauge__", mean, Arithmetic::Values, r#"{__name__="m"}"#),
        ("__counter__", mean, growth, r#"{__name__="m"}"#),
        (
            "__counter__",
            events,
            Arithmetic::Values,
            r#"{__name__="m"}"#,
        ),
        (
            "__histogram__",
            mean,
            pairs,
            r#"{__name__=~"m_sum|m_count"}"#,
        ),
        ("__histogram__", events, growth, r#"{__name__="m_count"}"#),
        (
            "__histogram__",
            quantile,
            Arithmetic::Distribution,
            r#"{__name__="m_bucket"}"#,
        ),
        ("__summary__", mean, pairs, r#"{__name__=~"m_sum|m_count"}"#),
        (
            "__summary__",
            quantile,
            Arithmetic::Values,
            r#"{__name__="m",quantile="0.75"}"#,
        ),
    ] {
        let read = computed(kind, method, CLASSIC);
        assert_eq!(read.arithmetic, arithmetic, "{kind} {method:?}");
        assert_eq!(read.samples.selector.to_string(), selector);
        let refuses = kind == "__summary__" && method == quantile;
        assert_eq!(read.refuses_several, refuses, "{kind} {method:?}");
    }
    let native = computed("__histogram__", mean, NATIVE);
    assert_eq!(native.arithmetic, Arithmetic::Observations(Source::Native));
}

#[test]
fn only_the_backend_computes_tilde_and_quantiles_of_native_histograms() {
    let options = QueryOptions {
        strategy: Strategy::Raw,
        ..QueryOptions::default()
    };
    for kind in ["~", "__histogram__"] {
        let query = aggregated(kind, AggregationMethod::Max);
        range_read(&planned(&query, &options, NATIVE));
    }
}
