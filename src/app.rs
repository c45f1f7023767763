//! Everything that is built once and shared by all requests, the configuration that they see, and
//! the one clock.

mod errands;
pub mod reload;
mod snapshot;

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::caller::Caller;
use crate::caller::Refusals;
use crate::config::Insecure;
use crate::config::Settings;
use crate::explain::tap::Tap;
use crate::instruments::Insecurity;
use crate::instruments::Instruments;
use crate::instruments::Scope;
use crate::limits;
use crate::limits::Budget;
use crate::limits::Pressure;
use crate::limits::Rooms;
use crate::mirror::Mirror;
use crate::time::UnixMillis;
pub use errands::Errands;
pub use errands::Undone;
pub use snapshot::Snapshot;

/// How long the heart may stand still before the program counts as stuck (reliability.md, "Health
/// and readiness").
pub const HEARTBEAT_LIMIT: Duration = Duration::from_secs(10);

/// The application: what handlers need, each part documented where it is defined.
#[derive(Debug)]
pub struct App {
    /// The four methods.
    pub mirror: Mirror,
    /// The last requests.
    pub tap: Tap,
    /// What is asked for at the admin listener, and done where requests are worked on.
    pub errands: Errands,
    /// How the last reload ended.
    reloaded: Mutex<Option<Reloaded>>,
    /// Our own instruments.
    pub instruments: Arc<Instruments>,
    /// Which strangers stand in the log already.
    pub refusals: Refusals,
    /// What all bodies together may take whose callers are not accepted yet.
    pub unaccepted: Budget,
    /// Whether we live, and whether we want to be called.
    pub state: State,
    /// The wall clock: milliseconds since 1970.
    pub clock: fn() -> UnixMillis,
    /// The calls that are worked on, and those that wait for it.
    pub calls: Rooms<Option<Caller>>,
    /// How close we are to the limit of our memory.
    pub pressure: Pressure,
    /// The bytes that all requests together may hold.
    pub budget: Budget,
    /// How many they are where the configuration does not say it.
    own_budget: usize,
    /// The configuration. A channel that keeps its last value, rather than a lock of our own: it is
    /// held for the copying of a pointer, cannot be poisoned, and tells whoever waits for a change.
    current: watch::Sender<Arc<Snapshot>>,
}

/// Why the application cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppError {
    /// The key holds a control character, so it cannot stand in a header.
    #[error("the key holds a character that no HTTP header can carry")]
    Key,
}

/// How a reload ended.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Reloaded {
    /// Whether what was read is in force.
    pub ok: bool,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// What is wrong with it; no values.
    pub problems: Vec<String>,
}

impl App {
    /// The application that `settings` describe.
    ///
    /// # Errors
    ///
    /// [`AppError::Key`] if the key cannot stand in a header.
    pub fn new(settings: &Settings) -> Result<Self, AppError> {
        let instruments = Arc::new(Instruments::new());
        let snapshot = Snapshot::new(settings, 0)?;
        show(settings, &instruments);
        let budget = Budget::of_this_process();
        let own_budget = budget.limit();
        budget.resize(settings.limits.byte_budget.unwrap_or(own_budget));
        Ok(Self {
            mirror: Mirror::new(
                Arc::clone(&instruments),
                settings.ambient.clone(),
                wall_clock,
                &budget,
                settings.answers.room,
            ),
            calls: Rooms::default(),
            pressure: Pressure::default(),
            budget,
            own_budget,
            instruments,
            refusals: Refusals::default(),
            tap: Tap::new(wall_clock()),
            errands: Errands::default(),
            reloaded: Mutex::default(),
            unaccepted: Budget::exact(limits::UNACCEPTED_BODIES),
            state: State::new(),
            clock: wall_clock,
            current: watch::Sender::new(Arc::new(snapshot)),
        })
    }

    /// The configuration that holds now.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.current.borrow())
    }

    /// The configuration that holds now, and each that will.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.current.subscribe()
    }

    /// How the last reload ended; `None` if there was none.
    #[must_use]
    pub fn reloaded(&self) -> Option<Reloaded> {
        let reloaded = self.reloaded.lock();
        reloaded.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A reload has ended, with these problems if it failed.
    pub fn tell_reload(&self, problems: Vec<String>) {
        self.instruments.config_reloaded(problems.is_empty());
        let reloaded = Reloaded {
            ok: problems.is_empty(),
            at: (self.clock)().get(),
            problems,
        };
        let mut last = self.reloaded.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some(reloaded);
    }

    /// From now on new requests see `settings`.
    ///
    /// # Errors
    ///
    /// [`AppError::Key`] if the key cannot stand in a header; then nothing changes.
    pub fn apply(&self, settings: &Settings) -> Result<(), AppError> {
        let generation = self.snapshot().connections.generation.wrapping_add(1);
        let snapshot = Arc::new(Snapshot::new(settings, generation)?);
        let before = self.current.send_replace(Arc::clone(&snapshot));
        for (name, _) in before.connections.named.iter() {
            if snapshot.connections.named.get(name).is_none() {
                self.instruments.forget_expiry(name);
            }
        }
        self.mirror.reconfigured();
        let bytes = settings.limits.byte_budget.unwrap_or(self.own_budget);
        self.budget.resize(bytes);
        self.mirror.resize(settings.answers.room, &self.budget);
        show(settings, &self.instruments);
        Ok(())
    }
}

/// Shows the limits of `settings`, and which doors `settings` leave open, for as long as they hold.
fn show(settings: &Settings, instruments: &Instruments) {
    instruments.limit(Scope::Global, settings.limits.in_flight);
    instruments.limit(Scope::Backend, settings.connections.calls.of(None).slots);
    let Insecure {
        callers_open,
        role_arns_open,
    } = settings.insecure;
    instruments.insecure_config(Insecurity::CallersOpen, callers_open);
    instruments.insecure_config(Insecurity::RoleArnsOpen, role_arns_open);
}

/// The only place that reads the system's clock; before 1970 it is 1970.
#[must_use]
pub fn wall_clock() -> UnixMillis {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    UnixMillis::new(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Whether the program lives, and whether it wants to be called.
///
/// Read by the admin listener's own thread, so that it answers even when the main runtime is
/// stuck: plain atomics, no lock that a stuck thread could hold.
#[derive(Debug)]
pub struct State {
    /// The zero of `beat`.
    started: Instant,
    /// When the heart last beat, in milliseconds after `started`.
    beat: AtomicU64,
    ready: AtomicBool,
    draining: AtomicBool,
    /// The time to stop is over.
    stopping: CancellationToken,
    /// How many requests had not ended by then, and were told so.
    left_over: AtomicUsize,
}

impl State {
    fn new() -> Self {
        Self {
            started: Instant::now(),
            beat: AtomicU64::new(0),
            ready: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            stopping: CancellationToken::new(),
            left_over: AtomicUsize::new(0),
        }
    }

    /// The main runtime's heart beats at `now`.
    pub fn beat(&self, now: Instant) {
        let since = now.saturating_duration_since(self.started).as_millis();
        self.beat
            .store(u64::try_from(since).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// For how long the program has run at `now`.
    #[must_use]
    pub fn uptime(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.started)
    }

    /// Whether the heart has beaten within [`HEARTBEAT_LIMIT`] before `now`.
    #[must_use]
    pub fn alive(&self, now: Instant) -> bool {
        let last = self.started + Duration::from_millis(self.beat.load(Ordering::Relaxed));
        now.saturating_duration_since(last) <= HEARTBEAT_LIMIT
    }

    /// Both listeners are bound.
    pub fn set_ready(&self) {
        self.ready.store(true, Ordering::Relaxed);
    }

    /// The program has begun to stop; there is no way back.
    pub fn set_draining(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the program has begun to stop.
    #[must_use]
    pub fn draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// The time to stop is over: what still runs is answered with that.
    pub fn set_stopping(&self) {
        self.stopping.cancel();
    }

    /// Ends for each running request when the time to stop is over, and counts it.
    pub async fn stopping(&self) {
        self.stopping.cancelled().await;
        self.left_over.fetch_add(1, Ordering::Relaxed);
    }

    /// How many requests had not ended when the time was over.
    #[must_use]
    pub fn left_over(&self) -> usize {
        self.left_over.load(Ordering::Relaxed)
    }

    /// Whether the program wants to be called: bound, and not stopping. Backends do not count: the
    /// outage of one would take out every replica (reliability.md, "Health and readiness").
    #[must_use]
    pub fn ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed) && !self.draining()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::config::tests::with_key;

    /// An application without a backend, whose key is `opensesame`.
    pub(crate) fn app() -> Arc<App> {
        Arc::new(App::new(&with_key("opensesame")).unwrap())
    }

    #[test]
    fn a_key_that_no_header_can_carry_is_refused_and_changes_nothing() {
        let bad = with_key("open\nsesame");
        assert_eq!(App::new(&bad).err(), Some(AppError::Key));
        let app = app();
        assert_eq!(app.apply(&bad), Err(AppError::Key));
        assert_eq!(app.snapshot().key, "opensesame");
    }

    #[test]
    fn a_request_keeps_the_snapshot_that_it_began_with() {
        let app = app();
        let begun = app.snapshot();
        app.apply(&with_key("another")).unwrap();
        assert_eq!(begun.key, "opensesame");
        assert_eq!(app.snapshot().key, "another");
    }

    #[test]
    fn the_bytes_of_requests_follow_a_reload_and_come_back() {
        let app = app();
        let own = app.budget.limit();
        let mut settings = with_key("opensesame");
        settings.limits.byte_budget = Some(1 << 20);
        app.apply(&settings).unwrap();
        assert_eq!(app.budget.limit(), 1 << 20);
        app.apply(&with_key("opensesame")).unwrap();
        assert_eq!(app.budget.limit(), own);
    }

    #[test]
    fn a_heart_that_stands_still_for_over_ten_seconds_is_dead() {
        let state = State::new();
        let start = state.started;
        assert!(state.alive(start + Duration::from_secs(10)));
        assert!(!state.alive(start + Duration::from_millis(10_001)));
        state.beat(start + Duration::from_secs(7));
        assert!(state.alive(start + Duration::from_secs(17)));
    }

    #[test]
    fn a_program_that_stops_is_not_ready_any_more() {
        let state = State::new();
        assert!(!state.ready());
        state.set_ready();
        assert!(state.ready());
        state.set_draining();
        assert!(!state.ready());
    }
}
