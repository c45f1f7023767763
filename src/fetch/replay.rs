//! A plan run against an answer that is there already: for tests and for measuring, without a
//! backend and without waiting. Compiled for these alone.

use crate::buckets::Part;
use crate::buckets::Strip;
use crate::buckets::Writer;
use crate::fetch::FetchError;
use crate::fetch::collect::Collected;
use crate::fetch::collect::Keep;
use crate::fetch::collect::Kept;
use crate::limits;
use crate::limits::Budget;
use crate::protocol::telemetry::Telemetry;
use crate::series::Apart;
use crate::translate::Plan;
use crate::upstream;
use crate::upstream::UpstreamError;

/// The answer to `plan` where one call asks for `part`, and what comes back are `chunks`. The body of
/// the answer is charged to `budget`.
///
/// # Errors
///
/// `Ok(None)` if the chunks are no whole answer of a backend; otherwise what the answer is refused
/// for.
pub fn replay<'c>(
    plan: &Plan,
    part: Part,
    chunks: impl IntoIterator<Item = &'c [u8]>,
    budget: &Budget,
) -> Result<Option<Telemetry>, FetchError> {
    let mut writer = Writer::new(plan);
    let strip = Strip::of(plan, part, &writer.start());
    let most = limits::ANSWER_SAMPLES;
    let collected = Collected::new(
        Keep::First { most },
        Apart::default(),
        strip,
        budget.charge(),
    );
    let mut collected = collected.map_err(|_| UpstreamError::Memory)?;
    if !upstream::replay(chunks, &mut collected) {
        return Ok(None);
    }
    if collected.histograms {
        return Err(FetchError::Histograms);
    }
    if collected.series.count() > 1 {
        return Err(FetchError::SeveralSeries(collected.series));
    }
    match (collected.kept, part) {
        (Kept::Points(strip), _) => writer.join(*strip)?,
        (Kept::Samples(samples), Part::Instants(instants)) => {
            writer.take_instants(instants, &samples)?;
        }
        (Kept::Samples(samples), Part::Samples(range, _)) => writer.take_samples(range, &samples),
        (Kept::Samples(_), Part::Legacy(_)) => unreachable!("legacy values are not computed with"),
    }
    let mut charge = collected.charge;
    Ok(Some(writer.finish(false, |bytes| {
        charge.settle(bytes);
        charge
    })))
}
