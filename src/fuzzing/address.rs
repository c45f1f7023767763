//! What an address is, and which network it is in.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;

use crate::egress::address::Class;
use crate::egress::address::classify;
use crate::network::Network;

/// Refused in any case, as first and last address: the table of the chapter once more, written
/// another way (security.md, "Egress guard").
const REFUSED_V4: [(u32, u32); 8] = [
    (0x0000_0000, 0x00ff_ffff),
    (0x6464_64c8, 0x6464_64c8),
    (0xa83f_8110, 0xa83f_8110),
    (0xa9fe_0000, 0xa9fe_ffff),
    (0xc000_0000, 0xc000_00ff),
    (0xe000_0000, 0xefff_ffff),
    (0xf000_0000, 0xffff_fffe),
    (0xffff_ffff, 0xffff_ffff),
];
const PRIVATE_V4: [(u32, u32); 6] = [
    (0x0a00_0000, 0x0aff_ffff),
    (0x6440_0000, 0x647f_ffff),
    (0x7f00_0000, 0x7fff_ffff),
    (0xac10_0000, 0xac1f_ffff),
    (0xc0a8_0000, 0xc0a8_ffff),
    (0xc612_0000, 0xc613_ffff),
];
/// As first groups of an address, and how many of its bits count.
const REFUSED_V6: [(&str, u32); 8] = [
    ("fe80::", 10),
    ("fec0::", 10),
    ("fd00:ec2::", 32),
    ("fd20:ce::254", 128),
    ("fd00:42::42", 128),
    ("::", 128),
    ("ff00::", 8),
    ("64:ff9b:1::", 48),
];

/// Takes addresses and networks as texts; the bytes themselves are addresses too.
///
/// The verdict is that of the table, of the address and of each that is wrapped in it, and no wrapping
/// lifts a refusal; a network is read back as itself and has its own ends and nothing beyond them.
///
/// # Panics
///
/// If that does not hold.
pub fn address(data: &[u8]) {
    for text in super::parts::texts(data) {
        if let Ok(address) = text.parse::<IpAddr>() {
            judged(address);
        }
        if let Ok(network) = text.parse::<Network>() {
            has_its_ends(network);
        }
    }
    if let Some(bytes) = data.first_chunk::<4>() {
        judged(IpAddr::from(*bytes));
    }
    if let Some(bytes) = data.first_chunk::<16>() {
        judged(IpAddr::from(*bytes));
    }
}

fn judged(address: IpAddr) {
    let verdict = classify(address);
    let (is_refused, is_private) = match address {
        IpAddr::V4(address) => of_v4(address),
        IpAddr::V6(address) => of_v6(address),
    };
    assert_eq!(verdict.is_err(), is_refused, "{address}");
    if let Ok(class) = verdict {
        assert_eq!(class == Class::Private, is_private, "{address}");
    }
    if let IpAddr::V4(address) = address {
        for wrapped in wrappings(address) {
            let is_lifted = is_refused && classify(wrapped.into()).is_ok();
            assert!(!is_lifted, "{address} as {wrapped}");
        }
    }
}

/// Whether it is refused, and whether it is private.
fn of_v4(address: Ipv4Addr) -> (bool, bool) {
    let bits = address.to_bits();
    let is_in = |(first, last): &(u32, u32)| (*first..=*last).contains(&bits);
    (REFUSED_V4.iter().any(is_in), PRIVATE_V4.iter().any(is_in))
}

fn of_v6(address: Ipv6Addr) -> (bool, bool) {
    let bits = address.to_bits();
    let begins = |with: &str, count: u32| {
        let with: Ipv6Addr = with.parse().expect("is an address");
        (with.to_bits() ^ bits).checked_shr(128 - count) == Some(0)
    };
    let mut is_refused = REFUSED_V6.iter().any(|(with, count)| begins(with, *count));
    let mut is_private = begins("::1", 128) || begins("fc00::", 7);
    let bytes = address.octets();
    let at = |from: usize| {
        let four = [
            bytes[from],
            bytes[from + 1],
            bytes[from + 2],
            bytes[from + 3],
        ];
        Ipv4Addr::from(four)
    };
    let mut inside = Vec::new();
    let is_plain = begins("::", 128) || begins("::1", 128);
    let ends = ["::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b::"];
    if !is_plain && ends.iter().any(|with| begins(with, 96)) {
        inside.push(at(12));
    }
    if begins("2002::", 16) {
        inside.push(at(2));
    }
    if begins("2001::", 32) {
        inside.extend([at(4), Ipv4Addr::from_bits(!at(12).to_bits())]);
    }
    for address in inside {
        let (refused, private) = of_v4(address);
        is_refused |= refused;
        is_private |= private;
    }
    (is_refused, is_private)
}

/// An IPv4 address in every form that IPv6 has for it.
fn wrappings(address: Ipv4Addr) -> [Ipv6Addr; 7] {
    let [a, b, c, d] = address.octets();
    let [high, low] = [[a, b], [c, d]].map(u16::from_be_bytes);
    [
        Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low),
        Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low),
        Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
        Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, high, low),
        Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
        Ipv6Addr::new(0x2001, 0, high, low, 0, 0, !0x0808, !0x0808),
        Ipv6Addr::new(0x2001, 0, 0x0808, 0x0808, 0, 0, !high, !low),
    ]
}

fn has_its_ends(network: Network) {
    assert_eq!(network.to_string().parse(), Ok(network));
    let (first, width) = match network.address() {
        IpAddr::V4(first) => (u128::from(first.to_bits()), 32),
        IpAddr::V6(first) => (first.to_bits(), 128),
    };
    let hosts = width - u32::from(network.prefix());
    let last = first | 1_u128.checked_shl(hosts).map_or(u128::MAX, |it| it - 1);
    let address = |bits: u128| -> Option<IpAddr> {
        match network.address() {
            IpAddr::V4(_) => Some(Ipv4Addr::from_bits(u32::try_from(bits).ok()?).into()),
            IpAddr::V6(_) => Some(Ipv6Addr::from_bits(bits).into()),
        }
    };
    let has = |bits: u128| address(bits).map(|it| network.contains(it));
    assert_eq!(
        (has(first), has(last)),
        (Some(true), Some(true)),
        "{network}"
    );
    let before = first.checked_sub(1).and_then(has);
    let after = last.checked_add(1).and_then(has);
    assert!(before != Some(true) && after != Some(true), "{network}");
}
