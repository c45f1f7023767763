//! From `connectionDetails` to a [`Connection`]: where the backend is, and how it is to be asked
//! (connections.md).

pub mod details;
pub mod url;

use std::time::Duration;

use crate::options::QueryOptions;

/// A resolved connection.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The backend's base URL, normalised.
    pub url: self::url::BaseUrl,
    /// How long a request may take.
    pub timeout: Duration,
    /// Which HTTP method carries queries.
    pub http_method: HttpMethod,
    /// Parameters that are added to every call, in document order.
    pub query_parameters: Vec<(String, String)>,
    /// How queries are to be read.
    pub options: QueryOptions,
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
