//! The spellings that a number can have as the value of a label.

use crate::protocol::condition::Number;

/// 2^53: below it every integer is a float of its own.
const EXACT_INTEGERS: f64 = 9_007_199_254_740_992.0;

/// Every usual spelling of a number, the most usual first; `None` if it is not finite (queries.md,
/// "Canonical selector, escaping, validation").
pub(super) fn spellings(number: Number) -> Option<Vec<String>> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "integers of requests are below 2^53 in size"
    )]
    let value = match number {
        Number::Integer(value) => value as f64,
        Number::Float(value) => value,
    };
    if !value.is_finite() {
        return None;
    }
    if value.fract().abs() > 0.0 || value.abs() >= EXACT_INTEGERS {
        return Some(fractional(value));
    }
    // Adding 0.0 takes the sign from a negative zero.
    let digits = (value + 0.0).to_string();
    let mut spellings = vec![digits.clone(), digits + ".0"];
    if value.abs() <= 0.0 && value.is_sign_negative() {
        spellings.push("-0.0".to_owned());
    }
    Some(spellings)
}

/// The number as Python's `repr` prints it: `2`, `2.0`, `1e+21`.
pub(super) fn python(number: Number) -> String {
    match number {
        Number::Integer(value) => value.to_string(),
        Number::Float(value) => repr(value),
    }
}

fn fractional(value: f64) -> Vec<String> {
    let long = repr(value);
    // `1e+21` is also written `1e21`, and `1e-07` also `1e-7`.
    let short = if long.contains('e') {
        format!("{value:e}")
    } else {
        long.clone()
    };
    if long == short {
        vec![long]
    } else {
        vec![long, short]
    }
}

/// The shortest decimal that reads back: positional from 1e-4 to below 1e16, whole numbers with
/// `.0`, else with a signed exponent of at least two digits.
fn repr(value: f64) -> String {
    let size = value.abs();
    if size <= 0.0 || (1e-4..1e16).contains(&size) {
        let digits = value.to_string();
        return if digits.contains('.') {
            digits
        } else {
            digits + ".0"
        };
    }
    let scientific = format!("{value:e}");
    match scientific.split_once('e') {
        Some((mantissa, exponent)) => {
            let (sign, digits) = match exponent.strip_prefix('-') {
                Some(digits) => ('-', digits),
                None => ('+', exponent),
            };
            format!("{mantissa}e{sign}{digits:0>2}")
        }
        // NaN and infinities have no exponent.
        None => scientific,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(number: Number, expected: &[&str]) {
        let found = spellings(number).expect("finite");
        assert_eq!(found, expected);
    }

    #[test]
    fn integers_have_two_spellings_and_negative_zero_a_third() {
        check(Number::Integer(2), &["2", "2.0"]);
        check(Number::Integer(-5), &["-5", "-5.0"]);
        check(Number::Float(2.0), &["2", "2.0"]);
        check(Number::Float(0.0), &["0", "0.0"]);
        check(Number::Float(-0.0), &["0", "0.0", "-0.0"]);
        check(
            Number::Float(9_007_199_254_740_991.0),
            &["9007199254740991", "9007199254740991.0"],
        );
    }

    #[test]
    fn other_numbers_are_positional_where_python_prints_them_so() {
        check(Number::Float(2.5), &["2.5"]);
        check(Number::Float(1e-4), &["0.0001"]);
        check(Number::Float(0.1 + 0.2), &["0.30000000000000004"]);
        check(
            Number::Float(9_007_199_254_740_992.0),
            &["9007199254740992.0"],
        );
    }

    #[test]
    fn numbers_beyond_have_both_exponent_forms() {
        check(Number::Float(1e16), &["1e+16", "1e16"]);
        check(Number::Float(1e21), &["1e+21", "1e21"]);
        check(Number::Float(1e-7), &["1e-07", "1e-7"]);
        check(Number::Float(-1.5e300), &["-1.5e+300", "-1.5e300"]);
        check(Number::Float(1e-10), &["1e-10"]);
        check(Number::Float(0.000_012_5), &["1.25e-05", "1.25e-5"]);
    }

    #[test]
    fn what_is_not_finite_has_no_spelling() {
        assert_eq!(spellings(Number::Float(f64::NAN)), None);
        assert_eq!(spellings(Number::Float(f64::INFINITY)), None);
    }

    #[test]
    fn python_tells_integers_from_floats() {
        assert_eq!(python(Number::Integer(2)), "2");
        assert_eq!(python(Number::Float(2.0)), "2.0");
        assert_eq!(python(Number::Float(1e21)), "1e+21");
        assert_eq!(python(Number::Float(-0.0)), "-0.0");
        assert_eq!(python(Number::Float(1e-5)), "1e-05");
    }

    proptest! {
        #[test]
        fn every_spelling_reads_back(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            let spellings = spellings(Number::Float(value)).expect("finite");
            for (index, spelling) in spellings.iter().enumerate() {
                let read: f64 = spelling.parse().expect("a number");
                prop_assert!((read - value).abs() <= 0.0, "{spelling}");
                prop_assert!(!spellings[..index].contains(spelling), "{spelling}");
            }
        }

        #[test]
        fn small_integers_have_the_same_spellings_however_they_came(value in -1_000_000_i32..1_000_000) {
            prop_assume!(value != 0);
            prop_assert_eq!(
                spellings(Number::Integer(value.into())),
                spellings(Number::Float(value.into()))
            );
        }
    }
}
