//! Instants and lengths of time as a person writes and reads them: RFC 3339, epoch milliseconds,
//! `now-1h`, `90s`.

use crate::time::Millis;
use crate::time::UnixMillis;

/// The units of a length, the longest name of each letter first.
const UNITS: [(&str, i64); 7] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
    ("w", 604_800_000),
    ("y", 31_536_000_000),
];

/// A length as Prometheus writes it: `90s`, `1h30m`. A number without unit is refused, since half of
/// all people would mean milliseconds by it.
pub(super) fn length(text: &str) -> Result<Millis, String> {
    let wrong = || format!("{text:?} is not a length of time such as 60s or 1h30m");
    let mut rest = text;
    let mut sum = 0_i64;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = rest.split_at(digits);
        let number: i64 = number.parse().map_err(|_| wrong())?;
        let letters = unit.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = unit.split_at(letters);
        let known = UNITS.iter().find(|(name, _)| *name == unit);
        let (_, millis) = known.ok_or_else(wrong)?;
        let part = number.checked_mul(*millis).ok_or_else(wrong)?;
        sum = sum.checked_add(part).ok_or_else(wrong)?;
        rest = after;
    }
    if sum == 0 {
        return Err(wrong());
    }
    Ok(Millis::new(sum))
}

/// An instant: `now`, `now-1h`, epoch milliseconds, or RFC 3339.
pub(super) fn instant(text: &str, now: UnixMillis) -> Result<UnixMillis, String> {
    let wrong =
        || format!("{text:?} is not a time: write RFC 3339, milliseconds since 1970, or now-1h");
    if let Some(offset) = text.strip_prefix("now") {
        return match (offset.chars().next(), offset.get(1..)) {
            (None, _) => Ok(now),
            (Some('-'), Some(back)) => Ok(now - length(back)?),
            (Some('+'), Some(forth)) => Ok(now + length(forth)?),
            _ => Err(wrong()),
        };
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let millis: i64 = text.parse().map_err(|_| wrong())?;
        return Ok(UnixMillis::new(millis));
    }
    rfc3339(text).map(UnixMillis::new).ok_or_else(wrong)
}

/// Milliseconds since 1970 of `2024-05-01T10:00:00.5+02:00`; finer fractions are cut.
fn rfc3339(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut parts = date.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let (year, month, day) = (number(year)?, number(month)?, number(day)?);
    let zone_at = time.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = time.split_at(zone_at);
    let offset = if zone.eq_ignore_ascii_case("z") {
        0
    } else {
        let sign = if zone.starts_with('-') { -1 } else { 1 };
        let (hours, minutes) = zone.get(1..)?.split_once(':')?;
        sign * (number(hours)? * 60 + number(minutes)?)
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = clock.splitn(3, ':');
    let hour = number(parts.next()?)?;
    let minute = number(parts.next()?)?;
    let second = number(parts.next()?)?;
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    let millis = number(&digits)?;
    let is_day = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    if !is_day || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some((seconds - offset * 60) * 1_000 + millis)
}

fn number(text: &str) -> Option<i64> {
    let is_plain = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain)
}

const fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01. Years begin in March here, so that a leap day is the last of its year.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// An instant as RFC 3339.
pub(super) fn shown(at: UnixMillis) -> String {
    at.rfc3339()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis::new(1_700_000_000_000);

    #[track_caller]
    fn check(text: &str, expected: i64) {
        assert_eq!(instant(text, NOW), Ok(UnixMillis::new(expected)), "{text}");
    }

    #[test]
    fn an_instant_is_written_in_three_ways() {
        check("now", NOW.get());
        check("now-1h30m", NOW.get() - 5_400_000);
        check("now+1ms", NOW.get() + 1);
        check("1700000000001", 1_700_000_000_001);
        check("1970-01-01T00:00:00Z", 0);
        check("2023-11-14T22:13:20Z", 1_700_000_000_000);
        check("2023-11-14T23:13:20.0019+01:00", 1_700_000_000_001);
        check("2024-02-29t00:00:00z", 1_709_164_800_000);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "now-",
            "now-1",
            "yesterday",
            "2023-02-29T00:00:00Z",
            "2023-11-14",
            "1e3",
        ] {
            let refused = instant(text, NOW);
            assert!(refused.is_err() || text.is_empty(), "{text}");
        }
        for text in ["", "60", "s", "0s", "1q", "-1s", "99999999999999999y"] {
            assert!(length(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_shown_is_read_as_what_it_was() {
        for millis in (0..4_000).map(|n| n * 86_399_999 + n % 2 * 17) {
            check(&shown(UnixMillis::new(millis)), millis);
        }
        assert_eq!(shown(NOW), "2023-11-14T22:13:20Z");
        assert_eq!(shown(UnixMillis::new(1)), "1970-01-01T00:00:00.001Z");
    }
}
