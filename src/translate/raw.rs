//! Raw queries: the samples themselves (queries.md, "Raw queries: true samples").

use crate::options::Dialect;
use crate::options::QueryOptions;
use crate::promql::Selector;
use crate::time::Millis;
use crate::time::TimeRange;
use crate::translate::plan::Grid;
use crate::translate::plan::SampleRead;

/// How far back a counter's sample may find its predecessor. Reading starts that much earlier, and
/// a sample without a predecessor that near gets no point.
pub(super) const LOOKBACK: Millis = Millis::MINUTE.times(5);

/// The distance of samples that chunks are sized by, where it is unknown.
const UNKNOWN_INTERVAL: Millis = Millis::from_seconds(15);

/// Longest range of one call for samples: Amazon Managed Prometheus refuses instant queries of 32
/// days and more.
const LONGEST_CALL: Millis = Millis::DAY.times(31);

/// The samples of `selector` in `range`, both ends included.
pub(super) fn samples(
    selector: &Selector,
    range: TimeRange,
    dialect: Dialect,
    options: &QueryOptions,
) -> SampleRead {
    SampleRead {
        selector: selector.clone(),
        range,
        interval: options.scrape_interval.unwrap_or(UNKNOWN_INTERVAL),
        max_range: options.max_query_range.min(LONGEST_CALL),
        // Stale markers arrive as NaN there, and real NaN never gets in.
        skips_nan: dialect == Dialect::Metricsql,
    }
}

/// The samples that lie in the buckets of `grid`, and those of five minutes before.
pub(super) fn samples_before(
    selector: &Selector,
    grid: Grid,
    dialect: Dialect,
    options: &QueryOptions,
) -> SampleRead {
    let read = samples_of(selector, grid, dialect, options);
    let range = TimeRange {
        start: read.range.start - LOOKBACK,
        ..read.range
    };
    SampleRead { range, ..read }
}

/// The samples that lie in the buckets of `grid`.
pub(super) fn samples_of(
    selector: &Selector,
    grid: Grid,
    dialect: Dialect,
    options: &QueryOptions,
) -> SampleRead {
    let range = TimeRange {
        start: grid.first_start(),
        end: grid.last_end - Millis::ONE,
    };
    samples(selector, range, dialect, options)
}
