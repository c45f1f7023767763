//! Authorities and certificates made for the run, for backends whose TLS is in order or is not.

use std::sync::Arc;

use rcgen::BasicConstraints;
use rcgen::CertificateParams;
use rcgen::DistinguishedName;
use rcgen::DnType;
use rcgen::IsCa;
use rcgen::Issuer;
use rcgen::KeyPair;
use rcgen::date_time_ymd;
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;

/// The name that backends have here.
const NAME: &str = "localhost";

/// Who signs certificates.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate.
    pem: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
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

    /// `body`, a request of these tests, for a backend that this authority is to have signed for.
    pub(crate) fn trusted_in(&self, body: &str) -> String {
        let ca = serde_json::to_string(&self.pem).unwrap();
        let block = format!(r#""tls_config": {{"ca": {ca}}}, "basic_auth""#);
        body.replace("\"basic_auth\"", &block)
    }

    /// A backend that is the one it says it is.
    pub(crate) fn well(&self) -> Arc<ServerConfig> {
        self.config(NAME, |_| ())
    }

    /// One whose certificate has ended.
    pub(crate) fn expired(&self) -> Arc<ServerConfig> {
        self.config(NAME, |it| it.not_after = date_time_ymd(2001, 1, 1))
    }

    /// One whose certificate is for another.
    pub(crate) fn misnamed(&self) -> Arc<ServerConfig> {
        self.config("other.example", |_| ())
    }

    fn config(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Arc<ServerConfig> {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &self.issuer).unwrap().pem();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(cert.as_bytes()).collect();
        let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
        let builder = builder.with_no_client_auth();
        Arc::new(builder.with_single_cert(chain.unwrap(), key).unwrap())
    }
}
