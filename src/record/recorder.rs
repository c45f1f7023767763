//! The recorder: what writes down the way of one request, as much of it as somebody wants to see.
//!
//! Handlers pass it down the path in the request's context. Without one nothing is done, not even a
//! text made; so the path is the same whoever looks on.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::promql::Fragment;
use crate::promql::Origin;
use crate::promql::Spelled;
use crate::record::Notice;
use crate::record::Waits;
use crate::record::stages::CallStage;
use crate::record::stages::FragmentShown;
use crate::record::stages::Purpose;
use crate::record::stages::QueryStage;
use crate::record::stages::REDACTED;
use crate::record::stages::Sets;
use crate::record::stages::Stages;

/// How much is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The queries, the notices, and how much was answered: what the request tap keeps.
    Brief,
    /// Everything.
    Full,
    /// Everything, and no call is made: the backend's answers are empty.
    Dry,
}

/// Writes down one request.
#[derive(Debug)]
pub struct Recorder {
    depth: Depth,
    recorded: Mutex<Recorded>,
    /// How long the request has waited for others.
    pub(super) waits: Arc<Waits>,
}

/// What was written down.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// The stages; for a brief record only the texts of queries.
    pub stages: Stages,
    /// The notices, each id once.
    pub notices: Vec<Notice>,
    /// The different label sets of an answer in which one series was needed, at most 1,000.
    pub sets: Sets,
    /// How many series the answer is of.
    pub series: usize,
    /// How many points, fields or values were answered.
    pub points: usize,
    /// How many lists were remembered ones.
    pub cached: usize,
    /// The name of the connection, if it has one.
    pub alias: Option<String>,
    /// Name and port of the backend.
    pub host: String,
    /// Its base URL, without a user.
    pub url: String,
    /// A query that makes one series of all that match, if there is one.
    pub combine: Option<String>,
    /// Where the scrape interval is from, if one is needed.
    pub interval_from: Option<&'static str>,
    /// What a dry run takes for granted.
    pub assumed: Vec<&'static str>,
    /// The places of conditions whose values are shown to nobody.
    pub classified: Vec<usize>,
    /// The queries of the stages, as they are asked.
    asked: Vec<String>,
    /// Whether it is shown what queries are made of.
    has_fragments: bool,
}

/// What a fetch has shown, for those who share its answer and make no call of their own.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    notices: Vec<Notice>,
    series: usize,
    points: usize,
}

impl Recorder {
    /// A recorder with nothing written down.
    #[must_use]
    pub fn new(depth: Depth) -> Self {
        Self {
            depth,
            recorded: Mutex::new(Recorded {
                has_fragments: depth != Depth::Brief,
                ..Recorded::default()
            }),
            waits: Arc::default(),
        }
    }

    /// How long the request has waited for others.
    #[must_use]
    pub fn waits(&self) -> &Waits {
        &self.waits
    }

    /// Whether everything is wanted.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.depth != Depth::Brief
    }

    /// Whether no call is to be made.
    #[must_use]
    pub fn is_dry(&self) -> bool {
        self.depth == Depth::Dry
    }

    /// What was written down.
    #[must_use]
    pub fn take(&self) -> Recorded {
        std::mem::take(&mut *self.recorded())
    }

    pub(super) fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorded {
    /// So many fields or values were answered.
    pub fn listed(&mut self, count: usize, is_cut: bool) {
        self.points = count;
        if is_cut {
            self.notice(Notice::CutByLimit);
        }
    }

    /// Adds a notice, unless one of its id is there.
    pub fn notice(&mut self, notice: Notice) {
        if self.notices.iter().all(|it| it.code() != notice.code()) {
            self.notices.push(notice);
        }
    }

    /// What is shared of it with others.
    fn seen(&self) -> Seen {
        let notices = self.notices.iter().filter(|it| it.is_of_answer());
        Seen {
            notices: notices.cloned().collect(),
            series: self.series,
            points: self.points,
        }
    }

    /// The answer is one that another fetch has shown this of.
    pub fn saw(&mut self, seen: &Seen) {
        for notice in &seen.notices {
            self.notice(notice.clone());
        }
        self.series = seen.series;
        self.points = seen.points;
    }

    /// Adds a query that is about to be asked, unless it is there.
    pub(super) fn query(&mut self, purpose: Purpose, text: &str, fragments: &[Fragment]) {
        if self.asked.iter().any(|it| it == text) {
            return;
        }
        self.asked.push(text.to_owned());
        if !self.has_fragments && self.classified.is_empty() {
            let text = text.to_owned();
            self.add(purpose, text, Vec::new());
            return;
        }
        let mut shown = Spelled::default();
        for &Fragment { start, end, origin } in fragments {
            let part = &text[start..end];
            match origin {
                Origin::Condition(index) if self.classified.contains(&index) => {
                    shown.put(&hidden(part), origin);
                }
                _ => shown.put(part, origin),
            }
        }
        let fragments = shown.fragments.iter().map(|fragment| FragmentShown {
            start: fragment.start,
            end: fragment.end,
            origin: fragment.origin.to_string(),
        });
        let fragments = fragments.collect();
        self.add(purpose, shown.text, fragments);
    }

    fn add(&mut self, purpose: Purpose, text: String, fragments: Vec<FragmentShown>) {
        self.stages.promql.push(QueryStage {
            query: self.stages.promql.len(),
            purpose,
            text,
            fragments,
        });
    }

    /// Adds a call that is over, or would be made; its number.
    pub fn call(&mut self, mut call: CallStage) -> usize {
        for (name, text) in &mut call.parameters {
            if (name == "query" || name == "match[]")
                && let Some(query) = self.asked.iter().position(|it| it == text)
            {
                call.query.get_or_insert(query);
                text.clone_from(&self.stages.promql[query].text);
            }
        }
        let number = self.stages.calls.len();
        call.call = number;
        self.stages.calls.push(call);
        number
    }

    /// So many samples were read of the answer to the call with this number.
    pub fn read(&mut self, call: usize, samples: usize) {
        if let Some(call) = self.stages.calls.get_mut(call) {
            call.samples = samples;
        }
    }

    /// The backend warns in its answer to the call with this number.
    pub fn warned(&mut self, call: Option<usize>, warnings: &[String]) {
        if let Some(call) = call.and_then(|call| self.stages.calls.get_mut(call)) {
            call.warnings = warnings.to_vec();
        }
        if let Some(first) = warnings.first() {
            self.notice(Notice::BackendWarns(first.clone()));
        }
    }
}

/// A part of a query without what it matches; what joins it to its neighbours stays.
fn hidden(part: &str) -> String {
    let start = part.find(|c| c != ',' && c != '{').unwrap_or(0);
    let end = part.trim_end_matches('}').len().max(start);
    [&part[..start], REDACTED, &part[end..]].concat()
}

impl super::Arrival {
    /// As [`super::Context::record`].
    pub fn record(&self, write: impl FnOnce(&mut Recorded)) {
        if let Some(recorder) = self.recorder.as_ref().filter(|it| it.is_full()) {
            write(&mut recorder.recorded());
        }
    }
}

impl super::Context {
    /// Writes something down, whoever wants to see it.
    #[inline]
    pub fn note(&self, write: impl FnOnce(&mut Recorded)) {
        if let Some(recorder) = &self.recorder {
            write(&mut recorder.recorded());
        }
    }

    /// What is shared with others of what was written down.
    #[must_use]
    pub fn seen(&self) -> Seen {
        let recorder = self.recorder.as_ref();
        recorder.map_or_else(Seen::default, |recorder| recorder.recorded().seen())
    }

    /// Writes something down that only who wants to see everything is shown.
    #[inline]
    pub fn record(&self, write: impl FnOnce(&mut Recorded)) {
        if let Some(recorder) = &self.recorder
            && recorder.is_full()
        {
            write(&mut recorder.recorded());
        }
    }

    /// Whether `Context::record` does something.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        self.recorder.as_ref().is_some_and(|it| it.is_full())
    }

    /// Whether no call is to be made.
    #[must_use]
    pub fn is_dry(&self) -> bool {
        self.recorder.as_ref().is_some_and(|it| it.is_dry())
    }

    /// Notes a query that is about to be asked.
    #[inline]
    pub fn asks(&self, purpose: Purpose, text: &str, fragments: &[Fragment]) {
        self.note(|recorded| recorded.query(purpose, text, fragments));
    }

    /// As `Context::asks`.
    pub fn asks_all(&self, purpose: Purpose, queries: &[Spelled]) {
        for query in queries {
            self.asks(purpose, &query.text, &query.fragments);
        }
    }
}
