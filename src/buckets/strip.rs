//! The fast lane: the points of one call, written as its answer is read (performance.md, "From body
//! chunks to the answer").
//!
//! A strip is made before the backend is asked, for what the answer still has room for, and joined to
//! the [`Writer`](super::Writer) when the call is over. No value that is finite is read or printed.

use super::legacy::LegacyRows;
use super::nan::Finite;
use super::rows::Rows;
use crate::protocol::telemetry;
use crate::protocol::telemetry::Figure;
use crate::protocol::telemetry::Kind;
use crate::series::NumberText;
use crate::series::Want;
use crate::time::Millis;
use crate::time::TimeRange;
use crate::time::UnixMillis;
use crate::translate::plan::Instants;
use crate::translate::plan::Plan;
use crate::translate::plan::Read;
use crate::translate::plan::Reduction;
use crate::translate::plan::Several;

/// What is asked for in one call.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// These instants.
    Instants(Instants),
    /// The samples in this range, which are about so far apart.
    Samples(TimeRange, Millis),
    /// The first values of the legacy profile at these instants.
    Legacy(Instants),
}

/// Where the next call goes on.
#[derive(Clone, Debug)]
pub struct Start {
    /// How many points more the answer may hold.
    pub(super) room: usize,
    pub(super) last_raw: Option<UnixMillis>,
    pub(super) legacy: Option<LegacyRows>,
}

impl Start {
    /// As far behind as `strip` is, which comes before the next call.
    pub fn pass(&mut self, strip: &Strip) {
        self.room = self.room.saturating_sub(strip.points());
    }
}

/// The points of one call.
#[derive(Debug)]
pub struct Strip {
    pub(super) rows: Rows,
    pub(super) finite: Finite,
    pub(super) rule: Rule,
    /// The rule as it was before the first sample.
    fresh: Rule,
    pub(super) is_altered: bool,
}

/// Which samples become points, and where.
#[derive(Clone, Debug)]
pub(super) enum Rule {
    /// One at each instant at most.
    Instants {
        check: Check,
        /// The length of a bucket, which ends at its instant; zero for raw points.
        width: Millis,
        /// The first bucket that has no point so far, where each must have one.
        due: Option<UnixMillis>,
    },
    /// Those in a range, if they are new.
    Samples {
        range: TimeRange,
        /// The last one that was looked at.
        last: Option<UnixMillis>,
        skips_nan: bool,
    },
    /// As the predecessor did.
    Legacy(LegacyRows),
}

impl Strip {
    /// Where the points of one call of `plan` are written as they come; `None` if they must be computed.
    #[must_use]
    pub fn of(plan: &Plan, part: Part, start: &Start) -> Option<Self> {
        let (kind, rule, expected) = match (&plan.reduction, part) {
            (Reduction::Points, Part::Instants(instants)) => {
                let rule = Rule::Instants {
                    check: Check::new(instants),
                    width: Millis::ZERO,
                    due: None,
                };
                (Kind::Raw, rule, count(instants))
            }
            (
                Reduction::Buckets {
                    grid,
                    is_zero_filled,
                },
                Part::Instants(instants),
            ) => {
                debug_assert_eq!(grid.width, instants.step);
                let rule = Rule::Instants {
                    check: Check::new(instants),
                    width: grid.width,
                    due: is_zero_filled.then_some(instants.first),
                };
                (Kind::Aggregated, rule, count(instants))
            }
            (Reduction::Points, Part::Samples(range, interval)) => {
                let rule = Rule::Samples {
                    range,
                    last: start.last_raw,
                    skips_nan: skips_nan(plan),
                };
                let expected = range.end.since(range.start).get() / interval.get().max(1) + 1;
                (Kind::Raw, rule, usize::try_from(expected).unwrap_or(0))
            }
            (Reduction::Legacy { bucket, .. }, Part::Legacy(instants)) => {
                let kind = match bucket {
                    Some(_) => Kind::Aggregated,
                    None => Kind::Raw,
                };
                let rule = Rule::Legacy(start.legacy.clone()?);
                (kind, rule, count(instants))
            }
            _ => return None,
        };
        let finite = Finite::new(plan.nan, plan.inf);
        Some(Self::new(rule, kind, finite, start.room, expected))
    }

    /// No points yet, `room` at most and `expected` probably.
    fn new(rule: Rule, kind: Kind, finite: Finite, room: usize, expected: usize) -> Self {
        let each = telemetry::Rows::size(kind);
        let expected = expected.min(room).saturating_mul(each);
        Self {
            rows: Rows::new(kind, room, telemetry::Rows::BASE.saturating_add(expected)),
            finite,
            fresh: rule.clone(),
            rule,
            is_altered: false,
        }
    }

    /// The answer comes anew.
    pub fn restart(&mut self) {
        self.rows.clear();
        self.finite.restart();
        self.rule = self.fresh.clone();
        self.is_altered = false;
    }

    /// Takes a sample; whether more are wanted.
    #[inline]
    pub fn take(&mut self, at: UnixMillis, value: NumberText<'_>) -> Want {
        match &mut self.rule {
            Rule::Instants { check, width, due } => {
                if !check.admits(at) {
                    self.is_altered = true;
                    return Want::LabelsOnly;
                }
                let width = *width;
                if let Some(due) = due {
                    while *due < at && !self.rows.is_full() {
                        self.rows.push(Figure::Float(0.0), *due, width);
                        self.finite.fill();
                        *due = *due + width;
                    }
                    *due = at + width;
                }
                self.push(value, at, width);
            }
            Rule::Samples {
                range,
                last,
                skips_nan,
            } => {
                let is_new = last.is_none_or(|last| last < at);
                let is_asked = range.start <= at && at <= range.end;
                let is_stale = *skips_nan && value.plain().is_none() && value.as_f64().is_nan();
                if is_new && is_asked && !is_stale {
                    *last = Some(at);
                    self.push(value, at, Millis::ZERO);
                }
            }
            Rule::Legacy(legacy) => {
                let width = legacy.width();
                let place = legacy.place(at);
                let is_over = legacy.is_over();
                if let Some(at) = place {
                    self.push(value, at, width);
                }
                if is_over {
                    return Want::LabelsOnly;
                }
            }
        }
        if self.rows.is_full() {
            Want::LabelsOnly
        } else {
            Want::Samples
        }
    }

    /// Whether there is one point more than there was room for.
    #[must_use]
    pub fn is_full(&self) -> bool {
        match &self.rule {
            Rule::Legacy(legacy) => legacy.is_over(),
            Rule::Instants { .. } | Rule::Samples { .. } => self.rows.is_full(),
        }
    }

    /// How many points there are.
    #[must_use]
    pub fn points(&self) -> usize {
        self.rows.len()
    }

    /// How many bytes they take.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.rows.capacity()
    }

    /// The call is over: buckets behind the last value are empty.
    pub(super) fn close(&mut self) {
        if let Rule::Instants {
            check,
            width,
            due: Some(due),
        } = &mut self.rule
        {
            while *due <= check.instants.last && !self.rows.is_full() {
                self.rows.push(Figure::Float(0.0), *due, *width);
                self.finite.fill();
                *due = *due + *width;
            }
        }
    }

    #[inline]
    fn push(&mut self, value: NumberText<'_>, at: UnixMillis, width: Millis) {
        if self.rows.is_full() {
            return;
        }
        let figure = match value.plain() {
            Some((text, is_whole)) => Some(Figure::Text { text, is_whole }),
            None => (self.finite.admit(value.as_f64(), at - width)).map(Figure::Float),
        };
        if let Some(figure) = figure {
            self.rows.push(figure, at, width);
        }
    }
}

pub(super) fn skips_nan(plan: &Plan) -> bool {
    match (&plan.read, &plan.several) {
        (Read::Samples(read), _) | (_, Several::Pool { read, .. }) => read.skips_nan,
        _ => false,
    }
}

/// How many instants there are.
fn count(instants: Instants) -> usize {
    let steps = instants.last.since(instants.first).get() / instants.step.get();
    usize::try_from(steps).map_or(0, |steps| steps.saturating_add(1))
}

/// Each value at an instant that was asked for, and none twice (queries.md, "Sending").
#[derive(Clone, Debug)]
pub(super) struct Check {
    instants: Instants,
    before: Option<UnixMillis>,
}

impl Check {
    pub(super) fn new(instants: Instants) -> Self {
        Self {
            instants,
            before: None,
        }
    }

    #[inline]
    pub(super) fn admits(&mut self, at: UnixMillis) -> bool {
        let Instants { first, last, step } = self.instants;
        // Mostly the next instant, and then nothing needs to be divided.
        let is_asked = match self.before {
            Some(before) if at == before + step => true,
            Some(before) if at <= before => false,
            _ => first <= at && at.since(first).get() % step.get() == 0,
        };
        self.before = Some(at);
        is_asked && at <= last
    }
}
