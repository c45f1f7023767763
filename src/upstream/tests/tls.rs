//! Authorities and certificates made for the run, and a TLS server in front of a [`Server`].

use std::sync::Arc;
use std::sync::Mutex;

use rcgen::BasicConstraints;
use rcgen::CertificateParams;
use rcgen::DistinguishedName;
use rcgen::DnType;
use rcgen::IsCa;
use rcgen::Issuer;
use rcgen::KeyPair;
use rustls::RootCertStore;
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::server::WebPkiClientVerifier;
use tokio::io::copy_bidirectional;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::server::{Server, Step};
use crate::connections::auth::SecretSource;
use crate::connections::tls::ClientCertificate;
use crate::secret::Secret;

/// Who signs certificates.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate.
    pub(super) pem: String,
}

/// A certificate and its key, PEM.
#[derive(Clone)]
pub(super) struct Pair {
    pub(super) cert: String,
    pub(super) key: String,
}

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        // Each has a name of its own: a name that two have is a signature that does not fit.
        let name = format!("{:?}", key.public_key_raw());
        params.distinguished_name = DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, &name[..64]);
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        Self { issuer, pem }
    }

    /// A certificate for `name`.
    pub(super) fn signs(&self, name: &str) -> Pair {
        self.signs_with(name, |_| ())
    }

    pub(super) fn signs_with(
        &self,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Pair {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap().pem();
        Pair {
            cert,
            key: key.serialize_pem(),
        }
    }
}

impl Pair {
    pub(super) fn client(&self) -> ClientCertificate {
        ClientCertificate {
            cert: inline(&self.cert),
            key: inline(&self.key),
        }
    }
}

pub(super) fn inline(text: &str) -> SecretSource {
    SecretSource::Inline(Secret::new(text.to_owned()))
}

/// How a TLS server behaves.
pub(super) struct Manner {
    pub(super) pair: Pair,
    /// Whose clients it takes; it then takes no others.
    pub(super) clients_of: Option<String>,
    /// Its only version, if it has but one.
    pub(super) version: Option<&'static rustls::SupportedProtocolVersion>,
}

impl From<Pair> for Manner {
    fn from(pair: Pair) -> Self {
        Self {
            pair,
            clients_of: None,
            version: None,
        }
    }
}

impl Manner {
    pub(super) fn config(&self) -> ServerConfig {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = match self.version {
            Some(version) => builder.with_protocol_versions(&[version]),
            None => builder.with_safe_default_protocol_versions(),
        };
        let builder = builder.unwrap();
        let builder = match &self.clients_of {
            None => builder.with_no_client_auth(),
            Some(pem) => {
                let mut roots = RootCertStore::empty();
                for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                    roots.add(certificate.unwrap()).unwrap();
                }
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let chain: Result<Vec<_>, _> =
            CertificateDer::pem_slice_iter(self.pair.cert.as_bytes()).collect();
        let key = PrivateKeyDer::from_pem_slice(self.pair.key.as_bytes()).unwrap();
        builder.with_single_cert(chain.unwrap(), key).unwrap()
    }
}

/// A server that is reached over TLS alone. Ends when it is dropped.
pub(super) struct TlsServer {
    /// With the name `localhost`.
    pub(super) url: String,
    pub(super) behind: Server,
    config: Arc<Mutex<Arc<ServerConfig>>>,
    _tasks: JoinSet<()>,
}

impl TlsServer {
    pub(super) async fn start(
        manner: impl Into<Manner>,
        steps: impl IntoIterator<Item = Step>,
    ) -> Self {
        let behind = Server::start(steps).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let config = Arc::new(Mutex::new(Arc::new(manner.into().config())));
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Arc::clone(&config), behind.host()));
        Self {
            url: format!("https://localhost:{port}"),
            behind,
            config,
            _tasks: tasks,
        }
    }

    /// From now on new connections are met like this.
    pub(super) fn change(&self, manner: impl Into<Manner>) {
        *self.config.lock().unwrap() = Arc::new(manner.into().config());
    }

    /// Name and port, as failures have it.
    pub(super) fn host(&self) -> String {
        self.url.trim_start_matches("https://").to_owned()
    }
}

async fn accept(listener: TcpListener, config: Arc<Mutex<Arc<ServerConfig>>>, behind: String) {
    let mut connections = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        let acceptor = TlsAcceptor::from(Arc::clone(&config.lock().unwrap()));
        let behind = behind.clone();
        connections.spawn(async move {
            if let Ok(mut session) = acceptor.accept(socket).await {
                let mut plain = dial(&behind).await;
                let _ = copy_bidirectional(&mut session, &mut plain).await;
            }
        });
    }
}

/// A connection of a test's own peers.
#[expect(
    clippy::disallowed_methods,
    reason = "a peer in a test passes by the guard"
)]
pub(super) async fn dial(host_port: &str) -> TcpStream {
    TcpStream::connect(host_port).await.unwrap()
}
