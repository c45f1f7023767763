//! Why an answer is empty, or of too many series: at most ten calls, in order, up to the first certain
//! cause (experience.md, "Why is it empty, why is it too many").
//!
//! What is asked and what follows from it is decided in `selection`, `nearest` and `causes`, which
//! know no network; here is the order, and the account of what was asked.

mod answer;
mod causes;
mod climb;
mod nearest;
mod selection;

use std::time::Instant;

use crate::caller::Caller;
use crate::connections::Configured;
use crate::failures;
use crate::failures::Failure;
use crate::mirror::Mirror;
use crate::protocol::metric::MetricsRequest;
use crate::record::Arrival;
use crate::time::Millis;
use crate::time::TimeRange;
use crate::translate;
use crate::translate::conditions;
use crate::translate::conditions::Kind;
pub use answer::CALLS_ALLOWED;
pub use answer::Certainty;
pub use answer::Diagnosis;
pub use answer::Finding;
pub use answer::Nearest;
pub use answer::Probe;
pub use answer::Probed;
use climb::Climb;
use selection::Selection;

/// Longest window that is looked at.
const LONGEST: Millis = Millis::DAY.times(7);

/// Looks for the cause of an empty answer to `request`, or of one that is refused for its many series.
///
/// # Errors
///
/// The failure of a request that cannot be read, or whose backend may not be asked. A backend that
/// cannot be reached is a finding.
pub async fn diagnose(
    mirror: &Mirror,
    configured: &Configured,
    caller: &Caller,
    arrival: Arrival,
    request: &MetricsRequest,
) -> Result<Diagnosis, Failure> {
    let (began, now) = (Instant::now(), arrival.now);
    let probing = mirror.probing(configured, caller, arrival, &request.connection_details)?;
    let options = &probing.connection().options;
    let profile = options.profile;
    let query = &request.query;
    let untranslated = |error| failures::translate(&error, profile);
    conditions::check_types(&query.conditions).map_err(untranslated)?;
    let (kind, text) = conditions::subject(&query.conditions, &Kind::ALL).map_err(untranslated)?;
    let question = translate::question(query, options, now).map_err(untranslated)?;
    let end = query.end_time;
    let length = (end.since(query.start_time) + Millis::ONE).min(LONGEST);
    let window = TimeRange {
        start: end + Millis::ONE - length,
        end,
    };
    let bucket = query.aggregation.and_then(|it| it.bucket_size);
    let one = question.needs_one_series().then(|| question.combining());
    let mut climb = Climb::new(probing, window, now, bucket, one);
    if climb.reach().await {
        if kind == Kind::Promql {
            climb.text(question.own_words().unwrap_or(text)).await;
        } else {
            let selection = Selection::of(&query.conditions).map_err(untranslated)?;
            climb.ladder(selection).await;
        }
    }
    Ok(climb.done(began))
}
