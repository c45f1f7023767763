//! Which session is wanted, with every credential read, and the key that it is kept under.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use aws_credential_types::Credentials;
use url::Host;
use url::Url;

use crate::caller::Caller;
use crate::connections::identity::Digest;
use crate::connections::identity::Part;
use crate::connections::identity::ProcessKey;
use crate::secret::Secret;
use crate::upstream::sessions::Claim;

/// A session of the own identity, or of a role.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) source: Source,
    /// The role; none: the source itself.
    pub(super) role: Option<Role>,
    pub(super) place: Place,
    /// Who has it made.
    pub(super) caller: Caller,
}

/// Whose credentials are the beginning.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Keys of the connection.
    Given(Given),
    /// The mirror's own identity, with the profile that the connection chooses.
    Own { profile: Option<String> },
}

/// Keys of a connection.
#[derive(Clone, Debug)]
pub(in crate::upstream) struct Given {
    pub(in crate::upstream) id: Secret,
    pub(in crate::upstream) secret: Secret,
    pub(in crate::upstream) session_token: Option<Secret>,
}

/// A role and how it is assumed.
#[derive(Clone, Debug)]
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) external_id: Option<Secret>,
    pub(super) session_name: String,
    pub(super) length: Duration,
    /// Where there is a web identity token to try.
    pub(super) token_file: Option<TokenFile>,
}

/// A file with a web identity token, and what names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TokenFile {
    pub(super) path: PathBuf,
    pub(super) named_by: &'static str,
}

/// Which STS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) region: String,
    /// Its address, instead of that of the region.
    pub(super) endpoint: Option<Url>,
    pub(super) fips: bool,
}

impl Wanted {
    /// The own identity that this session begins with: an entry of its own, which all roles that it
    /// assumes share.
    pub(super) fn own(&self) -> Self {
        Self {
            role: None,
            ..self.clone()
        }
    }

    /// What the sessions are asked for.
    pub(super) fn claim(&self, process: &ProcessKey) -> Claim {
        Claim {
            identity: process.identity(self),
            owner: self.caller.clone(),
        }
    }
}

/// Everything that another credential would change; who asks changes none. Nothing is left out by `..`: a
/// new field does not compile until someone has put it into the key, or said that it is not in it.
impl Part for Wanted {
    fn put(&self, digest: &mut Digest) {
        let Self {
            source,
            role,
            place,
            caller: _,
        } = self;
        digest.all(&[source, role, place]);
    }
}

impl Part for Source {
    fn put(&self, digest: &mut Digest) {
        match self {
            Self::Given(given) => {
                digest.form(0);
                given.put(digest);
            }
            Self::Own { profile } => {
                digest.form(1);
                profile.put(digest);
            }
        }
    }
}

impl Part for Given {
    fn put(&self, digest: &mut Digest) {
        let Self {
            id,
            secret,
            session_token,
        } = self;
        digest.all(&[id, secret, session_token]);
    }
}

impl Part for Role {
    fn put(&self, digest: &mut Digest) {
        let Self {
            arn,
            external_id,
            session_name,
            length,
            token_file,
        } = self;
        digest.all(&[arn, external_id, session_name, length, token_file]);
    }
}

impl Part for TokenFile {
    fn put(&self, digest: &mut Digest) {
        // What names the file decides the words of an error, not whose token it is.
        let Self { path, named_by: _ } = self;
        path.put(digest);
    }
}

impl Part for Place {
    fn put(&self, digest: &mut Digest) {
        let Self {
            region,
            endpoint,
            fips,
        } = self;
        digest.all(&[region, endpoint, fips]);
    }
}

impl Given {
    pub(super) fn credentials(&self) -> Credentials {
        let token = self.session_token.as_ref().map(|it| it.expose().to_owned());
        Credentials::new(self.id.expose(), self.secret.expose(), token, None, "given")
    }
}

impl Place {
    /// What names it, for what is remembered of its clock.
    pub(super) fn host(&self) -> String {
        let endpoint = self.endpoint.as_ref();
        endpoint.map_or_else(
            || format!("sts.{}", self.region),
            |url| url.authority().to_owned(),
        )
    }

    /// Whether what it says of the time can be believed: it proved its name, or is this machine.
    pub(super) fn is_trusted(&self) -> bool {
        self.endpoint.as_ref().is_none_or(|url| {
            url.scheme() == "https"
                || match url.host() {
                    Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
                    Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
                    Some(Host::Domain(name)) => name == "localhost",
                    None => false,
                }
        })
    }
}

#[cfg(test)]
mod tests;
