//! TLS.

use schemars::JsonSchema;

/// TLS towards a backend or a token endpoint. Certificates and keys are PEM.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct TlsConfig {
    /// Certificates that replace the system's roots.
    ca: Option<String>,
    /// The file of these certificates.
    ca_file: Option<String>,
    /// The mirror's certificate for this backend; needs a key.
    cert: Option<String>,
    /// The file of this certificate.
    cert_file: Option<String>,
    /// Its key, not encrypted.
    #[schemars(extend("writeOnly" = true))]
    key: Option<String>,
    /// The file of the key.
    key_file: Option<String>,
    /// The name that the backend's certificate must have, instead of the host's.
    server_name: Option<String>,
    /// The lowest version. Default: `TLS12`.
    min_version: Option<TlsVersion>,
    /// Whether any certificate will do. Needs `policy.allow_insecure_tls`, and stands beside no
    /// credential. Default: false.
    insecure_skip_verify: Option<bool>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[expect(dead_code, reason = "only its schema is used")]
enum TlsVersion {
    /// TLS 1.2
    Tls12,
    /// TLS 1.3
    Tls13,
}
