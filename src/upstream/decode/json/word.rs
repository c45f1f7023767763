//! What stands in JSON without quotes: numbers, `true`, `false`, `null`.

use crate::upstream::decode::Fault;
use crate::upstream::decode::json::Event;

/// Longest number that is read, in bytes: the longest of a float has 345.
const LONGEST: usize = 512;

/// A word, perhaps without its end.
#[derive(Debug, Default)]
pub(super) struct Word {
    carried: Vec<u8>,
}

/// Whether `byte` can stand in a word.
pub(super) const fn is_part(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'+' | b'.')
}

impl Word {
    /// A word begins.
    pub(super) fn begin(&mut self) {
        self.carried.clear();
    }

    /// Reads on; the word and what follows it, if its end is here.
    pub(super) fn read<'a, 'b: 'a>(
        &'a mut self,
        bytes: &'b [u8],
    ) -> Result<Option<(Event<'a>, &'b [u8])>, Fault> {
        let end = bytes.iter().position(|byte| !is_part(*byte));
        let (part, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
        if self.carried.len() + part.len() > LONGEST {
            return Err(Fault::Malformed);
        }
        if end.is_some() && self.carried.is_empty() {
            return Ok(Some((event(part)?, rest)));
        }
        self.carried.extend_from_slice(part);
        match end {
            Some(_) => Ok(Some((self.event()?, rest))),
            None => Ok(None),
        }
    }

    /// What the word that was carried is.
    pub(super) fn event(&self) -> Result<Event<'_>, Fault> {
        event(&self.carried)
    }
}

fn event(word: &[u8]) -> Result<Event<'_>, Fault> {
    match word {
        b"true" => Ok(Event::Bool(true)),
        b"false" => Ok(Event::Bool(false)),
        b"null" => Ok(Event::Null),
        _ if is_number(word) => {
            let text = std::str::from_utf8(word).map_err(|_| Fault::Malformed)?;
            // As a JSON parser, that has floats for numbers.
            if is_perhaps_endless(word) && !text.parse().is_ok_and(f64::is_finite) {
                return Err(Fault::Malformed);
            }
            Ok(Event::Number(text))
        }
        _ => Err(Fault::Malformed),
    }
}

/// Whether a number is so long, or has an exponent, that it might be too large for a float.
fn is_perhaps_endless(number: &[u8]) -> bool {
    const SHORT: usize = 300;
    number.len() > SHORT || number.iter().any(|byte| matches!(byte, b'e' | b'E'))
}

/// Whether `word` is a number of JSON.
fn is_number(word: &[u8]) -> bool {
    let word = word.strip_prefix(b"-").unwrap_or(word);
    let (digits, rest) = digits(word);
    let is_whole = match digits {
        [b'0'] => true,
        [first, ..] => *first != b'0',
        [] => false,
    };
    let rest = match rest.strip_prefix(b".") {
        None => Some(rest),
        Some(rest) => some_digits(rest),
    };
    let rest = match rest {
        Some([b'e' | b'E', rest @ ..]) => {
            let unsigned = rest.strip_prefix(b"+").or_else(|| rest.strip_prefix(b"-"));
            some_digits(unsigned.unwrap_or(rest))
        }
        rest => rest,
    };
    is_whole && rest.is_some_and(<[u8]>::is_empty)
}

/// The digits that `text` begins with, and what follows them.
fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit());
    text.split_at(end.unwrap_or(text.len()))
}

/// What follows the digits that `text` begins with, if there are any.
fn some_digits(text: &[u8]) -> Option<&[u8]> {
    match digits(text) {
        ([], _) => None,
        (_, rest) => Some(rest),
    }
}
