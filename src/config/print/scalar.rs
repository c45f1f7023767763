//! Scalars as YAML writes them.

use std::fmt::Write as _;

use crate::connections::details::given::Scalar;

/// Words that YAML readers take for something else than text.
const WORDS: [&str; 10] = [
    "true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan",
];

/// A scalar.
pub(super) fn scalar(value: &Scalar) -> String {
    match value {
        Scalar::Absent | Scalar::Nested => "null".to_owned(),
        Scalar::Flag(flag) => flag.to_string(),
        Scalar::Number(number) => number.to_string(),
        Scalar::Text(value) => text(value),
    }
}

/// Text, in quotes unless it can only be text. What reads as a placeholder is written so that it is
/// none.
pub(super) fn text(value: &str) -> String {
    let value = value.replace("${", "$${");
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_./-".contains(c);
    let is_plain = value.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && value.chars().all(is_word)
        && !WORDS.contains(&value.to_ascii_lowercase().as_str());
    if is_plain { value } else { quoted(&value) }
}

fn quoted(value: &str) -> String {
    let mut text = String::from('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '\n' => text.push_str("\\n"),
            c if c.is_control() || c == '\u{feff}' => {
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_could_be_something_else_stands_in_quotes() {
        for (value, expected) in [
            ("prod-1.lab", "prod-1.lab"),
            ("/run/key", "/run/key"),
            ("No", "\"No\""),
            ("1", "\"1\""),
            ("1e3", "\"1e3\""),
            ("", "\"\""),
            ("http://a:1", "\"http://a:1\""),
            ("a\"\\\nb\u{7f}", "\"a\\\"\\\\\\nb\\u007f\""),
            ("${X}", "\"$${X}\""),
        ] {
            assert_eq!(text(value), expected);
        }
    }
}
