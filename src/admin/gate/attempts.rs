//! Wrong tokens, which may not be tried for ever: ten a minute from one peer (experience.md, "Admin
//! listener and its JSON").

use std::collections::HashMap;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use crate::caller::household;

/// How many wrong ones in which time.
const WRONG: (usize, Duration) = (10, Duration::from_secs(60));
/// Most peers that are remembered. Beyond, all others share ten.
const MOST: usize = 1_024;

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// The token is the right one.
    Right,
    /// It is not.
    Wrong,
    /// It was not looked at, or else one could go on guessing: so long there is nothing to try.
    TooSoon(Duration),
}

/// When which peer last said wrong tokens.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<HashMap<Option<IpAddr>, VecDeque<Instant>>>);

impl Attempts {
    /// Lets `peer` try at `now`, whose token `is_right` judges.
    pub(super) fn attempt(
        &self,
        peer: IpAddr,
        now: Instant,
        is_right: impl FnOnce() -> bool,
    ) -> Attempt {
        let mut wrong = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = Some(household(peer.to_canonical()));
        let key = if wrong.contains_key(&key) || has_room(&mut wrong, now) {
            key
        } else {
            None
        };
        if let Some(times) = wrong.get_mut(&key) {
            forget(times, now);
            if let Some(first) = times.front().filter(|_| times.len() >= WRONG.0) {
                return Attempt::TooSoon(WRONG.1 - now.saturating_duration_since(*first));
            }
        }
        if is_right() {
            return Attempt::Right;
        }
        wrong.entry(key).or_default().push_back(now);
        Attempt::Wrong
    }
}

/// Whether another peer can be remembered, if need be in the place of those that are forgotten.
fn has_room(wrong: &mut HashMap<Option<IpAddr>, VecDeque<Instant>>, now: Instant) -> bool {
    if wrong.len() >= MOST {
        wrong.retain(|_, times| {
            forget(times, now);
            !times.is_empty()
        });
    }
    wrong.len() < MOST
}

fn forget(times: &mut VecDeque<Instant>, now: Instant) {
    while let Some(first) = times.front()
        && now.saturating_duration_since(*first) >= WRONG.1
    {
        times.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn v4(number: u32) -> IpAddr {
        Ipv4Addr::from(number).into()
    }

    fn wrong(attempts: &Attempts, peer: IpAddr, now: Instant) -> Attempt {
        attempts.attempt(peer, now, || false)
    }

    #[test]
    fn the_eleventh_within_a_minute_is_not_looked_at_be_it_right() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        for second in 0..10 {
            let now = start + Duration::from_secs(second);
            assert_eq!(wrong(&attempts, v4(1), now), Attempt::Wrong);
        }
        let now = start + Duration::from_secs(20);
        let unlooked = || -> bool { unreachable!() };
        let soon = attempts.attempt(v4(1), now, unlooked);
        assert_eq!(soon, Attempt::TooSoon(Duration::from_secs(40)));
        assert_eq!(attempts.attempt(v4(2), now, || true), Attempt::Right);
        // One is forgotten at a time, so that there are never more than ten in any minute.
        let now = start + MINUTE;
        assert_eq!(wrong(&attempts, v4(1), now), Attempt::Wrong);
        let soon = attempts.attempt(v4(1), now, unlooked);
        assert_eq!(soon, Attempt::TooSoon(Duration::from_secs(1)));
        let now = start + MINUTE + Duration::from_secs(1);
        assert_eq!(attempts.attempt(v4(1), now, || true), Attempt::Right);
    }

    #[test]
    fn right_ones_do_not_count() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        for _ in 0..100 {
            assert_eq!(attempts.attempt(v4(1), now, || true), Attempt::Right);
        }
        assert!(attempts.0.lock().unwrap().is_empty());
    }

    #[test]
    fn whoever_can_change_its_address_at_will_is_one_peer() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        let soon = Attempt::TooSoon(MINUTE);
        for host in 0..10_u32 {
            let peer = format!("2001:db8::{host:x}").parse().unwrap();
            assert_eq!(wrong(&attempts, peer, now), Attempt::Wrong);
        }
        assert_eq!(
            wrong(&attempts, "2001:db8::ffff".parse().unwrap(), now),
            soon
        );
        let other = "2001:db8:0:1::1".parse().unwrap();
        assert_eq!(wrong(&attempts, other, now), Attempt::Wrong);
        // However an IPv4 address is written.
        for _ in 0..10 {
            wrong(&attempts, v4(1), now);
        }
        assert_eq!(
            wrong(&attempts, "::ffff:0.0.0.1".parse().unwrap(), now),
            soon
        );
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_rest_share() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        let most = u32::try_from(MOST).unwrap();
        for peer in 0..most + 10 {
            assert_eq!(wrong(&attempts, v4(peer), now), Attempt::Wrong);
        }
        let soon = Attempt::TooSoon(MINUTE);
        assert_eq!(wrong(&attempts, v4(most + 10), now), soon);
        assert_eq!(wrong(&attempts, v4(0), now), Attempt::Wrong);
        assert_eq!(attempts.0.lock().unwrap().len(), MOST + 1);
        // Once they are forgotten there is room again.
        assert_eq!(wrong(&attempts, v4(9 * most), now + MINUTE), Attempt::Wrong);
        assert_eq!(attempts.0.lock().unwrap().len(), 1);
    }
}
