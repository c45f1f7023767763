//! What a record tells, in lines for the eye.

use std::fmt::Write as _;

use super::record::{Condition, Connection, Failed, Notice, Record, Response};
use super::show::{Screen, harmless};
use super::{DONE, exit, print};
use crate::explain::Ambiguity;
use crate::time::Millis;
use crate::time::UnixMillis;

/// Columns before what a stage says.
const MARGIN: usize = 14;

impl Record {
    /// The exit code of a command that this came of.
    pub(super) fn code(&self) -> u8 {
        let error = self.outcome.error.as_ref();
        error.map_or(DONE, |error| exit::of_code(&error.id))
    }

    /// The seven stages, the notices and the failure.
    pub(super) fn lines(&self, screen: Screen) -> String {
        let mut text = String::new();
        let stages = [
            ("1 request", self.request()),
            ("2 conditions", self.conditions()),
            ("3 promql", self.promql()),
            ("4 plan", self.plan()),
            ("5 calls", self.calls()),
            ("6 reduction", self.reduction()),
            ("7 response", self.response()),
        ];
        for (name, lines) in stages {
            let mut name = name;
            for line in lines {
                for part in wrapped(&harmless(&line), screen) {
                    let head = screen.bold(&format!("{name:<MARGIN$}"));
                    let line = if name.is_empty() {
                        format!("{:MARGIN$}{part}", "")
                    } else {
                        format!("{head}{part}")
                    };
                    let _ = writeln!(text, "{}", line.trim_end());
                    name = "";
                }
            }
        }
        for Notice { id, text: said } in &self.notices {
            let _ = writeln!(text, "notice[{id}]: {}", harmless(said));
        }
        if let Some(error) = &self.outcome.error {
            text.push_str(&failed(error, self.outcome.ambiguity.as_ref(), screen));
        } else if let Some(ambiguity) = &self.outcome.ambiguity {
            text.push_str(&apart(ambiguity));
        }
        text
    }

    fn request(&self) -> Vec<String> {
        let Some(request) = &self.stages.request else {
            return vec!["not understood".to_owned()];
        };
        let of = match (&request.aggregation, &request.field) {
            (Some(it), _) => {
                let method = it.method.as_deref().unwrap_or("no such method");
                let bucket = it
                    .bucket_ms
                    .map(|ms| format!(" in buckets of {}", length(ms)));
                format!("{method}{}", bucket.unwrap_or_default())
            }
            (None, Some(field)) => format!("values of {field}"),
            (None, None) if request.kind == "MetricsRequest" => "raw".to_owned(),
            (None, None) => "names".to_owned(),
        };
        let count = counted(self.stages.conditions.len(), "condition", "conditions");
        let profile = request.profile.as_deref().unwrap_or("unknown");
        let mut lines = vec![format!(
            "{}, {of}, {count}, profile {profile}",
            request.kind
        )];
        if let Some(Connection {
            alias: Some(alias),
            host,
        }) = &request.connection
        {
            let host = host.as_deref().unwrap_or_default();
            lines.push(format!("connection {alias}, {host}"));
        }
        if !request.ignored.is_empty() {
            lines.push(format!("ignored {}", request.ignored.join(", ")));
        }
        lines.extend(request.warnings.iter().map(|it| format!("warning: {it}")));
        lines
    }

    fn conditions(&self) -> Vec<String> {
        let conditions = &self.stages.conditions;
        if conditions.is_empty() {
            return vec!["none".to_owned()];
        }
        let typed = |it: &Condition| match it.kind.as_str() {
            "StringValue" | "" => format!("{} = {}", it.key, it.value),
            _ => format!("{} := {}", it.key, it.value),
        };
        let width = conditions.iter().map(|it| typed(it).chars().count()).max();
        let width = width.unwrap_or_default().min(48);
        let line = |it: &Condition| {
            let text = it.text.as_deref().unwrap_or_default();
            let became = match it.became.as_str() {
                "metric" if it.key == "~" => "query".to_owned(),
                "metric" => "metric name".to_owned(),
                "matcher" => format!("matcher {text}"),
                "appended" => format!("matcher {text} in each selector"),
                "left_out" => "left out".to_owned(),
                _ => format!("refused {}", it.error.as_deref().unwrap_or_default()),
            };
            format!("{:<width$}   -> {became}", typed(it))
        };
        conditions.iter().map(line).collect()
    }

    fn promql(&self) -> Vec<String> {
        let queries = self.stages.promql.iter();
        let lines: Vec<String> = queries
            .map(|query| match query.purpose.as_str() {
                "points" | "raw" | "pool" => query.text.clone(),
                purpose => format!("{}   ({})", query.text, purpose.replace('_', " ")),
            })
            .collect();
        or(lines, "none")
    }

    fn plan(&self) -> Vec<String> {
        let Some(plan) = &self.stages.plan else {
            return vec!["not reached".to_owned()];
        };
        let calls = counted(plan.chunks, "call", "calls");
        let deadline = i64::try_from(plan.deadline_ms).unwrap_or(i64::MAX);
        let deadline = format!("deadline {}", length(deadline));
        let last = plan.last.map(|last| format!(" at {}", clock(last)));
        let mut lines = Vec::new();
        match (plan.buckets, plan.strategy.as_str()) {
            (Some(count), strategy) => {
                let buckets = counted_i64(count, "bucket", "buckets");
                let size = plan.bucket_ms.map(length).unwrap_or_default();
                let span = span(plan.first, plan.last);
                let how = match strategy {
                    "raw_samples" => ", computed here of raw samples",
                    _ => "",
                };
                lines.push(format!("{buckets} of {size}{span}{how}"));
                let step = plan.step_ms.map(|step| format!(", step {}", length(step)));
                let instants = plan.instants.map(|it| counted(it, "instant", "instants"));
                let instants = instants.map(|it| format!(", {it}")).unwrap_or_default();
                let step = step.unwrap_or_default();
                lines.push(format!("{calls}{step}{instants}, {deadline}"));
            }
            (None, "lists") => lines.push(format!("{calls}, {deadline}")),
            (None, _) => {
                lines.push(format!("{calls}{}, {deadline}", last.unwrap_or_default()));
            }
        }
        if let Some(window) = plan.rate_window_ms {
            let why = plan.rate_window_why.as_deref().unwrap_or_default();
            lines.push(format!("rate window {}: {why}", length(window)));
        }
        if let (Some(interval), Some(from)) = (plan.scrape_interval_ms, &plan.scrape_interval_from)
        {
            lines.push(format!("scrape interval {}, {from}", length(interval)));
        }
        if !plan.assumed.is_empty() {
            let assumed = plan.assumed.join(", ").replace('_', " ");
            lines.push(format!("assumed, since nothing was asked: {assumed}"));
        }
        lines
    }

    fn calls(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for call in &self.stages.calls {
            let mut cells = vec![format!("{} {}", call.verb, call.url)];
            cells.extend(call.status.map(|status| status.to_string()));
            cells.extend(call.error.clone());
            if let (Some(ms), true) = (call.ms, call.status.is_some() || call.error.is_some()) {
                cells.push(format!("{ms:.0} ms"));
            }
            if call.status == Some(200) {
                cells.push(counted(call.series, "series", "series"));
            }
            if call.samples > 0 {
                cells.push(counted(call.samples, "sample", "samples"));
            }
            if call.repeats > 0 {
                cells.push("repeated".to_owned());
            }
            match call.source.as_deref() {
                Some("cache") => cells.push("remembered".to_owned()),
                Some("shared") => cells.push("asked by another request".to_owned()),
                _ => {}
            }
            lines.push(cells.join("   "));
            lines.extend(call.warnings.iter().map(|it| format!("warning: {it}")));
        }
        or(lines, "none")
    }

    fn reduction(&self) -> Vec<String> {
        let error = self.outcome.error.as_ref();
        if error.is_some_and(|it| it.id == "PM-2001") {
            let request = self.stages.request.as_ref();
            let is_raw = request.is_some_and(|it| it.aggregation.is_none());
            let what = if is_raw { "a raw query" } else { "this query" };
            return vec![format!("stopped: {what} needs one series")];
        }
        let Some(reduction) = &self.stages.reduction else {
            let said = if self
                .stages
                .plan
                .as_ref()
                .is_some_and(|it| it.strategy == "lists")
            {
                "none: lists are answered as they come"
            } else {
                "not reached"
            };
            return vec![said.to_owned()];
        };
        let mut cells = vec![
            format!(
                "{} in, {} out",
                counted(reduction.series_in, "series", "series"),
                reduction.series_out
            ),
            counted(reduction.samples, "sample", "samples"),
        ];
        let became = |it: &Option<String>| it.as_deref().unwrap_or("dropped").to_owned();
        if reduction.nan > 0 {
            cells.push(format!(
                "{} NaN: {}",
                reduction.nan,
                became(&reduction.nan_became)
            ));
        }
        if reduction.infinite > 0 {
            let became = became(&reduction.infinite_became);
            cells.push(format!("{} infinite: {became}", reduction.infinite));
        }
        if reduction.zero_filled > 0 {
            cells.push(format!("{} zero-filled", reduction.zero_filled));
        }
        if reduction.combined > 1 {
            cells.push(format!("{} combined", reduction.combined));
        }
        if reduction.cut_by_limit {
            cells.push("cut by the limit".to_owned());
        }
        vec![cells.join(", ")]
    }

    fn response(&self) -> Vec<String> {
        let Some(response) = &self.stages.response else {
            return vec!["none: nothing was sent".to_owned()];
        };
        let Response { status, kind, .. } = response;
        if response.error.is_some() {
            let summary = self
                .outcome
                .error
                .as_ref()
                .and_then(|it| it.summary.as_ref());
            let summary = summary.map(|it| format!(" \"{it}\"")).unwrap_or_default();
            return vec![format!("{status} {kind}{summary}")];
        }
        let what = match kind.as_str() {
            "FieldNamesResponse" => counted(response.points, "field", "fields"),
            "FieldValuesResponse" => counted(response.points, "value", "values"),
            _ => counted(response.points, "point", "points"),
        };
        let span = span(response.first_point, response.last_point);
        let partial = match (response.is_partial, &response.partial_because) {
            (false, _) => String::new(),
            (true, None) => ", partial".to_owned(),
            (true, Some(why)) => format!(", partial: {why}"),
        };
        vec![format!("{status} {kind}, {what}{span}{partial}")]
    }
}

/// A failure, and how several series can become one.
fn failed(error: &Failed, ambiguity: Option<&Ambiguity>, screen: Screen) -> String {
    let details = print::without_id(&error.id, &error.details);
    // What is to be done stands in lines of its own.
    let told = ambiguity.and_then(|_| {
        let differ = details.find("; they differ in [")?;
        let end = details[differ..].find("].")? + differ;
        details.get(..=end)
    });
    let text = harmless(told.unwrap_or(details));
    let head = screen.bad(&format!("error[{}]", error.id));
    let mut lines = format!("{head}: {text}\n");
    if let Some(ambiguity) = ambiguity {
        lines.push_str(&apart(ambiguity));
    }
    lines
}

/// What tells several series apart.
pub(super) fn apart(ambiguity: &Ambiguity) -> String {
    let names = ambiguity.labels.join(", ");
    let width = names.chars().count().max("fix".len());
    let line = |name: &str, text: &str| format!("  {}   {}\n", pad(name, width), harmless(text));
    let tuples = ambiguity.tuples.iter();
    let tuples: Vec<String> = tuples
        .map(|tuple| {
            let values = tuple
                .iter()
                .map(|it| if it.is_empty() { "(none)" } else { it });
            values.collect::<Vec<_>>().join(", ")
        })
        .collect();
    let mut text = String::new();
    if !tuples.is_empty() && !ambiguity.labels.is_empty() {
        let more = if ambiguity.series > tuples.len() {
            " | …"
        } else {
            ""
        };
        text.push_str(&line(&harmless(&names), &(tuples.join(" | ") + more)));
    }
    match ambiguity.best() {
        Some(suggestion) => {
            let conditions = suggestion.conditions.iter();
            let conditions: Vec<String> = conditions
                .map(|it| format!("{} = {}", it.key, it.value))
                .collect();
            let what = match conditions.len() {
                1 => "condition",
                _ => "conditions",
            };
            text.push_str(&line(
                "fix",
                &format!("add the {what}  {}", conditions.join("   ")),
            ));
        }
        None => text.push_str(&line("fix", "no labels tell them apart; combine them")),
    }
    if let Some(combine) = &ambiguity.combine {
        text.push_str(&line("or", &format!("~ = {combine}")));
    }
    text
}

fn pad(text: &str, width: usize) -> String {
    format!("{text:<width$}")
}

/// `line` in parts that fit a terminal; elsewhere it stays whole.
fn wrapped(line: &str, screen: Screen) -> Vec<String> {
    let room = screen.width.saturating_sub(MARGIN).max(20);
    if !screen.is_terminal || line.chars().count() <= room {
        return vec![line.to_owned()];
    }
    let chars: Vec<char> = line.chars().collect();
    chars
        .chunks(room)
        .map(|part| part.iter().collect())
        .collect()
}

fn or(lines: Vec<String>, nothing: &str) -> Vec<String> {
    if lines.is_empty() {
        return vec![nothing.to_owned()];
    }
    lines
}

fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

fn counted_i64(count: i64, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

/// A length as a person says it: `30 s`, `1 h`, `1500 ms`.
pub(super) fn length(millis: i64) -> String {
    for (unit, size) in [
        ("d", Millis::DAY),
        ("h", Millis::HOUR),
        ("min", Millis::MINUTE),
    ] {
        let size = size.get();
        // Up to two minutes people count seconds.
        if millis >= size.max(2 * 60_000) && millis % size == 0 {
            return format!("{} {unit}", millis / size);
        }
    }
    if millis % 1_000 == 0 {
        return format!("{} s", millis / 1_000);
    }
    format!("{millis} ms")
}

/// A time of the day, in UTC.
fn clock(at: i64) -> String {
    let text = UnixMillis::new(at).rfc3339();
    let time = text.split_once('T').map_or("", |(_, time)| time);
    let time = time.trim_end_matches('Z');
    match time.contains('.') {
        true => time.to_owned(),
        false => format!("{time}.000"),
    }
}

fn span(first: Option<i64>, last: Option<i64>) -> String {
    match (first, last) {
        (Some(first), Some(last)) => {
            let [first, last] = [first, last].map(|at| UnixMillis::new(at).rfc3339());
            format!(" from {first} to {last}")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests;
