//! Everything that is built once and shared by all requests, and the one clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use http::HeaderValue;

use crate::config::Settings;
use crate::instruments::Instruments;
use crate::mirror::Mirror;
use crate::secret::Secret;
use crate::time::UnixMillis;

/// How long the heart may stand still before the program counts as stuck (reliability.md, "Health
/// and readiness").
pub const HEARTBEAT_LIMIT: Duration = Duration::from_secs(10);

/// The application: what handlers need, each part documented where it is defined.
#[derive(Debug)]
pub struct App {
    /// The four methods.
    pub mirror: Mirror,
    /// What proves the mirror to `StackState`; marked sensitive, so that nothing prints it.
    pub key: HeaderValue,
    /// Our own instruments.
    pub instruments: Arc<Instruments>,
    /// Whether we live, and whether we want to be called.
    pub state: State,
    /// The wall clock: milliseconds since 1970.
    pub clock: fn() -> UnixMillis,
}

/// Why the application cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppError {
    /// The key holds a control character, so it cannot stand in a header.
    #[error("the key holds a character that no HTTP header can carry")]
    Key,
}

impl App {
    /// The application that `settings` describe.
    ///
    /// # Errors
    ///
    /// [`AppError::Key`] if the key cannot stand in a header.
    pub fn new(settings: &Settings) -> Result<Self, AppError> {
        let instruments = Arc::new(Instruments::new());
        let mirror = Mirror::new(settings.defaults.clone(), Arc::clone(&instruments));
        Self::with(mirror, &settings.api_key, instruments)
    }

    /// An application around `mirror`.
    ///
    /// # Errors
    ///
    /// [`AppError::Key`] if `key` cannot stand in a header.
    pub fn with(
        mirror: Mirror,
        key: &Secret,
        instruments: Arc<Instruments>,
    ) -> Result<Self, AppError> {
        let mut key = HeaderValue::from_str(key.expose()).map_err(|_| AppError::Key)?;
        key.set_sensitive(true);
        Ok(Self {
            mirror,
            key,
            instruments,
            state: State::new(),
            clock: wall_clock,
        })
    }
}

/// The only place that reads the system's clock; before 1970 it is 1970.
fn wall_clock() -> UnixMillis {
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
}

impl State {
    fn new() -> Self {
        Self {
            started: Instant::now(),
            beat: AtomicU64::new(0),
            ready: AtomicBool::new(false),
            draining: AtomicBool::new(false),
        }
    }

    /// The main runtime's heart beats at `now`.
    pub fn beat(&self, now: Instant) {
        let since = now.saturating_duration_since(self.started).as_millis();
        self.beat
            .store(u64::try_from(since).unwrap_or(u64::MAX), Ordering::Relaxed);
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
    use crate::connections::Defaults;

    fn with_key(key: &str) -> Result<App, AppError> {
        let instruments = Arc::new(Instruments::new());
        let mirror = Mirror::new(Defaults::default(), Arc::clone(&instruments));
        App::with(mirror, &Secret::new(key.to_owned()), instruments)
    }

    /// An application without a backend, whose key is `opensesame`.
    pub(crate) fn app() -> Arc<App> {
        Arc::new(with_key("opensesame").unwrap())
    }

    #[test]
    fn a_key_that_no_header_can_carry_is_refused_at_the_start() {
        assert_eq!(with_key("open\nsesame").err(), Some(AppError::Key));
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
