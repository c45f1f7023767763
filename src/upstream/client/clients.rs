//! The one builder of HTTP clients, for backends and token endpoints alike, and those it has built.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::HeaderValue;
use http::Request;
use http::Response;
use http::header::PROXY_AUTHORIZATION;
use http_body_util::Full;
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioTimer;
use url::Url;

use crate::connections::auth::SecretSource;
use crate::egress::Dialler;
use crate::egress::Guard;
use crate::egress::Proxy;
use crate::egress::Tls;
use crate::egress::tls::ClientIdentity;
use crate::egress::tls::Part;
use crate::egress::tls::Roots;
use crate::egress::tls::Settings;
use crate::egress::tls::TlsError;
use crate::instruments::Instruments;
use crate::network::Bounds;
use crate::upstream::client::answer::Answer;
use crate::upstream::client::answer::Unanswered;
use crate::upstream::client::key::Key;
use crate::upstream::client::key::Material;
use crate::upstream::client::key::Way;
use crate::upstream::client::lanes;
use crate::upstream::client::lanes::Http;
use crate::upstream::client::lanes::Lanes;
use crate::upstream::client::pool::Pool;
use crate::upstream::client::proxy;
use crate::upstream::client::table::Known;
use crate::upstream::client::table::Table;
use crate::upstream::credentials::CredentialError;
use crate::upstream::credentials::files::Files;

/// How long a connection is kept without use: longer than a poll every 30 s, shorter than the
/// usual 60 s of load balancers (connections.md, "The HTTP client").
pub(super) const IDLE: Duration = Duration::from_secs(50);
/// How many unused connections are kept per backend: with fewer than calls may be in flight, each
/// burst closes what the next one needs (performance.md, "HTTP").
pub(super) const IDLE_CONNECTIONS: usize = 256;
/// Largest headers of an answer, in bytes; also the size of the read buffer.
pub(in crate::upstream) const HEAD: usize = 64 << 10;
/// Most header fields of an answer.
pub(super) const HEADER_FIELDS: usize = 100;
/// How much of one answer, and of all answers on a connection of HTTP/2, may come unread
/// (performance.md, "HTTP").
const H2_WINDOWS: (u32, u32) = (1 << 20, 4 << 20);

/// The clients of this process.
pub(in crate::upstream) struct Clients {
    table: Mutex<Table<Client>>,
    roots: Roots,
    guard: Guard,
    instruments: Arc<Instruments>,
}

/// One client. It holds no credential of a backend's: those come with each request.
pub(in crate::upstream) struct Client {
    connections: Connections,
    /// What they are made with.
    pub(in crate::upstream) dialler: Dialler,
    /// For a proxy that is given whole requests.
    proxy_authorization: Option<HeaderValue>,
    /// Whether it shows a certificate, for the words of a failure.
    pub(in crate::upstream) has_certificate: bool,
}

/// The connections of a client.
enum Connections {
    /// Of HTTP/1.1, one for each call that is in flight.
    One(Arc<Pool>),
    /// Of HTTP/2, or whatever the other side prefers.
    Several {
        lanes: Lanes,
        /// Keeps no connection.
        fresh: Box<Http>,
    },
}

/// Why there is no client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::upstream) enum NoClient {
    /// Its material cannot be used.
    Material(CredentialError),
    /// What every client needs cannot be had here.
    System(&'static str),
}

impl Clients {
    pub(in crate::upstream) fn new(instruments: Arc<Instruments>) -> Self {
        let counted = Arc::clone(&instruments);
        Self {
            table: Mutex::default(),
            roots: Roots::default(),
            guard: Guard::new(Box::new(move |refusal| {
                counted.guard_refusal(refusal.as_str())
            })),
            instruments,
        }
    }

    /// The guard of all clients.
    pub(in crate::upstream) fn guard(&self) -> &Guard {
        &self.guard
    }

    /// The roots of the system, for clients that are none of these.
    pub(in crate::upstream) fn roots(&self) -> Roots {
        self.roots.clone()
    }

    /// The client for `way`. One whose material has become unusable stays what it was.
    pub(in crate::upstream) async fn client(
        &self,
        way: Way<'_>,
        files: &Files,
    ) -> Result<Arc<Client>, NoClient> {
        let key = way.key();
        let material = way.material(files).await;
        let known = {
            let mut table = self.table();
            let known = table.find(&key, material.as_ref().ok(), Instant::now());
            self.tell_unfit(&mut table);
            known
        };
        let older = match known {
            Known::This(client) => return Ok(client),
            Known::Older(client) => Some(client),
            Known::Nothing => None,
        };
        let material = material.map_err(NoClient::Material)?;
        let built = Box::pin(self.build(way, &key, &material)).await;
        let mut table = self.table();
        let client = match (built, older) {
            (Ok(client), _) => {
                // Of calls that build at the same time the first one wins, or their connections
                // would not be shared.
                let now = Instant::now();
                if let Known::This(other) = table.find(&key, Some(&material), now) {
                    Ok(other)
                } else {
                    let client = Arc::new(client);
                    table.keep(key, material, Arc::clone(&client), now);
                    Ok(client)
                }
            }
            (Err(error), Some(older)) => {
                if table.spoilt(&key, material) {
                    let host = key.host;
                    tracing::error!(host, reason = %error, "new TLS material cannot be used; the old one stays");
                }
                Ok(older)
            }
            (Err(error), None) => Err(way.unbuilt(&error)),
        };
        self.tell_unfit(&mut table);
        client
    }

    fn tell_unfit(&self, table: &mut Table<Client>) {
        if let Some(count) = table.unfit() {
            self.instruments.unusable_tls(count);
        }
    }

    async fn build(
        &self,
        way: Way<'_>,
        key: &Key,
        material: &Material,
    ) -> Result<Client, TlsError> {
        let ca = material.ca.as_ref().map(|text| text.expose());
        let identity = material
            .identity
            .as_ref()
            .map(|(cert, key)| ClientIdentity {
                cert: cert.expose(),
                key: key.expose(),
            });
        let settings = Settings {
            ca,
            identity,
            server_name: key.server_name.as_deref(),
            only_tls13: key.only_tls13,
            trusts_anyone: key.trusts_anyone,
            offers_h2: key.offers_h2,
        };
        let tls = if key.is_https {
            Some(Tls::new(settings, &self.roots).await?)
        } else {
            None
        };
        if let (Some(name), Some(expiry)) = (way.name, tls.as_ref().and_then(Tls::expiry)) {
            self.instruments.certificate_expiry(name, expiry);
        }
        let proxy = match &key.proxy {
            Some((url, bounds)) => Some(self.proxy(url, bounds, ca).await?),
            None => None,
        };
        let forwards = proxy.as_ref().filter(|_| !key.is_https);
        let proxy_authorization = forwards.and_then(|proxy| proxy.authorization.clone());
        let dialler = Dialler::new(self.guard.clone(), key.bounds.clone(), tls, proxy);
        let connections = if key.offers_h2 {
            Connections::Several {
                lanes: Lanes::new(|| http(dialler.clone(), IDLE_CONNECTIONS)),
                fresh: Box::new(http(dialler.clone(), 0)),
            }
        } else {
            Connections::One(Pool::new(dialler.clone()))
        };
        Ok(Client {
            connections,
            dialler,
            proxy_authorization,
            has_certificate: identity.is_some(),
        })
    }

    /// A proxy is trusted as a backend is, as Prometheus does it; it is shown no certificate.
    async fn proxy(&self, url: &Url, bounds: &Bounds, ca: Option<&str>) -> Result<Proxy, TlsError> {
        let tls = if url.scheme() == "https" {
            let settings = Settings {
                ca,
                ..Settings::default()
            };
            Some(Tls::new(settings, &self.roots).await?)
        } else {
            None
        };
        let host = url.host_str().unwrap_or_default();
        Ok(Proxy {
            host: host
                .trim_start_matches('[')
                .trim_end_matches(']')
                .to_owned(),
            port: url.port_or_known_default().unwrap_or(80),
            bounds: bounds.clone(),
            tls,
            authorization: proxy::authorization(url),
        })
    }

    fn table(&self) -> MutexGuard<'_, Table<Client>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one builder for HTTP/2. hyper's client follows no redirect and looks at no proxy variable.
fn http(dialler: Dialler, idle_connections: usize) -> Http {
    legacy::Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(idle_connections)
        .http1_max_buf_size(HEAD)
        .http1_max_headers(HEADER_FIELDS)
        .http2_max_header_list_size(u32::try_from(HEAD).unwrap_or(u32::MAX))
        .http2_initial_stream_window_size(H2_WINDOWS.0)
        .http2_initial_connection_window_size(H2_WINDOWS.1)
        .build(dialler)
}

impl Client {
    /// Sends `request`; `reached` is told when there is a connection.
    pub(in crate::upstream) async fn request(
        &self,
        request: Request<Full<Bytes>>,
        reached: &AtomicBool,
    ) -> Result<Response<Answer>, Unanswered> {
        let request = self.authorised(request);
        match &self.connections {
            Connections::One(pool) => pool.request(request, reached).await,
            Connections::Several { lanes, .. } => Box::pin(lanes.request(request, reached)).await,
        }
    }

    /// Sends `request` on a connection of its own: for the repeat after a kept one turned out closed,
    /// since the others may be closed as well.
    pub(in crate::upstream) async fn request_anew(
        &self,
        request: Request<Full<Bytes>>,
        reached: &AtomicBool,
    ) -> Result<Response<Answer>, Unanswered> {
        let request = self.authorised(request);
        match &self.connections {
            Connections::One(pool) => pool.request_anew(request, reached).await,
            Connections::Several { fresh, .. } => {
                lanes::request_anew(fresh, request, reached).await
            }
        }
    }

    /// `request` with what proves it to a proxy.
    fn authorised(&self, mut request: Request<Full<Bytes>>) -> Request<Full<Bytes>> {
        if let Some(value) = &self.proxy_authorization {
            let headers = request.headers_mut();
            headers.insert(PROXY_AUTHORIZATION, value.clone());
        }
        request
    }
}

impl Way<'_> {
    fn unbuilt(&self, error: &TlsError) -> NoClient {
        let (part, reason) = match error {
            TlsError::System(reason) => return NoClient::System(reason),
            TlsError::Unfit { part, reason } => (*part, *reason),
        };
        let key = |name: &str| format!("{}.{name}", self.tls_block);
        let client = self.tls.client.as_ref();
        let source: Option<&SecretSource> = match part {
            Part::Ca => self.tls.ca.as_ref(),
            Part::Cert => client.map(|client| &client.cert),
            Part::Key => client.map(|client| &client.key),
            Part::ServerName => None,
        };
        let name = match part {
            Part::Ca => "ca",
            Part::Cert => "cert",
            Part::Key => "key",
            Part::ServerName => "server_name",
        };
        NoClient::Material(match source {
            Some(source) => CredentialError::of(source, &key(name), reason),
            None => CredentialError::Inline {
                key: key(name),
                reason: reason.to_owned(),
            },
        })
    }
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;
    use crate::connections::tls;

    #[tokio::test]
    async fn calls_that_come_at_once_get_one_client() {
        let clients = Clients::new(Arc::default());
        let files = Files::new(Arc::default());
        let url = Url::parse("https://h").unwrap();
        let (tls, bounds) = (tls::Tls::default(), Bounds::default());
        let way = Way {
            name: None,
            url: &url,
            bounds: &bounds,
            tls: &tls,
            tls_block: "tls_config",
            proxy: None,
            proxy_bounds: &bounds,
            enable_http2: false,
        };
        // All of them wait for the system's roots, and so all find no client at first.
        let all = join_all((0..8).map(|_| clients.client(way, &files))).await;
        if all.iter().all(|it| matches!(it, Err(NoClient::System(_)))) {
            return;
        }
        let all: Vec<_> = all.into_iter().map(Result::unwrap).collect();
        assert!(all.iter().all(|it| Arc::ptr_eq(it, &all[0])));
    }
}
