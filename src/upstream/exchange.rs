//! One call with its repeats, until it succeeds or is not worth one more.

use std::time::Instant;

use tokio::time::sleep;

use crate::connections::HttpMethod;
use crate::instruments::Denied;
use crate::record::Context;
use crate::upstream::Upstream;
use crate::upstream::UpstreamError;
use crate::upstream::attempt::Attempt;
use crate::upstream::attempt::Reply;
use crate::upstream::backend::Pass;
use crate::upstream::decode::Intake;
use crate::upstream::request::Call;
use crate::upstream::request::Verb;
use crate::upstream::request::Verbs;
use crate::upstream::retry;
use crate::upstream::retry::Decision;
use crate::upstream::retry::Repeat;
use crate::upstream::retry::Spent;

impl Upstream {
    /// Makes `call` until it succeeds or is not worth a repeat; the body goes into `intake`.
    ///
    /// What can be said without asking the backend is said at once: that it is not called for a
    /// while, or wants to be left alone.
    pub(super) async fn exchange<'a>(
        &'a self,
        cx: &'a Context,
        call: &Call<'_>,
        intake: &mut dyn Intake,
    ) -> Result<Reply<'a>, UpstreamError> {
        self.is_let_be()?;
        let pass = self.pass()?;
        let mut before = None;
        let mut attempt = Attempt {
            verb: self.verb(call),
            is_fresh: false,
            is_mended: false,
            is_repeat: false,
        };
        let mut repeats = 0;
        let mut fell_back = false;
        loop {
            let failed = match self.attempt(cx, call, attempt, &pass, intake).await {
                Ok(reply) => {
                    if fell_back {
                        let backend = self.target.connection.url.url().as_str();
                        self.shared.posting.refused(backend, Instant::now());
                    }
                    pass.succeed();
                    return Ok(reply);
                }
                Err(failed) if is_ours(&failed.error) => {
                    // Of a repeat that does not go out, what it would have repeated is to be told.
                    let error = before.unwrap_or(failed.error);
                    return Err(self.given_up(pass, error));
                }
                Err(failed) => failed,
            };
            attempt.is_repeat = true;
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
            match retry::decide(failed.repeat, spent, (self.shared.random)()) {
                Decision::Free if failed.repeat == Repeat::Mended => attempt.is_mended = true,
                Decision::Free => attempt.is_fresh = true,
                Decision::Wait(wait) if self.may_repeat(cx, &pass) => {
                    repeats += 1;
                    before = Some(failed.error);
                    let _waiting = cx.waits().begin();
                    sleep(wait).await;
                }
                decision => {
                    if let Decision::Denied(reason) = decision {
                        self.denied(reason);
                    }
                    if let Repeat::After(Some(after)) = failed.repeat {
                        self.cool_down(after);
                    }
                    return Err(self.given_up(pass, failed.error));
                }
            }
        }
    }

    /// Whether the backend may be given one more repeat, and the request too. A probe is one call
    /// and no more: it has found out what it was for.
    fn may_repeat(&self, cx: &Context, pass: &Pass<'_>) -> bool {
        if pass.is_probe() || pass.check().is_err() {
            return false;
        }
        if !self.take_repeat() {
            self.denied(Denied::Budget);
            return false;
        }
        let is_claimed = cx.claim_repeat(retry::REQUEST_REPEATS);
        if !is_claimed {
            self.denied(Denied::Count);
        }
        is_claimed
    }

    fn denied(&self, reason: Denied) {
        let name = self.target.connection.name.as_deref();
        self.shared.instruments.backend_retry_denied(name, reason);
    }

    fn given_up(&self, pass: Pass<'_>, error: UpstreamError) -> UpstreamError {
        pass.fail(&error);
        error
    }

    pub(super) fn verb(&self, call: &Call<'_>) -> Verb {
        let backend = self.target.connection.url.url().as_str();
        let is_get = call.verbs == Verbs::GetOnly
            || self.target.connection.http_method == HttpMethod::Get
            || self.shared.posting.is_refused(backend, Instant::now());
        if is_get { Verb::Get } else { Verb::Post }
    }
}

/// Whether an attempt was not made for want of a slot, or because others have found the backend away.
fn is_ours(error: &UpstreamError) -> bool {
    matches!(
        error,
        UpstreamError::Busy { .. } | UpstreamError::Open { .. }
    )
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
