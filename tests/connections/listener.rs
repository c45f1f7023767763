//! TLS of the mirror's own port, asked by curl and openssl (security.md, "The process").

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::json;

use crate::mirror::KEY;
use crate::pki::{CA, CLIENT_CA, FOREIGN_CA, openssl};
use crate::process::poll;
use crate::rig::Rig;
use crate::setup::{Running, Setup};

crate::cases!(
    curl_gets_tls_1_2_and_1_3_and_nothing_else,
    openssl_sees_our_certificate_and_whose_it_should_show,
    a_client_certificate_of_the_authority_is_needed_and_enough,
    a_call_over_tls_is_answered_with_the_key,
    callers_are_told_apart_by_their_certificates,
    rotated_certificates_are_taken_up_and_no_request_is_lost,
    bad_material_changes_nothing_until_it_is_mended,
);

const EXPIRY: &str = r#"mirror_listener_certificate_expiry_timestamp_seconds{listener="mirror"}"#;
const RELOADED: &str = "mirror_config_last_reload_successful";

fn serve(rig: &Rig, client_ca: bool) -> Running {
    set_up(rig, client_ca).start()
}

fn set_up(rig: &Rig, client_ca: bool) -> Setup {
    let mut tls = json!({"cert_file": "cert.pem", "key_file": "cert.key"});
    let mut setup = Setup::new()
        .file("cert.pem", &rig.pki.read("server.pem"))
        .file("cert.key", &rig.pki.read("server.key"));
    if client_ca {
        tls["client_ca_file"] = json!("clients.pem");
        setup = setup.file("clients.pem", &rig.pki.read(&format!("{CLIENT_CA}.pem")));
    }
    setup.section("tls", tls)
}

/// Where it is served, under the name in its certificate.
fn url(running: &Running) -> String {
    running
        .mirror
        .url
        .replace("http://127.0.0.1", "https://localhost")
}

/// What curl says of the health check, asked with `arguments`: its exit code, and the version of
/// HTTP and the status that it was told.
fn curl(rig: &Rig, running: &Running, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new("curl")
        .args(["--silent", "--output", "/dev/null", "--max-time", "20"])
        .args([
            "--write-out",
            "%{http_version} %{http_code}",
            "--noproxy",
            "*",
        ])
        .arg("--cacert")
        .arg(rig.pki.path(&format!("{CA}.pem")))
        .args(arguments)
        .arg(format!("{}/healthcheck", url(running)))
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

fn curl_gets_tls_1_2_and_1_3_and_nothing_else(rig: &Rig) {
    let running = serve(rig, false);
    let fine = (Some(0), "1.1 200".to_owned());
    for arguments in [
        &["--tls-max", "1.2"][..],
        &["--tlsv1.3"],
        // It is offered, and not taken.
        &["--http2"],
    ] {
        assert_eq!(curl(rig, &running, arguments), fine, "{arguments:?}");
    }
    // 35 is a failed handshake; OpenSSL itself is told to allow the old version.
    let old = ["--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0"];
    assert_eq!(curl(rig, &running, &old).0, Some(35));
    // HTTP/2 alone is no answer, and neither is one in clear.
    assert_ne!(
        curl(rig, &running, &["--http2-prior-knowledge", "--no-alpn"]).0,
        Some(0)
    );
    let plain = running.mirror.url.clone() + "/healthcheck";
    assert!(running.mirror.client.get(plain).call().is_err());
    assert!(
        running
            .metrics()
            .contains(r#"mirror_connections_closed_total{reason="tls"} "#)
    );
}

/// What `openssl s_client` says of a handshake.
fn s_client(running: &Running, arguments: &[&str]) -> String {
    let address = url(running).replace("https://", "");
    let output = Command::new("openssl")
        .args(["s_client", "-connect", &address, "-servername", "localhost"])
        .args(arguments)
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn openssl_sees_our_certificate_and_whose_it_should_show(rig: &Rig) {
    let running = serve(rig, true);
    let ca = rig.pki.path(&format!("{CA}.pem"));
    let said = s_client(
        &running,
        &["-CAfile", ca.to_str().unwrap(), "-alpn", "h2,http/1.1"],
    );
    for expected in [
        "Verify return code: 0 (ok)",
        "ALPN protocol: http/1.1",
        "Acceptable client certificate CA names",
        "CN = client-ca",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let said = s_client(&running, &["-alpn", "h2"]);
    assert!(said.contains("no application protocol"), "{said}");
}

fn a_client_certificate_of_the_authority_is_needed_and_enough(rig: &Rig) {
    let running = serve(rig, true);
    let ask = |name: &str| {
        let [cert, key] = ["pem", "key"].map(|kind| rig.pki.path(&format!("{name}.{kind}")));
        let (cert, key) = (cert.display().to_string(), key.display().to_string());
        curl(rig, &running, &["--cert", &cert, "--key", &key]).0
    };
    for name in ["client-one", "client-two", "client-rsa"] {
        assert_eq!(ask(name), Some(0), "{name}");
    }
    for name in ["client-expired", "server", "foreign"] {
        assert_ne!(ask(name), Some(0), "{name}");
    }
    assert_ne!(curl(rig, &running, &[]).0, Some(0));
    assert_ne!(curl(rig, &running, &["--tls-max", "1.2"]).0, Some(0));
}

/// Asks for the health check again and again, on a new connection each time and then on one that is
/// kept, trusting both authorities; how often, and how often that failed.
fn load(folder: &Path, url: &str, arguments: &[&str], is_over: &AtomicBool) -> (usize, usize) {
    let (mut asked, mut failed) = (0, 0);
    while !is_over.load(Ordering::Relaxed) {
        let output = Command::new("curl")
            .args(["--silent", "--max-time", "20", "--noproxy", "*", "--cacert"])
            .arg(folder.join("both.pem"))
            .args(["--write-out", "\n%{http_code}\n"])
            .args(arguments)
            .arg(format!("{url}/healthcheck?[1-25]"))
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let good = said.lines().filter(|line| *line == "200").count();
        asked += 25;
        failed += 25 - good;
    }
    (asked, failed)
}

fn rotated_certificates_are_taken_up_and_no_request_is_lost(rig: &Rig) {
    let mut running = serve(rig, false);
    let both = rig.pki.read(&format!("{CA}.pem")) + &rig.pki.read(&format!("{FOREIGN_CA}.pem"));
    running.write("both.pem", &both);
    let (folder, url) = (running.folder.path().to_owned(), url(&running));
    let is_over = AtomicBool::new(false);
    let loads: Vec<(usize, usize)> = thread::scope(|scope| {
        let close = &["--header", "connection: close"][..];
        let loads = [close, close, &[], &[]].map(|arguments| {
            let (folder, url, is_over) = (&folder, &url, &is_over);
            scope.spawn(move || load(folder, url, arguments, is_over))
        });
        for round in 0..20 {
            let (name, ca) = [("foreign", FOREIGN_CA), ("server", CA)][round % 2];
            running.write("cert.key", &rig.pki.read(&format!("{name}.key")));
            running.write("cert.pem", &rig.pki.read(&format!("{name}.pem")));
            running.mirror.process.signal("HUP");
            let ca = rig.pki.path(&format!("{ca}.pem")).display().to_string();
            let what = || format!("the certificate of round {round}");
            poll(what, || {
                let said = s_client(&running, &["-CAfile", &ca]);
                said.contains("Verify return code: 0 (ok)")
            });
        }
        is_over.store(true, Ordering::Relaxed);
        loads.map(|load| load.join().unwrap()).to_vec()
    });
    let sum = |of: fn(&(usize, usize)) -> usize| loads.iter().map(of).sum::<usize>();
    let (asked, failed) = (sum(|it| it.0), sum(|it| it.1));
    assert!(asked >= 100, "{asked}");
    assert_eq!(failed, 0, "of {asked}");
}

fn bad_material_changes_nothing_until_it_is_mended(rig: &Rig) {
    let mut running = serve(rig, false);
    let metric = |running: &Running, name: &str| {
        let page = running.metrics();
        let mut lines = page.lines();
        lines.find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()))
    };
    let expiry: i64 = metric(&running, EXPIRY).unwrap().parse().unwrap();
    assert!(expiry > 1_700_000_000, "{expiry}");
    for bad in ["", "no certificate", &rig.pki.read("foreign.pem")] {
        running.write("cert.pem", bad);
        running.mirror.process.signal("HUP");
        poll(
            || "refusal".to_owned(),
            || metric(&running, RELOADED).as_deref() == Some("0"),
        );
        assert_eq!(curl(rig, &running, &[]).0, Some(0));
        running.write("cert.pem", &rig.pki.read("server.pem"));
        running.mirror.process.signal("HUP");
        poll(
            || "cure".to_owned(),
            || metric(&running, RELOADED).as_deref() == Some("1"),
        );
    }
    let words = running.mirror.process.words();
    assert!(
        words.contains("tls.key_file: it does not belong to the certificate"),
        "{words}"
    );
    assert!(!words.contains("PRIVATE KEY"), "{words}");
}

/// What the connection test answers, head and body, asked with further `arguments` of curl.
fn test(rig: &Rig, running: &Running, arguments: &[&str]) -> String {
    let request = json!({"connectionDetails": {"url": rig.prometheus.url}});
    let output = Command::new("curl")
        .args(["--silent", "--include", "--noproxy", "*", "--cacert"])
        .arg(rig.pki.path(&format!("{CA}.pem")))
        .args(["--data", &request.to_string()])
        .args(arguments)
        .arg(format!("{}/api/connection", url(running)))
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn a_call_over_tls_is_answered_with_the_key(rig: &Rig) {
    let said = test(rig, &serve(rig, false), &[]);
    assert!(said.contains(&format!("x-mirror-api-key: {KEY}")), "{said}");
    assert!(said.contains(r#""status":"OK""#), "{said}");
}

fn callers_are_told_apart_by_their_certificates(rig: &Rig) {
    let folder = rig.pki.path("");
    let print = "x509 -in client-one.pem -noout -fingerprint -sha256";
    let printed = openssl(&folder, print);
    let (_, fingerprint) = printed.trim().split_once('=').unwrap();
    let by = |certificate: &str| {
        let callers = json!([{"name": "one", "certificates": [certificate]}]);
        set_up(rig, true).section("callers", callers).start()
    };
    let ask = |running: &Running, name: &str| {
        let [cert, key] = ["pem", "key"].map(|kind| rig.pki.path(&format!("{name}.{kind}")));
        let (cert, key) = (cert.display().to_string(), key.display().to_string());
        test(rig, running, &["--cert", &cert, "--key", &key])
    };
    let one = by(fingerprint);
    assert!(ask(&one, "client-one").contains(KEY));
    let stranger = ask(&one, "client-two");
    assert!(stranger.starts_with("HTTP/1.1 401 "), "{stranger}");
    assert!(!stranger.contains(KEY), "{stranger}");
    // Both are for that name; the common name is none.
    let named = by("client");
    assert!(ask(&named, "client-one").contains(KEY));
    assert!(ask(&named, "client-two").contains(KEY));
    assert!(!ask(&by("client-one"), "client-one").contains(KEY));
}
