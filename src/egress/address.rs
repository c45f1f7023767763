//! What an address is: one that is never dialled, a private one, or any other (security.md, "Egress
//! guard"). Pure: an address goes in, a verdict comes out.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::network::Bounds;
use crate::network::Network;

/// Why an address is not dialled; the label `reason` of `mirror_guard_refusals_total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum Refusal {
    /// Valid on one link: instance metadata and the credentials of containers and pods are there.
    #[error("link-local")]
    LinkLocal,
    /// An endpoint of a cloud's own outside of those networks.
    #[error("a cloud's own endpoint")]
    Metadata,
    /// No address of a peer: this host, as a peer that is not known yet.
    #[error("this host")]
    ThisHost,
    /// A group of hosts.
    #[error("multicast")]
    Multicast,
    /// Reserved, and broadcast.
    #[error("reserved")]
    Reserved,
    /// Local NAT64: an IPv4 address is in it, and nobody knows where.
    #[error("local NAT64")]
    LocalNat64,
    /// Private, where only listed hosts may be (`policy.private_targets: listed`).
    #[error("private, and the host is not listed")]
    Private,
    /// In none of the networks that its host is narrowed to (`addresses`).
    #[error("in none of the networks that its host may have")]
    Narrowed,
    /// This very program.
    #[error("this mirror itself")]
    Ourselves,
    /// The connection leads elsewhere than it was to.
    #[error("another one than was dialled")]
    Peer,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::LinkLocal,
        Self::Metadata,
        Self::ThisHost,
        Self::Multicast,
        Self::Reserved,
        Self::LocalNat64,
        Self::Private,
        Self::Narrowed,
        Self::Ourselves,
        Self::Peer,
    ];

    /// The value of the label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LinkLocal => "link_local",
            Self::Metadata => "metadata",
            Self::ThisHost => "this_host",
            Self::Multicast => "multicast",
            Self::Reserved => "reserved",
            Self::LocalNat64 => "local_nat64",
            Self::Private => "private",
            Self::Narrowed => "addresses",
            Self::Ourselves => "ourselves",
            Self::Peer => "peer",
        }
    }
}

/// What an address is that may be dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Any other.
    Public,
    /// Loopback, a private network, shared address space or a network of benchmarks.
    Private,
}

/// Refused in any case. That `192.0.0.0/24`, `fd20:ce::254` and `fd00:42::42` are metadata of
/// further clouds is hearsay; no honest backend is there.
const REFUSED: [(Network, Refusal); 15] = [
    (Network::v4([169, 254, 0, 0], 16), Refusal::LinkLocal),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), Refusal::LinkLocal),
    (v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), Refusal::LinkLocal),
    (v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0], 32), Refusal::Metadata),
    (Network::v4([168, 63, 129, 16], 32), Refusal::Metadata),
    (Network::v4([100, 100, 100, 200], 32), Refusal::Metadata),
    (
        v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128),
        Refusal::Metadata,
    ),
    (
        v6([0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42], 128),
        Refusal::Metadata,
    ),
    (Network::v4([192, 0, 0, 0], 24), Refusal::Metadata),
    (Network::v4([0, 0, 0, 0], 8), Refusal::ThisHost),
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128), Refusal::ThisHost),
    (Network::v4([224, 0, 0, 0], 4), Refusal::Multicast),
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), Refusal::Multicast),
    (Network::v4([240, 0, 0, 0], 4), Refusal::Reserved),
    (
        v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48),
        Refusal::LocalNat64,
    ),
];

const PRIVATE: [Network; 8] = [
    Network::v4([127, 0, 0, 0], 8),
    v6([0, 0, 0, 0, 0, 0, 0, 1], 128),
    Network::v4([10, 0, 0, 0], 8),
    Network::v4([172, 16, 0, 0], 12),
    Network::v4([192, 168, 0, 0], 16),
    Network::v4([100, 64, 0, 0], 10),
    Network::v4([198, 18, 0, 0], 15),
    v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7),
];

const fn v6(segments: [u16; 8], prefix: u8) -> Network {
    let [a, b, c, d, e, f, g, h] = segments;
    Network::v6(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix)
}

/// What `address` is, in itself and by each IPv4 address in it.
///
/// # Errors
///
/// The [`Refusal`] of the first form that is never dialled.
pub fn classify(address: IpAddr) -> Result<Class, Refusal> {
    let mut class = classify_alone(address)?;
    if let IpAddr::V6(address) = address {
        for embedded in embedded(address).into_iter().flatten() {
            class = class.max(classify_alone(embedded.into())?);
        }
    }
    Ok(class)
}

/// Checks an address of a host that has these bounds.
///
/// # Errors
///
/// That of [`classify`], [`Refusal::Narrowed`] or [`Refusal::Private`].
pub fn check(address: IpAddr, bounds: &Bounds) -> Result<(), Refusal> {
    let class = classify(address)?;
    let canonical = address.to_canonical();
    if let Some(networks) = &bounds.networks
        && !networks.iter().any(|network| network.contains(canonical))
    {
        return Err(Refusal::Narrowed);
    }
    if class == Class::Private && !bounds.allows_private {
        return Err(Refusal::Private);
    }
    Ok(())
}

/// Whether `address` is this machine's own loopback.
#[must_use]
pub fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

fn classify_alone(address: IpAddr) -> Result<Class, Refusal> {
    let refused = REFUSED
        .iter()
        .find(|(network, _)| network.contains(address));
    if let Some((_, refusal)) = refused {
        return Err(*refusal);
    }
    let is_private = PRIVATE.iter().any(|network| network.contains(address));
    Ok(if is_private {
        Class::Private
    } else {
        Class::Public
    })
}

/// The IPv4 addresses that a packet to `address` can end up at.
fn embedded(address: Ipv6Addr) -> [Option<Ipv4Addr>; 2] {
    let v4 = |high: u16, low: u16| {
        let [[a, b], [c, d]] = [high, low].map(u16::to_be_bytes);
        Some(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        // Nothing and loopback look like IPv4-compatible addresses.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => [None, None],
        // IPv4-compatible, IPv4-mapped, IPv4-translated, NAT64.
        [0, 0, 0, 0, 0, 0, high, low]
        | [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => [v4(high, low), None],
        // 6to4.
        [0x2002, high, low, ..] => [v4(high, low), None],
        // Teredo: the server, and the client with its bits inverted.
        [0x2001, 0, high, low, _, _, client_high, client_low] => {
            [v4(high, low), v4(!client_high, !client_low)]
        }
        _ => [None, None],
    }
}

#[cfg(test)]
mod tests;
