//! Who was not accepted, and whether that is to be logged: once a minute for each source, or anybody
//! could fill the log.

use std::collections::HashMap;
use std::net::IpAddr;
use std::net::Ipv6Addr;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// How long a source is not logged again.
const QUIET: Duration = Duration::from_secs(60);
/// Most sources that are remembered. Beyond, all others share one line a minute.
const MOST: usize = 1_024;

/// A request of somebody who is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which proof did not hold. It is counted and logged, and never answered.
    pub reason: Reason,
    /// Where the request came from, as far as that is known.
    pub source: IpAddr,
}

/// Which proof did not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// On loopback, something says that the request was carried there.
    NotLocal,
    /// `X-Forwarded-For` of a trusted proxy cannot be read.
    Forwarded,
    /// The source is in none of `allowed_callers`.
    Source,
    /// The certificate is none of a known caller.
    Certificate,
    /// A token is needed, and the body that would hold it cannot be read.
    Body,
    /// No token, or one that no caller has.
    Token,
}

/// When sources were last logged.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<HashMap<Option<IpAddr>, Instant>>);

impl Refusals {
    /// Whether a refusal of `source` is to be logged at `now`; then it is logged.
    #[must_use]
    pub fn is_due(&self, source: IpAddr, now: Instant) -> bool {
        let is_quiet = |since: &Instant| now.saturating_duration_since(*since) < QUIET;
        let mut logged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = Some(household(source));
        if !logged.contains_key(&key) && logged.len() >= MOST {
            logged.retain(|_, since| is_quiet(since));
            if logged.len() >= MOST {
                key = None;
            }
        }
        if logged.get(&key).is_some_and(is_quiet) {
            return false;
        }
        logged.insert(key, now);
        true
    }
}

/// The source as one who can change its address at will has it: of IPv6 the first half.
#[must_use]
pub fn household(source: IpAddr) -> IpAddr {
    match source {
        IpAddr::V4(_) => source,
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            Ipv6Addr::from(network).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn v4(number: u32) -> IpAddr {
        Ipv4Addr::from(number).into()
    }

    #[test]
    fn a_source_is_logged_once_a_minute() {
        let (refusals, now) = (Refusals::default(), Instant::now());
        assert!(refusals.is_due(v4(1), now));
        assert!(!refusals.is_due(v4(1), now + Duration::from_millis(59_999)));
        assert!(refusals.is_due(v4(2), now));
        assert!(refusals.is_due(v4(1), now + Duration::from_secs(60)));
        assert!(!refusals.is_due(v4(1), now + Duration::from_secs(61)));
    }

    #[test]
    fn one_ipv6_network_is_one_source() {
        let (refusals, now) = (Refusals::default(), Instant::now());
        let is_due = |address: &str| refusals.is_due(address.parse().unwrap(), now);
        assert!(is_due("2001:db8::1"));
        assert!(!is_due("2001:db8::ffff:ffff:ffff:ffff"));
        assert!(is_due("2001:db8:0:1::1"));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_rest_share_a_line() {
        let (refusals, now) = (Refusals::default(), Instant::now());
        let most = u32::try_from(MOST).unwrap();
        for source in 0..most {
            assert!(refusals.is_due(v4(source), now));
        }
        assert!(!refusals.is_due(v4(0), now), "it is remembered");
        assert!(refusals.is_due(v4(most), now));
        for source in most..3 * most {
            assert!(!refusals.is_due(v4(source), now));
        }
        assert!(!refusals.is_due(v4(0), now));
        assert_eq!(refusals.0.lock().unwrap().len(), MOST + 1);
        // Once they are forgotten there is room again.
        let later = now + QUIET;
        assert!(refusals.is_due(v4(5 * most), later));
        assert!(refusals.is_due(v4(5 * most + 1), later));
        assert!(refusals.0.lock().unwrap().len() <= 2);
    }
}
