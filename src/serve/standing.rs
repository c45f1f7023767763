//! What a connection has proved of its peer, and for how long that counts (security.md, "The
//! process").
//!
//! Certificates and authorities can change while a connection lasts. It keeps the session that it
//! has, but is closed after its next answer, and a certificate counts only while an authority in
//! force has signed it.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use ring::digest;
use rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::stream::Stream;
use crate::app::Snapshot;
use crate::caller::Certificate;
use crate::caller::Peer;
use crate::egress::tls::Names;
use crate::egress::tls::ServerTls;

/// How long a handshake may take (security.md, "Limits on input").
const HANDSHAKE: Duration = Duration::from_secs(5);

/// Where the settings of a port and its TLS come from; `None`: it has the defaults, and no TLS.
pub(super) type Changes = Option<watch::Receiver<Arc<Snapshot>>>;

/// One connection's peer.
#[derive(Debug)]
pub(super) struct Standing {
    peer: Peer,
    changes: Changes,
    /// What the session was made with.
    tls: Option<ServerTls>,
    /// The certificates that the peer has shown, its own first.
    chain: Vec<CertificateDer<'static>>,
}

impl Standing {
    /// Speaks with `peer` on `stream` as the settings in force say.
    ///
    /// # Errors
    ///
    /// What the handshake failed of.
    pub(super) async fn begin(
        mut peer: Peer,
        stream: TcpStream,
        mut changes: Changes,
    ) -> io::Result<(Stream, Self)> {
        let tls = changes
            .as_mut()
            .and_then(|changes| changes.borrow_and_update().tls.clone());
        let mut chain = Vec::new();
        let stream = match &tls {
            None => Stream::Plain(stream),
            Some(tls) => {
                let session = tls.accept(stream, HANDSHAKE).await?;
                let shown = session.get_ref().1.peer_certificates();
                chain = shown.map(<[_]>::to_vec).unwrap_or_default();
                Stream::Tls(Box::new(session))
            }
        };
        peer.certificate = chain.first().map(|own| Arc::new(certificate(own)));
        let standing = Self {
            peer,
            changes,
            tls,
            chain: chain.into_iter().map(CertificateDer::into_owned).collect(),
        };
        Ok((stream, standing))
    }

    /// The peer of the request that comes now.
    pub(super) fn peer(&self) -> Cow<'_, Peer> {
        match self.changed_to() {
            None => Cow::Borrowed(&self.peer),
            Some(tls) => Cow::Owned(self.peer_under(tls.as_ref())),
        }
    }

    /// Whether a new connection would begin otherwise.
    pub(super) fn is_outdated(&self) -> bool {
        self.changed_to().is_some()
    }

    fn peer_under(&self, tls: Option<&ServerTls>) -> Peer {
        if tls.is_some_and(|tls| tls.trusts(&self.chain)) {
            self.peer.clone()
        } else {
            Peer::plain(self.peer.address)
        }
    }

    /// What TLS has changed to since the connection began.
    fn changed_to(&self) -> Option<Option<ServerTls>> {
        let changes = self.changes.as_ref()?;
        // The sender is the application's: while it is gone, nothing changes.
        if !changes.has_changed().unwrap_or(false) {
            return None;
        }
        let now = changes.borrow().tls.clone();
        (now != self.tls).then_some(now)
    }
}

fn certificate(own: &CertificateDer<'_>) -> Certificate {
    let Names { dns, uris } = Names::of(own);
    let hash = digest::digest(&digest::SHA256, own);
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(hash.as_ref());
    Certificate {
        dns_names: dns,
        uris,
        fingerprint,
    }
}
