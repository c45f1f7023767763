//! A secret as a text may repeat it: as it is, escaped, or in base 64 or 16.
//!
//! Who escapes does it by a taste of their own: `*` and `~` are escaped in a form and not in a URL, Go
//! writes `<` as `\u003c`, Python each `é` as `\u00e9`. So spellings are not listed: a text is read as
//! each way of escaping reads it, whatever was escaped and whatever was not.

use crate::secret::Secret;
use crate::upstream::credentials::base64::base64;

/// A way to write what stands for other bytes than its own.
type Escape = fn(&[u8]) -> Option<Read>;

/// Each way of escaping that is read. A text is in one of them at a time.
const ESCAPES: [Escape; 3] = [percent, backslash, entity];

/// What of a text stands for which bytes of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Read {
    /// How many bytes of the text.
    length: usize,
    /// UTF-8, of which the first `count` count.
    bytes: [u8; 4],
    count: usize,
}

/// One secret to look for.
#[derive(Debug)]
pub(super) struct Needle {
    /// As it is.
    raw: Secret,
    /// As it is left in a text of one line.
    line: Secret,
    base16: Secret,
    /// Without padding, which a text may have or not.
    base64: Secret,
    base64_of_urls: Secret,
}

impl Needle {
    /// For `secret`, which `line` makes fit into one line.
    pub(super) fn new(secret: &Secret, line: impl Fn(&str) -> String) -> Self {
        let plain = secret.expose();
        let base64 = base64(plain.as_bytes());
        let base64 = base64.trim_end_matches('=');
        let base16: String = plain.bytes().map(|byte| format!("{byte:02x}")).collect();
        Self {
            line: Secret::new(line(plain)),
            base16: Secret::new(base16),
            base64_of_urls: Secret::new(base64.replace('+', "-").replace('/', "_")),
            base64: Secret::new(base64.to_owned()),
            raw: secret.clone(),
        }
    }

    /// How many bytes of the beginning of `text` are this secret, in the longest way to read it.
    pub(super) fn length_in(&self, text: &str) -> Option<usize> {
        let text = text.as_bytes();
        let plain = starts(text, &self.line, None);
        let base16 = self.base16.expose().as_bytes();
        let base16 = text
            .get(..base16.len())
            .filter(|start| !base16.is_empty() && start.eq_ignore_ascii_case(base16))
            .map(<[u8]>::len);
        let base64 = [
            starts(text, &self.base64, None),
            starts(text, &self.base64, Some(percent)),
            starts(text, &self.base64_of_urls, None),
        ]
        .map(|found| found.map(|length| length + padding(&text[length..])));
        let escaped = ESCAPES.map(|escape| starts(text, &self.raw, Some(escape)));
        let all = [plain, base16].into_iter().chain(base64).chain(escaped);
        all.flatten().max()
    }
}

/// How many bytes of the beginning of `text` are `secret`, as `escape` reads it.
fn starts(text: &[u8], secret: &Secret, escape: Option<Escape>) -> Option<usize> {
    let mut wanted = secret.expose().as_bytes();
    if wanted.is_empty() {
        return None;
    }
    let Some(escape) = escape else {
        return text.starts_with(wanted).then_some(wanted.len());
    };
    let mut rest = text;
    while !wanted.is_empty() {
        let escaped = escape(rest);
        let (length, read) = match &escaped {
            Some(read) => (read.length, &read.bytes[..read.count]),
            None => (1, rest.get(..1)?),
        };
        // A form writes a blank so, and what is no form means it.
        let is_blank = wanted[0] == b' ' && rest[0] == b'+';
        if !is_blank && !wanted.starts_with(read) {
            return None;
        }
        wanted = &wanted[read.len()..];
        rest = &rest[length..];
    }
    Some(text.len() - rest.len())
}

/// How many bytes of padding base 64 has at the beginning of `text`.
fn padding(text: &[u8]) -> usize {
    let mut rest = text;
    for _ in 0..2 {
        rest = match rest {
            [b'=', more @ ..] | [b'%', b'3', b'd' | b'D', more @ ..] => more,
            _ => break,
        };
    }
    text.len() - rest.len()
}

/// `%2A`, of a byte.
fn percent(text: &[u8]) -> Option<Read> {
    let digits = text.strip_prefix(b"%")?.get(..2)?;
    let byte = u8::try_from(number(digits, 16)?).ok()?;
    Some(Read {
        length: 3,
        bytes: [byte, 0, 0, 0],
        count: 1,
    })
}

/// What stands in texts in quotes: `\n`, `\x2a` of a byte, `\u002a` of half a character of UTF-16.
fn backslash(text: &[u8]) -> Option<Read> {
    let [b'\\', kind, rest @ ..] = text else {
        return None;
    };
    let byte = |length, byte| Read {
        length,
        bytes: [byte, 0, 0, 0],
        count: 1,
    };
    let half = |text: &[u8]| number(text.get(..4)?, 16);
    match kind {
        b'n' => Some(byte(2, b'\n')),
        b'r' => Some(byte(2, b'\r')),
        b't' => Some(byte(2, b'\t')),
        b'b' => Some(byte(2, 8)),
        b'f' => Some(byte(2, 12)),
        b'"' | b'\'' | b'\\' | b'/' => Some(byte(2, *kind)),
        b'x' => Some(byte(4, u8::try_from(number(rest.get(..2)?, 16)?).ok()?)),
        b'u' => match half(rest)? {
            high @ 0xd800..=0xdbff => {
                let low = half(rest[4..].strip_prefix(b"\\u")?)?;
                let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                character(12, 0x10000 + ((high - 0xd800) << 10) + low)
            }
            code => character(6, code),
        },
        _ => None,
    }
}

/// `&amp;`, `&#39;` and `&#x27;`.
fn entity(text: &[u8]) -> Option<Read> {
    let inner = text.strip_prefix(b"&")?;
    // The longest is `&#x10ffff;`.
    let end = inner.iter().take(9).position(|byte| *byte == b';')?;
    let code = match &inner[..end] {
        b"amp" => u32::from(b'&'),
        b"lt" => u32::from(b'<'),
        b"gt" => u32::from(b'>'),
        b"quot" => u32::from(b'"'),
        b"apos" => u32::from(b'\''),
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        _ => return None,
    };
    character(end + 2, code)
}

/// The character of that number, written in so many bytes.
fn character(length: usize, code: u32) -> Option<Read> {
    let mut bytes = [0; 4];
    let count = char::from_u32(code)?.encode_utf8(&mut bytes).len();
    Some(Read {
        length,
        bytes,
        count,
    })
}

/// The number that these digits are, and nothing but digits.
fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let is_digit = |byte: &u8| char::from(*byte).is_digit(radix);
    let digits = std::str::from_utf8(digits).ok()?;
    digits
        .bytes()
        .all(|byte| is_digit(&byte))
        .then(|| u32::from_str_radix(digits, radix).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(secret: &str, text: &str, expected: Option<usize>) {
        let needle = Needle::new(&Secret::new(secret.to_owned()), str::to_owned);
        assert_eq!(needle.length_in(text), expected, "{secret:?} in {text:?}");
    }

    #[test]
    fn whatever_is_percent_encoded_and_whatever_is_not_it_is_found() {
        for text in ["a*b~c", "a%2Ab~c", "a*b%7ec", "%61%2a%62%7E%63"] {
            check("a*b~c", &format!("{text}…"), Some(text.len()));
        }
        check("a b", "a+b", Some(3));
        check("a b", "a%20b", Some(5));
        check("a+b", "a%2Bb", Some(5));
        // That is no number, and stands for itself.
        check("a%zzb", "a%zzb", Some(5));
        check("a%41b", "a%2541b", Some(7));
        check("ab", "a%00b", None);
    }

    #[test]
    fn whatever_is_escaped_in_quotes_and_whatever_is_not_it_is_found() {
        for text in [
            r#"a"/é<𝄞"#,
            r#"a\"\/é<𝄞"#,
            r#"a\u0022/\u00e9\u003c\ud834\udd1e"#,
            r#"a\"/\u00E9<\uD834\uDD1E"#,
            r#"a\x22/\xc3\xa9<𝄞"#,
        ] {
            check(r#"a"/é<𝄞"#, &format!("{text}…"), Some(text.len()));
        }
        check("a\nb\tc", r"a\nb\tc", Some(7));
        check(r"a\b", r"a\\b", Some(4));
        // Half a character is none.
        check("a", r"a\ud834", Some(1));
        check("b", r"\ud834b", None);
    }

    #[test]
    fn what_is_an_entity_in_html_is_found() {
        check("<a&'\">", "&lt;a&amp;&#39;&#34;&gt;!", Some(24));
        check("'\"", "&#x27;&quot;", Some(12));
        check("&é", "&amp;&#xE9;", Some(11));
        check("&nope;", "&nope;", Some(6));
    }

    #[test]
    fn base_64_is_found_with_padding_and_without_and_as_urls_have_it() {
        // w7_DvsO_ is that of "ÿþÿ".
        for text in ["w7/DvsO/", "w7_DvsO_", "w7%2FDvsO%2f"] {
            check("ÿþÿ", &format!("{text}."), Some(text.len()));
        }
        for text in ["Zm9vYg", "Zm9vYg==", "Zm9vYg%3D%3d"] {
            check("foob", &format!("{text}."), Some(text.len()));
        }
    }

    #[test]
    fn base_16_is_found_in_any_case() {
        check("ü/", "c3bc2f", Some(6));
        check("ü/", "C3Bc2F", Some(6));
    }

    #[test]
    fn no_other_text_is_taken_for_it() {
        for text in [
            "",
            "secre",
            "Secret",
            "%",
            "\\",
            "&",
            "73656372657",
            "c2VjcmV",
        ] {
            check("secret", text, None);
        }
        check("", "a", None);
    }
}
