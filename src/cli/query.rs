//! `query`: the points that StackState would get.

use clap::Args;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::chart::{Point, chart};
use super::connect;
use super::connect::Local;
use super::select::MetricFlags;
use super::show::{self, Form, Screen, ShowFlags};
use super::{DONE, print, when};
use crate::caller::Caller;
use crate::protocol::metric::MetricsRequest;
use crate::time::UnixMillis;

/// What is asked for, and how it is shown.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    metric: MetricFlags,
    #[command(flatten)]
    show: ShowFlags,
}

/// Prints the points; the exit code.
pub(super) fn run(arguments: &Arguments) -> u8 {
    points(arguments).unwrap_or_else(|code| code)
}

fn points(arguments: &Arguments) -> Result<u8, u8> {
    let Arguments { metric, show } = arguments;
    let loaded = metric.connect.settings()?;
    let details = metric.connect.details(&loaded)?;
    let local = Local::new(&loaded)?;
    let arrival = local.arrival("query");
    let body = metric.body(details, arrival.now)?;
    let request: MetricsRequest = connect::decode(&body)?;
    let snapshot = local.app.snapshot();
    let mirror = &local.app.mirror;
    let asked = mirror.metric(&snapshot.connections, &Caller::Anyone, arrival, &request);
    let answer = local
        .run(asked)?
        .map_err(|failure| connect::failed(&failure))?;
    let screen = show.screen();
    let form = show.form().unwrap_or(if screen.is_terminal {
        Form::Chart
    } else {
        Form::Csv
    });
    let text = String::from_utf8_lossy(&answer.finished.telemetry.body);
    print::data(&shown(&text, form, screen));
    if answer.finished.telemetry.is_partial {
        print::note(&"note: the answer is partial; there are more points");
    }
    if answer.finished.telemetry.points == 0 {
        print::note(&"note: no points in this range");
    }
    Ok(DONE)
}

/// What is read of the answer: the rows, each number as it stands there.
#[derive(Deserialize)]
struct Answer {
    telemetry: Telemetry,
}

#[derive(Deserialize)]
struct Telemetry {
    points: Vec<Vec<Box<RawValue>>>,
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
    let rows = serde_json::from_str(answer)
        .map_or_else(|_| Vec::new(), |answer: Answer| answer.telemetry.points);
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
