//! Blocks of authentication that are Prometheus' own.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::tls::TlsConfig;

/// HTTP basic authentication.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct BasicAuth {
    /// The user. This or `username_file` is needed.
    username: Option<String>,
    /// The file of the user's name.
    username_file: Option<String>,
    /// The password. Default: empty.
    #[schemars(extend("writeOnly" = true))]
    password: Option<String>,
    /// The file of the password.
    password_file: Option<String>,
}

/// An `Authorization` header.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct Authorization {
    /// What stands before the credentials; not `Basic`. Default: `Bearer`.
    r#type: Option<String>,
    /// The credentials. These or `credentials_file` are needed.
    #[schemars(extend("writeOnly" = true))]
    credentials: Option<String>,
    /// The file of the credentials.
    credentials_file: Option<String>,
}

/// `OAuth` 2.0 client credentials.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct OAuth2 {
    /// The client.
    client_id: String,
    /// Its secret. This or `client_secret_file` is needed.
    #[schemars(extend("writeOnly" = true))]
    client_secret: Option<String>,
    /// The file of the secret.
    client_secret_file: Option<String>,
    /// Where tokens are had, `http` or `https`.
    token_url: String,
    /// The scopes that are asked for.
    scopes: Option<Vec<String>>,
    /// Further parameters of the token request.
    #[schemars(extend("writeOnly" = true))]
    endpoint_params: Option<BTreeMap<String, String>>,
    /// TLS towards the token endpoint, which must have an `https` address.
    tls_config: Option<TlsConfig>,
    /// The only one that there is.
    grant_type: Option<GrantType>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used")]
enum GrantType {
    /// The client speaks for itself.
    ClientCredentials,
}
