//! What must stand before the mirror listens beyond loopback (security.md, section 3), and which
//! doors stay open although it does.

use std::net::SocketAddr;

use super::callers::Callers;
use super::error::{Code, Finding, Origin};
use super::listen::is_loopback;
use super::reader::Reader;
use super::setting;
use super::tls::ListenerTls;
use super::{Insecure, Purpose};
use crate::caller::Gate;

use crate::caller::Networks;
use crate::connections::Configured;
use crate::connections::details::error::Unfit;
use crate::connections::details::given::Given;
use crate::network::Network;

impl Reader<'_> {
    /// Wall A.
    pub(super) fn gate(
        &mut self,
        is_loopback: bool,
        tls: &ListenerTls,
        callers: &mut Callers,
    ) -> Gate {
        let needs_certificate = tls.needs_certificate;
        if !needs_certificate && let Some(origin) = callers.certificates_at.take() {
            let text = "nobody is asked for a certificate; set tls.client_ca_file";
            self.findings
                .push(Finding::new(Code::BadValue, origin, text));
        }
        let allowed = self.entries(&setting::ALLOWED_CALLERS, network);
        if self.is_empty_list(&setting::ALLOWED_CALLERS) {
            let nobody = || {
                Err(Unfit::invalid(
                    "admits nobody; list networks, or leave it out",
                ))
            };
            self.value::<()>(&setting::ALLOWED_CALLERS, |_| nobody());
        }
        let trusted = self.entries(&setting::TRUSTED_PROXIES, network);
        Gate {
            is_loopback,
            allowed: allowed.map(Networks::from),
            trusted_proxies: trusted.map(Networks::from).unwrap_or_default(),
            needs_certificate,
            entries: std::mem::take(&mut callers.entries),
        }
    }

    fn is_empty_list(&self, setting: &setting::Setting) -> bool {
        let given = self.layers.value(setting);
        matches!(given, Ok(Some((Given::List(members), _))) if members.is_empty())
    }

    /// Judges both walls of a listener that is reached at `exposed`. What is read from files of
    /// requests needs the first of them, whatever the second says.
    pub(super) fn walls(
        &mut self,
        exposed: SocketAddr,
        gate: &Gate,
        tls: &ListenerTls,
        connections: &mut Configured,
    ) -> Insecure {
        let Configured { policy, named, .. } = connections;
        // Where something but the key is amiss it is not known yet what stands.
        let is_known = self.findings.iter().all(|it| it.code == Code::DefaultKey);
        if is_loopback(exposed.ip()) || self.purpose == Purpose::Show || !is_known {
            return Insecure::default();
        }
        let origin = || Origin::Listener(exposed);
        if !gate.stands() && !policy.wall_stands(named) {
            // One line: what the key is matters once somebody may listen.
            self.findings.clear();
            let text = "nothing limits who may call or what may be reached; set allowed_callers or \
                        callers, or policy.allowed_upstreams or connections, or listen on 127.0.0.1";
            self.findings
                .push(Finding::new(Code::NoWall, origin(), text));
        }
        let insecure = Insecure {
            callers_open: !gate.stands(),
            role_arns_open: !gate.stands()
                && policy.ambient_credentials
                && policy.allowed_role_arns.is_none(),
        };
        let mut warn = |code, text| {
            let finding = Finding::new(code, origin(), text);
            self.warnings.push(finding);
        };
        if insecure.callers_open {
            warn(
                Code::NoWall,
                "every caller that reaches this port is accepted and hears the key; set \
                 allowed_callers or callers",
            );
        }
        if insecure.role_arns_open {
            warn(
                Code::NoWall,
                "every caller may have any role assumed by the mirror's own identity; set \
                 policy.allowed_role_arns, or allowed_callers or callers",
            );
        }
        if insecure.callers_open && policy.secrets_dir.take().is_some() {
            warn(
                Code::BadValue,
                "policy.secrets_dir has no effect while every caller is accepted; set \
                 allowed_callers or callers",
            );
        }
        if !tls.is_on && gate.entries.iter().any(|entry| entry.tokens.is_some()) {
            warn(
                Code::BadValue,
                "tokens of callers travel in clear to this port; set tls.cert_file, unless a mesh \
                 encrypts",
            );
        }
        insecure
    }
}

fn network(given: Given) -> Result<Network, Unfit> {
    let read: Result<Network, _> = given.text()?.parse();
    read.map_err(|error| Unfit::invalid(error.to_string()))
}
