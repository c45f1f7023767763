//! What is counted of backends and of what proves us to them, each by the name of its connection.

use std::borrow::Cow;
use std::time::Duration;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use super::Instruments;
use super::Named;
use super::OTHER_BACKEND;
use super::labels::Breaker;
use super::labels::CallOutcome;
use super::labels::Denied;
use super::labels::Refresh;

/// What is measured of a named connection; what was never measured is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// [`Breaker::number`].
    pub breaker: Option<i64>,
    /// In seconds.
    pub clock_skew: Option<i64>,
    /// In seconds since 1970.
    pub credential_expiry: Option<i64>,
    /// In seconds since 1970.
    pub certificate_expiry: Option<i64>,
}

impl Instruments {
    /// Counts one call to a backend and how long it took. `connection` is the name of the
    /// connection, if the configuration names it.
    pub fn backend_call(&self, connection: Option<&str>, outcome: CallOutcome, took: Duration) {
        let backend = backend(connection);
        self.backend_calls
            .get_or_create(&[backend.clone(), ("outcome", outcome.as_str().into())])
            .inc();
        self.backend_call_duration
            .get_or_create(&[backend])
            .observe(took.as_secs_f64());
    }

    /// Counts one call to the backend of `connection` that repeats another.
    pub fn backend_retry(&self, connection: Option<&str>, outcome: CallOutcome) {
        let outcome = ("outcome", outcome.as_str().into());
        self.backend_retries
            .get_or_create(&[backend(connection), outcome])
            .inc();
    }

    /// Counts one failed call to the backend of `connection` that was worth a repeat and had none.
    pub fn backend_retry_denied(&self, connection: Option<&str>, reason: Denied) {
        let reason = ("reason", reason.as_str().into());
        self.backend_retries_denied
            .get_or_create(&[backend(connection), reason])
            .inc();
    }

    /// Shows the breaker of the backend of `connection`.
    pub fn breaker(&self, connection: Option<&str>, state: Breaker) {
        self.breaker_state
            .get_or_create(&[backend(connection)])
            .set(state.number());
    }

    /// Counts one opening of it.
    pub fn breaker_opened(&self, connection: Option<&str>) {
        self.breaker_opened
            .get_or_create(&[backend(connection)])
            .inc();
    }

    /// What is measured of a named connection.
    #[must_use]
    pub fn measured(&self, connection: &str) -> Measured {
        let of = |family: &Family<Named<1>, Gauge>| {
            let gauge = family.get(&[backend(Some(connection))]);
            gauge.map(|gauge| gauge.get())
        };
        Measured {
            breaker: of(&self.breaker_state),
            clock_skew: of(&self.clock_skew),
            credential_expiry: of(&self.credential_expiry),
            certificate_expiry: of(&self.certificate_expiry),
        }
    }

    /// Shows the breaker of a named connection no more: the name may be gone.
    pub fn forget_breaker(&self, connection: &str) {
        self.breaker_state.remove(&[backend(Some(connection))]);
    }

    /// Counts one attempt to have a session or a token for `connection`.
    pub fn credential_refresh(&self, connection: Option<&str>, result: Refresh) {
        self.credential_refresh
            .get_or_create(&[backend(connection), ("result", result.as_str().into())])
            .inc();
    }

    /// The clock of the backend of `connection` is `seconds` ahead of ours; behind, if negative.
    pub fn clock_skew(&self, connection: Option<&str>, seconds: i64) {
        self.clock_skew
            .get_or_create(&[backend(connection)])
            .set(seconds);
    }

    /// Counts `count` warnings in one answer of the backend of `connection`.
    pub fn backend_warnings(&self, connection: Option<&str>, count: u64) {
        if count > 0 {
            self.backend_warnings
                .get_or_create(&[backend(connection)])
                .inc_by(count);
        }
    }

    /// Says when the session or token ends that calls over a named connection prove themselves with,
    /// in seconds since 1970.
    pub fn credential_expiry(&self, connection: &str, seconds: i64) {
        self.credential_expiry
            .get_or_create(&[backend(Some(connection))])
            .set(seconds);
    }

    /// Forgets when something of a named connection ends: it is gone, and nobody will renew it.
    pub fn forget_expiry(&self, connection: &str) {
        let labels = [backend(Some(connection))];
        self.credential_expiry.remove(&labels);
        self.certificate_expiry.remove(&labels);
    }

    /// Says when the client certificate of a named connection ends, in seconds since 1970.
    pub fn certificate_expiry(&self, connection: &str, seconds: i64) {
        self.certificate_expiry
            .get_or_create(&[backend(Some(connection))])
            .set(seconds);
    }
}

fn backend(connection: Option<&str>) -> (&'static str, Cow<'static, str>) {
    let name = connection.map(|name| Cow::Owned(name.to_owned()));
    ("backend", name.unwrap_or(Cow::Borrowed(OTHER_BACKEND)))
}
