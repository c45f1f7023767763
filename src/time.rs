//! Instants and lengths of time, with the unit in the type.
//!
//! The Mirror API, the translation and the buckets all count whole milliseconds; seconds and
//! floats exist only on the wire. Nothing here reads a clock: "now" is always an argument.

use std::fmt;
use std::ops::{Add, Sub};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// An instant: whole milliseconds since 1970, UTC.
///
/// Instants from a caller lie within `0..=MAX` (checked by `protocol`), so that sums with any
/// [`Millis`] of this program stay far inside `i64`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(i64);

impl UnixMillis {
    /// The largest instant that is accepted from a caller: 2^53 - 1, the last integer that every
    /// JSON reader agrees on.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// The instant `millis` milliseconds after 1970 (before it, if negative).
    #[must_use]
    pub const fn new(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The last multiple of `step` since 1970 at or before this instant. `step` is positive.
    #[must_use]
    pub const fn floor_to(self, step: Millis) -> Self {
        Self(self.0.div_euclid(step.0) * step.0)
    }

    /// The first multiple of `step` since 1970 at or after this instant. `step` is positive.
    #[must_use]
    pub const fn ceil_to(self, step: Millis) -> Self {
        Self((self.0 + step.0 - 1).div_euclid(step.0) * step.0)
    }

    /// The instant as RFC 3339 in UTC, with as many decimals as it has: none or three.
    #[must_use]
    pub fn rfc3339(self) -> String {
        let millis = self.0;
        // Days since the first of March of the year 0, so that a leap day is the last of its year.
        let day = millis.div_euclid(86_400_000) + 719_468;
        let era = day.div_euclid(146_097);
        let of_era = day.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let date = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 {
            shifted + 3
        } else {
            shifted - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let rest = millis.rem_euclid(86_400_000);
        let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
        let (second, fraction) = (rest / 1_000 % 60, rest % 1_000);
        let decimals = match fraction {
            0 => String::new(),
            fraction => format!(".{fraction:03}"),
        };
        format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}{decimals}Z")
    }

    /// How long this instant is after `earlier`; negative if it is before it.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Millis {
        Millis(self.0 - earlier.0)
    }
}

impl Add<Millis> for UnixMillis {
    type Output = Self;
    fn add(self, length: Millis) -> Self {
        Self(self.0 + length.0)
    }
}

impl Sub<Millis> for UnixMillis {
    type Output = Self;
    fn sub(self, length: Millis) -> Self {
        Self(self.0 - length.0)
    }
}

/// Printed as Prometheus reads a time: seconds with exactly three decimals, for example
/// `1700000000.001`. Three decimals arrive exactly (queries.md, "Ground facts about backends").
impl fmt::Display for UnixMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let millis = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:03}", millis / 1000, millis % 1000)
    }
}

/// A length of time in whole milliseconds: a bucket, a step, a window, an interval.
///
/// `PromQL` and the Mirror API know no finer length, so this is what the translation computes with;
/// timeouts are [`Duration`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(i64);

impl Millis {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// One millisecond.
    pub const ONE: Self = Self(1);
    /// One minute.
    pub const MINUTE: Self = Self(60_000);
    /// One hour.
    pub const HOUR: Self = Self(3_600_000);
    /// Twenty-four hours.
    pub const DAY: Self = Self(86_400_000);

    /// A length of `millis` milliseconds.
    #[must_use]
    pub const fn new(millis: i64) -> Self {
        Self(millis)
    }

    /// A length of `seconds` seconds.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds * 1000)
    }

    /// The number of milliseconds.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// This length `count` times, or the longest length there is.
    #[must_use]
    pub const fn times(self, count: i64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// The length in seconds, for arithmetic on rates.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "lengths of this program are far below 2^53 ms"
    )]
    pub const fn seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

impl Add for Millis {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Millis {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

/// Saturates at the longest length there is.
impl From<Duration> for Millis {
    fn from(length: Duration) -> Self {
        Self(i64::try_from(length.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Printed as `PromQL` and the `step` parameter read it: `60000ms`, never a float and never a
/// larger unit (queries.md, "Sending": `step=1.001` evaluates every second on all Prometheus
/// versions, `1001ms` is right).
impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", self.0)
    }
}

/// A range of instants; both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeRange {
    /// The first instant.
    pub start: UnixMillis,
    /// The last instant, never before `start` where the range comes from a request.
    pub end: UnixMillis,
}

impl TimeRange {
    /// The range with `margin` added on both sides, not before 1970.
    #[must_use]
    pub fn widened(self, margin: Millis) -> Self {
        Self {
            start: (self.start - margin).max(UnixMillis::new(0)),
            end: self.end + margin,
        }
    }
}

/// The one deadline of a request (reliability.md, "One deadline per request").
///
/// Backend work ends a reserve before the caller's own timeout, so that the caller reads a typed
/// answer instead of meeting that timeout.
///
/// It can be put off while work is under way: that of a call which several requests wait for is the
/// latest of theirs (performance.md, "Coalescing").
#[derive(Debug)]
pub struct Deadline {
    started: Instant,
    /// In nanoseconds, of which 64 bits hold five centuries.
    length: AtomicU64,
}

impl Deadline {
    /// A deadline `length` after `started`.
    #[must_use]
    pub fn new(started: Instant, length: Duration) -> Self {
        Self {
            started,
            length: AtomicU64::new(nanos(length)),
        }
    }

    /// How long the request may take from its start.
    #[must_use]
    pub fn length(&self) -> Duration {
        Duration::from_nanos(self.length.load(Ordering::Relaxed))
    }

    /// Puts the deadline off to `other`, if that is later.
    pub fn put_off_to(&self, other: &Self) {
        let later = (other.started + other.length()).saturating_duration_since(self.started);
        self.length.fetch_max(nanos(later), Ordering::Relaxed);
    }

    /// When work on the backend must have ended: the deadline less a reserve of 5 % of its length,
    /// within 100..=500 ms.
    #[must_use]
    pub fn work_ends(&self) -> Instant {
        let length = self.length();
        let reserve = (length / 20).clamp(Duration::from_millis(100), Duration::from_millis(500));
        self.started + length.saturating_sub(reserve)
    }

    /// Whether backend work ends within 200 ms of `now`. A backend that gives up in time for its
    /// answer to arrive does so some 100 ms before the work ends.
    #[must_use]
    pub fn is_nearly_over(&self, now: Instant) -> bool {
        self.remaining(now) <= Duration::from_millis(200)
    }

    /// How much time backend work still has at `now`; zero when it is over.
    #[must_use]
    pub fn remaining(&self, now: Instant) -> Duration {
        self.work_ends().saturating_duration_since(now)
    }
}

/// A copy is put off on its own.
impl Clone for Deadline {
    fn clone(&self) -> Self {
        Self::new(self.started, self.length())
    }
}

fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_printed_as_seconds_with_three_decimals() {
        assert_eq!(
            UnixMillis::new(1_700_000_000_001).to_string(),
            "1700000000.001"
        );
        assert_eq!(UnixMillis::new(0).to_string(), "0.000");
        assert_eq!(UnixMillis::new(-1).to_string(), "-0.001");
    }

    #[test]
    fn flooring_and_ceiling_meet_on_a_multiple() {
        let on = UnixMillis::new(1_699_999_200_000);
        assert_eq!(on.floor_to(Millis::HOUR), on);
        assert_eq!(on.ceil_to(Millis::HOUR), on);
        assert_eq!((on + Millis::ONE).ceil_to(Millis::HOUR), on + Millis::HOUR);
        assert_eq!((on - Millis::ONE).floor_to(Millis::HOUR), on - Millis::HOUR);
    }

    #[test]
    fn the_reserve_stays_between_a_tenth_and_half_a_second() {
        let started = Instant::now();
        let reserve = |length| {
            let deadline = Deadline::new(started, length);
            (started + length) - deadline.work_ends()
        };
        assert_eq!(reserve(Duration::from_secs(1)), Duration::from_millis(100));
        assert_eq!(reserve(Duration::from_secs(4)), Duration::from_millis(200));
        assert_eq!(reserve(Duration::from_secs(60)), Duration::from_millis(500));
    }

    #[test]
    fn a_deadline_is_put_off_to_the_latest_and_never_drawn_near() {
        let started = Instant::now();
        let after = |seconds| started + Duration::from_secs(seconds);
        let deadline = Deadline::new(started, Duration::from_secs(10));
        let copy = deadline.clone();
        deadline.put_off_to(&Deadline::new(after(3), Duration::from_secs(10)));
        deadline.put_off_to(&Deadline::new(after(1), Duration::from_secs(2)));
        assert_eq!(deadline.length(), Duration::from_secs(13));
        assert_eq!(deadline.work_ends(), after(13) - Duration::from_millis(500));
        assert_eq!(copy.length(), Duration::from_secs(10));
    }
}
