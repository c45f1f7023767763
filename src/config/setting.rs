//! Which settings there are: their names in the file and in the environment.

use crate::connections::details::given::Given;
use crate::connections::details::given::Scalar;
use crate::connections::details::options;

/// Sections of the file whose members are settings.
pub(super) const SECTIONS: [&str; 3] = ["log", "policy", "defaults"];
/// The section of named connections, whose members are named by the operator.
pub(super) const CONNECTIONS: &str = "connections";

/// Settings of chapters that are not built yet: refused, since ignoring a limit would be worse.
pub(super) const LATER: [&str; 7] = [
    "allowed_callers",
    "callers",
    "trusted_proxies",
    "tls",
    "limits",
    "policy.private_targets",
    "console",
];

/// A setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) section: Option<&'static str>,
    pub(super) key: &'static str,
    /// Its variable, if that does not follow from section and key.
    variable: Option<&'static str>,
    form: Form,
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
}

pub(super) const LISTEN: Setting = top("listen", "MIRROR_LISTEN");
pub(super) const PORT: Setting = top("port", "PORT");
pub(super) const ADMIN_PORT: Setting = top("admin_port", "ADMIN_PORT");
pub(super) const WORKERS: Setting = top("workers", "WORKERS");
pub(super) const API_KEY: Setting = top("api_key", "API_KEY");
pub(super) const API_KEY_FILE: Setting = top("api_key_file", "API_KEY_FILE");
pub(super) const LOG_FORMAT: Setting = member("log", "format", Form::Text);
pub(super) const LOG_LEVEL: Setting = member("log", "level", Form::Text);
pub(super) const ALLOWED_UPSTREAMS: Setting = member("policy", "allowed_upstreams", Form::List);
pub(super) const NAMED_ONLY: Setting = member("policy", "named_only", Form::Flag);
pub(super) const REQUEST_CREDENTIALS: Setting = member("policy", "request_credentials", Form::Flag);
pub(super) const AMBIENT_CREDENTIALS: Setting = member("policy", "ambient_credentials", Form::Flag);
pub(super) const ALLOWED_ROLE_ARNS: Setting = member("policy", "allowed_role_arns", Form::List);
pub(super) const SECRETS_DIR: Setting = member("policy", "secrets_dir", Form::Text);
pub(super) const ALLOW_INSECURE_TLS: Setting = member("policy", "allow_insecure_tls", Form::Flag);
pub(super) const TIMEOUT: Setting = member("defaults", "timeout", Form::Text);

const SETTINGS: [Setting; 16] = [
    LISTEN,
    PORT,
    ADMIN_PORT,
    WORKERS,
    API_KEY,
    API_KEY_FILE,
    LOG_FORMAT,
    LOG_LEVEL,
    ALLOWED_UPSTREAMS,
    NAMED_ONLY,
    REQUEST_CREDENTIALS,
    AMBIENT_CREDENTIALS,
    ALLOWED_ROLE_ARNS,
    SECRETS_DIR,
    ALLOW_INSECURE_TLS,
    TIMEOUT,
];

const fn top(key: &'static str, variable: &'static str) -> Setting {
    Setting {
        section: None,
        key,
        variable: Some(variable),
        form: Form::Text,
    }
}

const fn member(section: &'static str, key: &'static str, form: Form) -> Setting {
    Setting {
        section: Some(section),
        key,
        variable: None,
        form,
    }
}

/// Every setting.
pub(super) fn all() -> impl Iterator<Item = Setting> {
    SETTINGS.into_iter().chain(query_options())
}

/// The query options in `defaults`.
pub(super) fn query_options() -> impl Iterator<Item = Setting> {
    options::NAMES.into_iter().map(|name| {
        let form = match name {
            "classified_labels" => Form::List,
            "include_partial_last" | "tilde_variables" | "field_value_patterns" => Form::Flag,
            _ => Form::Text,
        };
        member("defaults", name, form)
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
            (Form::Flag, "true" | "false") => Given::Scalar(Scalar::Flag(text == "true")),
            (Form::Flag | Form::Text, _) => Given::Scalar(Scalar::Text(text)),
        }
    }
}
