//! HTTP/2, agreed on by ALPN with a real nginx.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::pki::CA;
use crate::rig::Rig;
use crate::setup::{Running, Setup};

crate::cases![
    it_is_spoken_where_both_want_it,
    a_crowd_of_calls_shares_at_most_four_connections,
    a_connection_that_is_ended_loses_no_query,
];

fn details(rig: &Rig, listener: &str, enable_http2: bool) -> Value {
    json!({
        "url": rig.nginx.tls_url(listener, "open"), "enable_http2": enable_http2,
        "tls_config": {"ca": rig.pki.read(&format!("{CA}.pem"))}, "dialect": "promql-open",
    })
}

fn it_is_spoken_where_both_want_it(rig: &Rig) {
    let mirror = Setup::new().start();
    for (listener, enable_http2, expected) in [
        ("h2", true, "HTTP/2.0"),
        ("h2", false, "HTTP/1.1"),
        ("tls", true, "HTTP/1.1"),
    ] {
        rig.reset();
        let details = details(rig, listener, enable_http2);
        for _ in 0..3 {
            mirror.query(&details).unwrap();
        }
        mirror.mirror.names(&details).unwrap();
        let visits = rig.nginx.visits();
        assert!(
            visits.iter().all(|visit| visit.http == expected),
            "{visits:?}"
        );
        let connections: BTreeSet<_> = visits.iter().map(|visit| &visit.connection).collect();
        assert_eq!(connections.len(), 1, "{visits:?}");
    }
    // Without TLS there is no way to agree on it.
    let plain = json!({"url": rig.nginx.url("open"), "enable_http2": true});
    rig.reset();
    mirror.query(&plain).unwrap();
    assert!(
        rig.nginx
            .visits()
            .iter()
            .all(|visit| visit.http == "HTTP/1.1")
    );
}

/// Asks from so many threads, each so often.
fn crowd(mirror: &Running, details: &Value, threads: usize, each: usize) {
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for _ in 0..each {
                    mirror.query(details).unwrap();
                }
            });
        }
    });
}

fn a_crowd_of_calls_shares_at_most_four_connections(rig: &Rig) {
    let mirror = Setup::new().start();
    let details = details(rig, "h2", true);
    crowd(&mirror, &details, 100, 5);
    let visits = rig.nginx.visits();
    assert!(visits.len() >= 500, "{}", visits.len());
    assert!(visits.iter().all(|visit| visit.http == "HTTP/2.0"));
    let connections: BTreeSet<_> = visits.iter().map(|visit| &visit.connection).collect();
    assert!((1..=4).contains(&connections.len()), "{connections:?}");
}

fn a_connection_that_is_ended_loses_no_query(rig: &Rig) {
    let mirror = Setup::new().start();
    let details = details(rig, "h2-restless", true);
    crowd(&mirror, &details, 8, 30);
    let visits = rig.nginx.visits();
    let connections: BTreeSet<_> = visits.iter().map(|visit| &visit.connection).collect();
    assert!(connections.len() >= 20, "{connections:?}");
}
