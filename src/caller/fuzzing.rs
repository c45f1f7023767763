//! The fuzz target of this module: the source of a request behind proxies.

use std::net::IpAddr;
use std::net::SocketAddr;

use http::HeaderMap;
use http::HeaderValue;

use super::Networks;
use super::forwarded;
use crate::fuzzing::parts;
use crate::network::Network;

/// Most addresses that a request may have passed (security.md, "Wall A: who calls").
const MOST: usize = 32;
/// What an attacker would write to the left of what the proxies write.
const FORGED: HeaderValue = HeaderValue::from_static("10.0.0.1");

/// Takes the address of a peer, networks of proxies with blanks between them, and lines of the header.
///
/// Only a proxy is believed; what is found is the first from the right that is no proxy, or the
/// left-most; and who is no proxy cannot be made another by what stands to the left of it.
///
/// # Panics
///
/// If that does not hold.
pub fn forwarded_for(data: &[u8]) {
    let texts = parts::texts(data);
    let mut texts = texts.iter().map(String::as_str);
    let Some(Ok(peer)) = texts.next().map(str::parse::<IpAddr>) else {
        return;
    };
    let proxies = texts.next().unwrap_or_default().split(' ');
    let proxies: Vec<Network> = proxies.filter_map(|it| it.parse().ok()).collect();
    let trusted = Networks::from(proxies);
    let lines: Vec<&str> = texts.collect();
    let values = lines
        .iter()
        .filter_map(|line| HeaderValue::from_str(line).ok());
    let values: Vec<HeaderValue> = values.collect();
    let found = source(peer, values.clone(), &trusted);
    if !trusted.contains(peer) {
        assert_eq!(
            found,
            Some(peer.to_canonical()),
            "a stranger is not believed"
        );
        return;
    }
    let joined = values.iter().filter_map(|it| it.to_str().ok());
    let joined = joined.collect::<Vec<_>>().join(",");
    let elements: Vec<&str> = joined.split(',').collect();
    let count = if values.is_empty() { 0 } else { elements.len() };
    let Some(found) = found else {
        let is_text = values.iter().all(|it| it.to_str().is_ok());
        let is_plain = elements
            .iter()
            .all(|it| it.trim().parse::<IpAddr>().is_ok());
        let is_refused = !is_text || count > MOST || !is_plain;
        assert!(is_refused, "nothing is wrong with {joined}");
        return;
    };
    assert!(count <= MOST, "{count} addresses");
    // Whatever form it has: the address and, perhaps, a port.
    let named = found.to_string();
    let right = elements.iter().rev().position(|it| {
        let it = it.trim();
        let address = it.parse::<IpAddr>().ok();
        let address = address.or_else(|| Some(it.parse::<SocketAddr>().ok()?.ip()));
        let bare = || {
            it.strip_prefix('[')?
                .strip_suffix(']')?
                .parse::<IpAddr>()
                .ok()
        };
        address
            .or_else(bare)
            .is_some_and(|it| !trusted.contains(it))
    });
    match right {
        None if count == 0 => assert_eq!(found, peer.to_canonical()),
        None => assert!(trusted.contains(found), "{named} is no proxy"),
        Some(_) => assert!(!trusted.contains(found), "{named} is a proxy"),
    }
    if right.is_some() && count < MOST {
        let forged = [FORGED].into_iter().chain(values).collect();
        assert_eq!(source(peer, forged, &trusted), Some(found), "{joined}");
    }
}

fn source(peer: IpAddr, lines: Vec<HeaderValue>, trusted: &Networks) -> Option<IpAddr> {
    let mut head = HeaderMap::new();
    for line in lines {
        head.append(forwarded::NAME, line);
    }
    forwarded::source(peer, &head, trusted).ok()
}
