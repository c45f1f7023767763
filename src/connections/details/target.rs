//! Where the backend is: `url`, or `host` with `port` and `path_prefix`.

use std::net::Ipv6Addr;

use super::error::{Findings, Unfit};
use super::warning::Warning;
use crate::connections::url;
use crate::connections::url::BaseUrl;
use crate::connections::url::UrlError;

/// The port of a `host` without one.
const DEFAULT_PORT: u16 = 9090;

/// A value with its place in the document.
#[derive(Debug)]
pub(super) struct Placed<T> {
    pub(super) position: usize,
    pub(super) value: T,
}

/// The keys of an address that were given and are of the right type.
#[derive(Debug, Default)]
pub(super) struct Target {
    pub(super) url: Option<Placed<String>>,
    pub(super) host: Option<Placed<String>>,
    pub(super) port: Option<Placed<u16>>,
    pub(super) path_prefix: Option<Placed<String>>,
}

impl Target {
    /// The base URL, unless a finding says why there is none.
    pub(super) fn base(
        self,
        findings: &mut Findings,
        warnings: &mut Vec<Warning>,
    ) -> Option<BaseUrl> {
        match (self.url, self.host) {
            (Some(url), _) => {
                let base = parse("url", url.position, &url.value, findings, warnings);
                if let Some(prefix) = self.path_prefix {
                    let unfit = Unfit::refused("belongs to host; write it into url");
                    findings.push(prefix.position, "path_prefix", unfit);
                }
                // A document of the dialect that knows `url` always meant the port of the URL.
                if let Some(port) = self.port
                    && base
                        .as_ref()
                        .is_some_and(|base| base.url().port_or_known_default() != Some(port.value))
                {
                    findings.push(port.position, "port", disagreement("url"));
                }
                base
            }
            (None, Some(host)) => {
                let (text, default) = spelled_out(&host.value);
                let text = with_port(text, self.port, default, findings);
                let text = with_prefix(text, self.path_prefix, findings);
                parse("host", host.position, &text, findings, warnings)
            }
            (None, None) => None,
        }
    }
}

fn parse(
    name: &'static str,
    position: usize,
    text: &str,
    findings: &mut Findings,
    warnings: &mut Vec<Warning>,
) -> Option<BaseUrl> {
    match BaseUrl::parse(text) {
        Ok(normalised) => {
            if normalised.was_cut {
                warnings.push(Warning::ApiPathCut { name });
            }
            Some(normalised.base)
        }
        Err(error) => {
            let unfit = match error {
                UrlError::UserInfo => Unfit::refused(error.to_string()),
                _ => Unfit::invalid(error.to_string()),
            };
            findings.push(position, name, unfit);
            None
        }
    }
}

fn disagreement(name: &str) -> Unfit {
    Unfit::refused(format!("must agree with the port in {name}"))
}

/// A `host` as a URL, and the port that it has if none is written anywhere.
fn spelled_out(host: &str) -> (String, Option<u16>) {
    if host.contains("://") {
        return (host.to_owned(), None);
    }
    let text = match host.parse::<Ipv6Addr>() {
        Ok(address) => format!("http://[{address}]"),
        Err(_) => format!("http://{host}"),
    };
    (text, Some(DEFAULT_PORT))
}

/// `text` with the port of the key `port`, which must agree with one written in `text`.
fn with_port(
    text: String,
    port: Option<Placed<u16>>,
    default: Option<u16>,
    findings: &mut Findings,
) -> String {
    let authority = url::authority(&text);
    let written = match authority.rsplit_once(':') {
        // A colon inside of brackets belongs to an IPv6 address.
        Some((_, digits)) if !digits.contains(']') => Some(digits),
        Some(_) | None => None,
    };
    if let Some(digits) = written {
        if let Some(port) = port
            && digits.parse() != Ok(port.value)
        {
            findings.push(port.position, "port", disagreement("host"));
        }
        return text;
    }
    let Some(port) = port.map(|port| port.value).or(default) else {
        return text;
    };
    // The authority ends where the path begins.
    let path =
        text.len() - text.split_once("://").map_or(0, |(_, rest)| rest.len()) + authority.len();
    let (origin, path) = text.split_at(path);
    format!("{origin}:{port}{path}")
}

fn with_prefix(text: String, prefix: Option<Placed<String>>, findings: &mut Findings) -> String {
    let Some(prefix) = prefix else { return text };
    match url::check_path(&prefix.value) {
        Ok(()) => format!("{text}/{}", prefix.value),
        Err(error) => {
            let unfit = Unfit::invalid(error.to_string());
            findings.push(prefix.position, "path_prefix", unfit);
            text
        }
    }
}
