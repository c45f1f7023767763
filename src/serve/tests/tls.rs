//! TLS towards callers: sessions, what they prove, and what becomes of that when settings change.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::Request;
use rcgen::BasicConstraints;
use rcgen::CertificateParams;
use rcgen::DnType;
use rcgen::IsCa;
use rcgen::Issuer;
use rcgen::KeyPair;
use rcgen::SanType;
use ring::digest;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpSocket;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;
use crate::app::App;
use crate::config::Settings;
use crate::config::tests::with_key;
use crate::egress::tls::ClientIdentity;
use crate::egress::tls::ServerTls;

const HEAD: &str = "GET / HTTP/1.1\r\nhost: m\r\n\r\n";

/// Who signs certificates.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate and its key, PEM.
struct Pair {
    cert: String,
    key: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        Self { issuer, pem }
    }

    fn signs(&self, names: Vec<SanType>) -> Pair {
        let mut params = CertificateParams::default();
        params.subject_alt_names = names;
        let key = KeyPair::generate().unwrap();
        Pair {
            cert: params.signed_by(&key, &self.issuer).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    fn signs_server(&self) -> Pair {
        self.signs(vec![SanType::DnsName("mirror".try_into().unwrap())])
    }

    fn signs_client(&self) -> Pair {
        self.signs(vec![
            SanType::DnsName("stackstate.example".try_into().unwrap()),
            SanType::URI("spiffe://lab/stackstate".try_into().unwrap()),
        ])
    }
}

fn settings(server: &Pair, client_ca: Option<&Authority>) -> Settings {
    let identity = ClientIdentity {
        cert: &server.cert,
        key: &server.key,
    };
    let tls = ServerTls::new(identity, client_ca.map(|ca| ca.pem.as_str())).unwrap();
    Settings {
        tls: Some(tls),
        ..with_key("opensesame")
    }
}

/// Answers with what it knows of who asks.
#[derive(Clone)]
struct WhoAmI;

impl accept::Service for WhoAmI {
    async fn answer(&self, peer: &caller::Peer, _: Request<Asked>) -> Response {
        Response::new(Body::from(format!("{:?}.", peer.certificate)))
    }
}

/// A port whose TLS follows `app`.
fn secured(app: &App) -> SocketAddr {
    let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let address = listener.local_addr().unwrap();
    let port = Port::new(WhoAmI, &Stages::default(), None, 100).secured(app.changes());
    TaskTracker::new().spawn(async move { port.accept(listener, None).await });
    address
}

async fn session(
    to: SocketAddr,
    ca: &Authority,
    client: Option<&Pair>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(ca.pem.as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match client {
        None => builder.with_no_client_auth(),
        Some(Pair { cert, key }) => builder
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_slice(cert.as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
            )
            .unwrap(),
    };
    let stream = TcpSocket::new_v4().unwrap().connect(to).await.unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    connector
        .connect("mirror".try_into().unwrap(), stream)
        .await
}

/// One answer, to the full stop at its end.
async fn ask(session: &mut TlsStream<TcpStream>) -> String {
    session.write_all(HEAD.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    while !text.ends_with(b".") {
        let read = session.read_buf(&mut text).await.unwrap();
        assert!(read > 0, "closed: {}", String::from_utf8_lossy(&text));
    }
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn a_session_tells_who_the_peer_is() {
    let ca = Authority::new("ours");
    let client = ca.signs_client();
    let app = App::new(&settings(&ca.signs_server(), Some(&ca))).unwrap();
    let mut session = session(secured(&app), &ca, Some(&client)).await.unwrap();
    let der = CertificateDer::from_pem_slice(client.cert.as_bytes()).unwrap();
    let fingerprint = digest::digest(&digest::SHA256, &der);
    let known = caller::Certificate {
        dns_names: vec!["stackstate.example".to_owned()],
        uris: vec!["spiffe://lab/stackstate".to_owned()],
        fingerprint: fingerprint.as_ref().try_into().unwrap(),
    };
    let expected = format!("{:?}.", Some(known));
    for _ in 0..2 {
        let answer = ask(&mut session).await;
        assert!(answer.ends_with(&expected), "{answer}");
        assert!(!answer.contains("connection: close"), "{answer}");
    }
}

#[tokio::test]
async fn without_a_certificate_of_the_callers_authority_there_is_no_session() {
    let (ca, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let app = App::new(&settings(&ca.signs_server(), Some(&ca))).unwrap();
    let to = secured(&app);
    let foreign = theirs.signs_client();
    for client in [None, Some(&foreign)] {
        // TLS 1.3 tells a client only with the first answer.
        let refused = match session(to, &ca, client).await {
            Ok(mut session) => session.read_u8().await.err(),
            Err(error) => Some(error),
        };
        assert!(refused.is_some());
    }
}

#[tokio::test]
async fn where_none_is_asked_for_there_is_no_certificate() {
    let ca = Authority::new("ours");
    let app = App::new(&settings(&ca.signs_server(), None)).unwrap();
    let mut session = session(secured(&app), &ca, Some(&ca.signs_client()))
        .await
        .unwrap();
    assert!(ask(&mut session).await.ends_with("None."));
}

/// What an open connection hears once the settings have changed from `before` to `after`.
async fn heard_after(before: &Settings, after: &Settings, ca: &Authority, client: &Pair) -> String {
    let app = App::new(before).unwrap();
    let mut session = session(secured(&app), ca, Some(client)).await.unwrap();
    assert!(!ask(&mut session).await.contains("connection: close"));
    app.apply(after).unwrap();
    ask(&mut session).await
}

#[tokio::test]
async fn who_connected_under_another_certificate_of_ours_is_answered_and_sent_off() {
    let ca = Authority::new("ours");
    let client = ca.signs_client();
    let before = settings(&ca.signs_server(), Some(&ca));
    let after = settings(&ca.signs_server(), Some(&ca));
    let heard = heard_after(&before, &after, &ca, &client).await;
    assert!(heard.contains("connection: close"), "{heard}");
    assert!(heard.contains("spiffe://lab/stackstate"), "{heard}");
    // Other settings concern nobody who is connected.
    let heard = heard_after(&before, &before.clone(), &ca, &client).await;
    assert!(!heard.contains("connection: close"), "{heard}");
}

#[tokio::test]
async fn a_certificate_counts_only_while_its_authority_is_in_force() {
    let (ca, next) = (Authority::new("ours"), Authority::new("next"));
    let (server, client) = (ca.signs_server(), ca.signs_client());
    let before = settings(&server, Some(&ca));
    let plain = with_key("opensesame");
    for after in [
        &settings(&server, Some(&next)),
        &settings(&server, None),
        &plain,
    ] {
        let heard = heard_after(&before, after, &ca, &client).await;
        assert!(heard.contains("connection: close"), "{heard}");
        assert!(heard.ends_with("None."), "{heard}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_does_not_end_is_closed_after_five_seconds() {
    let ca = Authority::new("ours");
    let app = App::new(&settings(&ca.signs_server(), None)).unwrap();
    let to = secured(&app);
    // Silence, and the beginning of a hello.
    for said in ["", "\u{16}\u{3}\u{1}"] {
        let peer = Peer::connect(to).await;
        let start = Instant::now();
        peer.send(said).await;
        assert_eq!(peer.rest().await, "");
        check_elapsed(start, 5);
    }
}

#[tokio::test]
async fn a_head_under_tls_has_five_seconds_of_its_own() {
    let ca = Authority::new("ours");
    let app = App::new(&settings(&ca.signs_server(), None)).unwrap();
    let mut session = session(secured(&app), &ca, None).await.unwrap();
    session.write_all(b"GET /").await.unwrap();
    tokio::time::pause();
    let mut heard = String::new();
    session.read_to_string(&mut heard).await.unwrap();
    assert!(heard.starts_with("HTTP/1.1 408 "), "{heard}");
}

#[tokio::test]
async fn who_speaks_no_tls_is_closed_without_an_answer() {
    let ca = Authority::new("ours");
    let app = App::new(&settings(&ca.signs_server(), None)).unwrap();
    let peer = Peer::connect(secured(&app)).await;
    peer.send(HEALTHCHECK).await;
    let heard = peer.receive_bytes().await;
    assert!(!heard.starts_with(b"HTTP"), "{heard:?}");
}
