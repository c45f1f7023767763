//! Why a selection is empty: its conditions, its name, the values of its labels, its time.

use std::time::Instant;

use super::{Climb, Step, number};
use crate::explain::diagnose::answer::{Certainty, Finding, Probe};
use crate::explain::diagnose::causes;
use crate::explain::diagnose::nearest::{is_near, nearest};
use crate::explain::diagnose::selection::{self, Answered, Selection};
use crate::promql::METRIC_NAME;
use crate::time::UnixMillis;
use crate::translate::conditions::Kind;

/// Most culprits whose values are looked up.
const CULPRITS: usize = 2;

impl Climb<'_> {
    /// Why nothing is there.
    pub(super) async fn empty(&mut self, selection: Selection) -> Step<()> {
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
    pub(super) async fn prove(&mut self, found: &mut Finding, corrected: &Selection) -> Step<bool> {
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
}

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
