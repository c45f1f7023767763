//! The last good addresses of names, for when the resolver fails (reliability.md, F16). The time is
//! an argument.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// How long addresses are kept.
const LIFE: Duration = Duration::from_secs(300);
/// Most names. A caller makes as many as it likes.
const MOST: usize = 256;
/// Most addresses of one name: an answer of DNS has room for thousands.
const ADDRESSES: usize = 32;

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Kept(HashMap<String, Entry>);

#[derive(Debug)]
struct Entry {
    addresses: Vec<IpAddr>,
    found: Instant,
}

impl Kept {
    /// Keeps the addresses of `host`, found `now`.
    pub(super) fn keep(&mut self, host: &str, addresses: &[IpAddr], now: Instant) {
        self.0.retain(|_, entry| now < entry.found + LIFE);
        if self.0.len() >= MOST && !self.0.contains_key(host) {
            let eldest = self.0.iter().min_by_key(|(_, entry)| entry.found);
            if let Some(eldest) = eldest.map(|(host, _)| host.clone()) {
                self.0.remove(&eldest);
            }
        }
        let entry = Entry {
            addresses: addresses.iter().take(ADDRESSES).copied().collect(),
            found: now,
        };
        self.0.insert(host.to_owned(), entry);
    }

    /// The addresses of `host`, unless they are too old.
    pub(super) fn find(&self, host: &str, now: Instant) -> Option<Vec<IpAddr>> {
        let entry = self.0.get(host)?;
        (now < entry.found + LIFE).then(|| entry.addresses.clone())
    }

    /// The name is known to have no address any more.
    pub(super) fn forget(&mut self, host: &str) {
        self.0.remove(host);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: [IpAddr; 1] = [IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1))];

    #[test]
    fn addresses_are_kept_for_five_minutes_from_when_they_were_found() {
        let mut kept = Kept::default();
        let now = Instant::now();
        kept.keep("h", &ONE, now);
        let find = |seconds| kept.find("h", now + Duration::from_secs(seconds));
        assert_eq!(find(0), Some(ONE.to_vec()));
        assert_eq!(find(299), Some(ONE.to_vec()));
        assert_eq!(find(300), None);
        assert_eq!(kept.find("i", now), None);
        kept.forget("h");
        assert_eq!(kept.find("h", now), None);
    }

    #[test]
    fn the_eldest_of_256_names_goes_first() {
        let mut kept = Kept::default();
        let now = Instant::now();
        for n in 0..256_u32 {
            kept.keep(&n.to_string(), &ONE, now + Duration::from_millis(n.into()));
        }
        let now = now + Duration::from_secs(1);
        kept.keep("255", &ONE, now);
        assert!(kept.find("0", now).is_some(), "it was known already");
        kept.keep("256", &ONE, now);
        let is_kept = |host: &str| kept.find(host, now).is_some();
        assert_eq!(
            (is_kept("0"), is_kept("1"), is_kept("256")),
            (false, true, true)
        );
        kept.keep("new", &ONE, now + LIFE);
        assert_eq!(kept.0.len(), 1, "what is too old goes");
    }

    #[test]
    fn of_an_endless_answer_the_beginning_is_kept() {
        let mut kept = Kept::default();
        let now = Instant::now();
        kept.keep("h", &[ONE[0]; 1000], now);
        assert_eq!(kept.find("h", now).map(|it| it.len()), Some(32));
    }
}
