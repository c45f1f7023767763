//! Durations as Prometheus spells them: `500ms`, `30s`, `1m30s`, `31d`.

/// Units in the order in which they must stand, each at most once, with their seconds.
const UNITS: [(&str, f64); 7] = [
    ("y", 365.0 * 86_400.0),
    ("w", 7.0 * 86_400.0),
    ("d", 86_400.0),
    ("h", 3_600.0),
    ("m", 60.0),
    ("s", 1.0),
    ("ms", 0.001),
];

/// The length of a duration in seconds; `None` if `text` is none.
pub(super) fn seconds(text: &str) -> Option<f64> {
    let mut rest = text;
    let mut units = UNITS.iter();
    let mut sum = 0.0;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (count, tail) = rest.split_at(digits);
        let letters = tail.len()
            - tail
                .trim_start_matches(|c: char| c.is_ascii_lowercase())
                .len();
        let (unit, tail) = tail.split_at(letters);
        // Ten digits reach over 300 years; more would only invite rounding.
        let count: u32 = count.parse().ok()?;
        // Going on where the last unit was found keeps the order and refuses a unit given twice.
        let (_, length) = units.find(|(name, _)| *name == unit)?;
        sum += f64::from(count) * length;
        rest = tail;
    }
    (!text.is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<f64>) {
        let millis = |seconds: f64| (seconds * 1000.0).round().to_bits();
        assert_eq!(seconds(text).map(millis), expected.map(millis), "{text:?}");
    }

    #[test]
    fn units_add_up() {
        check("500ms", Some(0.5));
        check("30s", Some(30.0));
        check("1m30s", Some(90.0));
        check("31d", Some(31.0 * 86_400.0));
        check("1h2m3s4ms", Some(3723.004));
        check("0s", Some(0.0));
    }

    #[test]
    fn order_repetition_and_other_text_are_refused() {
        for text in [
            "",
            "s",
            "30",
            "30S",
            "1s1m",
            "1s1s",
            "1.5s",
            "-1s",
            "1 s",
            "1s ",
            "99999999999s",
            "5µs",
        ] {
            check(text, None);
        }
    }
}
