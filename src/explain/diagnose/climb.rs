//! The ladder: what is asked after what.

mod asked;
mod empty;

use std::time::Instant;

use super::answer::{CALLS_ALLOWED, Diagnosis, Finding, Probe, Probed};
use super::causes;
use super::selection::{self, Selection};
use crate::explain::Ambiguity;
use crate::limits;
use crate::mirror::Probing;
use crate::probe;
use crate::promql::Expr;
use crate::promql::conjoin;
use crate::promql::conjoin::Bounds;
use crate::protocol::condition::Condition;
use crate::series::Labels;
use crate::series::solver;
use crate::time::Millis;
use crate::time::TimeRange;
use crate::time::UnixMillis;
use crate::translate::conditions::Kind;

/// Most selectors of a query in the caller's own words that are looked at.
const SELECTORS: usize = 5;
/// Most label sets that are told apart.
const SETS: usize = 1_000;

/// The way ends here: the budget is used up, a query would be too long to be sent, or a call failed
/// and there is a finding about it.
pub(super) struct Ended;

type Step<T> = Result<T, Ended>;

/// The state of one diagnosis.
pub(super) struct Climb<'a> {
    probing: Probing<'a>,
    window: TimeRange,
    now: UnixMillis,
    bucket: Option<Millis>,
    /// Where one series is needed, the query that makes one of several, if there is one.
    one: Option<Option<String>>,
    findings: Vec<Finding>,
    probes: Vec<Probed>,
    ambiguity: Option<Ambiguity>,
    not_empty: bool,
}

impl<'a> Climb<'a> {
    pub(super) const fn new(
        probing: Probing<'a>,
        window: TimeRange,
        now: UnixMillis,
        bucket: Option<Millis>,
        one: Option<Option<String>>,
    ) -> Self {
        Self {
            probing,
            window,
            now,
            bucket,
            one,
            findings: Vec::new(),
            probes: Vec::new(),
            ambiguity: None,
            not_empty: false,
        }
    }

    /// What was found, the most certain first.
    pub(super) fn done(mut self, began: Instant) -> Diagnosis {
        self.findings.sort_by_key(|it| (it.certainty, it.probe));
        Diagnosis {
            findings: self.findings,
            probes: self.probes,
            ambiguity: self.ambiguity,
            calls: self.probing.calls(),
            calls_allowed: CALLS_ALLOWED,
            ms: millis(began),
            not_empty: self.not_empty,
        }
    }

    /// Whether the backend answers at all.
    pub(super) async fn reach(&mut self) -> bool {
        let began = Instant::now();
        let skew = match self.probing.reach(self.now).await {
            Ok(skew) => skew,
            Err(failure) => {
                self.fail(Probe::Reach, None, began, &failure);
                return false;
            }
        };
        let ms = millis(began);
        let clocks = skew.map(|it| format!(", clocks {} s apart", tenths(it)));
        let text = format!("{ms:.0} ms{}", clocks.unwrap_or_default());
        self.note(Probe::Reach, true, text, None, began);
        true
    }

    /// The ladder for a metric.
    pub(super) async fn ladder(&mut self, selection: Selection) {
        // What ended it stands among the findings.
        let _ = self.try_ladder(selection).await;
    }

    /// The ladder for a query in the caller's own words: its first empty selector takes it.
    pub(super) async fn text(&mut self, text: &str) {
        let _ = self.try_text(text).await;
    }

    async fn try_text(&mut self, text: &str) -> Step<()> {
        let bounds = Bounds {
            depth: limits::PROMQL_DEPTH,
            length: limits::PROMQL_TEXT,
        };
        let mut selectors = conjoin::selector_values(text, bounds);
        selectors.truncate(SELECTORS);
        let selections: Vec<Selection> = selectors.iter().map(Selection::of_selector).collect();
        let window = self.length();
        let arms = selections.iter().enumerate();
        let arms = arms.map(|(index, it)| it.count(window).numbered(SELECTOR, index));
        let Some(arms) = arms.reduce(Expr::or) else {
            let found = self.ask(Probe::Selection, text, self.window.end).await?;
            self.not_empty = !found.is_empty();
            let told = "the text is not understood here; it was sent whole, no more can be told";
            self.told(!found.is_empty(), told.to_owned());
            return Ok(());
        };
        let found = self
            .ask(Probe::Selection, &arms.to_string(), self.window.end)
            .await?;
        let answered: Vec<usize> = found
            .iter()
            .filter_map(|it| number(&it.0, SELECTOR))
            .collect();
        let empty = selections
            .into_iter()
            .enumerate()
            .find(|(index, _)| !answered.contains(index));
        match empty {
            None => {
                self.told(
                    true,
                    format!("each of {} selectors has data", answered.len()),
                );
                self.not_empty = true;
                self.several(text, text, &[]).await
            }
            Some((_, selection)) => {
                let shown = selection.selector().shown();
                self.told(false, format!("nothing matches {shown}"));
                self.empty(selection).await
            }
        }
    }

    async fn try_ladder(&mut self, selection: Selection) -> Step<()> {
        let count = selection.count(self.length()).to_string();
        match self
            .value(Probe::Selection, &count, self.window.end)
            .await?
        {
            Some(series) => {
                self.told(
                    true,
                    format!("{series:.0} series have samples in the window"),
                );
                self.not_empty = true;
                if series > 1.0 && self.one.is_some() {
                    // Buckets of a histogram are many because they are no gauge.
                    self.kind(&selection).await?;
                    let sets = selection.series(self.length()).to_string();
                    let shown = selection.selector().shown();
                    let conditions = selection.conditions().unwrap_or_default();
                    return self.several(&sets, &shown, &conditions).await;
                }
                self.not_empty(&selection).await
            }
            None => {
                let length = causes::length(self.length());
                self.told(false, format!("no samples in {length}"));
                self.empty(selection).await
            }
        }
    }

    /// What tells the series of `query` apart, if there are several and one is needed. `conditions`
    /// are those of the request, to which others can be added.
    async fn several(&mut self, query: &str, shown: &str, conditions: &[Condition]) -> Step<()> {
        let Some(combine) = self.one.clone() else {
            return Ok(());
        };
        let found = self.ask(Probe::Selection, query, self.window.end).await?;
        let sets = found.into_iter().take(SETS).map(|(labels, _)| labels.0);
        let sets: Vec<_> = sets.collect();
        if sets.len() < 2 {
            self.told(true, "one series at the end of the window".to_owned());
            return Ok(());
        }
        let ambiguity = Ambiguity::of(solver::solve(&sets), combine);
        let finding = causes::ambiguous(shown, &ambiguity, conditions);
        self.told(false, finding.text.clone());
        if self.findings.is_empty() {
            self.findings.push(finding);
        }
        self.ambiguity = Some(ambiguity);
        Ok(())
    }

    /// What can be wrong with data that are there.
    async fn not_empty(&mut self, selection: &Selection) -> Step<()> {
        let selector = selection.selector();
        let numbers = selection::numbers(&selector, self.length()).to_string();
        if self
            .value(Probe::Nan, &numbers, self.window.end)
            .await?
            .is_none()
        {
            self.told(false, "nothing but NaN".to_owned());
            self.findings.push(causes::only_nan());
            return Ok(());
        }
        self.told(true, "there are numbers".to_owned());
        if let (Some(bucket), Kind::Counter | Kind::Histogram | Kind::Summary) =
            (self.bucket, selection.kind)
            && let Some(found) = self.interval(selection, bucket).await?
        {
            self.findings.push(found);
            return Ok(());
        }
        self.kind(selection).await
    }

    /// Whether the metric is of the kind that it is asked for under.
    async fn kind(&mut self, selection: &Selection) -> Step<()> {
        let began = Instant::now();
        self.has_calls()?;
        // Metadata only help: a backend without them has data all the same.
        let Ok(metadata) = self.probing.metadata().await else {
            return Ok(());
        };
        let stem = ["_bucket", "_sum", "_count"];
        let family = stem.iter().find_map(|it| selection.metric.strip_suffix(it));
        let types = metadata.get(&selection.metric);
        let of_family = || family.and_then(|it| metadata.get(it));
        let types = types.or_else(of_family).map(|family| &family.types);
        let types: Vec<_> = types.into_iter().flatten().collect();
        let found = match types.as_slice() {
            [only] => causes::mismatch(selection, **only),
            _ => None,
        };
        let Some((mut found, right)) = found else {
            self.note(
                Probe::Kind,
                true,
                "nothing speaks against it".to_owned(),
                None,
                began,
            );
            return Ok(());
        };
        self.note(Probe::Kind, false, found.text.clone(), None, began);
        if let Some(right) = right {
            let name = match right {
                Kind::Histogram | Kind::Summary => family.unwrap_or(&selection.metric),
                Kind::Counter | Kind::Gauge | Kind::Promql => &selection.metric,
            };
            let corrected = selection.clone().renamed(right, name);
            self.prove(&mut found, &corrected).await?;
        }
        self.findings.push(found);
        Ok(())
    }

    async fn interval(&mut self, selection: &Selection, bucket: Millis) -> Step<Option<Finding>> {
        let selector = selection.selector();
        for window in [Millis::MINUTE.times(10), Millis::HOUR] {
            let query = selection::fullest(&selector, window).to_string();
            let samples = self.value(Probe::Interval, &query, self.window.end).await?;
            let Some(samples) = samples.filter(|it| *it >= 2.0) else {
                self.told(true, "too few samples to tell".to_owned());
                continue;
            };
            let interval = probe::snapped(window, samples);
            let found = causes::too_few(interval, bucket);
            let text = format!("a sample every {}", causes::length(interval));
            self.told(found.is_none(), text);
            return Ok(found);
        }
        Ok(None)
    }

    fn length(&self) -> Millis {
        self.window.end.since(self.window.start) + Millis::ONE
    }

    /// The time in which names and values are looked for: the window, the week before it, and up to
    /// now, so that what exists at another time is not taken for a spelling mistake.
    fn around(&self) -> TimeRange {
        let week = self.window.end - Millis::DAY.times(7);
        TimeRange {
            start: week.min(self.window.start).max(UnixMillis::new(0)),
            end: self.window.end.max(self.now),
        }
    }
}

/// The label that tells selectors apart.
const SELECTOR: &str = "selector";

fn number(labels: &Labels, label: &str) -> Option<usize> {
    labels.0.get(label)?.parse().ok()
}

fn millis(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1_000.0
}

fn tenths(skew: Millis) -> String {
    format!("{:.1}", skew.seconds().abs())
}
