//! Which keys there are, which are known and not accepted, and which a misspelt one was meant to be.

mod distance;

use super::options;

/// Keys of the object that are no query option (connections.md, section 1).
const KEYS: [&str; 29] = [
    "connection",
    "url",
    "host",
    "port",
    "path_prefix",
    "request_timeout_seconds",
    "timeout",
    "requestTimeout",
    "token",
    "http_method",
    "query_parameters",
    "headers",
    "http_headers",
    "tls_config",
    "proxy_url",
    "no_proxy",
    "proxy_from_environment",
    "basic_auth",
    "authorization",
    "bearer_token",
    "bearer_token_file",
    "oauth2",
    "aws",
    "sigv4",
    "azuread",
    "google_iam",
    "enable_http2",
    "backend_compression",
    "follow_redirects",
];

/// Keys of an `aws` block that decide who signs. Whoever misspells one must not be answered as
/// somebody else (connections.md, section 2).
const IDENTITY_KEYS: [&str; 5] = [
    "role_arn",
    "external_id",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
];

/// Longest key that is compared with others and shown whole, in bytes.
const LONGEST: usize = 64;

/// Keys that are recognised and not accepted yet; what they hold is not looked at.
pub(super) fn is_unsupported(name: &str) -> bool {
    matches!(name, "azuread" | "google_iam")
}

/// Whether `name` is a key of the object that is no query option.
pub(super) fn is_key(name: &str) -> bool {
    KEYS.contains(&name)
}

/// The key of connection details that `written` resembles most.
pub(super) fn nearest_key(written: &str) -> Option<&'static str> {
    nearest(written, KEYS.into_iter().chain(options::NAMES))
}

/// Every key of connection details.
#[cfg(test)]
pub(super) fn all() -> Vec<&'static str> {
    KEYS.into_iter().chain(options::NAMES).collect()
}

/// The key of an identity that `written`, an unknown key, was probably meant to be.
pub(super) fn identity_key(written: &str) -> Option<&'static str> {
    IDENTITY_KEYS.into_iter().find(|name| {
        folded(written) == folded(name)
            // The lengths alone rule most keys out, before the distance is computed.
            || written.len().abs_diff(name.len()) <= 2
                && distance::between(written, name) <= 2
    })
}

/// The one of `known` that `written` resembles most: equal but for case, `_` and `-`, else at the
/// smallest edit distance; `None` if that is more than a third of the word.
pub fn nearest(
    written: &str,
    known: impl IntoIterator<Item = &'static str>,
) -> Option<&'static str> {
    if written.len() > LONGEST {
        return None;
    }
    let written = folded(written);
    let distance = |name| distance::between(&written, &folded(name));
    let (best, name) = known
        .into_iter()
        .map(|name| (distance(name), name))
        .min_by_key(|(distance, _)| *distance)?;
    (best <= (name.len() / 3).max(1)).then_some(name)
}

/// A key as it is shown: one line, and cut if it is long.
#[must_use]
pub fn shown(written: &str) -> String {
    let plain = written.chars().filter(|c| !c.is_control());
    let mut text: String = plain.clone().take(LONGEST).collect();
    if plain.count() > LONGEST {
        text.push('…');
    }
    text
}

fn folded(key: &str) -> String {
    let significant = key.chars().filter(|c| !matches!(c, '_' | '-'));
    significant.map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_is_the_one_that_was_meant() {
        let cases = [
            ("URL", Some("url")),
            ("request-timeout-seconds", Some("request_timeout_seconds")),
            ("request_timeout_second", Some("request_timeout_seconds")),
            ("nan_interpretaton", Some("nan_interpretation")),
            ("prot", Some("port")),
            ("something_else", None),
            ("", None),
        ];
        for (written, expected) in cases {
            assert_eq!(nearest_key(written), expected, "{written}");
        }
    }

    #[test]
    fn a_misspelt_identity_is_recognised() {
        for written in ["roleArn", "role-arn", "rol_arn", "rolearns", "role_arn"] {
            assert_eq!(identity_key(written), Some("role_arn"), "{written}");
        }
        assert_eq!(identity_key("AwsSessionToken"), Some("aws_session_token"));
        assert_eq!(identity_key("role"), None);
        assert_eq!(identity_key("aws_region"), None);
    }

    #[test]
    fn a_long_key_is_cut_where_it_is_shown() {
        assert_eq!(shown("a\nb"), "ab");
        assert_eq!(shown(&"é".repeat(65)).chars().count(), 65);
    }
}
