//! Connection details while they are read, key by key.

use std::time::Duration;

use super::error::{Findings, Unfit};
use super::given::Given;
use super::options::Applied;
use super::target::{Placed, Target};
use super::timeout::Timeouts;
use super::warning::Warning;
use super::{keys, options, parameters};
use crate::connections::Connection;
use crate::connections::Defaults;
use crate::connections::DetailsError;
use crate::connections::HttpMethod;
use crate::connections::Resolved;
use crate::connections::auth::Authentication;
use crate::connections::tls::Tls;
use crate::options::Profile;
use crate::options::QueryOptions;

/// Most unknown keys that are named in warnings.
const MOST_UNKNOWN: usize = 8;

/// What has been read so far.
pub(super) struct Draft {
    /// Which of `connection`, `url` and `host` were given, whether or not they fit.
    addressed: Vec<Placed<&'static str>>,
    target: Target,
    timeouts: Timeouts,
    default_timeout: Duration,
    http_method: HttpMethod,
    query_parameters: Vec<(String, String)>,
    options: QueryOptions,
    unknown: usize,
    findings: Findings,
    warnings: Vec<Warning>,
}

impl Draft {
    /// Nothing read yet.
    pub(super) fn new(defaults: &Defaults) -> Self {
        Self {
            addressed: Vec::new(),
            target: Target::default(),
            timeouts: Timeouts::default(),
            default_timeout: defaults.timeout,
            http_method: HttpMethod::default(),
            query_parameters: Vec::new(),
            options: defaults.options.clone(),
            unknown: 0,
            findings: Findings::default(),
            warnings: Vec::new(),
        }
    }

    /// Reads the key `name`, which stands at `position` of the document.
    pub(super) fn take(&mut self, position: usize, name: &str, given: Given) {
        if given.is_absent() {
            return;
        }
        let read = match keys::refusal(name) {
            Some(reason) => Err(Unfit::refused(reason)),
            None => self.read(position, name, given),
        };
        if let Err(unfit) = read {
            self.findings.push(position, &keys::shown(name), unfit);
        }
    }

    fn read(&mut self, position: usize, name: &str, given: Given) -> Result<(), Unfit> {
        let placed = |value| Some(Placed { position, value });
        match name {
            "connection" => {
                self.address(position, "connection");
                given.text()?;
            }
            "url" => {
                self.address(position, "url");
                self.target.url = placed(given.text()?);
            }
            "host" => {
                self.address(position, "host");
                self.target.host = placed(given.text()?);
            }
            "port" => {
                self.target.port = Some(Placed {
                    position,
                    value: port(&given)?,
                })
            }
            "path_prefix" => self.target.path_prefix = placed(given.text()?),
            "request_timeout_seconds" | "timeout" | "requestTimeout" => {
                self.timeouts.take(name, &given)?;
            }
            // The caller's own token: proved before this is read, and never sent on.
            "token" => drop(given.text()?),
            "http_method" => {
                let methods = [("POST", HttpMethod::Post), ("GET", HttpMethod::Get)];
                self.http_method = given.choice(&methods)?;
            }
            "query_parameters" => match parameters::read(given) {
                Ok(parameters) => self.query_parameters = parameters,
                Err(findings) => {
                    for (path, unfit) in findings {
                        self.findings.push(position, &path, unfit);
                    }
                }
            },
            "enable_http2" => refuse_http2(&given)?,
            "backend_compression" => refuse_fixed_compression(&given)?,
            "follow_redirects" => {
                if given.flag()? {
                    self.warnings.push(Warning::RedirectsNotFollowed);
                }
            }
            _ => match options::apply(name, given, &mut self.options)? {
                Some(Applied::Taken) => {}
                Some(Applied::CeilingKept(name)) => {
                    self.warnings.push(Warning::CeilingKept { name });
                }
                None => self.unknown(name)?,
            },
        }
        Ok(())
    }

    fn address(&mut self, position: usize, value: &'static str) {
        self.addressed.push(Placed { position, value });
    }

    fn unknown(&mut self, name: &str) -> Result<(), Unfit> {
        if let Some(path) = keys::nearest_identity_key(name) {
            return Err(Unfit::refused(format!("unknown key; did you mean {path}")));
        }
        self.unknown += 1;
        if self.unknown <= MOST_UNKNOWN {
            self.warnings.push(Warning::UnknownKey {
                written: keys::shown(name),
                nearest: keys::nearest_key(name),
            });
        } else if self.unknown == MOST_UNKNOWN + 1 {
            self.warnings.push(Warning::MoreUnknownKeys);
        }
        Ok(())
    }

    /// The connection, once every key has been read.
    pub(super) fn finish(mut self, request_timeout: Option<u64>) -> Result<Resolved, DetailsError> {
        match self.addressed.as_slice() {
            [] => {
                let unfit = Unfit::invalid("needs one of url, host and connection");
                self.findings.push(usize::MAX, "", unfit);
            }
            [_] => {}
            [first, others @ ..] => {
                for other in others {
                    let unfit = Unfit::refused(format!("cannot stand beside {}", first.value));
                    self.findings.push(other.position, other.value, unfit);
                }
            }
        }
        let base = self.target.base(&mut self.findings, &mut self.warnings);
        let timeout =
            self.timeouts
                .deadline(self.default_timeout, request_timeout, &mut self.warnings);
        if let Some(error) = self.findings.into_error() {
            return Err(error);
        }
        // Without a finding there is exactly one address, so only a named connection has no base;
        // and as long as none can be configured, no name is known.
        let url = base.ok_or(DetailsError::UnknownConnection)?;
        let http_method = match self.options.profile {
            Profile::Exact => self.http_method,
            // The predecessor asked by GET (connections.md, section 1).
            Profile::Legacy => HttpMethod::Get,
        };
        Ok(Resolved {
            connection: Connection {
                name: None,
                authentication: Authentication::None,
                headers: Vec::new(),
                tls: Tls::default(),
                proxy: None,
                enable_http2: false,
                url,
                timeout,
                http_method,
                query_parameters: self.query_parameters,
                options: self.options,
            },
            warnings: self.warnings,
        })
    }
}

fn port(given: &Given) -> Result<u16, Unfit> {
    let port = given.integer(1..=u16::MAX.into())?;
    Ok(u16::try_from(port).expect("the range ends with u16"))
}

fn refuse_http2(given: &Given) -> Result<(), Unfit> {
    if given.flag()? {
        return Err(Unfit::refused("HTTP/2 is not supported yet"));
    }
    Ok(())
}

fn refuse_fixed_compression(given: &Given) -> Result<(), Unfit> {
    if given.choice(&[("auto", false), ("on", true), ("off", true)])? {
        return Err(Unfit::refused("only auto is supported yet"));
    }
    Ok(())
}
