//! From a URL to a connection: resolve, connect, TLS, each within its own time, and past the guard.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower::Service;

use crate::egress::address;
use crate::egress::address::Refusal;
use crate::egress::guard::Guard;
use crate::egress::near;
use crate::egress::near::Last;
use crate::egress::proxy::Proxy;
use crate::egress::race;
use crate::egress::resolve::Unresolved;
use crate::egress::stream::Io;
use crate::egress::stream::Stream;
use crate::egress::tls::Tls;
use crate::network::Bounds;

/// Why there is no connection. The reasons are ours or the system's, except for the names in a
/// certificate: what passes them on has to clean them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DialError {
    /// The name has no address.
    #[error("the name has no address: {reason}")]
    Resolve {
        /// What the resolver said.
        reason: String,
        /// Whether asking again may help.
        is_temporary: bool,
    },
    /// No address of the name takes a TCP connection.
    #[error("no connection: {reason}")]
    Connect {
        /// What became of the last address.
        reason: String,
    },
    /// The proxy that dials for us did not.
    #[error("no way through the proxy: {reason}")]
    Proxy {
        /// What became of the way to it, or what it answered.
        reason: String,
        /// Whether asking again may help.
        is_temporary: bool,
    },
    /// No TLS session on the connection.
    #[error("no TLS session: {reason}")]
    Tls {
        /// What went wrong, in words.
        reason: String,
    },
    /// The guard refuses an address: nothing was sent, and most often nothing dialled.
    #[error("{host} has the address {address}, which is never dialled: {refusal}")]
    Forbidden {
        /// The name, of the backend or of its proxy.
        host: String,
        /// The address.
        address: IpAddr,
        /// What is wrong with it.
        refusal: Refusal,
    },
    /// There is no connection, and nobody but the log may learn how far it came.
    #[error("no usable connection: {part}: {reason}")]
    Unreached {
        /// Where it failed.
        part: Part,
        /// What went wrong, in words.
        reason: String,
        /// Whether asking again may help.
        is_temporary: bool,
    },
}

/// A part of dialling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Part {
    /// From a name to addresses.
    #[error("name")]
    Resolve,
    /// From addresses to a connection.
    #[error("connect")]
    Connect,
    /// From a connection to a TLS session.
    #[error("TLS")]
    Handshake,
}

/// Is told what each part of dialling took, also the one that failed.
pub type Watch<'a> = &'a (dyn Fn(Part, Duration) + Sync);

/// How long each part of dialling may take (reliability.md, "One deadline per request").
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timers {
    /// For the name.
    pub(crate) resolve: Duration,
    /// For one address.
    pub(crate) address: Duration,
    /// After this the next address is tried too.
    pub(crate) next: Duration,
    /// For all addresses.
    pub(crate) connect: Duration,
    /// For the TLS handshake.
    pub(crate) handshake: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            resolve: Duration::from_secs(2),
            address: Duration::from_secs(2),
            next: Duration::from_millis(250),
            connect: Duration::from_secs(5),
            handshake: Duration::from_secs(5),
        }
    }
}

/// Dials what its guard lets it. A connector for hyper's client; clones share their TLS
/// settings and what they learn.
#[derive(Clone, Debug)]
pub struct Dialler {
    timers: Timers,
    guard: Guard,
    bounds: Bounds,
    tls: Option<Tls>,
    proxy: Option<Proxy>,
    last: Arc<Last>,
}

/// Where a URL leads.
#[derive(Clone, Copy)]
pub(super) struct Peer<'a> {
    /// A name or an address, without brackets.
    pub(super) host: &'a str,
    pub(super) port: u16,
    /// How TLS is spoken with it; absent: not at all.
    pub(super) tls: Option<&'a Tls>,
}

impl Dialler {
    /// A dialler for hosts that have these `bounds`. It speaks `tls` to URLs with https, and has
    /// `proxy` dial for it.
    #[must_use]
    pub fn new(guard: Guard, bounds: Bounds, tls: Option<Tls>, proxy: Option<Proxy>) -> Self {
        Self {
            timers: Timers::default(),
            guard,
            bounds,
            tls,
            proxy,
            last: Arc::default(),
        }
    }

    /// Whether what is dialled for `url` is loopback or private; with a proxy that is the proxy.
    /// Before the first connection the name tells, if all its addresses agree; one that cannot be
    /// resolved counts as near, since nothing will be sent there.
    pub async fn leads_near(&self, url: &Uri) -> bool {
        if let Some(was_near) = self.last.was_near() {
            return was_near;
        }
        let host = match &self.proxy {
            Some(proxy) => &proxy.host,
            None => host_of(url),
        };
        let addresses = self.guard.look(host, self.timers.resolve).await;
        addresses.into_iter().all(near::is_near)
    }

    /// Dials `url` as for a call, and hangs up. With a proxy, name and connection are the proxy's.
    ///
    /// # Errors
    ///
    /// As a call would end.
    pub async fn try_out(&self, url: &Uri, watch: Watch<'_>) -> Result<(), DialError> {
        self.dial(url, watch).await.map(drop)
    }

    /// A connection to `url`.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub async fn dial(&self, url: &Uri, watch: Watch<'_>) -> Result<Stream, DialError> {
        let peer = Peer::of(url, self.tls.as_ref())?;
        match &self.proxy {
            Some(proxy) => self.dial_through(proxy, peer, watch).await,
            None => self.dial_directly(peer, watch).await,
        }
    }

    async fn dial_directly(&self, peer: Peer<'_>, watch: Watch<'_>) -> Result<Stream, DialError> {
        let addresses = self.addresses(peer.host, &self.bounds, watch).await?;
        let is_veiled = self.bounds.is_veiled && !are_loopback(&addresses);
        let dialled = async {
            let tcp = self.connect(peer.host, peer.port, addresses, watch).await?;
            let Some(tls) = peer.tls else {
                return Ok(Stream::plain(tcp));
            };
            let session = tls.handshake(peer.host, tcp, self.timers.handshake);
            Ok(Stream::tls(timed(watch, Part::Handshake, session).await?))
        };
        veiled(dialled.await, is_veiled)
    }

    async fn dial_through(
        &self,
        proxy: &Proxy,
        peer: Peer<'_>,
        watch: Watch<'_>,
    ) -> Result<Stream, DialError> {
        self.guard.check_literal(peer.host, &self.bounds)?;
        let addresses = self.addresses(&proxy.host, &proxy.bounds, watch).await;
        let addresses = addresses.map_err(DialError::of_proxy)?;
        let is_near = are_loopback(&addresses) && is_near(peer.host);
        let dialled = async {
            let reached = self.reach_proxy(proxy, addresses, watch).await;
            let mut socket = reached.map_err(DialError::of_proxy)?;
            let Some(tls) = peer.tls else {
                return Ok(Stream::forwarding(socket));
            };
            let limit = self.timers.handshake;
            proxy.tunnel(&mut socket, &peer.target(), limit).await?;
            let session = tls.handshake(peer.host, socket, limit);
            let session = timed(watch, Part::Handshake, session).await?;
            Ok(Stream::tunnelled(session))
        };
        veiled(dialled.await, self.bounds.is_veiled && !is_near)
    }

    async fn reach_proxy(
        &self,
        proxy: &Proxy,
        addresses: Vec<IpAddr>,
        watch: Watch<'_>,
    ) -> Result<Box<dyn Io>, DialError> {
        let tcp = self
            .connect(&proxy.host, proxy.port, addresses, watch)
            .await?;
        let Some(tls) = &proxy.tls else {
            return Ok(Box::new(tcp));
        };
        let session = tls.handshake(&proxy.host, tcp, self.timers.handshake);
        Ok(Box::new(session.await?))
    }

    /// Every address of `host`, none of which is refused.
    async fn addresses(
        &self,
        host: &str,
        bounds: &Bounds,
        watch: Watch<'_>,
    ) -> Result<Vec<IpAddr>, DialError> {
        let looking = self.guard.addresses(host, bounds, self.timers.resolve);
        timed(watch, Part::Resolve, looking).await
    }

    /// A connection to one of `addresses`, which are those of `host` that may be dialled.
    async fn connect(
        &self,
        host: &str,
        port: u16,
        addresses: Vec<IpAddr>,
        watch: Watch<'_>,
    ) -> Result<TcpStream, DialError> {
        let addresses = addresses.into_iter();
        let addresses = addresses.map(|ip| SocketAddr::new(ip, port)).collect();
        let connecting = race::connect(addresses, &self.timers);
        let (tcp, dialled) = timed(watch, Part::Connect, connecting).await?;
        let ends = tcp
            .peer_addr()
            .and_then(|peer| Ok((peer, tcp.local_addr()?)));
        let (peer, local) = ends.map_err(|error| DialError::Connect {
            reason: error.kind().to_string(),
        })?;
        self.guard.check_arrival(host, dialled, peer, local)?;
        self.last.note(peer.ip());
        Ok(tcp)
    }
}

impl<'a> Peer<'a> {
    /// The peer at `url`, to which `tls` is spoken if it has https.
    pub(super) fn of(url: &'a Uri, tls: Option<&'a Tls>) -> Result<Self, DialError> {
        let is_https = url.scheme_str() == Some("https");
        if is_https && tls.is_none() {
            let reason = "this client has no settings for it".to_owned();
            return Err(DialError::Tls { reason });
        }
        Ok(Self {
            host: host_of(url),
            port: url.port_u16().unwrap_or(if is_https { 443 } else { 80 }),
            tls: tls.filter(|_| is_https),
        })
    }

    /// As a proxy is told it.
    fn target(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        }
    }
}

/// A host that is an IPv6 address stands in brackets in a URL and nowhere else.
fn host_of(url: &Uri) -> &str {
    let host = url.host().unwrap_or_default();
    host.trim_start_matches('[').trim_end_matches(']')
}

fn are_loopback(addresses: &[IpAddr]) -> bool {
    addresses.iter().all(|ip| address::is_loopback(*ip))
}

/// Whether `host`, a name or an address without brackets, is this machine by what it is called.
#[must_use]
pub fn is_near(host: &str) -> bool {
    let is_loopback = |ip: IpAddr| address::is_loopback(ip);
    host == "localhost" || host.ends_with(".localhost") || host.parse().is_ok_and(is_loopback)
}

/// What `part` ends in; `watch` is told how long it took.
async fn timed<T>(watch: Watch<'_>, part: Part, future: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let ended = future.await;
    watch(part, began.elapsed());
    ended
}

/// What was dialled, or that it was not, without a word on why.
fn veiled(dialled: Result<Stream, DialError>, is_veiled: bool) -> Result<Stream, DialError> {
    match dialled {
        Ok(stream) => Ok(stream.veiled(is_veiled)),
        Err(error) if is_veiled => Err(error.veiled()),
        Err(error) => Err(error),
    }
}

impl DialError {
    /// The same where nobody may learn what failed.
    #[must_use]
    pub fn veiled(self) -> Self {
        let (part, reason, is_temporary) = match self {
            Self::Connect { reason } => (Part::Connect, reason, true),
            Self::Tls { reason } => (Part::Handshake, reason, false),
            Self::Proxy {
                reason,
                is_temporary,
            } => {
                let reason = format!("no way through the proxy: {reason}");
                (Part::Connect, reason, is_temporary)
            }
            Self::Resolve { .. } | Self::Forbidden { .. } | Self::Unreached { .. } => return self,
        };
        Self::Unreached {
            part,
            reason,
            is_temporary,
        }
    }

    /// The same where it is the proxy that was dialled: it is not the backend that cannot be reached.
    fn of_proxy(self) -> Self {
        let (reason, is_temporary) = match self {
            Self::Resolve {
                reason,
                is_temporary,
            } => (format!("its name has no address ({reason})"), is_temporary),
            Self::Connect { reason } => (reason, true),
            Self::Tls { reason } => (reason, false),
            Self::Proxy { .. } | Self::Forbidden { .. } | Self::Unreached { .. } => return self,
        };
        Self::Proxy {
            reason,
            is_temporary,
        }
    }
}

impl From<Unresolved> for DialError {
    fn from(unresolved: Unresolved) -> Self {
        Self::Resolve {
            reason: unresolved.reason,
            is_temporary: unresolved.is_temporary,
        }
    }
}

impl Service<Uri> for Dialler {
    type Response = TokioIo<Stream>;
    type Error = DialError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, DialError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), DialError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, url: Uri) -> Self::Future {
        let dialler = self.clone();
        Box::pin(async move { dialler.dial(&url, &|_, _| ()).await.map(TokioIo::new) })
    }
}

#[cfg(test)]
mod tests;
