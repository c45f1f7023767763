//! From a URL to a connection: resolve, connect, TLS, each within its own time.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::Service;

use crate::egress::near;
use crate::egress::near::Last;
use crate::egress::proxy::Proxy;
use crate::egress::race;
use crate::egress::stream::Io;
use crate::egress::stream::Stream;
use crate::egress::tls::Tls;

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
}

/// A part of dialling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// From a name to addresses.
    Resolve,
    /// From addresses to a connection.
    Connect,
    /// From a connection to a TLS session.
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

/// Dials. A connector for hyper's client; clones share their TLS settings and what they learn.
#[derive(Clone, Debug, Default)]
pub struct Dialler {
    timers: Timers,
    tls: Option<Tls>,
    proxy: Option<Proxy>,
    last: Arc<Last>,
}

impl Dialler {
    /// A dialler that speaks no TLS and needs no proxy.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A dialler that speaks TLS as `tls` says to URLs with https, and has `proxy` dial for it.
    #[must_use]
    pub fn with(tls: Option<Tls>, proxy: Option<Proxy>) -> Self {
        Self {
            timers: Timers::default(),
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
        let addresses = self.resolve(host, 0).await.unwrap_or_default();
        addresses.iter().all(|it| near::is_near(it.ip()))
    }

    /// Dials `url` as for a call, and hangs up. With a proxy, name and connection are the proxy's.
    ///
    /// # Errors
    ///
    /// As a call would end.
    pub async fn try_out(&self, url: &Uri, watch: Watch<'_>) -> Result<(), DialError> {
        self.dial(url, watch).await.map(drop)
    }

    async fn dial(&self, url: &Uri, watch: Watch<'_>) -> Result<Stream, DialError> {
        let bracketed = url.host().unwrap_or_default();
        let host = host_of(url);
        let is_https = url.scheme_str() == Some("https");
        let port = url.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        let tls = self.tls.as_ref().filter(|_| is_https);
        if is_https && tls.is_none() {
            let reason = "this client has no settings for it".to_owned();
            return Err(DialError::Tls { reason });
        }
        let limit = self.timers.handshake;

        let Some(proxy) = &self.proxy else {
            let tcp = self.reach(host, port, watch).await?;
            let Some(tls) = tls else {
                return Ok(Stream::plain(tcp));
            };
            let session = tls.handshake(host, tcp, limit);
            return Ok(Stream::tls(timed(watch, Part::Handshake, session).await?));
        };
        // What the guard refuses by address it has to refuse here by the host, where that is an
        // address itself; a name is the proxy's to resolve.
        let mut socket = self.reach_proxy(proxy, watch).await?;
        let Some(tls) = tls else {
            return Ok(Stream::forwarding(socket));
        };
        let target = format!("{bracketed}:{port}");
        proxy.tunnel(&mut socket, &target, limit).await?;
        let session = tls.handshake(host, socket, limit);
        let session = timed(watch, Part::Handshake, session).await?;
        Ok(Stream::tunnelled(session))
    }

    /// A connection to one of the addresses of `host`.
    async fn reach(&self, host: &str, port: u16, watch: Watch<'_>) -> Result<TcpStream, DialError> {
        let addresses = timed(watch, Part::Resolve, self.resolve(host, port)).await?;
        // The place of the guard: every address of the name is known here, also where the host is
        // an address itself, and none is dialled yet. What is to be refused is refused here.
        let connecting = race::connect(addresses, &self.timers);
        let tcp = timed(watch, Part::Connect, connecting).await?;
        if let Ok(peer) = tcp.peer_addr() {
            self.last.note(peer.ip());
        }
        Ok(tcp)
    }

    async fn reach_proxy(&self, proxy: &Proxy, watch: Watch<'_>) -> Result<Box<dyn Io>, DialError> {
        let reached = async {
            let tcp = self.reach(&proxy.host, proxy.port, watch).await?;
            let Some(tls) = &proxy.tls else {
                return Ok(Box::new(tcp) as Box<dyn Io>);
            };
            let session = tls
                .handshake(&proxy.host, tcp, self.timers.handshake)
                .await?;
            Ok(Box::new(session) as Box<dyn Io>)
        };
        // It is not the backend that cannot be reached.
        reached.await.map_err(|error| match error {
            DialError::Resolve {
                reason,
                is_temporary,
            } => {
                let reason = format!("its name has no address ({reason})");
                DialError::Proxy {
                    reason,
                    is_temporary,
                }
            }
            DialError::Connect { reason } => DialError::Proxy {
                reason,
                is_temporary: true,
            },
            DialError::Tls { reason } => DialError::Proxy {
                reason,
                is_temporary: false,
            },
            DialError::Proxy { .. } => error,
        })
    }

    async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, DialError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that resolves"
        )]
        let lookup = timeout(self.timers.resolve, tokio::net::lookup_host((host, port)));
        let addresses: Vec<SocketAddr> = match lookup.await {
            Ok(Ok(addresses)) => addresses.collect(),
            Ok(Err(error)) => return Err(unresolved(&error)),
            Err(_) => {
                return Err(DialError::Resolve {
                    reason: format!("no answer within {:?}", self.timers.resolve),
                    is_temporary: true,
                });
            }
        };
        if addresses.is_empty() {
            return Err(DialError::Resolve {
                reason: "it has no address".to_owned(),
                is_temporary: false,
            });
        }
        Ok(addresses)
    }
}

/// A host that is an IPv6 address stands in brackets in a URL and nowhere else.
fn host_of(url: &Uri) -> &str {
    let host = url.host().unwrap_or_default();
    host.trim_start_matches('[').trim_end_matches(']')
}

/// What `part` ends in; `watch` is told how long it took.
async fn timed<T>(watch: Watch<'_>, part: Part, future: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let ended = future.await;
    watch(part, began.elapsed());
    ended
}

/// The resolver tells its failures apart by text alone; glibc and musl each have one for "ask
/// again later" (`EAI_AGAIN`).
fn unresolved(error: &io::Error) -> DialError {
    let text = error.to_string();
    let reason = text.rsplit(": ").next().unwrap_or(&text);
    DialError::Resolve {
        reason: reason.to_owned(),
        is_temporary: reason.starts_with("Temporary failure") || reason.starts_with("Try again"),
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
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::egress::tls::Roots;
    use crate::egress::tls::Settings;

    async fn dial(url: &str, timers: Timers) -> Result<Stream, DialError> {
        let url: Uri = url.parse().unwrap();
        let roots = Roots::default();
        // Anyone, so that a test needs no roots of its system.
        let settings = Settings {
            trusts_anyone: true,
            ..Settings::default()
        };
        let tls = Tls::new(settings, &roots).await.unwrap();
        let dialler = Dialler {
            timers,
            tls: Some(tls),
            ..Dialler::default()
        };
        dialler.dial(&url, &|_, _| ()).await
    }

    #[tokio::test]
    async fn a_listening_port_is_reached() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        dial(&url, Timers::default()).await.unwrap();
    }

    #[tokio::test]
    async fn a_closed_port_is_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let error = dial(&url, Timers::default()).await.unwrap_err();
        let reason = "connection refused".to_owned();
        assert_eq!(error, DialError::Connect { reason });
    }

    #[tokio::test]
    async fn an_address_in_brackets_is_an_address() {
        let error = dial("http://[::1]:1", Timers::default()).await.unwrap_err();
        assert!(matches!(error, DialError::Connect { .. }), "{error}");
    }

    #[tokio::test]
    async fn what_is_near_is_known_before_the_first_connection_and_learnt_from_each() {
        #[track_caller]
        fn check(is_near: bool, expected: bool) {
            assert_eq!(is_near, expected);
        }
        let dialler = Dialler::new();
        let url = |text: &str| text.parse::<Uri>().unwrap();
        check(dialler.leads_near(&url("http://[::1]:9090/p")).await, true);
        check(dialler.leads_near(&url("http://192.0.2.1")).await, false);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = url(&format!("http://{}", listener.local_addr().unwrap()));
        dialler.clone().try_out(&open, &|_, _| ()).await.unwrap();
        check(dialler.leads_near(&url("http://192.0.2.1")).await, true);
    }

    #[test]
    fn only_a_failure_that_may_pass_is_temporary() {
        #[track_caller]
        fn check(text: &str, expected: (&str, bool)) {
            let DialError::Resolve {
                reason,
                is_temporary,
            } = unresolved(&io::Error::other(text))
            else {
                panic!("not a failure to resolve");
            };
            assert_eq!((reason.as_str(), is_temporary), expected);
        }
        let prefix = "failed to lookup address information";
        check(
            &format!("{prefix}: Name or service not known"),
            ("Name or service not known", false),
        );
        check(
            &format!("{prefix}: Temporary failure in name resolution"),
            ("Temporary failure in name resolution", true),
        );
        check(&format!("{prefix}: Try again"), ("Try again", true));
    }

    #[tokio::test]
    async fn a_peer_that_speaks_no_tls_is_a_failure_of_tls() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let server = async {
            let (socket, _) = listener.accept().await.unwrap();
            socket.writable().await.unwrap();
            socket
                .try_write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .unwrap();
            socket
        };
        let (dialled, _socket) = tokio::join!(dial(&url, Timers::default()), server);
        let error = dialled.unwrap_err();
        assert!(matches!(error, DialError::Tls { .. }), "{error}");
    }

    #[tokio::test]
    async fn a_handshake_that_hangs_is_ended() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let timers = Timers {
            handshake: Duration::from_millis(50),
            ..Timers::default()
        };
        let error = dial(&url, timers).await.unwrap_err();
        let reason = "the handshake did not end within 50ms".to_owned();
        assert_eq!(error, DialError::Tls { reason });
    }
}
