//! The table of counters, whose values are rates per second (queries.md, "Counter").

use crate::options::Dialect;
use crate::options::MultipleSeries;
use crate::promql::Expr;
use crate::promql::Length;
use crate::promql::Origin;
use crate::promql::Selector;
use crate::protocol::metric::AggregationMethod;
use crate::time::Millis;
use crate::translate::plan::RateWindow;
use crate::translate::window;

/// What the query of a counter depends on, beside method and selector.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    pub(super) dialect: Dialect,
    /// `w`
    pub(super) width: Millis,
    /// `i`
    pub(super) interval: Millis,
    /// What decides on it.
    pub(super) interval_by: Origin,
    pub(super) several: MultipleSeries,
}

/// The query of `method` over one bucket.
pub(super) fn expr(method: AggregationMethod, selector: &Selector, setting: Setting) -> Expr {
    let all_series = |expr: Expr| match setting.several {
        MultipleSeries::Combine => expr.sum(),
        MultipleSeries::Error => expr,
    };
    let is_metricsql = setting.dialect == Dialect::Metricsql;
    // One sample per step of the inner resolution: the rate between its last two samples.
    let steps = || {
        let window = setting.by_interval(setting.interval.times(4));
        all_series(Expr::call("irate", Expr::window(selector, window))).subquery(
            setting.covering(setting.width),
            Length::of(
                window::inner_resolution(setting.width, setting.interval),
                setting.interval_by,
            ),
        )
    };
    match method {
        AggregationMethod::Mean if is_metricsql => {
            all_series(increase(selector, setting)).over_seconds(setting.width)
        }
        AggregationMethod::Mean => all_series(rate(selector, setting)),
        AggregationMethod::Sum | AggregationMethod::SumNoZeros if is_metricsql => {
            all_series(increase(selector, setting))
        }
        AggregationMethod::Sum | AggregationMethod::SumNoZeros => {
            all_series(rate(selector, setting)).times_seconds(setting.width)
        }
        AggregationMethod::Max => Expr::call("max_over_time", steps()),
        AggregationMethod::Min => Expr::call("min_over_time", steps()),
        AggregationMethod::Percentile(percentile) => {
            Expr::call_with("quantile_over_time", percentile.text(), steps())
        }
        AggregationMethod::EventCount | AggregationMethod::EventCountNoZeros => {
            let window = setting.covering(setting.width);
            all_series(Expr::call(
                "count_over_time",
                Expr::window(selector, window),
            ))
        }
    }
}

/// Whether the query of `method` depends on the scrape interval.
pub(super) fn needs_interval(method: AggregationMethod, dialect: Dialect) -> bool {
    match method {
        AggregationMethod::Mean | AggregationMethod::Sum | AggregationMethod::SumNoZeros => {
            dialect != Dialect::Metricsql
        }
        AggregationMethod::Max | AggregationMethod::Min | AggregationMethod::Percentile(_) => true,
        AggregationMethod::EventCount | AggregationMethod::EventCountNoZeros => false,
    }
}

/// The window that [`rate`] takes, if `method` takes one.
pub(super) fn rate_window(
    method: AggregationMethod,
    dialect: Dialect,
    width: Millis,
    interval: Millis,
) -> Option<RateWindow> {
    let is_of_bucket = match method {
        AggregationMethod::Mean | AggregationMethod::Sum | AggregationMethod::SumNoZeros => true,
        AggregationMethod::Max | AggregationMethod::Min | AggregationMethod::Percentile(_) => false,
        AggregationMethod::EventCount | AggregationMethod::EventCountNoZeros => return None,
    };
    let is_counted = is_of_bucket && dialect == Dialect::Metricsql;
    let length = match (is_of_bucket, is_counted) {
        (_, true) => width,
        (true, false) => width + interval,
        (false, false) => interval.times(4),
    };
    Some(RateWindow {
        length: window::covering(dialect, length),
        interval,
        is_widened: is_of_bucket && !is_counted && width < interval.times(3),
    })
}

/// `RATE`: over a window one interval wider than the bucket the extrapolation of `rate` cancels, so
/// that the increments of the bucket come out exactly. `rate` does not extrapolate below zero, which
/// makes the first buckets after a start too low; where nothing was reset, `delta` has no such cap.
pub(super) fn rate(selector: &Selector, setting: Setting) -> Expr {
    let wide = setting.by_interval(setting.width + setting.interval);
    let over = |function, window| Expr::call(function, Expr::window(selector, window));
    let step = over("delta", wide)
        .over_seconds(wide)
        .and(over("resets", wide).equal_to_zero());
    with_fallback(step.or(over("rate", wide)), selector, setting)
}

/// `RATE` of native histograms, whose rates know no cap at zero.
pub(super) fn plain_rate(selector: &Selector, setting: Setting) -> Expr {
    let wide = setting.by_interval(setting.width + setting.interval);
    let rate = Expr::call("rate", Expr::window(selector, wide));
    with_fallback(rate, selector, setting)
}

/// `rate`, and in short buckets a wider one as the last resort: robust to missed scrapes, for each
/// series on its own.
fn with_fallback(rate: Expr, selector: &Selector, setting: Setting) -> Expr {
    if setting.width >= setting.interval.times(3) {
        return rate;
    }
    let window = setting.by_interval(setting.interval.times(4));
    rate.or(Expr::call("rate", Expr::window(selector, window)))
}

/// `INC`: `MetricsQL` counts from the sample before the window and never extrapolates.
pub(super) fn increase(selector: &Selector, setting: Setting) -> Expr {
    Expr::call("increase", Expr::window(selector, setting.width))
}

impl Setting {
    fn covering(self, length: Millis) -> Millis {
        window::covering(self.dialect, length)
    }

    /// A window that depends on the scrape interval.
    fn by_interval(self, length: Millis) -> Length {
        Length::of(self.covering(length), self.interval_by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::metric::Percentile;

    const SETTING: Setting = Setting {
        dialect: Dialect::PromqlOpen,
        width: Millis::MINUTE,
        interval: Millis::new(15_000),
        interval_by: Origin::Interval,
        several: MultipleSeries::Combine,
    };

    #[track_caller]
    fn check(method: AggregationMethod, setting: Setting, expected: &str) {
        let expr = expr(method, &Selector::of("m"), setting).to_string();
        assert_eq!(expr.replace(r#"{__name__="m"}"#, "S"), expected);
    }

    #[test]
    fn a_mean_is_the_sum_of_rates_over_bucket_and_interval() {
        check(
            AggregationMethod::Mean,
            SETTING,
            "sum(delta(S[75000ms] offset 1ms) / 75 and resets(S[75000ms] offset 1ms) == 0 \
             or rate(S[75000ms] offset 1ms))",
        );
    }

    #[test]
    fn a_left_closed_engine_gets_windows_and_divisors_one_millisecond_shorter() {
        check(
            AggregationMethod::Mean,
            Setting {
                dialect: Dialect::PromqlClosed,
                ..SETTING
            },
            "sum(delta(S[74999ms] offset 1ms) / 74.999 and resets(S[74999ms] offset 1ms) == 0 \
             or rate(S[74999ms] offset 1ms))",
        );
    }

    #[test]
    fn below_three_intervals_a_wider_rate_is_the_last_resort() {
        check(
            AggregationMethod::Sum,
            Setting {
                width: Millis::new(44_999),
                ..SETTING
            },
            "sum(delta(S[59999ms] offset 1ms) / 59.999 and resets(S[59999ms] offset 1ms) == 0 \
             or rate(S[59999ms] offset 1ms) or rate(S[60000ms] offset 1ms)) * 44.999",
        );
        let at_three = Setting {
            width: Millis::new(45_000),
            ..SETTING
        };
        let expr = expr(AggregationMethod::Sum, &Selector::of("m"), at_three);
        assert_eq!(expr.to_string().matches("rate(").count(), 1);
    }

    #[test]
    fn one_series_is_not_summed_and_its_alternatives_stay_together() {
        check(
            AggregationMethod::SumNoZeros,
            Setting {
                several: MultipleSeries::Error,
                ..SETTING
            },
            "(delta(S[75000ms] offset 1ms) / 75 and resets(S[75000ms] offset 1ms) == 0 \
             or rate(S[75000ms] offset 1ms)) * 60",
        );
        check(
            AggregationMethod::Max,
            Setting {
                several: MultipleSeries::Error,
                ..SETTING
            },
            "max_over_time(irate(S[60000ms] offset 1ms)[60000ms:15000ms])",
        );
        check(
            AggregationMethod::EventCount,
            Setting {
                several: MultipleSeries::Error,
                ..SETTING
            },
            "count_over_time(S[60000ms] offset 1ms)",
        );
    }

    #[test]
    fn extremes_and_percentiles_look_at_each_step() {
        let closed = Setting {
            dialect: Dialect::PromqlClosed,
            ..SETTING
        };
        check(
            AggregationMethod::Min,
            closed,
            "min_over_time(sum(irate(S[59999ms] offset 1ms))[59999ms:15000ms])",
        );
        check(
            AggregationMethod::Percentile(Percentile::P95),
            SETTING,
            "quantile_over_time(0.95, sum(irate(S[60000ms] offset 1ms))[60000ms:15000ms])",
        );
    }

    #[test]
    fn metricsql_increases_are_exact_over_the_bucket_itself() {
        let metricsql = Setting {
            dialect: Dialect::Metricsql,
            ..SETTING
        };
        check(
            AggregationMethod::Mean,
            metricsql,
            "sum(increase(S[60000ms] offset 1ms)) / 60",
        );
        for method in [AggregationMethod::Sum, AggregationMethod::SumNoZeros] {
            check(method, metricsql, "sum(increase(S[60000ms] offset 1ms))");
        }
        check(
            AggregationMethod::Max,
            metricsql,
            "max_over_time(sum(irate(S[60000ms] offset 1ms))[60000ms:15000ms])",
        );
        check(
            AggregationMethod::EventCountNoZeros,
            metricsql,
            "sum(count_over_time(S[60000ms] offset 1ms))",
        );
    }

    #[test]
    fn counts_and_metricsql_increases_do_not_ask_for_the_interval() {
        assert!(!needs_interval(AggregationMethod::Mean, Dialect::Metricsql));
        assert!(needs_interval(AggregationMethod::Mean, Dialect::PromqlOpen));
        assert!(needs_interval(AggregationMethod::Max, Dialect::Metricsql));
        assert!(!needs_interval(
            AggregationMethod::EventCount,
            Dialect::PromqlClosed
        ));
    }
}
