//! `policy`: what requests may do (security.md, sections 3 and 5).

use std::path::Path;
use std::path::PathBuf;

use super::reader::Reader;
use super::setting;
use crate::connections::Policy;
use crate::connections::details::error::Unfit;
use crate::connections::details::given::Given;
use crate::connections::details::given::Scalar;
use crate::connections::details::keys;
use crate::connections::policy::AllowedRole;
use crate::connections::policy::AllowedUpstreams;
use crate::connections::policy::PrivateTargets;
use crate::connections::policy::SecretsDir;
use crate::connections::policy::UpstreamPattern;
use crate::network::Network;
use crate::secret::Secret;

/// Variables that name files of the mirror's own identity, which the SDK reads by itself.
const OF_THE_IDENTITY: [&str; 4] = [
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONFIG_FILE",
];
/// Where the SDK looks below the home directory, without any variable.
const OF_THE_HOME: [&str; 2] = [".aws/credentials", ".aws/config"];

impl Reader<'_> {
    /// What requests may do.
    pub(super) fn policy(&mut self) -> Policy {
        let default = Policy::default();
        Policy {
            allowed_upstreams: self.allowed_upstreams(),
            private_targets: self.private_targets(),
            named_only: self.flag(&setting::NAMED_ONLY, default.named_only),
            request_credentials: self
                .flag(&setting::REQUEST_CREDENTIALS, default.request_credentials),
            ambient_credentials: self
                .flag(&setting::AMBIENT_CREDENTIALS, default.ambient_credentials),
            // Those of the callers, who are read later.
            grants: default.grants,
            allowed_role_arns: self.entries(&setting::ALLOWED_ROLE_ARNS, role),
            secrets_dir: self.secrets_dir(),
            allow_insecure_tls: self.flag(&setting::ALLOW_INSECURE_TLS, default.allow_insecure_tls),
        }
    }

    /// Refuses a folder for requests that holds a file which the configuration itself or the mirror's
    /// own identity uses: a caller could have the mirror's own key, or the token that is its identity,
    /// sent to a host (security.md, section 5).
    pub(super) fn check_secrets_dir(&mut self, policy: &Policy) {
        let folder = policy.secrets_dir.as_ref();
        let Some(folder) = folder.and_then(|folder| folder.path().canonicalize().ok()) else {
            return;
        };
        let in_it = |path: &Path| {
            let path = path.canonicalize();
            path.is_ok_and(|path| path.starts_with(&folder))
        };
        let environment = self.layers.environment;
        let file = |name: &str| environment.variable(name).map(PathBuf::from);
        let named = OF_THE_IDENTITY.iter().filter_map(|name| file(name));
        let home = file("HOME").into_iter();
        let usual = home.flat_map(|home| OF_THE_HOME.map(|path| home.join(path)));
        let mut of_the_identity = named.chain(usual);
        if self.files.paths().any(in_it) || of_the_identity.any(|path| in_it(&path)) {
            let misplaced = || {
                Err(Unfit::refused(
                    "must not hold a file that the configuration uses",
                ))
            };
            self.value::<()>(&setting::SECRETS_DIR, |_| misplaced());
        }
    }

    fn allowed_upstreams(&mut self) -> AllowedUpstreams {
        let setting = &setting::ALLOWED_UPSTREAMS;
        if let Ok(Some((given, origin))) = self.layers.value(setting)
            && is_any(&given)
        {
            self.account.note(setting, given, origin);
            return AllowedUpstreams::Any;
        }
        let listed = self.entries(setting, upstream);
        listed.map_or(AllowedUpstreams::Unset, AllowedUpstreams::Listed)
    }

    fn private_targets(&mut self) -> PrivateTargets {
        let read = |given: Given| match given.text()?.as_str() {
            "allow" => Ok(PrivateTargets::Allow),
            "listed" => Ok(PrivateTargets::Listed),
            _ => Err(Unfit::invalid("must be allow or listed")),
        };
        let read = self.value(&setting::PRIVATE_TARGETS, read);
        read.unwrap_or_default()
    }

    fn secrets_dir(&mut self) -> Option<SecretsDir> {
        let (path, origin) = self.value_with_origin(&setting::SECRETS_DIR, Given::text)?;
        let path = self.path(&path, &origin);
        Some(SecretsDir::new(path, |path| path.canonicalize()))
    }
}

/// Whether every upstream is allowed, in words; in a variable that is a list of one.
fn is_any(given: &Given) -> bool {
    match given {
        Given::Scalar(Scalar::Text(text)) => text == "any",
        Given::List(members) => members.len() == 1 && members.iter().all(is_any),
        Given::Scalar(_) | Given::Map(_) => false,
    }
}

fn upstream(given: Given) -> Result<UpstreamPattern, Unfit> {
    let [url, addresses] = members(given, "url", ["url", "addresses"])?;
    let networks = addresses.map(networks).transpose()?;
    let url = url.ok_or_else(|| Unfit::invalid("needs url"))?.text()?;
    let pattern = UpstreamPattern::parse(&url);
    let pattern = pattern.map_err(|error| Unfit::invalid(error.to_string()))?;
    Ok(match networks {
        Some(networks) => pattern.narrowed_to(networks),
        None => pattern,
    })
}

/// What the name of an upstream may resolve to.
fn networks(given: Given) -> Result<Vec<Network>, Unfit> {
    let members = match given {
        Given::List(members) if !members.is_empty() => members,
        Given::List(_) | Given::Scalar(_) | Given::Map(_) => {
            return Err(Unfit::invalid("addresses must be a list of networks"));
        }
    };
    let networks = members.into_iter().map(|member| {
        let text = member.text()?;
        let network = text.parse::<Network>();
        network.map_err(|error| Unfit::invalid(format!("addresses: {error}")))
    });
    networks.collect()
}

fn role(given: Given) -> Result<AllowedRole, Unfit> {
    let [role_arn, external_id] = members(given, "role_arn", ["role_arn", "external_id"])?;
    let role_arn = role_arn.ok_or_else(|| Unfit::invalid("needs role_arn"))?;
    let external_id = external_id.map(Given::text_or_number).transpose()?;
    Ok(AllowedRole {
        role_arn: role_arn.text()?,
        external_id: external_id.map(Secret::new),
    })
}

/// What an entry says under `names`; an entry that is a string says it under `alone`.
fn members<const N: usize>(
    given: Given,
    alone: &str,
    names: [&'static str; N],
) -> Result<[Option<Given>; N], Unfit> {
    let members = match given {
        Given::Map(members) => members,
        scalar @ Given::Scalar(_) => vec![(alone.to_owned(), scalar)],
        Given::List(_) => return Err(Unfit::invalid("must be a string or a map")),
    };
    let mut found = [const { None }; N];
    for (name, given) in members {
        let Some(at) = names.iter().position(|known| *known == name) else {
            return Err(Unfit::unknown(keys::nearest(&name, names)));
        };
        found[at] = Some(given).filter(|given| !given.is_absent());
    }
    Ok(found)
}
