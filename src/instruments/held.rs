//! What counts for as long as it lives, or for longer than there are instruments.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

/// Counts dropped lines of the log, which begins before there are instruments.
#[derive(Clone, Debug)]
pub struct LinesDropped(pub(super) Counter);

impl LinesDropped {
    /// So many more.
    pub fn add(&self, lines: u64) {
        self.0.inc_by(lines);
    }
}

/// Keeps a gauge one higher for as long as it lives.
#[derive(Debug)]
pub struct Held(Gauge);

impl Held {
    pub(super) fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Counts an open connection for as long as it lives: as idle, or as active between a `begin` and
/// its `end`.
#[derive(Debug)]
pub struct OpenConnection {
    pub(super) idle: Gauge,
    pub(super) active: Gauge,
}

impl OpenConnection {
    /// A request begins.
    pub fn begin(&self) {
        self.idle.dec();
        self.active.inc();
    }

    /// Its answer ends.
    pub fn end(&self) {
        self.active.dec();
        self.idle.inc();
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.idle.dec();
    }
}
