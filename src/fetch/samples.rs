//! The samples themselves, by instant queries for `S[R]` (queries.md, "Raw queries").
//!
//! An instant query for a range vector returns the original timestamps and does not depend on
//! where the engine draws the border of a range, since both borders are cut again in the mirror.

use tokio::task::yield_now;

use crate::buckets::Part;
use crate::buckets::Strip;
use crate::fetch::Ended;
use crate::fetch::FetchError;
use crate::fetch::Run;
use crate::fetch::Shared;
use crate::fetch::TURN;
use crate::fetch::collect::Collected;
use crate::fetch::collect::Keep;
use crate::limits;
use crate::record::stages::Purpose;
use crate::time::Millis;
use crate::time::TimeRange;
use crate::translate::Plan;
use crate::translate::plan::Reduction;
use crate::translate::plan::SampleRead;
use crate::upstream::UpstreamError;

/// About how many samples one call should bring.
pub(super) const SAMPLES_PER_CALL: i64 = 50_000;
/// The shortest range that is still halved.
const SHORTEST: Millis = Millis::from_seconds(1);

/// Reads the range forward in time until the limit is passed.
pub(super) async fn run(run: &mut Run<'_>, read: &SampleRead) -> Result<Ended, FetchError> {
    let mut widest = read.max_range.min(read.interval.times(SAMPLES_PER_CALL));
    let mut width = widest.min(wanted(run.shared().plan, read));
    let mut start = read.range.start;
    while start <= read.range.end && !run.writer.is_full() {
        let end = read.range.end.min(start + (width - Millis::ONE));
        let part = TimeRange { start, end };
        match ask(
            run,
            read,
            part,
            Keep::First {
                most: limits::ANSWER_SAMPLES,
            },
        )
        .await
        {
            Ok(collected) => {
                let samples = run.take(collected)?;
                for some in samples.chunks(TURN) {
                    run.writer.take_samples(part, some);
                    yield_now().await;
                }
                run.pay()?;
                start = end + Millis::ONE;
                // The limit was missed by little, mostly by the one sample that tells whether there
                // are more; or the samples are sparse, and then few steps reach far.
                width = widest.min(width.times(2));
                if start <= read.range.end {
                    run.publish();
                }
            }
            Err(error) if error.is_too_big() => {
                widest = halved(part, error)?;
                width = widest;
            }
            Err(error) => return run.failed(error),
        }
    }
    Ok(Ended::Whole)
}

/// How long the samples of a whole answer probably take: `limit` intervals, and what a rate needs
/// before the first point.
fn wanted(plan: &Plan, read: &SampleRead) -> Millis {
    let lookback = match plan.reduction {
        Reduction::Rates { since } => since.since(read.range.start),
        _ => Millis::ZERO,
    };
    let limit = i64::try_from(plan.limit).unwrap_or(i64::MAX);
    Millis::new(
        read.interval
            .times(limit)
            .get()
            .saturating_add(lookback.get()),
    )
}

/// Half the length of a part that was too big.
pub(super) fn halved(part: TimeRange, error: UpstreamError) -> Result<Millis, FetchError> {
    let half = Millis::new(part.end.since(part.start).get() / 2);
    if half < SHORTEST {
        Err(FetchError::TooHeavy(error))
    } else {
        Ok(half)
    }
}

/// Asks for the samples of one part, both ends included.
pub(super) async fn ask(
    run: &Run<'_>,
    read: &SampleRead,
    part: TimeRange,
    keep: Keep,
) -> Result<Collected, UpstreamError> {
    let Shared { cx, upstream, plan } = run.shared();
    let known = run.seen.series.clone();
    let strip = match keep {
        Keep::First { .. } => Strip::of(
            plan,
            Part::Samples(part, read.interval),
            &run.writer.start(),
        ),
        Keep::All { .. } => None,
    };
    let collected = Collected::new(keep, known, strip, upstream.charge());
    let mut collected = collected.map_err(|_| upstream.out_of_memory())?;
    let expr = read.expr(part);
    let purpose = match keep {
        Keep::First { .. } => Purpose::Raw,
        Keep::All { .. } => Purpose::Pool,
    };
    cx.asks(purpose, &expr.text, &expr.fragments);
    upstream
        .query(cx, &expr.text, part.end, &plan.parameters, &mut collected)
        .await?;
    match keep {
        Keep::First { .. } if collected.is_over => Err(upstream.over_samples()),
        Keep::First { .. } | Keep::All { .. } => Ok(collected),
    }
}
