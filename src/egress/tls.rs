//! TLS towards a backend: rustls, 1.2 at least, the roots of the system, no way around the checks.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::CertificateError;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::egress::dial::DialError;

/// The TLS settings that all connections share.
///
/// The roots are read at the first handshake, not at start: a mirror of a plain backend never pays
/// for them.
#[derive(Default)]
pub(super) struct Tls(OnceCell<TlsConnector>);

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

impl Tls {
    /// Trusts nobody, so that a test needs no roots of its system.
    #[cfg(test)]
    pub(super) fn trusting_nobody() -> Self {
        let connector = trusting(RootCertStore::empty()).expect("ring has safe versions");
        Self(OnceCell::new_with(Some(connector)))
    }

    /// A session with `host` on `socket`. The certificate must be valid for `host`.
    ///
    /// # Errors
    ///
    /// [`DialError::Tls`] if there is none within `limit`.
    pub(super) async fn handshake(
        &self,
        host: &str,
        socket: TcpStream,
        limit: Duration,
    ) -> Result<TlsStream<TcpStream>, DialError> {
        let connector = self.0.get_or_try_init(connector).await?;
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| failed("the host cannot be the name in a certificate"))?;
        match timeout(limit, connector.connect(name, socket)).await {
            Ok(session) => session.map_err(|error| failed(&worded(&error))),
            Err(_) => Err(failed(&format!(
                "the handshake did not end within {limit:?}"
            ))),
        }
    }
}

async fn connector() -> Result<TlsConnector, DialError> {
    // Reads files, so it stays off the threads that serve.
    let loaded = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs)
        .await
        .map_err(|_| failed("the system's root certificates cannot be read"))?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(loaded.certs);
    if roots.is_empty() {
        return Err(failed("this system has no root certificates"));
    }
    trusting(roots)
}

fn trusting(roots: RootCertStore) -> Result<TlsConnector, DialError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn failed(reason: &str) -> DialError {
    DialError::Tls {
        reason: reason.to_owned(),
    }
}

/// What a person can act on, in the words of connections.md, "The connection test".
fn worded(error: &io::Error) -> String {
    let Some(error) = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
    else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof => "closed during the handshake".to_owned(),
            other => other.to_string(),
        };
    };
    match error {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "its certificate has expired".to_owned()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "its certificate is not valid yet".to_owned()
            }
            CertificateError::UnknownIssuer => {
                "its certificate is from an unknown authority".to_owned()
            }
            CertificateError::NotValidForNameContext { presented, .. } => {
                let names: Vec<&str> = presented.iter().map(|name| bare(name)).collect();
                format!("its certificate is for another name: {}", names.join(", "))
            }
            CertificateError::NotValidForName => "its certificate is for another name".to_owned(),
            other => other.to_string(),
        },
        rustls::Error::InvalidMessage(_) => "it does not speak TLS".to_owned(),
        rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRequired) => {
            "it wants a client certificate".to_owned()
        }
        other => other.to_string(),
    }
}

/// webpki shows a name as `DnsName("example.com")`.
fn bare(name: &str) -> &str {
    name.split('"').nth(1).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(error: rustls::Error, expected: &str) {
        assert_eq!(worded(&io::Error::other(error)), expected);
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_said_in_words() {
        check(
            CertificateError::Expired.into(),
            "its certificate has expired",
        );
        check(
            CertificateError::UnknownIssuer.into(),
            "its certificate is from an unknown authority",
        );
        check(
            CertificateError::NotValidForNameContext {
                expected: ServerName::try_from("a.example").unwrap(),
                presented: vec![r#"DnsName("b.example")"#.to_owned(), "c.example".to_owned()],
            }
            .into(),
            "its certificate is for another name: b.example, c.example",
        );
    }

    #[test]
    fn a_peer_that_hangs_up_is_named_as_one() {
        let error = io::Error::from(io::ErrorKind::UnexpectedEof);
        assert_eq!(worded(&error), "closed during the handshake");
    }
}
