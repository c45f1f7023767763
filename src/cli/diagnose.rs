//! `diagnose`: why is it empty, or too many?

use std::fmt::Write as _;

use clap::Args;

use super::exit;
use super::select::MetricFlags;
use super::show::{self, Form, Screen, ShowFlags, harmless};
use super::told;
use super::{DONE, FAILED, print};
use crate::explain::diagnose::Diagnosis;
use crate::explain::diagnose::Finding;
use crate::explain::diagnose::Nearest;
use crate::explain::diagnose::Probed;
use crate::protocol::condition::{Condition, ConditionValue};

/// What is looked at, and how the answer is shown.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    metric: MetricFlags,
    /// Print each query below what it found.
    #[arg(long)]
    queries: bool,
    #[command(flatten)]
    show: ShowFlags,
}

/// Prints the causes; the exit code.
pub(super) fn run(arguments: &Arguments) -> u8 {
    causes(arguments).unwrap_or_else(|code| code)
}

fn causes(arguments: &Arguments) -> Result<u8, u8> {
    let Arguments {
        metric,
        queries,
        show,
    } = arguments;
    let form = show.listed()?;
    let (asker, details) = metric.ask.open()?;
    let body = metric.body(details, asker.now())?;
    let answer = asker.diagnose(&body)?;
    let text = match form {
        Form::Table | Form::Chart => lines(&answer, *queries, show.screen()),
        Form::Csv => {
            let head = show::csv(["id", "certainty", "probe", "text", "fix"]);
            let rows = answer.findings.iter().map(|it| {
                let cells = [
                    &it.id,
                    it.certainty.as_str(),
                    it.probe.as_str(),
                    &it.text,
                    &it.fix,
                ];
                show::csv(cells)
            });
            head + &rows.collect::<String>()
        }
        Form::Json | Form::Yaml => {
            let json = serde_json::to_string(&answer).map_err(|error| {
                print::error(&error);
                FAILED
            })?;
            show::document(&json, form)
        }
    };
    print::data(&text);
    Ok(code(&answer))
}

/// The exit code of the first cause; without one, whether there is something.
fn code(answer: &Diagnosis) -> u8 {
    match answer.findings.first() {
        Some(finding) => exit::of_code(&finding.id),
        None if answer.not_empty => DONE,
        None => exit::EMPTY,
    }
}

pub(super) fn lines(answer: &Diagnosis, with_queries: bool, screen: Screen) -> String {
    let mut text = String::new();
    for probed in &answer.probes {
        let id = answer.findings.iter().find(|it| it.probe == probed.probe);
        let id = id.filter(|_| !probed.ok).map_or("", |it| it.id.as_str());
        text.push_str(&line(probed, id, screen));
        if let Some(query) = probed.query.as_deref().filter(|_| with_queries) {
            let _ = writeln!(text, "      {}", harmless(query));
        }
    }
    for finding in &answer.findings {
        let line = format!(
            "cause {:<9}  {}",
            finding.certainty.as_str(),
            cause(finding)
        );
        let _ = writeln!(text, "{}", harmless(&line));
        let _ = writeln!(text, "fix              {}", harmless(&finding.fix));
        if let Some(conditions) = &finding.attempt {
            let conditions: Vec<String> = conditions.iter().map(typed).collect();
            let _ = writeln!(
                text,
                "try              {}",
                harmless(&conditions.join("   "))
            );
        }
    }
    if let Some(ambiguity) = &answer.ambiguity {
        text.push_str(&told::apart(ambiguity));
    }
    if answer.findings.is_empty() {
        text.push_str(if answer.not_empty {
            "it is not empty: the selection has samples in the window\n"
        } else {
            "no cause was found\n"
        });
    }
    let (calls, most, ms) = (answer.calls, answer.calls_allowed, answer.ms);
    let _ = writeln!(text, "{calls} of {most} calls, {ms:.0} ms");
    text
}

fn line(probed: &Probed, id: &str, screen: Screen) -> String {
    let verdict = if probed.ok {
        screen.good("ok  ")
    } else {
        screen.bad("FAIL")
    };
    let probe = probed.probe.as_str();
    let text = harmless(&probed.text);
    let line = format!("{probe:<10} {text:<55} {id}");
    format!("{verdict}  {}\n", line.trim_end())
}

/// The text of a finding, and what is nearest.
fn cause(finding: &Finding) -> String {
    let nearest: Vec<String> = finding.nearest.iter().map(candidate).collect();
    if nearest.is_empty() {
        return finding.text.clone();
    }
    format!("{}; nearest: {}", finding.text, nearest.join(", "))
}

fn candidate(nearest: &Nearest) -> String {
    let kind = nearest.kind.as_deref().map(str::to_owned);
    let series = nearest.series.map(|it| format!("{it} series"));
    let known: Vec<String> = kind.into_iter().chain(series).collect();
    if known.is_empty() {
        return nearest.value.clone();
    }
    format!("{} ({})", nearest.value, known.join(", "))
}

/// A condition as a person reads it.
fn typed(condition: &Condition) -> String {
    let Condition { key, value } = condition;
    match value {
        ConditionValue::Text(text) => format!("{key} = {text}"),
        ConditionValue::Boolean(truth) => format!("{key} := {truth}"),
        ConditionValue::Number(number) => {
            let number = serde_json::to_string(number).unwrap_or_default();
            format!("{key} := {number}")
        }
        ConditionValue::Set(_) | ConditionValue::Unsupported(_) => format!("{key} := (as given)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::diagnose::Certainty;
    use crate::explain::diagnose::Probe;

    #[test]
    fn the_lines_say_what_failed_why_and_what_to_try() {
        let text = |key: &str, value: &str| Condition {
            key: key.to_owned(),
            value: ConditionValue::Text(value.to_owned()),
        };
        let probed = |probe, ok, text: &str| Probed {
            probe,
            ok,
            text: text.to_owned(),
            query: Some("q".to_owned()),
            ms: 1.0,
            error: None,
        };
        let answer = Diagnosis {
            findings: vec![Finding {
                id: "PM-2002".to_owned(),
                certainty: Certainty::Certain,
                probe: Probe::Metric,
                text: "no series named a in the last 1 h".to_owned(),
                fix: "Use b.".to_owned(),
                nearest: vec![Nearest {
                    value: "b".to_owned(),
                    kind: Some("counter".into()),
                    series: Some(41),
                }],
                attempt: Some(vec![text("__counter__", "b"), text("job", "x")]),
            }],
            probes: vec![
                probed(Probe::Reach, true, "9 ms"),
                probed(Probe::Metric, false, "no series named a in the last 1 h"),
            ],
            ambiguity: None,
            calls: 5,
            calls_allowed: 10,
            ms: 38.4,
            not_empty: false,
        };
        let screen = Screen {
            is_coloured: false,
            is_terminal: false,
            width: 80,
        };
        assert_eq!(
            lines(&answer, false, screen),
            "ok    reach      9 ms\n\
             FAIL  metric     no series named a in the last 1 h                       PM-2002\n\
             cause certain    no series named a in the last 1 h; nearest: b (counter, 41 series)\n\
             fix              Use b.\n\
             try              __counter__ = b   job = x\n\
             5 of 10 calls, 38 ms\n"
        );
        assert_eq!(code(&answer), 3);
    }
}
