//! How far our clock is off, as far as hosts have told us (connections.md, "AWS", clock).
//!
//! A signature holds for five minutes around the other side's time, so an offset is learned only
//! from a refusal that names the time, and only if it is worth it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant, SystemTime};

use aws_smithy_async::time::TimeSource;

use crate::time::UnixMillis;

/// Up to this a signature is accepted, whatever the refusal says.
const TOLERATED: Duration = Duration::from_secs(4 * 60);
/// How long an offset is believed: clocks are set right again.
const BELIEVED: Duration = Duration::from_secs(24 * 3600);
/// Most hosts that are remembered.
const MOST: usize = 256;

/// Our clock as one host would have it.
#[derive(Clone, Debug)]
pub(super) struct HostClock {
    pub(super) clock: fn() -> UnixMillis,
    pub(super) offsets: Arc<Offsets>,
    pub(super) host: String,
}

impl TimeSource for HostClock {
    fn now(&self) -> SystemTime {
        self.offsets
            .time(&self.host, system_time((self.clock)()), Instant::now())
    }
}

/// The same instant, as the SDK counts; 1970 if it is before that.
pub(super) fn system_time(instant: UnixMillis) -> SystemTime {
    let since = Duration::from_millis(u64::try_from(instant.get()).unwrap_or_default());
    SystemTime::UNIX_EPOCH + since
}

/// The time of a `Date`, which counts whole seconds: the middle of that second.
pub(super) fn date(text: &str) -> Option<SystemTime> {
    let second = httpdate::parse_http_date(text).ok()?;
    second.checked_add(Duration::from_millis(500))
}

/// By how much the other side's clock is ahead of ours, or behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::upstream) enum Offset {
    Ahead(Duration),
    Behind(Duration),
}

impl Offset {
    /// From `ours` to `theirs`.
    pub(super) fn between(ours: SystemTime, theirs: SystemTime) -> Self {
        theirs
            .duration_since(ours)
            .map_or_else(|error| Self::Behind(error.duration()), Self::Ahead)
    }

    /// How much it is, whichever way.
    pub(super) fn size(self) -> Duration {
        let (Self::Ahead(size) | Self::Behind(size)) = self;
        size
    }

    /// The same in seconds, negative if the other side is behind.
    pub(in crate::upstream) fn signed_seconds(self) -> i64 {
        let seconds = i64::try_from(self.seconds()).unwrap_or(i64::MAX);
        match self {
            Self::Ahead(_) => seconds,
            Self::Behind(_) => -seconds,
        }
    }

    /// The same in seconds, for a person.
    pub(super) fn seconds(self) -> u64 {
        (self.size() + Duration::from_millis(500)).as_secs()
    }

    fn corrected(self, time: SystemTime) -> SystemTime {
        match self {
            Self::Ahead(by) => time.checked_add(by),
            Self::Behind(by) => time.checked_sub(by),
        }
        .unwrap_or(time)
    }
}

/// The offsets of hosts.
#[derive(Debug, Default)]
pub(super) struct Offsets(Mutex<HashMap<String, (Offset, Instant)>>);

impl Offsets {
    /// `ours` as `host` sees it.
    pub(super) fn time(&self, host: &str, ours: SystemTime, now: Instant) -> SystemTime {
        let offsets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let offset = offsets.get(host);
        let offset = offset.filter(|(_, since)| now.duration_since(*since) < BELIEVED);
        offset.map_or(ours, |(offset, _)| offset.corrected(ours))
    }

    /// Takes notice that `host`, which says that a signature is too old or too young, has the time
    /// `theirs`. True if a signature with the time that is now known may be accepted.
    pub(super) fn learn(
        &self,
        host: &str,
        theirs: SystemTime,
        ours: SystemTime,
        now: Instant,
    ) -> bool {
        let signed = self.time(host, ours, now);
        if Offset::between(signed, theirs).size() <= TOLERATED {
            return false;
        }
        let mut offsets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        offsets.retain(|_, (_, since)| now.duration_since(*since) < BELIEVED);
        // Forgetting costs one repeat, so a crowd of hosts need not be kept in order.
        if offsets.len() >= MOST {
            offsets.clear();
        }
        offsets.insert(host.to_owned(), (Offset::between(ours, theirs), now));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "aps-workspaces.eu-west-1.amazonaws.com:443";

    fn ours() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
    }

    fn minutes(minutes: u64) -> Duration {
        Duration::from_secs(60 * minutes)
    }

    #[test]
    fn a_quarter_of_an_hour_either_way_is_learned() {
        for theirs in [ours() + minutes(15), ours() - minutes(15)] {
            let offsets = Offsets::default();
            let now = Instant::now();
            assert!(offsets.learn(HOST, theirs, ours(), now));
            assert_eq!(offsets.time(HOST, ours(), now), theirs);
            assert_eq!(
                offsets.time(HOST, ours() + minutes(1), now),
                theirs + minutes(1)
            );
        }
    }

    #[test]
    fn four_minutes_are_not() {
        let offsets = Offsets::default();
        let now = Instant::now();
        assert!(!offsets.learn(HOST, ours() + minutes(4), ours(), now));
        assert!(!offsets.learn(HOST, ours() - minutes(4), ours(), now));
        assert_eq!(offsets.time(HOST, ours(), now), ours());
    }

    #[test]
    fn what_was_learned_and_did_not_help_is_not_learned_again() {
        let offsets = Offsets::default();
        let now = Instant::now();
        assert!(offsets.learn(HOST, ours() + minutes(15), ours(), now));
        assert!(!offsets.learn(HOST, ours() + minutes(15), ours(), now));
    }

    #[test]
    fn a_clock_that_is_set_right_is_learned_anew() {
        let offsets = Offsets::default();
        let now = Instant::now();
        assert!(offsets.learn(HOST, ours() + minutes(15), ours(), now));
        let ours = ours() + minutes(15);
        assert!(offsets.learn(HOST, ours, ours, now));
        assert_eq!(offsets.time(HOST, ours, now), ours);
    }

    #[test]
    fn an_offset_is_believed_for_a_day_and_of_one_host() {
        let offsets = Offsets::default();
        let now = Instant::now();
        offsets.learn(HOST, ours() + minutes(15), ours(), now);
        assert_eq!(offsets.time("another", ours(), now), ours());
        let nearly = now + BELIEVED - Duration::from_secs(1);
        assert_ne!(offsets.time(HOST, ours(), nearly), ours());
        assert_eq!(offsets.time(HOST, ours(), now + BELIEVED), ours());
    }

    #[test]
    fn a_difference_is_told_in_whole_seconds() {
        let theirs = date("Tue, 14 Nov 2023 22:15:20 GMT").unwrap();
        let late = |millis| Offset::between(ours() + Duration::from_millis(millis), theirs);
        assert_eq!(late(0).seconds(), 121);
        assert_eq!(late(1).seconds(), 120);
        assert_eq!(late(999).seconds(), 120);
        assert_eq!(date("yesterday"), None);
    }

    #[test]
    fn a_crowd_of_hosts_is_not_remembered_for_ever() {
        let offsets = Offsets::default();
        let now = Instant::now();
        for n in 0..1_000 {
            offsets.learn(&n.to_string(), ours() + minutes(15), ours(), now);
        }
        assert!(offsets.0.lock().unwrap().len() <= MOST);
    }
}
