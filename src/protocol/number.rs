//! Integers of the envelope. They may come as `60000.0`; a fraction is an error, and so is what
//! lies beyond 2^53, where JSON readers stop to agree (mirror-api.md, "Tolerance").

use std::fmt;

use serde::de::{self, Deserializer, Visitor};

use crate::protocol::misfit::{Expectation, Misfit, REQUIRED, expecting};
use crate::time::{Millis, UnixMillis};

/// The largest integer that is read as one: 2^53 - 1.
pub(crate) const LARGEST: i64 = UnixMillis::MAX.get();

const POSITIVE: &str = "must be a positive integer";
const NOT_NEGATIVE: &str = "must be an integer, 0 or greater";

/// A required instant.
pub(crate) fn instant<'de, D>(deserializer: D) -> Result<UnixMillis, D::Error>
where
    D: Deserializer<'de>,
{
    integer(deserializer, 0, NOT_NEGATIVE)?
        .map(UnixMillis::new)
        .ok_or_else(|| Misfit::here(REQUIRED).error())
}

/// An instant that is not given where it is 0.
pub(crate) fn instant_or_zero<'de, D>(deserializer: D) -> Result<Option<UnixMillis>, D::Error>
where
    D: Deserializer<'de>,
{
    let millis = integer(deserializer, 0, NOT_NEGATIVE)?;
    Ok(millis.filter(|&millis| millis > 0).map(UnixMillis::new))
}

/// A limit. 2147483647 means "all", and as a number it does: no answer is that long.
pub(crate) fn limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    Ok(integer(deserializer, 1, POSITIVE)?.map(count))
}

/// How many values to pass over.
pub(crate) fn offset<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    Ok(integer(deserializer, 0, NOT_NEGATIVE)?.map_or(0, count))
}

/// The size of a bucket.
pub(crate) fn bucket_size<'de, D>(deserializer: D) -> Result<Option<Millis>, D::Error>
where
    D: Deserializer<'de>,
{
    Ok(integer(deserializer, 1, POSITIVE)?.map(Millis::new))
}

/// How long the caller waits, in milliseconds; nothing unless it is positive. It only ever lowers
/// a deadline, so that any number is taken: a fraction is dropped, but not down to nothing.
pub(crate) fn timeout<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let millis = deserializer.deserialize_any(NumberVisitor("must be a number"))?;
    Ok(match millis {
        Some(Numeral::Integer(millis)) => u64::try_from(millis).ok().filter(|&millis| millis > 0),
        Some(Numeral::Float(millis)) if millis > 0.0 => Some(whole(millis).max(1)),
        Some(Numeral::Float(_)) | None => None,
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and the caller has seen that the number is positive"
)]
const fn whole(positive: f64) -> u64 {
    positive as u64
}

fn count(number: i64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// An integer in `least..=LARGEST`, or null.
fn integer<'de, D>(
    deserializer: D,
    least: i64,
    expectation: &'static str,
) -> Result<Option<i64>, D::Error>
where
    D: Deserializer<'de>,
{
    let number = match deserializer.deserialize_any(NumberVisitor(expectation))? {
        None => return Ok(None),
        Some(Numeral::Integer(number)) => number,
        Some(Numeral::Float(number)) => {
            integral(number).ok_or_else(|| Misfit::here(expectation).error())?
        }
    };
    if number < least {
        return Err(Misfit::here(expectation).error());
    }
    if number > LARGEST {
        return Err(Misfit::here(Expectation::AtMost(LARGEST)).error());
    }
    Ok(Some(number))
}

/// The integer that a float stands for; what is beyond `i64` becomes its nearest end.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the cast saturates, and there is no fraction"
)]
fn integral(number: f64) -> Option<i64> {
    (number.fract() == 0.0).then_some(number as i64)
}

/// A number as it was written.
pub(crate) enum Numeral {
    /// Without fraction and exponent; beyond `i64`: its end.
    Integer(i64),
    /// Any other.
    Float(f64),
}

/// Reads a number or null, and says the expectation of everything else.
struct NumberVisitor(&'static str);

impl Visitor<'_> for NumberVisitor {
    type Value = Option<Numeral>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        expecting(f, self.0)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(Numeral::Integer(number)))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(Numeral::Integer(
            i64::try_from(number).unwrap_or(i64::MAX),
        )))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Some(Numeral::Float(number)))
    }
}
