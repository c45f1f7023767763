//! The files that connections name: whether they can be read, and whether certificates and keys are
//! what they should be. What is found here is found before the first request needs it.

use super::error::{Code, Finding};
use super::reader::Reader;
use super::tree::{Node, Value};
use crate::connections::details::given::Scalar;
use crate::connections::details::keys;
use crate::egress::tls::ClientIdentity;
use crate::egress::tls::Part;
use crate::egress::tls::Settings;
use crate::egress::tls::TlsError;
use crate::secret::Secret;

impl Reader<'_> {
    /// Checks every file that is named below `node`, which is the setting `path`. What is named by
    /// a `…_file` is one; that is how all of them are called.
    pub(super) fn check_files(&mut self, node: &Node, path: &str) {
        for member in node.members() {
            let name = member.name.as_str();
            let path = format!("{path}.{}", keys::shown(name));
            match &member.node.value {
                Value::Map(_) if name == "tls_config" => self.check_tls(&member.node, &path),
                Value::Map(_) => self.check_files(&member.node, &path),
                Value::List(entries) if name == "files" => {
                    for entry in entries {
                        drop(self.named_secret(entry, &path));
                    }
                }
                Value::Scalar(_) if name.ends_with("_file") => {
                    drop(self.named_secret(&member.node, &path));
                }
                Value::Scalar(_) | Value::List(_) => {}
            }
        }
    }

    fn check_tls(&mut self, node: &Node, path: &str) {
        let before = self.findings.len();
        let ca = self.pem(node, path, "ca", "ca_file");
        let cert = self.pem(node, path, "cert", "cert_file");
        let key = self.pem(node, path, "key", "key_file");
        if self.findings.len() > before {
            return;
        }
        let identity = cert.as_ref().zip(key.as_ref());
        let settings = Settings {
            ca: ca.as_ref().map(Secret::expose),
            identity: identity.map(|(cert, key)| ClientIdentity {
                cert: cert.expose(),
                key: key.expose(),
            }),
            ..Settings::default()
        };
        let Err(TlsError::Unfit { part, reason }) = settings.check() else {
            return;
        };
        let names = match part {
            Part::Ca => ["ca", "ca_file"],
            Part::Cert => ["cert", "cert_file"],
            Part::Key => ["key", "key_file"],
            Part::ServerName => ["server_name"; 2],
        };
        let member = node
            .members()
            .iter()
            .find(|it| names.contains(&it.name.as_str()));
        if let Some(member) = member {
            let origin = self
                .layers
                .place(member.node.at, format!("{path}.{}", member.name));
            self.findings
                .push(Finding::new(Code::UnusableFile, origin, reason));
        }
    }

    /// What stands under `name`, or in the file that is named under `file_name`.
    fn pem(&mut self, node: &Node, path: &str, name: &str, file_name: &str) -> Option<Secret> {
        let member = |name: &str| node.members().iter().find(|it| it.name == name);
        if let Some(file) = member(file_name) {
            return self.named_secret(&file.node, &format!("{path}.{file_name}"));
        }
        match &member(name)?.node.value {
            Value::Scalar(Scalar::Text(text)) => Some(Secret::new(text.clone())),
            Value::Scalar(_) | Value::List(_) | Value::Map(_) => None,
        }
    }

    fn named_secret(&mut self, node: &Node, path: &str) -> Option<Secret> {
        let Value::Scalar(Scalar::Text(file)) = &node.value else {
            return None;
        };
        let origin = self.layers.place(node.at, path.to_owned());
        let file = self.path(file, &origin);
        self.secret_in(&file, &origin)
    }
}
