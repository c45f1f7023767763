//! Strings of JSON, in pieces: escapes, UTF-8, and as much of the text as is wanted.

use std::fmt;

use ring::digest;

use crate::limits;
use crate::upstream::AnswerLimit;
use crate::upstream::decode::Fault;

/// How much of what is not wanted is held before it is checked and dropped.
const HELD: usize = 4 << 10;
/// What stands between the start of a text that was cut and its digest.
const MARK: char = '…';

/// Where in an escape the reading is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Escape {
    /// In none.
    #[default]
    None,
    /// Behind the backslash.
    Begun,
    /// Behind `\u` and so many digits.
    Unit { digits: u8, unit: u16 },
}

/// A string, perhaps without its end.
#[derive(Default)]
pub(super) struct Text {
    /// How many bytes are wanted.
    wanted: usize,
    /// What has come and was not dropped. Up to `whole` it is text.
    held: Vec<u8>,
    whole: usize,
    /// Of everything that was dropped.
    digest: Option<digest::Context>,
    /// How long it is so far, without escapes.
    length: usize,
    escape: Escape,
    /// The first half of a pair of surrogates, which must be followed by the other.
    high: Option<u16>,
}

impl Text {
    /// A string begins.
    pub(super) fn begin(&mut self, wanted: usize) {
        self.wanted = wanted;
        self.held.clear();
        // What one long string needed is not kept for all others.
        self.held.shrink_to(HELD);
        self.whole = 0;
        self.digest = None;
        self.length = 0;
        self.escape = Escape::None;
        self.high = None;
    }

    /// Reads on; the text and what follows the closing quote, if that is here.
    pub(super) fn read<'a, 'b: 'a>(
        &'a mut self,
        bytes: &'b [u8],
    ) -> Result<Option<(&'a str, &'b [u8])>, Fault> {
        let mut rest = bytes;
        loop {
            if self.escape != Escape::None {
                let Some((&byte, after)) = rest.split_first() else {
                    return Ok(None);
                };
                self.escaped(byte)?;
                rest = after;
                continue;
            }
            let end = rest
                .iter()
                .position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
            let (plain, after) = rest.split_at(end.unwrap_or(rest.len()));
            if self.high.is_some() && (!plain.is_empty() || after.first() == Some(&b'"')) {
                return Err(Fault::Malformed);
            }
            match after.split_first() {
                Some((b'"', after)) if self.length == 0 && plain.len() <= self.wanted => {
                    check_length(plain.len())?;
                    return Ok(Some((utf8(plain)?, after)));
                }
                Some((b'"', after)) => {
                    self.push(plain)?;
                    return Ok(Some((self.end()?, after)));
                }
                Some((b'\\', after)) => {
                    self.push(plain)?;
                    self.escape = Escape::Begun;
                    rest = after;
                }
                Some(_) => return Err(Fault::Malformed),
                None => {
                    self.push(plain)?;
                    return Ok(None);
                }
            }
        }
    }

    /// How many bytes it takes.
    pub(super) fn held(&self) -> usize {
        self.held.capacity()
    }

    fn escaped(&mut self, byte: u8) -> Result<(), Fault> {
        let (digits, unit) = match self.escape {
            Escape::Unit { digits, unit } => (digits, unit),
            Escape::Begun if byte == b'u' => {
                let (digits, unit) = (0, 0);
                self.escape = Escape::Unit { digits, unit };
                return Ok(());
            }
            Escape::Begun | Escape::None if self.high.is_some() => return Err(Fault::Malformed),
            Escape::Begun | Escape::None => {
                self.escape = Escape::None;
                return self.push(&[match byte {
                    b'"' | b'\\' | b'/' => byte,
                    b'b' => 0x08,
                    b'f' => 0x0c,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    _ => return Err(Fault::Malformed),
                }]);
            }
        };
        let digit = char::from(byte).to_digit(16).ok_or(Fault::Malformed)?;
        let unit = unit << 4 | u16::try_from(digit).map_err(|_| Fault::Malformed)?;
        self.escape = Escape::Unit {
            digits: digits + 1,
            unit,
        };
        if digits == 3 {
            self.escape = Escape::None;
            self.unit(unit)?;
        }
        Ok(())
    }

    /// Takes one unit of UTF-16.
    fn unit(&mut self, unit: u16) -> Result<(), Fault> {
        if self.high.is_none() && matches!(unit, 0xd800..0xdc00) {
            self.high = Some(unit);
            return Ok(());
        }
        let units = self.high.take().into_iter().chain([unit]);
        for decoded in char::decode_utf16(units) {
            let decoded = decoded.map_err(|_| Fault::Malformed)?;
            self.push(decoded.encode_utf8(&mut [0; 4]).as_bytes())?;
        }
        Ok(())
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.length += bytes.len();
        check_length(self.length)?;
        if self.wanted == usize::MAX {
            self.held.extend_from_slice(bytes);
            return Ok(());
        }
        for piece in bytes.chunks(HELD) {
            self.held.extend_from_slice(piece);
            if self.held.len() > self.wanted + HELD {
                self.drop_unwanted()?;
            }
        }
        Ok(())
    }

    /// Checks what is held and keeps no more of it than is wanted, or is a character without end.
    fn drop_unwanted(&mut self) -> Result<(), Fault> {
        let fresh = &self.held[self.whole..];
        let valid = match std::str::from_utf8(fresh) {
            Ok(_) => fresh.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return Err(Fault::Malformed),
        };
        let valid = self.whole + valid;
        if self.digest.is_none() {
            let text = utf8(&self.held[..valid])?;
            self.whole = text.floor_char_boundary(self.wanted);
        }
        let digest = self
            .digest
            .get_or_insert_with(|| digest::Context::new(&digest::SHA256));
        if self.wanted > 0 {
            digest.update(&self.held[self.whole..valid]);
        }
        self.held.drain(self.whole..valid);
        Ok(())
    }

    /// The text, which has ended.
    fn end(&mut self) -> Result<&str, Fault> {
        if self.length > self.wanted {
            self.drop_unwanted()?;
            if self.held.len() > self.whole {
                return Err(Fault::Malformed);
            }
            if let Some(digest) = self.digest.take().filter(|_| self.wanted > 0) {
                self.held
                    .extend_from_slice(MARK.encode_utf8(&mut [0; 4]).as_bytes());
                for byte in digest.finish().as_ref() {
                    self.held
                        .extend_from_slice(format!("{byte:02x}").as_bytes());
                }
            }
        }
        utf8(&self.held)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a text of {} bytes so far", self.length)
    }
}

fn check_length(length: usize) -> Result<(), Fault> {
    if length > limits::ANSWER_STRING {
        return Err(Fault::Over(AnswerLimit::String));
    }
    Ok(())
}

fn utf8(bytes: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(bytes).map_err(|_| Fault::Malformed)
}
