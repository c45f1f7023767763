//! `proxy_url`, `no_proxy`, `proxy_from_environment`: named connections only, since a proxy dials
//! for the mirror, so that the egress guard would see the proxy alone (connections.md, section 3).

use super::error::{Findings, Unfit};
use super::given::{Given, Scalar};
use super::target::Placed;
use crate::connections::Proxy;
use crate::connections::url;
use crate::connections::url::BaseUrl;

/// The three keys as they were given.
#[derive(Default)]
pub(super) struct ProxyKeys {
    pub(super) url: Option<Placed<Given>>,
    pub(super) no_proxy: Option<Placed<Given>>,
    pub(super) from_environment: Option<Placed<Given>>,
}

impl ProxyKeys {
    /// The proxy that dials for `base`, if there is one. `variable` reads the environment.
    pub(super) fn proxy(
        self,
        base: Option<&BaseUrl>,
        variable: &dyn Fn(&str) -> Option<String>,
        findings: &mut Findings,
    ) -> Option<Proxy> {
        let mut from_environment = None;
        if let Some(Placed { position, value }) = self.from_environment {
            match value.flag() {
                Ok(true) => from_environment = Some(position),
                Ok(false) => {}
                Err(unfit) => findings.push(&[position], "proxy_from_environment", unfit),
            }
        }
        if let Some(position) = from_environment {
            for (name, other) in [("proxy_url", &self.url), ("no_proxy", &self.no_proxy)] {
                if let Some(other) = other {
                    let unfit = Unfit::refused("cannot stand beside proxy_from_environment");
                    findings.push(&[other.position], name, unfit);
                }
            }
            let found = from_variables(base?, variable);
            return found.unwrap_or_else(|unfit| {
                findings.push(&[position], "proxy_from_environment", unfit);
                None
            });
        }
        let mut no_proxy = Vec::new();
        if let Some(Placed { position, value }) = self.no_proxy {
            if self.url.is_none() {
                let unfit = Unfit::refused("needs proxy_url as well");
                findings.push(&[position], "no_proxy", unfit);
            }
            match hosts(value) {
                Ok(hosts) => no_proxy = hosts,
                Err(unfit) => findings.push(&[position], "no_proxy", unfit),
            }
        }
        let Placed { position, value } = self.url?;
        let read = value
            .text()
            .and_then(|text| url::proxy(&text).map_err(|error| Unfit::invalid(error.to_string())));
        match read {
            Ok(url) => Some(Proxy { url, no_proxy }),
            Err(unfit) => {
                findings.push(&[position], "proxy_url", unfit);
                None
            }
        }
    }
}

/// What the variables say, which Prometheus reads in upper case first.
fn from_variables(
    base: &BaseUrl,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Proxy>, Unfit> {
    let (upper, lower) = if base.is_https() {
        ("HTTPS_PROXY", "https_proxy")
    } else {
        ("HTTP_PROXY", "http_proxy")
    };
    let Some(text) = variable(upper).or_else(|| variable(lower)) else {
        return Ok(None);
    };
    // Everybody else takes `proxy:3128` there too.
    let text = if text.contains("://") {
        text
    } else {
        format!("http://{text}")
    };
    let url = url::proxy(&text)
        .map_err(|error| Unfit::invalid(format!("the variable {upper} {error}")))?;
    let no_proxy = variable("NO_PROXY").or_else(|| variable("no_proxy"));
    Ok(Some(Proxy {
        url,
        no_proxy: split(&no_proxy.unwrap_or_default()),
    }))
}

/// A list, or one string with commas, which is how Prometheus writes it.
fn hosts(given: Given) -> Result<Vec<String>, Unfit> {
    match given {
        Given::Scalar(Scalar::Text(text)) => Ok(split(&text)),
        list => list.texts(),
    }
}

fn split(text: &str) -> Vec<String> {
    let parts = text.split(',').map(str::trim);
    let parts = parts.filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}
