//! How a reader of this module says what does not fit, and how that comes out of serde unharmed.
//!
//! Serde's own messages repeat values (`invalid type: string "…", expected …`), and a request can
//! hold secrets. So every text of ours stands behind a mark, and only what follows the last mark
//! is ever taken from a message: no value of a body can follow it.

use std::fmt;

use serde::de;
use serde_path_to_error::Segment;

use crate::protocol::Invalid;

/// Begins each of the two parts of a text of ours.
const MARK: char = '\u{1}';

/// What is said of a required member that is absent or null.
pub(crate) const REQUIRED: Expectation = Expectation::Says("is required");

/// What must be there. It cannot hold a value of the body.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expectation {
    /// These words.
    Says(&'static str),
    /// A number no larger than this.
    AtMost(i64),
    /// A text no longer than this.
    BytesAtMost(usize),
    /// A list no longer than this.
    EntriesAtMost(usize),
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Says(words) => f.write_str(words),
            Self::AtMost(most) => write!(f, "must be at most {most}"),
            Self::BytesAtMost(most) => write!(f, "must be at most {most} bytes long"),
            Self::EntriesAtMost(most) => write!(f, "must have at most {most} entries"),
        }
    }
}

impl From<&'static str> for Expectation {
    fn from(words: &'static str) -> Self {
        Self::Says(words)
    }
}

/// Something that does not fit, below the place where it is noticed.
#[derive(Debug)]
pub(crate) struct Misfit {
    below: String,
    expectation: Expectation,
}

impl Misfit {
    /// The value itself does not fit.
    pub(crate) fn here(expectation: impl Into<Expectation>) -> Self {
        Self::below("", expectation)
    }

    /// A member of the value does not fit: `.name` or `[2]`.
    pub(crate) fn below(below: impl Into<String>, expectation: impl Into<Expectation>) -> Self {
        Self {
            below: below.into(),
            expectation: expectation.into(),
        }
    }

    /// The same as an error of the format at hand.
    pub(crate) fn error<E: de::Error>(self) -> E {
        E::custom(self)
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{MARK}{}{MARK}{}", self.below, self.expectation)
    }
}

/// The body of a visitor's `expecting`.
pub(crate) fn expecting(f: &mut fmt::Formatter<'_>, expectation: &'static str) -> fmt::Result {
    write!(f, "{}", Misfit::here(expectation))
}

/// What did not fit, and where.
pub(crate) fn finding(error: &serde_path_to_error::Error<serde_json::Error>) -> Invalid {
    let mut path = String::new();
    for segment in error.path() {
        match segment {
            Segment::Map { key } => path.extend([".", key]),
            Segment::Seq { index } => path.push_str(&format!("[{index}]")),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    let json = error.inner();
    let message = json.to_string();
    let place = format!(" at line {} column {}", json.line(), json.column());
    let message = message.strip_suffix(&place).unwrap_or(&message);

    let expectation = match ours(message) {
        Some((below, expectation)) => {
            path.push_str(below);
            expectation.to_owned()
        }
        None => match absent(message) {
            Some(member) => {
                path.extend([".", member]);
                REQUIRED.to_string()
            }
            None => "does not fit".to_owned(),
        },
    };
    match path.trim_start_matches('.') {
        "" => Invalid::new("the body", expectation),
        path => Invalid::new(path, expectation),
    }
}

/// The two parts of the [`Misfit`] that ends a message.
fn ours(message: &str) -> Option<(&str, &str)> {
    let (before, expectation) = message.rsplit_once(MARK)?;
    let (_, below) = before.rsplit_once(MARK)?;
    Some((below, expectation))
}

/// The member that a derived reader misses; its name is one of this module's.
fn absent(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.strip_suffix('`')
}
