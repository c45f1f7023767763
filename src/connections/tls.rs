//! TLS towards a backend or a token endpoint (`tls_config`).

use crate::connections::auth::SecretSource;

/// What a TLS session is made with.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// PEM certificates that replace the system's roots.
    pub ca: Option<SecretSource>,
    /// Our certificate and its key, PEM.
    pub client: Option<ClientCertificate>,
    /// The name that the peer's certificate must have, instead of the host's.
    pub server_name: Option<String>,
    /// The lowest version.
    pub min_version: TlsVersion,
    /// Whether any certificate will do. Never beside a credential.
    pub insecure_skip_verify: bool,
}

/// A client certificate.
#[derive(Clone, Debug)]
pub struct ClientCertificate {
    /// The certificate and its chain, PEM.
    pub cert: SecretSource,
    /// Its key: PKCS#8, PKCS#1 or SEC1 PEM, not encrypted.
    pub key: SecretSource,
}

/// The versions of TLS that can be the lowest one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TlsVersion {
    /// TLS 1.2
    #[default]
    Tls12,
    /// TLS 1.3
    Tls13,
}
