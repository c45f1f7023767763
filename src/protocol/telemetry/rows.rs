//! The writer of an answer: a buffer of the expected size, to which each point adds its text.

use std::fmt;

use bytes::Bytes;

use super::Telemetry;
use super::digits;
use super::digits::Written;
use crate::time::Millis;
use crate::time::UnixMillis;

/// The kinds of points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `RawMetricTelemetry`: value and timestamp.
    Raw,
    /// `AggregatedMetricTelemetry`: value, start and end of the bucket.
    Aggregated,
}

/// The value of a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure<'a> {
    /// It is a float, finite, and is printed.
    Float(f64),
    /// A text of at most [`Figure::LONGEST`] bytes that is a number of JSON. It is copied.
    Text {
        /// The text.
        text: &'a [u8],
        /// Whether it has neither a point nor an exponent, so that `.0` makes a float of it.
        is_whole: bool,
    },
}

impl Figure<'_> {
    /// Most bytes of a text.
    pub const LONGEST: usize = 32;
}

/// The answers' heads.
macro_rules! head {
    ($kind:literal, $is_partial:literal, $format:literal) => {
        concat!(
            r#"{"_type":"MetricsResponse","telemetry":{"_type":""#,
            $kind,
            r#"","isPartial":"#,
            $is_partial,
            r#","dataFormat":["#,
            $format,
            r#"],"points":["#
        )
    };
    (raw, $is_partial:literal) => {
        head!("RawMetricTelemetry", $is_partial, r#""value","timestamp""#)
    };
    (aggregated, $is_partial:literal) => {
        head!(
            "AggregatedMetricTelemetry",
            $is_partial,
            r#""value","startTimestamp","endTimestamp""#
        )
    };
}

/// Where the points begin: behind the longest head.
const HEAD: usize = head!(aggregated, false).len();
const TAIL: &[u8] = b"]}}";
/// More than a point takes: the longest value, two times, and what stands around them.
const ROW: usize = 96;
/// Up to 2 KiB at a time are cleared without being taken for a long stretch of memory.
const PAGE: usize = 2 << 10;

/// The points so far, ascending in time, as text.
pub struct Rows {
    kind: Kind,
    /// Room for the head, then each point with a comma behind it, up to `end`; and then what is not
    /// yet in use.
    text: Vec<u8>,
    end: usize,
    count: usize,
    /// The last time that was written: mostly a bucket starts where the one before it ends.
    last: (UnixMillis, Written),
}

impl Rows {
    /// What an answer takes beside its points.
    pub const BASE: usize = 256;

    /// About what a point takes.
    #[must_use]
    pub const fn size(kind: Kind) -> usize {
        match kind {
            Kind::Raw => 32,
            Kind::Aggregated => 48,
        }
    }

    /// No points yet, in a buffer of `capacity` bytes, or of [`Rows::BASE`] at least. It grows as it must.
    #[must_use]
    pub fn new(kind: Kind, capacity: usize) -> Self {
        let mut text = Vec::with_capacity(capacity.max(Self::BASE));
        text.resize(Self::BASE, 0);
        Self {
            kind,
            text,
            end: HEAD,
            count: 0,
            last: (UnixMillis::default(), Written::default()),
        }
    }

    /// How many points there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no point.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many bytes the buffer takes.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.text.capacity()
    }

    /// Forgets all points; the buffer stays.
    pub fn clear(&mut self) {
        self.end = HEAD;
        self.count = 0;
    }

    /// Adds a point at `at`, which is the end of a bucket of `width` if points have buckets.
    #[inline]
    pub fn push(&mut self, value: Figure<'_>, at: UnixMillis, width: Millis) {
        if self.text.len() - self.end < ROW {
            self.widen(ROW);
        }
        let Some(row) = self.text[self.end..].first_chunk_mut::<ROW>() else {
            unreachable!("the buffer has room for a point")
        };
        row[0] = b'[';
        let mut end = 1 + match value {
            Figure::Float(value) => print(value, &mut row[1..]),
            Figure::Text { text, is_whole } => copy(text, is_whole, &mut row[1..]),
        };
        if self.kind == Kind::Aggregated {
            let start = at - width;
            if self.last.0 != start {
                self.last.0 = start;
                self.last.1.go_to(start);
            }
            end += time(&self.last.1, &mut row[end..]);
        }
        self.last.0 = at;
        self.last.1.go_to(at);
        end += time(&self.last.1, &mut row[end..]);
        row[end..end + 2].copy_from_slice(b"],");
        self.end += end + 2;
        self.count += 1;
    }

    /// Adds all points of `other`, which come later and are of the same kind.
    pub fn append(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
            return;
        }
        let fresh = &other.text[HEAD..other.end];
        if self.text.len() - self.end < fresh.len() + TAIL.len() {
            self.widen(fresh.len() + ROW);
        }
        self.text[self.end..self.end + fresh.len()].copy_from_slice(fresh);
        self.end += fresh.len();
        self.count += other.count;
        self.last = other.last;
    }

    /// The points so far as an answer of which more was to come. `held` as below.
    #[must_use]
    pub fn prefix<H: Send + 'static>(&self, held: impl FnOnce(usize) -> H) -> Telemetry {
        let text = self.text[..self.end].to_vec();
        Self { text, ..*self }.finish(true, held)
    }

    /// The answer. `held` is kept for as long as its bytes are: that is what the buffer was charged
    /// to, told how many bytes remain.
    #[must_use]
    pub fn finish<H: Send + 'static>(
        mut self,
        is_partial: bool,
        held: impl FnOnce(usize) -> H,
    ) -> Telemetry {
        let head = match (self.kind, is_partial) {
            (Kind::Raw, false) => head!(raw, false),
            (Kind::Raw, true) => head!(raw, true),
            (Kind::Aggregated, false) => head!(aggregated, false),
            (Kind::Aggregated, true) => head!(aggregated, true),
        };
        // Flush to the points, so that nothing has to move.
        let start = HEAD - head.len();
        self.text[start..HEAD].copy_from_slice(head.as_bytes());
        // The last comma goes.
        let end = self.end - usize::from(self.count > 0);
        self.text.truncate(end);
        self.text.extend_from_slice(TAIL);
        // Not for a little: what is too much is held until the last caller has read the answer.
        if self.text.capacity() / 2 > self.text.len() {
            self.text.shrink_to_fit();
        }
        let held = held(self.text.capacity());
        let whole = Bytes::from_owner(Owner {
            text: self.text,
            _held: held,
        });
        Telemetry {
            is_partial,
            points: self.count,
            body: whole.slice(start..),
        }
    }

    /// Has `by` bytes more at hand. What is there already is brought into use a page at a time, so that it is
    /// still near when it is written.
    #[cold]
    fn widen(&mut self, by: usize) {
        let (length, by) = (self.text.len(), by.max(PAGE));
        if self.text.capacity() - length < by {
            self.text.reserve_exact(by.max(length / 2));
        }
        self.text.resize(length + by, 0);
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} points ({:?})", self.count, self.kind)
    }
}

/// The text of an answer, and what must not end before it.
struct Owner<H> {
    text: Vec<u8>,
    _held: H,
}

impl<H> AsRef<[u8]> for Owner<H> {
    fn as_ref(&self) -> &[u8] {
        &self.text
    }
}

/// Prints `value` at the start of `row`; how many bytes that takes.
fn print(value: f64, mut row: &mut [u8]) -> usize {
    let length = row.len();
    // A number of at most 25 bytes: it fits, and nothing else can fail.
    let _written = serde_json::to_writer(&mut row, &value);
    length - row.len()
}

/// Copies `text` to the start of `row`; how many bytes it is there. The pieces have a constant
/// number of bytes and may overlap, which is faster than a call to copy some.
#[inline]
fn copy(text: &[u8], is_whole: bool, row: &mut [u8]) -> usize {
    let length = text.len();
    match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        (Some(first), Some(last)) if length <= 16 => {
            row[..8].copy_from_slice(first);
            row[length - 8..length].copy_from_slice(last);
        }
        (Some(_), Some(_)) => row[..length].copy_from_slice(text),
        _ => match (text.first_chunk::<4>(), text.last_chunk::<4>()) {
            (Some(first), Some(last)) => {
                row[..4].copy_from_slice(first);
                row[length - 4..length].copy_from_slice(last);
            }
            _ => {
                for (to, from) in row.iter_mut().zip(text) {
                    *to = *from;
                }
            }
        },
    }
    if is_whole {
        row[length..length + 2].copy_from_slice(b".0");
        return length + 2;
    }
    length
}

/// Writes a comma and a time; how many bytes that takes.
#[inline]
fn time(time: &Written, row: &mut [u8]) -> usize {
    if let Some(row) = row.first_chunk_mut::<{ 1 + digits::LONGEST }>() {
        row[0] = b',';
        row[1..].copy_from_slice(&time.bytes);
    }
    1 + time.length
}
