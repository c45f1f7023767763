//! What is had from somebody else and holds for a while: AWS sessions and OAuth2 tokens
//! (connections.md, "AWS", session cache).
//!
//! No caller waits while a usable session is there. Each key has one load at a time, in a task that
//! outlives its first caller; a session is renewed ahead of its end, and one that cannot be renewed
//! serves nearly to its end. What a session is and how it is loaded is the caller's business.

mod apart;
mod entry;
pub(super) mod pace;
mod table;

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio::time::sleep_until;
use tokio::time::timeout_at;
use tokio_util::sync::CancellationToken;
use tokio_util::sync::DropGuard;
use tokio_util::task::TaskTracker;

use crate::caller::Caller;
use crate::connections::identity::Identity;
use apart::Apart;
use entry::Next;
use table::Table;

/// Which session is asked for, and by whom.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    /// All that it depends on: whoever else needs the same session gets it.
    pub(super) identity: Identity,
    /// Whose share of the entries it takes, if it has to be made.
    pub(super) owner: Caller,
}

/// A session as a load brings it.
#[derive(Clone, Debug)]
pub(super) struct Loaded<V> {
    pub(super) value: V,
    /// How long it lasts, counted from its arrival.
    pub(super) lifetime: Duration,
}

/// A session, and which load it came with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held<V> {
    pub(super) value: V,
    serial: u64,
}

/// Why there is no session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Missing<E> {
    /// The load failed.
    Failed(E),
    /// The caller's time is over; the load goes on.
    Late,
    /// The load ended without a word.
    Lost,
    /// A forced renewal was made less than a minute ago.
    Again,
}

/// An error of a load.
pub(super) trait LoadError: Clone + Send + Sync + 'static {
    /// Whether somebody said no, as opposed to nothing.
    fn is_refusal(&self) -> bool;
}

/// Loads a session; it is given the one that it is to replace. Kept by the task that runs it.
pub(super) type Load<V, E> =
    Arc<dyn Fn(Option<V>) -> BoxFuture<'static, Result<Loaded<V>, E>> + Send + Sync>;

/// How a load ended, once it has.
type Outcome<V, E> = watch::Receiver<Option<Result<Held<V>, E>>>;

/// Within `0.0..1.0`.
pub(super) type Random = fn() -> f64;

/// The sessions of this process. Clones share them; with the last one end all loads.
#[derive(Clone)]
pub(super) struct Sessions<V, E> {
    shared: Arc<Shared<V, E>>,
    _owner: Arc<DropGuard>,
}

struct Shared<V, E> {
    table: Mutex<Table<V, E>>,
    apart: Mutex<Apart<V, E>>,
    random: Random,
    tasks: TaskTracker,
    end: CancellationToken,
}

impl<V: Clone + Send + Sync + 'static, E: LoadError> Sessions<V, E> {
    /// No session yet.
    pub(super) fn new(random: Random) -> Self {
        let end = CancellationToken::new();
        Self {
            shared: Arc::new(Shared {
                table: Mutex::default(),
                apart: Mutex::default(),
                random,
                tasks: TaskTracker::new(),
                end: end.clone(),
            }),
            _owner: Arc::new(end.drop_guard()),
        }
    }

    /// The session of `key`: the one at hand, or what `load` brings before `deadline`.
    pub(super) async fn session(
        &self,
        claim: &Claim,
        deadline: Instant,
        load: &Load<V, E>,
    ) -> Result<Held<V>, Missing<E>> {
        let now = Instant::now();
        let outcome = {
            let mut table = self.shared.table();
            match table.entry(claim, now).next(now) {
                Next::Have(held) => return Ok(held),
                Next::HaveAndRenew(held) => {
                    self.shared.begin(&mut table, claim, now, load);
                    return Ok(held);
                }
                Next::Refused(error) => return Err(Missing::Failed(error)),
                Next::Wait(outcome) => outcome,
                Next::Load => self.shared.begin(&mut table, claim, now, load),
            }
        };
        wait(outcome, deadline).await
    }

    /// A session of `key` that is newer than `used`, which the other side no longer takes.
    pub(super) async fn renewed(
        &self,
        claim: &Claim,
        used: &Held<V>,
        deadline: Instant,
        load: &Load<V, E>,
    ) -> Result<Held<V>, Missing<E>> {
        let now = Instant::now();
        let outcome = {
            let mut table = self.shared.table();
            match table.entry(claim, now).next_after(used.serial, now) {
                None => return Err(Missing::Again),
                Some(Next::Have(held) | Next::HaveAndRenew(held)) => return Ok(held),
                Some(Next::Refused(error)) => return Err(Missing::Failed(error)),
                Some(Next::Wait(outcome)) => outcome,
                Some(Next::Load) => self.shared.begin(&mut table, claim, now, load),
            }
        };
        wait(outcome, deadline).await
    }

    /// A session for a connection test: the sessions above are neither read nor changed, so that a
    /// mended trust policy shows at once. Tests of one key within 10 s share one.
    pub(super) async fn session_apart(
        &self,
        key: Identity,
        deadline: Instant,
        load: &Load<V, E>,
    ) -> Result<Held<V>, Missing<E>> {
        let now = Instant::now();
        let outcome = {
            let mut apart = self.shared.apart();
            match apart.recent(key, now) {
                Some(outcome) => outcome,
                None => {
                    let (tell, outcome) = watch::channel(None);
                    apart.keep(key, now, outcome.clone());
                    let load = load(None);
                    self.shared.spawn(async move {
                        let loaded = load.await;
                        let held = loaded.map(|it| Held {
                            value: it.value,
                            serial: 0,
                        });
                        tell.send_replace(Some(held));
                    });
                    outcome
                }
            }
        };
        wait(outcome, deadline).await
    }
}

async fn wait<V: Clone, E: Clone>(
    mut outcome: Outcome<V, E>,
    deadline: Instant,
) -> Result<Held<V>, Missing<E>> {
    let ended = timeout_at(deadline, outcome.wait_for(Option::is_some)).await;
    match ended.map_err(|_| Missing::Late)?.as_deref() {
        Ok(Some(Ok(held))) => Ok(held.clone()),
        Ok(Some(Err(error))) => Err(Missing::Failed(error.clone())),
        Ok(None) | Err(_) => Err(Missing::Lost),
    }
}

impl<V: Clone + Send + Sync + 'static, E: LoadError> Shared<V, E> {
    fn begin(
        self: &Arc<Self>,
        table: &mut Table<V, E>,
        claim: &Claim,
        now: Instant,
        load: &Load<V, E>,
    ) -> Outcome<V, E> {
        let (tell, outcome) = watch::channel(None);
        let (serial, at, previous) = table.begin(claim, now, outcome.clone());
        let shared = Arc::clone(self);
        let (load, key) = (Arc::clone(load), claim.identity);
        self.spawn(async move {
            sleep_until(at).await;
            let loaded = load(previous).await;
            let held =
                shared
                    .table()
                    .settle(key, serial, loaded, Instant::now(), (shared.random)());
            tell.send_replace(Some(held));
        });
        outcome
    }

    fn spawn(&self, load: impl Future<Output = ()> + Send + 'static) {
        let end = self.end.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = end.cancelled() => {}
                () = load => {}
            }
        });
    }

    fn table(&self) -> MutexGuard<'_, Table<V, E>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn apart(&self) -> MutexGuard<'_, Apart<V, E>> {
        self.apart.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V, E> fmt::Debug for Sessions<V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
