//! Whose address counts, whatever a caller writes.

use http::HeaderValue;
use proptest::prelude::*;

use super::*;
use crate::network::Network;

const PROXY: &str = "10.42.7.1";

fn head(lines: &[&str]) -> HeaderMap {
    let mut head = HeaderMap::new();
    for line in lines {
        head.append(NAME, HeaderValue::from_str(line).unwrap());
    }
    // None of these is ever read.
    for name in ["forwarded", "x-real-ip", "x-client-ip", "true-client-ip"] {
        head.insert(name, HeaderValue::from_static("for=192.0.2.99"));
    }
    head
}

fn trusted() -> Networks {
    let network = |text: &str| text.parse::<Network>().unwrap();
    vec![network("10.42.7.0/28"), network("fd00::/8")].into()
}

fn found(peer: &str, lines: &[&str]) -> Result<IpAddr, Malformed> {
    source(peer.parse().unwrap(), &head(lines), &trusted())
}

#[track_caller]
fn check(peer: &str, lines: &[&str], expected: &str) {
    assert_eq!(
        found(peer, lines),
        Ok(expected.parse().unwrap()),
        "{lines:?}"
    );
}

#[track_caller]
fn refused(lines: &[&str]) {
    assert_eq!(found(PROXY, lines), Err(Malformed), "{lines:?}");
}

#[test]
fn a_peer_that_is_no_proxy_of_ours_is_the_source_whatever_it_says() {
    check("192.0.2.1", &[], "192.0.2.1");
    check("192.0.2.1", &["10.42.0.1"], "192.0.2.1");
    check("192.0.2.1", &["nonsense"], "192.0.2.1");
    check("10.42.7.16", &["10.42.0.1"], "10.42.7.16");
    check("::ffff:192.0.2.1", &["10.42.0.1"], "192.0.2.1");
}

#[test]
fn the_first_from_the_right_that_is_no_proxy_of_ours_is_the_source() {
    check(PROXY, &["192.0.2.1"], "192.0.2.1");
    check(PROXY, &["10.42.0.9, 192.0.2.1"], "192.0.2.1");
    check(PROXY, &["10.42.0.9, 192.0.2.1, 10.42.7.2"], "192.0.2.1");
    check(PROXY, &["192.0.2.1,10.42.7.2,fd00::1"], "192.0.2.1");
    check("::ffff:10.42.7.1", &["192.0.2.1"], "192.0.2.1");
    check("fd00::7", &["192.0.2.1"], "192.0.2.1");
}

#[test]
fn lines_are_joined_in_their_order() {
    check(PROXY, &["10.42.0.9", "192.0.2.1"], "192.0.2.1");
    check(PROXY, &["192.0.2.1", "10.42.7.2"], "192.0.2.1");
    check(PROXY, &["192.0.2.1, 192.0.2.2", "10.42.7.2"], "192.0.2.2");
}

#[test]
fn where_all_are_proxies_the_left_most_is_the_source_and_without_a_header_the_peer() {
    check(PROXY, &["10.42.7.3, 10.42.7.2"], "10.42.7.3");
    check(PROXY, &["10.42.7.3", "10.42.7.2"], "10.42.7.3");
    check(PROXY, &[], PROXY);
    check("::ffff:10.42.7.1", &[], PROXY);
}

#[test]
fn an_element_may_have_a_port_brackets_and_blanks() {
    check(PROXY, &["\t192.0.2.1:443 "], "192.0.2.1");
    check(PROXY, &["[2001:db8::1]:443"], "2001:db8::1");
    check(PROXY, &["[2001:db8::1]"], "2001:db8::1");
    check(PROXY, &["2001:db8::1"], "2001:db8::1");
    check(PROXY, &["::ffff:192.0.2.1"], "192.0.2.1");
    check(PROXY, &["192.0.2.1, [::ffff:10.42.7.2]:1"], "192.0.2.1");
}

#[test]
fn an_element_that_is_no_address_is_refused_wherever_it_stands() {
    for bad in [
        "",
        "unknown",
        "_hidden",
        "192.0.2",
        "192.0.2.1:",
        "192.0.2.1:65536",
        "192.0.2.1:+1",
        "192.0.2.256",
        "192.000.2.1",
        "0xc0000201",
        "[192.0.2.1]",
        "[192.0.2.1]:1",
        "[2001:db8::1",
        "2001:db8::1]",
        "fe80::1%eth0",
        "for=192.0.2.1",
        "\"192.0.2.1\"",
        "192.0.2.1 192.0.2.2",
        "192.0.2.1;192.0.2.2",
        "localhost",
    ] {
        refused(&[bad]);
        refused(&[&format!("{bad}, 192.0.2.1")]);
        refused(&[&format!("192.0.2.1, {bad}")]);
        refused(&["192.0.2.1", bad]);
    }
    refused(&["192.0.2.1,"]);
    refused(&[",192.0.2.1"]);
    let mut head = head(&[]);
    head.append(NAME, HeaderValue::from_bytes(b"192.0.2.1\xff").unwrap());
    let peer = PROXY.parse().unwrap();
    assert_eq!(source(peer, &head, &trusted()), Err(Malformed));
}

#[test]
fn thirty_two_elements_are_read_and_no_more() {
    let many = |count: usize| vec!["192.0.2.1"; count].join(",");
    check(PROXY, &[&many(32)], "192.0.2.1");
    refused(&[&many(33)]);
    check(PROXY, &[&many(16), &many(16)], "192.0.2.1");
    refused(&[&many(16), &many(17)]);
    refused(&[&many(32), "10.42.7.2"]);
}

/// An address that is a proxy of ours, or is not.
fn address(is_trusted: bool) -> BoxedStrategy<IpAddr> {
    if is_trusted {
        (0_u8..16)
            .prop_map(|last| IpAddr::from([10, 42, 7, last]))
            .boxed()
    } else {
        prop_oneof![
            any::<[u8; 3]>().prop_map(|[a, b, c]| IpAddr::from([192, a, b, c])),
            any::<[u16; 7]>()
                .prop_map(|[a, b, c, d, e, f, g]| { IpAddr::from([0x2001, a, b, c, d, e, f, g]) }),
        ]
        .boxed()
    }
}

/// An address as proxies write it.
fn written(address: IpAddr, form: u8) -> String {
    match (address, form % 4) {
        (IpAddr::V4(address), 0) => address.to_ipv6_mapped().to_string(),
        (IpAddr::V4(address), 1) => format!(" {address}:8080"),
        (IpAddr::V6(address), 0) => format!("[{address}]"),
        (IpAddr::V6(address), 1) => format!("[{address}]:8080\t"),
        (address, 2) => format!("  {address}  "),
        (address, _) => address.to_string(),
    }
}

fn chain() -> impl Strategy<Value = (Vec<String>, IpAddr, Vec<(IpAddr, u8)>)> {
    let forged =
        proptest::collection::vec((any::<bool>().prop_flat_map(address), any::<u8>()), 0..16);
    let proxies = proptest::collection::vec((address(true), any::<u8>()), 0..16);
    (forged, address(false), any::<u8>(), proxies).prop_map(|(forged, caller, form, proxies)| {
        let forged = forged.into_iter().map(|(it, form)| written(it, form));
        let mut chain: Vec<String> = forged.collect();
        chain.push(written(caller, form));
        (chain, caller, proxies)
    })
}

proptest! {
    #[test]
    fn what_a_caller_writes_before_its_own_address_changes_nothing(
        (mut chain, caller, proxies) in chain(), breaks: u32,
    ) {
        chain.extend(proxies.into_iter().map(|(it, form)| written(it, form)));
        // Broken into lines at any of the commas.
        let mut lines: Vec<String> = Vec::new();
        for (at, element) in chain.iter().enumerate() {
            match lines.last_mut() {
                Some(line) if breaks & (1 << at) == 0 => *line = format!("{line},{element}"),
                _ => lines.push(element.clone()),
            }
        }
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        prop_assert_eq!(found(PROXY, &lines), Ok(caller));
        // And nothing of it counts where the peer is no proxy.
        prop_assert_eq!(found("192.0.2.77", &lines), Ok("192.0.2.77".parse().unwrap()));
    }

    #[test]
    fn no_header_at_all_panics_or_yields_what_stands_nowhere(
        lines in proptest::collection::vec("[ -~\t]{0,60}", 0..5),
    ) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        if let Ok(source) = found(PROXY, &lines) {
            let written = lines.iter().flat_map(|line| line.split(','));
            let mut read = written.filter_map(super::address);
            let is_peer = source.to_string() == PROXY && lines.is_empty();
            prop_assert!(is_peer || read.any(|it| it == source));
        }
    }
}
