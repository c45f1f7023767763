//! The dialler for STS and for what gives the mirror's own AWS identity: the one that may reach
//! link-local addresses, where clouds keep credentials (connections.md, "The HTTP client").
//!
//! No guard: its addresses come from configuration and environment, and of a request only a region
//! reaches it. `upstream/aws/http.rs` alone may name it.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Uri;
use hyper_util::rt::TokioIo;
use tower::Service;

use crate::egress::dial::DialError;
use crate::egress::dial::Peer;
use crate::egress::dial::Timers;
use crate::egress::race;
use crate::egress::resolve;
use crate::egress::resolve::System;
use crate::egress::stream::Stream;
use crate::egress::tls::Tls;

/// Dials without the guard. A connector for hyper's client.
#[derive(Clone, Debug, Default)]
pub struct AmbientDialler {
    timers: Timers,
    tls: Option<Tls>,
    names: System,
}

impl AmbientDialler {
    /// A dialler that speaks `tls` to URLs with https.
    #[must_use]
    pub fn new(tls: Option<Tls>) -> Self {
        Self {
            timers: Timers::default(),
            tls,
            names: System::default(),
        }
    }

    async fn dial(&self, url: &Uri) -> Result<Stream, DialError> {
        let peer = Peer::of(url, self.tls.as_ref())?;
        let addresses = match peer.host.parse() {
            Ok(address) => vec![address],
            Err(_) => resolve::resolve(&self.names, peer.host, self.timers.resolve)
                .await
                .map_err(DialError::from)?,
        };
        let addresses = addresses.into_iter();
        let addresses = addresses.map(|ip| SocketAddr::new(ip, peer.port)).collect();
        let (tcp, _) = race::connect(addresses, &self.timers).await?;
        let Some(tls) = peer.tls else {
            return Ok(Stream::plain(tcp));
        };
        let session = tls.handshake(peer.host, tcp, self.timers.handshake);
        Ok(Stream::tls(session.await?))
    }
}

impl Service<Uri> for AmbientDialler {
    type Response = TokioIo<Stream>;
    type Error = DialError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, DialError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), DialError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        let ambient = self.clone();
        Box::pin(async move { ambient.dial(&url).await.map(TokioIo::new) })
    }
}
