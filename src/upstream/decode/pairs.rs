//! The pairs that nearly all of every answer is made of, read at a stroke:
//! `[1700000000.123,"12.5"]`.
//!
//! What does not look exactly like this goes the way of all other JSON, which gives the same and says
//! what is wrong.

use crate::series::NumberText;
use crate::time::UnixMillis;

/// Of the shortest pair, and of the longest with all but its value.
const HEAD: usize = 16;

/// The pair that `bytes` begin with, and how long it is. Its time has ten digits, as those from 2001
/// to 2286, and perhaps up to three more behind a point; its value is one that is copied.
#[inline]
pub(super) fn leading(bytes: &[u8]) -> Option<(UnixMillis, NumberText<'_>, usize)> {
    let head = bytes.first_chunk::<HEAD>()?;
    let [b'[', first @ b'1'..=b'9', ..] = head else {
        return None;
    };
    let seconds = i64::from(first - b'0') * 1_000_000_000
        + eight(*head[2..].first_chunk()?)? * 10
        + digit(head[10])?;
    let (millis, comma) = match head[11] {
        b',' => (0, 11),
        b'.' => {
            let first = digit(head[12])? * 100;
            match (head[13], head[14]) {
                (b',', _) => (first, 13),
                (second, b',') => (first + digit(second)? * 10, 14),
                (second, third) => (first + digit(second)? * 10 + digit(third)?, 15),
            }
        }
        _ => return None,
    };
    let quote = comma + 1;
    if head[comma] != b',' || bytes.get(quote) != Some(&b'"') {
        return None;
    }
    let (value, length) = NumberText::leading(bytes.get(quote + 1..)?)?;
    let end = quote + 1 + length;
    if bytes.get(end..end + 2) != Some(b"\"]") {
        return None;
    }
    Some((UnixMillis::new(seconds * 1000 + millis), value, end + 2))
}

#[inline]
fn digit(byte: u8) -> Option<i64> {
    byte.is_ascii_digit().then(|| i64::from(byte - b'0'))
}

/// The number that eight digits are: neighbours become pairs, these fours, these all eight, each step
/// for all lanes of the word at once.
#[inline]
fn eight(digits: [u8; 8]) -> Option<i64> {
    let word = u64::from_le_bytes(digits) ^ 0x3030_3030_3030_3030;
    let is_digits = (word | ((word & 0x7f7f_7f7f_7f7f_7f7f) + 0x7676_7676_7676_7676))
        & 0x8080_8080_8080_8080
        == 0;
    let pairs = word.wrapping_mul(10).wrapping_add(word >> 8);
    let fours = (pairs & 0x00ff_00ff_00ff_00ff).wrapping_mul(1 + (100 << 16)) >> 16;
    let all = (fours & 0x0000_ffff_0000_ffff).wrapping_mul(1 + (10_000 << 32)) >> 32;
    is_digits.then(|| i64::try_from(all).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(i64, f64)>) {
        let read = leading(text.as_bytes());
        let read = read.map(|(at, value, length)| {
            assert_eq!(length, text.trim_end_matches(',').len(), "{text}");
            (at.get(), value.as_f64())
        });
        assert_eq!(read, expected, "{text}");
    }

    #[test]
    fn a_pair_has_a_time_of_ten_digits_and_up_to_three_decimals() {
        check(r#"[1700000000,"1"]"#, Some((1_700_000_000_000, 1.0)));
        check(r#"[1712345678.1,"12.5"],"#, Some((1_712_345_678_100, 12.5)));
        check(r#"[9999999999.12,"-0"],"#, Some((9_999_999_999_120, -0.0)));
        check(
            r#"[1000000000.123,"1e-7"]"#,
            Some((1_000_000_000_123, 1e-7)),
        );
    }

    #[test]
    fn anything_else_is_left_to_the_scanner_of_all_json() {
        for text in [
            "",
            "[",
            r#"[1700000000,"1""#,
            r#"[1700000000,"1" ]"#,
            r#"[1700000000 ,"1"]"#,
            r#"[ 1700000000,"1"]"#,
            r#"[1700000000,1]     "#,
            r#"[170000000,"1"]    "#,
            r#"[17000000000,"1"]  "#,
            r#"[0700000000,"1"]   "#,
            r#"[1700000000.,"1"]  "#,
            r#"[1700000000.1234,"1"]"#,
            r#"[1700000000.1x,"1"]"#,
            r#"[17000x0000.1,"1"] "#,
            r#"[-700000000.1,"1"] "#,
            r#"[1700000000,"NaN"] "#,
            r#"[1700000000,"+1"]  "#,
            r#"[1700000000,""]    "#,
            r#"[1700000000,"1",1] "#,
            r#"{1700000000,"1"]   "#,
        ] {
            check(text, None);
        }
    }

    proptest! {
        #[test]
        fn a_pair_reads_as_its_parts(
            at in 1_000_000_000_000_i64..10_000_000_000_000,
            value in any::<f64>().prop_filter("is copied", |it| it.is_finite() && it.to_string().len() <= 32),
        ) {
            let at = UnixMillis::new(at);
            let text = format!(r#"[{at},"{value}"]"#);
            let (time, number, length) = leading(text.as_bytes()).unwrap();
            prop_assert_eq!((time, length), (at, text.len()));
            prop_assert_eq!(number.as_f64().to_bits(), value.to_bits());
        }

        #[test]
        fn eight_bytes_are_a_number_if_all_are_digits(bytes: [u8; 8], number in 0..100_000_000_i64) {
            let digits = format!("{number:08}");
            prop_assert_eq!(eight(*digits.as_bytes().first_chunk().unwrap()), Some(number));
            let is_digits = bytes.iter().all(u8::is_ascii_digit);
            prop_assert_eq!(eight(bytes).is_some(), is_digits);
        }
    }
}
