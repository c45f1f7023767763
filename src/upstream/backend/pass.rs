//! What lets one call past the breaker of its backend, and takes back what the call has shown.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use crate::egress::dial::Part;
use crate::egress::dial::is_near;
use crate::upstream::Upstream;
use crate::upstream::UpstreamError;
use crate::upstream::aws::Purpose;
use crate::upstream::backend::State;
use crate::upstream::backend::breaker;
use crate::upstream::backend::breaker::Permit;
use crate::upstream::backend::breaker::Refused;
use crate::upstream::backend::breaker::Shown;
use crate::upstream::backend::breaker::Verdict;
use crate::upstream::backend::now;

/// Silence up to the end of a request's time says something of the backend if the call had as much:
/// else a caller with a timeout of a second could have it taken for broken.
const SILENCE: Duration = Duration::from_secs(5);

/// How far an attempt has come.
const UNSENT: u8 = 0;
const SENT: u8 = 1;
const ANSWERED: u8 = 2;

/// A call under way. Dropped before it is judged, it says nothing and frees its place.
#[derive(Debug)]
pub(in crate::upstream) struct Pass<'a> {
    upstream: &'a Upstream,
    permit: Permit,
    /// How much time the call had for backend work, in milliseconds.
    had: AtomicU64,
    progress: AtomicU8,
    verdict: Option<Verdict<UpstreamError>>,
}

impl Upstream {
    /// Whether the breaker would let a call through now.
    fn is_closed(&self) -> Result<(), UpstreamError> {
        if self.purpose == Purpose::Test {
            return Ok(());
        }
        let refused = self.backend.state().breaker.refuses(now());
        refused.map_or(Ok(()), |refused| Err(self.open_circuit(refused)))
    }

    /// A pass for a first attempt.
    pub(in crate::upstream) fn pass(&self) -> Result<Pass<'_>, UpstreamError> {
        let admitted = self.change(|state| {
            let permit = match self.purpose {
                Purpose::Query => state.breaker.admit(now()).map_err(Box::new)?,
                // Who asks "now?" gets the truth of now.
                Purpose::Test => state.breaker.admit_anyhow(now()),
            };
            state.allowance.first_attempt(now());
            Ok(permit)
        });
        Ok(Pass {
            upstream: self,
            permit: admitted.map_err(|refused: Box<Refused<_>>| self.open_circuit(*refused))?,
            had: AtomicU64::new(0),
            progress: AtomicU8::new(UNSENT),
            verdict: None,
        })
    }

    /// Changes the state of the backend, and shows what has become of it.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let (result, name, changed) = {
            let mut state = self.backend.state();
            let before = (state.breaker.shown(), state.breaker.opened());
            let result = change(&mut state);
            let after = (state.breaker.shown(), state.breaker.opened());
            let refused = state.breaker.refuses(now());
            let changed = (before != after).then_some((before, after, refused));
            (result, state.name.clone(), changed)
        };
        if let Some(((before, openings), (after, opened), refused)) = changed {
            let host = self.host();
            if let Some(Refused {
                failures,
                last,
                next,
            }) = refused.filter(|_| opened > openings)
            {
                self.shared.instruments.breaker_opened(name.as_deref());
                let (error, for_ms) = (last.to_string(), next.as_millis());
                tracing::warn!(
                    host,
                    failures,
                    error,
                    for_ms,
                    "the backend is not called for a while"
                );
            } else if after == Shown::Closed && before != after {
                tracing::info!(host, "the backend is called again");
            }
            self.shared.backends.show(name.as_deref());
        }
        result
    }

    /// What is said of a call that the breaker refuses. Who must not learn why a connection failed
    /// does not learn it of another caller's either.
    fn open_circuit(&self, refused: Refused<UpstreamError>) -> UpstreamError {
        let Refused {
            failures,
            last,
            next,
        } = refused;
        let connection = &self.target.connection;
        let host = connection.url.url().host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let is_veiled = connection.reach.backend.is_veiled && !is_near(host);
        let tells = matches!(
            last,
            UpstreamError::Connect { .. }
                | UpstreamError::Tls { .. }
                | UpstreamError::Timeout { .. }
        );
        let last = if is_veiled && tells {
            UpstreamError::Unreached {
                host: self.target.host.clone(),
                part: Part::Connect,
                reason: "it failed before".to_owned(),
                is_late: false,
            }
        } else {
            last
        };
        UpstreamError::Open {
            host: self.target.host.clone(),
            failures,
            last: Box::new(last),
            next,
        }
    }
}

impl Pass<'_> {
    /// Whether it is the call that finds out whether others can go through.
    pub(in crate::upstream) const fn is_probe(&self) -> bool {
        self.permit.is_probe
    }

    /// How long a probe may be without a head of an answer.
    pub(in crate::upstream) const fn head_within(&self) -> Duration {
        breaker::PROBE_HEAD
    }

    /// Whether the breaker has opened since, so that nothing more must go out.
    pub(in crate::upstream) fn check(&self) -> Result<(), UpstreamError> {
        if self.is_probe() {
            return Ok(());
        }
        self.upstream.is_closed()
    }

    /// An attempt begins.
    pub(in crate::upstream) fn begin(&self) {
        self.progress.store(UNSENT, Ordering::Relaxed);
    }

    /// It is being sent, and has so long. What the call had is what its longest attempt had.
    pub(in crate::upstream) fn sent(&self, had: Duration) {
        self.had(had);
        self.progress.store(SENT, Ordering::Relaxed);
    }

    /// It had so long after all.
    pub(in crate::upstream) fn had(&self, had: Duration) {
        let had = u64::try_from(had.as_millis()).unwrap_or(u64::MAX);
        self.had.fetch_max(had, Ordering::Relaxed);
    }

    /// The head of an answer is there.
    pub(in crate::upstream) fn answered(&self) {
        self.progress.store(ANSWERED, Ordering::Relaxed);
    }

    /// A probe is without one for too long. It goes on all the same.
    pub(in crate::upstream) fn overdue(&self, error: UpstreamError) {
        let random = (self.upstream.shared.random)();
        self.upstream
            .change(|state| state.breaker.overdue(self.permit, error, now(), random));
    }

    /// The call has succeeded.
    pub(in crate::upstream) fn succeed(mut self) {
        self.verdict = Some(Verdict::Success);
    }

    /// The call has failed, after its repeats.
    pub(in crate::upstream) fn fail(mut self, error: &UpstreamError) {
        let progress = self.progress.load(Ordering::Relaxed);
        let had = Duration::from_millis(self.had.load(Ordering::Relaxed));
        self.verdict = verdict(error, progress, had);
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let verdict = self.verdict.take();
        let random = (self.upstream.shared.random)();
        self.upstream
            .change(|state| state.breaker.judge(self.permit, verdict, now(), random));
    }
}

/// What a failed call shows of the backend, of which the last attempt had come so far.
fn verdict(error: &UpstreamError, progress: u8, had: Duration) -> Option<Verdict<UpstreamError>> {
    let is_down = match error {
        UpstreamError::Resolve { .. }
        | UpstreamError::Connect { .. }
        | UpstreamError::Tls { .. }
        | UpstreamError::Unreached { is_late: false, .. }
        | UpstreamError::Broken { .. }
        | UpstreamError::Status {
            status: 502..=504, ..
        } => {
            if progress < SENT {
                return None;
            }
            true
        }
        UpstreamError::Timeout { .. } | UpstreamError::Unreached { is_late: true, .. } => {
            if progress < SENT || had < SILENCE {
                return None;
            }
            true
        }
        // Ours, or the caller's.
        UpstreamError::Forbidden { .. }
        | UpstreamError::Memory
        | UpstreamError::Calls { .. }
        | UpstreamError::Open { .. }
        | UpstreamError::Busy { .. } => return None,
        // Told by an answer; or by ourselves before there was one.
        UpstreamError::Unauthorised { .. }
        | UpstreamError::Credentials { .. }
        | UpstreamError::QueryTimeout { .. }
        | UpstreamError::Refused { .. }
        | UpstreamError::TooBig { .. }
        | UpstreamError::TooLarge { .. }
        | UpstreamError::Throttled { .. }
        | UpstreamError::Status { .. }
        | UpstreamError::NotPrometheus { .. }
        | UpstreamError::Redirect { .. }
        | UpstreamError::LabelName { .. } => false,
    };
    if is_down {
        Some(Verdict::Failure(error.clone()))
    } else {
        // What is no HTTP is an answer as well, and so is a head that is too large.
        let is_answer = progress == ANSWERED
            || (progress == SENT
                && matches!(
                    error,
                    UpstreamError::NotPrometheus { .. } | UpstreamError::TooLarge { .. }
                ));
        is_answer.then_some(Verdict::Success)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::Upstreams;
    use crate::upstream::tests::connection;

    fn status(status: u16) -> UpstreamError {
        let host = "h".to_owned();
        UpstreamError::Status { host, status }
    }

    fn silent() -> UpstreamError {
        UpstreamError::Timeout {
            host: "h".to_owned(),
            after: SILENCE,
            phase: "waiting for the answer",
        }
    }

    /// `None`: no verdict; else whether it is a failure.
    #[track_caller]
    fn check(error: UpstreamError, progress: u8, had: u64, expected: Option<bool>) {
        let verdict = verdict(&error, progress, Duration::from_millis(had));
        let is_failure = verdict.map(|verdict| verdict == Verdict::Failure(error));
        assert_eq!(is_failure, expected);
    }

    #[test]
    fn a_backend_that_cannot_be_reached_or_is_away_has_failed() {
        let host = || "h".to_owned();
        let reason = || "r".to_owned();
        for error in [
            UpstreamError::Resolve {
                host: host(),
                reason: reason(),
            },
            UpstreamError::Connect {
                host: host(),
                reason: reason(),
            },
            UpstreamError::Tls {
                host: host(),
                reason: reason(),
            },
            UpstreamError::Broken {
                host: host(),
                bytes: 5,
            },
        ] {
            check(error, SENT, 1_000, Some(true));
        }
        for code in [502, 503, 504] {
            check(status(code), ANSWERED, 1_000, Some(true));
        }
    }

    #[test]
    fn every_other_answer_shows_that_it_is_there() {
        for code in [400, 404, 405, 429, 500, 501] {
            check(status(code), ANSWERED, 1_000, Some(false));
        }
        let retry_after = None;
        let host = "h".to_owned();
        check(
            UpstreamError::Throttled { host, retry_after },
            ANSWERED,
            1_000,
            Some(false),
        );
    }

    #[test]
    fn who_may_not_learn_why_does_not_learn_it_of_another_caller() {
        #[track_caller]
        fn check(url: &str, is_veiled: bool, expected: fn(&UpstreamError) -> bool) {
            let mut connection = connection(url);
            connection.reach.backend.is_veiled = is_veiled;
            let upstream = Upstreams::of(Default::default()).open_new(&connection);
            let last = UpstreamError::Connect {
                host: "h".to_owned(),
                reason: "connection refused".to_owned(),
            };
            let refused = Refused {
                failures: 5,
                last,
                next: SILENCE,
            };
            let UpstreamError::Open { last, .. } = upstream.open_circuit(refused) else {
                unreachable!();
            };
            assert!(expected(&last), "{last}");
        }
        let told = |last: &UpstreamError| matches!(last, UpstreamError::Connect { .. });
        let veiled = |last: &UpstreamError| matches!(last, UpstreamError::Unreached { .. });
        check("http://10.0.0.1", true, veiled);
        check("http://10.0.0.1", false, told);
        check("http://localhost", true, told);
    }

    #[test]
    fn silence_says_something_if_there_was_time_to_speak() {
        check(silent(), SENT, 4_999, None);
        check(silent(), SENT, 5_000, Some(true));
        check(silent(), ANSWERED, 5_000, Some(true));
        check(silent(), UNSENT, 5_000, None);
    }

    #[test]
    fn what_was_never_sent_says_nothing() {
        let tls = UpstreamError::Tls {
            host: "h".to_owned(),
            reason: "no roots".to_owned(),
        };
        check(tls, UNSENT, 30_000, None);
        check(status(414), UNSENT, 30_000, None);
        check(UpstreamError::Calls { limit: 1 }, ANSWERED, 30_000, None);
    }
}
