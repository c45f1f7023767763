//! `query`: the points that StackState would get.

use clap::Args;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::chart::{Point, chart};
use super::explain::{self, DryFlag};
use super::select::MetricFlags;
use super::show::{self, Form, Screen, ShowFlags};
use super::{DONE, print, when};
use crate::protocol::MirrorMethod;
use crate::time::UnixMillis;

/// What is asked for, and how it is shown.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    metric: MetricFlags,
    #[command(flatten)]
    dry: DryFlag,
    #[command(flatten)]
    show: ShowFlags,
}

/// Prints the points; the exit code.
pub(super) fn run(arguments: &Arguments) -> u8 {
    points(arguments).unwrap_or_else(|code| code)
}

fn points(arguments: &Arguments) -> Result<u8, u8> {
    let Arguments { metric, dry, show } = arguments;
    let (asker, details) = metric.ask.open()?;
    let body = metric.body(details, asker.now())?;
    if dry.dry_run {
        return explain::dry_run(&asker, "query", MirrorMethod::Metric, &body);
    }
    let text = asker.answer("query", MirrorMethod::Metric, &body)?;
    let screen = show.screen();
    let form = show.form().unwrap_or(if screen.is_terminal {
        Form::Chart
    } else {
        Form::Csv
    });
    print::data(&shown(&text, form, screen));
    let Telemetry { is_partial, points } = telemetry(&text);
    if is_partial {
        print::note(&"note: the answer is partial; there are more points");
    }
    if points.is_empty() {
        print::note(&"note: no points in this range");
    }
    Ok(DONE)
}

/// What is read of the answer: the rows, each number as it stands there.
#[derive(Deserialize)]
struct Answer {
    telemetry: Telemetry,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Telemetry {
    #[serde(default)]
    is_partial: bool,
    points: Vec<Vec<Box<RawValue>>>,
}

fn telemetry(answer: &str) -> Telemetry {
    let read = serde_json::from_str(answer);
    read.map_or_else(|_| Telemetry::default(), |answer: Answer| answer.telemetry)
}

fn shown(answer: &str, form: Form, screen: Screen) -> String {
    let points = match form {
        Form::Json | Form::Yaml => return show::document(answer, form),
        Form::Table | Form::Csv | Form::Chart => read(answer),
    };
    let is_bucket = points.iter().any(|point| point.end.is_some());
    let end = |point: &Point| point.end.map(when::shown).unwrap_or_default();
    match form {
        Form::Chart => chart(&points, screen),
        Form::Csv if is_bucket => {
            let rows = points.iter().map(|point| {
                let (start, end) = (when::shown(point.start), end(point));
                show::csv([start.as_str(), &end, &point.text])
            });
            show::csv(["start", "end", "value"]) + &rows.collect::<String>()
        }
        Form::Csv => {
            let rows = points.iter().map(|point| {
                let start = when::shown(point.start);
                show::csv([start.as_str(), &point.text])
            });
            show::csv(["time", "value"]) + &rows.collect::<String>()
        }
        Form::Table | Form::Json | Form::Yaml if is_bucket => {
            let rows = points.iter();
            let row = |point: &Point| [when::shown(point.start), end(point), point.text.clone()];
            let rows: Vec<_> = rows.map(row).collect();
            show::table(screen, ["START", "END", "VALUE"], &rows)
        }
        Form::Table | Form::Json | Form::Yaml => {
            let rows = points.iter();
            let row = |point: &Point| [when::shown(point.start), point.text.clone()];
            let rows: Vec<_> = rows.map(row).collect();
            show::table(screen, ["TIME", "VALUE"], &rows)
        }
    }
}

fn read(answer: &str) -> Vec<Point> {
    let rows = telemetry(answer).points;
    let millis = |number: &RawValue| number.get().parse().map(UnixMillis::new).ok();
    let point = |row: &Vec<Box<RawValue>>| {
        let [value, start, ..] = row.as_slice() else {
            return None;
        };
        Some(Point {
            start: millis(start)?,
            end: row.get(2).and_then(|end| millis(end)),
            value: value.get().parse().ok()?,
            text: value.get().to_owned(),
        })
    };
    rows.iter().filter_map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: Screen = Screen {
        is_coloured: false,
        is_terminal: false,
        width: 80,
    };
    const BUCKETS: &str = r#"{"telemetry":{"points":[[1.50,0,60000],[2e300,60000,120000]]}}"#;
    const RAW: &str = r#"{"telemetry":{"points":[[0.1,1]]}}"#;

    #[test]
    fn numbers_are_shown_as_they_were_answered() {
        assert_eq!(
            shown(BUCKETS, Form::Csv, SCREEN),
            "start,end,value\n1970-01-01T00:00:00Z,1970-01-01T00:01:00Z,1.50\n\
             1970-01-01T00:01:00Z,1970-01-01T00:02:00Z,2e300\n"
        );
        assert_eq!(
            shown(RAW, Form::Csv, SCREEN),
            "time,value\n1970-01-01T00:00:00.001Z,0.1\n"
        );
        assert!(shown(RAW, Form::Table, SCREEN).starts_with("TIME "));
        assert_eq!(shown(RAW, Form::Json, SCREEN), format!("{RAW}\n"));
        assert_eq!(
            shown(BUCKETS, Form::Yaml, SCREEN),
            "telemetry:\n  points:\n  - [1.50,0,60000]\n  - [2e300,60000,120000]\n"
        );
    }
}
