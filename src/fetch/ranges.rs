//! `query_range` over many instants: split, run a few chunks at a time, halve what is too big.

use futures_util::stream;
use futures_util::stream::StreamExt as _;

use crate::fetch::Ended;
use crate::fetch::FetchError;
use crate::fetch::Run;
use crate::fetch::collect::Collected;
use crate::fetch::collect::Keep;
use crate::fetch::split;
use crate::series::Apart;
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
    // Where no limit can bite every chunk is needed anyway.
    let width = if run.shared.plan.limit >= split::count(instants).div_ceil(read.group) {
        PARALLEL
    } else {
        1
    };
    let caller = Caller {
        run: run.shared(),
        read: Form::Exact(read),
    };
    let chunks: Vec<Instants> = split::chunks(instants, size).collect();
    let mut left = chunks.len();
    let mut answers =
        stream::iter(chunks.into_iter().map(|chunk| caller.halving(chunk))).buffered(width);
    while let Some(chunk) = answers.next().await {
        for Part {
            instants,
            collected,
        } in chunk.parts
        {
            let samples = run.take(collected)?;
            run.writer.take_instants(instants, &samples)?;
        }
        // What failed behind the limit takes nothing from the answer.
        if run.writer.is_full() {
            break;
        }
        if let Some(failure) = chunk.failure {
            return run.failed(failure);
        }
        left -= 1;
        if left > 0 {
            run.publish();
        }
    }
    Ok(Ended::Whole)
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
        let chunk = caller.halving(chunk).await;
        for Part { collected, .. } in chunk.parts {
            let samples = run.take(collected)?;
            run.writer.take_legacy(&samples);
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
    async fn halving(&self, chunk: Instants) -> Chunk {
        let mut parts = Vec::new();
        let mut pending = vec![chunk];
        while let Some(instants) = pending.pop() {
            match self.ask(instants).await {
                Ok(collected) => parts.push(Part {
                    instants,
                    collected,
                }),
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

    async fn ask(&self, instants: Instants) -> Result<Collected, UpstreamError> {
        let super::Shared { cx, upstream, plan } = self.run;
        // With one more, not all can be at instants that were asked for.
        let most = split::count(instants) + 1;
        let keep = Keep::First { most };
        let mut collected = Collected::new(keep, Apart::default(), upstream.charge());
        match self.read {
            Form::Exact(read) => {
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
