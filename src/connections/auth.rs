//! How a connection proves itself to its backend.
//!
//! These are the resolved forms: every default is filled in, every combination was checked. Which
//! credentials they lead to is `upstream`'s business.

use std::path::PathBuf;
use std::time::Duration;

use crate::secret::Secret;

/// How a connection proves itself to its backend; at most one way.
#[derive(Clone, Debug, Default)]
pub enum Authentication {
    /// Not at all.
    #[default]
    None,
    /// `basic_auth`, also from `user:password@` in the URL.
    Basic(Basic),
    /// `authorization`, `bearer_token`, `bearer_token_file`.
    Authorization(Authorization),
    /// `oauth2`
    OAuth2(Box<OAuth2>),
    /// `aws`, `sigv4`
    Aws(Box<Aws>),
}

/// A secret where it was written, or the file that holds it now.
#[derive(Clone, Debug)]
pub enum SecretSource {
    /// The secret itself.
    Inline(Secret),
    /// A file, read again when it changes; one trailing newline is no part of the secret.
    File(PathBuf),
}

/// HTTP basic authentication.
#[derive(Clone, Debug)]
pub struct Basic {
    /// The user.
    pub username: SecretSource,
    /// The password; absent: empty.
    pub password: Option<SecretSource>,
}

/// An `Authorization` header with credentials of a type of their own.
#[derive(Clone, Debug)]
pub struct Authorization {
    /// Which of the spellings it was, for texts that are about it.
    pub block: AuthorizationBlock,
    /// The type, `Bearer` unless another one was given; never `Basic`.
    pub scheme: String,
    /// What follows it.
    pub credentials: SecretSource,
}

/// The spellings of an `Authorization` header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AuthorizationBlock {
    /// `authorization`
    #[default]
    Authorization,
    /// `bearer_token`, `bearer_token_file`
    BearerToken,
}

/// OAuth 2.0 client credentials (RFC 6749, section 4.4).
#[derive(Clone, Debug)]
pub struct OAuth2 {
    /// The client.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretSource,
    /// Where tokens are had; http or https.
    pub token_url: url::Url,
    /// The scopes asked for, joined by a space on the wire.
    pub scopes: Vec<String>,
    /// Further parameters of the token request, in document order.
    pub endpoint_params: Vec<(String, Secret)>,
    /// TLS towards the token endpoint.
    pub tls: super::tls::Tls,
}

/// AWS Signature Version 4 with credentials found as the block says.
#[derive(Clone, Debug)]
pub struct Aws {
    /// Which of the two blocks it was: they differ in when a role is assumed and in what an unknown
    /// region means.
    pub block: AwsBlock,
    /// The role to assume.
    pub role_arn: Option<String>,
    /// Sent to STS only if not empty.
    pub external_id: Option<Secret>,
    /// 2..=64 of letters, digits and `_+=,.@-`.
    pub role_session_name: String,
    /// How long an assumed session lasts: 900..=43,200 s.
    pub session_length: Duration,
    /// Keys of the connection's own; absent: the mirror's own identity.
    pub keys: Option<AwsKeys>,
    /// The region given; absent: inferred from the host, then the environment.
    pub region: Option<String>,
    /// The service in the scope of the signature, `aps` unless given.
    pub service: String,
    /// The profile of the shared configuration; named connections only.
    pub profile: Option<String>,
    /// The region of STS; absent: as `region`, see connections.md, "STS".
    pub sts_region: Option<String>,
    /// Whether STS is asked at its FIPS endpoint.
    pub use_fips_sts_endpoint: bool,
    /// The address of STS itself; named connections only.
    pub sts_endpoint: Option<url::Url>,
    /// A web identity token; named connections only.
    pub web_identity_token_file: Option<PathBuf>,
}

/// The two spellings of the AWS block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AwsBlock {
    /// `aws`, the predecessor's.
    Aws,
    /// `sigv4`, Prometheus' own.
    Sigv4,
}

/// Static keys, or a session that somebody else assumed.
#[derive(Clone, Debug)]
pub struct AwsKeys {
    /// The access key id. It names a key, and is shown to nobody all the same.
    pub id: Secret,
    /// The secret access key.
    pub secret: SecretSource,
    /// The session token of a temporary key.
    pub session_token: Option<SecretSource>,
}
