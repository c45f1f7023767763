//! TLS towards backends: whom we trust, what we show, and what is said when it fails (row 18 of the
//! fault matrix).

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rcgen::date_time_ymd;
use rustls::version::TLS12;
use tempfile::TempDir;

use super::tls::{Authority, Manner, Pair, TlsServer, inline};
use super::{TWO, connection, lasting, ok};
use crate::connections::Connection;
use crate::connections::auth::SecretSource;
use crate::connections::tls::ClientCertificate;
use crate::connections::tls::TlsVersion;
use crate::instruments::Instruments;
use crate::time::UnixMillis;
use crate::upstream::CredentialError;
use crate::upstream::UpstreamError;
use crate::upstream::Upstreams;

/// Asks the server once, over a connection as `change` makes it.
async fn ask(
    upstreams: &Upstreams,
    server: &TlsServer,
    change: impl FnOnce(&mut Connection),
) -> Result<Option<f64>, UpstreamError> {
    let mut connection = connection(&server.url);
    change(&mut connection);
    let upstream = upstreams.open_new(&connection);
    let at = UnixMillis::new(0);
    upstream.value(&lasting(30_000), "1+1", at, &[]).await
}

async fn works(manner: impl Into<Manner>, change: impl FnOnce(&mut Connection)) {
    let server = TlsServer::start(manner, [ok(TWO)]).await;
    let upstreams = Upstreams::of(Default::default());
    assert_eq!(ask(&upstreams, &server, change).await, Ok(Some(2.0)));
}

/// Checks that there is no session, for this reason, and that nothing is repeated.
async fn fails(manner: impl Into<Manner>, change: impl FnOnce(&mut Connection), reason: &str) {
    let server = TlsServer::start(manner, []).await;
    let upstreams = Upstreams::of(Default::default());
    let expected = UpstreamError::Tls {
        host: server.host(),
        reason: reason.to_owned(),
    };
    assert_eq!(ask(&upstreams, &server, change).await, Err(expected));
}

fn trusting(authority: &Authority) -> impl Fn(&mut Connection) {
    let pem = authority.pem.clone();
    move |it| it.tls.ca = Some(inline(&pem))
}

#[tokio::test]
async fn an_authority_of_the_connection_is_trusted() {
    let ours = Authority::new();
    works(ours.signs("localhost"), trusting(&ours)).await;
}

#[tokio::test]
async fn an_authority_of_the_connection_replaces_all_others() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let reason = "its certificate is from an unknown authority";
    fails(theirs.signs("localhost"), trusting(&ours), reason).await;
    let both = format!("{}{}", ours.pem, theirs.pem);
    works(theirs.signs("localhost"), |it| {
        it.tls.ca = Some(inline(&both))
    })
    .await;
}

#[tokio::test]
async fn f18_an_expired_certificate_is_named_as_such() {
    let ours = Authority::new();
    let old = ours.signs_with("localhost", |it| it.not_after = date_time_ymd(2001, 1, 1));
    fails(old, trusting(&ours), "its certificate has expired").await;
    let new = ours.signs_with("localhost", |it| it.not_before = date_time_ymd(2999, 1, 1));
    fails(new, trusting(&ours), "its certificate is not valid yet").await;
}

#[tokio::test]
async fn f18_a_certificate_for_another_name_is_named_with_its_names() {
    let ours = Authority::new();
    let reason = "its certificate is for another name: other.example";
    fails(ours.signs("other.example"), trusting(&ours), reason).await;
}

#[tokio::test]
async fn the_server_name_of_the_connection_is_the_name_that_counts() {
    let ours = Authority::new();
    let named = |name: &'static str| {
        let trust = trusting(&ours);
        move |it: &mut Connection| {
            trust(it);
            it.tls.server_name = Some(name.to_owned());
        }
    };
    works(ours.signs("other.example"), named("other.example")).await;
    let reason = "its certificate is for another name: localhost";
    fails(ours.signs("localhost"), named("other.example"), reason).await;
}

#[tokio::test]
async fn any_certificate_will_do_only_where_the_operator_says_so() {
    let theirs = Authority::new();
    works(theirs.signs("other.example"), |it| {
        it.tls.insecure_skip_verify = true
    })
    .await;
}

#[tokio::test]
async fn a_backend_of_tls_12_is_taken_unless_the_connection_wants_more() {
    let ours = Authority::new();
    let old = || Manner {
        version: Some(&TLS12),
        ..ours.signs("localhost").into()
    };
    works(old(), trusting(&ours)).await;
    let trust = trusting(&ours);
    let newer = |it: &mut Connection| {
        trust(it);
        it.tls.min_version = TlsVersion::Tls13;
    };
    fails(old(), newer, "there is no version that both sides take").await;
}

/// A server that takes the clients of `clients_of` alone, with TLS 1.2 or any version.
fn demanding(ours: &Authority, clients_of: &Authority, is_old: bool) -> Manner {
    Manner {
        clients_of: Some(clients_of.pem.clone()),
        version: is_old.then_some(&TLS12),
        ..ours.signs("localhost").into()
    }
}

fn showing(ours: &Authority, pair: Pair) -> impl Fn(&mut Connection) {
    let trust = trusting(ours);
    move |it| {
        trust(it);
        it.tls.client = Some(pair.client());
    }
}

#[tokio::test]
async fn a_client_certificate_is_shown() {
    let ours = Authority::new();
    for is_old in [false, true] {
        let show = showing(&ours, ours.signs("mirror"));
        works(demanding(&ours, &ours, is_old), show).await;
    }
}

#[tokio::test]
async fn f18_a_client_certificate_that_is_wanted_is_asked_for_in_words() {
    let ours = Authority::new();
    let reason = "it wants a client certificate";
    for is_old in [false, true] {
        fails(demanding(&ours, &ours, is_old), trusting(&ours), reason).await;
    }
}

#[tokio::test]
async fn f18_a_client_certificate_that_is_not_taken_is_named() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let reason = "it does not know the authority of our certificate";
    for is_old in [false, true] {
        let show = showing(&ours, theirs.signs("mirror"));
        fails(demanding(&ours, &ours, is_old), show, reason).await;
    }
}

/// Checks that nobody is asked over a connection as `change` makes it, since `key` is unfit.
async fn unfit(change: impl FnOnce(&mut Connection), key: &str, reason: &str) {
    let ours = Authority::new();
    let server = TlsServer::start(ours.signs("localhost"), []).await;
    let trust = trusting(&ours);
    let change = |it: &mut Connection| {
        trust(it);
        change(it);
    };
    let source = CredentialError::Inline {
        key: key.to_owned(),
        reason: reason.to_owned(),
    };
    let host = server.host();
    let expected = UpstreamError::Credentials { host, source };
    let upstreams = Upstreams::of(Default::default());
    assert_eq!(ask(&upstreams, &server, change).await, Err(expected));
}

#[tokio::test]
async fn material_that_cannot_be_used_is_named_by_its_key() {
    let ours = Authority::new();
    let (one, other) = (ours.signs("one"), ours.signs("other"));
    let pair = |cert: &str, key: &str| {
        let (cert, key) = (inline(cert), inline(key));
        move |it: &mut Connection| it.tls.client = Some(ClientCertificate { cert, key })
    };
    let (ca, cert, key) = ("tls_config.ca", "tls_config.cert", "tls_config.key");
    let none = "it holds no certificate";
    unfit(|it| it.tls.ca = Some(inline("no PEM")), ca, none).await;
    unfit(pair("", &one.key), cert, none).await;
    unfit(pair(&one.cert, ""), key, "it holds no private key").await;
    let foreign = "it does not belong to the certificate";
    unfit(pair(&one.cert, &other.key), key, foreign).await;
    let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----";
    unfit(pair(&one.cert, locked), key, "it is encrypted").await;
    let name = "no certificate can be for it";
    let change = |it: &mut Connection| it.tls.server_name = Some("a b".to_owned());
    unfit(change, "tls_config.server_name", name).await;
}

/// A certificate and its key in files.
struct Mounted {
    folder: TempDir,
}

impl Mounted {
    fn new(pair: &Pair) -> Self {
        let mounted = Self {
            folder: TempDir::new().unwrap(),
        };
        mounted.write("cert", &pair.cert);
        mounted.write("key", &pair.key);
        mounted
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        write(&self.path(name), text);
    }

    fn client(&self) -> ClientCertificate {
        ClientCertificate {
            cert: SecretSource::File(self.path("cert")),
            key: SecretSource::File(self.path("key")),
        }
    }
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[tokio::test]
async fn a_rotated_client_certificate_is_shown_without_a_restart() {
    let (ours, next) = (Authority::new(), Authority::new());
    let server = TlsServer::start(demanding(&ours, &ours, false), [ok(TWO), ok(TWO)]).await;
    let instruments = std::sync::Arc::new(Instruments::new());
    let upstreams = Upstreams::of(std::sync::Arc::clone(&instruments));
    let mounted = Mounted::new(&ours.signs("mirror"));
    let over = |it: &mut Connection| {
        it.tls.ca = Some(inline(&ours.pem));
        it.tls.client = Some(mounted.client());
    };
    assert_eq!(ask(&upstreams, &server, over).await, Ok(Some(2.0)));

    // The certificate is already the new one, the key still the old one.
    let rotated = next.signs("mirror");
    mounted.write("cert", &rotated.cert);
    upstreams.look_at_files().await;
    assert_eq!(ask(&upstreams, &server, over).await, Ok(Some(2.0)));
    assert!(
        instruments
            .encode()
            .contains("mirror_tls_material_unusable 1")
    );

    mounted.write("key", &rotated.key);
    upstreams.look_at_files().await;
    server.change(demanding(&ours, &next, false));
    let behind = &server.behind;
    behind.then([ok(TWO)]);
    assert_eq!(ask(&upstreams, &server, over).await, Ok(Some(2.0)));
    assert_eq!(
        behind.connections(),
        2,
        "the new one is on a session of its own"
    );
    assert!(
        instruments
            .encode()
            .contains("mirror_tls_material_unusable 0")
    );
}

#[tokio::test]
async fn neither_clients_nor_failures_show_a_key() {
    let ours = Authority::new();
    let pair = ours.signs("mirror");
    let mut connection = connection("https://localhost:1");
    showing(&ours, pair.clone())(&mut connection);
    let upstreams = Upstreams::of(Default::default());
    let upstream = upstreams.open_new(&connection);
    let at = UnixMillis::new(0);
    let error = upstream.value(&lasting(30_000), "1", at, &[]).await;
    let shown = format!("{upstreams:?} {upstream:?} {error:?}");
    let line = pair.key.lines().nth(1).unwrap();
    assert!(!shown.contains(line), "{shown}");
}
