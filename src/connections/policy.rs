//! What the operator allows: which upstreams are reached, and which credentials are used towards
//! them (security.md, sections 3 and 5). Pure: a resolved connection goes in, an error or what is
//! to be used comes out. Who is accepted, and whether the mirror may listen at all, is not decided
//! here; what an accepted caller may use is.

pub mod pattern;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::caller::Caller;
use crate::connections::Connection;
use crate::connections::amp::AmpHost;
use crate::connections::auth::Authentication;
use crate::connections::auth::Aws;
use crate::connections::auth::SecretSource;
pub use crate::connections::details::origin::SecretsDir;
use crate::connections::named::Named;
use crate::connections::reach::Reach;
use crate::connections::tls::Tls;
use crate::connections::url::BaseUrl;
use crate::network::Bounds;
use crate::secret::Secret;
pub use pattern::{PatternError, UpstreamPattern};

/// What the operator allows (`policy`).
#[derive(Clone, Debug)]
pub struct Policy {
    /// Which upstreams a request may reach by their address.
    pub allowed_upstreams: AllowedUpstreams,
    /// Which hosts may have private addresses.
    pub private_targets: PrivateTargets,
    /// Whether a request may only name connections.
    pub named_only: bool,
    /// Whether a request may bring credentials.
    pub request_credentials: bool,
    /// Whether the mirror's own AWS identity is used at all.
    pub ambient_credentials: bool,
    /// What each caller of the configuration may use, by its name (`callers`).
    pub grants: BTreeMap<Arc<str>, Grant>,
    /// The roles that it assumes for requests; `None`: any.
    pub allowed_role_arns: Option<Vec<AllowedRole>>,
    /// Where the files are that a request may name; `None`: it may name none.
    pub secrets_dir: Option<SecretsDir>,
    /// Whether `insecure_skip_verify` may be said at all.
    pub allow_insecure_tls: bool,
}

/// Which upstreams a request may reach by their address (`policy.allowed_upstreams`).
#[derive(Clone, Debug, Default)]
pub enum AllowedUpstreams {
    /// Those of named connections, or all if there are none.
    #[default]
    Unset,
    /// All, in words.
    Any,
    /// These, and those of named connections.
    Listed(Vec<UpstreamPattern>),
}

/// Which hosts may have private addresses (`policy.private_targets`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PrivateTargets {
    /// All that may be reached: a Prometheus in the same cluster is the usual case.
    #[default]
    Allow,
    /// Those of listed upstreams and of named connections.
    Listed,
}

/// What a caller may use (an entry of `callers`). With either list, only what is stated; with none,
/// whatever everybody may.
#[derive(Clone, Debug, Default)]
pub struct Grant {
    /// The named connections.
    pub connections: Option<BTreeSet<String>>,
    /// The upstreams that it may reach by their address, as far as everybody may.
    pub upstreams: Option<Vec<UpstreamPattern>>,
}

/// A role that the mirror's own identity may assume (`policy.allowed_role_arns`).
#[derive(Clone, Debug)]
pub struct AllowedRole {
    /// Its ARN, compared exactly.
    pub role_arn: String,
    /// The external id that goes with it: a request must leave it out or give the same. Otherwise
    /// one customer could borrow another's role.
    pub external_id: Option<Secret>,
}

/// Why a connection may not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The address is not listed, or only names are accepted (`PM-6002`).
    #[error("{host} is not an upstream this mirror may reach")]
    Upstream {
        /// The host of the backend or of the token endpoint.
        host: String,
    },
    /// A credential may not be used (`PM-6004`).
    #[error("{what} may not be used towards {host}")]
    Credential {
        /// Which one.
        what: Barred,
        /// The host of the backend.
        host: String,
    },
}

/// A credential that may not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Barred {
    /// One that a request brought.
    #[error("credentials of a request")]
    OfRequest,
    /// The mirror's own, which is switched off.
    #[error("the mirror's own AWS identity")]
    NoIdentity,
    /// The mirror's own, towards a backend that the operator does not know.
    #[error("the mirror's own AWS identity")]
    OwnIdentity,
    /// A role that is not listed, or with another external id than its own.
    #[error("this role or external id")]
    Role,
}

impl Default for Policy {
    /// What holds where the operator says nothing.
    fn default() -> Self {
        Self {
            allowed_upstreams: AllowedUpstreams::Unset,
            private_targets: PrivateTargets::Allow,
            named_only: false,
            request_credentials: true,
            ambient_credentials: true,
            grants: BTreeMap::new(),
            allowed_role_arns: None,
            secrets_dir: None,
            allow_insecure_tls: false,
        }
    }
}

impl Policy {
    /// Checks a resolved connection, and fills in which addresses its hosts may have and the
    /// external id that is pinned to its role.
    ///
    /// # Errors
    ///
    /// The first [`PolicyError`] that applies.
    pub fn admit(&self, connection: &mut Connection, named: &Named) -> Result<(), PolicyError> {
        connection.reach = self.reach(connection, named);
        let host = host(&connection.url);
        let barred = |what| {
            let host = host.clone();
            Err(PolicyError::Credential { what, host })
        };
        let is_own_identity = matches!(
            &connection.authentication,
            Authentication::Aws(aws) if aws.keys.is_none()
        );
        if is_own_identity && !self.ambient_credentials {
            return barred(Barred::NoIdentity);
        }
        // The rest is about requests; a named connection is the operator's own word.
        if connection.name.is_some() {
            return Ok(());
        }
        let is_granted = |url| self.grants_to(&connection.caller, url);
        let is_open = |url| is_granted(url) && self.reaches(url, named);
        let is_token_endpoint =
            |url| is_granted(url) && named.iter().any(|(_, it)| it.fetches_tokens_at(url));
        if self.named_only || !is_open(connection.url.url()) {
            return Err(PolicyError::Upstream { host });
        }
        if let Authentication::OAuth2(oauth2) = &connection.authentication
            && !(is_open(&oauth2.token_url) || is_token_endpoint(&oauth2.token_url))
        {
            let host = oauth2.token_url.host_str().unwrap_or_default().to_owned();
            return Err(PolicyError::Upstream { host });
        }
        if !self.request_credentials && brings_credentials(connection) {
            return barred(Barred::OfRequest);
        }
        if is_own_identity {
            if !self.identity_goes_to(connection) {
                return barred(Barred::OwnIdentity);
            }
            let Connection {
                authentication,
                caller,
                ..
            } = connection;
            if let Authentication::Aws(aws) = authentication {
                return self.role(aws, caller, named).or_else(barred);
            }
        }
        Ok(())
    }

    /// Whether `caller` may use the connection `name`, if there is one of that name.
    #[must_use]
    pub fn opens(&self, caller: &Caller, name: &str) -> bool {
        self.granted(caller, |grant| {
            let connections = grant.connections.as_ref();
            connections.is_some_and(|connections| connections.contains(name))
        })
    }

    /// The folder whose files a request of `caller` may name. Where callers have names it is one each,
    /// and whoever has none, as one by its network or the console, names no file.
    #[must_use]
    pub fn secrets_of(&self, caller: &Caller) -> Option<SecretsDir> {
        let all = self.secrets_dir.as_ref()?;
        match caller {
            Caller::Named(name) => Some(all.below(name)),
            Caller::Anyone | Caller::Network => self.grants.is_empty().then(|| all.clone()),
        }
    }

    /// Whether `caller` may reach `url`, as far as everybody may.
    #[must_use]
    pub fn grants_to(&self, caller: &Caller, url: &::url::Url) -> bool {
        self.granted(caller, |grant| {
            let upstreams = grant.upstreams.as_ref();
            upstreams.is_some_and(|patterns| patterns.iter().any(|it| it.covers(url)))
        })
    }

    /// Whether `caller` is granted something, that is if `is_stated`, unless nothing is stated for it
    /// at all.
    fn granted(&self, caller: &Caller, is_stated: impl FnOnce(&Grant) -> bool) -> bool {
        match caller {
            Caller::Anyone | Caller::Network => true,
            Caller::Named(name) => self.grants.get(name).is_some_and(|grant| {
                let is_whole = grant.connections.is_none() && grant.upstreams.is_none();
                is_whole || is_stated(grant)
            }),
        }
    }

    /// Whether wall B stands: what may be reached is listed. Being reached by name only is no list.
    #[must_use]
    pub fn wall_stands(&self, named: &Named) -> bool {
        match &self.allowed_upstreams {
            AllowedUpstreams::Any => false,
            AllowedUpstreams::Unset => !named.is_empty(),
            AllowedUpstreams::Listed(_) => true,
        }
    }

    /// Whether a request may reach all that `pattern` covers.
    #[must_use]
    pub fn reaches_all(&self, pattern: &UpstreamPattern, named: &Named) -> bool {
        let is_named = || {
            let url = pattern.only();
            url.is_some_and(|url| named.iter().any(|(_, it)| it.covers(url)))
        };
        let is_listed = || self.listed().iter().any(|it| pattern.is_within(it));
        !self.named_only && (!self.limits_upstreams(named) || is_listed() || is_named())
    }

    /// Whether not every upstream is reached.
    #[must_use]
    pub fn limits_upstreams(&self, named: &Named) -> bool {
        match &self.allowed_upstreams {
            AllowedUpstreams::Any => self.named_only,
            AllowedUpstreams::Unset => self.named_only || !named.is_empty(),
            AllowedUpstreams::Listed(_) => true,
        }
    }

    fn reach(&self, connection: &Connection, named: &Named) -> Reach {
        let bounds = |url| self.bounds(url, named);
        let token_url = match &connection.authentication {
            Authentication::OAuth2(oauth2) => Some(&oauth2.token_url),
            Authentication::None
            | Authentication::Basic(_)
            | Authentication::Authorization(_)
            | Authentication::Aws(_) => None,
        };
        let proxy = connection.proxy.as_ref();
        Reach {
            backend: bounds(connection.url.url()),
            token: token_url.map(bounds).unwrap_or_default(),
            proxy: proxy.map(|proxy| bounds(&proxy.url)).unwrap_or_default(),
        }
    }

    /// Which addresses the host of `url` may have. An entry that narrows a name narrows it for
    /// named connections as well; of several entries each adds what it allows.
    fn bounds(&self, url: &::url::Url, named: &Named) -> Bounds {
        let entries: Vec<_> = self.entries(url).collect();
        let is_listed = !entries.is_empty() || named.iter().any(|(_, it)| it.covers(url));
        let narrowed: Option<Vec<_>> = entries.iter().map(|entry| entry.networks()).collect();
        Bounds {
            networks: narrowed
                .filter(|all| !all.is_empty())
                .map(|all| all.concat()),
            allows_private: is_listed || self.private_targets == PrivateTargets::Allow,
            is_veiled: !self.limits_upstreams(named),
        }
    }

    fn reaches(&self, url: &::url::Url, named: &Named) -> bool {
        !self.limits_upstreams(named)
            || self.lists(url)
            || named.iter().any(|(_, it)| it.is_at(url))
    }

    fn lists(&self, url: &::url::Url) -> bool {
        self.entries(url).next().is_some()
    }

    /// The entries that cover `url`.
    fn entries(&self, url: &::url::Url) -> impl Iterator<Item = &UpstreamPattern> {
        self.listed().iter().filter(|entry| entry.covers(url))
    }

    fn listed(&self) -> &[UpstreamPattern] {
        match &self.allowed_upstreams {
            AllowedUpstreams::Listed(patterns) => patterns,
            AllowedUpstreams::Unset | AllowedUpstreams::Any => &[],
        }
    }

    /// Whether the mirror's own identity may sign for `connection` because a request says so. The
    /// address of a named connection is not enough: it gives leave to dial, and nothing more. Where
    /// its name says that a host is Amazon's, listed or not, its certificate has to be one of the
    /// public authorities for that name: who can answer DNS would get a session otherwise.
    fn identity_goes_to(&self, connection: &Connection) -> bool {
        let Connection { url, tls, .. } = connection;
        let service = AmpHost::read(url.url().host_str().unwrap_or_default());
        let is_service = matches!(service, Some(AmpHost::Service { .. }));
        let is_usual = url.is_https() && url.url().port_or_known_default() == Some(443);
        let is_proved = tls.ca.is_none() && tls.server_name.is_none();
        let is_known = (is_service && is_usual) || self.lists(url.url());
        is_known && (is_proved || service.is_none())
    }

    /// Whether the own identity may assume the role of `aws` for `caller`: a listed one, or that of a
    /// named connection which the caller may use.
    fn role(&self, aws: &mut Aws, caller: &Caller, named: &Named) -> Result<(), Barred> {
        let (Some(role), Some(allowed)) = (&aws.role_arn, &self.allowed_role_arns) else {
            return Ok(());
        };
        let Some(entry) = allowed.iter().find(|entry| entry.role_arn == *role) else {
            let mut usable = named.iter().filter(|(name, _)| self.opens(caller, name));
            let is_named = usable.any(|(_, it)| it.role_arn() == Some(role));
            return if is_named { Ok(()) } else { Err(Barred::Role) };
        };
        match (&entry.external_id, &aws.external_id) {
            (None, _) => Ok(()),
            (Some(pinned), None) => {
                aws.external_id = Some(pinned.clone());
                Ok(())
            }
            (Some(pinned), Some(given)) if pinned.expose() == given.expose() => Ok(()),
            (Some(_), Some(_)) => Err(Barred::Role),
        }
    }
}

fn host(url: &BaseUrl) -> String {
    url.url().host_str().unwrap_or_default().to_owned()
}

/// Whether a request says a credential itself, whole or in part. A file is the operator's.
fn brings_credentials(connection: &Connection) -> bool {
    let is_inline = |source: &SecretSource| matches!(source, SecretSource::Inline(_));
    let has_inline_key = |tls: &Tls| tls.client.as_ref().is_some_and(|it| is_inline(&it.key));
    let is_proved = match &connection.authentication {
        Authentication::None => false,
        Authentication::Basic(basic) => basic.password.as_ref().is_none_or(is_inline),
        Authentication::Authorization(it) => is_inline(&it.credentials),
        Authentication::OAuth2(it) => {
            let mut params = it.endpoint_params.iter();
            // A client may prove itself by one of them; these two only say what a token is for.
            let proves = |name: &str| !["audience", "resource"].contains(&name);
            is_inline(&it.client_secret)
                || has_inline_key(&it.tls)
                || params.any(|(name, _)| proves(name))
        }
        Authentication::Aws(aws) => aws.keys.as_ref().is_some_and(|it| {
            is_inline(&it.secret) || it.session_token.as_ref().is_some_and(is_inline)
        }),
    };
    let mut headers = connection.headers.iter();
    is_proved
        || has_inline_key(&connection.tls)
        || headers.any(|header| header.is_secret && is_inline(&header.value))
}

#[cfg(test)]
mod tests;
