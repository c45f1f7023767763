//! One call with its repeats, until it succeeds or is not worth one more.

use std::time::Instant;

use tokio::time::sleep;

use crate::connections::HttpMethod;
use crate::record::Context;
use crate::upstream::Upstream;
use crate::upstream::UpstreamError;
use crate::upstream::attempt::Attempt;
use crate::upstream::attempt::Reply;
use crate::upstream::decode::Intake;
use crate::upstream::request::Call;
use crate::upstream::request::Verb;
use crate::upstream::request::Verbs;
use crate::upstream::retry;
use crate::upstream::retry::Repeat;
use crate::upstream::retry::Spent;

impl Upstream {
    /// Makes `call` until it succeeds or is not worth a repeat; the body goes into `intake`.
    pub(super) async fn exchange<'a>(
        &'a self,
        cx: &'a Context,
        call: &Call<'_>,
        intake: &mut dyn Intake,
    ) -> Result<Reply<'a>, UpstreamError> {
        let mut attempt = Attempt {
            verb: self.verb(call),
            is_fresh: false,
            is_mended: false,
        };
        let mut repeats = 0;
        let mut fell_back = false;
        loop {
            let failed = match self.attempt(cx, call, attempt, intake).await {
                Ok(reply) => {
                    if fell_back {
                        let backend = self.target.connection.url.url().as_str();
                        self.shared.posting.refused(backend, Instant::now());
                    }
                    return Ok(reply);
                }
                Err(failed) => failed,
            };
            if attempt.verb == Verb::Post && is_no_post(&failed.error) {
                attempt.verb = Verb::Get;
                fell_back = true;
                continue;
            }
            let spent = Spent {
                call: repeats,
                request: cx.repeats(),
                was_at_once: attempt.is_fresh,
                remaining: cx.deadline.remaining(Instant::now()),
            };
            if failed.repeat == Repeat::Mended {
                attempt.is_mended = true;
                continue;
            }
            let is_free = failed.repeat == Repeat::AtOnce && !attempt.is_fresh;
            match retry::wait(failed.repeat, spent, (self.shared.random)()) {
                Some(_) if is_free => attempt.is_fresh = true,
                Some(wait) if cx.claim_repeat(retry::REQUEST_REPEATS) => {
                    repeats += 1;
                    sleep(wait).await;
                }
                _ => return Err(failed.error),
            }
        }
    }

    fn verb(&self, call: &Call<'_>) -> Verb {
        let backend = self.target.connection.url.url().as_str();
        let is_get = call.verbs == Verbs::GetOnly
            || self.target.connection.http_method == HttpMethod::Get
            || self.shared.posting.is_refused(backend, Instant::now());
        if is_get { Verb::Get } else { Verb::Post }
    }
}

/// Whether a backend says that it takes no POST here.
fn is_no_post(error: &UpstreamError) -> bool {
    matches!(
        error,
        UpstreamError::Status {
            status: 405 | 501,
            ..
        }
    )
}
