//! The only escaper, and the only writer of quotes (queries.md, "Canonical selector, escaping,
//! validation").

use std::fmt;
use std::fmt::Write as _;

/// `text` as a `PromQL` string: in double quotes, escaped so that every version reads back exactly
/// `text`.
#[must_use]
pub const fn string(text: &str) -> Quoted<'_> {
    Quoted(text)
}

/// `name` as a label name stands in a matcher: bare if it is plain, else as a string.
#[must_use]
pub const fn label(name: &str) -> LabelName<'_> {
    LabelName(name)
}

/// `text` as a regular expression that matches exactly `text`.
///
/// What comes out is a regular expression, not yet a `PromQL` string: [`string`] follows.
#[must_use]
pub fn regex_token(text: &str) -> String {
    let mut token = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            token.push('\\');
        }
        token.push(character);
    }
    token
}

/// `name` as the API takes it in the path `/label/<name>/values`: plain names as they are, others in
/// the `U__` form of Prometheus 3 (queries.md, "Field names and values"). Only letters, digits and
/// `_` come out, so no path can be left with it.
#[must_use]
pub fn path_form(name: &str) -> String {
    const MARK: &str = "U__";
    if is_plain_label(name) && !name.starts_with(MARK) {
        return name.to_owned();
    }
    let mut form = MARK.to_owned();
    for character in name.chars() {
        match character {
            '_' => form.push_str("__"),
            plain if plain.is_ascii_alphanumeric() => form.push(plain),
            other => form.push_str(&format!("_{:x}_", u32::from(other))),
        }
    }
    form
}

/// Whether `name` is a label name that every version reads without quotes:
/// `[a-zA-Z_][a-zA-Z0-9_]*`.
#[must_use]
pub fn is_plain_label(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Whether `name` is a metric name that every version reads without quotes:
/// `[a-zA-Z_:][a-zA-Z0-9_:]*`.
#[must_use]
pub fn is_plain_metric(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b':')
}

/// See [`string`].
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '\\' => f.write_str(r"\\")?,
                '"' => f.write_str("\\\"")?,
                '\n' => f.write_str(r"\n")?,
                '\r' => f.write_str(r"\r")?,
                '\t' => f.write_str(r"\t")?,
                '\0'..='\x1f' | '\x7f' => write!(f, "\\x{:02x}", u32::from(character))?,
                // Not `\x`, which would be a byte. A literal U+FFFD is a lexer error on Prometheus.
                '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffd}' => {
                    write!(f, "\\u{:04x}", u32::from(character))?;
                }
                other => f.write_char(other)?,
            }
        }
        f.write_char('"')
    }
}

/// See [`label`].
#[derive(Clone, Copy, Debug)]
pub struct LabelName<'a>(&'a str);

impl fmt::Display for LabelName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_plain_label(self.0) {
            f.write_str(self.0)
        } else {
            string(self.0).fmt(f)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(string(text).to_string(), expected);
    }

    #[test]
    fn a_quote_or_a_backslash_cannot_end_the_string() {
        check(r#"a"b"#, r#""a\"b""#);
        check(r"a\", r#""a\\""#);
    }

    #[test]
    fn control_characters_are_escaped_by_byte_below_0x80_and_by_code_point_above() {
        check("\n\r\t", r#""\n\r\t""#);
        check("\0\x01\x1f\x7f", r#""\x00\x01\x1f\x7f""#);
        check("\u{80}\u{9f}\u{a0}", "\"\\u0080\\u009f\u{a0}\"");
        check(
            "\u{2028}\u{2029}\u{feff}\u{fffd}\u{202e}",
            "\"\\u2028\\u2029\\ufeff\\ufffd\u{202e}\"",
        );
    }

    #[test]
    fn everything_else_stays() {
        check("%22%7D &query=up 'é` 😀", "\"%22%7D &query=up 'é` 😀\"");
    }

    #[test]
    fn only_plain_label_names_stand_bare() {
        for (name, expected) in [
            ("on", "on"),
            ("_a1", "_a1"),
            ("1a", "\"1a\""),
            ("http.status", "\"http.status\""),
            ("a:b", "\"a:b\""),
            ("é", "\"é\""),
            ("", "\"\""),
        ] {
            assert_eq!(label(name).to_string(), expected);
        }
    }

    #[test]
    fn names_in_a_path_hold_letters_digits_and_underscores() {
        for (name, expected) in [
            ("job", "job"),
            ("__name__", "__name__"),
            ("http.status", "U__http_2e_status"),
            ("a_b.c", "U__a__b_2e_c"),
            ("U__x", "U__U____x"),
            ("../é?", "U___2e__2e__2f__e9__3f_"),
            ("1a", "U__1a"),
        ] {
            assert_eq!(path_form(name), expected);
        }
    }

    #[test]
    fn every_character_with_a_meaning_is_escaped_in_a_regular_expression() {
        assert_eq!(
            regex_token(r"\.+*?()|[]{}^$-/ "),
            r"\\\.\+\*\?\(\)\|\[\]\{\}\^\$-/ "
        );
    }
}
