//! How a body is coded.

use http::HeaderMap;
use http::header::CONTENT_ENCODING;

/// A coding that can be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::upstream) enum Coding {
    /// None at all.
    Identity,
    /// gzip.
    Gzip,
}

impl Coding {
    /// The coding that `headers` tell, if it is one that was offered; or else what they say.
    /// `deflate` is never offered: Prometheus would take it, and servers differ in what it means.
    pub(in crate::upstream) fn of(headers: &HeaderMap, offers_gzip: bool) -> Result<Self, String> {
        let values = headers.get_all(CONTENT_ENCODING).into_iter();
        let values: Vec<_> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        let codings = values.iter().flat_map(|value| value.split(','));
        let codings: Vec<_> = codings
            .map(str::trim)
            .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity"))
            .collect();
        let is_gzip = |coding: &str| {
            // RFC 9110, section 8.4.1.3: both mean the same.
            coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip")
        };
        match codings.as_slice() {
            [] => Ok(Self::Identity),
            [coding] if offers_gzip && is_gzip(coding) => Ok(Self::Gzip),
            codings => Err(codings.join(", ")),
        }
    }
}
