//! What is known of whoever opened a connection, before a byte of a request is read.

use std::net::SocketAddr;
use std::sync::Arc;

/// The other end of a connection. Whoever accepts the connection says it, once; it travels with
/// every request of that connection. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The other end of the TCP connection.
    pub address: SocketAddr,
    /// The client certificate that the TLS handshake verified; `None` without one.
    pub certificate: Option<Arc<Certificate>>,
}

/// What callers are told apart by in a client certificate. Its common name is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The DNS names among its subject alternative names, as they stand there.
    pub dns_names: Vec<String>,
    /// The URIs among them, as they stand there.
    pub uris: Vec<String>,
    /// The SHA-256 of the whole certificate (DER).
    pub fingerprint: [u8; 32],
}

impl Peer {
    /// A peer without a client certificate.
    #[must_use]
    pub const fn plain(address: SocketAddr) -> Self {
        Self {
            address,
            certificate: None,
        }
    }
}
