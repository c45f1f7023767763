//! Files that change under a running mirror: passwords, tokens, certificates.

use std::time::Duration;

use serde_json::{Value, json};

use crate::aws::named;
use crate::nginx::{PASSWORD, TOKEN_ONE, TOKEN_TWO, USER};
use crate::process::poll;
use crate::rig::Rig;
use crate::setup::{Running, Setup};

crate::cases![
    a_rotated_password_is_picked_up_at_the_first_refusal,
    a_rotated_token_that_was_not_yet_revoked_is_picked_up_in_time,
    a_token_through_a_swapped_symlink_is_picked_up,
    a_rotated_client_certificate_is_picked_up_and_a_broken_one_is_not,
];

/// A connection named `lab` with this block.
fn lab(url: &str, block: &str, value: Value) -> Setup {
    let mut details = json!({"url": url});
    details[block] = value;
    Setup::new().connection("lab", details)
}

/// Asks without a pause until it is so; no query may fail meanwhile.
fn ask_until(mirror: &Running, what: &str, mut is_so: impl FnMut() -> bool) {
    let ask = || {
        mirror.query(&named("lab")).unwrap();
        is_so()
    };
    poll(|| what.to_owned(), ask);
}

fn a_rotated_password_is_picked_up_at_the_first_refusal(rig: &Rig) {
    let basic = json!({"username": USER, "password_file": "password"});
    let mirror = lab(&rig.nginx.url("basic"), "basic_auth", basic)
        .file("password", PASSWORD)
        .start();
    mirror.query(&named("lab")).unwrap();
    for password in ["second", "third"] {
        mirror.write("password", password);
        rig.nginx.set_password(password);
        mirror.query(&named("lab")).unwrap();
    }
    // The other way round: refused until the file follows.
    rig.nginx.set_password("fourth");
    mirror.query(&named("lab")).unwrap_err();
    mirror.write("password", "fourth\n");
    mirror.query(&named("lab")).unwrap();
}

fn a_rotated_token_that_was_not_yet_revoked_is_picked_up_in_time(rig: &Rig) {
    let mirror = lab(
        &rig.nginx.url("bearer"),
        "bearer_token_file",
        json!("token"),
    )
    .file("token", TOKEN_ONE)
    .start();
    mirror.query(&named("lab")).unwrap();
    mirror.write("token", TOKEN_TWO);
    let began = std::time::Instant::now();
    ask_until(&mirror, "the second token", || {
        rig.nginx
            .visits()
            .last()
            .is_some_and(|visit| visit.bearer == "two")
    });
    // Files are looked at every ten seconds.
    assert!(
        began.elapsed() < Duration::from_secs(12),
        "{:?}",
        began.elapsed()
    );
}

fn a_token_through_a_swapped_symlink_is_picked_up(rig: &Rig) {
    // As Kubernetes mounts a Secret: token -> ..data/token, ..data -> a folder per version.
    let setup = lab(
        &rig.nginx.url("bearer-two"),
        "authorization",
        json!({"credentials_file": "token"}),
    )
    .file("..one/token", TOKEN_ONE)
    .file("..two/token", TOKEN_TWO);
    let place = setup.folder.path().to_owned();
    std::os::unix::fs::symlink("..one", place.join("..data")).unwrap();
    std::os::unix::fs::symlink("..data/token", place.join("token")).unwrap();
    let mirror = setup.start();
    mirror.query(&named("lab")).unwrap_err();
    std::os::unix::fs::symlink("..two", place.join("..new")).unwrap();
    std::fs::rename(place.join("..new"), place.join("..data")).unwrap();
    mirror.query(&named("lab")).unwrap();
}

fn a_rotated_client_certificate_is_picked_up_and_a_broken_one_is_not(rig: &Rig) {
    let tls = json!({"ca_file": "ca.pem", "cert_file": "client.pem", "key_file": "client.key"});
    let mirror = lab(&rig.nginx.tls_url("mtls", "open"), "tls_config", tls)
        .file("ca.pem", &rig.pki.read("ca.pem"))
        .file("client.pem", &rig.pki.read("client-one.pem"))
        .file("client.key", &rig.pki.read("client-one.key"))
        .start();
    mirror.query(&named("lab")).unwrap();
    // For a while certificate and key do not fit: nobody writes two files at once.
    mirror.write("client.pem", &rig.pki.read("client-two.pem"));
    let began = std::time::Instant::now();
    ask_until(&mirror, "a check of the files", || {
        began.elapsed() > Duration::from_secs(11)
    });
    assert!(
        rig.nginx
            .visits()
            .iter()
            .all(|visit| visit.client == "CN=client-one")
    );
    let unusable = |count: u8| {
        let line = format!("mirror_tls_material_unusable {count}\n");
        assert!(mirror.metrics().contains(&line), "{}", mirror.metrics());
    };
    unusable(1);
    mirror.write("client.key", &rig.pki.read("client-two.key"));
    let began = std::time::Instant::now();
    ask_until(&mirror, "the second certificate", || {
        rig.nginx
            .visits()
            .last()
            .is_some_and(|visit| visit.client == "CN=client-two")
    });
    assert!(
        began.elapsed() < Duration::from_secs(12),
        "{:?}",
        began.elapsed()
    );
    assert!(
        rig.nginx
            .visits()
            .iter()
            .all(|visit| visit.protocol.starts_with("TLSv1."))
    );
    unusable(0);
}
