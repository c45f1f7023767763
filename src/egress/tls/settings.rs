//! From PEM and names to what makes TLS sessions.

use std::fmt;
use std::sync::Arc;

use rustls::ALL_VERSIONS;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::CertifiedKey;
use rustls::version::TLS13;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;

use crate::egress::tls::H2;
use crate::egress::tls::Tls;
use crate::egress::tls::expiry;
use crate::egress::tls::trust::Anyone;

/// What sessions are made with.
#[derive(Clone, Copy, Default)]
pub struct Settings<'a> {
    /// PEM certificates that replace the system's roots.
    pub ca: Option<&'a str>,
    /// What we show if we are asked.
    pub identity: Option<ClientIdentity<'a>>,
    /// Whom the other side's certificate must be for; absent: the host.
    pub server_name: Option<&'a str>,
    /// Whether TLS 1.2 is too old.
    pub only_tls13: bool,
    /// Whether any certificate will do.
    pub trusts_anyone: bool,
    /// Whether HTTP/2 is offered.
    pub offers_h2: bool,
}

/// A certificate of ours.
#[derive(Clone, Copy)]
pub struct ClientIdentity<'a> {
    /// The certificate and its chain, PEM.
    pub cert: &'a str,
    /// Its key, PEM: PKCS#8, PKCS#1 or SEC1.
    pub key: &'a str,
}

/// One of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// [`Settings::ca`]
    Ca,
    /// [`ClientIdentity::cert`]
    Cert,
    /// [`ClientIdentity::key`]
    Key,
    /// [`Settings::server_name`]
    ServerName,
}

/// Why no session can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// One of the settings cannot be used. Nothing of it is repeated.
    #[error("{part:?}: {reason}")]
    Unfit {
        /// Which.
        part: Part,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// What every session needs cannot be had here.
    #[error("{0}")]
    System(&'static str),
}

impl Settings<'_> {
    /// Whether sessions can be made with the certificates and the key.
    ///
    /// # Errors
    ///
    /// [`TlsError::Unfit`], the first that applies.
    pub fn check(self) -> Result<(), TlsError> {
        let provider = rustls::crypto::ring::default_provider();
        if let Some(pem) = self.ca {
            authorities(pem)?;
        }
        let Some(identity) = self.identity else {
            return Ok(());
        };
        let (chain, key) = read(identity, &provider)?;
        CertifiedKey::from_der(chain, key, &provider).map_err(|_| foreign_key())?;
        Ok(())
    }
}

/// The roots of the system, read when they are first needed: a mirror of plain backends never pays
/// for them. Clones share them.
#[derive(Clone, Default)]
pub struct Roots(Arc<OnceCell<Arc<RootCertStore>>>);

impl Roots {
    async fn system(&self) -> Result<Arc<RootCertStore>, TlsError> {
        self.0.get_or_try_init(load).await.cloned()
    }
}

async fn load() -> Result<Arc<RootCertStore>, TlsError> {
    // Reads files, so it stays off the threads that serve.
    let loaded = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs)
        .await
        .map_err(|_| TlsError::System("the system's root certificates cannot be read"))?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(loaded.certs);
    if roots.is_empty() {
        return Err(TlsError::System("this system has no root certificates"));
    }
    Ok(Arc::new(roots))
}

impl Tls {
    /// Sessions with `settings`; `roots` are trusted if they name no other.
    ///
    /// # Errors
    ///
    /// [`TlsError`]
    pub async fn new(settings: Settings<'_>, roots: &Roots) -> Result<Self, TlsError> {
        let Settings {
            ca,
            identity,
            server_name,
            only_tls13,
            trusts_anyone,
            offers_h2,
        } = settings;
        let only = [&TLS13];
        let versions = if only_tls13 { &only } else { ALL_VERSIONS };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .map_err(|_| TlsError::System("no version of TLS is built in"))?;
        let builder = if trusts_anyone {
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Anyone::new(provider.clone())))
        } else {
            let roots = match ca {
                Some(pem) => Arc::new(authorities(pem)?),
                None => roots.system().await?,
            };
            builder.with_root_certificates(roots)
        };
        let mut expiry = None;
        let mut config = match identity {
            Some(identity) => {
                let (chain, key) = read(identity, &provider)?;
                expiry = chain.first().and_then(|first| expiry::of(first));
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|_| foreign_key())?
            }
            None => builder.with_no_client_auth(),
        };
        if offers_h2 {
            config.alpn_protocols = vec![H2.to_vec(), b"http/1.1".to_vec()];
        }
        let server_name = server_name.map(|name| ServerName::try_from(name.to_owned()));
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            server_name: server_name
                .transpose()
                .map_err(|_| unfit(Part::ServerName, "no certificate can be for it"))?,
            has_certificate: identity.is_some(),
            expiry,
        })
    }
}

pub(super) fn authorities(pem: &str) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem, Part::Ca)? {
        roots
            .add(certificate)
            .map_err(|_| unfit(Part::Ca, "one of its certificates is none"))?;
    }
    Ok(roots)
}

pub(super) fn read(
    identity: ClientIdentity<'_>,
    provider: &CryptoProvider,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let chain = certificates(identity.cert, Part::Cert)?;
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).map_err(|_| {
        let is_encrypted = identity.key.contains("ENCRYPTED");
        unfit(
            Part::Key,
            if is_encrypted {
                "it is encrypted"
            } else {
                "it holds no private key"
            },
        )
    })?;
    // Asked for here, so that a key of an unknown kind is not called another certificate's.
    provider
        .key_provider
        .load_private_key(key.clone_key())
        .map_err(|_| unfit(Part::Key, "its kind of key is not supported"))?;
    Ok((chain, key))
}

fn certificates(pem: &str, part: Part) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        Ok(_) => Err(unfit(part, "it holds no certificate")),
        Err(_) => Err(unfit(part, "it is not PEM")),
    }
}

pub(super) const fn foreign_key() -> TlsError {
    unfit(Part::Key, "it does not belong to the certificate")
}

pub(super) const fn unfit(part: Part, reason: &'static str) -> TlsError {
    TlsError::Unfit { part, reason }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Roots").finish_non_exhaustive()
    }
}

/// A private key is among them, and a certificate says nothing to a reader of logs.
impl fmt::Debug for Settings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").finish_non_exhaustive()
    }
}

impl fmt::Debug for ClientIdentity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientIdentity").finish_non_exhaustive()
    }
}
