//! `tls`: how the mirror's port proves itself, and whose certificates it wants (security.md, "The
//! process").

use super::Purpose;
use super::error::{Code, Finding, Origin};
use super::reader::Reader;
use super::setting;
use super::setting::Setting;
use crate::connections::details::given::Given;
use crate::egress::tls::ClientIdentity;
use crate::egress::tls::Part;
use crate::egress::tls::ServerTls;
use crate::egress::tls::TlsError;
use crate::secret::Secret;

/// What is said of TLS.
#[derive(Debug, Default)]
pub(super) struct ListenerTls {
    /// It is spoken.
    pub(super) is_on: bool,
    /// A client certificate is demanded (`tls.client_ca_file`).
    pub(super) needs_certificate: bool,
    /// What it is spoken with; `None` too where its files are not to be read, or cannot be used.
    pub(super) material: Option<ServerTls>,
}

/// A file that was named, and what it holds if it was to be read and could be.
struct Named {
    origin: Origin,
    text: Option<Secret>,
}

impl Reader<'_> {
    /// TLS of the mirror's port.
    pub(super) fn listener_tls(&mut self) -> ListenerTls {
        let before = self.findings.len();
        let cert = self.pem_file(&setting::TLS_CERT_FILE);
        let key = self.pem_file(&setting::TLS_KEY_FILE);
        let client_ca = self.pem_file(&setting::TLS_CLIENT_CA_FILE);
        let mut tls = ListenerTls {
            is_on: cert.is_some() && key.is_some(),
            needs_certificate: client_ca.is_some(),
            material: None,
        };
        let lacking = match (&cert, &key, &client_ca) {
            (Some(it), None, _) => Some((it, "needs tls.key_file as well")),
            (None, Some(it), _) => Some((it, "needs tls.cert_file as well")),
            (None, None, Some(it)) => Some((it, "needs tls.cert_file and tls.key_file as well")),
            (Some(_), Some(_), _) | (None, None, None) => None,
        };
        if let Some((it, text)) = lacking {
            let finding = Finding::new(Code::BadValue, it.origin.clone(), text);
            self.findings.push(finding);
        }
        let (Some(cert), Some(key)) = (cert, key) else {
            return tls;
        };
        if self.purpose == Purpose::Run && self.findings.len() == before {
            tls.material = self.material(&cert, &key, client_ca.as_ref());
        }
        tls
    }

    fn pem_file(&mut self, setting: &Setting) -> Option<Named> {
        let (path, origin) = self.value_with_origin(setting, Given::text)?;
        let path = self.path(&path, &origin);
        let text = self.secret_in(&path, &origin);
        Some(Named { origin, text })
    }

    fn material(
        &mut self,
        cert: &Named,
        key: &Named,
        client_ca: Option<&Named>,
    ) -> Option<ServerTls> {
        let identity = ClientIdentity {
            cert: cert.text.as_ref()?.expose(),
            key: key.text.as_ref()?.expose(),
        };
        let ca = client_ca.and_then(|ca| ca.text.as_ref());
        ServerTls::new(identity, ca.map(Secret::expose))
            .map_err(|error| {
                let (origin, reason) = match error {
                    TlsError::Unfit { part, reason } => {
                        let at = match part {
                            Part::Key => key,
                            Part::Ca => client_ca.unwrap_or(cert),
                            Part::Cert | Part::ServerName => cert,
                        };
                        (&at.origin, reason)
                    }
                    TlsError::System(reason) => (&cert.origin, reason),
                };
                let finding = Finding::new(Code::UnusableFile, origin.clone(), reason);
                self.findings.push(finding);
            })
            .ok()
    }
}
