//! The exit code that tells a script what kind of failure it was (experience.md, section 4).

use super::FAILED;
use crate::failures::Id;

/// No data (`PM-2002` to `PM-2005`, `PM-2010`).
pub(super) const EMPTY: u8 = 3;
/// More than one answer (`PM-2001`, `PM-2006`).
const AMBIGUOUS: u8 = 4;
/// Credentials or policy (`PM-3004`, `PM-4xxx`, `PM-6001` to `PM-6006`).
pub(super) const FORBIDDEN: u8 = 5;
/// No way to the backend, or no answer (`PM-3000` to `PM-3003`, `3005`, `3008`, `3009`, `3014`).
pub(super) const UNREACHABLE: u8 = 6;

/// The exit code for a failure.
pub(super) fn of(id: Id) -> u8 {
    of_number(id as u16)
}

/// The exit code for a failure or a finding as it is printed, `PM-2005`.
pub(super) fn of_code(code: &str) -> u8 {
    let number = code.strip_prefix("PM-").and_then(|it| it.parse().ok());
    number.map_or(FAILED, of_number)
}

const fn of_number(number: u16) -> u8 {
    match number {
        2002..=2005 | 2010 => EMPTY,
        2001 | 2006 => AMBIGUOUS,
        3004 | 4000..=4999 | 6001..=6006 => FORBIDDEN,
        3000..=3003 | 3005 | 3008 | 3009 | 3014 => UNREACHABLE,
        _ => FAILED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_exits_as_the_failure_of_its_kind() {
        for (code, expected) in [("PM-2005", 3), ("PM-2010", 3), ("PM-2009", 1), ("x", 1)] {
            assert_eq!(of_code(code), expected, "{code}");
        }
    }

    #[test]
    fn a_failure_exits_with_its_kind() {
        for (id, code) in [
            (Id::NoSeries, 3),
            (Id::TooManySeries, 4),
            (Id::Unauthorised, 5),
            (Id::RoleRefused, 5),
            (Id::UnknownConnection, 5),
            (Id::Unreachable, 6),
            (Id::Silent, 6),
            (Id::NotPrometheus, 1),
            (Id::InvalidDetails, 1),
            (Id::OverLimit, 1),
        ] {
            assert_eq!(of(id), code, "{id}");
        }
    }
}
