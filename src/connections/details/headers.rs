//! `headers` and `http_headers`: what is added to every call of a backend.

use super::block::Block;
use super::error::{Place, Unfit};
use super::fit;
use super::given::Given;
use crate::connections::Header;
use crate::connections::auth::SecretSource;
use crate::limits;
use crate::secret;
use crate::secret::Secret;

/// The header that names a tenant. AMP is reported to deny requests with it.
pub(super) const TENANT: &str = "x-scope-orgid";

/// Headers that say for whom, how or from where something is asked, and never that it may be.
const HARMLESS: [&str; 7] = [
    TENANT,
    "accept",
    "accept-language",
    "cache-control",
    "referer",
    "thanos-tenant",
    "x-request-id",
];

/// Headers while they are collected from both blocks.
#[derive(Default)]
pub(super) struct Headers {
    /// A name with several values stands several times.
    pub(super) all: Vec<Header>,
    names: Vec<String>,
}

impl Headers {
    /// Whether some of them were called secrets.
    pub(super) fn hold_secrets(&self) -> bool {
        self.all.iter().any(|it| it.is_secret)
    }

    /// Whether one of them may prove who asks: one that was called a secret, or any that is as long as
    /// one, but for those that are known to be none.
    pub(super) fn may_prove(&self) -> bool {
        self.all.iter().any(|it| {
            let is_long = matches!(&it.value, SecretSource::Inline(value) if value.expose().len() >= secret::SHORTEST);
            it.is_secret || (is_long && !HARMLESS.contains(&it.name.as_str()))
        })
    }

    /// Reads `headers`, a map of strings.
    pub(super) fn plain(&mut self, mut block: Block<'_>) {
        for (place, name, given) in block.rest() {
            let read = self.name(&name).and_then(|lower| {
                let value = value(&lower, given)?;
                self.add(&lower, SecretSource::Inline(Secret::new(value)), false)
            });
            if let Err(unfit) = read {
                block.refuse_at(&place, &name, unfit);
            }
        }
    }

    /// Reads `http_headers`, whose members say where values come from.
    pub(super) fn sourced(&mut self, mut block: Block<'_>) {
        for (place, name, given) in block.rest() {
            match self.name(&name) {
                Ok(lower) => self.values(&mut block, place, &name, &lower, given),
                Err(unfit) => block.refuse_at(&place, &name, unfit),
            }
        }
    }

    fn values(
        &mut self,
        block: &mut Block<'_>,
        place: Place,
        name: &str,
        lower: &str,
        given: Given,
    ) {
        let Some(mut block) = block.open_at(place, name, given) else {
            return;
        };
        for key in ["values", "secrets"] {
            let values = block.read(key, |given| {
                let values = given.texts()?;
                values
                    .iter()
                    .try_for_each(|value| length_and_form(lower, value))?;
                Ok(values)
            });
            for value in values.into_iter().flatten() {
                let value = SecretSource::Inline(Secret::new(value));
                let added = self.add(lower, value, key == "secrets");
                if let Err(unfit) = added {
                    block.refuse(key, unfit);
                }
            }
        }
        let origin = block.rules.origin;
        let files = block.read("files", |given| {
            let Given::List(members) = given else {
                return Err(Unfit::invalid("must be a list of strings"));
            };
            let present = members.into_iter().filter(|member| !member.is_absent());
            present
                .map(|member| origin.file(member))
                .collect::<Result<Vec<_>, _>>()
        });
        for file in files.into_iter().flatten() {
            if let Err(unfit) = self.add(lower, SecretSource::File(file), true) {
                block.refuse("files", unfit);
            }
        }
        block.needs(&["values", "secrets", "files"]);
        block.close();
    }

    /// The name in lower case, if it is free to be used.
    fn name(&mut self, written: &str) -> Result<String, Unfit> {
        fit::token(written)?;
        let name = written.to_ascii_lowercase();
        if let Some(instead) = reserved(&name) {
            return Err(Unfit::refused(instead));
        }
        if self.names.contains(&name) {
            return Err(Unfit::refused("is given twice"));
        }
        // No more names are compared than there may be headers.
        if self.names.len() == limits::HEADERS.0 {
            return Err(too_many());
        }
        self.names.push(name.clone());
        Ok(name)
    }

    fn add(&mut self, name: &str, value: SecretSource, is_secret: bool) -> Result<(), Unfit> {
        let (most, _) = limits::HEADERS;
        if self.all.len() == most {
            return Err(too_many());
        }
        self.all.push(Header {
            name: name.to_owned(),
            value,
            is_secret,
        });
        Ok(())
    }
}

fn too_many() -> Unfit {
    let (most, _) = limits::HEADERS;
    Unfit::refused(format!("there are more than {most} headers"))
}

/// Why a header cannot be set, and which block does instead (connections.md, "Reserved header
/// names"). `name` is in lower case.
fn reserved(name: &str) -> Option<&'static str> {
    Some(match name {
        "authorization" => "is reserved; use basic_auth, authorization, oauth2 or aws",
        "host" => "is reserved; use url",
        "cookie" => "is reserved; use authorization or another header",
        "user-agent" => "is reserved; the mirror names itself",
        "accept-encoding" => "is reserved; use backend_compression",
        "connection" | "keep-alive" | "te" | "trailer" | "transfer-encoding" | "upgrade" => {
            "is reserved; the mirror manages its connections"
        }
        _ if name.starts_with("content-") => "is reserved; use http_method",
        _ if name.starts_with("proxy-") => "is reserved; use proxy_url",
        _ if name.starts_with("x-amz-") => "is reserved; use aws",
        _ => return None,
    })
}

fn value(name: &str, given: Given) -> Result<String, Unfit> {
    let value = given.text()?;
    length_and_form(name, &value)?;
    Ok(value)
}

/// Both together are bounded: what is sent is one line.
fn length_and_form(name: &str, value: &str) -> Result<(), Unfit> {
    let (_, most_bytes) = limits::HEADERS;
    if name.len() + value.len() > most_bytes {
        return Err(Unfit::refused(format!(
            "must be at most {most_bytes} bytes"
        )));
    }
    fit::header_value(value)
}
