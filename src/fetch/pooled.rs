//! Percentiles over several gauges: all raw samples of a bucket in one bag.
//!
//! No pushed-down form is exact: a quantile of quantiles and an average of quantiles are both
//! wrong by far (queries.md, "Gauge").

use tokio::task::yield_now;

use crate::fetch::Ended;
use crate::fetch::FetchError;
use crate::fetch::Run;
use crate::fetch::collect::Keep;
use crate::fetch::collect::Kept;
use crate::fetch::samples;
use crate::protocol::metric::Percentile;
use crate::time::Millis;
use crate::time::TimeRange;
use crate::translate::plan::Grid;
use crate::translate::plan::Reduction;
use crate::translate::plan::SampleRead;

/// Reads the samples of all series, some buckets at a time, within `budget` samples in all.
pub(super) async fn run(
    run: &mut Run<'_>,
    read: &SampleRead,
    percentile: Percentile,
    budget: usize,
) -> Result<Ended, FetchError> {
    let Reduction::Buckets { grid, .. } = run.shared().plan.reduction else {
        unreachable!("only plans over buckets pool their samples");
    };
    let mut widest = read
        .max_range
        .min(read.interval.times(samples::SAMPLES_PER_CALL));
    // What the limit wants, and more only where buckets turn out to be empty: samples that no point
    // needs must not use up the budget.
    let mut wanted = i64::try_from(run.shared().plan.limit).unwrap_or(i64::MAX);
    let mut left = budget;
    let mut first_end = grid.first_end;
    while first_end <= grid.last_end && !run.writer.is_full() {
        let fitting = widest.get() / grid.width.get();
        let count = fitting.clamp(1, wanted.saturating_add(1)) - 1;
        let last_end = grid.last_end.min(first_end + grid.width.times(count));
        let part = Grid {
            first_end,
            last_end,
            width: grid.width,
        };
        let range = TimeRange {
            start: first_end - grid.width,
            end: last_end - Millis::ONE,
        };
        match samples::ask(run, read, range, Keep::All { budget: left }).await {
            Ok(mut collected) => {
                run.see(&mut collected)?;
                if collected.is_over {
                    let series = std::mem::take(&mut run.seen.series);
                    return Err(FetchError::TooManySamples { series, budget });
                }
                left -= collected.samples;
                if let Kept::Samples(samples) = &mut collected.kept {
                    run.writer.take_pool(part, percentile, samples);
                }
                run.pay()?;
                yield_now().await;
                first_end = last_end + grid.width;
                wanted = wanted.saturating_mul(2);
                if first_end <= grid.last_end {
                    run.publish();
                }
            }
            Err(error) if error.is_too_big() && count > 0 => {
                widest = samples::halved(range, error)?
            }
            Err(error) => return run.failed(error),
        }
    }
    Ok(Ended::Whole)
}
