//! An entry of the list of upstreams.

use ::url::Url;

use crate::connections::url;
use crate::connections::url::BaseUrl;
use crate::connections::url::UrlError;
use crate::network::Network;

/// An exact origin with an optional path prefix; a first label `*` stands for exactly one
/// (security.md, "Wall B").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamPattern {
    /// Scheme, host, port and path; of the host only what follows a wildcard.
    base: BaseUrl,
    has_wildcard: bool,
    /// What the name may resolve to; `None`: anything that the guard lets through.
    networks: Option<Vec<Network>>,
}

/// Why a text is no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It is no URL.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// A wildcard elsewhere, or before fewer than two labels.
    #[error("may have * only as its whole first label, before at least two others")]
    Wildcard,
    /// The path of an API, which is no part of a base URL: cutting it off would allow more than is
    /// written.
    #[error("must be a base URL, without /api/v1 at its end")]
    ApiPath,
}

impl UpstreamPattern {
    /// Reads `scheme://host[:port][/prefix]`.
    ///
    /// # Errors
    ///
    /// The [`PatternError`] that applies.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let has_prefix = url::authority(text).starts_with("*.");
        let fixed = has_prefix.then(|| text.replacen("*.", "", 1));
        let has_wildcard = fixed.is_some();
        let text = fixed.as_deref().unwrap_or(text);
        if url::authority(text).contains('*') {
            return Err(PatternError::Wildcard);
        }
        let normalised = BaseUrl::parse(text)?;
        if normalised.was_cut {
            return Err(PatternError::ApiPath);
        }
        let base = normalised.base;
        let labels = base
            .url()
            .domain()
            .map_or(0, |name| name.split('.').count());
        if has_wildcard && labels < 2 {
            return Err(PatternError::Wildcard);
        }
        Ok(Self {
            base,
            has_wildcard,
            networks: None,
        })
    }

    /// The same entry, of which the name may only resolve to these (`addresses`).
    #[must_use]
    pub fn narrowed_to(self, networks: Vec<Network>) -> Self {
        Self {
            networks: Some(networks),
            ..self
        }
    }

    /// What the name may resolve to; `None`: anything that the guard lets through.
    pub(super) fn networks(&self) -> Option<&[Network]> {
        self.networks.as_deref()
    }

    /// Whether `url`, which is normalised, may be reached by this entry.
    #[must_use]
    pub fn covers(&self, url: &Url) -> bool {
        covers(self.base.url(), self.has_wildcard, url)
    }

    /// Whether `other` covers all that this entry does.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        if self.has_wildcard {
            other.has_wildcard && covers(other.base.url(), false, self.base.url())
        } else {
            other.covers(self.base.url())
        }
    }

    /// The one origin that it covers, with its path.
    pub(super) fn only(&self) -> Option<&Url> {
        Some(self.base.url()).filter(|_| !self.has_wildcard)
    }
}

/// Whether `url` has the origin of `listed` and a path at or below its path.
pub(in crate::connections) fn covers(listed: &Url, has_wildcard: bool, url: &Url) -> bool {
    let (Some(own), Some(host)) = (listed.host_str(), url.host_str()) else {
        return false;
    };
    let rest = if has_wildcard {
        host.split_once('.').map(|(_, rest)| rest)
    } else {
        Some(host)
    };
    let mut path = segments(url);
    listed.scheme() == url.scheme()
        && listed.port_or_known_default() == url.port_or_known_default()
        && rest == Some(own)
        && segments(listed).all(|segment| path.next() == Some(segment))
}

fn segments(url: &Url) -> impl Iterator<Item = &str> {
    let path = url.path().trim_matches('/');
    path.split('/').filter(|segment| !segment.is_empty())
}
