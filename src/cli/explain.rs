//! `explain`: what a request becomes, stage by stage.

use clap::Args;

use super::asker::{self, Asker};
use super::record::Record;
use super::select::MetricFlags;
use super::show::{self, Form, Screen, ShowFlags};
use super::{curl, print};
use crate::protocol::MirrorMethod;

/// What is asked, and how it is shown.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    metric: MetricFlags,
    #[command(flatten)]
    dry: DryFlag,
    #[command(flatten)]
    show: ShowFlags,
}

/// Whether anything is sent.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct DryFlag {
    /// Send nothing: print the calls as curl commands, secrets as the names of variables.
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// Prints the record; the exit code.
pub(super) fn run(arguments: &Arguments) -> u8 {
    record(arguments).unwrap_or_else(|code| code)
}

fn record(arguments: &Arguments) -> Result<u8, u8> {
    let Arguments { metric, dry, show } = arguments;
    let form = show.documented()?;
    let (asker, details) = metric.ask.open()?;
    let body = metric.body(details, asker.now())?;
    let is_document = matches!(form, Form::Json | Form::Yaml);
    if dry.dry_run && !is_document {
        return dry_run(&asker, "explain", MirrorMethod::Metric, &body);
    }
    let text = asker.explain("explain", MirrorMethod::Metric, &body, dry.dry_run)?;
    print_record(&text, form, show.screen())
}

/// Prints the record `text`; the exit code of what it tells.
pub(super) fn print_record(text: &str, form: Form, screen: Screen) -> Result<u8, u8> {
    let record: Record = asker::read(text)?;
    print::data(&match form {
        Form::Json | Form::Yaml => show::document(text, form),
        Form::Table | Form::Csv | Form::Chart => record.lines(screen),
    });
    Ok(record.code())
}

/// Prints the calls that `body` would cause; the exit code.
pub(super) fn dry_run(
    asker: &Asker,
    name: &str,
    method: MirrorMethod,
    body: &str,
) -> Result<u8, u8> {
    let text = asker.explain(name, method, body, true)?;
    let record: Record = asker::read(&text)?;
    if let Some(error) = &record.outcome.error {
        print::told(&error.id, &error.details);
    }
    print::data(&curl::calls(&record));
    Ok(record.code())
}
