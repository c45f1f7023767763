//! TLS towards callers: our certificate, and whose certificates are wanted (security.md, "The
//! process").

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use ring::digest;
use rustls::ALL_VERSIONS;
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::UnixTime;
use rustls::server::NoServerSessionStorage;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::ClientIdentity;
use super::Part;
use super::TlsError;
use super::expiry;
use super::settings;

/// Makes TLS sessions with callers. Clones share everything; two are equal if they were made of the
/// same texts.
#[derive(Clone)]
pub struct ServerTls(Arc<Material>);

struct Material {
    acceptor: TlsAcceptor,
    /// Judges certificates of callers; `None`: they are not asked for one.
    verifier: Option<Arc<dyn ClientCertVerifier>>,
    /// When our certificate ends, in seconds since 1970.
    expiry: Option<i64>,
    digest: digest::Digest,
}

impl ServerTls {
    /// Sessions in which we show `identity`. With `client_ca`, PEM certificates, there is none
    /// without a certificate that one of them has signed.
    ///
    /// # Errors
    ///
    /// [`TlsError`]; what is wrong with `client_ca` is wrong with [`Part::Ca`].
    pub fn new(identity: ClientIdentity<'_>, client_ca: Option<&str>) -> Result<Self, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let (chain, key) = settings::read(identity, &provider)?;
        let expiry = chain.first().and_then(|first| expiry::of(first));
        let verifier = client_ca.map(|pem| {
            let roots = Arc::new(settings::authorities(pem)?);
            WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider))
                .build()
                .map_err(|_| settings::unfit(Part::Ca, "it cannot be used for clients"))
        });
        let verifier = verifier.transpose()?;
        let builder = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(ALL_VERSIONS)
            .map_err(|_| TlsError::System("no version of TLS is built in"))?;
        let builder = match &verifier {
            Some(verifier) => builder.with_client_cert_verifier(Arc::clone(verifier)),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder
            .with_single_cert(chain, key)
            .map_err(|_| settings::foreign_key())?;
        // Whoever offers HTTP/2 alone learns in the handshake that there is none.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        if verifier.is_some() {
            // A resumed session would carry a certificate that was judged when that began.
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        Ok(Self(Arc::new(Material {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            verifier,
            expiry,
            digest: digest_of(identity, client_ca),
        })))
    }

    /// Whether callers need a certificate.
    #[must_use]
    pub fn needs_certificate(&self) -> bool {
        self.0.verifier.is_some()
    }

    /// When our certificate ends, in seconds since 1970, UTC.
    #[must_use]
    pub fn expiry(&self) -> Option<i64> {
        self.0.expiry
    }

    /// A session with whoever is at the other end of `stream`.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::TimedOut`] if there is none within `limit`, else what the handshake failed
    /// of.
    pub async fn accept(
        &self,
        stream: TcpStream,
        limit: Duration,
    ) -> io::Result<TlsStream<TcpStream>> {
        timeout(limit, self.0.acceptor.accept(stream))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Whether a caller with the certificates `chain`, his own first, would get a session now.
    #[must_use]
    pub fn trusts(&self, chain: &[CertificateDer<'static>]) -> bool {
        let (Some(verifier), Some((own, others))) = (&self.0.verifier, chain.split_first()) else {
            return false;
        };
        let verified = verifier.verify_client_cert(own, others, UnixTime::now());
        verified.is_ok()
    }
}

/// Over all texts and their lengths, so that none can stand for a part of another.
fn digest_of(identity: ClientIdentity<'_>, client_ca: Option<&str>) -> digest::Digest {
    let ClientIdentity { cert, key } = identity;
    let mut context = digest::Context::new(&digest::SHA256);
    for text in [Some(cert), Some(key), client_ca] {
        context.update(&[u8::from(text.is_some())]);
        let text = text.unwrap_or_default();
        context.update(&text.len().to_be_bytes());
        context.update(text.as_bytes());
    }
    context.finish()
}

impl PartialEq for ServerTls {
    fn eq(&self, other: &Self) -> bool {
        self.0.digest.as_ref() == other.0.digest.as_ref()
    }
}

impl Eq for ServerTls {}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use rcgen::generate_simple_self_signed;

    use super::*;

    fn made() -> (String, String) {
        let made = generate_simple_self_signed(vec!["mirror.example".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    fn of(cert: &str, key: &str, ca: Option<&str>) -> Result<ServerTls, TlsError> {
        ServerTls::new(ClientIdentity { cert, key }, ca)
    }

    #[track_caller]
    fn check((cert, key, ca): (&str, &str, Option<&str>), expected: Part) {
        let made = of(cert, key, ca);
        let Err(TlsError::Unfit { part, .. }) = made else {
            panic!("{made:?}");
        };
        assert_eq!(part, expected);
    }

    #[test]
    fn what_is_unfit_is_named() {
        let ((cert, key), (_, other)) = (made(), made());
        check((&key, &key, None), Part::Cert);
        check((&cert, &cert, None), Part::Key);
        check((&cert, &other, None), Part::Key);
        check((&cert, &key, Some("")), Part::Ca);
        check((&cert, &key, Some(&key)), Part::Ca);
    }

    #[test]
    fn they_are_equal_if_every_text_is() {
        let ((cert, key), (other, other_key)) = (made(), made());
        let one = of(&cert, &key, None).unwrap();
        assert_eq!(one, of(&cert, &key, None).unwrap());
        assert!(!one.needs_certificate());
        assert!(one.expiry().is_some());
        let with_ca = of(&cert, &key, Some(&other)).unwrap();
        assert!(with_ca.needs_certificate());
        assert_ne!(with_ca, one);
        assert_ne!(with_ca, of(&cert, &key, Some(&cert)).unwrap());
        assert_ne!(one, of(&other, &other_key, None).unwrap());
    }
}
