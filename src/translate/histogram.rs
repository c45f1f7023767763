//! The tables of histograms, classic and native (queries.md, "Histogram").
//!
//! Several series always combine: buckets of the same bounds add up.

use crate::options::Dialect;
use crate::promql::Expr;
use crate::promql::Selector;
use crate::protocol::metric::AggregationMethod;
use crate::translate::HistogramForm;
use crate::translate::counter;
use crate::translate::counter::Setting;
use crate::translate::family::Family;

/// The query of `method` over one bucket. The form is not absent: there would be nothing to ask.
pub(super) fn expr(
    method: AggregationMethod,
    family: &Family,
    form: HistogramForm,
    setting: Setting,
) -> Expr {
    match form {
        HistogramForm::Native => native(method, family, setting),
        HistogramForm::Classic | HistogramForm::Absent | HistogramForm::Gauge => {
            classic(method, family, setting)
        }
    }
}

fn classic(method: AggregationMethod, family: &Family, setting: Setting) -> Expr {
    // What VictoriaMetrics' own histograms have instead of `le`.
    let bounds = match setting.dialect {
        Dialect::PromqlOpen | Dialect::PromqlClosed => "le",
        Dialect::Metricsql => "le,vmrange",
    };
    let quantile = |number| {
        let buckets = growth(&family.bucket(), setting).sum_by(bounds);
        Expr::call_with("histogram_quantile", number, buckets)
    };
    match method {
        AggregationMethod::Percentile(percentile) => quantile(percentile.text()),
        AggregationMethod::Max => quantile("1"),
        // With an empty lowest bucket the quantile 0 is NaN on Prometheus.
        AggregationMethod::Min => quantile("0.000001"),
        AggregationMethod::Mean => mean(family, setting),
        AggregationMethod::Sum | AggregationMethod::SumNoZeros => total(&family.sum(), setting),
        AggregationMethod::EventCount | AggregationMethod::EventCountNoZeros => {
            total(&family.count(), setting)
        }
    }
}

fn native(method: AggregationMethod, family: &Family, setting: Setting) -> Expr {
    let all = || counter::plain_rate(&family.base(), setting).sum();
    let part = |function| Expr::call(function, all());
    let quantile = |number| Expr::call_with("histogram_quantile", number, all());
    match method {
        AggregationMethod::Percentile(percentile) => quantile(percentile.text()),
        AggregationMethod::Max => quantile("1"),
        AggregationMethod::Min => quantile("0"),
        // Prometheus 2.42 has no `histogram_avg`.
        AggregationMethod::Mean => part("histogram_sum").over(part("histogram_count")),
        AggregationMethod::Sum | AggregationMethod::SumNoZeros => {
            part("histogram_sum").times_seconds(setting.width)
        }
        AggregationMethod::EventCount | AggregationMethod::EventCountNoZeros => {
            part("histogram_count").times_seconds(setting.width)
        }
    }
}

/// The mean observation of a classic histogram, or of a summary.
pub(super) fn mean(family: &Family, setting: Setting) -> Expr {
    let all = |selector| growth(&selector, setting).sum();
    all(family.sum()).over(all(family.count()))
}

/// By how much all series together grew in the bucket.
pub(super) fn total(selector: &Selector, setting: Setting) -> Expr {
    let all = growth(selector, setting).sum();
    match setting.dialect {
        Dialect::PromqlOpen | Dialect::PromqlClosed => all.times_seconds(setting.width),
        Dialect::Metricsql => all,
    }
}

fn growth(selector: &Selector, setting: Setting) -> Expr {
    match setting.dialect {
        Dialect::PromqlOpen | Dialect::PromqlClosed => counter::rate(selector, setting),
        Dialect::Metricsql => counter::increase(selector, setting),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::MultipleSeries;
    use crate::promql::Matcher;
    use crate::promql::Origin;
    use crate::protocol::metric::Percentile;
    use crate::time::Millis;

    const OPEN: Setting = Setting {
        dialect: Dialect::PromqlOpen,
        width: Millis::MINUTE,
        interval: Millis::new(15_000),
        interval_by: Origin::Interval,
        several: MultipleSeries::Error,
    };

    /// Checks the text with `RATE(x)` and `INC(x)` for what grows, and the bare parts for selectors.
    #[track_caller]
    fn check(method: AggregationMethod, form: HistogramForm, setting: Setting, expected: &str) {
        let family = Family::new("b", vec![Matcher::equal("job", "x")]);
        let mut found = expr(method, &family, form, setting).to_string();
        for (selector, short) in [
            (family.bucket(), "S_bucket"),
            (family.sum(), "S_sum"),
            (family.count(), "S_count"),
            (family.base(), "S"),
        ] {
            let rate = counter::rate(&selector, setting).to_string();
            let plain = counter::plain_rate(&selector, setting).to_string();
            let increase = counter::increase(&selector, setting).to_string();
            found = found.replace(&rate, &format!("RATE({short})"));
            found = found.replace(&plain, &format!("PLAIN({short})"));
            found = found.replace(&increase, &format!("INC({short})"));
        }
        assert_eq!(found, expected);
    }

    #[test]
    fn a_classic_histogram_has_a_row_for_each_method() {
        let classic = |method, expected| check(method, HistogramForm::Classic, OPEN, expected);
        classic(
            AggregationMethod::Mean,
            "sum(RATE(S_sum)) / sum(RATE(S_count))",
        );
        classic(
            AggregationMethod::Percentile(Percentile::P50),
            "histogram_quantile(0.50, sum by (le) (RATE(S_bucket)))",
        );
        classic(
            AggregationMethod::Max,
            "histogram_quantile(1, sum by (le) (RATE(S_bucket)))",
        );
        classic(
            AggregationMethod::Min,
            "histogram_quantile(0.000001, sum by (le) (RATE(S_bucket)))",
        );
        for method in [AggregationMethod::Sum, AggregationMethod::SumNoZeros] {
            classic(method, "sum(RATE(S_sum)) * 60");
        }
        for method in [
            AggregationMethod::EventCount,
            AggregationMethod::EventCountNoZeros,
        ] {
            classic(method, "sum(RATE(S_count)) * 60");
        }
    }

    #[test]
    fn metricsql_takes_increases_and_its_own_buckets_too() {
        let setting = Setting {
            dialect: Dialect::Metricsql,
            ..OPEN
        };
        let classic = |method, expected| check(method, HistogramForm::Classic, setting, expected);
        classic(
            AggregationMethod::Mean,
            "sum(INC(S_sum)) / sum(INC(S_count))",
        );
        classic(
            AggregationMethod::Percentile(Percentile::P99),
            "histogram_quantile(0.99, sum by (le,vmrange) (INC(S_bucket)))",
        );
        classic(AggregationMethod::Sum, "sum(INC(S_sum))");
        classic(AggregationMethod::EventCount, "sum(INC(S_count))");
    }

    #[test]
    fn a_native_histogram_has_a_row_for_each_method() {
        let native = |method, expected| check(method, HistogramForm::Native, OPEN, expected);
        native(
            AggregationMethod::Mean,
            "histogram_sum(sum(PLAIN(S))) / histogram_count(sum(PLAIN(S)))",
        );
        native(
            AggregationMethod::Percentile(Percentile::P98),
            "histogram_quantile(0.98, sum(PLAIN(S)))",
        );
        native(
            AggregationMethod::Max,
            "histogram_quantile(1, sum(PLAIN(S)))",
        );
        native(
            AggregationMethod::Min,
            "histogram_quantile(0, sum(PLAIN(S)))",
        );
        native(
            AggregationMethod::SumNoZeros,
            "histogram_sum(sum(PLAIN(S))) * 60",
        );
        native(
            AggregationMethod::EventCountNoZeros,
            "histogram_count(sum(PLAIN(S))) * 60",
        );
    }

    #[test]
    fn a_native_rate_falls_back_to_the_wide_window_in_short_buckets() {
        let family = Family::new("b", Vec::new());
        let short = Setting {
            width: Millis::new(15_000),
            dialect: Dialect::PromqlClosed,
            ..OPEN
        };
        let found = expr(
            AggregationMethod::Max,
            &family,
            HistogramForm::Native,
            short,
        );
        assert_eq!(
            found.to_string().replace(r#"{__name__="b"}"#, "S"),
            "histogram_quantile(1, sum(rate(S[29999ms] offset 1ms) or rate(S[59999ms] offset 1ms)))"
        );
    }
}
