//! Where connections led: near, or across a network that somebody pays for. Near is loopback and
//! every private network (security.md, section 4).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicU8, Ordering};

/// Private networks besides loopback: the first address and the bits that count.
const PRIVATE_V4: [(Ipv4Addr, u32); 5] = [
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
];
const PRIVATE_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7);

const UNKNOWN: u8 = 0;
const NEAR: u8 = 1;
const FAR: u8 = 2;

/// Whether `address` is loopback or private.
pub(super) fn is_near(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let lies_in = |(network, bits): (Ipv4Addr, u32)| {
                (address.to_bits() ^ network.to_bits()).leading_zeros() >= bits
            };
            address.is_loopback() || PRIVATE_V4.into_iter().any(lies_in)
        }
        IpAddr::V6(address) => {
            let (network, bits) = PRIVATE_V6;
            address.is_loopback() || (address.to_bits() ^ network.to_bits()).leading_zeros() >= bits
        }
    }
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

    #[track_caller]
    fn check(address: &str, expected: bool) {
        assert_eq!(is_near(address.parse().unwrap()), expected, "{address}");
    }

    #[test]
    fn loopback_and_private_networks_are_near_up_to_their_edges() {
        for near in [
            "127.0.0.1",
            "127.255.255.255",
            "10.0.0.0",
            "10.255.255.255",
            "172.16.0.0",
            "172.31.255.255",
            "192.168.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "198.19.255.255",
            "::1",
            "fc00::",
            "fdff:ffff::1",
            "::ffff:10.0.0.1",
        ] {
            check(near, true);
        }
        for far in [
            "9.255.255.255",
            "11.0.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "fbff::1",
            "fe00::1",
            "2001:db8::1",
            "::ffff:192.0.2.1",
        ] {
            check(far, false);
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
