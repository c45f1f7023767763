//! Buckets that the mirror computes of raw samples (`strategy: raw`), some buckets at a time, within
//! a budget of samples for all of them.

use crate::buckets;
use crate::fetch::Ended;
use crate::fetch::FetchError;
use crate::fetch::Run;
use crate::fetch::gathered;
use crate::fetch::gathered::Most;
use crate::fetch::samples;
use crate::time::Millis;
use crate::time::TimeRange;
use crate::translate::plan::Arithmetic;
use crate::translate::plan::ComputedRead;
use crate::translate::plan::Grid;
use crate::translate::plan::Instants;
use crate::translate::plan::Source;

/// Computes the buckets forward in time until the limit is passed.
pub(super) async fn run(run: &mut Run<'_>, read: &ComputedRead) -> Result<Ended, FetchError> {
    let ComputedRead {
        samples: of, grid, ..
    } = read;
    let width = grid.width.get();
    let lookback = grid.first_start().since(of.range.start);
    let mut widest = of
        .max_range
        .min(of.interval.times(samples::SAMPLES_PER_CALL));
    // What the limit wants, and more only where buckets turn out to be empty.
    let mut wanted = i64::try_from(run.shared().plan.limit).unwrap_or(i64::MAX);
    let mut left = read.budget;
    let mut first_end = grid.first_end;
    while first_end <= grid.last_end && !run.writer.is_full() {
        let fitting = (widest - lookback).get() / width;
        let count = fitting.clamp(1, wanted.saturating_add(1)) - 1;
        let last_end = grid.last_end.min(first_end + grid.width.times(count));
        let part = Grid {
            first_end,
            last_end,
            ..*grid
        };
        let range = TimeRange {
            start: part.first_start() - lookback,
            end: last_end - Millis::ONE,
        };
        let most = Most {
            samples: left,
            series: usize::MAX,
        };
        match gathered::ask(run, of, range, most, apart_from(read)).await {
            Ok(gathered) => {
                if has_unreadable(read, &gathered.series) {
                    return Err(FetchError::Histograms);
                }
                if read.refuses_several {
                    gathered::refuse_several(run)?;
                }
                if gathered.is_over {
                    let series = std::mem::take(&mut run.seen.series);
                    let budget = read.budget;
                    return Err(FetchError::TooManySamples { series, budget });
                }
                left -= gathered.samples;
                let values = buckets::compute(read, part, &gathered.series);
                run.writer.take_instants(instants(part), &values)?;
                run.pay()?;
                first_end = last_end + grid.width;
                if first_end <= grid.last_end {
                    run.publish();
                }
                wanted = wanted.saturating_mul(2);
            }
            Err(error) if error.is_too_big() && count > 0 => {
                widest = samples::halved(range, error)?;
            }
            Err(error) => return run.failed(error),
        }
    }
    Ok(Ended::Whole)
}

/// What tells the series of one histogram apart, beside their names.
fn apart_from(read: &ComputedRead) -> &'static [&'static str] {
    match read.arithmetic {
        Arithmetic::Distribution => &["le"],
        Arithmetic::Values | Arithmetic::Growth { .. } | Arithmetic::Observations(_) => &[],
    }
}

/// Whether there are native histogram samples where floats are read.
fn has_unreadable(read: &ComputedRead, series: &[buckets::Recorded]) -> bool {
    let is_native = read.arithmetic == Arithmetic::Observations(Source::Native);
    !is_native && series.iter().any(|one| !one.observations.is_empty())
}

/// A bucket's value stands at its end.
fn instants(grid: Grid) -> Instants {
    Instants {
        first: grid.first_end,
        last: grid.last_end,
        step: grid.width,
    }
}
