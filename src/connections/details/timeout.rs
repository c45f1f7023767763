//! The deadline: three keys in three units, one rule (reliability.md, "One deadline per request").

use std::time::Duration;

use super::error::Unfit;
use super::given::Given;
use super::warning::Warning;
use crate::limits;

/// The timeout keys that were given, in seconds.
#[derive(Debug, Default)]
pub(super) struct Timeouts {
    request_timeout_seconds: Option<f64>,
    timeout: Option<f64>,
    request_timeout: Option<f64>,
}

impl Timeouts {
    /// Takes the value of one of the three keys.
    pub(super) fn take(&mut self, name: &str, given: &Given) -> Result<(), Unfit> {
        match name {
            "request_timeout_seconds" => {
                let seconds = given.number();
                self.request_timeout_seconds =
                    Some(seconds.ok_or_else(|| Unfit::invalid("must be a number of seconds"))?);
            }
            "timeout" => self.timeout = Some(given.seconds()?),
            _ => {
                let millis = given.number();
                let millis =
                    millis.ok_or_else(|| Unfit::invalid("must be a number of milliseconds"))?;
                self.request_timeout = Some(millis / 1000.0);
            }
        }
        Ok(())
    }

    /// The deadline that was given, if one was.
    pub(super) fn own(&self, warnings: &mut Vec<Warning>) -> Option<Duration> {
        let given = [
            ("request_timeout_seconds", self.request_timeout_seconds),
            ("timeout", self.timeout),
            ("requestTimeout", self.request_timeout),
        ];
        let mut given = given
            .into_iter()
            .filter_map(|(name, seconds)| seconds.map(|seconds| (name, seconds)));
        let (used, seconds) = given.next()?;
        warnings.extend(given.map(|(name, _)| Warning::TimeoutUnused { name, used }));
        let length = clamped(seconds);
        if Duration::try_from_secs_f64(seconds) != Ok(length) {
            let seconds = length.as_secs();
            warnings.push(Warning::TimeoutClamped {
                name: used,
                seconds,
            });
        }
        Some(length)
    }
}

/// The deadline of a request: its `own`, else `default`, and what only lowers it: that of the
/// `named` connection and the `requestTimeout` `beside` the details, in milliseconds.
pub(super) fn deadline(
    own: Option<Duration>,
    default: Duration,
    named: Option<Duration>,
    beside: Option<u64>,
) -> Duration {
    let beside = beside.filter(|millis| *millis > 0);
    let (least, most, _) = limits::TIMEOUT;
    let lower = [named, beside.map(Duration::from_millis)];
    let own = own.or(named).unwrap_or(default);
    lower
        .into_iter()
        .flatten()
        .fold(own, Duration::min)
        .clamp(least, most)
}

/// A deadline of `seconds`, clamped and never refused, since units get mixed up.
#[must_use]
pub fn clamped(seconds: f64) -> Duration {
    let (least, most, _) = limits::TIMEOUT;
    if seconds <= least.as_secs_f64() {
        return least;
    }
    Duration::try_from_secs_f64(seconds).map_or(most, |length| length.min(most))
}
