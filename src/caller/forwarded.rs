//! The source of a request behind proxies: `X-Forwarded-For`, read from its right end
//! (security.md, "Wall A: who calls"). What stands left of the first address that is no proxy of
//! ours was written by anybody.
//!
//! `Forwarded`, `X-Real-IP` and the PROXY protocol are never read.

use std::net::IpAddr;
use std::net::SocketAddr;

use http::HeaderMap;
use http::HeaderName;

use super::networks::Networks;

/// The header.
pub(super) const NAME: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Most addresses that one request may have passed.
const MOST: usize = 32;

/// The header cannot be believed: an element of it is no address, or there are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// The address that the request came from: that of `peer`, or what it says if it is one of
/// `trusted`.
pub(super) fn source(
    peer: IpAddr,
    head: &HeaderMap,
    trusted: &Networks,
) -> Result<IpAddr, Malformed> {
    let peer = peer.to_canonical();
    if !trusted.contains(peer) {
        return Ok(peer);
    }
    let mut passed = Vec::new();
    for line in head.get_all(NAME) {
        for element in line.to_str().map_err(|_| Malformed)?.split(',') {
            if passed.len() == MOST {
                return Err(Malformed);
            }
            passed.push(address(element).ok_or(Malformed)?);
        }
    }
    let mut from_the_right = passed.iter().rev();
    let caller = from_the_right.find(|address| !trusted.contains(**address));
    Ok(*caller.or(passed.first()).unwrap_or(&peer))
}

/// An element: an address, with or without a port.
fn address(element: &str) -> Option<IpAddr> {
    let element = element.trim_matches([' ', '\t']);
    let bare = || {
        let inner = element.strip_prefix('[')?.strip_suffix(']')?;
        inner.parse().ok().filter(IpAddr::is_ipv6)
    };
    let with_port = || element.parse().ok().map(|it: SocketAddr| it.ip());
    let address = element.parse().ok().or_else(bare).or_else(with_port)?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests;
