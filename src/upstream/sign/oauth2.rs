//! OAuth 2.0 client credentials (RFC 6749, section 4.4): a token is had at its endpoint, kept as a
//! session, and shown to the backend.

pub(in crate::upstream) mod answer;
mod endpoint;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::Instant;

use crate::connections::Connection;
use crate::connections::Proxy;
use crate::connections::Reach;
use crate::connections::auth::OAuth2;
use crate::connections::identity::Digest;
use crate::connections::identity::Part;
use crate::connections::identity::ProcessKey;
use crate::instruments::Instruments;
use crate::instruments::Refresh;
use crate::secret::Secret;
use crate::time::UnixMillis;
use crate::upstream::UpstreamError;
use crate::upstream::aws::Purpose;
use crate::upstream::client::Clients;
use crate::upstream::client::Shared;
use crate::upstream::credentials;
use crate::upstream::credentials::CredentialError;
use crate::upstream::credentials::files::Files;
use crate::upstream::sessions::Claim;
use crate::upstream::sessions::Held;
use crate::upstream::sessions::Load;
use crate::upstream::sessions::Loaded;
use crate::upstream::sessions::Missing;
use crate::upstream::sessions::Random;
use crate::upstream::sessions::Sessions;
use crate::upstream::sign::Mend;
use crate::upstream::sign::Proof;
use crate::upstream::status::Failed;
use endpoint::Client;
use endpoint::Style;

/// How long a token lasts that does not say it.
const LIFETIME: Duration = Duration::from_secs(300);
/// As long as a token is ever kept: an endpoint can name any number.
const LONGEST: Duration = Duration::from_secs(86_400);

/// The tokens of this process.
pub(in crate::upstream) struct Tokens {
    sessions: Sessions<Token, CredentialError>,
    process: ProcessKey,
    /// The wall clock, by which the end of a token is told.
    clock: fn() -> UnixMillis,
}

/// A token, and how the client proved itself when it was had.
#[derive(Clone, Debug)]
pub(super) struct Token {
    secret: Secret,
    style: Style,
    /// When it ends, in seconds since 1970.
    ends: i64,
}

/// What was shown, and how to have the next.
pub(super) struct Shown {
    claim: Claim,
    held: Held<Token>,
    load: Load<Token, CredentialError>,
    purpose: Purpose,
}

/// All that a token depends on. The content of a file counts, so that a new secret is another key.
struct Whole<'a> {
    block: &'a OAuth2,
    client_secret: &'a Secret,
    proxy: &'a Option<Proxy>,
    reach: &'a Reach,
}

impl Part for Whole<'_> {
    fn put(&self, digest: &mut Digest) {
        digest.all(&[self.block, self.client_secret, self.proxy, self.reach]);
    }
}

impl Tokens {
    pub(in crate::upstream) fn new(random: Random, clock: fn() -> UnixMillis) -> Self {
        Self {
            sessions: Sessions::new(random),
            process: ProcessKey::random(),
            clock,
        }
    }
}

/// Adds a token to `proof`.
pub(super) async fn prove(
    block: &OAuth2,
    connection: &Connection,
    shared: &Shared,
    when: (Purpose, Instant),
    proof: &mut Proof,
) -> Result<(), CredentialError> {
    for (_, value) in &block.endpoint_params {
        proof.secrets.add(value);
    }
    let key = "oauth2.client_secret";
    let find = || credentials::find(&shared.files, &block.client_secret, key);
    let mut found = find().await?;
    let mut shown = show(block, connection, shared, when, &found.secret).await;
    // As with a 401 of a backend: the file may have changed since it was looked at.
    if let (Err(CredentialError::Refused { .. }), Some(read)) = (&shown, &found.read)
        && shared.files.has_changed(read).await
    {
        found = find().await?;
        shown = show(block, connection, shared, when, &found.secret).await;
    }
    let shown = shown?;
    proof.secrets.add(&found.secret);
    proof.reads.extend(found.read);
    let token = &shown.held.value.secret;
    proof.secrets.add(token);
    let value = format!("Bearer {}", token.expose());
    proof.add("authorization", &value, &block.client_secret, key)?;
    proof.token = Some(shown);
    Ok(())
}

/// The token at hand, or a new one.
async fn show(
    block: &OAuth2,
    connection: &Connection,
    shared: &Shared,
    (purpose, deadline): (Purpose, Instant),
    client_secret: &Secret,
) -> Result<Shown, CredentialError> {
    let claim = Claim {
        identity: shared.tokens.process.identity(&Whole {
            block,
            client_secret,
            proxy: &connection.proxy,
            reach: &connection.reach,
        }),
        owner: connection.caller.clone(),
    };
    let load = load(Giver {
        client: Client {
            block: block.clone(),
            secret: client_secret.clone(),
            proxy: connection.proxy.clone(),
            reach: connection.reach.clone(),
        },
        backend: connection.name.clone(),
        clients: Arc::clone(&shared.clients),
        files: Arc::clone(&shared.files),
        instruments: Arc::clone(&shared.instruments),
        clock: shared.tokens.clock,
    });
    let sessions = &shared.tokens.sessions;
    let held = match purpose {
        Purpose::Query => sessions.session(&claim, deadline, &load).await,
        Purpose::Test => {
            sessions
                .session_apart(claim.identity, deadline, &load)
                .await
        }
    };
    let held = held.map_err(|missing| match missing {
        Missing::Late => CredentialError::Late {
            service: endpoint::host_port(&block.token_url),
        },
        other => credentials::missing(other),
    })?;
    if purpose == Purpose::Query
        && let Some(name) = &connection.name
    {
        shared.instruments.credential_expiry(name, held.value.ends);
    }
    Ok(Shown {
        claim,
        held,
        load,
        purpose,
    })
}

/// What is to be done about a 401 in answer to `shown`: the token may have been revoked.
pub(super) async fn mend(
    shown: &Shown,
    connection: &Connection,
    shared: &Shared,
    deadline: Instant,
) -> Mend {
    // A test's token was made for it.
    if shown.purpose == Purpose::Test {
        return Mend::Nothing;
    }
    let sessions = &shared.tokens.sessions;
    let renewed = sessions.renewed(&shown.claim, &shown.held, deadline, &shown.load);
    match renewed.await {
        Ok(_) => Mend::Again,
        Err(Missing::Failed(source)) => {
            let host = connection.url.host_port();
            Mend::Means(Failed::for_good(UpstreamError::Credentials {
                host,
                source,
            }))
        }
        Err(Missing::Late | Missing::Lost | Missing::Again) => Mend::Nothing,
    }
}

/// What a load needs.
struct Giver {
    client: Client,
    /// The name of the connection, for the instruments.
    backend: Option<String>,
    clients: Arc<Clients>,
    files: Arc<Files>,
    instruments: Arc<Instruments>,
    clock: fn() -> UnixMillis,
}

fn load(giver: Giver) -> Load<Token, CredentialError> {
    let giver = Arc::new(giver);
    Arc::new(move |previous: Option<Token>| {
        let giver = Arc::clone(&giver);
        async move { giver.token(previous).await }.boxed()
    })
}

impl Giver {
    /// A new token. The way in which the client proved itself for the last one comes first.
    async fn token(&self, previous: Option<Token>) -> Result<Loaded<Token>, CredentialError> {
        let style = previous.map_or(Style::Header, |token| token.style);
        let (clients, files) = (&self.clients, &self.files);
        let mut had = self.client.ask(style, clients, files).await;
        let mut used = style;
        if had.as_ref().is_err_and(|error| error.is_about_the_client) {
            used = style.other();
            had = self.client.ask(used, clients, files).await;
        }
        let result = match &had {
            Ok(_) => Refresh::Ok,
            Err(error) => error.result,
        };
        self.instruments
            .credential_refresh(self.backend.as_deref(), result);
        let granted = had.map_err(|error| error.error)?;
        let lifetime = granted.lifetime.unwrap_or(LIFETIME).min(LONGEST);
        let ends = (self.clock)() + lifetime.into();
        Ok(Loaded {
            value: Token {
                secret: granted.token,
                style: used,
                ends: ends.get() / 1_000,
            },
            lifetime,
        })
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shown").finish_non_exhaustive()
    }
}
