//! TLS with a private CA: certificates that fit, each way in which they do not, and client
//! certificates.

use serde_json::{Value, json};

use crate::ask::refused;
use crate::nginx::{PASSWORD, USER};
use crate::pki::{CA, FOREIGN_CA};
use crate::process::{Process, free_ports, poll};
use crate::rig::Rig;
use crate::setup::Setup;

crate::cases![
    a_private_ca_is_trusted_where_it_is_given,
    an_expired_certificate_is_refused,
    a_certificate_for_another_name_is_refused_unless_that_name_is_given,
    a_certificate_of_a_foreign_ca_is_refused,
    tls_1_3_can_be_demanded,
    a_client_certificate_opens_mtls_in_every_spelling_of_its_key,
    an_expired_client_certificate_is_refused,
    a_prometheus_that_wants_a_client_certificate_says_so,
    insecure_skip_verify_is_refused_beside_a_credential,
    unusable_material_is_refused_before_anything_is_dialled,
];

fn details(rig: &Rig, listener: &str, ca: &str) -> Value {
    json!({
        "url": rig.nginx.tls_url(listener, "open"),
        "tls_config": {"ca": rig.pki.read(&format!("{ca}.pem"))},
    })
}

fn with_client(rig: &Rig, certificate: &str, key: &str) -> Value {
    let mut details = details(rig, "mtls", CA);
    details["tls_config"]["cert"] = json!(rig.pki.read(certificate));
    details["tls_config"]["key"] = json!(rig.pki.read(key));
    details
}

fn a_private_ca_is_trusted_where_it_is_given(rig: &Rig) {
    let mirror = Setup::new().start();
    mirror.test(&details(rig, "tls", CA)).unwrap();
    mirror.query(&details(rig, "tls", CA)).unwrap();
    let mut with_password = details(rig, "tls", CA);
    with_password["url"] = json!(rig.nginx.tls_url("tls", "basic"));
    with_password["basic_auth"] = json!({"username": USER, "password": PASSWORD});
    mirror.query(&with_password).unwrap();
    // Trust of one connection is none of another's, although the address is the same.
    let without = json!({"url": rig.nginx.tls_url("tls", "open")});
    refused(mirror.test(&without), "PM-3003", &["TLS with 127.0.0.1"]);
}

fn an_expired_certificate_is_refused(rig: &Rig) {
    let mirror = Setup::new().start();
    refused(
        mirror.test(&details(rig, "expired", CA)),
        "PM-3003",
        &["expired"],
    );
    refused(
        mirror.query(&details(rig, "expired", CA)),
        "PM-3003",
        &["expired"],
    );
}

fn a_certificate_for_another_name_is_refused_unless_that_name_is_given(rig: &Rig) {
    let mirror = Setup::new().start();
    let mut details = details(rig, "wrong-name", CA);
    refused(
        mirror.test(&details),
        "PM-3003",
        &["other.example", "server_name"],
    );
    details["tls_config"]["server_name"] = json!("other.example");
    mirror.test(&details).unwrap();
}

fn a_certificate_of_a_foreign_ca_is_refused(rig: &Rig) {
    let mirror = Setup::new().start();
    refused(
        mirror.test(&details(rig, "foreign", CA)),
        "PM-3003",
        &["tls_config.ca"],
    );
    refused(
        mirror.test(&details(rig, "tls", FOREIGN_CA)),
        "PM-3003",
        &["tls_config.ca"],
    );
    mirror.test(&details(rig, "foreign", FOREIGN_CA)).unwrap();
}

fn tls_1_3_can_be_demanded(rig: &Rig) {
    let mirror = Setup::new().start();
    let mut old = details(rig, "tls12", CA);
    mirror.test(&old).unwrap();
    old["tls_config"]["min_version"] = json!("TLS13");
    refused(mirror.test(&old), "PM-3003", &[]);
    let mut new = details(rig, "tls", CA);
    new["tls_config"]["min_version"] = json!("TLS13");
    mirror.test(&new).unwrap();
    new["tls_config"]["min_version"] = json!("TLS11");
    refused(
        mirror.test(&new),
        "PM-1008",
        &["connectionDetails.tls_config.min_version"],
    );
}

fn a_client_certificate_opens_mtls_in_every_spelling_of_its_key(rig: &Rig) {
    let mirror = Setup::new().start();
    for (certificate, key) in [
        ("client-one.pem", "client-one.key"),
        ("client-one.pem", "client-one.old.key"),
        ("client-rsa.pem", "client-rsa.key"),
        ("client-rsa.pem", "client-rsa.old.key"),
    ] {
        rig.nginx.reset();
        mirror.test(&with_client(rig, certificate, key)).unwrap();
        mirror.query(&with_client(rig, certificate, key)).unwrap();
        let subject = format!("CN={}", certificate.trim_end_matches(".pem"));
        let visits = rig.nginx.visits();
        assert!(
            visits.iter().all(|visit| visit.client == subject),
            "{visits:?}"
        );
    }
}

fn an_expired_client_certificate_is_refused(rig: &Rig) {
    let mirror = Setup::new().start();
    let expired = with_client(rig, "client-expired.pem", "client-expired.key");
    mirror
        .test(&with_client(rig, "client-one.pem", "client-one.key"))
        .unwrap();
    // nginx shakes hands first and refuses in HTTP, with a 400 of its own.
    mirror.test(&expired).unwrap_err();
    mirror.query(&expired).unwrap_err();
    mirror.query(&details(rig, "mtls", CA)).unwrap_err();
}

fn a_prometheus_that_wants_a_client_certificate_says_so(rig: &Rig) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| rig.pki.path(name).display().to_string();
    let web = json!({"tls_server_config": {
        "cert_file": path("server.pem"), "key_file": path("server.key"),
        "client_auth_type": "RequireAndVerifyClientCert", "client_ca_file": path("client-ca.pem"),
    }});
    std::fs::write(folder.path().join("web.yml"), web.to_string()).unwrap();
    std::fs::write(folder.path().join("prometheus.yml"), "").unwrap();
    let [port] = free_ports();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let arguments = [
        format!("--config.file={}", at("prometheus.yml")),
        format!("--web.config.file={}", at("web.yml")),
        format!("--storage.tsdb.path={}", at("data")),
        format!("--web.listen-address=127.0.0.1:{port}"),
    ];
    let process = Process::start(&rig.program, &arguments, &[], &folder.path().join("log"));
    let mirror = Setup::new().start();
    let mut details = with_client(rig, "client-one.pem", "client-one.key");
    details["url"] = json!(format!("https://127.0.0.1:{port}"));
    poll(|| process.last_words(), || mirror.test(&details).is_ok());
    details["tls_config"] = json!({"ca": rig.pki.read("ca.pem")});
    refused(mirror.test(&details), "PM-3003", &["certificate"]);
    let expired = with_client(rig, "client-expired.pem", "client-expired.key");
    details["tls_config"] = expired["tls_config"].clone();
    refused(mirror.test(&details), "PM-3003", &["certificate"]);
}

fn insecure_skip_verify_is_refused_beside_a_credential(rig: &Rig) {
    let mut insecure = json!({
        "url": rig.nginx.tls_url("foreign", "open"), "tls_config": {"insecure_skip_verify": true},
    });
    let strict = Setup::new().start();
    refused(
        strict.test(&insecure),
        "PM-1008",
        &["insecure_skip_verify", "allow_insecure_tls"],
    );
    drop(strict);
    let lax = Setup::new()
        .section("policy", json!({"allow_insecure_tls": true}))
        .start();
    lax.test(&insecure).unwrap();
    rig.nginx.reset();
    insecure["bearer_token"] = json!("x");
    refused(lax.test(&insecure), "PM-1008", &["insecure_skip_verify"]);
    assert_eq!(rig.nginx.count(), 0);
}

fn unusable_material_is_refused_before_anything_is_dialled(rig: &Rig) {
    let mirror = Setup::new().start();
    let (one, two) = (
        rig.pki.read("client-one.pem"),
        rig.pki.read("client-two.key"),
    );
    let url = rig.nginx.tls_url("mtls", "open");
    for (block, path) in [
        (json!({"cert": one}), "connectionDetails.tls_config.cert"),
        (json!({"key": two}), "connectionDetails.tls_config.key"),
        (
            json!({"cert": one, "key": two}),
            "connectionDetails.tls_config",
        ),
        (json!({"ca": "no PEM"}), "connectionDetails.tls_config.ca"),
    ] {
        let details = json!({"url": url, "tls_config": block});
        refused(mirror.test(&details), "PM-1008", &[path]);
    }
    let plain = json!({"url": rig.nginx.url("open"), "tls_config": {"ca": rig.pki.read("ca.pem")}});
    refused(
        mirror.test(&plain),
        "PM-1008",
        &["connectionDetails.tls_config"],
    );
    assert_eq!(rig.nginx.count(), 0);
}
