//! The schema of the configuration file (connections.md, section 6).
//!
//! `config` reads the file key by key, so the types here are only described, as those of connection
//! details. A test in `tests/it` holds them against the settings that the program prints.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema};

use super::details;
use super::details::options::{QueryOptions, Span};
use crate::protocol::schema;

/// Keys of connection details that a named connection has not: it has a name already, and a token is
/// a caller's.
const NOT_NAMED: [&str; 2] = ["connection", "token"];
/// Types that a placeholder may fill.
const FILLED: [&str; 3] = ["integer", "number", "boolean"];

/// The schema as a document of its own, indented, with a line break at its end.
pub(super) fn document() -> String {
    let settings = schema::settings().with(|settings| settings.inline_subschemas = true);
    let mut generator = settings.into_generator();
    let mut schema = Configuration::json_schema(&mut generator);
    for transform in generator.transforms_mut() {
        transform.transform(&mut schema);
    }
    if let Some(connections) = schema.pointer_mut("/properties/connections") {
        connections["additionalProperties"] = named_connection().into();
    }
    fill(&mut schema);
    let draft = "https://json-schema.org/draft/2020-12/schema";
    schema.insert("$schema".to_owned(), draft.into());
    schema.insert("title".to_owned(), "Configuration".into());
    let mut text = serde_json::to_string_pretty(&schema).expect("keys are strings");
    text.push('\n');
    text
}

/// Connection details as they may stand under a name: strict, since a misspelt key in a file is
/// always a mistake.
fn named_connection() -> Schema {
    let mut schema = details::schema();
    let description = "A connection, which a request says as `{\"connection\": \"<name>\"}`. Paths \
                       of files are relative to this file.";
    schema.insert("description".to_owned(), description.into());
    schema.insert("additionalProperties".to_owned(), false.into());
    if let Some(properties) = schema
        .get_mut("properties")
        .and_then(|it| it.as_object_mut())
    {
        properties.retain(|name, _| !NOT_NAMED.contains(&name.as_str()));
        if let Some(aws) = properties.get_mut("aws") {
            aws["additionalProperties"] = false.into();
        }
    }
    schema
}

/// Lets a string stand wherever a placeholder such as `${PORT}` may fill a number or a boolean.
fn fill(schema: &mut Schema) {
    let fills = |it: &str| FILLED.contains(&it);
    if let Some(kind) = schema.get_mut("type") {
        if kind.as_str().is_some_and(fills) {
            *kind = [kind.as_str().unwrap_or_default(), "string"]
                .as_slice()
                .into();
        } else if let Some(kinds) = kind.as_array_mut()
            && kinds.iter().any(|it| it.as_str().is_some_and(fills))
            && !kinds.iter().any(|it| it.as_str() == Some("string"))
        {
            kinds.push("string".into());
        }
    }
    schemars::transform::transform_subschemas(&mut fill, schema);
}

/// The configuration file, in YAML. Every value may hold `${VAR}` and `${VAR:-default}`, which the
/// environment fills. Flags and environment variables go before it. Null and an empty string equal
/// absent. Unknown keys are errors.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct Configuration {
    /// The address of both listeners. Flag `--listen`, variable `MIRROR_LISTEN`. Default:
    /// `127.0.0.1`.
    #[schemars(extend("default" = "127.0.0.1"))]
    listen: Option<String>,
    /// The port of the Mirror API; 0: any free one. Flag `--port`, variable `PORT`.
    #[schemars(range(max = 65535), extend("default" = 9900))]
    port: Option<u16>,
    /// The port of health and metrics; 0: any free one. Flag `--admin-port`, variable `ADMIN_PORT`.
    #[schemars(range(max = 65535), extend("default" = 9901))]
    admin_port: Option<u16>,
    /// Threads that requests are worked on. Flag `--workers`, variable `WORKERS`. Default: one per
    /// core.
    #[schemars(range(min = 1, max = 1024))]
    workers: Option<u16>,
    /// What proves the mirror to `StackState`. Variable `API_KEY`.
    #[schemars(extend("writeOnly" = true))]
    api_key: Option<String>,
    /// The file of the key. Variable `API_KEY_FILE`.
    api_key_file: Option<String>,
    /// Networks that callers come from, or their addresses: a gate in front of `callers`. Absent:
    /// from anywhere. Variable `MIRROR_ALLOWED_CALLERS`.
    #[schemars(length(min = 1))]
    allowed_callers: Option<Vec<String>>,
    /// Networks of the proxies whose `X-Forwarded-For` is believed. Variable
    /// `MIRROR_TRUSTED_PROXIES`.
    trusted_proxies: Option<Vec<String>>,
    /// Who may call. The first whose proofs all hold is the caller. Variable `CALLER_TOKEN` or
    /// `CALLER_TOKEN_FILE` for one called `default`.
    callers: Option<Vec<Caller>>,
    /// For how long answers are kept for callers who ask for the same: 0 (not at all), or 1 to 5 s;
    /// never longer than half a bucket, and raw points for 1 s. Variable `MIRROR_ANSWER_TTL`.
    #[schemars(extend("default" = "2s"))]
    answer_ttl: Option<Span>,
    /// What kept answers may take; together with the lists at most a quarter of the memory for
    /// requests. Variable `MIRROR_ANSWER_CACHE`.
    #[schemars(extend("default" = "64MiB"))]
    answer_cache: Option<Size>,
    /// What kept lists of names and values, and metadata, may take. Variable `MIRROR_LIST_CACHE`.
    #[schemars(extend("default" = "32MiB"))]
    list_cache: Option<Size>,
    /// Whether answers are compressed for callers who accept that. Variable
    /// `MIRROR_ANSWER_COMPRESSION`.
    #[schemars(extend("default" = "on"))]
    answer_compression: Option<OnOrOff>,
    /// How the log is written.
    log: Option<Log>,
    /// TLS on the port of the Mirror API. Absent: in clear. Variables `MIRROR_TLS_…`.
    tls: Option<ListenerTls>,
    /// Who may use the admin listener beyond health and metrics.
    console: Option<Console>,
    /// What requests may do. Variables `MIRROR_POLICY_…`.
    policy: Option<Policy>,
    /// How much is worked on at once, and how the end comes. Variables `MIRROR_LIMITS_…`.
    limits: Option<Limits>,
    /// What holds where connection details say nothing. Variables `MIRROR_DEFAULTS_…`.
    defaults: Option<Defaults>,
    /// Connections by name.
    #[schemars(extend("propertyNames" = { "pattern": "^[a-z0-9][a-z0-9._-]{0,62}$" }))]
    connections: Option<BTreeMap<String, NamedConnection>>,
}

/// A caller, at least one proof of it, and what it may use: without `connections` and `upstreams`
/// whatever the policy lets through, with either only what is stated.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct Caller {
    /// Its name, and that of its folder in `policy.secrets_dir`: `[a-z0-9][a-z0-9._-]{0,62}`.
    name: String,
    /// What it says as `token` in its connection details: 16 to 512 bytes, the one in use and the
    /// next. Two at most, those of `token_files` counted.
    #[schemars(length(max = 2), extend("writeOnly" = true))]
    tokens: Option<Vec<String>>,
    /// Files with such tokens, read again when they change.
    #[schemars(length(max = 2))]
    token_files: Option<Vec<String>>,
    /// DNS names or URIs among the subject alternative names of its certificate, or SHA-256
    /// fingerprints of that; one must hold. Needs `tls.client_ca_file`.
    certificates: Option<Vec<String>>,
    /// The named connections that it may use.
    connections: Option<Vec<String>>,
    /// What it may reach by address, as far as `policy.allowed_upstreams` lets everybody.
    upstreams: Option<Vec<String>>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used")]
enum OnOrOff {
    /// They are.
    On,
    /// They are not.
    Off,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct Log {
    /// The form of a line. Variable `MIRROR_LOG_FORMAT`.
    #[schemars(extend("default" = "json"))]
    format: Option<LogFormat>,
    /// The least severe event that is logged. Variable `MIRROR_LOG_LEVEL`.
    #[schemars(extend("default" = "info"))]
    level: Option<LogLevel>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used")]
enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For the eye.
    Text,
}

#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used")]
enum LogLevel {
    /// What must be seen to.
    Error,
    /// What should be known.
    Warn,
    /// What happened.
    Info,
    /// Why it happened.
    Debug,
    /// Every step.
    Trace,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct ListenerTls {
    /// The certificate that callers see, and its chain, PEM. Read again when it changes.
    cert_file: Option<String>,
    /// Its key, PEM: PKCS#8, PKCS#1 or SEC1, not encrypted.
    key_file: Option<String>,
    /// PEM certificates of which one must have signed the certificate that a caller shows. Absent:
    /// none is asked for.
    client_ca_file: Option<String>,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct Console {
    /// What a person says as `Authorization: Bearer …`: 16 to 512 bytes. Absent: only this machine
    /// is answered. Variable `CONSOLE_TOKEN`.
    #[schemars(extend("writeOnly" = true))]
    token: Option<String>,
    /// The file of the token, read again when it changes. Variable `MIRROR_CONSOLE_TOKEN_FILE`.
    token_file: Option<String>,
    /// How many of the last requests are kept in memory for the console, without their secrets; 0:
    /// none.
    #[schemars(range(max = 4096), extend("default" = 500))]
    tap_entries: Option<u64>,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct Policy {
    /// What may be dialled besides named connections, or `any` in words.
    allowed_upstreams: Option<AllowedUpstreams>,
    /// Whether private addresses may be dialled: `listed` means only those of hosts that are listed
    /// or named.
    #[schemars(extend("default" = "allow"))]
    private_targets: Option<PrivateTargets>,
    /// Whether a request may only name a connection.
    #[schemars(extend("default" = false))]
    named_only: Option<bool>,
    /// Whether secrets in connection details are accepted.
    #[schemars(extend("default" = true))]
    request_credentials: Option<bool>,
    /// Whether the mirror's own AWS identity is ever used.
    #[schemars(extend("default" = true))]
    ambient_credentials: Option<bool>,
    /// Roles that the mirror's own identity may assume. Absent: any.
    allowed_role_arns: Option<Vec<Role>>,
    /// The folder below which requests may name files. Absent: none.
    secrets_dir: Option<String>,
    /// Whether `insecure_skip_verify` is accepted.
    #[schemars(extend("default" = false))]
    allow_insecure_tls: Option<bool>,
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum AllowedUpstreams {
    Any(#[schemars(extend("const" = "any"))] String),
    Listed(Vec<Upstream>),
}

/// `scheme://host[:port][/prefix]`; the first label of the host may be `*`.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum Upstream {
    Url(String),
    Map(UpstreamMap),
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct UpstreamMap {
    /// `scheme://host[:port][/prefix]`.
    url: String,
    /// Networks that all addresses of the host must lie in.
    addresses: Option<Vec<String>>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used")]
enum PrivateTargets {
    /// All.
    Allow,
    /// Those of listed hosts.
    Listed,
}

/// The ARN of a role, or one with its pinned external id.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum Role {
    Arn(String),
    Map(RoleMap),
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct RoleMap {
    /// The ARN.
    role_arn: String,
    /// The external id that requests must leave out or match.
    #[schemars(extend("writeOnly" = true))]
    external_id: Option<String>,
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct Limits {
    /// Requests that are worked on at once.
    #[schemars(range(min = 1, max = 1048576), extend("default" = 2048))]
    in_flight: Option<u32>,
    /// Calls to one backend at once; as many again wait for their turn, up to 2 s. With the waiting
    /// ones at most a quarter of `in_flight`.
    #[schemars(range(min = 1, max = 1048576), extend("default" = 256))]
    backend_calls: Option<u32>,
    /// The same for the backends of named connections. In a variable: `prod=40,lab=10`.
    backend_calls_for: Option<BTreeMap<String, Count>>,
    /// Bytes that all requests together may hold, for example `512MiB`. Default: 40 % of the memory
    /// limit, 512 MiB if there is none.
    byte_budget: Option<Size>,
    /// How old a caller's connection gets, give or take a tenth, before an answer of it is the last: what
    /// gives a new replica work behind a balancer of connections. Within 1 s and 1 h.
    #[schemars(extend("default" = "10m"))]
    connection_age: Option<Span>,
    /// How long the listener goes on accepting after the signal to stop.
    #[schemars(extend("default" = "5s"))]
    shutdown_delay: Option<Span>,
    /// How long requests may run on after that.
    #[schemars(extend("default" = "20s"))]
    drain: Option<Span>,
}

/// A number of calls.
#[derive(JsonSchema)]
#[schemars(inline)]
#[expect(dead_code, reason = "only its schema is used")]
struct Count(#[schemars(range(min = 1, max = 1048576))] u32);

/// A number of bytes, or one with the unit KiB, MiB or GiB.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum Size {
    Bytes(u64),
    Text(#[schemars(regex(pattern = r"^[0-9]+ *([KMG]iB|B)?$"))] String),
}

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct Defaults {
    /// The deadline of a request, within 1 and 60 s.
    #[schemars(extend("default" = "30s"))]
    timeout: Option<Span>,
    #[serde(flatten)]
    options: QueryOptions,
}

/// Stands for what [`named_connection`] makes.
#[derive(JsonSchema)]
struct NamedConnection {}
