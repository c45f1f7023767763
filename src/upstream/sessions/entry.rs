//! What is known under one key, and what follows from it: pure decisions, the time is an argument.

use std::time::Duration;

use tokio::time::Instant;

use crate::caller::Caller;
use crate::upstream::sessions::Held;
use crate::upstream::sessions::LoadError;
use crate::upstream::sessions::Loaded;
use crate::upstream::sessions::Outcome;

/// How long before its end a session is no longer used, or a tenth of its life if that is less: a
/// token can be made for seconds.
const UNUSABLE: Duration = Duration::from_secs(5);
/// A session is renewed this long before its end, or a fifth of its life if that is less. With a
/// margin near the life of a session every request would renew it.
const MARGIN: Duration = Duration::from_secs(300);
/// How long a refusal is answered from memory.
const REFUSAL: Duration = Duration::from_secs(10);
/// The shortest and the longest wait after a load that failed.
const BACK_OFF: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(30)];
/// How far loads begin apart.
const APART: Duration = Duration::from_secs(1);
/// How far forced renewals are apart.
const FORCED_APART: Duration = Duration::from_secs(60);

/// What is known under one key.
#[derive(Debug)]
pub(super) struct Entry<V, E> {
    /// Who had it made.
    pub(super) owner: Caller,
    /// When it was last asked for.
    pub(super) used: Instant,
    session: Option<Session<V>>,
    failure: Option<Failure<E>>,
    load: Option<Running<V, E>>,
    /// When the last load began.
    begun: Option<Instant>,
    /// When a renewal was last forced.
    forced: Option<Instant>,
}

#[derive(Debug)]
struct Session<V> {
    held: Held<V>,
    /// When a renewal is due.
    due: Instant,
    /// From when on it is no longer used.
    until: Instant,
}

#[derive(Debug)]
struct Failure<E> {
    error: E,
    /// How many loads have failed, one after the other.
    count: u32,
    /// Until when there is no further one.
    until: Instant,
}

#[derive(Debug)]
struct Running<V, E> {
    serial: u64,
    outcome: Outcome<V, E>,
}

/// What is to be done for one who asks.
#[derive(Debug)]
pub(super) enum Next<V, E> {
    /// Take this.
    Have(Held<V>),
    /// Take this, and begin a load.
    HaveAndRenew(Held<V>),
    /// There is a load; wait for it.
    Wait(Outcome<V, E>),
    /// Begin a load and wait for it.
    Load,
    /// The last load failed, and it is too soon for the next one.
    Refused(E),
}

impl<V: Clone, E: LoadError> Entry<V, E> {
    pub(super) fn new(owner: Caller, now: Instant) -> Self {
        Self {
            owner,
            used: now,
            session: None,
            failure: None,
            load: None,
            begun: None,
            forced: None,
        }
    }

    pub(super) fn next(&self, now: Instant) -> Next<V, E> {
        let is_quiet = self.failure.as_ref().is_none_or(|it| it.until <= now);
        if let Some(session) = self.usable(now) {
            let held = session.held.clone();
            let is_due = session.due <= now && self.running().is_none() && is_quiet;
            return if is_due {
                Next::HaveAndRenew(held)
            } else {
                Next::Have(held)
            };
        }
        match (self.running(), &self.failure) {
            (Some(running), _) => Next::Wait(running.outcome.clone()),
            (None, Some(failure)) if !is_quiet => Next::Refused(failure.error.clone()),
            (None, _) => Next::Load,
        }
    }

    /// What is to be done for one whose session, that of `serial`, the other side does not take.
    /// `None`: nothing can be done so soon.
    pub(super) fn next_after(&mut self, serial: u64, now: Instant) -> Option<Next<V, E>> {
        let newest = self.session.as_ref().map(|session| session.held.serial);
        if newest != Some(serial) {
            return Some(self.next(now));
        }
        if let Some(running) = self.running() {
            return Some(Next::Wait(running.outcome.clone()));
        }
        if self
            .forced
            .is_some_and(|forced| now < forced + FORCED_APART)
        {
            return None;
        }
        self.forced = Some(now);
        Some(Next::Load)
    }

    /// Notes that load `serial` runs; when it is to begin, and the session that it is to replace.
    pub(super) fn begin(
        &mut self,
        serial: u64,
        now: Instant,
        outcome: Outcome<V, E>,
    ) -> (Instant, Option<V>) {
        let at = self.begun.map_or(now, |begun| now.max(begun + APART));
        self.begun = Some(at);
        self.load = Some(Running { serial, outcome });
        let session = self.session.as_ref();
        (at, session.map(|session| session.held.value.clone()))
    }

    /// Notes how load `serial` ended, if it is still this entry's. `random` is within `0.0..1.0`.
    pub(super) fn settle(
        &mut self,
        serial: u64,
        ended: &Result<Loaded<V>, E>,
        now: Instant,
        random: f64,
    ) {
        if self.load.as_ref().is_none_or(|load| load.serial != serial) {
            return;
        }
        self.load = None;
        match ended {
            Ok(loaded) => {
                self.failure = None;
                self.session = Some(Session {
                    held: Held {
                        value: loaded.value.clone(),
                        serial,
                    },
                    due: now + due(loaded.lifetime, random),
                    until: now + usable(loaded.lifetime),
                });
            }
            Err(error) => {
                let count = self.failure.as_ref().map_or(0, |failure| failure.count);
                let wait = if self.usable(now).is_none() && error.is_refusal() {
                    REFUSAL
                } else {
                    back_off(count, random)
                };
                self.failure = Some(Failure {
                    error: error.clone(),
                    count: count.saturating_add(1),
                    until: now + wait,
                });
            }
        }
    }

    /// Whether there is a session to be used, or somebody waits for one.
    pub(super) fn is_needed(&self, now: Instant) -> bool {
        self.usable(now).is_some() || self.running().is_some()
    }

    fn usable(&self, now: Instant) -> Option<&Session<V>> {
        let session = self.session.as_ref();
        session.filter(|session| now < session.until)
    }

    /// The load that runs. One whose task has ended without a word, by a panic, does not.
    fn running(&self) -> Option<&Running<V, E>> {
        let load = self.load.as_ref();
        load.filter(|load| load.outcome.has_changed().is_ok())
    }
}

/// How long after its arrival a session is used.
fn usable(lifetime: Duration) -> Duration {
    lifetime - UNUSABLE.min(lifetime / 10)
}

/// After how long a session that lasts `lifetime` is to be renewed.
fn due(lifetime: Duration, random: f64) -> Duration {
    let margin = MARGIN.min(lifetime / 5);
    lifetime - margin + (margin / 4).mul_f64(random)
}

/// How long to wait after the failure that follows `count` others: twice as long each time, and
/// between a half and the whole of it, so that those who failed together do not come back together.
fn back_off(count: u32, random: f64) -> Duration {
    let [shortest, longest] = BACK_OFF;
    let whole = (shortest * 2_u32.saturating_pow(count.min(5))).min(longest);
    (whole / 2 + (whole / 2).mul_f64(random)).max(shortest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_session_of_900_s_is_renewed_after_720_to_765_s() {
        assert_eq!(due(seconds(900), 0.0), seconds(720));
        assert_eq!(due(seconds(900), 1.0), seconds(765));
    }

    #[test]
    fn a_session_is_used_until_5_s_before_its_end_and_a_short_one_for_most_of_its_life() {
        assert_eq!(usable(seconds(900)), seconds(895));
        assert_eq!(usable(seconds(50)), seconds(45));
        assert_eq!(usable(seconds(10)), seconds(9));
        assert_eq!(usable(seconds(0)), seconds(0));
    }

    #[test]
    fn the_margin_is_at_most_five_minutes() {
        assert_eq!(due(seconds(3600), 0.0), seconds(3300));
        assert_eq!(due(seconds(43_200), 1.0), seconds(42_975));
        assert_eq!(due(seconds(1_500), 0.0), seconds(1_200));
    }

    #[test]
    fn failures_are_followed_by_1_to_30_s() {
        let waits: Vec<_> = (0..8).map(|count| back_off(count, 1.0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(back_off(0, 0.0), seconds(1));
        assert_eq!(back_off(3, 0.0), seconds(4));
        assert_eq!(back_off(u32::MAX, 0.0), seconds(15));
    }
}
