//! From `connectionDetails` to a [`Connection`]: where the backend is, and how it is to be asked
//! (connections.md).
//!
//! Nothing is dialled or looked up here, and no error or warning repeats a value that it read: the
//! object can hold secrets.

pub mod ambient;
pub mod amp;
pub mod auth;
pub mod details;
pub mod identity;
pub mod named;
pub mod policy;
pub mod reach;
pub mod tls;
pub mod url;

use std::fmt;
use std::time::Duration;

use crate::caller::Caller;
use crate::limits;
use crate::options::QueryOptions;
use crate::protocol::RawDetails;
use crate::secret::Secret;
pub use details::error::DetailsError;
pub use details::warning::Warning;
pub use named::Named;
pub use policy::{Policy, PolicyError};
pub use reach::Reach;

/// A resolved connection.
#[derive(Clone, Debug)]
pub struct Connection {
    /// For whom it is used: nothing that was fetched for one caller is given to another.
    pub caller: Caller,
    /// Its name, if it is one of the configuration's.
    pub name: Option<String>,
    /// The backend's base URL, normalised.
    pub url: self::url::BaseUrl,
    /// How long a request may take.
    pub timeout: Duration,
    /// Which HTTP method carries queries.
    pub http_method: HttpMethod,
    /// Parameters that are added to every call, in document order. Some backends take a key as one.
    pub query_parameters: Vec<(String, Secret)>,
    /// How the connection proves itself.
    pub authentication: auth::Authentication,
    /// Headers that are added to every call.
    pub headers: Vec<Header>,
    /// TLS towards the backend.
    pub tls: tls::Tls,
    /// The proxy that dials for it; named connections only.
    pub proxy: Option<Proxy>,
    /// Which addresses its hosts may have; [`Policy::admit`] says it.
    pub reach: Reach,
    /// Whether HTTP/2 is offered.
    pub enable_http2: bool,
    /// Whether compressed answers are asked for.
    pub compression: Compression,
    /// How queries are to be read.
    pub options: QueryOptions,
}

/// A header that is added to every call.
#[derive(Clone, Debug)]
pub struct Header {
    /// In lower case, and never one of the reserved.
    pub name: String,
    /// Its value, or the file that holds it.
    pub value: auth::SecretSource,
    /// Whether it was called a secret; any other value may be one all the same.
    pub is_secret: bool,
}

/// A proxy that dials for a connection (`proxy_url`, `no_proxy`).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Proxy {
    /// Its address, http or https.
    pub url: ::url::Url,
    /// Hosts that are dialled without it, as the environment variable of that name writes them.
    pub no_proxy: Vec<String>,
}

/// Its URL can hold a password.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("host", &self.url.host_str())
            .field("port", &self.url.port())
            .field("no_proxy", &self.no_proxy)
            .finish_non_exhaustive()
    }
}

/// Which HTTP method carries queries (`http_method`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HttpMethod {
    /// Form bodies.
    #[default]
    Post,
    /// Query strings.
    Get,
}

/// Whether a backend is asked for compressed answers (`backend_compression`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Unless it is near, where compression only costs it time.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// What the configuration says about connections. A reload replaces it as a whole, and a request
/// keeps the one that it began with.
#[derive(Clone, Debug, Default)]
pub struct Configured {
    /// What holds where connection details say nothing.
    pub defaults: Defaults,
    /// What requests may do.
    pub policy: Policy,
    /// The named connections.
    pub named: Named,
    /// How many calls each backend gets at once.
    pub calls: limits::Calls,
    /// For how long answers are kept at most; not at all if that is zero.
    pub answer_ttl: Duration,
    /// Which configuration this is. Each that comes into force has another number.
    pub generation: u64,
}

/// What holds where `connectionDetails` say nothing: `defaults` of the configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// The query options. A request can only lower the four ceilings among them, and only add
    /// classified labels.
    pub options: QueryOptions,
    /// The deadline; 30 s unless configured.
    pub timeout: Duration,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            options: QueryOptions::default(),
            timeout: limits::TIMEOUT.2,
        }
    }
}

/// A connection, and what its author should know.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The connection.
    pub connection: Connection,
    /// What was read otherwise than it was written, in the order in which it was found.
    pub warnings: Vec<Warning>,
}

/// Reads the connection details of a request of `caller`. `request_timeout` is the `requestTimeout` beside
/// them, in milliseconds; it only lowers the deadline. Whether the connection may be used is then
/// [`Policy::admit`]'s to say.
///
/// # Errors
///
/// [`DetailsError::Invalid`], [`DetailsError::Refused`] and [`DetailsError::Files`] with up to five
/// findings in document order, [`DetailsError::UnknownConnection`] if a connection is named that
/// does not exist or is not open to the caller.
pub fn resolve(
    details: &RawDetails,
    request_timeout: Option<u64>,
    configured: &Configured,
    caller: &Caller,
) -> Result<Resolved, DetailsError> {
    details::resolve(details.text(), request_timeout, configured, caller)
}
