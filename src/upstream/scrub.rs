//! The one scrubber: what of a backend's own text may reach a caller (security.md, "Secrets").

mod needles;
mod reading;

use std::ops::Range;

use needles::COMPARED;
use needles::Needles;
use reading::is_unseen;

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
/// How much of a text is passed on at most, of which less may be left, and how much is looked at: all of
/// a secret that begins there, each of its bytes written in six.
const PASSED_ON: usize = 4 << 10;
const LOOKED_AT: usize = PASSED_ON + 6 * COMPARED;

/// Cleans the texts of one answer.
#[derive(Debug)]
pub(super) struct Scrubber {
    needles: Needles,
}

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

    /// Cleans `text`, which is from one who was shown `secrets`.
    #[must_use]
    pub(super) fn without(secrets: &Secrets, text: &str) -> Self {
        Scrubber::of(secrets).clean(text)
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

impl Scrubber {
    /// For texts of one who was shown `secrets`.
    pub(super) fn of(secrets: &Secrets) -> Self {
        let needles = Needles::of(secrets);
        Self { needles }
    }

    /// Cleans `text`: none of the secrets stays, however it was written.
    pub(super) fn clean(&mut self, text: &str) -> Scrubbed {
        // A control character within a word would hide it.
        let lines = text.lines().map(seen).filter(|line| {
            let line = line.to_ascii_lowercase();
            !TELLTALES.iter().any(|telltale| line.contains(telltale))
        });
        let text = joined(lines);
        let text = &text[..text.floor_char_boundary(LOOKED_AT)];
        match self.needles.places(text) {
            Ok(places) => Scrubbed(cut(hidden(text, places).trim())),
            // Nobody is told how much of it would have been a secret.
            Err(_) => Scrubbed(HIDDEN.to_owned()),
        }
    }

    /// Whether one of the secrets is in `text`.
    pub(super) fn finds(&mut self, text: &str) -> bool {
        let places = self.needles.places(text);
        places.map_or(true, |places| !places.is_empty())
    }
}

/// `text` as far as it is passed on, with one mark for all places that touch one another.
fn hidden(text: &str, mut places: Vec<Range<usize>>) -> String {
    places.sort_by_key(|place| place.start);
    let passed_on = text.floor_char_boundary(PASSED_ON);
    let mut clean = String::with_capacity(passed_on);
    let mut at = 0;
    for place in places {
        // An escape can be half a character, and what is beside it the other half.
        let start = text.floor_char_boundary(place.start);
        if start >= passed_on {
            break;
        }
        if start > at || clean.is_empty() {
            clean.push_str(&text[at..start]);
            clean.push_str(HIDDEN);
        }
        at = at.max(text.ceil_char_boundary(place.end));
    }
    clean.push_str(text.get(at..passed_on).unwrap_or_default());
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

/// What is seen of a line.
fn seen(line: &str) -> String {
    line.chars().filter(|c| !is_unseen(*c)).collect()
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
        hides(&["s3cret"], "s3crets3cret s3cret", "*** ***");
        // Whichever of them begins first.
        hides(&["xxkey-", "key-0123456789"], "xxkey-0123456789 y", "*** y");
        hides(&[" a"], "   a is wrong ", "*** is wrong");
    }

    #[test]
    fn no_other_spelling_of_a_secret_stays() {
        let secret = "a+/\"ü <later";
        for spelling in [
            "a%2B%2F%22%C3%BC%20%3Clater",
            "a%2b%2f%22%c3%bc+%3clater",
            "a%2b/%22ü%20<later",
            "a%252B%252F%2522%25C3%25BC%2520%253Clater",
            "YSsvIsO8IDxsYXRlcg==",
            "YSsvIsO8IDxsYXRlcg",
            "YSsvIsO8IDxsYXRlcg%3D%3D",
            "612b2f22c3bc203c6c61746572",
            "612B2F22C3BC203C6C61746572",
            r#"a+/\"ü <later"#,
            r#"a+\/\"\u00fc \u003clater"#,
            r#"a+/\\\"ü <later"#,
            "a&#43;&#x2f;&quot;ü &lt;later",
        ] {
            hides(&[secret], &format!("<{spelling}>"), "<***>");
        }
        // In base 64 for URLs, without padding.
        hides(&["ÿþÿÿþÿ"], "<w7_DvsO_w7_DvsO_>", "<***>");
    }

    #[test]
    fn a_secret_of_several_lines_or_with_what_is_unseen_between_is_found() {
        hides(&["one\ntwo"], "x one\r\ntwo y", "x *** y");
        hides(&["one\ntwo"], r"x one\ntwo y", "x *** y");
        hides(&["s3cret"], "s3\u{0}cret", "***");
        hides(&["s3cret"], "s3\u{200b}cret", "***");
        hides(&["pass/word+again"], "x pass/wo\n  rd+again y", "x *** y");
        hides(&["pa\tss/word"], "pa%09ss%2Fword", "***");
        hides(&["\n"], "a\nb", "a b");
    }

    #[test]
    fn a_short_secret_hides_no_more_than_itself() {
        hides(&["1"], "line 31: MQ 1+1", "line 3***: MQ ***+***");
        hides(&["a b"], "about a b", "about ***");
    }

    #[test]
    fn of_a_long_secret_nothing_is_passed_on_and_nothing_behind_it() {
        let long = "x".repeat(COMPARED + 1);
        hides(&[&long], &format!("bad {long} y"), "bad ***");
        let most = "x".repeat(COMPARED);
        hides(&[&most], &format!("bad {most} y"), "bad *** y");
        let escaped = "\\u0078".repeat(COMPARED + 1);
        let before = "b".repeat(500);
        hides(
            &[&long],
            &format!("{before} {escaped} y"),
            &format!("{before} ***"),
        );
        // However long it is.
        let longest = "x".repeat(1 << 20);
        hides(&[&longest], &format!("bad {longest}"), "bad ***");
        // As much of it as is looked at hides what is cut away.
        let many = format!("{most} ").repeat(8);
        hides(&[&most], &many, "***");
    }

    #[test]
    fn where_too_much_would_be_compared_nothing_is_passed_on() {
        let values: Vec<String> = (0..96)
            .map(|it| format!("{}{it:02}", "a".repeat(300)))
            .collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let mut scrubber = Scrubber::of(&secrets(&values));
        assert_eq!(scrubber.clean("bad request").as_str(), "bad request");
        let long = "a".repeat(4_000);
        assert!(scrubber.clean(&long).as_str().ends_with("a…"));
        for _ in 0..64 {
            scrubber.clean(&long);
        }
        // What was left was for all texts of the answer together.
        assert_eq!(scrubber.clean(&long).as_str(), "***");
        hides(&values, &"b".repeat(600), &format!("{}…", "b".repeat(511)));
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

    proptest! {
        #[test]
        fn no_spelling_by_others_holds_a_secret(secret in "[!-~é𝄞][ -~é𝄞\n]{6,18}[!-~é𝄞]") {
            let spellings = [
                byte_serialize(secret.as_bytes()).collect(),
                query_string([("", &*secret)])[1..].to_owned(),
                query_string([("", &query_string([("", &*secret)])[1..])])[1..].to_owned(),
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
            prop_assert!(!clean.as_str().chars().any(is_unseen));
        }
    }
}
