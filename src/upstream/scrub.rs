//! The one scrubber: what of a backend's own text may reach a caller (security.md, "Secrets").

mod needle;

use needle::Needle;

use crate::limits;
use crate::upstream::credentials::secrets::Secrets;

/// Words of lines that repeat the signed request, as the 403 of Amazon's service does.
const TELLTALES: [&str; 4] = [
    "authorization",
    "x-amz-security-token",
    "x-amz-signature",
    "signature=",
];

/// What stands in the place of a secret.
const HIDDEN: &str = "***";
/// In how many places of a text secrets are looked for: those that are passed on, and blanks before.
const PLACES: usize = 4 * limits::BACKEND_TEXT;

/// A backend's own text, cut and cleaned so that it can be passed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scrubbed(String);

impl Scrubbed {
    /// Cleans `text`, which is from one who was shown no secret: lines that repeat credentials and
    /// all control characters go, line ends become blanks, and at most 512 characters stay.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self::without(&Secrets::default(), text)
    }

    /// Cleans `text`, which is from one who was shown `secrets`: none of them stays, in none of the
    /// spellings in which it may come back.
    #[must_use]
    pub(super) fn without(secrets: &Secrets, text: &str) -> Self {
        // A control character within a word would hide it.
        let lines = text.lines().map(uncontrolled).filter(|line| {
            let line = line.to_ascii_lowercase();
            !TELLTALES.iter().any(|telltale| line.contains(telltale))
        });
        let text = joined(lines);
        let one_line = |secret: &str| joined(secret.lines().map(uncontrolled));
        let needles: Vec<_> = secrets.iter().map(|it| Needle::new(it, one_line)).collect();
        Self(cut(hidden(&text, &needles).trim_end()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Scrubbed> for String {
    fn from(scrubbed: Scrubbed) -> Self {
        scrubbed.0
    }
}

/// As much of `text` as is passed on, and a character more if there is more, with none of `needles` in
/// it and no blanks before it. However long the text is, few places of it are compared.
fn hidden(text: &str, needles: &[Needle]) -> String {
    let mut clean = String::new();
    let (mut rest, mut count) = (text, 0);
    for _ in 0..PLACES {
        let Some(first) = rest
            .chars()
            .next()
            .filter(|_| count <= limits::BACKEND_TEXT)
        else {
            break;
        };
        // The longest, for one can be the beginning of another.
        let found = needles.iter().filter_map(|it| it.length_in(rest)).max();
        if found.is_some() {
            clean.push_str(HIDDEN);
            count += HIDDEN.len();
        } else if count > 0 || !first.is_whitespace() {
            clean.push(first);
            count += 1;
        }
        rest = &rest[found.unwrap_or(first.len_utf8())..];
    }
    clean
}

/// One line of several.
fn joined(lines: impl Iterator<Item = String>) -> String {
    let mut joined = String::new();
    for line in lines {
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(&line);
    }
    joined
}

/// A line without control characters.
fn uncontrolled(line: &str) -> String {
    line.chars().filter(|c| !is_control(*c)).collect()
}

/// Control characters, and those that turn the direction of the text around them.
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn cut(text: &str) -> String {
    if text.chars().count() <= limits::BACKEND_TEXT {
        return text.to_owned();
    }
    let kept = text.chars().take(limits::BACKEND_TEXT - 1);
    kept.chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::form_urlencoded::byte_serialize;

    use super::*;
    use crate::secret::Secret;
    use crate::upstream::query_string::query_string;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(Scrubbed::new(text).as_str(), expected);
    }

    #[test]
    fn an_ordinary_message_stays_as_it_is() {
        check(
            r#"1:3: parse error: unexpected "}" in aggregation"#,
            r#"1:3: parse error: unexpected "}" in aggregation"#,
        );
    }

    #[test]
    fn lines_that_repeat_credentials_are_cut_out() {
        check(
            "it does not match\nAuthorization: AWS4 Credential=x\nX-Amz-Security-Token: y\nend",
            "it does not match end",
        );
        check("GET /?X-Amz-Signature=abc", "");
        check("GET /?Signature=abc", "");
        check(
            "no\nAutho\u{0}rization: x\nX-Amz-Sec\u{202e}urity-Token: y",
            "no",
        );
    }

    #[test]
    fn control_and_direction_characters_are_removed() {
        check("a\u{1b}[31mb\u{202e}c\u{0}\td", "a[31mbcd");
        check("one\r\ntwo", "one two");
    }

    #[test]
    fn a_long_text_is_cut_at_512_characters() {
        let clean = Scrubbed::new(&"ä".repeat(600));
        assert_eq!(clean.as_str().chars().count(), 512);
        assert!(clean.as_str().ends_with("ä…"));
        check(&"x".repeat(512), &"x".repeat(512));
    }

    fn secrets(values: &[&str]) -> Secrets {
        let mut secrets = Secrets::default();
        for value in values {
            secrets.add(&Secret::new((*value).to_owned()));
        }
        secrets
    }

    #[track_caller]
    fn hides(values: &[&str], text: &str, expected: &str) {
        assert_eq!(Scrubbed::without(&secrets(values), text).as_str(), expected);
    }

    #[test]
    fn no_secret_of_the_request_stays() {
        hides(
            &["s3cret"],
            "user s3cret unknown, s3cret!",
            "user *** unknown, ***!",
        );
        hides(&["s3cret", "s3cretlonger"], "is s3cretlonger", "is ***");
        hides(&["", "a b"], "x a b y", "x *** y");
        hides(&[" a"], "   a is wrong ", "*** is wrong");
    }

    #[test]
    fn no_other_spelling_of_a_secret_stays() {
        let secret = "a+/\"ü";
        for spelling in [
            "a%2B%2F%22%C3%BC",
            "a%2b%2f%22%c3%bc",
            "YSsvIsO8",
            "612b2f22c3bc",
            "612B2F22C3BC",
            r#"a+/\"ü"#,
            r#"a+\/\"\u00fc"#,
            "a%2b/%22ü",
            "YSsvIsO8",
        ] {
            hides(&[secret], &format!("<{spelling}>"), "<***>");
        }
    }

    #[test]
    fn a_secret_of_several_lines_or_with_control_characters_between_is_found() {
        hides(&["one\ntwo"], "x one\r\ntwo y", "x *** y");
        hides(&["s3cret"], "s3\u{0}cret", "***");
        hides(&["\n"], "a\nb", "a b");
    }

    /// As Python writes it.
    fn ascii_json(text: &str) -> String {
        let unit = |unit: u16| match u8::try_from(unit) {
            Ok(byte @ (b'"' | b'\\')) => format!("\\{}", char::from(byte)),
            Ok(byte @ b' '..=b'~') => char::from(byte).to_string(),
            _ => format!("\\u{unit:04x}"),
        };
        text.encode_utf16().map(unit).collect()
    }

    #[test]
    fn what_our_own_calls_write_is_hidden() {
        hides(
            &["operator*key~0123/é"],
            &format!(
                "GET /?apikey={}",
                query_string([("", "operator*key~0123/é")]).trim_start_matches('=')
            ),
            "GET /?apikey=***",
        );
    }

    #[test]
    fn a_long_text_and_many_secrets_cost_what_is_passed_on() {
        let values: Vec<String> = (0..100)
            .map(|it| format!("{}{it}", "a".repeat(80)))
            .collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let clean = Scrubbed::without(&secrets(&values), &"a".repeat(1 << 20));
        assert_eq!(clean.as_str().chars().count(), 512);
    }

    proptest! {
        #[test]
        fn no_spelling_by_others_holds_a_secret(secret in "[ -~é𝄞\n]{4,20}") {
            let spellings = [
                byte_serialize(secret.as_bytes()).collect(),
                query_string([("", &*secret)])[1..].to_owned(),
                serde_json::to_string(&secret).unwrap(),
                ascii_json(&secret),
            ];
            for spelling in spellings {
                let clean = Scrubbed::without(&secrets(&[&secret]), &format!("[{spelling}]"));
                prop_assert!(matches!(clean.as_str(), "[***]" | r#"["***"]"#), "{spelling:?}: {clean:?}");
            }
        }

        #[test]
        fn no_text_holds_a_secret_it_was_cleaned_of(
            before in "[a-z% ]{0,20}",
            secret in "[a-zA-Z0-9+/=._-]{1,20}",
            after in any::<String>(),
        ) {
            let clean = Scrubbed::without(&secrets(&[&secret]), &format!("{before}{secret}{after}"));
            prop_assert!(!clean.as_str().contains(&secret), "{clean:?}");
        }

        #[test]
        fn no_text_stays_long_or_dirty(text in any::<String>()) {
            let clean = Scrubbed::new(&text);
            prop_assert!(clean.as_str().chars().count() <= 512);
            prop_assert!(!clean.as_str().chars().any(is_control));
        }
    }
}
