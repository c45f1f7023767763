//! `replay`: what a bundle or a record tells, and its request asked again.

use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::asker::{Ask, Asker};
use super::connect;
use super::diagnose;
use super::explain;
use super::record::{self, Record};
use super::select;
use super::show::{self, Form, Screen, ShowFlags, harmless};
use super::told;
use super::{DONE, USAGE, print, when};
use crate::explain::bundle::{Bundle, Document, VERSION};
use crate::protocol::MirrorMethod;
use crate::protocol::RawDetails;
use crate::protocol::condition::{Condition, ConditionValue};
use crate::protocol::field_names::FieldNamesQuery;
use crate::protocol::field_values::FieldValuesQuery;
use crate::protocol::kept;
use crate::protocol::metric::{Aggregation, AggregationMethod, MetricsQuery};
use crate::protocol::written;
use crate::record::stages::REDACTED;
use crate::time::Millis;
use crate::time::UnixMillis;

/// What is opened, and whether it is asked again.
#[derive(Debug, Args)]
pub(super) struct ReplayArguments {
    /// A bundle of the console or of support-bundle, or a record as explain -o json prints it
    /// (- for standard input).
    bundle: String,
    /// Send its request again, and show what becomes of it.
    #[arg(long)]
    live: bool,
    /// At which time it is asked again: its own, or now.
    #[arg(long, value_name = "WHEN", default_value = "now")]
    at: At,
    /// Which request of a bundle for support, by its id.
    #[arg(long, value_name = "ID")]
    entry: Option<String>,
    #[command(flatten)]
    ask: Ask,
    #[command(flatten)]
    show: ShowFlags,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum At {
    /// A range of the same length that ends now.
    Now,
    /// The range that was asked for.
    Then,
}

/// Shows a bundle, or asks its request again; the exit code.
pub(super) fn replay(arguments: &ReplayArguments) -> u8 {
    opened(arguments).unwrap_or_else(|code| code)
}

fn opened(arguments: &ReplayArguments) -> Result<u8, u8> {
    let form = arguments.show.documented()?;
    let name = &arguments.bundle;
    let text = connect::whole_file(name).map_err(|error| {
        print::error(&format_args!("{name}: {error}"));
        USAGE
    })?;
    let bundle = bundle(&text).map_err(|why| {
        print::error(&format_args!("{name}: {why}"));
        USAGE
    })?;
    let screen = arguments.show.screen();
    if arguments.live {
        return live(arguments, &bundle, form, screen);
    }
    print::data(&match form {
        Form::Json | Form::Yaml => show::document(&text, form),
        Form::Table | Form::Csv | Form::Chart => lines(&bundle, screen),
    });
    Ok(DONE)
}

/// What a file holds: a bundle, or a record alone.
fn bundle(text: &str) -> Result<Bundle, String> {
    #[derive(Deserialize)]
    struct Versions {
        bundle: Option<u64>,
        version: Option<u64>,
        stages: Option<serde::de::IgnoredAny>,
    }
    let read: Versions = serde_json::from_str(text).map_err(|_| "it holds no bundle".to_owned())?;
    let bundle = match read {
        Versions {
            bundle: Some(version),
            ..
        } if version == u64::from(VERSION) => {
            serde_json::from_str(text).map_err(|error| format!("it cannot be read: {error}"))?
        }
        Versions {
            bundle: Some(version),
            ..
        } => return Err(format!("bundles of version {version} are not known here")),
        Versions {
            version: Some(_),
            stages: Some(_),
            ..
        } => Bundle {
            bundle: VERSION,
            build: None,
            record: serde_json::from_str(text).ok(),
            diagnosis: None,
            settings: None,
            status: None,
            requests: None,
        },
        Versions { .. } => return Err("it holds no bundle and no record".to_owned()),
    };
    if let Some(record) = &bundle.record {
        let read: Versions = serde_json::from_str(record.text())
            .map_err(|_| "it holds no record of a request".to_owned())?;
        if read.version != Some(1) {
            let version = read.version.unwrap_or_default();
            return Err(format!("records of version {version} are not known here"));
        }
    }
    Ok(bundle)
}

fn lines(bundle: &Bundle, screen: Screen) -> String {
    let mut text = String::new();
    if let Some(build) = &bundle.build {
        let revision = build.revision.as_deref();
        let revision = revision.map(|it| format!(" ({it})")).unwrap_or_default();
        let build = harmless(&format!("{}{revision}", build.version));
        text.push_str(&format!("build         {build}\n"));
    }
    if let Some(record) = record(bundle) {
        text.push_str(&record.lines(screen));
    }
    if let Some(diagnosis) = &bundle.diagnosis {
        text.push_str(&diagnose::lines(diagnosis, true, screen));
    }
    if let Some(status) = &bundle.status {
        text.push_str(&status_lines(status));
    }
    if let Some(requests) = &bundle.requests {
        text.push_str(&table(requests, screen));
    }
    text
}

fn record(bundle: &Bundle) -> Option<Record> {
    let record = bundle.record.as_ref()?;
    serde_json::from_str(record.text()).ok()
}

fn status_lines(status: &Document) -> String {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Status {
        ready: bool,
        not_ready_because: Option<String>,
        uptime_ms: i64,
        connections: Vec<Connection>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Connection {
        name: String,
        host: Option<String>,
        breaker: Option<String>,
        last_error: Option<String>,
    }
    let status: Status = serde_json::from_str(status.text()).unwrap_or_default();
    let ready = match (status.ready, status.not_ready_because) {
        (true, _) => "ready".to_owned(),
        (false, why) => format!("not ready: {}", why.unwrap_or_default()),
    };
    let up = told::length(status.uptime_ms / 1_000 * 1_000);
    let mut text = format!("status        {}, up {up}\n", harmless(&ready));
    for it in status.connections {
        let cells = [Some(it.name), it.host, it.breaker, it.last_error];
        let cells: Vec<String> = cells.into_iter().flatten().collect();
        text.push_str(&format!("connection    {}\n", harmless(&cells.join(", "))));
    }
    text
}

/// A request of the tap, as far as it is shown and asked again.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry<'a> {
    id: String,
    at: i64,
    method: String,
    outcome: String,
    code: Option<String>,
    alias: Option<String>,
    host: Option<String>,
    points: usize,
    ms: f64,
    connection_had_secrets: bool,
    #[serde(borrow)]
    request: Option<&'a RawValue>,
}

fn entries(requests: &[Document]) -> Vec<Entry<'_>> {
    let read = requests.iter();
    read.filter_map(|it| serde_json::from_str(it.text()).ok())
        .collect()
}

fn table(requests: &[Document], screen: Screen) -> String {
    let rows = entries(requests).into_iter().map(|it| {
        [
            it.id,
            when::shown(UnixMillis::new(it.at)),
            it.method,
            it.code.unwrap_or(it.outcome),
            it.alias.or(it.host).unwrap_or_default(),
            it.points.to_string(),
            format!("{:.0} ms", it.ms),
        ]
    });
    let rows: Vec<[String; 7]> = rows.collect();
    let heading = [
        "ID",
        "TIME",
        "METHOD",
        "OUTCOME",
        "CONNECTION",
        "POINTS",
        "TOOK",
    ];
    show::table(screen, heading, &rows)
}

/// Asks the request of a bundle again.
fn live(
    arguments: &ReplayArguments,
    bundle: &Bundle,
    form: Form,
    screen: Screen,
) -> Result<u8, u8> {
    let refused = |why: &str| {
        print::error(&why);
        USAGE
    };
    let (asker, details) = arguments.ask.open()?;
    let now = asker.now();
    let (method, body) = match (&arguments.entry, record(bundle)) {
        (None, Some(record)) => {
            let details = details.ok_or_else(connect::which)?;
            let details = select::raw(&details)?;
            again(&record, &details, arguments.at, now).map_err(|why| refused(&why))?
        }
        (Some(id), _) => {
            let requests = bundle.requests.as_deref().unwrap_or_default();
            let mut entries = entries(requests).into_iter();
            let entry = entries.find(|entry| entry.id == *id);
            let entry = entry.ok_or_else(|| refused("the bundle has no request of this id"))?;
            let passed = match arguments.at {
                At::Now => now.get() - entry.at,
                At::Then => 0,
            };
            kept_again(&entry, details, passed).map_err(refused)?
        }
        (None, None) => return Err(refused("which request? give --entry ID")),
    };
    shown_again(&asker, method, &body, form, screen)
}

fn shown_again(
    asker: &Asker,
    method: MirrorMethod,
    body: &str,
    form: Form,
    screen: Screen,
) -> Result<u8, u8> {
    let text = asker.explain("replay", method, body, false)?;
    explain::print_record(&text, form, screen)
}

/// The request of an entry of the tap, all its times later by `passed` milliseconds.
fn kept_again(
    entry: &Entry<'_>,
    details: Option<String>,
    passed: i64,
) -> Result<(MirrorMethod, String), &'static str> {
    let methods = MirrorMethod::ALL.into_iter();
    let method = methods
        .filter(|it| *it != MirrorMethod::Connection)
        .find(|it| it.name() == entry.method)
        .ok_or("a connection test is no request that is replayed")?;
    if entry.connection_had_secrets && details.is_none() {
        return Err("the connection details held more than is kept of them: give --connection");
    }
    let details = details.map(RawValue::from_string).transpose();
    let details = details.map_err(|_| "the connection details are no object")?;
    let kept = entry
        .request
        .ok_or("the request was too long to be kept whole")?;
    let again = kept::again(kept, method, details, passed);
    again
        .map(|body| (method, body))
        .ok_or("the request in the bundle cannot be read")
}

/// The request that a record is of.
fn again(
    record: &Record,
    details: &RawDetails,
    at: At,
    now: UnixMillis,
) -> Result<(MirrorMethod, String), String> {
    let none = "the record does not say what was asked";
    let request = record.stages.request.as_ref().ok_or(none)?;
    let methods = MirrorMethod::ALL.into_iter();
    let mut methods = methods.filter(|it| *it != MirrorMethod::Connection);
    let method = methods
        .find(|it| it.request() == request.kind)
        .ok_or(none)?;
    let conditions = record.stages.conditions.iter().map(condition);
    let conditions: Vec<Condition> = conditions.collect::<Result<_, String>>()?;
    let passed = match (at, request.end) {
        (At::Now, Some(end)) => now.get() - end,
        _ => 0,
    };
    let later = |at: Option<i64>| at.map(|at| UnixMillis::new(at.saturating_add(passed)));
    let (start, end) = (later(request.start), later(request.end));
    let body = match method {
        MirrorMethod::FieldNames => written::field_names(
            details,
            &FieldNamesQuery {
                conditions,
                start_time: start,
                end_time: end,
                limit: request.limit,
            },
        ),
        MirrorMethod::FieldValues => written::field_values(
            details,
            &FieldValuesQuery {
                field_name: request.field.clone().unwrap_or_default(),
                prefix: request.prefix.clone(),
                conditions,
                start_time: start,
                end_time: end,
                offset: request.offset,
                limit: request.limit,
            },
        ),
        MirrorMethod::Metric | MirrorMethod::Connection => written::metric(
            details,
            &MetricsQuery {
                conditions,
                aggregation: request.aggregation.as_ref().map(|it| Aggregation {
                    method: it.method.as_deref().and_then(AggregationMethod::of_name),
                    bucket_size: it.bucket_ms.map(Millis::new),
                }),
                start_time: start.ok_or(none)?,
                end_time: end.ok_or(none)?,
                limit: request.limit,
            },
        ),
    };
    Ok((method, body))
}

/// A condition as it was asked.
fn condition(told: &record::Condition) -> Result<Condition, String> {
    let key = told.key.clone();
    if told.value == REDACTED {
        return Err(format!(
            "the value of {key} is classified, so it is not kept"
        ));
    }
    let value = match told.kind.as_str() {
        "StringValue" => ConditionValue::Text(told.value.clone()),
        _ => select::typed(&told.value)?,
    };
    Ok(Condition { key, value })
}

#[cfg(test)]
mod tests;
