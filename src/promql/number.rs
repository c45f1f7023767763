//! How numbers are written: in `PromQL`, and in the values of labels.

/// 2^53: below it every integer is a float of its own.
const EXACT_INTEGERS: f64 = 9_007_199_254_740_992.0;

/// A number so that every version of `PromQL` reads the same number back.
pub(super) fn text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Inf" } else { "-Inf" }.to_owned();
    }
    let plain = value.to_string();
    // 1e300 has 301 digits without an exponent.
    if plain.len() > 24 {
        format!("{value:e}")
    } else {
        plain
    }
}

/// Every usual spelling of a number as the value of a label, the most usual first; `None` if it is
/// not finite (queries.md, "Canonical selector, escaping, validation").
#[must_use]
pub fn spellings(value: f64) -> Option<Vec<String>> {
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

fn fractional(value: f64) -> Vec<String> {
    let long = python(value);
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

/// The shortest decimal that reads back, as Python's `repr` writes it: positional from 1e-4 to below
/// 1e16, whole numbers with `.0`, else with a signed exponent of at least two digits.
#[must_use]
pub fn python(value: f64) -> String {
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
    fn check(number: f64, expected: &[&str]) {
        let found = spellings(number).expect("finite");
        assert_eq!(found, expected);
    }

    #[test]
    fn integers_have_two_spellings_and_negative_zero_a_third() {
        check(2.0, &["2", "2.0"]);
        check(-5.0, &["-5", "-5.0"]);
        check(0.0, &["0", "0.0"]);
        check(-0.0, &["0", "0.0", "-0.0"]);
        check(
            9_007_199_254_740_991.0,
            &["9007199254740991", "9007199254740991.0"],
        );
    }

    #[test]
    fn other_numbers_are_positional_where_python_prints_them_so() {
        check(2.5, &["2.5"]);
        check(1e-4, &["0.0001"]);
        check(0.1 + 0.2, &["0.30000000000000004"]);
        check(9_007_199_254_740_992.0, &["9007199254740992.0"]);
    }

    #[test]
    fn numbers_beyond_have_both_exponent_forms() {
        check(1e16, &["1e+16", "1e16"]);
        check(1e21, &["1e+21", "1e21"]);
        check(1e-7, &["1e-07", "1e-7"]);
        check(-1.5e300, &["-1.5e+300", "-1.5e300"]);
        check(1e-10, &["1e-10"]);
        check(0.000_012_5, &["1.25e-05", "1.25e-5"]);
    }

    #[test]
    fn what_is_not_finite_has_no_spelling() {
        assert_eq!(spellings(f64::NAN), None);
        assert_eq!(spellings(f64::INFINITY), None);
    }

    #[test]
    fn python_writes_whole_numbers_with_a_fraction() {
        for (value, expected) in [
            (2.0, "2.0"),
            (1e21, "1e+21"),
            (-0.0, "-0.0"),
            (1e-5, "1e-05"),
            (0.1, "0.1"),
        ] {
            assert_eq!(python(value), expected);
        }
    }

    #[test]
    fn promql_gets_numbers_that_read_back() {
        for (value, expected) in [
            (300.0, "300"),
            (-0.5, "-0.5"),
            (1.5e300, "1.5e300"),
            (f64::INFINITY, "Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(text(value), expected);
        }
    }

    proptest! {
        #[test]
        fn every_spelling_reads_back(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            let spellings = spellings(value).expect("finite");
            for (index, spelling) in spellings.iter().enumerate() {
                let read: f64 = spelling.parse().expect("a number");
                prop_assert!((read - value).abs() <= 0.0, "{spelling}");
                prop_assert!(!spellings[..index].contains(spelling), "{spelling}");
            }
        }
    }
}
