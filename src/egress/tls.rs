//! TLS, towards backends and towards callers: rustls, 1.2 at least, no way around the checks but the
//! one that the operator's flag opens.

mod der;
mod expiry;
mod names;
mod server;
mod settings;
mod trust;
mod words;

use std::fmt;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::egress::dial::DialError;

pub use names::Names;
pub use server::ServerTls;
pub use settings::ClientIdentity;
pub use settings::Part;
pub use settings::Roots;
pub use settings::Settings;
pub use settings::TlsError;
pub use words::refusal;

/// How HTTP/2 calls itself in a handshake.
const H2: &[u8] = b"h2";

/// Makes TLS sessions with one set of settings. Clones share what is kept to resume sessions.
#[derive(Clone)]
pub struct Tls {
    connector: TlsConnector,
    /// Whom the certificate must be for, if not for the host.
    server_name: Option<ServerName<'static>>,
    /// Whether we show a certificate, for the words of a failure.
    has_certificate: bool,
    /// When our certificate ends, in seconds since 1970.
    expiry: Option<i64>,
}

impl Tls {
    /// When the certificate ends that we show, in seconds since 1970, UTC.
    #[must_use]
    pub fn expiry(&self) -> Option<i64> {
        self.expiry
    }

    /// A session with `host` on `socket`. The certificate must be valid for `host`, or for the name
    /// in the settings.
    ///
    /// # Errors
    ///
    /// [`DialError::Tls`] if there is none within `limit`.
    pub(super) async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        host: &str,
        socket: S,
        limit: Duration,
    ) -> Result<TlsStream<S>, DialError> {
        let name = match &self.server_name {
            Some(name) => name.clone(),
            None => ServerName::try_from(host.to_owned())
                .map_err(|_| failed("the host cannot be the name in a certificate"))?,
        };
        match timeout(limit, self.connector.connect(name, socket)).await {
            Ok(session) => {
                session.map_err(|error| failed(&words::of(&error, self.has_certificate)))
            }
            Err(_) => Err(failed(&format!(
                "the handshake did not end within {limit:?}"
            ))),
        }
    }
}

/// Whether both sides agreed on HTTP/2.
pub(super) fn is_h2<S>(session: &TlsStream<S>) -> bool {
    session.get_ref().1.alpn_protocol() == Some(H2)
}

fn failed(reason: &str) -> DialError {
    DialError::Tls {
        reason: reason.to_owned(),
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}
