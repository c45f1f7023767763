//! What becomes of finished answers: `answer_ttl`, `answer_cache`, `list_cache` and
//! `answer_compression` (performance.md, "The micro-cache of finished answers").

use std::time::Duration;

use super::reader::Reader;
use super::setting;
use crate::connections::details::error::Unfit;
use crate::connections::details::given::Given;
use crate::connections::details::given::Scalar;
use crate::limits::CacheRoom;

const TTL: Duration = Duration::from_secs(2);
/// Shortest and longest time that answers are kept, if any are.
const BOUNDS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));
/// The units of sizes, each with and without the blank before it.
const UNITS: [(&str, u64); 4] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("B", 1),
];

/// What becomes of finished answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answers {
    /// For how long they are kept at most; not at all if that is zero. Setting `answer_ttl`, variable
    /// `MIRROR_ANSWER_TTL`; default 2 s.
    pub ttl: Duration,
    /// What they and the lists of names and values may take, in bytes. Settings `answer_cache` and
    /// `list_cache`, variables `MIRROR_ANSWER_CACHE` and `MIRROR_LIST_CACHE`; default 64 and 32 MiB.
    pub room: CacheRoom,
    /// Whether they are compressed for callers who accept that. Setting `answer_compression`,
    /// variable `MIRROR_ANSWER_COMPRESSION`; default `on`.
    pub compression: bool,
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            ttl: TTL,
            room: CacheRoom::default(),
            compression: true,
        }
    }
}

impl Reader<'_> {
    /// What becomes of finished answers.
    pub(super) fn answers(&mut self) -> Answers {
        let default = Answers::default();
        let ttl = self.value(&setting::ANSWER_TTL, |given| ttl(&given));
        let answers = self.value(&setting::ANSWER_CACHE, |given| bytes(&given));
        let lists = self.value(&setting::LIST_CACHE, |given| bytes(&given));
        let compression = self.value(&setting::ANSWER_COMPRESSION, |given| on_or_off(&given));
        Answers {
            ttl: ttl.unwrap_or(default.ttl),
            room: CacheRoom {
                answers: answers.unwrap_or(default.room.answers),
                lists: lists.unwrap_or(default.room.lists),
            },
            compression: compression.unwrap_or(default.compression),
        }
    }
}

fn ttl(given: &Given) -> Result<Duration, Unfit> {
    let (shortest, longest) = BOUNDS;
    Duration::try_from_secs_f64(given.seconds()?)
        .ok()
        .filter(|ttl| ttl.is_zero() || (shortest..=longest).contains(ttl))
        .ok_or_else(|| Unfit::invalid("must be 0, or a duration from 1s to 5s"))
}

/// A size: whole bytes, or a whole number with a unit, such as `64MiB`.
fn bytes(given: &Given) -> Result<usize, Unfit> {
    let text = match given {
        Given::Scalar(Scalar::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    let spelled = text.and_then(|text| {
        let (number, unit) = UNITS
            .iter()
            .find_map(|(unit, size)| Some((text.strip_suffix(unit)?, *size)))?;
        number.trim_end().parse::<u64>().ok()?.checked_mul(unit)
    });
    let whole = || {
        let number = given.number().filter(|number| number.fract() == 0.0)?;
        // Beyond 2^53 no number is told from the next.
        let text = format!("{number:.0}");
        text.parse::<u64>().ok().filter(|bytes| *bytes <= 1 << 53)
    };
    spelled
        .or_else(whole)
        .and_then(|bytes| usize::try_from(bytes).ok())
        .ok_or_else(|| Unfit::invalid("must be a size such as 64MiB, or a number of bytes"))
}

/// The words, or what other readers of YAML make of them.
fn on_or_off(given: &Given) -> Result<bool, Unfit> {
    match given {
        Given::Scalar(Scalar::Flag(flag)) => Ok(*flag),
        _ => given.choice(&[("on", true), ("off", false)]),
    }
}
