//! AWS Signature Version 4, as a pure function: credentials, scope and time are arguments.
//!
//! It is given the headers to sign, never the whole request: a signed header that a proxy on the
//! way rewrites is the commonest cause of "signature does not match", and the signer's own list of
//! headers to leave out is short (connections.md, "AWS").

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::SignableBody;
use aws_sigv4::http_request::SignableRequest;
use aws_sigv4::http_request::SigningSettings;
use aws_sigv4::http_request::sign as signed;
use aws_sigv4::sign::v4::SigningParams;
use http::HeaderValue;
use http::header::HeaderName;

/// What is signed, exactly as it will be sent.
#[derive(Clone, Copy, Debug)]
pub(in crate::upstream) struct Unsigned<'a> {
    /// The HTTP method.
    pub(in crate::upstream) method: &'a str,
    /// The whole URL. Its query must be one of `query_string`, or the other side, which may not
    /// encode it again, computes another signature.
    pub(in crate::upstream) url: &'a str,
    /// The `Content-Type`, where there is a body.
    pub(in crate::upstream) content_type: Option<&'a str>,
    /// The body; empty for GET.
    pub(in crate::upstream) body: &'a [u8],
}

/// For what and when a signature holds.
#[derive(Clone, Copy, Debug)]
pub(in crate::upstream) struct Scope<'a> {
    /// The region.
    pub(in crate::upstream) region: &'a str,
    /// The service, `aps` for Amazon Managed Service for Prometheus.
    pub(in crate::upstream) service: &'a str,
    /// The time of signing, corrected by what is known of our clock.
    pub(in crate::upstream) time: SystemTime,
}

/// The request cannot be signed: its URL is none, or a credential holds what no header can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request cannot be signed")]
pub(in crate::upstream) struct Unsignable;

/// The headers that prove who asks: `x-amz-date`, `x-amz-security-token` if the credentials are a
/// session, and `authorization`. They are marked as sensitive.
///
/// # Errors
///
/// [`Unsignable`].
pub(in crate::upstream) fn sign(
    unsigned: Unsigned<'_>,
    credentials: &Credentials,
    scope: Scope<'_>,
) -> Result<Vec<(HeaderName, HeaderValue)>, Unsignable> {
    let identity = credentials.clone().into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(scope.region)
        .name(scope.service)
        .time(scope.time)
        .settings(SigningSettings::default())
        .build()
        .map_err(|_| Unsignable)?
        .into();
    // `host` and `x-amz-*` are the signer's own.
    let headers = unsigned.content_type.map(|it| ("content-type", it));
    let request = SignableRequest::new(
        unsigned.method,
        unsigned.url,
        headers.into_iter(),
        SignableBody::Bytes(unsigned.body),
    );
    let (instructions, _) = signed(request.map_err(|_| Unsignable)?, &params)
        .map_err(|_| Unsignable)?
        .into_parts();
    let headers = instructions.headers().map(|(name, value)| {
        let name = HeaderName::try_from(name).map_err(|_| Unsignable)?;
        let mut value = HeaderValue::try_from(value).map_err(|_| Unsignable)?;
        value.set_sensitive(true);
        Ok((name, value))
    });
    headers.collect()
}

#[cfg(test)]
mod tests;
