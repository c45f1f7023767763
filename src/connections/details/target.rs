//! Where the backend is: `url`, or `host` with `port` and `path_prefix`.

use std::net::Ipv6Addr;

use super::error::{Findings, Unfit};
use super::warning::Warning;
use crate::connections::url;
use crate::connections::url::BaseUrl;
use crate::connections::url::UserInfo;

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

/// Where the backend is.
pub(super) struct Address {
    /// The key that says it.
    pub(super) name: &'static str,
    /// Its place.
    pub(super) position: usize,
    /// The base URL, unless a finding says why there is none.
    pub(super) base: Option<BaseUrl>,
    /// The user that was written into it.
    pub(super) user: Option<UserInfo>,
}

impl Target {
    /// The address, if there is one.
    pub(super) fn address(
        self,
        findings: &mut Findings,
        warnings: &mut Vec<Warning>,
    ) -> Option<Address> {
        match (self.url, self.host) {
            (Some(url), _) => {
                let (text, mut address) = Address::split("url", url, findings);
                if let Some(text) = text {
                    address.parse(&text, findings, warnings);
                }
                if let Some(prefix) = self.path_prefix {
                    let unfit = Unfit::refused("belongs to host; write it into url");
                    findings.push(&[prefix.position], "path_prefix", unfit);
                }
                // A document of the dialect that knows `url` always meant the port of the URL.
                if let (Some(port), Some(base)) = (self.port, &address.base)
                    && base.url().port_or_known_default() != Some(port.value)
                {
                    findings.push(&[port.position], "port", disagreement("url"));
                }
                Some(address)
            }
            (None, Some(host)) => {
                let (text, default) = spelled_out(&host.value);
                let host = Placed {
                    position: host.position,
                    value: text,
                };
                let (text, mut address) = Address::split("host", host, findings);
                if let Some(text) = text {
                    let text = with_port(text, self.port, default, findings);
                    let text = with_prefix(text, self.path_prefix, findings);
                    address.parse(&text, findings, warnings);
                }
                Some(address)
            }
            (None, None) => None,
        }
    }
}

impl Address {
    /// Takes the user out of the text of an address; that is gone if a finding says why.
    fn split(
        name: &'static str,
        text: Placed<String>,
        findings: &mut Findings,
    ) -> (Option<String>, Self) {
        let Placed { position, value } = text;
        let (text, user) = match UserInfo::split(&value) {
            Ok((text, user)) => (Some(text), user),
            Err(error) => {
                findings.push(&[position], name, Unfit::invalid(error.to_string()));
                (None, None)
            }
        };
        let address = Self {
            name,
            position,
            base: None,
            user,
        };
        (text, address)
    }

    fn parse(&mut self, text: &str, findings: &mut Findings, warnings: &mut Vec<Warning>) {
        match BaseUrl::parse(text) {
            Ok(normalised) => {
                if normalised.was_cut {
                    warnings.push(Warning::ApiPathCut { name: self.name });
                }
                self.base = Some(normalised.base);
            }
            Err(error) => {
                findings.push(
                    &[self.position],
                    self.name,
                    Unfit::invalid(error.to_string()),
                );
            }
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
            findings.push(&[port.position], "port", disagreement("host"));
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
            findings.push(&[prefix.position], "path_prefix", unfit);
            text
        }
    }
}
