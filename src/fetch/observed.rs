//! Raw points of one histogram or summary, forward in time (queries.md, "Raw queries: true samples").

use crate::buckets::Means;
use crate::buckets::observations;
use crate::fetch::Ended;
use crate::fetch::FetchError;
use crate::fetch::Run;
use crate::fetch::gathered;
use crate::fetch::gathered::Most;
use crate::fetch::samples;
use crate::limits;
use crate::time::Millis;
use crate::time::TimeRange;
use crate::translate::plan::ObservationsRead;
use crate::translate::plan::Source;

/// Reads the range forward in time until the limit is passed.
pub(super) async fn run(run: &mut Run<'_>, read: &ObservationsRead) -> Result<Ended, FetchError> {
    let ObservationsRead {
        samples: of,
        since,
        source,
    } = read;
    let series = match source {
        Source::Pairs => 2,
        Source::Native => 1,
    };
    let most = Most {
        samples: limits::ANSWER_SAMPLES,
        series,
    };
    let mut means = Means::new(*since);
    let mut widest = (of.max_range).min(of.interval.times(samples::SAMPLES_PER_CALL / 2));
    let limit = i64::try_from(run.shared().plan.limit).unwrap_or(i64::MAX);
    let wanted = of.interval.times(limit).get();
    let lookback = since.since(of.range.start).get();
    let mut width = widest.min(Millis::new(wanted.saturating_add(lookback)));
    let mut start = of.range.start;
    while start <= of.range.end && !run.writer.is_full() {
        let end = of.range.end.min(start + (width - Millis::ONE));
        let part = TimeRange { start, end };
        let asked = match gathered::ask(run, of, part, most, &[]).await {
            Ok(gathered) if gathered.is_over => Err(run.shared().upstream.over_samples()),
            asked => asked,
        };
        match asked {
            Ok(gathered) => {
                gathered::refuse_several(run)?;
                let seen = observations(*source, &gathered.series);
                run.writer.take_samples(part, &means.points(&seen));
                run.pay()?;
                start = end + Millis::ONE;
                if start <= of.range.end {
                    run.publish();
                }
                width = widest.min(width.times(2));
            }
            Err(error) if error.is_too_big() => {
                widest = samples::halved(part, error)?;
                width = widest;
            }
            Err(error) => return run.failed(error),
        }
    }
    Ok(Ended::Whole)
}
