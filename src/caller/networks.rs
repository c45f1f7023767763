//! Lists of networks: who belongs to one, and which of them leave nobody out.

use std::net::IpAddr;

use crate::network::Network;

/// A list of networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

impl From<Vec<Network>> for Networks {
    fn from(networks: Vec<Network>) -> Self {
        Self(networks)
    }
}

impl Networks {
    /// Whether `address` belongs to one of them; an IPv4 address that is written as IPv6 is the one
    /// that it is.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(address))
    }

    /// Whether they leave out no IPv4 address, or no IPv6 address: such a list limits nobody.
    #[must_use]
    pub fn admit_everybody(&self) -> bool {
        self.cover(true, u32::MAX.into()) || self.cover(false, u128::MAX)
    }

    /// Whether those of one version leave out no address up to `most`.
    fn cover(&self, is_ipv4: bool, most: u128) -> bool {
        let of_version = self.0.iter().filter(|it| it.address().is_ipv4() == is_ipv4);
        let mut ends: Vec<(u128, u128)> = of_version.map(ends).collect();
        ends.sort_unstable();
        // The first address that nothing covers so far; `None` once there is none left.
        let mut open = Some(0);
        for (first, last) in ends {
            if open.is_some_and(|open| first <= open && last >= open) {
                open = last.checked_add(1).filter(|next| *next <= most);
            }
        }
        open.is_none()
    }
}

/// The first and the last address of a network, as numbers.
fn ends(network: &Network) -> (u128, u128) {
    let (first, width) = match network.address() {
        IpAddr::V4(address) => (address.to_bits().into(), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    let size = 1_u128.checked_shl(u32::from(width - network.prefix()));
    (first, first + size.map_or(u128::MAX, |size| size - 1))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn networks(texts: &[&str]) -> Networks {
        let networks: Vec<Network> = texts.iter().map(|text| text.parse().unwrap()).collect();
        networks.into()
    }

    #[test]
    fn an_address_belongs_if_one_network_holds_it_however_it_is_written() {
        let networks = networks(&["10.42.0.0/16", "2001:db8::/32"]);
        let contains = |address: &str| networks.contains(address.parse().unwrap());
        assert!(contains("10.42.255.255"));
        assert!(contains("::ffff:10.42.0.0"));
        assert!(contains("2001:db8:ffff::1"));
        assert!(!contains("10.43.0.0"));
        assert!(!contains("::ffff:10.43.0.0"));
        assert!(!contains("::10.42.0.1"));
        assert!(!contains("2001:db9::"));
        assert!(!Networks::default().contains("10.42.0.1".parse().unwrap()));
    }

    #[track_caller]
    fn admits_everybody(texts: &[&str], expected: bool) {
        let networks = networks(texts);
        assert_eq!(networks.admit_everybody(), expected, "{texts:?}");
    }

    #[test]
    fn a_list_that_leaves_nobody_out_is_seen_however_it_is_written() {
        admits_everybody(&["0.0.0.0/0"], true);
        admits_everybody(&["::/0"], true);
        admits_everybody(&["10.0.0.0/8", "::/0"], true);
        admits_everybody(&["128.0.0.0/1", "0.0.0.0/1"], true);
        admits_everybody(&["0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/2"], true);
        admits_everybody(&["0.0.0.0/1", "10.0.0.0/8", "128.0.0.0/1"], true);
        admits_everybody(&["0.0.0.0/1", "64.0.0.0/2", "128.0.0.0/1"], true);
        admits_everybody(&["8000::/1", "::/1"], true);

        admits_everybody(&[], false);
        admits_everybody(&["10.0.0.0/8"], false);
        admits_everybody(&["0.0.0.0/1"], false);
        admits_everybody(&["128.0.0.0/1"], false);
        admits_everybody(&["0.0.0.0/1", "128.0.0.0/2"], false);
        admits_everybody(&["0.0.0.0/1", "192.0.0.0/2"], false);
        admits_everybody(&["0.0.0.0/1", "8000::/1"], false);
        admits_everybody(&["::/1"], false);
        admits_everybody(&["::/1", "c000::/2"], false);
    }

    #[test]
    fn one_address_left_out_is_a_limit() {
        // Everything but 0.0.0.0: 0.0.0.1/32, 0.0.0.2/31, 0.0.0.4/30, …
        let but_the_first: Vec<String> = (0..32)
            .map(|bit| format!("{}/{}", Ipv4Addr::from(1_u32 << bit), 32 - bit))
            .collect();
        let mut all: Vec<&str> = but_the_first.iter().map(String::as_str).collect();
        admits_everybody(&all, false);
        all.push("0.0.0.0/32");
        admits_everybody(&all, true);
    }
}
