//! The one scanner of a backend's JSON: bytes in chunks of any size become [`Event`]s.
//!
//! It is as strict as a JSON parser and bounded: the whole grammar, UTF-8, at most
//! [`limits::ANSWER_DEPTH`] levels, strings of at most [`limits::ANSWER_STRING`] bytes, nothing
//! behind the document; also in what nobody reads. It holds the levels as bits and at most one
//! unfinished token, so no document can make it large, and no recursion can end the stack.

mod text;
mod word;

use crate::limits;
use crate::upstream::decode::Fault;
use crate::upstream::decode::json::text::Text;
use crate::upstream::decode::json::word::Word;

/// One step of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::upstream) enum Event<'a> {
    /// `[`
    Array,
    /// `{`
    Object,
    /// The end of the array or object that was begun last.
    End,
    /// The name of a member; its value follows.
    Key(&'a str),
    /// A string.
    Text(&'a str),
    /// A number as it stands there.
    Number(&'a str),
    /// `true` or `false`.
    Bool(bool),
    /// `null`
    Null,
}

/// Who takes the events.
pub(super) trait Listener {
    /// Takes the next event. An error ends the reading.
    fn event(&mut self, event: Event<'_>) -> Result<(), Fault>;

    /// Takes whole elements of the list that the reading is in, which `bytes` begin with, and the
    /// commas between them; what follows the last one. Takes nothing but what is JSON, and leaves to
    /// the scanner whatever it does not know.
    fn pairs<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], Fault> {
        Ok(bytes)
    }

    /// How many bytes of a name or string that begins here are wanted. Of a longer one come these,
    /// and a mark that tells it from every other; or nothing at all, if none are wanted.
    fn wanted(&self) -> usize;

    /// So many bytes of a name or string are held, and its end has not come.
    fn holds(&mut self, bytes: usize) -> Result<(), Fault>;
}

/// What may come next, between two tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// A value.
    Value,
    /// A value or `]`, behind `[`.
    ValueOrEnd,
    /// A name, behind a comma.
    Key,
    /// A name or `}`, behind `{`.
    KeyOrEnd,
    /// `:`
    Colon,
    /// `,` or the end of what was begun last.
    CommaOrEnd,
    /// Nothing but blanks.
    Nothing,
}

/// A token of which the chunk did not hold the end.
#[derive(Debug)]
enum Token {
    None,
    Text,
    Word,
}

/// Scans one document.
#[derive(Debug)]
pub(super) struct Scanner {
    next: Next,
    /// What was begun and not ended, the innermost lowest: 1 is an object.
    levels: u64,
    depth: u32,
    token: Token,
    text: Text,
    word: Word,
}

impl Default for Scanner {
    fn default() -> Self {
        Self {
            next: Next::Value,
            levels: 0,
            depth: 0,
            token: Token::None,
            text: Text::default(),
            word: Word::default(),
        }
    }
}

impl Scanner {
    /// Whether an array or object has begun and has no end yet.
    pub(super) const fn is_within(&self) -> bool {
        self.depth > 0
    }

    /// Takes the next bytes.
    pub(super) fn push<L: Listener>(
        &mut self,
        mut bytes: &[u8],
        listener: &mut L,
    ) -> Result<(), Fault> {
        loop {
            bytes = match self.token {
                Token::None => self.structure(bytes, listener)?,
                Token::Text => self.text(bytes, listener)?,
                Token::Word => self.word(bytes, listener)?,
            };
            if bytes.is_empty() {
                return Ok(());
            }
        }
    }

    /// The input is over.
    pub(super) fn finish<L: Listener>(&mut self, listener: &mut L) -> Result<(), Fault> {
        // Only a document that is a single word has no other end than that of the input.
        if matches!(self.token, Token::Word) {
            self.token = Token::None;
            listener.event(self.word.event()?)?;
            self.after_value();
        }
        match (self.next, &self.token) {
            (Next::Nothing, Token::None) => Ok(()),
            _ => Err(Fault::Malformed),
        }
    }

    /// Reads up to the next string or word; what follows its first byte.
    fn structure<'b, L: Listener>(
        &mut self,
        bytes: &'b [u8],
        listener: &mut L,
    ) -> Result<&'b [u8], Fault> {
        for (at, &byte) in bytes.iter().enumerate() {
            match (byte, self.next) {
                (b' ' | b'\t' | b'\n' | b'\r', _) => {}
                (b'"', Next::Value | Next::ValueOrEnd | Next::Key | Next::KeyOrEnd) => {
                    self.text.begin(listener.wanted());
                    self.token = Token::Text;
                    return Ok(&bytes[at + 1..]);
                }
                (b',', Next::CommaOrEnd) => {
                    self.next = if self.is_object() {
                        Next::Key
                    } else {
                        Next::Value
                    };
                }
                (b':', Next::Colon) => self.next = Next::Value,
                (b'[', Next::Value | Next::ValueOrEnd) => {
                    let rest = listener.pairs(&bytes[at..])?;
                    if rest.len() < bytes.len() - at {
                        self.next = Next::CommaOrEnd;
                        return Ok(rest);
                    }
                    self.descend(0)?;
                    self.next = Next::ValueOrEnd;
                    listener.event(Event::Array)?;
                }
                (b'{', Next::Value | Next::ValueOrEnd) => {
                    self.descend(1)?;
                    self.next = Next::KeyOrEnd;
                    listener.event(Event::Object)?;
                }
                (b']', Next::CommaOrEnd | Next::ValueOrEnd) if !self.is_object() => {
                    self.ascend();
                    listener.event(Event::End)?;
                }
                (b'}', Next::CommaOrEnd | Next::KeyOrEnd) if self.is_object() => {
                    self.ascend();
                    listener.event(Event::End)?;
                }
                (_, Next::Value | Next::ValueOrEnd) if word::is_part(byte) => {
                    self.word.begin();
                    self.token = Token::Word;
                    return Ok(&bytes[at..]);
                }
                _ => return Err(Fault::Malformed),
            }
        }
        Ok(&[])
    }

    /// Reads on in a string; what follows it.
    fn text<'b, L: Listener>(
        &mut self,
        bytes: &'b [u8],
        listener: &mut L,
    ) -> Result<&'b [u8], Fault> {
        let is_key = matches!(self.next, Next::Key | Next::KeyOrEnd);
        let Some((text, rest)) = self.text.read(bytes)? else {
            listener.holds(self.text.held())?;
            return Ok(&[]);
        };
        listener.event(if is_key {
            Event::Key(text)
        } else {
            Event::Text(text)
        })?;
        self.token = Token::None;
        if is_key {
            self.next = Next::Colon;
        } else {
            self.after_value();
        }
        Ok(rest)
    }

    /// Reads on in a word; what follows it.
    fn word<'b, L: Listener>(
        &mut self,
        bytes: &'b [u8],
        listener: &mut L,
    ) -> Result<&'b [u8], Fault> {
        let Some((event, rest)) = self.word.read(bytes)? else {
            return Ok(&[]);
        };
        listener.event(event)?;
        self.token = Token::None;
        self.after_value();
        Ok(rest)
    }

    const fn is_object(&self) -> bool {
        self.depth > 0 && self.levels & 1 == 1
    }

    fn descend(&mut self, kind: u64) -> Result<(), Fault> {
        if self.depth == limits::ANSWER_DEPTH {
            return Err(Fault::Malformed);
        }
        self.depth += 1;
        self.levels = self.levels << 1 | kind;
        Ok(())
    }

    fn ascend(&mut self) {
        self.depth -= 1;
        self.levels >>= 1;
        self.after_value();
    }

    fn after_value(&mut self) {
        self.next = if self.depth == 0 {
            Next::Nothing
        } else {
            Next::CommaOrEnd
        };
    }
}

#[cfg(test)]
mod tests;
