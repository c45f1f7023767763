//! The ladder: what is asked after what, and the account of it.

use std::time::Instant;

use super::answer::{CALLS_ALLOWED, Certainty, Diagnosis, Finding, Probe, Probed};
use super::causes;
use super::nearest::{is_near, nearest};
use super::selection::{self, Answered, Selection};
use crate::explain::Ambiguity;
use crate::failures::Failure;
use crate::limits;
use crate::mirror::Probing;
use crate::probe;
use crate::promql::Expr;
use crate::promql::METRIC_NAME;
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
/// Most culprits whose values are looked up.
const CULPRITS: usize = 2;

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

    /// Why nothing is there.
    async fn empty(&mut self, selection: Selection) -> Step<()> {
        let mut selection = selection;
        let mut answered = self.arms(&selection).await?;
        let mut misnamed = None;
        if answered.is_silent() && !selection.metric.is_empty() {
            match self.metric(&selection).await? {
                Named::Exists => {}
                Named::Told => return Ok(()),
                Named::Another(another) => {
                    let (mut found, corrected) = *another;
                    if self.prove(&mut found, &corrected).await? || corrected.parts.is_empty() {
                        self.findings.push(found);
                        return Ok(());
                    }
                    selection = corrected;
                    answered = self.arms(&selection).await?;
                    misnamed = Some(found);
                }
            }
        }
        let done = self.values(selection, &answered, misnamed.as_mut()).await;
        self.findings.extend(misnamed);
        done
    }

    async fn arms(&mut self, selection: &Selection) -> Step<Answered> {
        let Some((arms, looked_at)) = selection.arms(self.length()) else {
            return Ok(Answered::default());
        };
        let mut answered = Answered::to(looked_at);
        let found = self.ask(Probe::Conditions, &arms, self.window.end).await?;
        for (labels, _) in &found {
            answered.add(|label| number(labels, label));
        }
        let culprits = selection.culprits(&answered);
        let names: Vec<&str> = culprits
            .iter()
            .map(|index| selection.parts[*index].matcher.label.as_str())
            .collect();
        let text = if answered.is_silent() {
            "nothing matches, whichever is left out".to_owned()
        } else if names.is_empty() {
            "each matches something, but not together".to_owned()
        } else {
            format!("nothing matches {}", names.join(", "))
        };
        self.told(false, text);
        Ok(answered)
    }

    /// Whether a metric of that name exists, and if not, what does.
    async fn metric(&mut self, selection: &Selection) -> Step<Named> {
        let began = Instant::now();
        let names = self.list(Probe::Metric, METRIC_NAME, None).await?;
        let series = selection.series_name(&selection.metric);
        if names.contains(&series) {
            self.note(Probe::Metric, true, format!("{series} exists"), None, began);
            return Ok(Named::Exists);
        }
        if names.is_empty() {
            let found = causes::no_names();
            self.note(Probe::Metric, false, found.text.clone(), None, began);
            self.findings.push(found);
            return Ok(Named::Told);
        }
        let mut found = causes::no_metric(selection, self.length());
        self.note(Probe::Metric, false, found.text.clone(), None, began);
        // A base name, or one of the names that are made of it.
        let metric = selection.metric.as_str();
        let has = |suffix: &str| names.iter().any(|it| *it == [metric, suffix].concat());
        let other_kind = match selection.kind {
            Kind::Counter | Kind::Gauge if has("_bucket") && has("_count") => Some(Kind::Histogram),
            Kind::Counter | Kind::Gauge if has("_sum") && has("_count") => Some(Kind::Summary),
            Kind::Histogram | Kind::Summary if names.iter().any(|it| it == metric) => {
                Some(causes::suggested(metric).map_or(Kind::Gauge, |_| Kind::Counter))
            }
            _ => None,
        };
        if let Some(kind) = other_kind {
            found.text = format!("{metric} is the base name of a {}", word(kind));
            if !matches!(kind, Kind::Histogram | Kind::Summary) {
                found.text = format!("{metric} has no buckets and no quantiles");
            }
            found.fix = format!("Use {} = {metric}.", kind.field());
            for suffix in ["", "_bucket", "_sum", "_count"]
                .into_iter()
                .filter(|it| has(it))
            {
                let name = [metric, suffix].concat();
                found.nearest.push(causes::candidate(&name));
            }
            let corrected = selection.clone().renamed(kind, metric);
            return Ok(Named::Another(Box::new((found, corrected))));
        }
        let suffix = if series == metric { "" } else { "_count" };
        let candidates = names.iter().filter_map(|it| it.strip_suffix(suffix));
        let candidates: Vec<String> = candidates.map(str::to_owned).collect();
        let near = nearest(metric, &candidates);
        found.nearest = near
            .iter()
            .map(|name| {
                let mut candidate = causes::candidate(name);
                let kind = match selection.kind {
                    Kind::Histogram => Some("histogram"),
                    Kind::Summary => Some("summary"),
                    Kind::Counter | Kind::Gauge | Kind::Promql => causes::suggested(name),
                };
                candidate.kind = kind.map(Into::into);
                candidate
            })
            .collect();
        match near.first().filter(|name| is_near(metric, name)) {
            Some(name) => {
                found.fix = format!("Use {name}.");
                let corrected = selection.clone().renamed(selection.kind, name);
                Ok(Named::Another(Box::new((found, corrected))))
            }
            None => {
                found.certainty = Certainty::Likely;
                self.findings.push(found);
                Ok(Named::Told)
            }
        }
    }

    /// The values of the culprits, and what follows from them. `misnamed` is the finding about a
    /// name that is corrected already; it is proved together with the values.
    async fn values(
        &mut self,
        selection: Selection,
        answered: &Answered,
        misnamed: Option<&mut Finding>,
    ) -> Step<()> {
        let culprits = selection.culprits(answered);
        let mut corrected = selection.clone();
        let mut found = Vec::new();
        for index in culprits.iter().copied().take(CULPRITS) {
            let part = &selection.parts[index];
            let label = part.matcher.label.clone();
            let began = Instant::now();
            let beside = selection.without(&culprits);
            let values = self.list(Probe::Values, &label, Some(&beside)).await?;
            let wanted = part.wanted.as_deref().unwrap_or(&part.matcher.value);
            if values.iter().any(|value| value == wanted) {
                let text = format!("{label} = {wanted} exists");
                self.note(Probe::Values, true, text, None, began);
                continue;
            }
            let near = nearest(wanted, &values);
            let finding = causes::wrong_value(part, &near);
            self.note(Probe::Values, false, finding.text.clone(), None, began);
            if let Some(near) = near.first() {
                corrected = corrected.with_value(index, near);
            }
            found.push(finding);
        }
        if found.is_empty() {
            return self.elsewhere(&selection, !culprits.is_empty()).await;
        }
        let is_proved = if corrected == selection {
            false
        } else {
            let mut proof = found[0].clone();
            let is_proved = self.prove(&mut proof, &corrected).await;
            if let Ok(true) = is_proved {
                for finding in found.iter_mut().chain(misnamed) {
                    finding.certainty = proof.certainty;
                    finding.attempt.clone_from(&proof.attempt);
                }
            }
            is_proved.unwrap_or(false)
        };
        self.findings.append(&mut found);
        if !is_proved && corrected == selection {
            return self.elsewhere(&selection, true).await;
        }
        Ok(())
    }

    /// Whether there are data at another time.
    async fn elsewhere(&mut self, selection: &Selection, has_culprits: bool) -> Step<()> {
        let selector = selection.selector();
        let last = selection::last_sample(&selector).to_string();
        let last = self.value(Probe::Elsewhere, &last, self.window.end).await?;
        self.told(true, "the last sample before the end".to_owned());
        let now = selection::now(&selector).to_string();
        let now = self.value(Probe::Elsewhere, &now, self.now).await?;
        let finding = match (last, now) {
            (_, Some(_)) => causes::outside(self.window.end),
            (Some(seconds), None) => causes::stopped(&shown(seconds)),
            (None, None) if has_culprits => {
                let mut found = causes::no_samples();
                "no series has all of these conditions together".clone_into(&mut found.text);
                "PM-2002".clone_into(&mut found.id);
                "Remove one of the conditions.".clone_into(&mut found.fix);
                found
            }
            (None, None) => causes::no_samples(),
        };
        self.told(false, finding.text.clone());
        self.findings.push(finding);
        Ok(())
    }

    /// Runs a corrected selection. If it has data the finding is certain, and says how many series.
    async fn prove(&mut self, found: &mut Finding, corrected: &Selection) -> Step<bool> {
        let query = corrected.count(self.length()).to_string();
        let series = self
            .value(Probe::Selection, &query, self.window.end)
            .await?;
        let Some(series) = series else {
            self.told(false, "the corrected selection is empty too".to_owned());
            return Ok(false);
        };
        self.told(true, format!("corrected: {series:.0} series"));
        found.certainty = Certainty::Certain;
        found.attempt = corrected.conditions();
        if let Some(nearest) = found.nearest.first_mut() {
            nearest.series = Some(whole(series));
            if nearest.kind.is_none()
                && corrected.kind == Kind::Counter
                && found.probe == Probe::Metric
            {
                nearest.kind = Some("counter".into());
            }
        }
        Ok(true)
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

    fn has_calls(&mut self) -> Step<()> {
        if self.probing.calls() < CALLS_ALLOWED && self.probing.has_time(Instant::now()) {
            return Ok(());
        }
        Err(Ended)
    }

    async fn value(&mut self, probe: Probe, query: &str, at: UnixMillis) -> Step<Option<f64>> {
        let found = self.ask(probe, query, at).await?;
        Ok(found.first().map(|(_, value)| *value))
    }

    async fn ask(&mut self, probe: Probe, query: &str, at: UnixMillis) -> Step<Vec<(Labels, f64)>> {
        self.has_calls()?;
        let began = Instant::now();
        // What asks about a selector is longer than it, and may ask for it more than once.
        if query.len() > limits::PROMQL_TEXT {
            let most = limits::PROMQL_TEXT >> 10;
            let text = format!("not asked: the query would be longer than {most} KiB");
            self.note(probe, false, text, None, began);
            return Err(Ended);
        }
        match self.probing.vector(query, at).await {
            Ok(found) => {
                self.note(probe, true, String::new(), Some(query), began);
                Ok(found)
            }
            Err(failure) => {
                self.fail(probe, Some(query), began, &failure);
                Err(Ended)
            }
        }
    }

    async fn list(
        &mut self,
        probe: Probe,
        label: &str,
        selector: Option<&crate::promql::Selector>,
    ) -> Step<Vec<String>> {
        self.has_calls()?;
        let began = Instant::now();
        let around = self.around();
        match self.probing.values(label, selector, around).await {
            Ok(values) => Ok(values),
            Err(failure) => {
                self.fail(probe, None, began, &failure);
                Err(Ended)
            }
        }
    }

    /// Says what the last probe found.
    fn told(&mut self, ok: bool, text: String) {
        if let Some(probed) = self.probes.last_mut() {
            probed.ok = ok;
            probed.text = text;
        }
    }

    fn note(&mut self, probe: Probe, ok: bool, text: String, query: Option<&str>, began: Instant) {
        self.probes.push(Probed {
            probe,
            ok,
            text,
            query: query.map(str::to_owned),
            ms: millis(began),
            error: None,
        });
    }

    /// A call failed: that is the cause, if nothing was found yet.
    fn fail(&mut self, probe: Probe, query: Option<&str>, began: Instant, failure: &Failure) {
        let details = failure.details();
        let id = failure.id.code();
        let text = details
            .strip_suffix(&format!(" [{id}]"))
            .unwrap_or(&details);
        self.probes.push(Probed {
            probe,
            ok: false,
            text: text.to_owned(),
            query: query.map(str::to_owned),
            ms: millis(began),
            error: Some(id.into()),
        });
        self.findings.push(Finding {
            id: id.to_owned(),
            certainty: Certainty::Certain,
            probe,
            text: text.to_owned(),
            fix: failure.id.page().fix.to_owned(),
            nearest: Vec::new(),
            attempt: None,
        });
    }
}

/// The label that tells selectors apart.
const SELECTOR: &str = "selector";

/// What became of a metric's name.
enum Named {
    /// It is there.
    Exists,
    /// It is not, and more is not to be found out.
    Told,
    /// Another name or kind may be meant.
    Another(Box<(Finding, Selection)>),
}

const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Histogram => "histogram",
        Kind::Summary => "summary",
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Promql => "query",
    }
}

fn number(labels: &Labels, label: &str) -> Option<usize> {
    labels.0.get(label)?.parse().ok()
}

fn millis(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() * 1_000.0
}

fn tenths(skew: Millis) -> String {
    format!("{:.1}", skew.seconds().abs())
}

/// A time in seconds, as a backend gives it.
#[expect(clippy::cast_possible_truncation, reason = "a time of a sample")]
fn shown(seconds: f64) -> String {
    UnixMillis::new(seconds.round() as i64 * 1_000).rfc3339()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of series"
)]
fn whole(series: f64) -> u64 {
    series.max(0.0).round() as u64
}
