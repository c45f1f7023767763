//! Where the mirror listens, and who can reach that.

use std::net::{IpAddr, SocketAddr};

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

/// The address to judge settings by: where they are to be listened with, or where is listened now if
/// that is beyond loopback and the former is not. A reload cannot move the listener, so walls that
/// the settings no longer need may still be needed until the restart.
pub(super) fn exposed(address: SocketAddr, running: Option<IpAddr>) -> SocketAddr {
    let running = running.filter(|running| !is_loopback(*running));
    match running {
        Some(running) if is_loopback(address.ip()) => SocketAddr::new(running, address.port()),
        _ => address,
    }
}
