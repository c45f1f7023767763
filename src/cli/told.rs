//! What a record tells, in lines for the eye. It is read as JSON, since it may come from this
//! process, from a mirror that runs or out of a file; what a file leaves out is not told.

use std::fmt::Write as _;

use serde::Deserialize;

use super::show::{Screen, harmless};
use super::{DONE, exit, print};
use crate::explain::Ambiguity;
use crate::time::Millis;
use crate::time::UnixMillis;

/// A record, as far as it is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Record {
    pub(super) stages: Stages,
    pub(super) outcome: Outcome,
    pub(super) notices: Vec<Notice>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Stages {
    pub(super) request: Option<Request>,
    pub(super) conditions: Vec<Condition>,
    pub(super) promql: Vec<Query>,
    pub(super) plan: Option<Plan>,
    pub(super) calls: Vec<Call>,
    pub(super) reduction: Option<Reduction>,
    pub(super) response: Option<Response>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Request {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) profile: Option<String>,
    pub(super) connection: Option<Connection>,
    pub(super) start: Option<i64>,
    pub(super) end: Option<i64>,
    pub(super) limit: Option<usize>,
    pub(super) aggregation: Option<Aggregation>,
    pub(super) field: Option<String>,
    pub(super) prefix: Option<String>,
    pub(super) offset: usize,
    pub(super) ignored: Vec<String>,
    pub(super) warnings: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Connection {
    alias: Option<String>,
    host: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Aggregation {
    pub(super) method: Option<String>,
    pub(super) bucket_ms: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Condition {
    pub(super) key: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) value: String,
    became: String,
    text: Option<String>,
    error: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    pub(super) purpose: String,
    pub(super) text: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Plan {
    strategy: String,
    pub(super) dialect: Option<String>,
    buckets: Option<i64>,
    bucket_ms: Option<i64>,
    first: Option<i64>,
    last: Option<i64>,
    step_ms: Option<i64>,
    instants: Option<usize>,
    chunks: usize,
    rate_window_ms: Option<i64>,
    rate_window_why: Option<String>,
    pub(super) scrape_interval_ms: Option<i64>,
    scrape_interval_from: Option<String>,
    deadline_ms: u64,
    pub(super) assumed: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Call {
    pub(super) query: Option<usize>,
    pub(super) verb: String,
    pub(super) url: String,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) authentication: Authentication,
    status: Option<u16>,
    ms: Option<f64>,
    series: usize,
    samples: usize,
    repeats: usize,
    source: Option<String>,
    warnings: Vec<String>,
    error: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Authentication {
    pub(super) kind: String,
    pub(super) region: Option<String>,
    pub(super) service: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reduction {
    series_in: usize,
    series_out: usize,
    samples: usize,
    nan: u64,
    nan_became: Option<String>,
    infinite: u64,
    infinite_became: Option<String>,
    zero_filled: u64,
    combined: usize,
    cut_by_limit: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Response {
    status: u16,
    #[serde(rename = "type")]
    kind: String,
    points: usize,
    first_point: Option<i64>,
    last_point: Option<i64>,
    is_partial: bool,
    partial_because: Option<String>,
    error: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Outcome {
    pub(super) result: String,
    pub(super) error: Option<Failed>,
    pub(super) ambiguity: Option<Ambiguity>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Failed {
    pub(super) id: String,
    summary: Option<String>,
    pub(super) details: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Notice {
    id: String,
    text: String,
}

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
mod tests {
    use super::*;

    const PLAIN: Screen = Screen {
        is_coloured: false,
        is_terminal: false,
        width: 100,
    };
    const RECORD: &str = r#"{"version":1,"stages":{
        "request":{"type":"MetricsRequest","method":"metric","profile":"exact",
          "connection":{"alias":null,"host":"lab:9090","form":"url"},"start":0,"end":1,"limit":null,
          "aggregation":null,"field":null,"prefix":null,"offset":0,"defaults":[],"ignored":[],"warnings":[]},
        "conditions":[
          {"index":0,"key":"__gauge__","type":"StringValue","value":"m_bytes","became":"metric","text":"m_bytes","error":null},
          {"index":1,"key":"job","type":"StringValue","value":"checkout","became":"matcher","text":"job=\"checkout\"","error":null}],
        "promql":[{"query":0,"purpose":"raw","text":"{__name__=\"m_bytes\",job=\"checkout\"}[3600001ms]","fragments":[]}],
        "plan":{"kind":"gauge","strategy":"raw_samples","chunks":1,"last":1700000000000,"deadline_ms":30000},
        "calls":[{"call":0,"query":0,"verb":"POST","url":"http://lab:9090/api/v1/query","parameters":[],
          "authentication":{"kind":"none"},"status":200,"ms":14.2,"bytes":9,"series":3,"samples":720}],
        "reduction":{"series_in":3},
        "response":{"status":500,"type":"RemoteMirrorError","error":"PM-2001"}},
      "outcome":{"result":"error","error":{"id":"PM-2001","type":"RemoteMirrorError","summary":"Too many metrics.",
          "details":"3 series match m_bytes{job=\"checkout\"}; they differ in ['pod']. Add pod = checkout-0. [PM-2001]"},
        "ambiguity":{"series":3,"labels":["pod"],"constant":{"job":"checkout"},
          "tuples":[["checkout-0"],["checkout-1"],["checkout-2"]],"counts":[],
          "suggestions":[{"conditions":[{"key":"pod","value":"checkout-0"}]}],
          "combine":"sum(m_bytes{job=\"checkout\"})","separable":true}},
      "answer":null,"notices":[]}"#;

    #[test]
    fn a_record_is_told_in_the_lines_of_the_chapter() {
        let record: Record = serde_json::from_str(RECORD).unwrap();
        assert_eq!(
            record.lines(PLAIN),
            "1 request     MetricsRequest, raw, 2 conditions, profile exact\n\
             2 conditions  __gauge__ = m_bytes   -> metric name\n              \
             job = checkout        -> matcher job=\"checkout\"\n\
             3 promql      {__name__=\"m_bytes\",job=\"checkout\"}[3600001ms]\n\
             4 plan        1 call at 22:13:20.000, deadline 30 s\n\
             5 calls       POST http://lab:9090/api/v1/query   200   14 ms   3 series   720 samples\n\
             6 reduction   stopped: a raw query needs one series\n\
             7 response    500 RemoteMirrorError \"Too many metrics.\"\n\
             error[PM-2001]: 3 series match m_bytes{job=\"checkout\"}; they differ in ['pod']\n  \
             pod   checkout-0 | checkout-1 | checkout-2\n  \
             fix   add the condition  pod = checkout-0\n  \
             or    ~ = sum(m_bytes{job=\"checkout\"})\n"
        );
        assert_eq!(record.code(), 4);
    }

    #[test]
    fn on_a_narrow_terminal_a_long_query_goes_on_below() {
        let record: Record = serde_json::from_str(RECORD).unwrap();
        let narrow = Screen {
            is_terminal: true,
            width: 40,
            ..PLAIN
        };
        let text = record.lines(narrow);
        let stages = text.lines().take_while(|line| !line.starts_with("error"));
        assert!(stages.clone().count() > 10, "{text}");
        assert!(
            stages.clone().all(|line| line.chars().count() <= 40),
            "{text}"
        );
    }

    #[test]
    fn a_length_is_said_as_people_say_it() {
        for (millis, expected) in [
            (30_000, "30 s"),
            (90_000, "90 s"),
            (60_000, "60 s"),
            (600_000, "10 min"),
            (3_600_000, "1 h"),
            (1_500, "1500 ms"),
            (172_800_000, "2 d"),
        ] {
            assert_eq!(length(millis), expected);
        }
    }

    #[test]
    fn nothing_but_a_version_can_be_told() {
        let record: Record = serde_json::from_str(r#"{"version":1}"#).unwrap();
        assert!(
            record
                .lines(PLAIN)
                .starts_with("1 request     not understood\n")
        );
    }
}
