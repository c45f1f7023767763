//! `aws` and `sigv4`: an AWS signature, and what becomes of a refusal.

use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use tokio::time::Instant;
use url::Host;

use crate::connections::Connection;
use crate::connections::auth;
use crate::connections::auth::AwsBlock;
use crate::instruments::Instruments;
use crate::upstream::UpstreamError;
use crate::upstream::aws::Given;
use crate::upstream::aws::Judgement;
use crate::upstream::aws::Purpose;
use crate::upstream::aws::Signer;
use crate::upstream::aws::Used;
use crate::upstream::client::Shared;
use crate::upstream::credentials::CredentialError;
use crate::upstream::credentials::files::Files;
use crate::upstream::sign::Mend;
use crate::upstream::sign::Proof;
use crate::upstream::sign::ProvedBy;
use crate::upstream::sign::Refusal;
use crate::upstream::sign::sigv4::Unsigned;
use crate::upstream::status;
use crate::upstream::status::Failed;

/// Who signed, and with what.
#[derive(Debug)]
pub(super) struct SignedBy {
    signer: Signer,
    used: Used,
}

impl SignedBy {
    /// Whether the time of the signature is another than our clock's.
    pub(super) const fn is_corrected(&self) -> bool {
        self.used.is_corrected
    }
}

/// Adds a signature over `request` to `proof`.
pub(super) async fn prove(
    block: &auth::Aws,
    connection: &Connection,
    shared: &Shared,
    (purpose, deadline): (Purpose, Instant),
    request: &Request<Bytes>,
    proof: &mut Proof,
) -> Result<(), CredentialError> {
    let signer = shared.aws.open(block, connection)?;
    proof.by = ProvedBy::Aws {
        block: block.block,
        scope: Some((signer.region.clone(), signer.service.clone())),
    };
    if let Some(external_id) = &block.external_id {
        proof.secrets.add(external_id);
    }
    let given = given(block, &shared.files, proof).await?;
    let url = request.uri().to_string();
    let content_type = request.headers().get(CONTENT_TYPE);
    let unsigned = Unsigned {
        method: request.method().as_str(),
        url: &url,
        content_type: content_type.and_then(|it| it.to_str().ok()),
        body: request.body(),
    };
    let signed = signer.sign(unsigned, given, purpose, deadline).await?;
    for secret in &signed.secrets {
        proof.secrets.add(secret);
    }
    proof.headers.extend(signed.headers);
    proof.signed_by = Some(SignedBy {
        signer,
        used: signed.used,
    });
    Ok(())
}

/// The keys of `block` as they are now; none: it is the own identity's turn.
async fn given(
    block: &auth::Aws,
    files: &Files,
    proof: &mut Proof,
) -> Result<Option<Given>, CredentialError> {
    let Some(keys) = &block.keys else {
        return Ok(None);
    };
    let [secret_key, token_key] = match block.block {
        AwsBlock::Aws => ["aws.aws_secret_access_key", "aws.aws_session_token"],
        AwsBlock::Sigv4 => ["sigv4.secret_key", "sigv4.aws_session_token"],
    };
    let secret = proof.find(files, &keys.secret, secret_key).await?;
    let session_token = match &keys.session_token {
        Some(token) => Some(proof.find(files, token, token_key).await?),
        None => None,
    };
    Ok(Some(Given {
        id: keys.id.clone(),
        secret,
        session_token,
    }))
}

/// What is to be done about `refusal` of what was signed.
pub(super) async fn mend(
    signed: &SignedBy,
    (connection, instruments): (&Connection, &Instruments),
    by: &ProvedBy,
    refusal: Refusal<'_>,
    deadline: Instant,
) -> Mend {
    let SignedBy { signer, used } = signed;
    let is_trusted = is_trusted(connection);
    let host = connection.url.host_port();
    let error = match signer.judge(used, refusal, is_trusted, deadline).await {
        Judgement::Again { corrected } => {
            if let Some(by) = corrected {
                let seconds = by.signed_seconds();
                instruments.clock_skew(connection.name.as_deref(), seconds);
                tracing::warn!(
                    host,
                    seconds,
                    "our clock is wrong; signatures are corrected [PM-7010]"
                );
            }
            return Mend::Again;
        }
        Judgement::Throttled => return Mend::Means(status::throttled(host, refusal.headers)),
        Judgement::Denied(cause) => UpstreamError::Unauthorised {
            host,
            status: refusal.status.as_u16(),
            by: by.clone(),
            cause: Some(cause),
        },
        Judgement::Without(source) => UpstreamError::Credentials { host, source },
        Judgement::Other => return Mend::Nothing,
    };
    Mend::Means(Failed::for_good(error))
}

/// Whether the backend proved its name, or is this machine.
fn is_trusted(connection: &Connection) -> bool {
    if connection.url.is_https() {
        let tls = &connection.tls;
        // What a caller trusts is the caller's, and the clock is everybody's.
        let is_ours = connection.name.is_some() || (tls.ca.is_none() && tls.server_name.is_none());
        return is_ours && !tls.insecure_skip_verify;
    }
    match connection.url.url().host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connections::auth::SecretSource;
    use crate::upstream::tests::connection;

    #[track_caller]
    fn check(url: &str, change: impl FnOnce(&mut Connection), expected: bool) {
        let mut connection = connection(url);
        change(&mut connection);
        assert_eq!(is_trusted(&connection), expected, "{connection:?}");
    }

    #[test]
    fn the_clock_is_taken_from_this_machine_and_from_whom_we_trust_ourselves() {
        let ca = || Some(SecretSource::File("ca.pem".into()));
        check("https://h", |_| {}, true);
        check("https://h", |it| it.tls.insecure_skip_verify = true, false);
        check("https://h", |it| it.tls.ca = ca(), false);
        check(
            "https://h",
            |it| it.tls.server_name = Some("o".to_owned()),
            false,
        );
        let named = |it: &mut Connection| {
            it.name = Some("prod".to_owned());
            it.tls.ca = ca();
        };
        check("https://h", named, true);
        check("http://h", |_| {}, false);
        check("http://127.0.0.1", |_| {}, true);
        check("http://[::1]", |_| {}, true);
        check("http://localhost", |_| {}, true);
    }
}
