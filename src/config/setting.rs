//! Which settings there are: their names in the file and in the environment.

use crate::connections::details::given::Given;
use crate::connections::details::given::Scalar;
use crate::connections::details::options;

/// Sections of the file whose members are settings.
pub(super) const SECTIONS: [&str; 6] = ["log", "tls", "console", "policy", "limits", "defaults"];
/// The section of named connections, whose members are named by the operator.
pub(super) const CONNECTIONS: &str = "connections";

/// The list of callers, each of which is a map.
pub(super) const CALLERS: &str = "callers";

/// A setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) section: Option<&'static str>,
    pub(super) key: &'static str,
    /// Its variable, if that does not follow from section and key.
    variable: Option<&'static str>,
    form: Form,
    /// What holds if nobody says otherwise, as YAML; `null` if that depends.
    pub(super) default: &'static str,
}

/// What the text of a variable stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Itself, or a number.
    Text,
    /// `true` or `false`.
    Flag,
    /// Its parts between commas.
    List,
    /// Its parts between commas, each a name and a value with `=` between.
    Map,
}

pub(super) const LISTEN: Setting = top("listen", "MIRROR_LISTEN", "127.0.0.1");
pub(super) const PORT: Setting = top("port", "PORT", "9900");
pub(super) const ADMIN_PORT: Setting = top("admin_port", "ADMIN_PORT", "9901");
pub(super) const WORKERS: Setting = top("workers", "WORKERS", "null");
pub(super) const API_KEY: Setting = top("api_key", "API_KEY", "null");
pub(super) const API_KEY_FILE: Setting = top("api_key_file", "API_KEY_FILE", "null");
pub(super) const ALLOWED_CALLERS: Setting = top_list("allowed_callers", "MIRROR_ALLOWED_CALLERS");
pub(super) const TRUSTED_PROXIES: Setting = top_list("trusted_proxies", "MIRROR_TRUSTED_PROXIES");
pub(super) const ANSWER_TTL: Setting = top("answer_ttl", "MIRROR_ANSWER_TTL", "2s");
pub(super) const ANSWER_CACHE: Setting = top("answer_cache", "MIRROR_ANSWER_CACHE", "64MiB");
pub(super) const LIST_CACHE: Setting = top("list_cache", "MIRROR_LIST_CACHE", "32MiB");
pub(super) const ANSWER_COMPRESSION: Setting =
    top("answer_compression", "MIRROR_ANSWER_COMPRESSION", "on");
pub(super) const LOG_FORMAT: Setting = member("log", "format", Form::Text, "json");
pub(super) const LOG_LEVEL: Setting = member("log", "level", Form::Text, "info");
pub(super) const TLS_CERT_FILE: Setting = member("tls", "cert_file", Form::Text, "null");
pub(super) const TLS_KEY_FILE: Setting = member("tls", "key_file", Form::Text, "null");
pub(super) const TLS_CLIENT_CA_FILE: Setting = member("tls", "client_ca_file", Form::Text, "null");
pub(super) const CONSOLE_TOKEN: Setting = Setting {
    variable: Some("CONSOLE_TOKEN"),
    ..member("console", "token", Form::Text, "null")
};
pub(super) const CONSOLE_TOKEN_FILE: Setting = member("console", "token_file", Form::Text, "null");
pub(super) const TAP_ENTRIES: Setting = member("console", "tap_entries", Form::Text, "500");
pub(super) const ALLOWED_UPSTREAMS: Setting =
    member("policy", "allowed_upstreams", Form::List, "null");
pub(super) const PRIVATE_TARGETS: Setting =
    member("policy", "private_targets", Form::Text, "allow");
pub(super) const NAMED_ONLY: Setting = member("policy", "named_only", Form::Flag, "false");
pub(super) const REQUEST_CREDENTIALS: Setting =
    member("policy", "request_credentials", Form::Flag, "true");
pub(super) const AMBIENT_CREDENTIALS: Setting =
    member("policy", "ambient_credentials", Form::Flag, "true");
pub(super) const ALLOWED_ROLE_ARNS: Setting =
    member("policy", "allowed_role_arns", Form::List, "null");
pub(super) const SECRETS_DIR: Setting = member("policy", "secrets_dir", Form::Text, "null");
pub(super) const ALLOW_INSECURE_TLS: Setting =
    member("policy", "allow_insecure_tls", Form::Flag, "false");
pub(super) const IN_FLIGHT: Setting = member("limits", "in_flight", Form::Text, "2048");
pub(super) const BACKEND_CALLS: Setting = member("limits", "backend_calls", Form::Text, "256");
pub(super) const BACKEND_CALLS_FOR: Setting =
    member("limits", "backend_calls_for", Form::Map, "{}");
pub(super) const BYTE_BUDGET: Setting = member("limits", "byte_budget", Form::Text, "null");
pub(super) const CONNECTION_AGE: Setting = member("limits", "connection_age", Form::Text, "10m");
pub(super) const SHUTDOWN_DELAY: Setting = member("limits", "shutdown_delay", Form::Text, "5s");
pub(super) const DRAIN: Setting = member("limits", "drain", Form::Text, "20s");
pub(super) const TIMEOUT: Setting = member("defaults", "timeout", Form::Text, "30s");

const SETTINGS: [Setting; 36] = [
    LISTEN,
    PORT,
    ADMIN_PORT,
    WORKERS,
    API_KEY,
    API_KEY_FILE,
    ALLOWED_CALLERS,
    TRUSTED_PROXIES,
    ANSWER_TTL,
    ANSWER_CACHE,
    LIST_CACHE,
    ANSWER_COMPRESSION,
    LOG_FORMAT,
    LOG_LEVEL,
    TLS_CERT_FILE,
    TLS_KEY_FILE,
    TLS_CLIENT_CA_FILE,
    CONSOLE_TOKEN,
    CONSOLE_TOKEN_FILE,
    TAP_ENTRIES,
    ALLOWED_UPSTREAMS,
    PRIVATE_TARGETS,
    NAMED_ONLY,
    REQUEST_CREDENTIALS,
    AMBIENT_CREDENTIALS,
    ALLOWED_ROLE_ARNS,
    SECRETS_DIR,
    ALLOW_INSECURE_TLS,
    IN_FLIGHT,
    BACKEND_CALLS,
    BACKEND_CALLS_FOR,
    BYTE_BUDGET,
    CONNECTION_AGE,
    SHUTDOWN_DELAY,
    DRAIN,
    TIMEOUT,
];

const fn top(key: &'static str, variable: &'static str, default: &'static str) -> Setting {
    Setting {
        section: None,
        key,
        variable: Some(variable),
        form: Form::Text,
        default,
    }
}

const fn top_list(key: &'static str, variable: &'static str) -> Setting {
    Setting {
        form: Form::List,
        ..top(key, variable, "null")
    }
}

const fn member(
    section: &'static str,
    key: &'static str,
    form: Form,
    default: &'static str,
) -> Setting {
    Setting {
        section: Some(section),
        key,
        variable: None,
        form,
        default,
    }
}

/// Every setting.
pub(super) fn all() -> impl Iterator<Item = Setting> {
    SETTINGS.into_iter().chain(query_options())
}

/// The query options in `defaults`.
pub(super) fn query_options() -> impl Iterator<Item = Setting> {
    options::NAMES.into_iter().map(|name| {
        let (form, default) = match name {
            "profile" => (Form::Text, "exact"),
            "strategy" => (Form::Text, "auto"),
            "nan_interpretation" => (Form::Text, "ZERO"),
            "inf_interpretation" => (Form::Text, "NONE"),
            "bucket_alignment" => (Form::Text, "epoch"),
            "multiple_series" => (Form::Text, "combine"),
            "tilde_conditions" => (Form::Text, "apply"),
            "max_points" => (Form::Text, "100000"),
            "raw_budget" => (Form::Text, "500000"),
            "max_steps" => (Form::Text, "11000"),
            "max_query_range" => (Form::Text, "31d"),
            "classified_labels" => (Form::List, "[]"),
            "include_partial_last" | "tilde_variables" | "field_value_patterns" => {
                (Form::Flag, "false")
            }
            // Found out, if they are not set.
            _ => (Form::Text, "null"),
        };
        member("defaults", name, form, default)
    })
}

impl Setting {
    /// Its place in the file: `log.level`.
    pub(super) fn path(&self) -> String {
        let section = self.section.map(|section| format!("{section}."));
        section.unwrap_or_default() + self.key
    }

    /// Its flag, if it had one: `--admin-port`.
    pub(super) fn flag(&self) -> String {
        format!("--{}", self.key.replace('_', "-"))
    }

    /// Its variable: `MIRROR_LOG_LEVEL`. None is called `MIRROR_PORT`: Kubernetes sets that to an
    /// address for a service named `mirror`.
    pub(super) fn variable(&self) -> String {
        self.variable.map_or_else(
            || {
                let path = self.path().replace('.', "_");
                format!("MIRROR_{}", path.to_ascii_uppercase())
            },
            str::to_owned,
        )
    }

    /// The text of a variable as the value that it spells: booleans and lists have no other form
    /// there.
    pub(super) fn spelled(&self, text: String) -> Given {
        match (self.form, text.as_str()) {
            (Form::List, _) => {
                let parts = text.split(',').map(str::trim);
                let parts = parts.filter(|part| !part.is_empty());
                let text = |part: &str| Given::Scalar(Scalar::Text(part.to_owned()));
                Given::List(parts.map(text).collect())
            }
            (Form::Map, _) => {
                let parts = text.split(',').map(str::trim);
                let parts = parts.filter(|part| !part.is_empty());
                let member = |part: &str| {
                    let (name, value) = part.split_once('=').unwrap_or((part, ""));
                    let value = match value.trim() {
                        "" => Scalar::Absent,
                        value => Scalar::Text(value.to_owned()),
                    };
                    (name.trim().to_owned(), Given::Scalar(value))
                };
                Given::Map(parts.map(member).collect())
            }
            (Form::Flag, "true" | "false") => Given::Scalar(Scalar::Flag(text == "true")),
            (Form::Flag | Form::Text, _) => Given::Scalar(Scalar::Text(text)),
        }
    }
}
