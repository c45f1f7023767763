//! The schema of `connectionDetails` (connections.md, sections 1, 3 and 4).
//!
//! `connections` reads the object key by key, so that it can be tolerant and name what it doubts;
//! hence no type whose derive could be used, but these, which are only described. A test in
//! `tests/it` sends each key through the reader.

mod authentication;
mod aws;
mod headers;
pub(super) mod options;
mod tls;

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema};

use crate::protocol::schema;
use authentication::{Authorization, BasicAuth, OAuth2};
use aws::{Aws, Sigv4};
use headers::SourcedHeader;
use options::{QueryOptions, Span};
use tls::TlsConfig;

/// The schema as a document of its own, indented, with a line break at its end.
pub(super) fn document() -> String {
    let mut schema = schema();
    let draft = "https://json-schema.org/draft/2020-12/schema";
    schema.insert("$schema".to_owned(), draft.into());
    schema.insert("title".to_owned(), "Connection details".into());
    let mut text = serde_json::to_string_pretty(&schema).expect("keys are strings");
    text.push('\n');
    text
}

/// The schema, with nothing beside it.
pub(super) fn schema() -> Schema {
    let settings = schema::settings().with(|settings| settings.inline_subschemas = true);
    let mut generator = settings.into_generator();
    let mut details = ConnectionDetails::json_schema(&mut generator);
    for transform in generator.transforms_mut() {
        transform.transform(&mut details);
    }
    details
}

/// Where the backend is and how it is to be asked. Exactly one of `connection`, `url` and `host` is
/// given; the last two are two dialects, and the other keys go with both. Null and an empty string
/// equal absent. Numbers may also be strings of digits. Unknown keys are accepted with a warning,
/// inside of blocks other than `aws` they are errors.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct ConnectionDetails {
    /// The name of a connection of the mirror's configuration. Beside it only timeouts, query
    /// options and `token` may stand.
    connection: Option<String>,
    /// The base URL of the backend, `http` or `https`.
    #[schemars(extend("examples" = ["https://prometheus.example/prefix"]))]
    url: Option<String>,
    /// The host of the backend, read as `http://host:port/path_prefix`.
    host: Option<String>,
    /// The port beside `host`. Default: 9090.
    #[schemars(range(min = 1, max = 65535))]
    port: Option<u16>,
    /// The path beside `host`.
    path_prefix: Option<String>,
    /// The deadline in seconds, which may be fractional, within 1 and 60. Default: 30. The first
    /// given of this, `timeout` and `requestTimeout` wins.
    request_timeout_seconds: Option<f64>,
    /// The deadline as a duration, `30s`, or a number of seconds.
    timeout: Option<Span>,
    /// The deadline in milliseconds.
    #[schemars(rename = "requestTimeout")]
    request_timeout: Option<f64>,
    /// The caller's own token. Not in a named connection.
    #[schemars(extend("writeOnly" = true))]
    token: Option<String>,
    /// How queries are sent. Default: `POST`.
    http_method: Option<HttpMethod>,
    /// Parameters that are added to every call to the backend. Those of its API are refused.
    query_parameters: Option<BTreeMap<String, String>>,
    /// Headers that are added to every call to the backend. Those of authentication and of HTTP
    /// itself are refused.
    headers: Option<BTreeMap<String, String>>,
    /// The same, as Prometheus writes it. No name may stand in both.
    http_headers: Option<BTreeMap<String, SourcedHeader>>,
    /// TLS towards the backend, which must have an `https` address.
    tls_config: Option<TlsConfig>,
    /// The address of a proxy, `http` or `https`. Named connections only.
    proxy_url: Option<String>,
    /// Hosts that are reached without the proxy. Named connections only.
    no_proxy: Option<Vec<String>>,
    /// Whether the proxy is the one that the mirror's environment variables name. Named connections
    /// only. Default: false.
    proxy_from_environment: Option<bool>,
    /// HTTP basic authentication. Of this and the next six keys at most one may be given.
    basic_auth: Option<BasicAuth>,
    /// An `Authorization` header.
    authorization: Option<Authorization>,
    /// The same with the type `Bearer`.
    #[schemars(extend("writeOnly" = true))]
    bearer_token: Option<String>,
    /// The file of such a token.
    bearer_token_file: Option<String>,
    /// `OAuth` 2.0 client credentials.
    oauth2: Option<OAuth2>,
    /// AWS Signature Version 4. `{}` alone: the mirror's own default credentials.
    aws: Option<Aws>,
    /// The same, as Prometheus writes it.
    sigv4: Option<Sigv4>,
    /// Whether HTTP/2 is offered. Default: false.
    enable_http2: Option<bool>,
    /// Whether compressed answers are asked for. Default: `auto`, which does unless the backend is
    /// near.
    backend_compression: Option<Compression>,
    /// Accepted, since Prometheus' blocks are pasted. Redirects are never followed.
    follow_redirects: Option<bool>,
    #[serde(flatten)]
    options: QueryOptions,
}

#[derive(JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[expect(dead_code, reason = "only its schema is used")]
enum HttpMethod {
    /// Form bodies.
    Post,
    /// Query strings.
    Get,
}

#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used")]
enum Compression {
    /// Unless the backend is near.
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}
