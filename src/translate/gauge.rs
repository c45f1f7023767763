//! The table of gauges (queries.md, "Gauge").

use crate::options::MultipleSeries;
use crate::promql::Expr;
use crate::promql::Selector;
use crate::protocol::metric::AggregationMethod;
use crate::time::Millis;

/// The query of `method` over the samples of `window`, which is `L(w)`.
///
/// Percentiles are those of one series: several cannot be pushed down, their samples are pooled.
pub(super) fn expr(
    method: AggregationMethod,
    selector: &Selector,
    window: Millis,
    several: MultipleSeries,
) -> Expr {
    let over_time = |function| Expr::call(function, Expr::window(selector, window));
    let pooled = |aggregation, function| match several {
        MultipleSeries::Combine => Expr::call(aggregation, over_time(function)),
        MultipleSeries::Error => over_time(function),
    };
    match method {
        AggregationMethod::Mean => match several {
            MultipleSeries::Combine => {
                pooled("sum", "sum_over_time").over(pooled("sum", "count_over_time"))
            }
            MultipleSeries::Error => over_time("avg_over_time"),
        },
        AggregationMethod::Percentile(percentile) => Expr::call_with(
            "quantile_over_time",
            percentile.text(),
            Expr::window(selector, window),
        ),
        AggregationMethod::Max => pooled("max", "max_over_time"),
        AggregationMethod::Min => pooled("min", "min_over_time"),
        AggregationMethod::Sum | AggregationMethod::SumNoZeros => pooled("sum", "sum_over_time"),
        AggregationMethod::EventCount | AggregationMethod::EventCountNoZeros => {
            pooled("sum", "count_over_time")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::metric::Percentile;

    #[track_caller]
    fn check(method: AggregationMethod, one: &str, pooled: &str) {
        for (several, expected) in [
            (MultipleSeries::Error, one),
            (MultipleSeries::Combine, pooled),
        ] {
            let expr = expr(method, &Selector::of("m"), Millis::MINUTE, several);
            let expected = expected.replace('W', r#"{__name__="m"}[60000ms] offset 1ms"#);
            assert_eq!(expr.to_string(), expected);
        }
    }

    #[test]
    fn each_method_has_its_row() {
        check(
            AggregationMethod::Mean,
            "avg_over_time(W)",
            "sum(sum_over_time(W)) / sum(count_over_time(W))",
        );
        check(
            AggregationMethod::Max,
            "max_over_time(W)",
            "max(max_over_time(W))",
        );
        check(
            AggregationMethod::Min,
            "min_over_time(W)",
            "min(min_over_time(W))",
        );
        for method in [AggregationMethod::Sum, AggregationMethod::SumNoZeros] {
            check(method, "sum_over_time(W)", "sum(sum_over_time(W))");
        }
        for method in [
            AggregationMethod::EventCount,
            AggregationMethod::EventCountNoZeros,
        ] {
            check(method, "count_over_time(W)", "sum(count_over_time(W))");
        }
        check(
            AggregationMethod::Percentile(Percentile::P50),
            "quantile_over_time(0.50, W)",
            "quantile_over_time(0.50, W)",
        );
    }
}
