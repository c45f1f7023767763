//! The steps on the way to a backend, and how long each took: what the connection test shows
//! (connections.md, "The connection test").

use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use crate::time::UnixMillis;

/// A step on the way to a backend, in the order in which they are climbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The connection details are read.
    Details,
    /// They may be used.
    Allowed,
    /// The name has an address.
    Name,
    /// The address takes a connection.
    Connect,
    /// The connection takes a TLS session.
    Tls,
    /// There is something to prove who asks.
    Credentials,
    /// The backend takes it.
    Authorisation,
    /// The backend computes.
    Query,
    /// It has data, and lets them be listed.
    Data,
    /// Its clock agrees with ours.
    Clock,
    /// It is known what kind of engine it is.
    Flavour,
}

impl Step {
    /// All of them, from the first to the last.
    pub const ALL: [Self; 11] = [
        Self::Details,
        Self::Allowed,
        Self::Name,
        Self::Connect,
        Self::Tls,
        Self::Credentials,
        Self::Authorisation,
        Self::Query,
        Self::Data,
        Self::Clock,
        Self::Flavour,
    ];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Details => "details",
            Self::Allowed => "allowed",
            Self::Name => "name",
            Self::Connect => "connect",
            Self::Tls => "TLS",
            Self::Credentials => "credentials",
            Self::Authorisation => "authorisation",
            Self::Query => "query",
            Self::Data => "data",
            Self::Clock => "clock",
            Self::Flavour => "flavour",
        }
    }
}

/// What was noted of the steps of one request.
#[derive(Debug, Default)]
pub(super) struct Notes(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    took: Vec<(Step, Duration)>,
    date: Option<(UnixMillis, Instant)>,
}

impl Notes {
    pub(super) fn took(&self, step: Step, took: Duration) {
        self.noted().took.push((step, took));
    }

    pub(super) fn time(&self, step: Step) -> Option<Duration> {
        let noted = self.noted();
        let mut of_step = noted.took.iter().filter(|(it, _)| *it == step).peekable();
        of_step.peek()?;
        Some(of_step.map(|(_, took)| *took).sum())
    }

    pub(super) fn dated(&self, date: UnixMillis, at: Instant) {
        self.noted().date = Some((date, at));
    }

    pub(super) fn date(&self) -> Option<(UnixMillis, Instant)> {
        self.noted().date
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
