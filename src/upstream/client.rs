//! What all backends share: clients, secrets in files, instruments, and which of them refuse POST.

mod answer;
mod clients;
pub(super) mod head;
mod key;
mod lanes;
mod no_proxy;
mod pool;
pub(super) mod proxy;
mod table;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use crate::connections::Connection;
use crate::connections::ambient::Ambient;
use crate::connections::identity::ProcessKey;
use crate::instruments::Instruments;
use crate::limits;
use crate::limits::Budget;
use crate::random;
use crate::time::UnixMillis;
use crate::upstream::Upstream;
use crate::upstream::aws::Aws;
use crate::upstream::aws::Purpose;
use crate::upstream::aws::Surroundings;
use crate::upstream::backend::Backends;
use crate::upstream::body::Progress;
use crate::upstream::credentials::files::Files;
use crate::upstream::posting::Posting;
use crate::upstream::sign::oauth2::Tokens;

pub(super) use answer::Answer;
pub(super) use answer::Unanswered;
pub(super) use clients::Client;
pub(super) use clients::Clients;
pub(super) use clients::NoClient;
pub(super) use key::BackendKey;
pub(super) use key::Way;

/// All backends, seen from here: one pool of connections for them.
#[derive(Clone, Debug)]
pub struct Upstreams(Arc<Shared>);

/// What the backends share.
pub(super) struct Shared {
    pub(super) clients: Arc<Clients>,
    pub(super) backends: Backends,
    pub(super) instruments: Arc<Instruments>,
    pub(super) files: Arc<Files>,
    pub(super) aws: Aws,
    pub(super) tokens: Tokens,
    pub(super) posting: Posting,
    pub(super) progress: Progress,
    /// The memory that all requests together may hold.
    pub(super) budget: Budget,
    /// Within `0.0..1.0`, for the waits before repeats.
    pub(super) random: fn() -> f64,
    /// What tells identities apart.
    key: ProcessKey,
}

/// A connection as it is used, without what is remembered of its backend. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Destination(Arc<Target>);

/// One backend and how it is asked.
pub(super) struct Target {
    pub(super) connection: Connection,
    /// Name and port.
    pub(super) host: String,
    pub(super) identity: String,
    /// By what the backend is remembered.
    backend: BackendKey,
}

impl Upstreams {
    /// No connection yet. Each call will be counted in `instruments`, and what is kept of its
    /// answer is charged to `budget`; `ambient` and `clock` are for those to AWS.
    #[must_use]
    pub fn new(
        instruments: Arc<Instruments>,
        ambient: Ambient,
        clock: fn() -> UnixMillis,
        budget: Budget,
    ) -> Self {
        let surroundings = Surroundings { ambient, clock };
        Self::with(
            Progress::default(),
            random::share,
            surroundings,
            instruments,
            budget,
        )
    }

    /// For tests that do not go to AWS.
    #[cfg(test)]
    pub(super) fn of(instruments: Arc<Instruments>) -> Self {
        let budget = Budget::of(usize::MAX);
        Self::new(
            instruments,
            Ambient::default(),
            || UnixMillis::new(0),
            budget,
        )
    }

    pub(super) fn with(
        progress: Progress,
        random: fn() -> f64,
        surroundings: Surroundings,
        instruments: Arc<Instruments>,
        budget: Budget,
    ) -> Self {
        let clients = Arc::new(Clients::new(Arc::clone(&instruments)));
        let files = Arc::new(Files::new(Arc::clone(&instruments)));
        let tokens = Tokens::new(random, surroundings.clock);
        let aws = Aws::new(
            surroundings,
            clients.roots(),
            Arc::clone(&files),
            Arc::clone(&instruments),
            random,
        );
        Self(Arc::new(Shared {
            clients,
            backends: Backends::new(Arc::clone(&instruments)),
            files,
            aws,
            tokens,
            instruments,
            posting: Posting::default(),
            budget,
            progress,
            random,
            key: ProcessKey::random(),
        }))
    }

    /// Looks at all files now, as is otherwise done every 10 s.
    #[cfg(test)]
    pub(super) async fn look_at_files(&self) {
        self.0.files.look().await;
    }

    /// Which ports this program listens on: it never asks itself.
    pub fn listens_on(&self, ports: Vec<u16>) {
        self.0.clients.guard().listens_on(ports);
    }

    /// The configuration has changed: no connection of it is known by name until it is opened again.
    pub fn reconfigured(&self) {
        self.0.backends.forget_names();
    }

    /// How many calls are under way to the backend that the connection called `name` leads to; `None`
    /// if none was made yet.
    #[must_use]
    pub fn in_use(&self, name: &str) -> Option<usize> {
        self.0.backends.in_use(name)
    }

    /// Where `connection` leads for a request that began with this generation of the configuration:
    /// nothing that is remembered of another one is found.
    #[must_use]
    pub fn destination(&self, connection: Connection, generation: u64) -> Destination {
        let identity = self.0.key.identity(&connection);
        Destination(Arc::new(Target {
            host: connection.url.host_port(),
            identity: format!("{identity}/{generation}"),
            backend: Way::of(&connection).backend(),
            connection,
        }))
    }

    /// The backend at `destination`. Opens no connection to it.
    #[must_use]
    pub fn open(&self, destination: &Destination) -> Upstream {
        let Destination(target) = destination;
        let name = target.connection.name.as_deref();
        let backends = &self.0.backends;
        Upstream {
            shared: Arc::clone(&self.0),
            backend: backends.open(&target.backend, name, Instant::now()),
            target: Arc::clone(target),
            purpose: Purpose::Query,
            size: limits::Calls::default().of(name),
        }
    }

    /// The backend of `connection`.
    #[cfg(test)]
    pub(super) fn open_new(&self, connection: &Connection) -> Upstream {
        self.open(&self.destination(connection.clone(), 0))
    }
}

impl Target {
    /// The way to the backend.
    pub(super) fn way(&self) -> Way<'_> {
        Way::of(&self.connection)
    }
}

impl<'a> Way<'a> {
    /// The way that `connection` leads.
    fn of(connection: &'a Connection) -> Self {
        Self {
            name: connection.name.as_deref(),
            url: connection.url.url(),
            tls: &connection.tls,
            tls_block: "tls_config",
            proxy: connection.proxy.as_ref(),
            bounds: &connection.reach.backend,
            proxy_bounds: &connection.reach.proxy,
            enable_http2: connection.enable_http2,
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::connections::HttpMethod;
    use crate::connections::url::BaseUrl;
    use crate::secret::Secret;

    fn connection() -> Connection {
        Connection {
            caller: Default::default(),
            name: None,
            authentication: Default::default(),
            headers: Vec::new(),
            tls: Default::default(),
            proxy: None,
            reach: Default::default(),
            enable_http2: false,
            compression: Default::default(),
            url: BaseUrl::parse("http://prometheus:9090").unwrap().base,
            timeout: Duration::from_secs(30),
            http_method: HttpMethod::Post,
            query_parameters: vec![("dedup".to_owned(), Secret::new("true".to_owned()))],
            options: Default::default(),
        }
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Connection), is_same: bool) {
        let mut other = connection();
        change(&mut other);
        let upstreams = Upstreams::of(Arc::new(Instruments::new()));
        let [one, other] = [connection(), other].map(|it| upstreams.open_new(&it));
        assert_eq!(one.identity() == other.identity(), is_same);
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
    fn each_configuration_has_identities_of_its_own() {
        let upstreams = Upstreams::of(Arc::new(Instruments::new()));
        let of = |generation| upstreams.open(&upstreams.destination(connection(), generation));
        assert_eq!(of(1).identity(), of(1).identity());
        assert_ne!(of(1).identity(), of(2).identity());
    }

    #[test]
    fn how_long_to_wait_and_how_to_read_do_not() {
        check(|it| it.timeout = Duration::from_secs(1), true);
        check(|it| it.options.max_points = 1, true);
    }
}
