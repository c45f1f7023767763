//! The one builder of clients, and what all backends share: the pool, the instruments, and which
//! of them refuse POST.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioTimer;
use url::form_urlencoded::Serializer;

use crate::connections::Connection;
use crate::egress::Dialler;
use crate::instruments::Instruments;
use crate::upstream::Upstream;
use crate::upstream::body::Progress;
use crate::upstream::credentials::files::Files;
use crate::upstream::posting::Posting;

/// How long a connection is kept without use: longer than a poll every 30 s, shorter than the
/// usual 60 s of load balancers (connections.md, "The HTTP client").
const IDLE: Duration = Duration::from_secs(50);
/// How many unused connections are kept per backend: with fewer than calls may be in flight, each
/// burst closes what the next one needs (performance.md, "HTTP").
const IDLE_CONNECTIONS: usize = 256;
/// Largest headers of an answer, in bytes; also the size of the read buffer.
pub(super) const HEAD: usize = 64 << 10;
/// Most header fields of an answer.
const HEADER_FIELDS: usize = 100;

/// A client of hyper's.
pub(super) type HttpClient = Client<Dialler, Full<Bytes>>;

/// All backends, seen from here: one pool of connections for them.
#[derive(Clone, Debug)]
pub struct Upstreams(Arc<Shared>);

/// What the backends share.
pub(super) struct Shared {
    /// Keeps connections.
    pub(super) pooled: HttpClient,
    /// Makes a new connection for each call: for the repeat after a kept one turned out closed,
    /// since the others may be closed as well.
    pub(super) fresh: HttpClient,
    pub(super) instruments: Arc<Instruments>,
    pub(super) files: Files,
    pub(super) posting: Posting,
    pub(super) progress: Progress,
    /// Within `0.0..1.0`, for the waits before repeats.
    pub(super) random: fn() -> f64,
}

/// One backend and how it is asked.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) connection: Connection,
    /// Name and port.
    pub(super) host: String,
    pub(super) identity: String,
}

impl Upstreams {
    /// No connection yet. Each call will be counted in `instruments`.
    #[must_use]
    pub fn new(instruments: Arc<Instruments>) -> Self {
        Self::with(Progress::default(), random, instruments)
    }

    pub(super) fn with(
        progress: Progress,
        random: fn() -> f64,
        instruments: Arc<Instruments>,
    ) -> Self {
        let dialler = Dialler::new();
        Self(Arc::new(Shared {
            pooled: client(dialler.clone(), IDLE_CONNECTIONS),
            fresh: client(dialler, 0),
            files: Files::new(Arc::clone(&instruments)),
            instruments,
            posting: Posting::default(),
            progress,
            random,
        }))
    }

    /// The backend of `connection`. Opens no connection to it.
    #[must_use]
    pub fn open(&self, connection: &Connection) -> Upstream {
        Upstream {
            shared: Arc::clone(&self.0),
            target: Arc::new(Target {
                host: connection.url.host_port(),
                identity: identity(connection),
                connection: connection.clone(),
            }),
        }
    }
}

/// The one builder. hyper's client follows no redirect and looks at no proxy variable.
fn client(dialler: Dialler, idle_connections: usize) -> HttpClient {
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(idle_connections)
        .http1_max_buf_size(HEAD)
        .http1_max_headers(HEADER_FIELDS)
        .build(dialler)
}

/// Two connections with one identity get the same answers to the same calls. Without `..`: a new
/// setting does not compile until someone decides whether it belongs here.
fn identity(connection: &Connection) -> String {
    let Connection {
        name: _,
        authentication: _,
        headers: _,
        tls: _,
        proxy: _,
        enable_http2: _,
        url,
        timeout: _,
        http_method,
        query_parameters,
        options: _,
    } = connection;
    let mut form = Serializer::new(String::new());
    form.extend_pairs(query_parameters);
    // Neither a normalised URL nor a form holds a blank, so nothing can be read in two ways.
    format!("{http_method:?} {url} {}", form.finish())
}

/// Without randomness from the system, repeats only meet more often.
fn random() -> f64 {
    f64::from(getrandom::u32().unwrap_or_default()) / (f64::from(u32::MAX) + 1.0)
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connections::HttpMethod;
    use crate::connections::url::BaseUrl;

    fn connection() -> Connection {
        Connection {
            name: None,
            authentication: Default::default(),
            headers: Vec::new(),
            tls: Default::default(),
            proxy: None,
            enable_http2: false,
            url: BaseUrl::parse("http://prometheus:9090").unwrap().base,
            timeout: Duration::from_secs(30),
            http_method: HttpMethod::Post,
            query_parameters: vec![("dedup".to_owned(), "true".to_owned())],
            options: Default::default(),
        }
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Connection), is_same: bool) {
        let mut other = connection();
        change(&mut other);
        assert_eq!(identity(&other) == identity(&connection()), is_same);
    }

    #[test]
    fn url_method_and_parameters_make_an_identity() {
        check(|it| it.http_method = HttpMethod::Get, false);
        check(|it| it.query_parameters.clear(), false);
        check(
            |it| it.url = BaseUrl::parse("http://prometheus:9091").unwrap().base,
            false,
        );
    }

    #[test]
    fn how_long_to_wait_and_how_to_read_do_not() {
        check(|it| it.timeout = Duration::from_secs(1), true);
        check(|it| it.options.max_points = 1, true);
    }
}
