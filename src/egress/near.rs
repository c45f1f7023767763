//! Where connections led: near, or across a network that somebody pays for. Near is loopback and
//! every private network (security.md, section 4).

use std::net::IpAddr;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::egress::address;
use crate::egress::address::Class;

const UNKNOWN: u8 = 0;
const NEAR: u8 = 1;
const FAR: u8 = 2;

/// Whether `address` is loopback or private.
pub(super) fn is_near(address: IpAddr) -> bool {
    address::classify(address) == Ok(Class::Private)
}

/// Where the last connection of a dialler led.
#[derive(Debug)]
pub(super) struct Last(AtomicU8);

impl Default for Last {
    fn default() -> Self {
        Self(AtomicU8::new(UNKNOWN))
    }
}

impl Last {
    /// A connection led to `address`.
    pub(super) fn note(&self, address: IpAddr) {
        let place = if is_near(address) { NEAR } else { FAR };
        self.0.store(place, Ordering::Relaxed);
    }

    /// Whether the last one led near, if there was one.
    pub(super) fn was_near(&self) -> Option<bool> {
        match self.0.load(Ordering::Relaxed) {
            UNKNOWN => None,
            place => Some(place == NEAR),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_private_addresses_are_near() {
        let near = |address: &str| is_near(address.parse().unwrap());
        for address in ["127.0.0.1", "::1", "10.1.2.3", "fd12::1", "::ffff:10.0.0.1"] {
            assert!(near(address), "{address}");
        }
        for address in ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "172.32.0.1"] {
            assert!(!near(address), "{address}");
        }
    }

    #[test]
    fn the_last_connection_tells() {
        let last = Last::default();
        assert_eq!(last.was_near(), None);
        last.note("10.0.0.1".parse().unwrap());
        assert_eq!(last.was_near(), Some(true));
        last.note("192.0.2.1".parse().unwrap());
        assert_eq!(last.was_near(), Some(false));
    }
}
