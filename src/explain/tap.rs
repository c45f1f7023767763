//! The request tap: the last requests that `StackState` really sent, in memory (experience.md, "The
//! engine").
//!
//! It holds no points, and of a connection only its name and where it leads. A request is redacted
//! as it comes in here, and never waits: where somebody else is at the ring, it is dropped.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::TryLockError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::protocol::MirrorMethod;
use crate::protocol::kept;
use crate::protocol::kept::Kept;
use crate::protocol::kept::Place;
use crate::record::Notice;
use crate::record::Recorded;
use crate::record::stages::Purpose;
use crate::time::UnixMillis;

/// One request.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// When it arrived, in milliseconds since 1970.
    pub at: i64,
    /// `connection`, `field_names`, `field_values` or `metric`.
    pub method: &'static str,
    /// How it ended, in the words of the instruments.
    pub outcome: &'static str,
    /// The id of the failure.
    pub code: Option<&'static str>,
    /// The name of the connection.
    pub alias: Option<String>,
    /// Name and port of the backend.
    pub host: String,
    /// The `PromQL`: what was asked for, and behind it what only tells of the backend.
    pub queries: Vec<String>,
    /// The ids of the notices.
    pub notices: Vec<&'static str>,
    /// How many series.
    pub series: usize,
    /// How many points, fields or values.
    pub points: usize,
    /// How long it took, in milliseconds.
    pub ms: f64,
    /// Whether lists that were remembered answered it, and how many calls it took.
    pub cache: Option<String>,
    /// Whether the connection details held more than is kept of them.
    pub connection_had_secrets: bool,
    /// The request without anything secret; null where it is over 16 KiB.
    #[serde(skip)]
    pub request: Option<Box<RawValue>>,
    /// Which method.
    #[serde(skip)]
    pub of: MirrorMethod,
}

/// What is known of a request that ended.
#[derive(Debug)]
pub struct Ended<'a> {
    /// Its id.
    pub id: &'a str,
    /// When it arrived.
    pub at: UnixMillis,
    /// Which method.
    pub method: MirrorMethod,
    /// How it ended.
    pub outcome: &'static str,
    /// The id of the failure.
    pub code: Option<&'static str>,
    /// How long it took, in milliseconds.
    pub ms: f64,
    /// How many calls it took.
    pub calls: Option<u32>,
    /// What was written down.
    pub recorded: Recorded,
    /// The body as it came.
    pub body: &'a [u8],
}

/// The ring.
#[derive(Debug)]
pub struct Tap {
    ring: Mutex<Ring>,
    dropped: AtomicU64,
    /// Tells this process from the one before, in cursors.
    began: i64,
}

/// How much of its queries an entry keeps, in bytes: with the request itself it is 20 KiB at most.
const QUERIES: usize = 4 << 10;

#[derive(Debug, Default)]
struct Ring {
    entries: VecDeque<Arc<Entry>>,
    /// The number of the next entry.
    next: u64,
}

/// Which entries are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those that ended so.
    pub outcome: Option<String>,
    /// Only those of this method.
    pub method: Option<String>,
    /// Only those with this failure or notice.
    pub code: Option<String>,
    /// Only those after this cursor.
    pub after: Option<String>,
}

/// Some of the entries, the newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Listed {
    /// The entries.
    pub entries: Vec<Entry>,
    /// How many were dropped since the start.
    pub dropped: u64,
    /// How many are kept.
    pub capacity: usize,
    /// Where the next list goes on.
    pub last: Option<String>,
}

impl Tap {
    /// An empty ring of a process that began then.
    #[must_use]
    pub fn new(began: UnixMillis) -> Self {
        Self {
            ring: Mutex::default(),
            dropped: AtomicU64::new(0),
            began: began.get(),
        }
    }

    /// Takes a request into a ring of `capacity`; false if it had to be dropped.
    pub fn offer(&self, ended: Ended<'_>, capacity: usize) -> bool {
        if capacity == 0 {
            return true;
        }
        let entry = Arc::new(entry(ended));
        let mut ring = match self.ring.try_lock() {
            Ok(ring) => ring,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
                return false;
            }
        };
        while ring.entries.len() >= capacity {
            ring.entries.pop_front();
        }
        ring.entries.push_back(entry);
        ring.next += 1;
        true
    }

    /// Keeps nothing any more of what there was. A cursor leads on.
    pub fn forget(&self) {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        ring.entries = VecDeque::new();
    }

    /// The entries that `filter` wants. A cursor that is not known any more is none.
    #[must_use]
    pub fn list(&self, filter: &Filter, capacity: usize) -> Listed {
        let (entries, next) = self.entries();
        let first = next - u64::try_from(entries.len()).unwrap_or(u64::MAX);
        let after = filter.after.as_deref().and_then(|text| self.read(text));
        let after = after.filter(|after| (first..=next).contains(after));
        let numbered = (first..).zip(entries);
        let wanted = numbered
            .filter(|(number, _)| after.is_none_or(|after| *number >= after))
            .map(|(_, entry)| entry)
            .filter(|entry| filter.wants(entry));
        let mut entries: Vec<Entry> = wanted.map(|entry| Entry::clone(&entry)).collect();
        entries.reverse();
        Listed {
            entries,
            dropped: self.dropped.load(Ordering::Relaxed),
            capacity,
            last: (next > 0).then(|| format!("{}-{next}", self.began)),
        }
    }

    /// The newest entry with this id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<Arc<Entry>> {
        let (entries, _) = self.entries();
        entries.into_iter().rev().find(|entry| entry.id == id)
    }

    /// A copy, so that who reads them holds up nobody.
    fn entries(&self) -> (Vec<Arc<Entry>>, u64) {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        (ring.entries.iter().cloned().collect(), ring.next)
    }

    fn read(&self, cursor: &str) -> Option<u64> {
        let (began, next) = cursor.rsplit_once('-')?;
        (began.parse() == Ok(self.began)).then(|| next.parse().ok())?
    }
}

impl Filter {
    fn wants(&self, entry: &Entry) -> bool {
        let is = |wanted: &Option<String>, has: &str| {
            wanted
                .as_deref()
                .is_none_or(|wanted| wanted.is_empty() || wanted == has)
        };
        let has_code = |code: &str| {
            code.is_empty() || entry.code == Some(code) || entry.notices.contains(&code)
        };
        is(&self.outcome, entry.outcome)
            && is(&self.method, entry.method)
            && self.code.as_deref().is_none_or(has_code)
    }
}

fn entry(ended: Ended<'_>) -> Entry {
    let Ended {
        id,
        at,
        method,
        outcome,
        code,
        ms,
        calls,
        recorded,
        body,
    } = ended;
    let has_name = recorded.alias.is_some();
    let place = Place {
        connection: recorded.alias.clone(),
        url: (!has_name && !recorded.url.is_empty()).then_some(recorded.url),
    };
    let Kept {
        request,
        had_more: connection_had_secrets,
    } = kept::kept(body, place, &recorded.classified);
    let (probes, asked): (Vec<_>, Vec<_>) = (recorded.stages.promql.into_iter())
        .partition(|query| matches!(query.purpose, Purpose::Probe | Purpose::ScrapeInterval));
    let queries = shortened(asked.into_iter().chain(probes).map(|query| query.text));
    let state = if recorded.cached > 0 { "hit" } else { "miss" };
    Entry {
        id: id.to_owned(),
        at: at.get(),
        method: method.name(),
        of: method,
        outcome,
        code,
        alias: recorded.alias,
        host: recorded.host,
        queries,
        notices: recorded.notices.iter().map(Notice::code).collect(),
        series: recorded.series,
        points: recorded.points,
        ms,
        cache: calls.map(|calls| format!("{state}; calls={calls}")),
        connection_had_secrets,
        request,
    }
}

/// The queries as far as there is room for them: a set of a thousand members is spelled out in each.
fn shortened(queries: impl Iterator<Item = String>) -> Vec<String> {
    let mut room = QUERIES;
    let mut kept = Vec::new();
    for mut text in queries {
        if text.len() > room {
            text.truncate(text.floor_char_boundary(room));
            text.push('…');
            // What was cut is not kept behind it.
            text.shrink_to_fit();
            kept.push(text);
            break;
        }
        room -= text.len();
        kept.push(text);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::stages::QueryStage;

    fn ended<'a>(id: &'a str, body: &'a [u8]) -> Ended<'a> {
        Ended {
            id,
            at: UnixMillis::new(7),
            method: MirrorMethod::Metric,
            outcome: "error",
            code: Some("PM-2002"),
            ms: 1.0,
            calls: Some(2),
            recorded: Recorded::default(),
            body,
        }
    }

    fn ids(listed: &Listed) -> Vec<&str> {
        listed
            .entries
            .iter()
            .map(|entry| entry.id.as_str())
            .collect()
    }

    #[test]
    fn the_newest_are_kept_and_a_cursor_leads_on() {
        let tap = Tap::new(UnixMillis::new(5));
        for id in ["a", "b", "c"] {
            assert!(tap.offer(ended(id, b"{}"), 2));
        }
        let listed = tap.list(&Filter::default(), 2);
        assert_eq!(ids(&listed), ["c", "b"]);
        assert!(tap.offer(ended("d", b"{}"), 2));
        let after = |after: Option<String>| {
            let filter = Filter {
                after,
                ..Filter::default()
            };
            tap.list(&filter, 2)
        };
        assert_eq!(ids(&after(listed.last)), ["d"]);
        assert_eq!(ids(&after(Some("4-3".to_owned()))), ["d", "c"]);
        assert!(
            tap.find("d")
                .is_some_and(|entry| entry.code == Some("PM-2002"))
        );
    }

    #[test]
    fn an_entry_is_small_whatever_was_asked() {
        let tap = Tap::new(UnixMillis::new(5));
        let body = format!(r#"{{"query": "{}"}}"#, "é".repeat(100_000));
        let mut large = ended("a", body.as_bytes());
        large.recorded.stages.promql = (0..64)
            .map(|query| QueryStage {
                query,
                purpose: Purpose::Points,
                text: format!("m{{l=~\"{}\"}}", "é".repeat(1_500)),
                fragments: Vec::new(),
            })
            .collect();
        assert!(tap.offer(large, 2));
        let listed = tap.list(&Filter::default(), 2);
        let queries = &listed.entries[0].queries;
        assert_eq!(queries.len(), 2);
        assert!(queries[0].ends_with("\"}") && queries[1].ends_with("é…"));
        let kept = serde_json::to_string(&listed).unwrap();
        assert!(kept.len() < 20 << 10, "{} bytes", kept.len());
    }

    #[test]
    fn what_is_forgotten_makes_room_and_a_cursor_leads_on() {
        let tap = Tap::new(UnixMillis::new(5));
        assert!(tap.offer(ended("a", b"{}"), 2));
        let last = tap.list(&Filter::default(), 2).last;
        tap.forget();
        assert!(tap.list(&Filter::default(), 2).entries.is_empty());
        assert!(tap.offer(ended("b", b"{}"), 2));
        let after = Filter {
            after: last,
            ..Filter::default()
        };
        assert_eq!(ids(&tap.list(&after, 2)), ["b"]);
    }

    #[test]
    fn the_query_that_was_asked_for_stands_before_a_probe() {
        let query = |purpose, text: &str| QueryStage {
            query: 0,
            purpose,
            text: text.to_owned(),
            fragments: Vec::new(),
        };
        let mut first = ended("a", b"{}");
        first.recorded.stages.promql = vec![
            query(Purpose::Probe, "vector(1)"),
            query(Purpose::Points, "rate(m[1m])"),
            query(Purpose::Points, "m"),
        ];
        assert_eq!(entry(first).queries, ["rate(m[1m])", "m", "vector(1)"]);
    }

    #[test]
    fn nothing_waits_for_the_ring() {
        let tap = Tap::new(UnixMillis::new(5));
        let held = tap.ring.lock().unwrap();
        assert!(!tap.offer(ended("a", b"{}"), 2));
        drop(held);
        assert_eq!(tap.list(&Filter::default(), 2).dropped, 1);
    }
}
