//! What a refusal of a signed call means, and what can be mended: the session, or the clock.

use std::time::Instant;

use ::http::header::DATE;

use crate::upstream::aws::AwsError;
use crate::upstream::aws::Cause;
use crate::upstream::aws::Purpose;
use crate::upstream::aws::Signer;
use crate::upstream::aws::Used;
use crate::upstream::aws::clock;
use crate::upstream::aws::clock::Offset;
use crate::upstream::aws::complaint::Complaint;
use crate::upstream::aws::complaint::Meaning;
use crate::upstream::aws::load;
use crate::upstream::aws::load::Reach;
use crate::upstream::credentials;
use crate::upstream::credentials::CredentialError;
use crate::upstream::scrub::Scrubbed;
use crate::upstream::sessions::Missing;
use crate::upstream::sign::Refusal;

/// What a refusal means for the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::upstream) enum Judgement {
    /// Sign once more and send it again: the session, or the time, is another one now.
    Again {
        /// By how much the clock is corrected from now on (notice 7010).
        corrected: Option<Offset>,
    },
    /// Too many calls, whatever the status.
    Throttled,
    /// The backend does not take what was signed.
    Denied(Cause),
    /// There is nothing that it would take.
    Without(CredentialError),
    /// It is not about credentials, or does not say so: the status decides.
    Other,
}

impl Signer {
    /// Says what to do about `refusal` of a call that was signed with `used`, and mends what can be
    /// mended. `is_trusted`: the answer's `Date` can be believed, since it came over verified TLS
    /// or from this machine. A call asks for one repeat at most.
    pub(in crate::upstream) async fn judge(
        &self,
        used: &Used,
        refusal: Refusal<'_>,
        is_trusted: bool,
        deadline: tokio::time::Instant,
    ) -> Judgement {
        let complaint = Complaint::read(refusal.headers, refusal.body, refusal.secrets);
        tracing::info!(
            host = self.host,
            status = refusal.status.as_u16(),
            code = complaint.code,
            aws_request_id = request_id(refusal).as_ref().map(Scrubbed::as_str),
            "a signed call was refused"
        );
        match complaint.meaning(refusal.status) {
            Meaning::Session { is_over } => self.renew(used, is_over, deadline).await,
            Meaning::Time => self.correct(refusal, is_trusted),
            Meaning::Signature => Judgement::Denied(Cause::Signature),
            Meaning::Permission(action) => Judgement::Denied(Cause::Permission { action }),
            Meaning::Throttled => Judgement::Throttled,
            Meaning::Other => Judgement::Other,
        }
    }

    async fn renew(&self, used: &Used, is_over: bool, deadline: tokio::time::Instant) -> Judgement {
        let Some((wanted, held)) = &used.session else {
            let is_lost = is_over && used.is_session;
            return if is_lost {
                Judgement::Without(CredentialError::Aws(AwsError::Expired))
            } else {
                Judgement::Denied(Cause::Session)
            };
        };
        // A test changes nothing that others use.
        if used.purpose == Purpose::Test {
            return Judgement::Denied(Cause::Session);
        }
        let loader = &self.loader;
        let load = load::load(loader, wanted, Reach::Shared, self.backend.as_deref());
        let claim = wanted.claim(&loader.key);
        match loader.sessions.renewed(&claim, held, deadline, &load).await {
            Ok(_) => Judgement::Again { corrected: None },
            Err(Missing::Again) => Judgement::Denied(Cause::Session),
            Err(missing) => Judgement::Without(credentials::missing(missing)),
        }
    }

    fn correct(&self, refusal: Refusal<'_>, is_trusted: bool) -> Judgement {
        let date = refusal
            .headers
            .get(DATE)
            .and_then(|date| date.to_str().ok());
        let Some(theirs) = date.and_then(clock::date) else {
            return Judgement::Denied(Cause::Signature);
        };
        let sts = &self.loader.sts;
        let ours = sts.now();
        if is_trusted && sts.offsets.learn(&self.host, theirs, ours, Instant::now()) {
            let corrected = Some(Offset::between(ours, theirs));
            return Judgement::Again { corrected };
        }
        let signed = sts.offsets.time(&self.host, ours, Instant::now());
        let seconds = Offset::between(signed, theirs).seconds();
        Judgement::Without(CredentialError::Aws(AwsError::Skewed { seconds }))
    }
}

/// By which Amazon finds the call; the backend, which was shown our secrets, may say anything.
fn request_id(refusal: Refusal<'_>) -> Option<Scrubbed> {
    let id = refusal.headers.get("x-amzn-requestid")?.to_str().ok()?;
    Some(Scrubbed::without(refusal.secrets, id))
}

#[cfg(test)]
mod tests {
    use ::http::HeaderMap;
    use ::http::StatusCode;

    use super::*;
    use crate::secret::Secret;
    use crate::upstream::credentials::secrets::Secrets;

    #[test]
    fn the_id_of_a_request_holds_nothing_that_was_shown() {
        let mut secrets = Secrets::default();
        secrets.add(&Secret::new("session-token".to_owned()));
        let check = |id: &str, expected: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-amzn-requestid", id.parse().unwrap());
            let found = request_id(Refusal {
                status: StatusCode::FORBIDDEN,
                headers: &headers,
                body: b"",
                secrets: &secrets,
            });
            assert_eq!(found.as_ref().map(Scrubbed::as_str), Some(expected));
        };
        check("7d1e-44", "7d1e-44");
        check("a-session-token", "a-***");
    }
}
