//! Which values are shown. Those of keys that are not known here to be harmless are not.

use super::scalar;
use crate::connections::details::given::Given;
use crate::connections::details::given::Scalar;
use crate::connections::details::options;
use crate::connections::details::parameters;

/// What stands where a secret was.
pub(in crate::config) const REDACTED: &str = "<redacted>";

/// Keys whose values are no secret, wherever they stand.
const HARMLESS: [&str; 29] = [
    "addresses",
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
];
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
    /// A map of names of headers to maps that say where their values come from.
    Headers,
    /// Where the values of a header come from.
    Header,
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
            Self::Headers => Self::Header,
            Self::Header if name == "files" => Self::Whole,
            Self::Header | Self::Secrets => Self::Secrets,
            Self::Parameters if parameters::is_harmless(name) => Self::Whole,
            Self::Parameters => Self::Redacted,
            _ => member(name),
        }
    }
}

fn member(name: &str) -> Shown {
    match name {
        "headers" | "endpoint_params" => Shown::Secrets,
        "http_headers" => Shown::Headers,
        "query_parameters" => Shown::Parameters,
        // A host may be written as a URL, and have a user without being one.
        "url" | "proxy_url" | "host" | "token_url" | "sts_endpoint" => Shown::Url,
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

/// A URL, or what is written like one, without user and password, which stand before the last `@` of
/// its authority.
fn without_user(url: &str) -> String {
    let begin = url.find("://").map_or(0, |at| at + "://".len());
    let (scheme, rest) = url.split_at(begin);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}{REDACTED}{}", &rest[at..]),
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
        assert_eq!(without_user("u:p@h:9090"), "<redacted>@h:9090");
        for name in ["url", "host", "proxy_url", "token_url", "sts_endpoint"] {
            assert_eq!(Shown::connection().inside(name), Shown::Url, "{name}");
        }
    }

    #[test]
    fn files_are_shown_of_headers_alone() {
        let inside = |path: &[&str]| {
            let start = Shown::connection();
            path.iter().fold(start, |how, name| how.inside(name))
        };
        for path in [
            ["http_headers", "files"],
            ["endpoint_params", "files"],
            ["headers", "files"],
        ] {
            assert_ne!(inside(&path), Shown::Whole, "{path:?}");
        }
        assert_eq!(inside(&["http_headers", "X-Key", "files"]), Shown::Whole);
        assert_eq!(inside(&["http_headers", "files", "files"]), Shown::Whole);
        for from in ["values", "secrets"] {
            assert_eq!(inside(&["http_headers", "X-Key", from]), Shown::Secrets);
        }
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
        for name in ["apiKey", "pass", "sig", "jwt", "k", "username", "url"] {
            assert_eq!(Shown::Parameters.inside(name), Shown::Redacted, "{name}");
        }
        assert_eq!(Shown::Parameters.inside("dedup"), Shown::Whole);
    }
}
