//! Which proofs open the gate, and who stands behind it then.

use http::Request;

use super::super::peer::Certificate;
use super::*;
use crate::network::Network;

const TOKENS: [&str; 3] = [
    "the-token-of-alpha",
    "the-next-of-alpha",
    "the-token-of-beta",
];

fn digest(token: &str) -> TokenDigest {
    TokenDigest::of(token)
}

fn networks(texts: &[&str]) -> Networks {
    let networks = texts.iter().map(|text| text.parse::<Network>().unwrap());
    networks.collect::<Vec<_>>().into()
}

fn entry(name: &str, tokens: &[&str], certificates: &[&str]) -> Entry {
    let tokens = tokens.iter().map(|token| digest(token));
    let patterns = certificates.iter();
    Entry {
        name: name.into(),
        tokens: (tokens.len() > 0).then(|| tokens.collect()),
        certificates: patterns
            .map(|text| CertificatePattern::parse(text).unwrap())
            .collect(),
    }
}

/// Beyond loopback, with these entries.
fn gate(entries: Vec<Entry>) -> Gate {
    Gate {
        is_loopback: false,
        entries,
        ..Gate::default()
    }
}

fn peer(address: &str, certificate: Option<&str>) -> Peer {
    let certificate = certificate.map(|uri| {
        Arc::new(Certificate {
            dns_names: Vec::new(),
            uris: vec![uri.to_owned()],
            fingerprint: [0; 32],
        })
    });
    Peer {
        certificate,
        ..Peer::plain(format!("{address}:1").parse().unwrap())
    }
}

fn head(headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder();
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

/// What becomes of a request with this token.
fn outcome(gate: &Gate, peer: &Peer, head: &Parts, token: Option<&str>) -> Result<Caller, Reason> {
    let token = token.map(|token| Secret::new(token.to_owned()));
    let entered = gate.enter(peer, head);
    let accepted = entered.and_then(|entrance| entrance.accept(token.as_ref()));
    match accepted {
        Ok(accepted) => Ok(accepted.caller().clone()),
        Err(Refused { reason, .. }) => Err(reason),
    }
}

/// Who is settled at the head.
fn settled(gate: &Gate, peer: &Peer) -> Option<Caller> {
    let head = head(&[]);
    let entrance = gate.enter(peer, &head).unwrap();
    entrance.settled().map(|accepted| accepted.caller().clone())
}

fn named(name: &str) -> Result<Caller, Reason> {
    Ok(Caller::Named(name.into()))
}

#[test]
fn both_tokens_of_a_caller_open_and_no_others() {
    let gate = gate(vec![
        entry("alpha", &TOKENS[..2], &[]),
        entry("beta", &TOKENS[2..], &[]),
    ]);
    let (peer, head) = (peer("192.0.2.1", None), head(&[]));
    let check = |token, expected| assert_eq!(outcome(&gate, &peer, &head, token), expected);
    check(Some(TOKENS[0]), named("alpha"));
    check(Some(TOKENS[1]), named("alpha"));
    check(Some(TOKENS[2]), named("beta"));
    for wrong in [
        "",
        "x",
        "the-token-of-alph",
        "the-token-of-alphaa",
        "THE-TOKEN-OF-ALPHA",
    ] {
        check(Some(wrong), Err(Reason::Token));
    }
    check(None, Err(Reason::Token));
    assert_eq!(settled(&gate, &peer), None);
}

#[test]
fn a_caller_whose_tokens_were_not_read_is_nobody() {
    let unread = Entry {
        tokens: Some(Vec::new()),
        ..entry("alpha", &[], &[])
    };
    let gate = gate(vec![unread]);
    let (peer, head) = (peer("192.0.2.1", None), head(&[]));
    assert_eq!(outcome(&gate, &peer, &head, None), Err(Reason::Token));
    assert_eq!(outcome(&gate, &peer, &head, Some("")), Err(Reason::Token));
}

#[test]
fn a_network_is_a_gate_in_front_of_the_callers_and_not_an_alternative() {
    let gate = Gate {
        allowed: Some(networks(&["10.42.0.0/16"])),
        ..gate(vec![entry("alpha", &TOKENS[..1], &[])])
    };
    let (inside, outside) = (peer("10.42.0.1", None), peer("192.0.2.1", None));
    let check = |peer, token, expected| {
        assert_eq!(outcome(&gate, peer, &head(&[]), token), expected);
    };
    check(&inside, Some(TOKENS[0]), named("alpha"));
    check(&inside, None, Err(Reason::Token));
    check(&outside, Some(TOKENS[0]), Err(Reason::Source));
    check(&outside, None, Err(Reason::Source));
}

#[test]
fn with_networks_alone_whoever_comes_from_them_is_the_network() {
    let gate = Gate {
        allowed: Some(networks(&["10.42.0.0/16"])),
        ..gate(Vec::new())
    };
    let inside = peer("::ffff:10.42.0.1".replace("::ffff:", "").as_str(), None);
    assert_eq!(settled(&gate, &inside), Some(Caller::Network));
    let refused = gate
        .enter(&peer("192.0.2.1", None), &head(&[]))
        .unwrap_err();
    let source: IpAddr = "192.0.2.1".parse().unwrap();
    assert_eq!((refused.reason, refused.source), (Reason::Source, source));
}

#[test]
fn behind_a_trusted_proxy_the_source_is_whom_it_names() {
    let gate = Gate {
        allowed: Some(networks(&["10.42.0.0/16"])),
        trusted_proxies: networks(&["192.0.2.1"]),
        ..gate(Vec::new())
    };
    let check = |peer_at, forwarded: &str, expected| {
        let head = head(&[("x-forwarded-for", forwarded)]);
        assert_eq!(outcome(&gate, &peer(peer_at, None), &head, None), expected);
    };
    check("192.0.2.1", "10.42.0.1", Ok(Caller::Network));
    check("192.0.2.1", "192.0.2.9", Err(Reason::Source));
    check("192.0.2.1", "10.42.0.1, 192.0.2.9", Err(Reason::Source));
    check("192.0.2.1", "planted", Err(Reason::Forwarded));
    // A forged one proves nothing, and takes nothing away.
    check("192.0.2.2", "10.42.0.1", Err(Reason::Source));
    check("10.42.0.1", "192.0.2.9", Ok(Caller::Network));
}

#[test]
fn a_refusal_names_the_source_behind_the_proxy_or_else_the_proxy() {
    let gate = Gate {
        trusted_proxies: networks(&["192.0.2.1"]),
        ..gate(vec![entry("alpha", &TOKENS[..1], &[])])
    };
    let source_of = |forwarded: &str| {
        let head = head(&[("x-forwarded-for", forwarded)]);
        let peer = peer("192.0.2.1", None);
        let entrance = gate.enter(&peer, &head);
        let refused = entrance.and_then(|entrance| entrance.accept(None));
        refused.unwrap_err().source.to_string()
    };
    assert_eq!(source_of("203.0.113.7"), "203.0.113.7");
    assert_eq!(source_of("planted"), "192.0.2.1");
}

#[test]
fn a_certificate_of_the_authority_alone_is_the_network() {
    let gate = Gate {
        needs_certificate: true,
        ..gate(Vec::new())
    };
    let with = peer("192.0.2.1", Some("spiffe://lab/a"));
    assert_eq!(settled(&gate, &with), Some(Caller::Network));
    let without = outcome(&gate, &peer("192.0.2.1", None), &head(&[]), None);
    assert_eq!(without, Err(Reason::Certificate));
}

#[test]
fn all_proofs_of_one_entry_must_hold() {
    let gate = Gate {
        needs_certificate: true,
        ..gate(vec![entry(
            "alpha",
            &TOKENS[..1],
            &["spiffe://lab/a", "spiffe://lab/b"],
        )])
    };
    let check = |uri, token, expected| {
        let peer = peer("192.0.2.1", Some(uri));
        assert_eq!(outcome(&gate, &peer, &head(&[]), token), expected);
    };
    check("spiffe://lab/a", Some(TOKENS[0]), named("alpha"));
    check("spiffe://lab/b", Some(TOKENS[0]), named("alpha"));
    check("spiffe://lab/a", None, Err(Reason::Token));
    check("spiffe://lab/c", Some(TOKENS[0]), Err(Reason::Certificate));
    let none = peer("192.0.2.1", None);
    let outcome = outcome(&gate, &none, &head(&[]), Some(TOKENS[0]));
    assert_eq!(outcome, Err(Reason::Certificate));
}

#[test]
fn entries_are_alternatives_and_the_first_that_holds_counts() {
    let gate = gate(vec![
        entry("both", &TOKENS[..1], &["spiffe://lab/a"]),
        entry("certified", &[], &["spiffe://lab/a"]),
        entry("known", &TOKENS[..1], &[]),
    ]);
    let check = |uri, token, expected| {
        let peer = peer("192.0.2.1", uri);
        assert_eq!(outcome(&gate, &peer, &head(&[]), token), expected);
    };
    check(Some("spiffe://lab/a"), Some(TOKENS[0]), named("both"));
    check(Some("spiffe://lab/a"), None, named("certified"));
    check(Some("spiffe://lab/a"), Some("wrong"), named("certified"));
    check(Some("spiffe://lab/z"), Some(TOKENS[0]), named("known"));
    check(None, Some(TOKENS[0]), named("known"));
    check(None, None, Err(Reason::Token));
    let certified = peer("192.0.2.1", Some("spiffe://lab/a"));
    let expected = Caller::Named("certified".into());
    assert_eq!(settled(&gate, &certified), Some(expected));
    assert_eq!(settled(&gate, &peer("192.0.2.1", None)), None);
}

#[test]
fn beyond_loopback_without_wall_a_anyone_is_accepted() {
    let gate = gate(Vec::new());
    let browser = head(&[
        ("host", "mirror.example"),
        ("origin", "http://evil.example"),
    ]);
    let peer = peer("192.0.2.1", None);
    assert_eq!(outcome(&gate, &peer, &browser, None), Ok(Caller::Anyone));
}

#[test]
fn on_loopback_only_what_was_made_there_is_accepted_unless_wall_a_stands() {
    let evil = head(&[("host", "evil.example")]);
    let local = peer("127.0.0.1", None);
    let open = Gate::default();
    assert_eq!(outcome(&open, &local, &evil, None), Err(Reason::NotLocal));
    let good = head(&[("host", "localhost:9900")]);
    assert_eq!(outcome(&open, &local, &good, None), Ok(Caller::Anyone));
    // A list of everybody is no wall.
    let everybody = Gate {
        allowed: Some(networks(&["0.0.0.0/0"])),
        ..Gate::default()
    };
    let refused = outcome(&everybody, &local, &evil, None);
    assert_eq!(refused, Err(Reason::NotLocal));
    let walled = Gate {
        allowed: Some(networks(&["127.0.0.0/8"])),
        ..Gate::default()
    };
    assert_eq!(outcome(&walled, &local, &evil, None), Ok(Caller::Network));
    // A page on this machine comes from that network, and can show neither token nor certificate.
    let page = head(&[("host", "localhost"), ("origin", "http://evil.example")]);
    assert_eq!(outcome(&walled, &local, &page, None), Err(Reason::NotLocal));
    let known = Gate {
        entries: vec![entry("alpha", &TOKENS[..1], &[])],
        ..walled
    };
    assert_eq!(
        outcome(&known, &local, &page, Some(TOKENS[0])),
        named("alpha")
    );
}

#[test]
fn wall_a_stands_on_any_one_limit() {
    assert!(!gate(Vec::new()).stands());
    assert!(gate(vec![entry("alpha", &TOKENS[..1], &[])]).stands());
    let of = |networks| Gate {
        allowed: Some(networks),
        ..gate(Vec::new())
    };
    assert!(of(networks(&["10.0.0.0/8"])).stands());
    assert!(!of(networks(&["0.0.0.0/0"])).stands());
    assert!(!of(networks(&["::/0"])).stands());
    let certified = Gate {
        needs_certificate: true,
        ..gate(Vec::new())
    };
    assert!(certified.stands());
}

#[test]
fn a_network_is_no_limit_where_everybody_may_name_its_source() {
    let behind = |trusted: &[&str], entries| Gate {
        allowed: Some(networks(&["10.0.0.0/8"])),
        trusted_proxies: networks(trusted),
        ..gate(entries)
    };
    assert!(behind(&["192.0.2.0/24"], Vec::new()).stands());
    for everybody in [&["0.0.0.0/0"][..], &["::/0"], &["0.0.0.0/1", "128.0.0.0/1"]] {
        assert!(!behind(everybody, Vec::new()).stands(), "{everybody:?}");
        // A token is one all the same.
        assert!(behind(everybody, vec![entry("alpha", &TOKENS[..1], &[])]).stands());
    }
}
