//! The base URL of a backend, normalised once, so that policy, cache keys, signer and dialler all
//! see one and the same value (connections.md, "The URL is normalised once"; security.md, section 4).
//!
//! Pure: nothing here looks a name up or decides whether it may be reached.

mod user_info;

use std::fmt;

use ::url::Url;
use ::url::form_urlencoded::byte_serialize;

use crate::limits;
pub use user_info::UserInfo;
pub use user_info::proxy;

/// Endings that people paste along with the address, longest first: AWS shows its users the query
/// URL of a workspace.
const API_PATHS: [&[&str]; 5] = [
    &["api", "v1", "query"],
    &["api", "v1", "query_range"],
    &["api", "v1", "remote_write"],
    &["api", "v1", "write"],
    &["api", "v1"],
];

/// What the segments of most calls take.
const SEGMENTS: usize = 32;

/// Longest name of a host, in bytes (RFC 1035, section 2.3.4, without the dot at its end).
const NAME: usize = 253;

/// A normalised base URL: `http` or `https`, a host in lower case without trailing dot, a path
/// without empty segments; no user, query or fragment.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl(Url);

/// A base URL, and what was cut off its end to get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Normalised {
    /// The base URL.
    pub base: BaseUrl,
    /// Whether a pasted `/api/v1` or one of its endpoints was cut.
    pub was_cut: bool,
}

/// What is wrong with a URL, as the expectation that it fails. Never holds any of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Over 2 KiB.
    #[error("must be at most {} bytes", limits::URL)]
    Long,
    /// Nothing that looks like a scheme.
    #[error("has no scheme; write http:// or https:// before it")]
    NoScheme,
    /// A scheme of another kind.
    #[error("must begin with http:// or https://")]
    Scheme,
    /// A character that parsers drop or repair in silence.
    #[error("must not hold blanks, control characters or backslashes")]
    Character,
    /// `?` or `#`.
    #[error("must have neither a query nor a fragment; use query_parameters")]
    Query,
    /// `user:password@` where none is taken out first.
    #[error("must not hold a user name or password")]
    UserInfo,
    /// `user:password@` without a user, or that is no text.
    #[error("has a user name or password that cannot be read")]
    UnreadableUser,
    /// `.`, `..`, or one of the escapes that some servers decode before they split the path.
    #[error("must not hold dot segments, %2e, %2f, %5c or %00")]
    Escape,
    /// `%` without two hexadecimal digits.
    #[error("has a % that is not followed by two hexadecimal digits")]
    Percent,
    /// `[fe80::1%25eth0]`, or any other escape before the path.
    #[error("must not have an IPv6 zone or an escape in its host")]
    Zone,
    /// No host, or none that can be one.
    #[error("needs a valid host name or address")]
    Host,
    /// Port 0, or beyond 65535.
    #[error("needs a port from 1 to 65535")]
    Port,
}

impl BaseUrl {
    /// Checks and normalises `text`.
    ///
    /// # Errors
    ///
    /// The first [`UrlError`] that applies, in the order of that type.
    pub fn parse(text: &str) -> Result<Normalised, UrlError> {
        let mut url = endpoint(text)?;
        let was_cut = tidy_path(&mut url);
        Ok(Normalised {
            base: Self(url),
            was_cut,
        })
    }

    /// The URL itself; its path ends in no slash, except that an empty path is `/`.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Host and port for texts, the port always given: `prometheus:9090`, `[::1]:443`.
    #[must_use]
    pub fn host_port(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        let port = self.0.port_or_known_default().unwrap_or_default();
        format!("{host}:{port}")
    }

    /// Whether the scheme is `https`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The URL below the base that `segments` name. Each one is percent-encoded, so that none can
    /// leave the base; `.` and `..` cannot be written as a segment and are left out.
    #[must_use]
    pub fn endpoint(&self, segments: &[&str]) -> Url {
        let mut url = self.0.clone();
        url.set_path(&below(self.0.path(), segments));
        url
    }

    /// The text of the same, which needs no parser.
    #[must_use]
    pub fn endpoint_text(&self, segments: &[&str]) -> String {
        below(self.0.as_str(), segments)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `base` and the `segments` below it.
fn below(base: &str, segments: &[&str]) -> String {
    let base = base.trim_end_matches('/');
    let mut text = String::with_capacity(base.len() + SEGMENTS);
    text.push_str(base);
    for segment in segments.iter().filter(|it| !matches!(**it, "." | "..")) {
        text.push('/');
        // Not by the parser's own segments: it drops tabs and line breaks first, and what is left of
        // ".\t." leaves the base.
        for part in byte_serialize(segment.as_bytes()) {
            text.push_str(if part == "+" { "%20" } else { part });
        }
    }
    text
}

/// A URL that is used as it is, without an API path below it: of tokens, of STS. Checked
/// and normalised as a base URL is, except that its path stays: there are token endpoints that end
/// in a slash.
///
/// # Errors
///
/// The first [`UrlError`] that applies, in the order of that type.
pub fn endpoint(text: &str) -> Result<Url, UrlError> {
    check_scheme(text)?;
    check_characters(text)?;
    let authority = authority(text);
    if authority.contains('@') {
        return Err(UrlError::UserInfo);
    }
    check_escapes(text)?;
    if authority.contains('%') {
        return Err(UrlError::Zone);
    }
    // The parser would take the first segment of `http:///path` for the host.
    if authority.is_empty() {
        return Err(UrlError::Host);
    }
    let mut url = Url::parse(text).map_err(|error| match error {
        ::url::ParseError::InvalidPort => UrlError::Port,
        _ => UrlError::Host,
    })?;
    if url.port() == Some(0) {
        return Err(UrlError::Port);
    }
    drop_trailing_dot(&mut url)?;
    if url.domain().is_some_and(|name| !is_name(name)) {
        return Err(UrlError::Host);
    }
    Ok(url)
}

/// What stands between `://` and the path of `text`; empty if there is no `://`.
pub(super) fn authority(text: &str) -> &str {
    let rest = text.split_once("://").map_or("", |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default()
}

/// What a `path_prefix` must keep: all that the path of a URL must.
pub(super) fn check_path(text: &str) -> Result<(), UrlError> {
    check_characters(text)?;
    check_escapes(text)
}

/// Looks in the raw text for what a parser would drop or read as the end of the path.
fn check_characters(text: &str) -> Result<(), UrlError> {
    if text
        .chars()
        .any(|c| c.is_control() || c.is_whitespace() || c == '\\')
    {
        return Err(UrlError::Character);
    }
    if text.contains(['?', '#']) {
        return Err(UrlError::Query);
    }
    Ok(())
}

/// Looks in the raw text for what a parser would repair, or pass on to a server that decodes it
/// before it splits the path.
fn check_escapes(text: &str) -> Result<(), UrlError> {
    // Some servers take what follows a semicolon for parameters of the segment, and the rest for dots.
    let mut names = text
        .split('/')
        .filter_map(|segment| segment.split(';').next());
    if names.any(|name| name == "." || name == "..") {
        return Err(UrlError::Escape);
    }
    // And some decode twice.
    let lower = text.to_ascii_lowercase();
    if ["%252e", "%252f", "%255c", "%2500"]
        .iter()
        .any(|it| lower.contains(it))
    {
        return Err(UrlError::Escape);
    }
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            continue;
        }
        match [rest.next(), rest.next()].map(|b| b.map(|b| b.to_ascii_lowercase())) {
            [Some(b'2'), Some(b'e' | b'f')]
            | [Some(b'5'), Some(b'c')]
            | [Some(b'0'), Some(b'0')] => return Err(UrlError::Escape),
            [Some(high), Some(low)] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {}
            _ => return Err(UrlError::Percent),
        }
    }
    Ok(())
}

fn check_scheme(text: &str) -> Result<(), UrlError> {
    if text.len() > limits::URL {
        return Err(UrlError::Long);
    }
    let starts = |prefix: &str| {
        text.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    if starts("http://") || starts("https://") {
        Ok(())
    } else if starts("http:") || starts("https:") || text.contains("://") {
        Err(UrlError::Scheme)
    } else {
        Err(UrlError::NoScheme)
    }
}

/// Whether `name` can be the name of a host: letters, digits, dashes, and the underscore of
/// container networks. The parser lets more through, which no resolver knows and some readers of
/// URLs take for something else.
fn is_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    name.len() <= NAME && name.bytes().all(is_allowed)
}

fn drop_trailing_dot(url: &mut Url) -> Result<(), UrlError> {
    let host = url.host_str().unwrap_or_default();
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.is_empty() || name.split('.').any(str::is_empty) {
        return Err(UrlError::Host);
    }
    if name.len() < host.len() {
        let name = name.to_owned();
        url.set_host(Some(&name)).map_err(|_| UrlError::Host)?;
    }
    Ok(())
}

/// Removes empty segments (Prometheus answers a doubled slash with 301, measured on 2.42, 2.53 and
/// 3.5) and a pasted API path; whether there was one.
fn tidy_path(url: &mut Url) -> bool {
    let path = url.path().to_owned();
    let mut segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let pasted = API_PATHS.iter().find(|ending| segments.ends_with(ending));
    if let Some(ending) = pasted {
        segments.truncate(segments.len() - ending.len());
    }
    url.set_path(&segments.join("/"));
    pasted.is_some()
}

#[cfg(test)]
mod tests;
