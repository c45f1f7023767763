//! The two AWS blocks.

use schemars::JsonSchema;

/// AWS Signature Version 4. Unknown keys are accepted with a warning, unless they resemble one that
/// decides who signs.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct Aws {
    /// The role to assume.
    role_arn: Option<String>,
    /// The external id that goes with the role.
    #[schemars(extend("writeOnly" = true))]
    external_id: Option<Text>,
    /// What the session is called: letters, digits and `_+=,.@-`. Default:
    /// `StackState-Prometheus-Mirror`.
    #[schemars(length(min = 2, max = 64))]
    role_session_name: Option<Text>,
    /// How long the session lasts, in seconds, within 900 and 43200. Default: 3600.
    token_expiry_seconds: Option<f64>,
    /// The id of a key of your own; needs the secret key.
    #[schemars(extend("writeOnly" = true))]
    aws_access_key_id: Option<Text>,
    /// The secret key.
    #[schemars(extend("writeOnly" = true))]
    aws_secret_access_key: Option<Text>,
    /// The file of the secret key.
    aws_secret_access_key_file: Option<String>,
    /// The session token of a temporary key. With it no role is assumed.
    #[schemars(extend("writeOnly" = true))]
    aws_session_token: Option<Text>,
    /// The file of the session token.
    aws_session_token_file: Option<String>,
    /// The region that is signed for. Default: that of the host, else of the mirror's environment.
    region_name: Option<String>,
    /// The service that is signed for. Default: `aps`.
    service_name: Option<String>,
    /// The region of STS. Default: that of the mirror's environment, else the region that is signed
    /// for.
    sts_region: Option<String>,
    /// Whether STS is asked at its FIPS endpoint. Default: false.
    use_fips_sts_endpoint: Option<bool>,
    /// The profile of the mirror's shared AWS configuration. Named connections only.
    profile: Option<String>,
    /// The address of STS. Named connections only.
    sts_endpoint: Option<String>,
    /// The file of a web identity token; needs `role_arn`. Named connections only.
    web_identity_token_file: Option<String>,
}

/// AWS Signature Version 4 as Prometheus writes it. A `role_arn` is always assumed.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct Sigv4 {
    /// The role to assume.
    role_arn: Option<String>,
    /// The external id that goes with the role, which is needed then.
    #[schemars(extend("writeOnly" = true))]
    external_id: Option<String>,
    /// The id of a key of your own; needs the secret key.
    #[schemars(extend("writeOnly" = true))]
    access_key: Option<String>,
    /// The secret key.
    #[schemars(extend("writeOnly" = true))]
    secret_key: Option<String>,
    /// The file of the secret key.
    secret_key_file: Option<String>,
    /// The region that is signed for. Default: that of the host, else of the mirror's environment.
    region: Option<String>,
    /// The service that is signed for. Default: `aps`.
    service_name: Option<String>,
    /// The region of STS. Default: that of the mirror's environment, else the region that is signed
    /// for.
    sts_region: Option<String>,
    /// Whether STS is asked at its FIPS endpoint. Default: false.
    use_fips_sts_endpoint: Option<bool>,
    /// The profile of the mirror's shared AWS configuration. Named connections only.
    profile: Option<String>,
}

/// Text; a number counts as its digits.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum Text {
    Text(String),
    Number(f64),
}
