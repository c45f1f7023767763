//! What the values of an `aws` block must look like.

use std::time::Duration;

use super::super::error::Unfit;
use super::super::fit;
use super::super::given::Given;
use crate::connections::amp;

/// Shortest, longest and usual length of an assumed session, in seconds.
pub(super) const SESSION: (u32, u32, u64) = (900, 43_200, 3_600);

/// Longest ARN that AWS takes.
const ARN: usize = 2048;

pub(super) fn role(text: &str) -> Result<(), Unfit> {
    fit::check(
        text.len() <= ARN && text.starts_with("arn:") && text.bytes().all(|c| c.is_ascii_graphic()),
        "must be the ARN of a role, arn:aws:iam::<account id>:role/<name>",
    )
}

/// It stands in a header, between signs that end it.
pub(super) fn key_id(text: &str) -> Result<(), Unfit> {
    let is_allowed = |c: u8| c.is_ascii_alphanumeric() || b"-_".contains(&c);
    fit::check(
        text.bytes().all(is_allowed),
        "must be letters, digits, dashes and underscores",
    )
}

/// It becomes part of the host name of STS.
pub(super) fn region(text: &str) -> Result<(), Unfit> {
    fit::check(
        amp::is_region(text),
        "must be a region: at most 32 of a to z, 0 to 9 and dashes",
    )
}

/// It stands in the scope of a signature, as a region does.
pub(super) fn service(text: &str) -> Result<(), Unfit> {
    fit::check(
        amp::is_region(text),
        "must be a service: at most 32 of a to z, 0 to 9 and dashes",
    )
}

pub(super) fn session_name(text: &str) -> Result<(), Unfit> {
    let is_allowed = |c: u8| c.is_ascii_alphanumeric() || b"_+=,.@-".contains(&c);
    fit::check(
        (2..=64).contains(&text.len()) && text.bytes().all(is_allowed),
        "must be 2 to 64 letters, digits and signs of _+=,.@-",
    )
}

/// The length of a session, and whether it is another one than was given.
pub(super) fn session_length(given: &Given) -> Result<(Duration, bool), Unfit> {
    let seconds = given
        .number()
        .ok_or_else(|| Unfit::invalid("must be a number of seconds"))?;
    let (least, most, _) = SESSION;
    let clamped = seconds.clamp(least.into(), most.into());
    let whole = Duration::from_secs(Duration::from_secs_f64(clamped).as_secs());
    Ok((whole, Duration::try_from_secs_f64(seconds) != Ok(whole)))
}
