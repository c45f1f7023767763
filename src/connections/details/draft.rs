//! Connection details while they are read, key by key.

mod finish;
mod unknown;

use super::authentication::Proofs;
use super::block::Block;
use super::error::{Findings, Unfit};
use super::given::Given;
use super::headers::Headers;
use super::options::Applied;
use super::origin::{Origin, Rules};
use super::proxy::ProxyKeys;
use super::target::{Placed, Target};
use super::timeout::Timeouts;
use super::warning::Warning;
use super::{keys, options, parameters, tls};
use crate::connections::Compression;
use crate::connections::HttpMethod;
use crate::connections::tls::Tls;
use crate::options::QueryOptions;
use crate::secret::Secret;
pub(super) use finish::Finished;

/// What has been read so far.
pub(super) struct Draft<'a> {
    rules: Rules<'a>,
    /// Which of `connection`, `url` and `host` were given, whether or not they fit.
    addressed: Vec<Placed<&'static str>>,
    /// Which keys were given that belong to the connection itself, and so cannot stand beside a
    /// name.
    own: Vec<Placed<String>>,
    target: Target,
    timeouts: Timeouts,
    http_method: HttpMethod,
    query_parameters: Vec<(String, Secret)>,
    proofs: Proofs,
    headers: Headers,
    tls: Option<Placed<Tls>>,
    proxy: ProxyKeys,
    enable_http2: bool,
    compression: Compression,
    options: QueryOptions,
    unknown: Vec<Placed<String>>,
    findings: Findings,
    warnings: Vec<Warning>,
}

impl<'a> Draft<'a> {
    /// Nothing read yet, on top of `options`.
    pub(super) fn new(rules: Rules<'a>, options: QueryOptions) -> Self {
        Self {
            rules,
            addressed: Vec::new(),
            own: Vec::new(),
            target: Target::default(),
            timeouts: Timeouts::default(),
            http_method: HttpMethod::default(),
            query_parameters: Vec::new(),
            proofs: Proofs::default(),
            headers: Headers::default(),
            tls: None,
            proxy: ProxyKeys::default(),
            enable_http2: false,
            compression: Compression::default(),
            options,
            unknown: Vec::new(),
            findings: Findings::default(),
            warnings: Vec::new(),
        }
    }

    /// Reads the key `name`, which stands at `position` of the document.
    pub(super) fn take(&mut self, position: usize, name: &str, given: Given) {
        if given.is_absent() {
            return;
        }
        if let Err(unfit) = self.read(position, name, given) {
            self.findings.push(&[position], keys::shown(name), unfit);
        }
    }

    fn read(&mut self, position: usize, name: &str, given: Given) -> Result<(), Unfit> {
        match name {
            "connection" => {
                self.only_requested()?;
                self.address(position, "connection");
                drop(given.text()?);
                return Ok(());
            }
            "request_timeout_seconds" | "timeout" | "requestTimeout" => {
                return self.timeouts.take(name, &given);
            }
            // The caller's own token: proved before this is read, and never sent on.
            "token" => {
                self.only_requested()?;
                drop(given.text()?);
                return Ok(());
            }
            _ if options::NAMES.contains(&name) => return self.option(name, given),
            _ if !keys::is_key(name) => {
                let value = name.to_owned();
                self.unknown.push(Placed { position, value });
                return Ok(());
            }
            _ if keys::is_unsupported(name) => {
                return Err(Unfit::refused("not supported yet"));
            }
            _ => {}
        }
        self.own.push(Placed {
            position,
            value: name.to_owned(),
        });
        self.of_connection(position, name, given)
    }

    /// Reads a key that says where the backend is or how it is reached.
    fn of_connection(&mut self, position: usize, name: &str, given: Given) -> Result<(), Unfit> {
        let placed = |value| Some(Placed { position, value });
        match name {
            "url" => {
                self.address(position, "url");
                self.target.url = placed(given.text()?);
            }
            "host" => {
                self.address(position, "host");
                self.target.host = placed(given.text()?);
            }
            "port" => {
                let value = port(&given)?;
                self.target.port = Some(Placed { position, value });
            }
            "path_prefix" => self.target.path_prefix = placed(given.text()?),
            "http_method" => {
                let methods = [("POST", HttpMethod::Post), ("GET", HttpMethod::Get)];
                self.http_method = given.choice(&methods)?;
            }
            "query_parameters" => match parameters::read(given) {
                Ok(parameters) => self.query_parameters = parameters,
                Err(findings) => {
                    for (path, unfit) in findings {
                        self.findings.push(&[position], path, unfit);
                    }
                }
            },
            "proxy_url" | "no_proxy" | "proxy_from_environment" => {
                self.rules.origin.only_configured("a proxy")?;
                let value = Some(Placed {
                    position,
                    value: given,
                });
                match name {
                    "proxy_url" => self.proxy.url = value,
                    "no_proxy" => self.proxy.no_proxy = value,
                    _ => self.proxy.from_environment = value,
                }
            }
            "enable_http2" => self.enable_http2 = given.flag()?,
            "backend_compression" => {
                self.compression = given.choice(&[
                    ("auto", Compression::Auto),
                    ("on", Compression::On),
                    ("off", Compression::Off),
                ])?;
            }
            "follow_redirects" => {
                if given.flag()? {
                    self.warnings.push(Warning::RedirectsNotFollowed);
                }
            }
            _ => return self.block(position, name, given),
        }
        Ok(())
    }

    /// Reads a block of authentication, headers or TLS.
    fn block(&mut self, position: usize, name: &str, given: Given) -> Result<(), Unfit> {
        let Self {
            rules,
            findings,
            warnings,
            proofs,
            headers,
            ..
        } = self;
        if Proofs::know(name) {
            return proofs.take(position, name, given, *rules, findings, warnings);
        }
        let Some(block) = Block::open(vec![position], name, given, *rules, findings) else {
            return Ok(());
        };
        match name {
            "headers" => headers.plain(block),
            "http_headers" => headers.sourced(block),
            _ => {
                let value = tls::read(block);
                self.tls = Some(Placed { position, value });
            }
        }
        Ok(())
    }

    fn option(&mut self, name: &str, given: Given) -> Result<(), Unfit> {
        if let Some(Applied::CeilingKept(name)) = options::apply(name, given, &mut self.options)? {
            self.warnings.push(Warning::CeilingKept { name });
        }
        Ok(())
    }

    fn address(&mut self, position: usize, value: &'static str) {
        self.addressed.push(Placed { position, value });
    }

    /// Refuses what only a request may say.
    fn only_requested(&self) -> Result<(), Unfit> {
        match self.rules.origin {
            Origin::Request { .. } => Ok(()),
            Origin::Configuration { .. } => {
                Err(Unfit::refused("cannot stand in a named connection"))
            }
        }
    }
}

fn port(given: &Given) -> Result<u16, Unfit> {
    let port = given.integer(1..=u16::MAX.into())?;
    Ok(u16::try_from(port).expect("the range ends with u16"))
}
