//! What makes a request prove who asks. Each kind of authentication has a file; each attempt of a
//! call is signed anew, last of all that is done to it, with the credentials of that moment.
//!
//! Where a backend refuses what was sent, [`Shared::mend`] says whether there is something newer to
//! send: a call is repeated once for that (reliability.md, "Retries").

mod aws;
pub(super) mod basic;
mod bearer;
mod by;
pub(super) mod oauth2;
pub(super) mod sigv4;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Request;
use http::StatusCode;
use tokio::time::Instant;

use crate::connections::Connection;
use crate::connections::Header;
use crate::connections::auth::Authentication;
use crate::connections::auth::SecretSource;
use crate::connections::details::parameters;
use crate::limits;
use crate::secret;
use crate::secret::Secret;
use crate::upstream::aws::Purpose;
use crate::upstream::aws::complaint;
use crate::upstream::client::Shared;
use crate::upstream::client::proxy;
use crate::upstream::credentials;
use crate::upstream::credentials::CredentialError;
use crate::upstream::credentials::files::Files;
use crate::upstream::credentials::files::Read;
use crate::upstream::credentials::secrets::Secrets;
use crate::upstream::decode::ErrorBody;
use crate::upstream::status::Failed;
use aws::SignedBy;
pub use by::ProvedBy;

/// What one attempt proves itself with.
#[derive(Debug)]
pub(super) struct Proof {
    /// Headers for this attempt and no other: those of the connection, then those that prove.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    /// All secrets that are in them.
    pub(super) secrets: Secrets,
    /// Which block they are from.
    pub(super) by: ProvedBy,
    /// The files that were read for them.
    reads: Vec<Read>,
    /// Who signed, if it is an AWS signature.
    signed_by: Option<SignedBy>,
    /// The token among them, and how to have the next.
    token: Option<oauth2::Shown>,
}

/// How a backend refused an attempt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal<'a> {
    pub(super) status: StatusCode,
    pub(super) headers: &'a HeaderMap,
    /// Empty where it could not be read.
    pub(super) body: &'a [u8],
    /// What was shown to the backend, and may come back.
    pub(super) secrets: &'a Secrets,
}

/// What is to be done about a refusal.
#[derive(Debug)]
pub(super) enum Mend {
    /// Nothing: it means what its status says.
    Nothing,
    /// Sign once more: there is something newer to sign with.
    Again,
    /// Nothing, and it means this.
    Means(Failed),
}

impl Shared {
    /// What an attempt to send `request` over `connection` proves itself with, for `purpose`.
    ///
    /// # Errors
    ///
    /// Each [`CredentialError`].
    pub(super) async fn prove(
        &self,
        connection: &Connection,
        purpose: Purpose,
        request: &Request<Bytes>,
        deadline: Instant,
    ) -> Result<Proof, CredentialError> {
        let mut proof = Proof::new(connection);
        for header in &connection.headers {
            let Header { name, value, .. } = header;
            let key = format!("http_headers.{name}");
            let text = proof.read(&self.files, value, &key).await?;
            // What stands in the details was measured there.
            if name.len() + text.expose().len() > limits::HEADERS.1 {
                let why = "it is too long for a header";
                return Err(CredentialError::of(value, &key, why));
            }
            if header.is_secret || text.expose().len() >= secret::SHORTEST {
                proof.secrets.add(&text);
            }
            proof.add(name, text.expose(), value, &key)?;
        }
        // What asks others is on the heap: it is large, and every call would be as large.
        match &connection.authentication {
            Authentication::None => {}
            Authentication::Basic(it) => basic::prove(it, &self.files, &mut proof).await?,
            Authentication::Authorization(it) => {
                bearer::prove(it, &self.files, &mut proof).await?;
            }
            Authentication::Aws(it) => {
                let when = (purpose, deadline);
                let proving = aws::prove(it, connection, self, when, request, &mut proof);
                Box::pin(proving).await?;
            }
            Authentication::OAuth2(it) => {
                let when = (purpose, deadline);
                let proving = oauth2::prove(it, connection, self, when, &mut proof);
                Box::pin(proving).await?;
            }
        }
        Ok(proof)
    }

    /// What is to be done about `refusal`, with which an attempt with `proof` was answered.
    pub(super) async fn mend(
        &self,
        connection: &Connection,
        proof: &Proof,
        refusal: Refusal<'_>,
        deadline: Instant,
    ) -> Mend {
        // A header can be the credential too, so its file counts like that of a password. AWS
        // answers 403 to a key that was exchanged.
        let is_signed = proof.signed_by.is_some() && refusal.status == StatusCode::FORBIDDEN;
        if refusal.status == StatusCode::UNAUTHORIZED || is_signed {
            for read in &proof.reads {
                if self.files.has_changed(read).await {
                    return Mend::Again;
                }
            }
        }
        match (&proof.signed_by, &proof.token) {
            (Some(signed), _) => {
                let around = (connection, &*self.instruments);
                aws::mend(signed, around, &proof.by, refusal, deadline).await
            }
            (None, Some(shown)) if refusal.status == StatusCode::UNAUTHORIZED => {
                oauth2::mend(shown, connection, self, deadline).await
            }
            (None, _) => Mend::Nothing,
        }
    }
}

impl Proof {
    /// Whether a signature among it has another time than our clock's.
    pub(super) fn is_clock_corrected(&self) -> bool {
        let signed = self.signed_by.as_ref();
        signed.is_some_and(SignedBy::is_corrected)
    }

    fn new(connection: &Connection) -> Self {
        let mut secrets = Secrets::default();
        if let Some(client) = &connection.tls.client
            && let SecretSource::Inline(key) = &client.key
        {
            secrets.add(key);
        }
        if let Some(proxy) = &connection.proxy
            && let Some((user, password)) = proxy::credentials(&proxy.url)
        {
            secrets.add(&basic::encoded(&user, &password));
            secrets.add(&password);
            // A short one is a word like any other.
            if user.expose().len() >= secret::SHORTEST {
                secrets.add(&user);
            }
        }
        for (name, value) in &connection.query_parameters {
            // Some backends take a key as a parameter.
            if value.expose().len() >= secret::SHORTEST && !parameters::is_harmless(name) {
                secrets.add(value);
            }
        }
        Self {
            headers: Vec::new(),
            secrets,
            by: ProvedBy::of(&connection.authentication),
            reads: Vec::new(),
            signed_by: None,
            token: None,
        }
    }

    /// The error in an answer that is not Prometheus' own but AWS', where that signed.
    pub(super) fn error_body(&self, headers: &HeaderMap, body: &[u8]) -> Option<ErrorBody> {
        self.signed_by.as_ref()?;
        complaint::text(headers, body, &self.secrets).map(|text| ErrorBody {
            kind: String::new(),
            text,
        })
    }

    /// The secret of `source`, which is noted as one.
    async fn find(
        &mut self,
        files: &Files,
        source: &SecretSource,
        key: &str,
    ) -> Result<Secret, CredentialError> {
        let secret = self.read(files, source, key).await?;
        self.secrets.add(&secret);
        Ok(secret)
    }

    /// The text of `source`, which need not be a secret.
    async fn read(
        &mut self,
        files: &Files,
        source: &SecretSource,
        key: &str,
    ) -> Result<Secret, CredentialError> {
        let found = credentials::find(files, source, key).await?;
        self.reads.extend(found.read);
        Ok(found.secret)
    }

    /// Adds a header. `source` is where its value is from, for the one who wrote a value that no
    /// header can carry.
    fn add(
        &mut self,
        name: &str,
        value: &str,
        source: &SecretSource,
        key: &str,
    ) -> Result<(), CredentialError> {
        let unfit = || CredentialError::of(source, key, "no header can carry it");
        let name = HeaderName::try_from(name).map_err(|_| unfit())?;
        let mut value = HeaderValue::try_from(value).map_err(|_| unfit())?;
        value.set_sensitive(true);
        self.headers.push((name, value));
        Ok(())
    }
}
