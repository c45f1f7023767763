//! Networks as people write them, `10.0.0.0/8`, and what they bound. Pure: which addresses are
//! refused in any case is `egress`' to know, who may call is `caller`'s.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The addresses that share their first bits. Its text reads back as the same network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// Why a text is no network, as the expectation that it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Before the slash stands no address.
    #[error("must be an address or a network such as 10.0.0.0/8")]
    Address,
    /// What follows the slash is no number of bits that the address has.
    #[error("needs 0 to 32 bits after the slash, or 0 to 128 with IPv6")]
    Prefix,
    /// The address has bits beyond those of the network: one of the two is a slip.
    #[error("has bits set beyond its prefix")]
    HostBits,
    /// IPv4 in the form of IPv6, which no address that is compared has.
    #[error("must be written as IPv4")]
    Mapped,
}

/// Which addresses the host of a URL may have, besides those that are refused in any case
/// (security.md, "Egress guard").
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bounds {
    /// Only addresses in these; `None`: any.
    pub networks: Option<Vec<Network>>,
    /// Whether it may be private: loopback, the private networks and the like.
    pub allows_private: bool,
    /// Whether connect and TLS failures beyond loopback are told by one text, so that nobody can
    /// scan ports with them.
    pub is_veiled: bool,
}

impl Default for Bounds {
    /// None.
    fn default() -> Self {
        Self {
            networks: None,
            allows_private: true,
            is_veiled: false,
        }
    }
}

impl Network {
    /// The network of IPv4 addresses that begin as `address` does.
    #[must_use]
    pub const fn v4(address: [u8; 4], prefix: u8) -> Self {
        let [a, b, c, d] = address;
        Self {
            address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
            prefix,
        }
    }

    /// The network of IPv6 addresses that begin as `address` does.
    #[must_use]
    pub const fn v6(address: Ipv6Addr, prefix: u8) -> Self {
        Self {
            address: IpAddr::V6(address),
            prefix,
        }
    }

    /// Whether `address` is in it. IPv4 and IPv6 are apart: what is mapped has to be unwrapped first.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let beyond = |width: u8| u32::from(width - self.prefix);
        match (self.address, address) {
            // All bits are beyond the prefix of a network that holds everything.
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differing = own.to_bits() ^ other.to_bits();
                differing.checked_shr(beyond(32)).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differing = own.to_bits() ^ other.to_bits();
                differing.checked_shr(beyond(128)).unwrap_or(0) == 0
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }

    /// Its first address.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        self.address
    }

    /// How many bits its addresses share.
    #[must_use]
    pub const fn prefix(&self) -> u8 {
        self.prefix
    }
}

/// Reads `10.0.0.0/8`, or an address alone for the network of that one.
impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Address)?;
        let width = match address {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        };
        // A sign would be read as well.
        let is_number = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
        let prefix = match prefix {
            None => width,
            Some(text) => Some(text)
                .filter(is_number)
                .and_then(|text| text.parse().ok())
                .filter(|bits| *bits <= width)
                .ok_or(NetworkError::Prefix)?,
        };
        if let IpAddr::V6(address) = address
            && address.to_ipv4_mapped().is_some()
        {
            return Err(NetworkError::Mapped);
        }
        let first: IpAddr = match address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(u32::from(width - prefix));
                Ipv4Addr::from_bits(address.to_bits() & mask.unwrap_or(0)).into()
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(u32::from(width - prefix));
                Ipv6Addr::from_bits(address.to_bits() & mask.unwrap_or(0)).into()
            }
        };
        if address != first {
            return Err(NetworkError::HostBits);
        }
        Ok(Self { address, prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(network: &str, address: &str, expected: bool) {
        let network: Network = network.parse().unwrap();
        assert_eq!(network.contains(address.parse().unwrap()), expected);
        assert_eq!(network.to_string().parse(), Ok(network));
    }

    #[test]
    fn a_network_holds_what_begins_as_it_does() {
        check("10.0.0.0/8", "10.255.255.255", true);
        check("10.0.0.0/8", "11.0.0.0", false);
        check("10.0.0.0/8", "9.255.255.255", false);
        check("192.0.2.128/25", "192.0.2.127", false);
        check("192.0.2.7", "192.0.2.7", true);
        check("192.0.2.7", "192.0.2.6", false);
        check("0.0.0.0/0", "255.255.255.255", true);
        check("2001:db8::/32", "2001:db8:ffff::1", true);
        check("2001:db8::/32", "2001:db9::", false);
        check("::/0", "ffff::", true);
        check("::1", "::1", true);
        check("::1", "::", false);
    }

    #[test]
    fn a_network_tells_its_parts() {
        #[track_caller]
        fn check(text: &str, address: &str, prefix: u8) {
            let network: Network = text.parse().unwrap();
            assert_eq!(network.address(), address.parse::<IpAddr>().unwrap());
            assert_eq!(network.prefix(), prefix);
        }
        check("10.0.0.0/8", "10.0.0.0", 8);
        check("192.0.2.7", "192.0.2.7", 32);
        check("2001:db8::/32", "2001:db8::", 32);
    }

    #[test]
    fn the_two_versions_are_apart() {
        check("0.0.0.0/0", "::ffff:10.0.0.1", false);
        check("::/0", "10.0.0.1", false);
    }

    #[test]
    fn what_is_no_network_is_told_from_a_slip() {
        #[track_caller]
        fn check(text: &str, expected: NetworkError) {
            assert_eq!(text.parse::<Network>(), Err(expected), "{text}");
        }
        for text in [
            "",
            "/8",
            "ten",
            "10.0.0",
            "10.0.0.0.0/8",
            "prom:9090",
            " 10.0.0.0/8",
        ] {
            check(text, NetworkError::Address);
        }
        for text in [
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/-1",
            "::/129",
            "::/8/8",
        ] {
            check(text, NetworkError::Prefix);
        }
        for text in ["10.0.0.1/8", "128.0.0.0/0", "2001:db8::1/32", "::1/127"] {
            check(text, NetworkError::HostBits);
        }
        check("::ffff:10.0.0.0/104", NetworkError::Mapped);
    }
}
