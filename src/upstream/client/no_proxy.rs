//! Which hosts are dialled without the proxy: `no_proxy`, written as the environment variable of
//! that name.

use std::net::IpAddr;

/// Whether one of `entries` covers `host`, a URL's host in lower case, on `port`.
pub(super) fn covers(entries: &[String], host: &str, port: u16) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    entries.iter().any(|entry| one_covers(entry, host, port))
}

/// An entry is `*`, an address, a network, or a domain, each but the network with or without a port.
/// A domain covers what is below it, and without a leading dot itself too.
fn one_covers(entry: &str, host: &str, port: u16) -> bool {
    let entry = entry.trim().to_ascii_lowercase();
    if entry == "*" {
        return true;
    }
    let address: Option<IpAddr> = host.parse().ok();
    if let Some((network, bits)) = entry.split_once('/') {
        let network = network.parse().ok();
        return match (network, bits.parse().ok(), address) {
            (Some(network), Some(bits), Some(address)) => lies_in(address, network, bits),
            _ => false,
        };
    }
    let (entry, wanted) = with_port(&entry);
    if wanted.is_some_and(|wanted| wanted != port) {
        return false;
    }
    let entry = entry.trim_start_matches('[').trim_end_matches(']');
    if entry.is_empty() {
        return false;
    }
    if let Some(address) = address {
        return entry.parse() == Ok(address);
    }
    let below = entry.trim_start_matches("*").trim_start_matches('.');
    let is_below = host
        .strip_suffix(below)
        .is_some_and(|rest| rest.ends_with('.'));
    is_below || host == entry
}

/// An entry without its port. A colon in an address without brackets is no port's.
fn with_port(entry: &str) -> (&str, Option<u16>) {
    match entry.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

fn lies_in(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    let (address, network, width) = match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(n)) => (u128::from(a.to_bits()), u128::from(n.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(n)) => (a.to_bits(), n.to_bits(), 128),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
    };
    let Some(rest) = 128_u32.min(width).checked_sub(bits) else {
        return false;
    };
    // A network of all addresses has no bits to compare.
    address.checked_shr(rest).unwrap_or_default() == network.checked_shr(rest).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(entry: &str, host: &str, expected: bool) {
        let entries = ["other.example".to_owned(), entry.to_owned()];
        assert_eq!(covers(&entries, host, 443), expected, "{entry} {host}");
    }

    #[test]
    fn a_domain_covers_itself_and_what_is_below_it() {
        check("lab.example", "lab.example", true);
        check("Lab.Example", "a.b.lab.example", true);
        check("lab.example", "notlab.example", false);
        check("lab.example", "lab.example.org", false);
    }

    #[test]
    fn a_leading_dot_or_star_covers_only_what_is_below() {
        check(".lab.example", "a.lab.example", true);
        check(".lab.example", "lab.example", false);
        check("*.lab.example", "a.lab.example", true);
        check("*.lab.example", "lab.example", false);
    }

    #[test]
    fn a_star_covers_everything_and_nothing_covers_nothing() {
        check("*", "anything", true);
        check("", "anything", false);
        check(" ", "anything", false);
        check(":443", "anything", false);
    }

    #[test]
    fn addresses_and_networks_cover_addresses() {
        check("10.1.2.3", "10.1.2.3", true);
        check("10.1.2.3", "10.1.2.30", false);
        check("10.0.0.0/8", "10.1.2.3", true);
        check("10.0.0.0/8", "11.0.0.0", false);
        check("0.0.0.0/0", "192.0.2.1", true);
        check("10.0.0.0/33", "10.0.0.0", false);
        check("fd00::/8", "[fd12::1]", true);
        check("::/0", "[2001:db8::1]", true);
        check("::1", "[::1]", true);
        check("[::1]", "[::1]", true);
        check("10.0.0.0/8", "[fd12::1]", false);
        check("10.0.0.0/8", "ten.example", false);
    }

    #[test]
    fn a_port_must_be_the_port() {
        check("lab.example:443", "lab.example", true);
        check("lab.example:80", "lab.example", false);
        check("[::1]:443", "[::1]", true);
        check("[::1]:80", "[::1]", false);
    }
}
