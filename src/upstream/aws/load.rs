//! How a session comes to be: the own identity from its providers, a role from STS.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_sdk_sts::config::Region;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use futures_util::FutureExt as _;
use tokio::time::Instant;

use crate::connections::ambient::Ambient;
use crate::connections::identity::ProcessKey;
use crate::instruments::Instruments;
use crate::instruments::Refresh;
use crate::secret::Secret;
use crate::upstream::aws::chain;
use crate::upstream::aws::complaint;
use crate::upstream::aws::sts::Denied;
use crate::upstream::aws::sts::Proof;
use crate::upstream::aws::sts::Sts;
use crate::upstream::aws::sts::Way;
use crate::upstream::aws::wanted::Role;
use crate::upstream::aws::wanted::Source;
use crate::upstream::aws::wanted::TokenFile;
use crate::upstream::aws::wanted::Wanted;
use crate::upstream::credentials;
use crate::upstream::credentials::CredentialError;
use crate::upstream::credentials::files::Files;
use crate::upstream::sessions::Held;
use crate::upstream::sessions::Load;
use crate::upstream::sessions::LoadError as _;
use crate::upstream::sessions::Loaded;
use crate::upstream::sessions::Sessions;

/// How long credentials without an end are kept: a profile's keys can be exchanged.
const ENDLESS: Duration = Duration::from_secs(15 * 60);
/// How long the load of a role waits for the identity that assumes it.
const OWN: Duration = Duration::from_secs(20);

/// Credentials that sign, and how they were had.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) credentials: Credentials,
    way: Way,
}

impl Session {
    /// When it ends, in seconds since 1970; none for what has no end.
    pub(super) fn ends(&self) -> Option<i64> {
        let ends = self.credentials.expiry()?;
        let since = ends.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        i64::try_from(since.as_secs()).ok()
    }
}

/// Everything that loads need.
#[derive(Debug)]
pub(super) struct Loader {
    pub(super) sessions: Sessions<Session, CredentialError>,
    pub(super) key: ProcessKey,
    pub(super) sts: Sts,
    pub(super) http: SharedHttpClient,
    pub(super) ambient: Ambient,
    pub(super) files: Arc<Files>,
    pub(super) instruments: Arc<Instruments>,
}

/// Whether a load may use what other loads have brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// It may.
    Shared,
    /// It may not: a connection test.
    Apart,
}

/// The load of `wanted`, counted for the connection called `backend`.
pub(super) fn load(
    loader: &Arc<Loader>,
    wanted: &Wanted,
    reach: Reach,
    backend: Option<&str>,
) -> Load<Session, CredentialError> {
    let (loader, wanted) = (Arc::clone(loader), wanted.clone());
    let backend = backend.map(str::to_owned);
    let asking = Arc::new((wanted, backend));
    Arc::new(move |previous: Option<Session>| {
        let (loader, asking) = (Arc::clone(&loader), Arc::clone(&asking));
        let way = previous.map(|session| session.way);
        async move {
            let (wanted, backend) = &*asking;
            let loaded = loader.load(wanted, way, reach, backend.as_deref()).await;
            let result = result(loaded.as_ref().err());
            let instruments = &loader.instruments;
            instruments.credential_refresh(backend.as_deref(), result);
            loaded
        }
        .boxed()
    })
}

fn result(error: Option<&CredentialError>) -> Refresh {
    match error {
        None => Refresh::Ok,
        Some(CredentialError::Endpoint { reason, .. }) if complaint::is_throttling(reason) => {
            Refresh::Throttled
        }
        Some(error) if error.is_refusal() => Refresh::Refused,
        Some(_) => Refresh::Failed,
    }
}

impl Loader {
    async fn load(
        self: &Arc<Self>,
        wanted: &Wanted,
        way: Option<Way>,
        reach: Reach,
        backend: Option<&str>,
    ) -> Result<Loaded<Session>, CredentialError> {
        let session = match &wanted.role {
            Some(role) => self.role((wanted, role), way, reach, backend).await?,
            None => self.source(wanted).await?,
        };
        let ends = session.credentials.expiry();
        let lifetime = ends.map_or(ENDLESS, |ends| {
            let now = self.sts.time(&wanted.place);
            ends.duration_since(now).unwrap_or_default()
        });
        Ok(Loaded {
            value: session,
            lifetime,
        })
    }

    async fn source(&self, wanted: &Wanted) -> Result<Session, CredentialError> {
        let credentials = match &wanted.source {
            Source::Given(given) => given.credentials(),
            Source::Own { profile } => {
                // It may ask STS, which it does not say.
                self.sts.take_turn().await?;
                let config = self.provider_config(wanted);
                chain::credentials(&config, profile.as_deref()).await?
            }
        };
        Ok(Session {
            credentials,
            way: Way::default(),
        })
    }

    fn provider_config(&self, wanted: &Wanted) -> ProviderConfig {
        let place = &wanted.place;
        let region = self.ambient.region.as_ref().unwrap_or(&place.region);
        ProviderConfig::empty()
            .with_http_client(self.http.clone())
            .with_sleep_impl(TokioSleep::new())
            .with_time_source(self.sts.time_source(place))
            .with_region(Some(Region::new(region.clone())))
            .with_use_fips(Some(place.fips))
    }

    /// A session of `role`, in the way that worked the last time, else in the other one.
    async fn role(
        self: &Arc<Self>,
        (wanted, role): (&Wanted, &Role),
        way: Option<Way>,
        reach: Reach,
        backend: Option<&str>,
    ) -> Result<Session, CredentialError> {
        let by_credentials = way.as_ref().is_some_and(|way| !way.by_token);
        let mut way = way.unwrap_or_default();
        if let Some(file) = role.token_file.as_ref().filter(|_| !by_credentials) {
            let token = self.token(file).await?;
            way.by_token = true;
            match self
                .assume(wanted, role, &Proof::Token(token), &mut way)
                .await
            {
                Ok(session) => return Ok(session),
                Err(denied) if !denied.error.is_refusal() => return Err(denied.error),
                // The role may trust the identity of this pod, if not its token.
                Err(_) => way = Way::default(),
            }
        }
        let (credentials, held) = self.begin(wanted, reach, backend).await?;
        let proof = Proof::Credentials(credentials);
        let denied = match self.assume(wanted, role, &proof, &mut way).await {
            Ok(session) => return Ok(session),
            Err(denied) => denied,
        };
        // The identity itself can have ended before its time.
        let is_stale = denied
            .code
            .as_deref()
            .is_some_and(complaint::is_about_session);
        if let Some(held) = held.filter(|_| is_stale)
            && let Some(credentials) = self.begin_anew(wanted, &held, backend).await
        {
            let proof = Proof::Credentials(credentials);
            let again = self.assume(wanted, role, &proof, &mut way).await;
            return again.map_err(|denied| denied.error);
        }
        Err(denied.error)
    }

    async fn assume(
        &self,
        wanted: &Wanted,
        role: &Role,
        proof: &Proof,
        way: &mut Way,
    ) -> Result<Session, Denied> {
        let credentials = self.sts.assume(&wanted.place, role, proof, way).await?;
        let way = way.clone();
        Ok(Session { credentials, way })
    }

    async fn token(&self, file: &TokenFile) -> Result<Secret, CredentialError> {
        match self.files.read(&file.path).await {
            Ok(read) => Ok(read.secret().clone()),
            Err(error) => Err(CredentialError::File {
                key: file.named_by.to_owned(),
                reason: error.to_string(),
            }),
        }
    }

    /// The credentials that assume the role; if they are a session of the own identity, that too.
    async fn begin(
        self: &Arc<Self>,
        wanted: &Wanted,
        reach: Reach,
        backend: Option<&str>,
    ) -> Result<(Credentials, Option<Held<Session>>), CredentialError> {
        let own = match &wanted.source {
            Source::Given(given) => return Ok((given.credentials(), None)),
            Source::Own { .. } => wanted.own(),
        };
        if reach == Reach::Apart {
            return Ok((self.source(&own).await?.credentials, None));
        }
        let load = load(self, &own, Reach::Shared, backend);
        let deadline = Instant::now() + OWN;
        let held = self
            .sessions
            .session(&own.claim(&self.key), deadline, &load)
            .await;
        let held = held.map_err(credentials::missing)?;
        Ok((held.value.credentials.clone(), Some(held)))
    }

    async fn begin_anew(
        self: &Arc<Self>,
        wanted: &Wanted,
        used: &Held<Session>,
        backend: Option<&str>,
    ) -> Option<Credentials> {
        let own = wanted.own();
        let load = load(self, &own, Reach::Shared, backend);
        let deadline = Instant::now() + OWN;
        let claim = own.claim(&self.key);
        let held = self
            .sessions
            .renewed(&claim, used, deadline, &load)
            .await
            .ok()?;
        Some(held.value.credentials)
    }
}
