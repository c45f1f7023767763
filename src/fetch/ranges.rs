//! `query_range` over many instants: split, run a few chunks at a time, halve what is too big.

use futures_util::stream;
use futures_util::stream::StreamExt as _;
use tokio::task::yield_now;

use crate::buckets::Part as Asked;
use crate::buckets::Start;
use crate::buckets::Strip;
use crate::fetch::Ended;
use crate::fetch::FetchError;
use crate::fetch::Run;
use crate::fetch::TURN;
use crate::fetch::collect::Collected;
use crate::fetch::collect::Keep;
use crate::fetch::collect::Kept;
use crate::fetch::split;
use crate::record::stages::Purpose;
use crate::series::Sample;
use crate::time::Millis;
use crate::time::UnixMillis;
use crate::translate::Plan;
use crate::translate::plan::Instants;
use crate::translate::plan::LegacyRead;
use crate::translate::plan::RangeRead;
use crate::translate::plan::Reduction;
use crate::upstream::RangeQuery;
use crate::upstream::UpstreamError;

/// How many chunks run at a time where no limit can bite.
const PARALLEL: usize = 4;
/// Most evaluation instants that the legacy profile asks for at once: Prometheus' own limit.
const LEGACY_STEPS: usize = 11_000;

/// Asks a range of the exact profile.
pub(super) async fn exact(run: &mut Run<'_>, read: &RangeRead) -> Result<Ended, FetchError> {
    let plan = run.shared.plan;
    let Some((first, rest)) = cut_at_limit(plan, read) else {
        return in_chunks(run, read, read.instants).await;
    };
    let ended = in_chunks(run, read, first).await?;
    // A bucket whose value JSON cannot carry may have no point.
    if ended == Ended::Early || run.writer.points() >= plan.limit {
        return Ok(Ended::Early);
    }
    in_chunks(run, read, rest).await
}

/// The first `limit` buckets and the others, where every bucket has a value: the first are then
/// most likely the whole answer.
fn cut_at_limit(plan: &Plan, read: &RangeRead) -> Option<(Instants, Instants)> {
    let (Reduction::Buckets { is_zero_filled, .. } | Reduction::Fold { is_zero_filled, .. }) =
        plan.reduction
    else {
        return None;
    };
    if !is_zero_filled || !read.is_splittable {
        return None;
    }
    split::cut(read.instants, plan.limit.saturating_mul(read.group))
}

async fn in_chunks(
    run: &mut Run<'_>,
    read: &RangeRead,
    instants: Instants,
) -> Result<Ended, FetchError> {
    let size = if read.is_splittable {
        chunk_size(read)
    } else {
        split::count(instants)
    };
    let caller = Caller {
        run: run.shared(),
        read: Form::Exact(read),
    };
    let chunks: Vec<Instants> = split::chunks(instants, size).collect();
    let mut left = chunks.len();
    // Where no limit can bite every chunk is needed anyway, and what is before it takes no room from it.
    // A single one, as most are, needs no company.
    if left > 1 && run.shared.plan.limit >= split::count(instants).div_ceil(read.group) {
        let start = run.writer.start();
        let calls = chunks.into_iter();
        let calls = calls.map(|chunk| Box::pin(caller.halving(chunk, start.clone())));
        let mut answers = stream::iter(calls).buffered(PARALLEL);
        while let Some(chunk) = answers.next().await {
            if let Some(ended) = join(run, read, chunk).await? {
                return Ok(ended);
            }
            left -= 1;
            if left > 0 {
                run.publish();
            }
        }
    } else {
        for chunk in chunks {
            let chunk = caller.halving(chunk, run.writer.start()).await;
            if let Some(ended) = join(run, read, chunk).await? {
                return Ok(ended);
            }
            left -= 1;
            if left > 0 {
                run.publish();
            }
        }
    }
    Ok(Ended::Whole)
}

/// Adds what a chunk holds to the answer; how that ends it, if it does.
async fn join(
    run: &mut Run<'_>,
    read: &RangeRead,
    chunk: Chunk,
) -> Result<Option<Ended>, FetchError> {
    for Part {
        instants,
        collected,
    } in chunk.parts
    {
        // So many cannot all be at instants that were asked for.
        let is_altered = collected.is_over && matches!(collected.kept, Kept::Points(_));
        let is_computed = matches!(collected.kept, Kept::Samples(_));
        let samples = run.take(collected)?;
        if is_altered {
            return Err(FetchError::AlteredTimestamps);
        }
        if is_computed {
            compute(run, read, instants, &samples).await?;
        }
    }
    // What failed behind the limit takes nothing from the answer.
    if run.writer.is_full() {
        return Ok(Some(Ended::Whole));
    }
    match chunk.failure {
        Some(failure) => run.failed(failure).map(Some),
        None => Ok(None),
    }
}

/// Computes the points of `instants`, some at a time.
async fn compute(
    run: &mut Run<'_>,
    read: &RangeRead,
    instants: Instants,
    mut samples: &[Sample],
) -> Result<(), FetchError> {
    let size = (TURN / read.group * read.group).max(read.group);
    for some in split::chunks(instants, size) {
        // What is not in order remains for a later part, and is then at none of its instants.
        let behind = samples.iter().position(|sample| sample.at > some.last);
        let end = behind.filter(|_| some.last < instants.last);
        let (these, rest) = samples.split_at(end.unwrap_or(samples.len()));
        run.writer.take_instants(some, these)?;
        samples = rest;
        yield_now().await;
    }
    Ok(run.pay()?)
}

/// Asks a range of the legacy profile: whole seconds, one chunk after the other.
pub(super) async fn legacy(run: &mut Run<'_>, read: &LegacyRead) -> Result<Ended, FetchError> {
    let caller = Caller {
        run: run.shared(),
        read: Form::Legacy(read),
    };
    let step = Millis::from_seconds(read.step);
    let first = UnixMillis::new(read.start * 1000);
    let last = first + step.times((read.end - read.start).div_euclid(read.step).max(0));
    for chunk in split::chunks(Instants { first, last, step }, LEGACY_STEPS) {
        let chunk = caller.halving(chunk, run.writer.start()).await;
        for Part { collected, .. } in chunk.parts {
            run.take(collected)?;
        }
        if let Some(failure) = chunk.failure {
            // What failed behind the limit takes nothing from the answer.
            if run.writer.is_full() {
                break;
            }
            return run.failed(failure);
        }
    }
    Ok(Ended::Whole)
}

/// In how many chunks a range of the exact profile is asked.
pub(super) fn chunk_count(read: &RangeRead) -> usize {
    if read.is_splittable {
        split::count(read.instants).div_ceil(chunk_size(read))
    } else {
        1
    }
}

/// In how many chunks a range of the legacy profile is asked.
pub(super) fn legacy_count(read: &LegacyRead) -> usize {
    let steps = (read.end - read.start).div_euclid(read.step).max(0);
    let instants = usize::try_from(steps).map_or(usize::MAX, |steps| steps.saturating_add(1));
    instants.div_ceil(LEGACY_STEPS)
}

/// How many instants one call may hold: whole groups within both limits, at least one group.
fn chunk_size(read: &RangeRead) -> usize {
    let by_range = read.max_range.get() / read.instants.step.get() + 1;
    let by_range = usize::try_from(by_range).unwrap_or(usize::MAX);
    let size = read.max_steps.min(by_range);
    (size / read.group * read.group).max(read.group)
}

/// What asks the calls of one range. It borrows nothing that the answers change, so that several
/// calls can be under way.
struct Caller<'a> {
    run: super::Shared<'a>,
    read: Form<'a>,
}

/// The two forms of a range query.
#[derive(Clone, Copy)]
enum Form<'a> {
    Exact(&'a RangeRead),
    Legacy(&'a LegacyRead),
}

/// The parts of one chunk that were answered, in order, and what ended them early.
struct Chunk {
    parts: Vec<Part>,
    failure: Option<UpstreamError>,
}

/// One answered part of a range.
struct Part {
    instants: Instants,
    collected: Collected,
}

impl Caller<'_> {
    /// Asks one chunk, and each half of it again where it is too big, down to one group.
    /// It goes on at `start`.
    async fn halving(&self, chunk: Instants, mut start: Start) -> Chunk {
        let mut parts = Vec::new();
        let mut pending = vec![chunk];
        while let Some(instants) = pending.pop() {
            match self.ask(instants, &start).await {
                Ok(collected) => {
                    if let Kept::Points(strip) = &collected.kept {
                        start.pass(strip);
                    }
                    parts.push(Part {
                        instants,
                        collected,
                    });
                }
                Err(error) => match self.halves(instants).filter(|_| error.is_too_big()) {
                    Some((first, second)) => pending.extend([second, first]),
                    None => {
                        return Chunk {
                            parts,
                            failure: Some(error),
                        };
                    }
                },
            }
        }
        Chunk {
            parts,
            failure: None,
        }
    }

    fn halves(&self, instants: Instants) -> Option<(Instants, Instants)> {
        match self.read {
            Form::Exact(read) if read.is_splittable => split::halves(instants, read.group),
            Form::Exact(_) | Form::Legacy(_) => None,
        }
    }

    async fn ask(&self, instants: Instants, start: &Start) -> Result<Collected, UpstreamError> {
        let super::Shared { cx, upstream, plan } = self.run;
        // With one more, not all can be at instants that were asked for.
        let most = split::count(instants) + 1;
        let keep = Keep::First { most };
        let asked = match self.read {
            Form::Exact(_) => Asked::Instants(instants),
            Form::Legacy(_) => Asked::Legacy(instants),
        };
        let strip = Strip::of(plan, asked, start);
        let collected = Collected::new(keep, self.run.apart(), strip, upstream.charge());
        let mut collected = collected.map_err(|_| upstream.out_of_memory())?;
        match self.read {
            Form::Exact(read) => {
                cx.asks(Purpose::Points, &read.expr, &read.fragments);
                let query = RangeQuery {
                    expr: &read.expr,
                    start: instants.first,
                    end: instants.last,
                    step: instants.step,
                    parameters: &plan.parameters,
                };
                upstream.query_range(cx, &query, &mut collected).await?;
            }
            Form::Legacy(read) => {
                cx.asks(Purpose::Points, &read.expr, &read.fragments);
                let start = instants.first.get() / 1000;
                // The last chunk ends where the predecessor's only one did, on a step or not.
                let end = (instants.last.get() / 1000 + read.step - 1).min(read.end);
                upstream
                    .query_range_legacy(cx, &read.expr, start, end, read.step, &mut collected)
                    .await?;
            }
        }
        Ok(collected)
    }
}
