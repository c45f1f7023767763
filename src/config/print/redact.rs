//! Which values are shown. Those of keys that are not known here to be harmless are not.

use super::scalar;
use crate::connections::details::given::Given;
use crate::connections::details::given::Scalar;
use crate::connections::details::options;

/// What stands where a secret was.
pub(in crate::config) const REDACTED: &str = "<redacted>";

/// Keys whose values are no secret, wherever they stand.
const HARMLESS: [&str; 33] = [
    "addresses",
    "host",
    "port",
    "path_prefix",
    "request_timeout_seconds",
    "timeout",
    "requestTimeout",
    "http_method",
    "enable_http2",
    "backend_compression",
    "follow_redirects",
    "username",
    "type",
    "client_id",
    "token_url",
    "scopes",
    "grant_type",
    "server_name",
    "min_version",
    "insecure_skip_verify",
    "no_proxy",
    "proxy_from_environment",
    "role_arn",
    "role_session_name",
    "token_expiry_seconds",
    "region_name",
    "region",
    "service_name",
    "sts_region",
    "use_fips_sts_endpoint",
    "profile",
    "sts_endpoint",
    "files",
];
/// Words in the name of a parameter whose value is one.
const SECRETIVE: [&str; 6] = ["key", "secret", "token", "password", "credential", "auth"];

/// How a value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// As it is.
    Whole,
    /// Without user and password.
    Url,
    /// A map of names of connections to numbers.
    Numbers,
    /// Of a list of maps, each member by its name.
    Entries,
    /// Not at all; of a map each member decides.
    Redacted,
    /// A map of names to values that callers of a backend choose.
    Parameters,
    /// A map of names to secrets.
    Secrets,
}

impl Shown {
    /// A connection.
    pub(super) const fn connection() -> Self {
        Self::Redacted
    }

    /// A setting outside of connections.
    pub(super) const fn policy() -> Self {
        Self::Entries
    }

    /// The member `name` of a caller.
    pub(super) fn caller(name: &str) -> Self {
        match name {
            "name" | "token_files" | "certificates" | "connections" => Self::Whole,
            "upstreams" => Self::Url,
            _ => Self::Redacted,
        }
    }

    /// The member `name` of a map that is shown so.
    pub(super) fn inside(self, name: &str) -> Self {
        match self {
            Self::Numbers => Self::Numbers,
            Self::Secrets if name == "files" => Self::Whole,
            Self::Secrets => Self::Secrets,
            Self::Parameters => {
                let name = name.to_ascii_lowercase();
                let is_secret = SECRETIVE.iter().any(|word| name.contains(word));
                if is_secret {
                    Self::Redacted
                } else {
                    Self::Whole
                }
            }
            _ => member(name),
        }
    }
}

fn member(name: &str) -> Shown {
    match name {
        "headers" | "http_headers" | "endpoint_params" => Shown::Secrets,
        "query_parameters" => Shown::Parameters,
        "url" | "proxy_url" => Shown::Url,
        _ if name.ends_with("_file") => Shown::Whole,
        _ if HARMLESS.contains(&name) || options::NAMES.contains(&name) => Shown::Whole,
        _ => Shown::Redacted,
    }
}

/// A value on one line.
pub(super) fn shown(given: &Given, how: Shown) -> String {
    match given {
        Given::Scalar(Scalar::Absent) => "null".to_owned(),
        Given::Scalar(value) => match (how, value) {
            (Shown::Whole | Shown::Entries | Shown::Numbers, value) => scalar::scalar(value),
            (Shown::Url, Scalar::Text(text)) => scalar::text(&without_user(text)),
            _ => REDACTED.to_owned(),
        },
        Given::List(members) => {
            let members: Vec<String> = members.iter().map(|it| shown(it, how)).collect();
            format!("[{}]", members.join(", "))
        }
        Given::Map(members) => {
            let members = members.iter().map(|(name, given)| {
                format!("{}: {}", scalar::text(name), shown(given, how.inside(name)))
            });
            let members: Vec<String> = members.collect();
            if members.is_empty() {
                "{}".to_owned()
            } else {
                format!("{{ {} }}", members.join(", "))
            }
        }
    }
}

/// A URL without user and password, which stand before the last `@` of its authority.
fn without_user(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{REDACTED}{}", &rest[at..]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_user_and_password() {
        assert_eq!(
            without_user("https://u:p@w@h/a@b"),
            "https://<redacted>@h/a@b"
        );
        assert_eq!(without_user("https://h/a@b"), "https://h/a@b");
    }

    #[test]
    fn what_is_not_known_to_be_harmless_is_redacted() {
        for name in [
            "token",
            "password",
            "credentials",
            "bearer_token",
            "client_secret",
            "key",
            "cert",
            "external_id",
            "aws_access_key_id",
            "secret_key",
            "a_key_of_tomorrow",
        ] {
            assert_eq!(Shown::connection().inside(name), Shown::Redacted, "{name}");
        }
        assert_eq!(Shown::Parameters.inside("apiKey"), Shown::Redacted);
        assert_eq!(Shown::Parameters.inside("dedup"), Shown::Whole);
    }
}
