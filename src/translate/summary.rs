//! The table of summaries (queries.md, "Summary").
//!
//! Their quantiles were computed by whoever exposes them and cannot be combined; sum and count are
//! those of a classic histogram.

use crate::promql::Expr;
use crate::promql::Matcher;
use crate::promql::Selector;
use crate::protocol::metric::AggregationMethod;
use crate::protocol::metric::Percentile;
use crate::translate::counter::Setting;
use crate::translate::family::Family;
use crate::translate::histogram;
use crate::translate::window;

/// The label that holds which quantile a series is.
pub(super) const QUANTILE: &str = "quantile";

/// The query of `method` over one bucket.
pub(super) fn expr(method: AggregationMethod, family: &Family, setting: Setting) -> Expr {
    if let Some(series) = quantile(method, family) {
        let window = window::covering(setting.dialect, setting.width);
        return Expr::call("avg_over_time", Expr::window(&series, window));
    }
    match method {
        AggregationMethod::Sum | AggregationMethod::SumNoZeros => {
            histogram::total(&family.sum(), setting)
        }
        AggregationMethod::EventCount | AggregationMethod::EventCountNoZeros => {
            histogram::total(&family.count(), setting)
        }
        _ => histogram::mean(family, setting),
    }
}

/// The series of the quantile that `method` shows, if it shows one.
pub(super) fn quantile(method: AggregationMethod, family: &Family) -> Option<Selector> {
    let spellings = spellings(method);
    (!spellings.is_empty()).then(|| family.restricted(Matcher::one_of(QUANTILE, spellings)))
}

/// How the quantile of `method` may be spelled in the label: with up to two digits, whole numbers
/// also as the floats that Prometheus 3 makes of them. None for a method that shows no quantile.
pub(super) const fn spellings(method: AggregationMethod) -> &'static [&'static str] {
    match method {
        AggregationMethod::Min => &["0", "0.0"],
        AggregationMethod::Percentile(Percentile::P25) => &["0.25"],
        AggregationMethod::Percentile(Percentile::P50) => &["0.5", "0.50"],
        AggregationMethod::Percentile(Percentile::P75) => &["0.75"],
        AggregationMethod::Percentile(Percentile::P90) => &["0.9", "0.90"],
        AggregationMethod::Percentile(Percentile::P95) => &["0.95"],
        AggregationMethod::Percentile(Percentile::P98) => &["0.98"],
        AggregationMethod::Percentile(Percentile::P99) => &["0.99"],
        AggregationMethod::Max => &["1", "1.0"],
        AggregationMethod::Mean
        | AggregationMethod::Sum
        | AggregationMethod::SumNoZeros
        | AggregationMethod::EventCount
        | AggregationMethod::EventCountNoZeros => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Dialect;
    use crate::options::MultipleSeries;
    use crate::promql::Origin;
    use crate::time::Millis;

    #[track_caller]
    fn check(method: AggregationMethod, expected: &str) {
        let setting = Setting {
            dialect: Dialect::PromqlClosed,
            width: Millis::MINUTE,
            interval: Millis::new(15_000),
            interval_by: Origin::Interval,
            several: MultipleSeries::Combine,
        };
        let family = Family::new("b", vec![Matcher::equal("job", "x")]);
        let found = expr(method, &family, setting).to_string();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_percentile_is_the_average_of_its_quantile_in_every_spelling() {
        check(
            AggregationMethod::Percentile(Percentile::P90),
            r#"avg_over_time({__name__="b",quantile=~"0\\.9|0\\.90",job="x"}[59999ms] offset 1ms)"#,
        );
        check(
            AggregationMethod::Percentile(Percentile::P25),
            r#"avg_over_time({__name__="b",quantile="0.25",job="x"}[59999ms] offset 1ms)"#,
        );
    }

    #[test]
    fn the_extremes_are_the_outermost_quantiles() {
        check(
            AggregationMethod::Max,
            r#"avg_over_time({__name__="b",quantile=~"1|1\\.0",job="x"}[59999ms] offset 1ms)"#,
        );
        check(
            AggregationMethod::Min,
            r#"avg_over_time({__name__="b",quantile=~"0|0\\.0",job="x"}[59999ms] offset 1ms)"#,
        );
    }

    #[test]
    fn sum_and_count_are_those_of_a_histogram() {
        let rate = |part: &str| {
            format!(
                r#"sum(delta({{__name__="b_{part}",job="x"}}[74999ms] offset 1ms) / 74.999 and resets({{__name__="b_{part}",job="x"}}[74999ms] offset 1ms) == 0 or rate({{__name__="b_{part}",job="x"}}[74999ms] offset 1ms))"#
            )
        };
        check(
            AggregationMethod::Mean,
            &format!("{} / {}", rate("sum"), rate("count")),
        );
        check(AggregationMethod::Sum, &format!("{} * 60", rate("sum")));
        check(
            AggregationMethod::EventCountNoZeros,
            &format!("{} * 60", rate("count")),
        );
    }
}
