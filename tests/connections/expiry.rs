//! Metrics that tell when sessions, tokens and client certificates end.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::aws::{STATIC, named};
use crate::process::poll;
use crate::rig::Rig;
use crate::setup::{Running, Setup};

crate::cases![what_ends_is_told_until_its_connection_is_gone];

const ROLE: &str = "arn:aws:iam::123456789012:role/amp-query";
const DAY: u64 = 24 * 60 * 60;

fn client(rig: &Rig) -> Value {
    json!({
        "url": rig.nginx.tls_url("mtls", "open"),
        "tls_config": {"ca_file": "ca.pem", "cert_file": "client.pem", "key_file": "client.key"},
    })
}

fn with_files(setup: Setup, rig: &Rig) -> Setup {
    setup
        .file("ca.pem", &rig.pki.read("ca.pem"))
        .file("client.pem", &rig.pki.read("client-one.pem"))
        .file("client.key", &rig.pki.read("client-one.key"))
}

/// The value of a sample, if there is one.
fn sample(mirror: &Running, name: &str) -> Option<u64> {
    let metrics = mirror.metrics();
    let mut lines = metrics.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.map(|value| value.parse().unwrap())
}

/// In how many seconds something of a connection ends.
fn ends(mirror: &Running, what: &str, connection: &str) -> Option<u64> {
    let name = format!("mirror_{what}_expiry_timestamp_seconds{{backend=\"{connection}\"}}");
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    sample(mirror, &name).map(|ends| ends.saturating_sub(now))
}

fn what_ends_is_told_until_its_connection_is_gone(rig: &Rig) {
    let oauth2 = json!({"url": rig.oauth2.url, "oauth2": {
        "client_id": "mirror", "client_secret": "client s%cret+/=",
        "token_url": format!("{}/token", rig.oauth2.url),
    }});
    let setup = with_files(rig.with_sts(), rig)
        .connection("mtls", client(rig))
        .connection("oauth2", oauth2)
        .connection("amp", rig.assuming(&STATIC, ROLE))
        .connection("static", rig.amp(STATIC.block()));
    let mut mirror = setup.start();
    for name in ["mtls", "oauth2", "amp", "static"] {
        mirror.query(&named(name)).unwrap();
    }
    let in_between = |ends: Option<u64>, least: u64, most: u64| {
        assert!(
            ends.is_some_and(|it| (least..=most).contains(&it)),
            "{ends:?}"
        );
    };
    in_between(ends(&mirror, "certificate", "mtls"), 29 * DAY, 30 * DAY);
    in_between(ends(&mirror, "credential", "oauth2"), 3_500, 3_600);
    in_between(ends(&mirror, "credential", "amp"), 3_500, 3_600);
    assert_eq!(
        ends(&mirror, "credential", "static"),
        None,
        "keys do not end"
    );

    let only = json!({"connections": {"oauth2": {"url": rig.prometheus.url}}});
    mirror.write("mirror.yaml", &only.to_string());
    mirror.mirror.process.signal("HUP");
    poll(
        || "the end of what was removed".to_owned(),
        || ends(&mirror, "certificate", "mtls").is_none(),
    );
    assert_eq!(ends(&mirror, "credential", "amp"), None);
}
