//! The first pass over a body, before any type is read from it.
//!
//! What passes is UTF-8, one JSON value and nothing behind it, at most [`REQUEST_DEPTH`] deep, with
//! finite numbers, whole characters in strings, and no key twice in one object: the last of two
//! equal keys would win here and the first elsewhere, and a proxy and the mirror would read two
//! different requests (mirror-api.md, "Tolerance"). Nothing of the body is kept and nothing of it
//! stands in an error.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::limits::REQUEST_DEPTH;
use crate::protocol::DecodeError;
use crate::secret::Secret;

/// A body that passed.
#[derive(Debug)]
pub struct Scanned<'b> {
    /// Its text, without the byte order mark, if one was there.
    pub text: &'b str,
    /// The string `connectionDetails.token`; `None` if there is none, or something else is there.
    pub token: Option<Secret>,
}

/// Checks a body; its text without the byte order mark, if one was there.
///
/// # Errors
///
/// [`DecodeError::Syntax`] with the place of the first offence.
pub fn scan(body: &[u8]) -> Result<&str, DecodeError> {
    scanned(body).map(|scanned| scanned.text)
}

/// The same, and the token.
///
/// # Errors
///
/// As [`scan`].
pub fn scanned(body: &[u8]) -> Result<Scanned<'_>, DecodeError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = std::str::from_utf8(body).map_err(|error| after(&body[..error.valid_up_to()]))?;
    let mut json = serde_json::Deserializer::from_str(text);
    let token = Cell::new(None);
    let root = Node {
        depth: 0,
        place: Place::Root,
        token: &token,
    };
    root.deserialize(&mut json)
        .and_then(|()| json.end())
        .map_err(|error| DecodeError::Syntax {
            line: error.line(),
            // The JSON reader counts from 0 where a line is empty.
            column: error.column().max(1),
        })?;
    let token = token.into_inner();
    Ok(Scanned { text, token })
}

/// The place right behind `read`, counted in bytes as the JSON reader counts.
fn after(read: &[u8]) -> DecodeError {
    let last_line = read.rsplit(|&byte| byte == b'\n').next().unwrap_or(read);
    DecodeError::Syntax {
        line: 1 + read.iter().filter(|&&byte| byte == b'\n').count(),
        column: 1 + last_line.len(),
    }
}

/// Where a value stands, as far as that matters here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    /// `connectionDetails`
    Details,
    /// `connectionDetails.token`
    Token,
    Elsewhere,
}

/// A value inside `depth` arrays and objects, and where the token is put if it holds it.
#[derive(Clone, Copy)]
struct Node<'t> {
    depth: usize,
    place: Place,
    token: &'t Cell<Option<Secret>>,
}

impl Node<'_> {
    /// What stands in the array or object that this value turned out to be. The recursion ends
    /// here, long before the stack does (reliability.md, "The process").
    fn inner<E: de::Error>(self) -> Result<Self, E> {
        if self.depth == REQUEST_DEPTH {
            return Err(E::custom("nested too deep"));
        }
        Ok(Self {
            depth: self.depth + 1,
            place: Place::Elsewhere,
            ..self
        })
    }

    /// Where the member `key` of this value stands.
    fn below(self, key: &str) -> Place {
        match (self.place, key) {
            (Place::Root, "connectionDetails") => Place::Details,
            (Place::Details, "token") => Place::Token,
            _ => Place::Elsewhere,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    // The JSON reader refuses what overflows to infinity.
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if self.place == Place::Token {
            self.token.set(Some(Secret::new(text.to_owned())));
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while seq.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        let mut keys = Keys::default();
        while let Some(Key(key)) = map.next_key()? {
            let place = self.below(&key);
            if !keys.is_new(key) {
                return Err(de::Error::custom("a key twice in one object"));
            }
            map.next_value_seed(Self { place, ..inner })?;
        }
        Ok(())
    }
}

/// The keys of one object so far. Few are compared one by one, which is cheaper than to hash them; of
/// many, which only the caller's ill will makes, each costs the same.
#[derive(Default)]
struct Keys<'de> {
    few: Vec<Cow<'de, str>>,
    many: HashSet<Cow<'de, str>>,
}

impl<'de> Keys<'de> {
    const FEW: usize = 16;

    fn is_new(&mut self, key: Cow<'de, str>) -> bool {
        if self.few.contains(&key) {
            return false;
        }
        if self.few.len() < Self::FEW {
            self.few.push(key);
            return true;
        }
        self.many.insert(key)
    }
}

/// A key without its escapes, so that `"a"` and `"\u0061"` are the same.
struct Key<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }
            fn visit_str<E>(self, key: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

#[cfg(test)]
mod tests;
