//! What can only be said once every key has been read.

use std::time::Duration;

use super::super::error::{Finding, Findings, Unfit};
use super::super::headers::{Headers, TENANT};
use super::super::origin::Origin;
use super::super::parameters;
use super::super::target::{Address, Placed};
use super::super::tls;
use super::super::warning::Warning;
use super::{Draft, unknown};
use crate::caller::Caller;
use crate::connections::Connection;
use crate::connections::Header;
use crate::connections::Reach;
use crate::connections::amp::AmpHost;
use crate::connections::auth::Authentication;
use crate::connections::auth::AwsBlock;
use crate::connections::tls::Tls;
use crate::connections::url::BaseUrl;
use crate::limits;
use crate::options::QueryOptions;

/// All that the details say.
pub(in super::super) struct Finished {
    /// The connection, unless another one is named; its deadline and its options are not settled.
    pub(in super::super) connection: Option<Connection>,
    /// The deadline that was given.
    pub(in super::super) timeout: Option<Duration>,
    /// The options that hold.
    pub(in super::super) options: QueryOptions,
    /// What the author should know.
    pub(in super::super) warnings: Vec<Warning>,
}

impl Draft<'_> {
    /// What was read, or every finding in document order.
    pub(in super::super) fn finish(mut self) -> Result<Finished, Vec<Finding>> {
        let timeout = self.timeouts.own(&mut self.warnings);
        let is_named = self.check_addresses();
        let connection = if is_named {
            unknown::check(
                &self.unknown,
                None,
                self.rules,
                &mut self.findings,
                &mut self.warnings,
            );
            None
        } else {
            self.connection()
        };
        if !self.findings.is_empty() {
            return Err(self.findings.in_order());
        }
        Ok(Finished {
            connection,
            timeout,
            options: self.options,
            warnings: self.warnings,
        })
    }

    /// Sees to it that there is one address; whether it is a name.
    fn check_addresses(&mut self) -> bool {
        let Self {
            addressed,
            own,
            findings,
            rules,
            ..
        } = self;
        match addressed.as_slice() {
            [] => {
                let unfit = Unfit::invalid(match rules.origin {
                    Origin::Request { .. } => "needs one of url, host and connection",
                    Origin::Configuration { .. } => "needs url or host",
                });
                findings.push(&[usize::MAX], "", unfit);
            }
            [only] if only.value == "connection" => {
                for key in own {
                    // Everything else is the connection's own, its secrets above all.
                    let unfit = Unfit::refused("cannot stand beside connection");
                    findings.push(&[key.position], &*key.value, unfit);
                }
                return true;
            }
            [first, others @ ..] => {
                for other in others {
                    let unfit = Unfit::refused(format!("cannot stand beside {}", first.value));
                    findings.push(&[other.position], other.value, unfit);
                }
            }
        }
        false
    }

    /// The connection, unless its address is missing or unfit.
    fn connection(&mut self) -> Option<Connection> {
        let findings = &mut self.findings;
        let warnings = &mut self.warnings;
        let target = std::mem::take(&mut self.target);
        let address = target.address(findings, warnings);
        let proofs = std::mem::take(&mut self.proofs);
        let mut headers = std::mem::take(&mut self.headers);
        let (base, authentication) = match address {
            None => (None, proofs.finish(None, "", findings)),
            Some(Address {
                name,
                position,
                base,
                user,
            }) => {
                let is_amp = base.as_ref().is_some_and(is_service);
                if is_amp && !proofs.are_given() && user.is_none() {
                    // A host name alone never brings the mirror's identity into play.
                    let unfit = Unfit::refused(r#"is Amazon's; add "aws": {}"#);
                    findings.push(&[position], name, unfit);
                }
                let user = user.map(|value| Placed { position, value });
                (base, proofs.finish(user, name, findings))
            }
        };
        unknown::check(
            &self.unknown,
            Some(&authentication),
            self.rules,
            findings,
            warnings,
        );
        let mut parameters = self.query_parameters.iter();
        let is_proved = !matches!(authentication, Authentication::None)
            || headers.hold_secrets()
            || parameters.any(|(name, _)| !parameters::is_harmless(name));
        let tls = self.tls.take();
        let tls = tls.map(|tls| {
            checked(
                tls,
                base.as_ref(),
                is_proved || headers.may_prove(),
                self.rules.allow_insecure_tls,
                findings,
            )
        });
        let proxy = match self.rules.origin {
            Origin::Request { .. } => None,
            Origin::Configuration { variable, .. } => {
                std::mem::take(&mut self.proxy).proxy(base.as_ref(), variable, findings)
            }
        };
        let base = base?;
        if let Authentication::Aws(aws) = &authentication {
            drop_tenant(&mut headers, warnings);
            let host = AmpHost::read(base.url().host_str().unwrap_or_default());
            let differs = |region: &String| host.is_some_and(|host| host.region() != region);
            if aws.region.as_ref().is_some_and(differs) {
                warnings.push(Warning::RegionsDiffer {
                    name: match aws.block {
                        AwsBlock::Aws => "aws.region_name",
                        AwsBlock::Sigv4 => "sigv4.region",
                    },
                });
            }
        }
        if is_service(&base) && !names_workspace(&base) {
            warnings.push(Warning::NoWorkspace);
        }
        if is_proved && goes_in_clear(&base, &authentication) {
            warnings.push(Warning::CredentialsInClear);
        }
        Some(Connection {
            caller: Caller::Anyone,
            name: None,
            url: base,
            timeout: limits::TIMEOUT.2,
            http_method: self.http_method,
            query_parameters: std::mem::take(&mut self.query_parameters),
            authentication,
            headers: headers.all,
            tls: tls.unwrap_or_default(),
            proxy,
            reach: Reach::default(),
            enable_http2: self.enable_http2,
            compression: self.compression,
            options: self.options.clone(),
        })
    }
}

fn is_service(base: &BaseUrl) -> bool {
    let host = base.url().host_str().unwrap_or_default();
    matches!(AmpHost::read(host), Some(AmpHost::Service { .. }))
}

/// Whether the path is that of a workspace, as AWS shows it.
fn names_workspace(base: &BaseUrl) -> bool {
    let id = base.url().path().strip_prefix("/workspaces/");
    id.is_some_and(|id| !id.trim_matches('/').is_empty())
}

/// The TLS settings, held against the rest of the connection.
fn checked(
    tls: Placed<Tls>,
    base: Option<&BaseUrl>,
    is_proved: bool,
    may_be_insecure: bool,
    findings: &mut Findings,
) -> Tls {
    let Placed { position, value } = tls;
    if base.is_some_and(|base| !base.is_https()) {
        let unfit = Unfit::refused("needs an https address");
        findings.push(&[position], "tls_config", unfit);
    }
    if value.insecure_skip_verify && is_proved && may_be_insecure {
        let path = "tls_config.insecure_skip_verify";
        findings.push(&[position], path, tls::beside_credential());
    }
    value
}

fn drop_tenant(headers: &mut Headers, warnings: &mut Vec<Warning>) {
    let before = headers.all.len();
    headers.all.retain(|header: &Header| header.name != TENANT);
    if headers.all.len() < before {
        warnings.push(Warning::TenantHeaderDropped);
    }
}

/// Whether a credential crosses a wire that anybody on it can read.
fn goes_in_clear(base: &BaseUrl, authentication: &Authentication) -> bool {
    let to_issuer = match authentication {
        Authentication::OAuth2(oauth2) => oauth2.token_url.scheme() != "https",
        Authentication::None
        | Authentication::Basic(_)
        | Authentication::Authorization(_)
        | Authentication::Aws(_) => false,
    };
    to_issuer || !base.is_https()
}
