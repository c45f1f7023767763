//! Queries in the caller's own words (queries.md, "Tilde").
//!
//! Without further conditions the text goes out byte for byte. It is evaluated at the inner
//! resolution, and the mirror folds the values into buckets: a value at t describes the time up to
//! t, so it belongs to the bucket with `s < t <= e`.

use crate::limits;
use crate::options::QueryOptions;
use crate::options::TildeConditions;
use crate::promql::Origin;
use crate::promql::Spelled;
use crate::promql::conjoin;
use crate::promql::conjoin::Bounds;
use crate::promql::conjoin::ConjoinError;
use crate::promql::variables;
use crate::protocol::condition::Condition;
use crate::time::Millis;
use crate::time::TimeRange;
use crate::translate;
use crate::translate::TranslateError;
use crate::translate::conditions;
use crate::translate::conditions::Kind;
use crate::translate::plan::Grid;
use crate::translate::plan::Instants;
use crate::translate::plan::RangeRead;
use crate::translate::window;

const BOUNDS: Bounds = Bounds {
    depth: limits::PROMQL_DEPTH,
    length: limits::PROMQL_TEXT,
};

/// A tilde query whose conditions are applied.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tilde {
    /// The text of the caller, under which it is not found.
    pub(super) name: String,
    /// The text that is sent.
    text: Spelled,
    /// Its vector selectors; none if it does not parse.
    pub(super) selectors: Vec<Spelled>,
}

/// Reads the text and the conditions beside it. `bucket` is the size of a bucket, if there are any.
///
/// # Errors
///
/// [`TranslateError::CannotApply`], and those of [`conditions::matchers`].
pub(super) fn read(
    text: &str,
    all: &[Condition],
    bucket: Option<Millis>,
    options: &QueryOptions,
) -> Result<Tilde, TranslateError> {
    let tilde = |sent: Spelled, selectors| Tilde {
        name: text.to_owned(),
        text: sent,
        selectors,
    };
    let sent = if options.tilde_variables {
        // Without buckets the step takes the place of their size.
        let step = interval(options);
        let width = bucket.unwrap_or(step);
        variables::substituted(text, width, width + step)
    } else {
        text.to_owned()
    };
    let mut beside = all.iter().filter(|c| Kind::of(&c.key).is_none()).peekable();
    let keys = |reason: String| TranslateError::CannotApply {
        keys: (all.iter().filter(|c| Kind::of(&c.key).is_none()))
            .map(|condition| condition.key.clone())
            .collect(),
        reason,
    };
    if beside.peek().is_none() || options.tilde_conditions == TildeConditions::Ignore {
        let selectors = conjoin::selectors(&sent, BOUNDS);
        return Ok(tilde(Spelled::of(sent, Origin::Tilde), selectors));
    }
    if options.tilde_conditions == TildeConditions::Reject {
        return Err(keys("since tilde_conditions is reject".to_owned()));
    }
    let matchers = conditions::matchers(all, Kind::Promql)?;
    match conjoin::conjoin(&sent, &matchers, BOUNDS) {
        Ok(conjoined) => Ok(tilde(conjoined.text, conjoined.selectors)),
        Err(ConjoinError::TooLong(size)) => Err(translate::too_long(size)),
        Err(error) => Err(keys(["which ", &error.to_string()].concat())),
    }
}

/// What the query is evaluated at, at most.
pub(super) fn interval(options: &QueryOptions) -> Millis {
    options.scrape_interval.unwrap_or(window::USUAL_INTERVAL)
}

impl Tilde {
    /// The text that is sent.
    pub(super) fn sent(&self) -> &str {
        &self.text.text
    }

    /// Its values for the buckets of `grid`.
    pub(super) fn folded(&self, grid: Grid, options: &QueryOptions) -> RangeRead {
        let step = window::inner_resolution(grid.width, interval(options));
        let instants = Instants {
            first: grid.first_start() + step,
            last: grid.last_end,
            step,
        };
        let steps = grid.width.get() / step.get();
        let group = usize::try_from(steps).unwrap_or(usize::MAX);
        self.at(instants, group, options)
    }

    /// Its values in `range`, for raw points; `None` if no instant lies there.
    pub(super) fn raw(&self, range: TimeRange, options: &QueryOptions) -> Option<RangeRead> {
        let step = interval(options);
        let instants = Instants {
            first: range.start.ceil_to(step),
            last: range.end.floor_to(step),
            step,
        };
        (instants.first <= instants.last).then(|| self.at(instants, 1, options))
    }

    fn at(&self, instants: Instants, group: usize, options: &QueryOptions) -> RangeRead {
        RangeRead {
            expr: self.text.text.clone(),
            fragments: self.text.fragments.clone(),
            instants,
            group,
            is_splittable: !conjoin::is_bound_to_range(&self.text.text),
            max_steps: options.max_steps,
            max_range: options.max_query_range,
        }
    }
}

#[cfg(test)]
mod tests;
