//! The variables of dashboards in a query of a caller (queries.md, "Tilde").

use crate::time::Millis;

/// The text with `$__interval` and `$__rate_interval` replaced, where they stand as whole words.
#[must_use]
pub fn substituted(text: &str, interval: Millis, rate_interval: Millis) -> String {
    let mut parts = text.split('$');
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(part.len());
        let (word, rest) = part.split_at(end);
        match word {
            "__interval" => result.push_str(&interval.to_string()),
            "__rate_interval" => result.push_str(&rate_interval.to_string()),
            other => {
                result.push('$');
                result.push_str(other);
            }
        }
        result.push_str(rest);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let found = substituted(text, Millis::MINUTE, Millis::new(75_000));
        assert_eq!(found, expected);
    }

    #[test]
    fn both_variables_become_durations() {
        check(
            "rate(a[$__rate_interval]) + b[$__interval:$__interval]",
            "rate(a[75000ms]) + b[60000ms:60000ms]",
        );
    }

    #[test]
    fn only_whole_words_are_variables() {
        for text in ["$__interval_ms", "$1 $", "__interval", "$$x", "a"] {
            check(text, text);
        }
    }
}
