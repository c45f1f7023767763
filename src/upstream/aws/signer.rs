//! One backend with an AWS block: the credentials of the moment, and the signature made with them.

use std::sync::Arc;
use std::time::Instant;

use ::http::HeaderValue;
use ::http::header::HeaderName;
use aws_credential_types::Credentials;

use crate::caller::Caller;
use crate::connections::Connection;
use crate::connections::ambient::Ambient;
use crate::connections::auth;
use crate::secret::Secret;
use crate::upstream::aws::AwsError;
use crate::upstream::aws::load;
use crate::upstream::aws::load::Loader;
use crate::upstream::aws::load::Reach;
use crate::upstream::aws::load::Session;
use crate::upstream::aws::precedence;
use crate::upstream::aws::precedence::Assume;
use crate::upstream::aws::region;
use crate::upstream::aws::wanted::Given;
use crate::upstream::aws::wanted::Place;
use crate::upstream::aws::wanted::Role;
use crate::upstream::aws::wanted::Source;
use crate::upstream::aws::wanted::TokenFile;
use crate::upstream::aws::wanted::Wanted;
use crate::upstream::credentials;
use crate::upstream::credentials::CredentialError;
use crate::upstream::sessions::Held;
use crate::upstream::sessions::Missing;
use crate::upstream::sign::sigv4;
use crate::upstream::sign::sigv4::Scope;
use crate::upstream::sign::sigv4::Unsigned;

/// One backend and how requests to it are signed.
#[derive(Debug)]
pub(in crate::upstream) struct Signer {
    pub(super) loader: Arc<Loader>,
    /// The name of the connection, for the instruments.
    pub(super) backend: Option<String>,
    /// Name and port of the backend.
    pub(super) host: String,
    /// For which region and service.
    pub(in crate::upstream) region: String,
    pub(in crate::upstream) service: String,
    place: Place,
    /// For whom.
    caller: Caller,
    profile: Option<String>,
    /// The role that is assumed; none where the block's has no effect.
    role: Option<Role>,
}

/// For what a request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::upstream) enum Purpose {
    /// For what callers ask.
    Query,
    /// To see whether the connection works: its sessions are used for nothing else.
    Test,
}

/// A signature.
#[derive(Debug)]
pub(in crate::upstream) struct Signed {
    /// The headers to add, marked as sensitive.
    pub(in crate::upstream) headers: Vec<(HeaderName, HeaderValue)>,
    /// What it was made with that nobody may see.
    pub(in crate::upstream) secrets: Vec<Secret>,
    /// To be given back with an answer that is no success.
    pub(in crate::upstream) used: Used,
}

/// What a signature was made with.
#[derive(Debug)]
pub(in crate::upstream) struct Used {
    /// A session that can be renewed, and which it is.
    pub(super) session: Option<(Wanted, Held<Session>)>,
    /// Whether it was a session, renewable or not.
    pub(super) is_session: bool,
    pub(super) purpose: Purpose,
    /// Whether it was signed at another time than our clock's (notice 7010).
    pub(in crate::upstream) is_corrected: bool,
}

/// The signer of `block`.
pub(super) fn open(
    loader: Arc<Loader>,
    block: &auth::Aws,
    connection: &Connection,
) -> Result<Signer, AwsError> {
    let ambient = &loader.ambient;
    let mirrors = ambient.region.as_deref();
    let region = region::region(clues(ambient, block, connection))?;
    let sts_region = region::sts_region(block.sts_region.as_deref(), mirrors, region)?;
    let endpoint = block
        .sts_endpoint
        .as_ref()
        .or(ambient.sts_endpoint.as_ref());
    let place = Place {
        region: sts_region.to_owned(),
        endpoint: endpoint.cloned(),
        fips: block.use_fips_sts_endpoint,
    };
    let row = precedence::row(block, ambient.web_identity_token_file.as_deref());
    let role = role(block, row.assume);
    let region = region.to_owned();
    Ok(Signer {
        backend: connection.name.clone(),
        host: connection.url.host_port(),
        region,
        service: block.service.clone(),
        place,
        caller: connection.caller.clone(),
        profile: block.profile.clone(),
        role,
        loader,
    })
}

/// What there is to infer the region of `block` from.
pub(super) fn clues<'a>(
    ambient: &'a Ambient,
    block: &'a auth::Aws,
    connection: &'a Connection,
) -> region::Clues<'a> {
    region::Clues {
        block: block.block,
        given: block.region.as_deref(),
        host: connection.url.url().host_str().unwrap_or_default(),
        environment: ambient.region.as_deref(),
    }
}

fn role(block: &auth::Aws, assume: Assume<'_>) -> Option<Role> {
    let token_file = match assume {
        Assume::Nothing => return None,
        Assume::Role => None,
        Assume::WebIdentityFirst(path) => Some(TokenFile {
            path: path.to_owned(),
            named_by: match block.web_identity_token_file {
                Some(_) => "aws.web_identity_token_file",
                None => "AWS_WEB_IDENTITY_TOKEN_FILE",
            },
        }),
    };
    let external_id = block.external_id.clone();
    Some(Role {
        arn: block.role_arn.clone()?,
        external_id: external_id.filter(|it| !it.expose().is_empty()),
        session_name: block.role_session_name.clone(),
        length: block.session_length,
        token_file,
    })
}

impl Signer {
    /// Signs one attempt with the credentials and the time of this moment. `given` are the keys of
    /// the block, as they are now; `deadline` is when there must be credentials.
    pub(in crate::upstream) async fn sign(
        &self,
        unsigned: Unsigned<'_>,
        given: Option<Given>,
        purpose: Purpose,
        deadline: tokio::time::Instant,
    ) -> Result<Signed, CredentialError> {
        let wanted = self.wanted(given);
        let (credentials, session) = self.credentials(wanted, purpose, deadline).await?;
        let sts = &self.loader.sts;
        let ours = sts.now();
        let time = sts.offsets.time(&self.host, ours, Instant::now());
        let scope = Scope {
            region: &self.region,
            service: &self.service,
            time,
        };
        let headers = sigv4::sign(unsigned, &credentials, scope);
        let headers = headers.map_err(|_| CredentialError::Inline {
            key: "aws".to_owned(),
            reason: "no signature can be made with it".to_owned(),
        })?;
        let secrets = [
            Some(credentials.secret_access_key()),
            credentials.session_token(),
        ];
        let secrets = secrets.into_iter().flatten();
        Ok(Signed {
            headers,
            secrets: secrets.map(|it| Secret::new(it.to_owned())).collect(),
            used: Used {
                session,
                is_session: credentials.session_token().is_some(),
                purpose,
                is_corrected: time != ours,
            },
        })
    }

    async fn credentials(
        &self,
        wanted: Wanted,
        purpose: Purpose,
        deadline: tokio::time::Instant,
    ) -> Result<(Credentials, Option<(Wanted, Held<Session>)>), CredentialError> {
        if let (Source::Given(given), None) = (&wanted.source, &wanted.role) {
            return Ok((given.credentials(), None));
        }
        let (loader, backend) = (&self.loader, self.backend.as_deref());
        let claim = wanted.claim(&loader.key);
        let held = match purpose {
            Purpose::Query => {
                let load = load::load(loader, &wanted, Reach::Shared, backend);
                loader.sessions.session(&claim, deadline, &load).await
            }
            Purpose::Test => {
                let load = load::load(loader, &wanted, Reach::Apart, backend);
                loader
                    .sessions
                    .session_apart(claim.identity, deadline, &load)
                    .await
            }
        };
        let held = held.map_err(|missing| match missing {
            Missing::Late => late(&wanted),
            missing => credentials::missing(missing),
        })?;
        if purpose == Purpose::Query
            && let Some(name) = backend
            && let Some(ends) = held.value.ends()
        {
            loader.instruments.credential_expiry(name, ends);
        }
        Ok((held.value.credentials.clone(), Some((wanted, held))))
    }

    fn wanted(&self, given: Option<Given>) -> Wanted {
        let profile = self.profile.clone();
        Wanted {
            source: given.map_or(Source::Own { profile }, Source::Given),
            role: self.role.clone(),
            place: self.place.clone(),
            caller: self.caller.clone(),
        }
    }
}

/// Whoever was asked has been given all the time that the request had.
fn late(wanted: &Wanted) -> CredentialError {
    let service = match wanted.role {
        Some(_) => "STS",
        None => "The credential provider",
    };
    CredentialError::Late {
        service: service.to_owned(),
    }
}
