//! Where the mirror listens, and what must stand before it listens beyond loopback (security.md,
//! section 3).

use std::net::{IpAddr, SocketAddr};

use super::error::{Code, Finding, Origin};
use crate::connections::Configured;
use crate::connections::details::error::Unfit;
use crate::connections::details::given::Given;

/// Reads an address.
pub(super) fn address(given: Given) -> Result<IpAddr, Unfit> {
    let text = given.text().unwrap_or_default();
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let expectation = "must be an IP address, for example 127.0.0.1 or 0.0.0.0";
    bare.unwrap_or(&text)
        .parse()
        .map_err(|_| Unfit::invalid(expectation))
}

/// Whether `address` is reached from this machine alone. An IPv4 address written as IPv6 is not
/// taken for loopback: it need not be bound as one.
pub(super) fn is_loopback(address: IpAddr) -> bool {
    address.is_loopback()
}

/// What is missing where nothing limits who may call or what may be reached. It is a warning as
/// long as callers cannot be limited; with both walls it becomes the reason not to start.
pub(super) fn walls(address: SocketAddr, connections: &Configured) -> Option<Finding> {
    let Configured { policy, named, .. } = connections;
    let is_open = !is_loopback(address.ip()) && !policy.limits_upstreams(named);
    is_open.then(|| {
        let text = "nothing limits who may call or what may be reached; set \
                    policy.allowed_upstreams or connections, or listen on 127.0.0.1";
        Finding::new(Code::NoWall, Origin::Listener(address), text)
    })
}
