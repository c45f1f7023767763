//! Each range with both sides of both edges, and each way to wrap an IPv4 address.

use proptest::prelude::*;

use super::Refusal::{LinkLocal, LocalNat64, Metadata, Multicast, Narrowed, Reserved, ThisHost};
use super::*;

const PUBLIC: Result<Class, Refusal> = Ok(Class::Public);
const INNER: Result<Class, Refusal> = Ok(Class::Private);

/// Each row: the first and the last address of a range, and what it is; what stands before and
/// behind it, and what that is. No neighbour: the range ends with the address space.
type Row = (
    (&'static str, Result<Class, Refusal>),
    (&'static str, &'static str, Result<Class, Refusal>),
    (&'static str, Result<Class, Refusal>),
);

const NONE: (&str, Result<Class, Refusal>) = ("", PUBLIC);

const ROWS: &[Row] = &[
    (
        NONE,
        ("0.0.0.0", "0.255.255.255", Err(ThisHost)),
        ("1.0.0.0", PUBLIC),
    ),
    (
        ("9.255.255.255", PUBLIC),
        ("10.0.0.0", "10.255.255.255", INNER),
        ("11.0.0.0", PUBLIC),
    ),
    (
        ("100.63.255.255", PUBLIC),
        ("100.64.0.0", "100.100.100.199", INNER),
        ("100.100.100.200", Err(Metadata)),
    ),
    (
        ("100.100.100.200", Err(Metadata)),
        ("100.100.100.201", "100.127.255.255", INNER),
        ("100.128.0.0", PUBLIC),
    ),
    (
        ("126.255.255.255", PUBLIC),
        ("127.0.0.0", "127.255.255.255", INNER),
        ("128.0.0.0", PUBLIC),
    ),
    (
        ("168.63.129.15", PUBLIC),
        ("168.63.129.16", "168.63.129.16", Err(Metadata)),
        ("168.63.129.17", PUBLIC),
    ),
    (
        ("169.253.255.255", PUBLIC),
        ("169.254.0.0", "169.254.255.255", Err(LinkLocal)),
        ("169.255.0.0", PUBLIC),
    ),
    (
        ("169.254.169.253", Err(LinkLocal)),
        ("169.254.169.254", "169.254.170.2", Err(LinkLocal)),
        ("169.254.170.23", Err(LinkLocal)),
    ),
    (
        ("172.15.255.255", PUBLIC),
        ("172.16.0.0", "172.31.255.255", INNER),
        ("172.32.0.0", PUBLIC),
    ),
    (
        ("191.255.255.255", PUBLIC),
        ("192.0.0.0", "192.0.0.255", Err(Metadata)),
        ("192.0.1.0", PUBLIC),
    ),
    (
        ("192.167.255.255", PUBLIC),
        ("192.168.0.0", "192.168.255.255", INNER),
        ("192.169.0.0", PUBLIC),
    ),
    (
        ("198.17.255.255", PUBLIC),
        ("198.18.0.0", "198.19.255.255", INNER),
        ("198.20.0.0", PUBLIC),
    ),
    (
        ("223.255.255.255", PUBLIC),
        ("224.0.0.0", "239.255.255.255", Err(Multicast)),
        ("240.0.0.0", Err(Reserved)),
    ),
    (
        ("239.255.255.255", Err(Multicast)),
        ("240.0.0.0", "255.255.255.255", Err(Reserved)),
        NONE,
    ),
    (NONE, ("::", "::", Err(ThisHost)), ("::1", INNER)),
    (
        ("::", Err(ThisHost)),
        ("::1", "::1", INNER),
        ("::2", Err(ThisHost)),
    ),
    // IPv4-compatible: what is in it decides.
    (
        ("::1", INNER),
        ("::2", "::0.255.255.255", Err(ThisHost)),
        ("::1.0.0.0", PUBLIC),
    ),
    (
        ("::223.255.255.255", PUBLIC),
        ("::224.0.0.0", "::239.255.255.255", Err(Multicast)),
        ("::240.0.0.0", Err(Reserved)),
    ),
    (
        ("::239.255.255.255", Err(Multicast)),
        ("::240.0.0.0", "::255.255.255.255", Err(Reserved)),
        ("::1:0:0", PUBLIC),
    ),
    (
        ("::fffe:ffff:ffff", PUBLIC),
        ("::ffff:0.0.0.0", "::ffff:0.255.255.255", Err(ThisHost)),
        ("::ffff:1.0.0.0", PUBLIC),
    ),
    (
        ("::ffff:223.255.255.255", PUBLIC),
        ("::ffff:240.0.0.0", "::ffff:255.255.255.255", Err(Reserved)),
        ("::1:0:0:0", PUBLIC),
    ),
    (
        ("::fffe:ffff:ffff:ffff", PUBLIC),
        ("::ffff:0:0:0", "::ffff:0:00ff:ffff", Err(ThisHost)),
        ("::ffff:0:100:0", PUBLIC),
    ),
    (
        ("::ffff:0:dfff:ffff", PUBLIC),
        ("::ffff:0:f000:0", "::ffff:0:ffff:ffff", Err(Reserved)),
        ("::ffff:1:0:0", PUBLIC),
    ),
    (
        ("64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", PUBLIC),
        ("64:ff9b::", "64:ff9b::0.255.255.255", Err(ThisHost)),
        ("64:ff9b::1.0.0.0", PUBLIC),
    ),
    (
        ("64:ff9b::223.255.255.255", PUBLIC),
        (
            "64:ff9b::240.0.0.0",
            "64:ff9b::255.255.255.255",
            Err(Reserved),
        ),
        ("64:ff9b::1:0:0", PUBLIC),
    ),
    (
        ("64:ff9b:0:ffff:ffff:ffff:ffff:ffff", PUBLIC),
        (
            "64:ff9b:1::",
            "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
            Err(LocalNat64),
        ),
        ("64:ff9b:2::", PUBLIC),
    ),
    // Teredo: the server decides here, the client is the inverse of zeros, which is reserved.
    (
        ("2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", PUBLIC),
        (
            "2001::",
            "2001:0:ff:ffff:ffff:ffff:ffff:ffff",
            Err(ThisHost),
        ),
        ("2001:0:100:0:0:0:f7f7:f7f7", PUBLIC),
    ),
    (
        ("2001:0:dfff:ffff:0:0:f7f7:f7f7", PUBLIC),
        (
            "2001:0:e000::",
            "2001:0:efff:ffff:ffff:ffff:ffff:ffff",
            Err(Multicast),
        ),
        ("2001:0:f000::", Err(Reserved)),
    ),
    (
        ("2001:0:efff:ffff:ffff:ffff:ffff:ffff", Err(Multicast)),
        (
            "2001:0:f000::",
            "2001:0:ffff:ffff:ffff:ffff:ffff:ffff",
            Err(Reserved),
        ),
        ("2001:1::", PUBLIC),
    ),
    (
        ("2001:0:808:808:0:0:0fff:ffff", Err(Reserved)),
        (
            "2001:0:808:808:0:0:1000:0",
            "2001:0:808:808:0:0:1fff:ffff",
            Err(Multicast),
        ),
        ("2001:0:808:808:0:0:2000:0", PUBLIC),
    ),
    (
        ("2001:0:808:808:0:0:5600:ffff", PUBLIC),
        (
            "2001:0:808:808:0:0:5601:0",
            "2001:0:808:808:0:0:5601:ffff",
            Err(LinkLocal),
        ),
        ("2001:0:808:808:0:0:5602:0", PUBLIC),
    ),
    (
        ("2001:0:808:808:0:0:3f57:ffff", INNER),
        (
            "2001:0:808:808:0:0:3f57:fffe",
            "2001:0:808:808:0:0:3f57:0",
            INNER,
        ),
        ("2001:0:808:808:0:0:3f58:0", PUBLIC),
    ),
    // 6to4.
    (
        ("2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", PUBLIC),
        (
            "2002::",
            "2002:ff:ffff:ffff:ffff:ffff:ffff:ffff",
            Err(ThisHost),
        ),
        ("2002:100::", PUBLIC),
    ),
    (
        ("2002:a9fd:ffff:ffff:ffff:ffff:ffff:ffff", PUBLIC),
        (
            "2002:a9fe::",
            "2002:a9fe:ffff:ffff:ffff:ffff:ffff:ffff",
            Err(LinkLocal),
        ),
        ("2002:a9ff::", PUBLIC),
    ),
    (
        ("2002:9ff:ffff::", PUBLIC),
        (
            "2002:a00::",
            "2002:aff:ffff:ffff:ffff:ffff:ffff:ffff",
            INNER,
        ),
        ("2002:b00::", PUBLIC),
    ),
    (
        ("2002:dfff:ffff::", PUBLIC),
        (
            "2002:f000::",
            "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            Err(Reserved),
        ),
        ("2003::", PUBLIC),
    ),
    (
        ("fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", PUBLIC),
        ("fc00::", "fd00:42::41", INNER),
        ("fd00:42::42", Err(Metadata)),
    ),
    (
        ("fd00:42::41", INNER),
        ("fd00:42::42", "fd00:42::42", Err(Metadata)),
        ("fd00:42::43", INNER),
    ),
    (
        ("fd00:ec1:ffff:ffff:ffff:ffff:ffff:ffff", INNER),
        (
            "fd00:ec2::",
            "fd00:ec2:ffff:ffff:ffff:ffff:ffff:ffff",
            Err(Metadata),
        ),
        ("fd00:ec3::", INNER),
    ),
    (
        ("fd20:ce::253", INNER),
        ("fd20:ce::254", "fd20:ce::254", Err(Metadata)),
        ("fd20:ce::255", INNER),
    ),
    (
        ("fd20:ce::255", INNER),
        (
            "fd20:ce::256",
            "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            INNER,
        ),
        ("fe00::", PUBLIC),
    ),
    (
        ("fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", PUBLIC),
        (
            "fe80::",
            "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            Err(LinkLocal),
        ),
        ("fec0::", Err(LinkLocal)),
    ),
    (
        ("febf:ffff::", Err(LinkLocal)),
        (
            "fec0::",
            "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            Err(LinkLocal),
        ),
        ("ff00::", Err(Multicast)),
    ),
    (
        ("feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Err(LinkLocal)),
        (
            "ff00::",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            Err(Multicast),
        ),
        NONE,
    ),
    // Ranges of documentation and the like are in no table: nothing is reached there.
    (
        ("192.0.1.255", PUBLIC),
        ("192.0.2.0", "192.0.2.255", PUBLIC),
        ("192.0.3.0", PUBLIC),
    ),
    (
        ("2001:db7:ffff::", PUBLIC),
        ("2001:db8::", "2001:db8:ffff::", PUBLIC),
        ("2001:db9::", PUBLIC),
    ),
];

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[track_caller]
fn is(text: &str, expected: Result<Class, Refusal>) {
    assert_eq!(classify(address(text)), expected, "{text}");
}

#[test]
fn each_range_is_what_it_is_from_edge_to_edge() {
    let mut rows = 0;
    for ((before, is_before), (first, last, is_range), (behind, is_behind)) in ROWS {
        for (text, expected) in [
            (before, is_before),
            (first, is_range),
            (last, is_range),
            (behind, is_behind),
        ] {
            if !text.is_empty() {
                is(text, *expected);
                rows += 1;
            }
        }
    }
    assert!(rows >= 160, "{rows}");
}

#[test]
fn each_way_to_wrap_an_address_is_unwrapped() {
    for (wrap, name) in WRAPS {
        let of = |text: &str| classify(wrap(text.parse().unwrap()).into());
        for (text, expected) in [
            ("169.254.169.254", Err(LinkLocal)),
            ("169.254.170.2", Err(LinkLocal)),
            ("168.63.129.16", Err(Metadata)),
            ("100.100.100.200", Err(Metadata)),
            ("192.0.0.192", Err(Metadata)),
            ("224.0.0.251", Err(Multicast)),
            ("255.255.255.255", Err(Reserved)),
            ("0.1.2.3", Err(ThisHost)),
            ("127.0.0.1", INNER),
            ("10.0.0.1", INNER),
            ("8.8.8.8", PUBLIC),
        ] {
            assert_eq!(of(text), expected, "{text} by {name}");
        }
    }
}

#[test]
fn a_host_may_be_narrowed_to_networks() {
    let bounds = |networks: &[&str]| Bounds {
        networks: Some(networks.iter().map(|text| text.parse().unwrap()).collect()),
        ..Bounds::default()
    };
    let ten = bounds(&["10.0.0.0/8", "2001:db8::/32"]);
    let of = |text: &str, bounds: &Bounds| check(address(text), bounds);
    assert_eq!(of("10.1.2.3", &ten), Ok(()));
    assert_eq!(of("::ffff:10.1.2.3", &ten), Ok(()));
    assert_eq!(of("2001:db8::1", &ten), Ok(()));
    assert_eq!(of("11.0.0.0", &ten), Err(Narrowed));
    assert_eq!(of("::ffff:11.0.0.0", &ten), Err(Narrowed));
    assert_eq!(of("64:ff9b::10.0.0.1", &ten), Err(Narrowed));
    assert_eq!(of("10.0.0.1", &bounds(&[])), Err(Narrowed));
    let all = bounds(&["0.0.0.0/0", "::/0"]);
    assert_eq!(of("8.8.8.8", &all), Ok(()));
    assert_eq!(
        of("169.254.169.254", &all),
        Err(LinkLocal),
        "no list admits it"
    );
    assert_eq!(of("::ffff:169.254.169.254", &all), Err(LinkLocal));
}

#[test]
fn private_addresses_are_allowed_unless_only_listed_hosts_may_have_them() {
    let open = Bounds::default();
    let narrow = Bounds {
        allows_private: false,
        ..Bounds::default()
    };
    for text in [
        "127.0.0.1",
        "::1",
        "10.0.0.1",
        "fc00::1",
        "::ffff:192.168.0.1",
    ] {
        assert_eq!(check(address(text), &open), Ok(()));
        assert_eq!(
            check(address(text), &narrow),
            Err(Refusal::Private),
            "{text}"
        );
    }
    assert_eq!(check(address("8.8.8.8"), &narrow), Ok(()));
    assert_eq!(check(address("::"), &narrow), Err(ThisHost));
}

#[test]
fn loopback_is_loopback_in_both_forms() {
    for (text, expected) in [
        ("127.0.0.1", true),
        ("127.255.255.255", true),
        ("::1", true),
        ("::ffff:127.0.0.1", true),
        ("128.0.0.1", false),
        ("10.0.0.1", false),
        ("::2", false),
        // It leads out of this machine and back, or elsewhere.
        ("64:ff9b::127.0.0.1", false),
    ] {
        assert_eq!(is_loopback(address(text)), expected, "{text}");
    }
}

#[test]
fn each_refusal_has_a_label_and_words_of_its_own() {
    let labels: Vec<_> = Refusal::ALL.iter().map(|it| it.as_str()).collect();
    let expected = [
        "link_local",
        "metadata",
        "this_host",
        "multicast",
        "reserved",
        "local_nat64",
        "private",
        "addresses",
        "ourselves",
        "peer",
    ];
    assert_eq!(labels, expected);
}

type Wrap = fn(Ipv4Addr) -> Ipv6Addr;

/// Each form that has one IPv4 address in it.
const WRAPS: [(Wrap, &str); 7] = [
    (|it| within([0, 0, 0, 0, 0, 0xffff], it), "mapping"),
    (|it| within([0, 0, 0, 0, 0xffff, 0], it), "translation"),
    (|it| within([0, 0, 0, 0, 0, 0], it), "compatibility"),
    (|it| within([0x64, 0xff9b, 0, 0, 0, 0], it), "NAT64"),
    (
        |it| Ipv6Addr::from_bits(0x2002 << 112 | u128::from(it.to_bits()) << 80 | 0x1),
        "6to4",
    ),
    (
        |it| teredo(it, Ipv4Addr::new(8, 8, 8, 8)),
        "a server of Teredo",
    ),
    (
        |it| teredo(Ipv4Addr::new(8, 8, 8, 8), it),
        "a client of Teredo",
    ),
];

fn within(prefix: [u16; 6], address: Ipv4Addr) -> Ipv6Addr {
    let [a, b, c, d, e, f] = prefix;
    let prefix = Ipv6Addr::new(a, b, c, d, e, f, 0, 0).to_bits();
    Ipv6Addr::from_bits(prefix | u128::from(address.to_bits()))
}

fn teredo(server: Ipv4Addr, client: Ipv4Addr) -> Ipv6Addr {
    let server = u128::from(server.to_bits()) << 64;
    Ipv6Addr::from_bits(0x2001 << 112 | server | u128::from(!client.to_bits()))
}

/// The edges of the table of the chapter, as numbers: where the verdict may change.
const EDGES: [u32; 23] = [
    0x0100_0000,
    0x0a00_0000,
    0x0b00_0000,
    0x6440_0000,
    0x6464_64c8,
    0x6464_64c9,
    0x6480_0000,
    0x7f00_0000,
    0x8000_0000,
    0xa83f_8110,
    0xa83f_8111,
    0xa9fe_0000,
    0xa9ff_0000,
    0xac10_0000,
    0xac20_0000,
    0xc000_0000,
    0xc000_0100,
    0xc0a8_0000,
    0xc0a9_0000,
    0xc612_0000,
    0xc614_0000,
    0xe000_0000,
    0xf000_0000,
];

proptest! {
    #[test]
    fn a_verdict_changes_at_the_edges_only(one in any::<u32>(), other in any::<u32>()) {
        let (low, high) = (one.min(other), one.max(other));
        if !EDGES.iter().any(|edge| low < *edge && *edge <= high) {
            let of = |bits| classify(Ipv4Addr::from_bits(bits).into());
            prop_assert_eq!(of(low), of(high));
        }
    }

    #[test]
    fn around_an_edge_it_changes_nowhere_else(at in 0..EDGES.len(), by in 1_u32..2000) {
        let edge = EDGES[at];
        let of = |bits| classify(Ipv4Addr::from_bits(bits).into());
        prop_assert_ne!(of(edge - 1), of(edge));
        if !EDGES.contains(&(edge + by)) && !EDGES.iter().any(|it| edge < *it && *it <= edge + by) {
            prop_assert_eq!(of(edge), of(edge + by));
        }
    }

    #[test]
    fn wrapping_an_address_lifts_no_refusal_and_makes_nothing_public(bits in any::<u32>(), near in 0..EDGES.len(), off in 0_u32..4) {
        for bits in [bits, EDGES[near].wrapping_add(off).wrapping_sub(2)] {
            let plain = Ipv4Addr::from_bits(bits);
            // Nothing and loopback of IPv6 are what IPv4-compatible addresses cannot say.
            let verdict = classify(plain.into());
            for (wrap, name) in WRAPS {
                let wrapped = classify(wrap(plain).into());
                if bits == 1 && name == "compatibility" {
                    continue;
                }
                prop_assert_eq!(wrapped, verdict, "{} by {}", plain, name);
            }
        }
    }

    #[test]
    fn no_bounds_admit_what_is_refused(bits in any::<u128>(), allows_private in any::<bool>()) {
        let address = IpAddr::from(Ipv6Addr::from_bits(bits));
        let all = ["0.0.0.0/0", "::/0"].map(|text| text.parse().unwrap()).to_vec();
        for networks in [None, Some(all)] {
            let bounds = Bounds { networks, allows_private, is_veiled: false };
            if let Err(refusal) = classify(address) {
                prop_assert_eq!(check(address, &bounds), Err(refusal));
            }
        }
    }
}
