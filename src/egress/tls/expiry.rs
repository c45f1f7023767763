//! When a certificate of ours ends: the one field of it that no library here tells.

use super::der::{SEQUENCE, element, from_validity};

/// Tags of DER.
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The end of the validity of a certificate in DER, in seconds since 1970, UTC (RFC 5280, sections
/// 4.1 and 4.1.2.5). `None` if it is no certificate.
pub(super) fn of(certificate: &[u8]) -> Option<i64> {
    let (SEQUENCE, validity, _) = element(from_validity(certificate)?)? else {
        return None;
    };
    let (_, _, rest) = element(validity)?;
    let (tag, text, _) = element(rest)?;
    seconds(tag, std::str::from_utf8(text).ok()?)
}

fn seconds(tag: u8, text: &str) -> Option<i64> {
    let digits = text.strip_suffix('Z')?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = match (tag, digits.len()) {
        (UTC_TIME, 12) => {
            let year: i64 = digits[..2].parse().ok()?;
            (year + if year < 50 { 2000 } else { 1900 }, &digits[2..])
        }
        (GENERALIZED_TIME, 14) => (digits[..4].parse().ok()?, &digits[4..]),
        _ => return None,
    };
    let part = |at: usize| rest[2 * at..2 * at + 2].parse::<i64>().ok();
    let days = days(year, part(0)?, part(1)?);
    Some(((days * 24 + part(2)?) * 60 + part(3)?) * 60 + part(4)?)
}

/// Days from 1970 to a day of the Gregorian calendar. Years begin in March here, so that the day
/// that comes and goes is the last one.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let month = (month + 9) % 12;
    let of_year = (153 * month + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year
        - 719_468
}

#[cfg(test)]
mod tests {
    use rcgen::CertificateParams;
    use rcgen::KeyPair;
    use rcgen::date_time_ymd;

    use super::*;

    #[track_caller]
    fn check((year, month, day): (i32, u8, u8), expected: i64) {
        let mut params = CertificateParams::new(["a.example".to_owned()]).unwrap();
        params.not_after = date_time_ymd(year, month, day);
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        assert_eq!(of(certificate.der()), Some(expected));
    }

    #[test]
    fn the_end_is_read_in_both_ways_to_write_it() {
        check((1970, 1, 1), 0);
        check((2000, 2, 29), 951_782_400);
        check((2024, 12, 31), 1_735_603_200);
        check((2049, 12, 31), 2_524_521_600);
        check((2050, 1, 1), 2_524_608_000);
        check((2100, 3, 1), 4_107_542_400);
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        for bytes in [
            &b""[..],
            b"\x30",
            b"\x30\x84\xff\xff\xff\xff",
            b"\x30\x00",
            b"\x30\x80",
        ] {
            assert_eq!(of(bytes), None, "{bytes:?}");
        }
        assert_eq!(seconds(UTC_TIME, "24"), None);
        assert_eq!(seconds(UTC_TIME, "2412310000+0"), None);
    }
}
