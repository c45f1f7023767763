//! Which addresses the hosts of a connection may have.

use super::*;
use crate::network::Network;

fn narrowed(entries: &[(&str, &[&str])]) -> Policy {
    let entries = entries.iter().map(|(url, networks)| {
        let pattern = UpstreamPattern::parse(url).unwrap();
        let networks: Vec<Network> = networks.iter().map(|text| text.parse().unwrap()).collect();
        match networks.is_empty() {
            true => pattern,
            false => pattern.narrowed_to(networks),
        }
    });
    Policy {
        allowed_upstreams: AllowedUpstreams::Listed(entries.collect()),
        ..Policy::default()
    }
}

/// The networks that the backend of these details may be in.
#[track_caller]
fn check(configured: &Configured, text: &str, expected: Option<&[&str]>) {
    let reach = admit(configured, text).unwrap().reach;
    let networks = reach.backend.networks;
    let texts = networks.map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>());
    let expected = expected.map(|all| all.iter().map(|it| (*it).to_owned()).collect());
    assert_eq!(texts, expected, "{text}");
}

#[test]
fn an_entry_narrows_what_its_name_may_resolve_to() {
    let policy = narrowed(&[
        ("https://*.lab.example", &["10.0.0.0/8"]),
        ("https://a.lab.example/p", &["192.168.0.0/16", "fd00::/8"]),
        ("https://b.lab.example", &[]),
    ]);
    let walled = configured(policy, &[]);
    check(
        &walled,
        r#"{"url": "https://c.lab.example"}"#,
        Some(&["10.0.0.0/8"]),
    );
    let both: &[&str] = &["10.0.0.0/8", "192.168.0.0/16", "fd00::/8"];
    check(
        &walled,
        r#"{"url": "https://a.lab.example/p/q"}"#,
        Some(both),
    );
    check(
        &walled,
        r#"{"url": "https://a.lab.example"}"#,
        Some(&["10.0.0.0/8"]),
    );
    // Where one entry allows any address, another takes none of them back.
    check(&walled, r#"{"url": "https://b.lab.example"}"#, None);
}

#[test]
fn what_narrows_a_name_narrows_it_for_named_connections() {
    let yaml = "url: https://a.lab.example
proxy_url: http://proxy.lab.example:3128
oauth2: { client_id: i, client_secret: s, token_url: https://login.example/token }";
    let policy = narrowed(&[
        ("https://*.lab.example", &["10.0.0.0/8"]),
        ("http://proxy.lab.example:3128", &["10.1.0.0/16"]),
        ("https://login.example", &["10.2.0.0/16"]),
    ]);
    let walled = configured(
        policy,
        &[("lab", yaml), ("other", "url: https://other.example")],
    );
    let reach = admit(&walled, r#"{"connection": "lab"}"#).unwrap().reach;
    let networks = |bounds: Bounds| bounds.networks.unwrap()[0].to_string();
    assert_eq!(networks(reach.backend), "10.0.0.0/8");
    assert_eq!(networks(reach.proxy), "10.1.0.0/16");
    assert_eq!(networks(reach.token), "10.2.0.0/16");
    check(&walled, r#"{"connection": "other"}"#, None);
}

#[test]
fn private_addresses_may_be_left_to_hosts_that_are_listed_or_named() {
    let listed_only = |policy| Policy {
        private_targets: PrivateTargets::Listed,
        ..policy
    };
    let yaml = "url: https://lab.example
proxy_url: http://proxy.example:3128
oauth2: { client_id: i, client_secret: s, token_url: https://login.example/token }";
    let open = listed_only(Policy {
        allowed_upstreams: AllowedUpstreams::Any,
        ..Policy::default()
    });
    let open = configured(open, &[("lab", yaml)]);
    let may = |configured: &Configured, text: &str| {
        let reach = admit(configured, text).unwrap().reach;
        [reach.backend, reach.token, reach.proxy].map(|bounds| bounds.allows_private)
    };
    assert_eq!(may(&open, r#"{"connection": "lab"}"#), [true; 3]);
    assert!(may(&open, r#"{"url": "https://lab.example/p"}"#)[0]);
    assert!(may(&open, r#"{"url": "https://login.example/token"}"#)[0]);
    assert!(may(&open, r#"{"url": "http://proxy.example:3128"}"#)[0]);
    assert!(!may(&open, r#"{"url": "https://other.example"}"#)[0]);
    let token = r#"{"url": "https://lab.example", "oauth2": {"client_id": "i", "client_secret": "s", "token_url": "https://other.example"}}"#;
    assert_eq!(may(&open, token)[..2], [true, false]);
    let unset = configured(listed_only(Policy::default()), &[]);
    assert!(!may(&unset, r#"{"url": "http://127.0.0.1"}"#)[0]);
    let walled = configured(listed_only(listed(&["http://127.0.0.1:9090"])), &[]);
    assert!(may(&walled, r#"{"url": "http://127.0.0.1:9090"}"#)[0]);
    let usual = configured(Policy::default(), &[]);
    assert!(may(&usual, r#"{"url": "http://127.0.0.1"}"#)[0]);
}

#[test]
fn failures_are_veiled_where_no_wall_limits_upstreams() {
    #[track_caller]
    fn check(configured: &Configured, expected: bool) {
        let text = r#"{"url": "https://h", "oauth2": {"client_id": "i", "client_secret": "s", "token_url": "https://h/t"}}"#;
        let reach = admit(configured, text).unwrap().reach;
        assert_eq!(reach.backend.is_veiled, expected);
        assert_eq!(reach.token.is_veiled, expected);
    }
    let any = || Policy {
        allowed_upstreams: AllowedUpstreams::Any,
        ..Policy::default()
    };
    check(&Configured::default(), true);
    check(&configured(any(), &[("h", "url: https://h")]), true);
    check(&configured(listed(&["https://h"]), &[]), false);
    check(
        &configured(Policy::default(), &[("h", "url: https://h")]),
        false,
    );
}
