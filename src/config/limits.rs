//! `limits`: how much is worked on at once, and how the end comes (reliability.md, "Concurrency and
//! overload", "Shutdown and reload" and "The process").

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::error::{Code, Finding, Origin};
use super::reader::Reader;
use super::setting;
use super::setting::Setting;
use crate::connections::Named;
use crate::connections::details::error::Unfit;
use crate::connections::details::given::Given;
use crate::connections::details::given::Scalar;
use crate::connections::details::keys;
use crate::limits::Calls;
use crate::limits::Load;

/// Most requests in flight, and most calls (a choice: descriptors end before).
const MOST: u32 = 1 << 20;
/// The longest that stopping may be drawn out, each of its two parts.
const LONGEST: Duration = Duration::from_secs(600);
/// How old a connection may get. Younger ones would cost a handshake each.
const AGES: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(3_600);
/// The smallest byte budget: a few answers fit.
const LEAST_BYTES: f64 = 1_048_576.0;
/// The largest; every smaller integer is a float of its own.
const MOST_BYTES: f64 = 4_503_599_627_370_496.0;
/// Units of a size.
const UNITS: [(&str, f64); 3] = [
    ("KiB", 1_024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
];

impl Reader<'_> {
    /// The limits, where so many callers are configured.
    pub(super) fn limits(&mut self, named: &Named, callers: usize) -> (Load, Calls) {
        let default = Load::default();
        let in_flight = self.count(&setting::IN_FLIGHT).map(|(count, _)| count);
        let seconds = |given: Given| given.duration(Duration::ZERO..=LONGEST, "0 to 10m");
        let load = Load {
            in_flight: in_flight.unwrap_or(default.in_flight),
            byte_budget: self.value(&setting::BYTE_BUDGET, |given| bytes(&given)),
            connection_age: self
                .value(&setting::CONNECTION_AGE, |given| {
                    given.duration(AGES, "1s to 1h")
                })
                .unwrap_or(default.connection_age),
            shutdown_delay: self
                .value(&setting::SHUTDOWN_DELAY, seconds)
                .unwrap_or(default.shutdown_delay),
            drain: self
                .value(&setting::DRAIN, seconds)
                .unwrap_or(default.drain),
            is_shared: callers >= 2,
        };
        let most = load.most_calls();
        let each = self.count(&setting::BACKEND_CALLS);
        if let Some((each, origin)) = &each {
            self.warn_of_most(*each, most, origin);
        }
        let calls = Calls {
            each: each.map_or(Calls::default().each, |(count, _)| count),
            by_name: self.calls_by_name(named, most),
            most,
            is_shared: load.is_shared,
        };
        (load, calls)
    }

    fn calls_by_name(&mut self, named: &Named, most: usize) -> BTreeMap<String, usize> {
        let mut by_name = BTreeMap::new();
        let read = |given| match given {
            Given::Map(members) => Ok(members),
            Given::Scalar(_) | Given::List(_) => Err(Unfit::invalid(
                "must be a map of names of connections to numbers",
            )),
        };
        let Some((members, origin)) = self.value_with_origin(&setting::BACKEND_CALLS_FOR, read)
        else {
            return by_name;
        };
        for (name, given) in members {
            let unfit = match given.integer(1..=MOST).map(usize_of) {
                Ok(_) if named.get(&name).is_none() => "is no connection".to_owned(),
                Ok(count) => {
                    self.warn_of_most(count, most, &origin);
                    by_name.insert(name, count);
                    continue;
                }
                Err(unfit) => unfit.expectation(),
            };
            let text = format!("{}: {unfit}", keys::shown(&name));
            self.findings
                .push(Finding::new(Code::BadValue, origin.clone(), text));
        }
        by_name
    }

    fn warn_of_most(&mut self, count: usize, most: usize, origin: &Origin) {
        if count > most {
            let text = format!(
                "slots and waiting room of a backend are at most a quarter of in_flight; {most} is used"
            );
            self.warnings
                .push(Finding::new(Code::BadValue, origin.clone(), text));
        }
    }

    fn count(&mut self, setting: &Setting) -> Option<(usize, Origin)> {
        let found = self.value_with_origin(setting, |given| given.integer(1..=MOST));
        found.map(|(count, origin)| (usize_of(count), origin))
    }
}

fn usize_of(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// A number of bytes, or one with a unit.
fn bytes(given: &Given) -> Result<usize, Unfit> {
    let spelled = || {
        let Given::Scalar(Scalar::Text(text)) = given else {
            return None;
        };
        UNITS.iter().find_map(|(unit, size)| {
            let number: u32 = text.strip_suffix(unit)?.trim_end().parse().ok()?;
            Some(f64::from(number) * size)
        })
    };
    given
        .number()
        .or_else(spelled)
        .filter(|bytes| bytes.fract() == 0.0 && (LEAST_BYTES..=MOST_BYTES).contains(bytes))
        .map(whole)
        .ok_or_else(|| Unfit::invalid("must be a number of bytes from 1MiB, for example 512MiB"))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the one caller has checked that it is integral and below 2^53"
)]
fn whole(bytes: f64) -> usize {
    bytes as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<usize>) {
        let given = Given::Scalar(Scalar::Text(text.to_owned()));
        assert_eq!(bytes(&given).ok(), expected, "{text}");
    }

    #[test]
    fn a_size_is_a_number_of_bytes_or_has_a_unit() {
        check("1048576", Some(1 << 20));
        check("512MiB", Some(512 << 20));
        check("2 GiB", Some(2 << 30));
        check("1024KiB", Some(1 << 20));
        for text in [
            "1023KiB",
            "1.5GiB",
            "-1",
            "1e3",
            "512MB",
            "MiB",
            "4294967296GiB",
            "x",
        ] {
            check(text, None);
        }
    }
}
