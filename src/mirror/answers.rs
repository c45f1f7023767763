//! The answers to metric queries: one fetch for all who ask for the same, kept for a moment
//! (performance.md, "Coalescing" and "The micro-cache of finished answers").

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::buckets::Dropped;
use crate::cache::forms::Forms;
use crate::cache::shared::Done;
use crate::cache::shared::Ended;
use crate::cache::shared::Found;
use crate::cache::shared::Keeps;
use crate::cache::shared::Shared;
use crate::cache::shared::Taken;
use crate::cache::shared::Waiter;
use crate::cache::shared::Way;
use crate::cache::shared::Work;
use crate::fetch;
use crate::fetch::FetchError;
use crate::fetch::Fetched;
use crate::fetch::Published;
use crate::instruments::DropReason;
use crate::instruments::Instruments;
use crate::instruments::NotStored;
use crate::limits::Budget;
use crate::limits::CacheRoom;
use crate::protocol::telemetry::Telemetry;
use crate::record::Context;
use crate::record::Freshness;
use crate::record::Reservation;
use crate::record::Seen;
use crate::record::Served;
use crate::time::Deadline;
use crate::time::Millis;
use crate::translate::Plan;
use crate::translate::plan::Grid;
use crate::translate::plan::Reduction;
use crate::upstream::Upstream;
use crate::upstream::UpstreamError;

/// The longest that raw points are kept: no bucket bounds their age.
const RAW: Duration = Duration::from_secs(1);
/// The fetch itself ends in time and says at what; only who waits longer than it may is cut off.
const SLACK: Duration = Duration::from_millis(50);
/// What one must have left to ask again.
const LEFT: Duration = Duration::from_secs(1);

/// All answers under way and kept.
#[derive(Debug)]
pub(super) struct Answers {
    shared: Shared<Fetching>,
    budget: Budget,
    instruments: Arc<Instruments>,
}

/// A finished answer, shared by all who asked for it.
#[derive(Debug)]
pub struct Finished {
    /// The points, as they go out.
    pub telemetry: Telemetry,
    /// The same, compressed.
    pub forms: Arc<Forms>,
    /// What is to be known of it, for each who gets it.
    seen: Seen,
}

/// What one caller asks for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) cx: &'a Context,
    pub(super) upstream: &'a Upstream,
    pub(super) plan: &'a Plan,
    pub(super) freshness: Freshness,
    /// For how long answers are kept at most.
    pub(super) ttl: Duration,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// The fetch failed, for this caller at least.
    Fetch(Arc<FetchError>),
    /// As many wait for it as may.
    Crowded,
    /// A panic.
    Broken,
}

/// An answer or none, and where that came from.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) served: Served,
    pub(super) answer: Result<Arc<Finished>, Unanswered>,
}

type Outcome = Result<Arc<Finished>, Arc<FetchError>>;

impl Answers {
    pub(super) fn new(room: CacheRoom, budget: Budget, instruments: Arc<Instruments>) -> Self {
        Self {
            shared: Shared::new(room.answers, Arc::clone(&instruments)),
            budget,
            instruments,
        }
    }

    /// From now on there is this room.
    pub(super) fn resize(&self, room: CacheRoom) {
        self.shared.resize(room.answers);
    }

    /// Forgets all that is kept.
    pub(super) fn clear(&self) {
        self.shared.clear();
    }

    /// Forgets all that is kept when it is called.
    pub(super) fn clearer(&self) -> impl Fn() + Send + Sync + 'static {
        self.shared.clearer()
    }

    /// The answer to what is asked: one that is kept, one that others wait for too, or a new one.
    pub(super) async fn answer(&self, asked: Asked<'_>) -> Given {
        let Asked {
            cx,
            upstream,
            plan,
            freshness,
            ..
        } = asked;
        let began = tokio::time::Instant::now();
        let key = self.shared.key(upstream.identity(), plan);
        let way = match freshness {
            Freshness::Any => Way::Shared,
            Freshness::New | Freshness::Unkept => Way::Alone,
        };
        let mut is_second = false;
        loop {
            let found = self
                .shared
                .ask(&key, way, &cx.deadline, || self.fetching(asked));
            let mut waiter = match found {
                Found::Waiting(waiter) => waiter,
                Found::Kept { outcome, age } => {
                    let is_negative = outcome.is_err();
                    if let Ok(finished) = &outcome {
                        cx.note(|recorded| recorded.saw(&finished.seen));
                    }
                    return Given {
                        served: Served::Hit { age, is_negative },
                        answer: outcome.map_err(Unanswered::Fetch),
                    };
                }
                Found::Crowded => {
                    let waited = began.elapsed();
                    return Given {
                        served: Served::Joined { waited },
                        answer: Err(Unanswered::Crowded),
                    };
                }
            };
            let time = cx.deadline.remaining(Instant::now()) + SLACK;
            let before = waiter.work().cx.waits().total();
            let ended = waiter.wait(time).await;
            let waited = waiter.work().cx.waits().total();
            cx.waits().add(waited.saturating_sub(before));
            let answer = match ended {
                Some(Ended::Done(Err(error))) if is_late(&error) => {
                    let left = cx.deadline.remaining(Instant::now());
                    // A fetch that began for somebody else was given less time than this caller has.
                    let is_anothers = !waiter.has_begun() && !is_second && left >= LEFT;
                    if is_anothers && upstream.claim_repeat(cx) {
                        is_second = true;
                        continue;
                    }
                    if cx.deadline.is_nearly_over(Instant::now()) {
                        self.so_far(waiter.work(), error)
                    } else {
                        Err(Unanswered::Fetch(error))
                    }
                }
                Some(Ended::Done(outcome)) => outcome.map_err(Unanswered::Fetch),
                Some(Ended::Broken) => Err(Unanswered::Broken),
                None => {
                    let late = UpstreamError::Timeout {
                        host: upstream.host().to_owned(),
                        after: cx.deadline.length(),
                        phase: "waiting for the answer",
                    };
                    self.so_far(waiter.work(), Arc::new(late.into()))
                }
            };
            let served = served(&waiter, freshness, began.elapsed());
            if let (Served::Joined { .. }, Ok(finished)) = (served, &answer) {
                cx.note(|recorded| recorded.saw(&finished.seen));
            }
            return Given { served, answer };
        }
    }

    fn fetching(&self, asked: Asked<'_>) -> Fetching {
        let Asked {
            cx,
            upstream,
            plan,
            freshness,
            ttl,
        } = asked;
        Fetching {
            cx: cx.branch(),
            upstream: upstream.clone(),
            plan: plan.clone(),
            published: Published::default(),
            lifetime: lifetime(plan, ttl),
            is_kept: freshness != Freshness::Unkept,
            budget: self.budget.clone(),
            instruments: Arc::clone(&self.instruments),
        }
    }

    /// What a caller gets whose time is up: the complete prefix that is there, or why there is none.
    fn so_far(&self, work: &Fetching, error: Arc<FetchError>) -> Result<Arc<Finished>, Unanswered> {
        if let Some(telemetry) = work.published.prefix() {
            return Ok(Arc::new(Finished {
                telemetry,
                forms: Arc::new(Forms::new(self.budget.clone())),
                seen: work.cx.seen(),
            }));
        }
        let is_silent = matches!(*error, FetchError::Upstream(_)) && !work.published.has_answer();
        Err(Unanswered::Fetch(if is_silent {
            error
        } else {
            Arc::new(FetchError::TooSlow)
        }))
    }
}

/// Where an answer that was waited for came from.
fn served(waiter: &Waiter<Fetching>, freshness: Freshness, waited: Duration) -> Served {
    let calls = waiter.work().cx.calls();
    match freshness {
        Freshness::New | Freshness::Unkept => Served::Bypass {
            wanted: freshness,
            calls,
        },
        Freshness::Any if waiter.has_begun() => Served::Miss { calls },
        Freshness::Any => Served::Joined { waited },
    }
}

/// Whether it was only time that was missing.
fn is_late(error: &FetchError) -> bool {
    match error {
        FetchError::Upstream(error) => {
            error.is_of_one_request() && !matches!(error, UpstreamError::Calls { .. })
        }
        FetchError::TooSlow => true,
        FetchError::AlteredTimestamps
        | FetchError::SeveralSeries(_)
        | FetchError::TooManySamples { .. }
        | FetchError::NoSeries
        | FetchError::QuantileNotExposed { .. }
        | FetchError::Histograms
        | FetchError::TooHeavy(_) => false,
    }
}

/// For how long the answer to `plan` is kept: short buckets want fresh data.
fn lifetime(plan: &Plan, ttl: Duration) -> Duration {
    let width = match plan.reduction {
        Reduction::Buckets {
            grid: Grid { width, .. },
            ..
        }
        | Reduction::Fold {
            grid: Grid { width, .. },
            ..
        }
        | Reduction::Legacy {
            bucket: Some(width),
            ..
        } => width,
        Reduction::Points | Reduction::Rates { .. } | Reduction::Legacy { bucket: None, .. } => {
            return ttl.min(RAW);
        }
    };
    ttl.min(length(width) / 2)
}

fn length(millis: Millis) -> Duration {
    Duration::from_millis(u64::try_from(millis.get()).unwrap_or_default())
}

/// One fetch.
#[derive(Debug)]
struct Fetching {
    /// Its own: the deadline is the latest of those who wait.
    cx: Context,
    upstream: Upstream,
    plan: Plan,
    published: Published,
    lifetime: Duration,
    is_kept: bool,
    budget: Budget,
    instruments: Arc<Instruments>,
}

impl Work for Fetching {
    type Outcome = Outcome;

    async fn run(&self) -> Done<Outcome> {
        let fetched = fetch::run(&self.cx, &self.upstream, &self.plan, &self.published).await;
        let bytes = self.keeps(&fetched);
        let outcome = fetched.map(|fetched| {
            let Fetched {
                telemetry, dropped, ..
            } = fetched;
            self.count(dropped);
            Arc::new(Finished {
                telemetry,
                forms: Arc::new(Forms::new(self.budget.clone())),
                seen: self.cx.seen(),
            })
        });
        let outcome = outcome.map_err(Arc::new);
        let lifetime = self.lifetime;
        Done {
            outcome,
            keeps: bytes.map(|bytes| Keeps { lifetime, bytes }),
        }
    }

    fn put_off_to(&self, deadline: &Deadline) {
        self.cx.deadline.put_off_to(deadline);
    }

    fn counted(outcome: &Outcome, taken: Taken) {
        if let Ok(finished) = outcome {
            finished.forms.counted(taken);
        }
    }
}

impl Fetching {
    /// How many bytes it takes to keep the outcome, or why it is not kept.
    fn keeps(&self, fetched: &Result<Fetched, FetchError>) -> Result<usize, NotStored> {
        if !self.is_kept {
            return Err(NotStored::Caller);
        }
        let bytes = match fetched {
            Ok(Fetched { is_cut: true, .. }) => return Err(NotStored::Cut),
            Ok(fetched) => fetched.telemetry.body.len() + size_of::<Finished>(),
            Err(error) => negative(error).ok_or(NotStored::Failure)?,
        };
        match self.cx.reservation() {
            None => Ok(bytes),
            Some(Reservation::Warned) => Err(NotStored::Warned),
            Some(Reservation::NoStore) => Err(NotStored::NoStore),
            Some(Reservation::Unread) => Err(NotStored::Cut),
        }
    }

    fn count(&self, dropped: Dropped) {
        let instruments = &self.instruments;
        instruments.points_dropped(DropReason::Nan, dropped.nan_dropped);
        instruments.points_dropped(DropReason::Infinite, dropped.infinity_dropped);
    }
}

/// About how many bytes a failure takes that another call would meet again: `PM-2001`, `PM-2002`,
/// and `PM-3006` from a 400. A 422 may be load or a timeout.
fn negative(error: &FetchError) -> Option<usize> {
    match error {
        FetchError::SeveralSeries(series) => Some(series.size()),
        FetchError::NoSeries => Some(size_of::<FetchError>()),
        FetchError::Upstream(UpstreamError::Refused {
            status: 400,
            host,
            message,
        }) => Some(size_of::<FetchError>() + host.len() + message.as_str().len()),
        FetchError::Upstream(_)
        | FetchError::AlteredTimestamps
        | FetchError::TooManySamples { .. }
        | FetchError::QuantileNotExposed { .. }
        | FetchError::Histograms
        | FetchError::TooHeavy(_)
        | FetchError::TooSlow => None,
    }
}
