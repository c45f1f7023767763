//! `connections`: the named connections.

use super::error::{Code, Finding};
use super::reader::Reader;
use super::setting::CONNECTIONS;
use super::tree::{Member, Node};
use crate::connections::Defaults;
use crate::connections::Named;
use crate::connections::Policy;
use crate::connections::details::error;
use crate::connections::details::error::Unfit;
use crate::connections::details::keys;
use crate::connections::named::Setting;

impl Reader<'_> {
    /// The named connections.
    pub(super) fn named(&mut self, defaults: &Defaults, policy: &Policy) -> Named {
        let mut named = Named::default();
        for member in self.layers.connections() {
            let path = path_of(&member);
            match self.layers.filled(&member.node, &path) {
                Ok(node) => {
                    self.connection(&member, &node, defaults, policy, &mut named);
                    self.account.connections.push((member.name, node));
                }
                Err(finding) => self.findings.push(finding),
            }
        }
        named
    }

    fn connection(
        &mut self,
        member: &Member,
        node: &Node,
        defaults: &Defaults,
        policy: &Policy,
        named: &mut Named,
    ) {
        let environment = self.layers.environment;
        let setting = Setting {
            base_dir: &self.folder,
            variable: &|name| environment.variable(name),
            options: &defaults.options,
            allow_insecure_tls: policy.allow_insecure_tls,
        };
        let path = path_of(member);
        match named.add(&member.name, node.given(), setting) {
            Ok(warnings) => {
                for warning in warnings {
                    let origin = self.layers.place(node.at, String::new());
                    let text = warning.about(&path);
                    self.warnings
                        .push(Finding::new(Code::BadValue, origin, text));
                }
                self.check_files(node, &path);
            }
            Err(findings) => {
                for finding in findings {
                    let finding = self.finding(member, node, &path, finding);
                    self.findings.push(finding);
                }
            }
        }
    }

    fn finding(&self, member: &Member, node: &Node, path: &str, it: error::Finding) -> Finding {
        let error::Finding { path: below, unfit } = it;
        let is_key = matches!(unfit, Unfit::Unknown(_));
        let (at, path) = if below.is_empty() {
            (member.name_at, path.to_owned())
        } else {
            (node.place(&below, is_key), format!("{path}.{below}"))
        };
        Finding::of(unfit, self.layers.place(at, path))
    }
}

fn path_of(member: &Member) -> String {
    format!("{CONNECTIONS}.{}", keys::shown(&member.name))
}
