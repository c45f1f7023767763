//! The circuit breaker of one backend (reliability.md, "Circuit breaker"): a pure state machine,
//! which gets the time and randomness as arguments.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// So many failures in a row open it.
const IN_A_ROW: u32 = 5;
/// Or more than half of the verdicts within this time, if there are so many.
const WINDOW: Duration = Duration::from_secs(10);
const ENOUGH: u32 = 20;
/// Verdicts this close together are kept as one count, so that the window stays small under load.
const GRAIN: Duration = Duration::from_millis(100);
/// How long it stays open at first and at most, 20 % more or less.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);
/// Closed for so long, it begins with the shortest again.
const RESET: Duration = Duration::from_secs(60);
/// A probe that has no head of an answer by then has failed, for the time being.
pub(super) const PROBE_HEAD: Duration = Duration::from_secs(5);

/// What a call showed of the backend, after its repeats. A call that shows nothing has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict<E> {
    /// It answered.
    Success,
    /// It did not, and that is why.
    Failure(E),
}

/// What it shows on the outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shown {
    /// Calls go through.
    Closed,
    /// One call finds out whether they can again.
    Probing,
    /// None goes through.
    Open,
}

/// Why a call does not go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused<E> {
    /// Failures in a row so far.
    pub(super) failures: u32,
    /// The last of them.
    pub(super) last: E,
    /// When a call may be the next to try, at the latest as far as that is known.
    pub(super) next: Duration,
}

/// What lets a call through. It comes back with the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Permit {
    number: u64,
    /// How often the breaker had opened by then: what is older than its last opening says nothing
    /// about the time after it.
    opened: u64,
    pub(super) is_probe: bool,
}

/// The breaker. `E` is what a failure was.
#[derive(Debug)]
pub(super) struct Breaker<E> {
    state: State,
    /// Permits that were given.
    permits: u64,
    opened: u64,
    failures: u32,
    last: Option<E>,
    window: VecDeque<Grain>,
    /// How long it is open the next time, without the random part.
    interval: Duration,
}

#[derive(Debug)]
enum State {
    Closed { since: Instant },
    Open { until: Instant },
    Probing { number: u64, since: Instant },
}

#[derive(Debug)]
struct Grain {
    start: Instant,
    calls: u32,
    failures: u32,
}

impl<E: Clone> Breaker<E> {
    /// Closed.
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            state: State::Closed { since: now },
            permits: 0,
            opened: 0,
            failures: 0,
            last: None,
            window: VecDeque::new(),
            interval: SHORTEST,
        }
    }

    pub(super) const fn shown(&self) -> Shown {
        match self.state {
            State::Closed { .. } => Shown::Closed,
            State::Probing { .. } => Shown::Probing,
            State::Open { .. } => Shown::Open,
        }
    }

    /// Whether a call would be refused at `now`.
    pub(super) fn refuses(&self, now: Instant) -> Option<Refused<E>> {
        let next = match self.state {
            State::Closed { .. } => return None,
            State::Open { until } => until.saturating_duration_since(now),
            State::Probing { since, .. } => (since + PROBE_HEAD)
                .saturating_duration_since(now)
                .max(SHORTEST),
        };
        let last = self.last.clone()?;
        let refused = Refused {
            failures: self.failures,
            last,
            next,
        };
        (!next.is_zero()).then_some(refused)
    }

    /// Lets a call through, as the probe if the breaker is not closed.
    pub(super) fn admit(&mut self, now: Instant) -> Result<Permit, Refused<E>> {
        match self.refuses(now) {
            Some(refused) => Err(refused),
            None => Ok(self.permit(now)),
        }
    }

    /// Lets a call through in any case: who asks "now?" gets the truth of now. It is a probe, beside
    /// the one that may be under way.
    pub(super) fn admit_anyhow(&mut self, now: Instant) -> Permit {
        self.permit(now)
    }

    fn permit(&mut self, now: Instant) -> Permit {
        let number = self.permits;
        self.permits += 1;
        let is_probe = !matches!(self.state, State::Closed { .. });
        if let State::Open { .. } = self.state {
            self.state = State::Probing { number, since: now };
        }
        Permit {
            number,
            opened: self.opened,
            is_probe,
        }
    }

    /// The call of `permit` has ended. `random` is within `0.0..1.0`.
    pub(super) fn judge(
        &mut self,
        permit: Permit,
        verdict: Option<Verdict<E>>,
        now: Instant,
        random: f64,
    ) {
        let is_the_probe = self.is_the_probe(permit);
        match verdict {
            Some(Verdict::Success) if permit.is_probe => self.close(now),
            Some(Verdict::Failure(last)) if is_the_probe => {
                self.failures = self.failures.saturating_add(1);
                self.last = Some(last);
                self.open(now, random);
            }
            // Its place is free, and its time was over when it began.
            None if is_the_probe => self.state = State::Open { until: now },
            Some(verdict) if !permit.is_probe && permit.opened == self.opened => {
                self.count(verdict, now, random);
            }
            Some(_) | None => {}
        }
    }

    /// The probe of `permit` has no head of an answer [`PROBE_HEAD`] after it began: the breaker is
    /// open again, and a late success still closes it.
    pub(super) fn overdue(&mut self, permit: Permit, last: E, now: Instant, random: f64) {
        if self.is_the_probe(permit) {
            self.failures = self.failures.saturating_add(1);
            self.last = Some(last);
            self.open(now, random);
        }
    }

    fn is_the_probe(&self, permit: Permit) -> bool {
        matches!(self.state, State::Probing { number, .. } if number == permit.number)
    }

    /// A verdict while it is closed.
    fn count(&mut self, verdict: Verdict<E>, now: Instant, random: f64) {
        self.window
            .retain(|grain| now.saturating_duration_since(grain.start) < WINDOW);
        if self.window.back().is_none_or(|it| now >= it.start + GRAIN) {
            self.window.push_back(Grain {
                start: now,
                calls: 0,
                failures: 0,
            });
        }
        let is_failure = matches!(verdict, Verdict::Failure(_));
        if let Some(grain) = self.window.back_mut() {
            grain.calls += 1;
            grain.failures += u32::from(is_failure);
        }
        let Verdict::Failure(last) = verdict else {
            self.failures = 0;
            return;
        };
        self.failures = self.failures.saturating_add(1);
        self.last = Some(last);
        let calls: u32 = self.window.iter().map(|grain| grain.calls).sum();
        let failures: u32 = self.window.iter().map(|grain| grain.failures).sum();
        if self.failures >= IN_A_ROW || (calls >= ENOUGH && failures * 2 > calls) {
            if let State::Closed { since } = self.state
                && now >= since + RESET
            {
                self.interval = SHORTEST;
            }
            self.open(now, random);
        }
    }

    fn open(&mut self, now: Instant, random: f64) {
        let length = self.interval.mul_f64(0.8 + 0.4 * random);
        self.state = State::Open {
            until: now + length,
        };
        self.interval = (self.interval * 2).min(LONGEST);
        self.opened += 1;
        self.window.clear();
    }

    fn close(&mut self, now: Instant) {
        self.failures = 0;
        if !matches!(self.state, State::Closed { .. }) {
            self.state = State::Closed { since: now };
        }
    }

    /// How often it has opened so far.
    pub(super) const fn opened(&self) -> u64 {
        self.opened
    }
}

#[cfg(test)]
mod tests;
