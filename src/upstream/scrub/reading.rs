//! A text as it may be meant: with what is escaped in it undone, as often as it was escaped.
//!
//! Who escapes does it by a taste of their own: `*` and `~` are escaped in a form and not in a URL, Go
//! writes `<` as `\u003c`, Python each `é` as `\u00e9`, and a URL within a URL is escaped twice. So no
//! spellings are listed: texts are read, and all that can be an escape is undone.

use std::ops::Range;

/// A text, or what stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// Not always UTF-8: an escape can stand for a part of a character.
    bytes: Vec<u8>,
    /// Where in the text each of them is from.
    places: Vec<Range<usize>>,
}

/// What of a text stands for other bytes.
struct Escape {
    /// How many bytes of the text.
    length: usize,
    /// What they stand for, of which the first `count` count.
    bytes: [u8; 4],
    count: usize,
}

impl Reading {
    /// The text as it stands there.
    pub(super) fn of(text: &str) -> Self {
        Self {
            bytes: text.as_bytes().to_vec(),
            places: (0..text.len()).map(|at| at..at + 1).collect(),
        }
    }

    /// With every escape undone; `None`: there is none.
    pub(super) fn unescaped(&self) -> Option<Self> {
        let mut undone = Self {
            bytes: Vec::with_capacity(self.bytes.len()),
            places: Vec::with_capacity(self.bytes.len()),
        };
        let mut at = 0;
        while let Some(byte) = self.bytes.get(at) {
            let rest = &self.bytes[at..];
            let escape = match byte {
                b'%' => percent(rest),
                b'\\' => backslash(rest),
                b'&' => entity(rest),
                _ => None,
            };
            let Escape {
                length,
                bytes,
                count,
            } = escape.unwrap_or(Escape::byte(1, *byte));
            let place = self.places[at].start..self.places[at + length - 1].end;
            undone.bytes.extend(&bytes[..count]);
            undone.places.extend((0..count).map(|_| place.clone()));
            at += length;
        }
        (undone.bytes != self.bytes).then_some(undone)
    }

    /// What is read of it where lines are wrapped and characters are put between that nobody sees: without
    /// those, and with one blank for any, or with none.
    pub(super) fn plain(&self, keeps_blanks: bool) -> Self {
        let mut plain = Self {
            bytes: Vec::with_capacity(self.bytes.len()),
            places: Vec::with_capacity(self.bytes.len()),
        };
        let mut at = 0;
        for chunk in self.bytes.utf8_chunks() {
            for c in chunk.valid().chars() {
                let end = at + c.len_utf8();
                if c.is_whitespace() {
                    if keeps_blanks && plain.bytes.last() != Some(&b' ') {
                        plain.bytes.push(b' ');
                        plain.places.push(self.places[at].clone());
                    }
                } else if !is_unseen(c) {
                    plain.bytes.extend(&self.bytes[at..end]);
                    plain.places.extend_from_slice(&self.places[at..end]);
                }
                at = end;
            }
            let end = at + chunk.invalid().len();
            plain.bytes.extend(chunk.invalid());
            plain.places.extend_from_slice(&self.places[at..end]);
            at = end;
        }
        plain
    }

    /// What is read.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where in the text `found` bytes of this reading are from.
    pub(super) fn place(&self, found: Range<usize>) -> Range<usize> {
        match &self.places[found] {
            [first, .., last] => first.start..last.end,
            [only] => only.clone(),
            [] => 0..0,
        }
    }
}

/// Characters that are not seen, and those that turn the direction of the text around them.
pub(super) fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

impl Escape {
    const fn byte(length: usize, byte: u8) -> Self {
        Self {
            length,
            bytes: [byte, 0, 0, 0],
            count: 1,
        }
    }

    fn character(length: usize, code: u32) -> Option<Self> {
        let mut bytes = [0; 4];
        let count = char::from_u32(code)?.encode_utf8(&mut bytes).len();
        Some(Self {
            length,
            bytes,
            count,
        })
    }
}

/// `%2A`, of a byte.
fn percent(text: &[u8]) -> Option<Escape> {
    let byte = number(text.get(1..3)?, 16)?;
    Some(Escape::byte(3, u8::try_from(byte).ok()?))
}

/// What stands in texts in quotes: `\n`, `\x2a` and `\052` of a byte, `\u002a`, `\u{2a}` and `\U0000002a`
/// of a character, the first of which can be half of one in UTF-16.
fn backslash(text: &[u8]) -> Option<Escape> {
    let hex = |range: Range<usize>| number(text.get(range)?, 16);
    match text.get(1)? {
        b'n' => Some(Escape::byte(2, b'\n')),
        b'r' => Some(Escape::byte(2, b'\r')),
        b't' => Some(Escape::byte(2, b'\t')),
        quoted @ (b'"' | b'\'' | b'\\' | b'/') => Some(Escape::byte(2, *quoted)),
        b'x' => Some(Escape::byte(4, u8::try_from(hex(2..4)?).ok()?)),
        b'0'..=b'7' => {
            let byte = number(text.get(1..4)?, 8)?;
            Some(Escape::byte(4, u8::try_from(byte).ok()?))
        }
        b'U' => Escape::character(10, hex(2..10)?),
        b'u' if text.get(2) == Some(&b'{') => {
            let end = text.iter().take(10).position(|byte| *byte == b'}')?;
            Escape::character(end + 1, hex(3..end)?)
        }
        b'u' => match hex(2..6)? {
            high @ 0xd800..=0xdbff if text.get(6..8) == Some(b"\\u") => {
                let low = hex(8..12)?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                Escape::character(12, 0x1_0000 + ((high - 0xd800) << 10) + low)
            }
            code => Escape::character(6, code),
        },
        _ => None,
    }
}

/// `&amp;`, `&#39;` and `&#x27;`.
fn entity(text: &[u8]) -> Option<Escape> {
    const LONGEST: usize = 16;
    let end = text.iter().take(LONGEST).position(|byte| *byte == b';')?;
    let code = match &text[1..end] {
        b"amp" => u32::from(b'&'),
        b"lt" => u32::from(b'<'),
        b"gt" => u32::from(b'>'),
        b"quot" => u32::from(b'"'),
        b"apos" => u32::from(b'\''),
        b"sol" => u32::from(b'/'),
        b"plus" => u32::from(b'+'),
        b"equals" => u32::from(b'='),
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        _ => return None,
    };
    Escape::character(end + 1, code)
}

/// The number that these digits are, and nothing but digits.
fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let is_digit = |byte: &u8| char::from(*byte).is_digit(radix);
    let digits = std::str::from_utf8(digits).ok()?;
    let are_digits = digits.bytes().all(|byte| is_digit(&byte));
    are_digits.then(|| u32::from_str_radix(digits, radix).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn stands_for(text: &str, expected: &str) {
        let undone = Reading::of(text).unescaped();
        let undone = undone.map(|it| String::from_utf8(it.bytes).unwrap());
        assert_eq!(undone.as_deref(), Some(expected), "{text}");
    }

    #[track_caller]
    fn stands_for_itself(text: &str) {
        assert_eq!(Reading::of(text).unescaped(), None, "{text}");
    }

    #[test]
    fn percent_encoding_is_undone_in_any_case() {
        stands_for("a%2Ab%7ec%C3%BC", "a*b~cü");
        stands_for("%2541%zz%4", "%41%zz%4");
        for text in ["%", "%4", "%+4", "100 %"] {
            stands_for_itself(text);
        }
    }

    #[test]
    fn what_stands_in_quotes_is_undone() {
        stands_for(r#"\"\'\\\/\n\r\t"#, "\"'\\/\n\r\t");
        stands_for(r"\x2a\xC3\xbc\052\303\274", "*ü*ü");
        stands_for(
            r"\u002A\u00e9\ud834\uDD1E\u{1d11e}\u{2a}\U0001d11e",
            "*é𝄞𝄞*𝄞",
        );
        // Half a character, and one beside it.
        stands_for(r"\ud834\u0041", r"\ud834A");
        for text in [
            r"\",
            r"\q",
            r"\x2",
            r"\x+2",
            r"\400",
            r"\09a",
            r"\u00e",
            r"\ud834",
            r"\u{}",
            r"\u{110000}",
            r"\u{41",
            r"\U00110000",
        ] {
            stands_for_itself(text);
        }
    }

    #[test]
    fn entities_are_undone() {
        stands_for("&amp;&lt;&gt;&quot;&apos;&sol;&plus;&equals;", "&<>\"'/+=");
        stands_for("&#39;&#x27;&#X2f;&#x0000002f;&#233;", "''//é");
        for text in [
            "&", "&;", "&amp", "&nope;", "&#;", "&#x;", "&#xd800;", "&#-1;",
        ] {
            stands_for_itself(text);
        }
    }

    #[test]
    fn what_is_found_is_placed_where_its_escapes_stand() {
        let once = Reading::of("a%2541b").unescaped().unwrap();
        let twice = once.unescaped().unwrap();
        assert_eq!(twice.bytes(), b"aAb");
        assert_eq!(twice.place(1..2), 1..6);
        assert_eq!(twice.place(0..3), 0..7);
        assert_eq!(twice.place(2..3), 6..7);
        assert_eq!(twice.place(1..1), 0..0);
    }

    #[test]
    fn what_is_unseen_is_left_out_and_blanks_are_one_or_none() {
        let reading = Reading::of("a\u{200b}b \r\n\tc\u{1b}\u{202e}ü");
        let (spaced, tight) = (reading.plain(true), reading.plain(false));
        assert_eq!(spaced.bytes(), "ab cü".as_bytes());
        assert_eq!(spaced.place(2..4), 5..10);
        assert_eq!(tight.bytes(), "abcü".as_bytes());
        assert_eq!(tight.place(1..3), 4..10);
        let half = Reading::of("%C3 %BC").unescaped().unwrap();
        assert_eq!(half.plain(false).bytes(), "ü".as_bytes());
        assert_eq!(half.plain(true).bytes(), b"\xc3 \xbc");
    }
}
