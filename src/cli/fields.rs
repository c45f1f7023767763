//! `fields` and `values`: what can be typed into a condition, as StackState would offer it.

use clap::Args;
use serde::Deserialize;

use super::asker::{self, Ask, Asker};
use super::connect;
use super::explain::{self, DryFlag};
use super::select::{self, Selection, Times};
use super::show::{self, Form, Screen, ShowFlags};
use super::{DONE, print};
use crate::options::Profile;
use crate::protocol::MirrorMethod;
use crate::protocol::RawDetails;
use crate::protocol::field_names::FieldNamesQuery;
use crate::protocol::field_values::FieldValuesQuery;
use crate::protocol::written;

/// What is asked for, and how it is shown.
#[derive(Debug, Args)]
pub(super) struct FieldsFlags {
    #[command(flatten)]
    ask: Ask,
    #[command(flatten)]
    selection: Selection,
    /// Most of them.
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
    /// Which translation answers, whatever the connection says.
    #[arg(long, value_name = "PROFILE", value_parser = select::profile)]
    profile: Option<Profile>,
    #[command(flatten)]
    times: Times,
    #[command(flatten)]
    dry: DryFlag,
    #[command(flatten)]
    show: ShowFlags,
}

/// The same for the values of one field.
#[derive(Debug, Args)]
pub(super) struct ValuesFlags {
    /// The field: a label, or a virtual field such as __counter__ for the names of its metrics.
    field: String,
    /// Only values that begin with it.
    #[arg(long)]
    prefix: Option<String>,
    /// How many to pass over.
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    offset: usize,
    #[command(flatten)]
    fields: FieldsFlags,
}

/// Prints the fields; the exit code.
pub(super) fn names(flags: &FieldsFlags) -> u8 {
    ask_names(flags).unwrap_or_else(|code| code)
}

/// Prints the values of a field; the exit code.
pub(super) fn values(flags: &ValuesFlags) -> u8 {
    ask_values(flags).unwrap_or_else(|code| code)
}

/// Who answers, and the connection details that the flags name.
fn open(flags: &FieldsFlags) -> Result<(Asker, RawDetails), u8> {
    let (asker, details) = flags.ask.open()?;
    let details = details.ok_or_else(connect::which)?;
    let details = select::raw(&select::with_profile(details, flags.profile))?;
    Ok((asker, details))
}

/// What is read of an answer to `fields`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Names {
    is_partial: bool,
    fields: Vec<Name>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Name {
    field_name: String,
    classified: bool,
}

/// What is read of an answer to `values`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Values {
    is_partial: bool,
    values: Vec<Value>,
}

#[derive(Deserialize)]
struct Value {
    value: String,
}

fn ask_names(flags: &FieldsFlags) -> Result<u8, u8> {
    let form = flags.show.listed()?;
    let (asker, details) = open(flags)?;
    let range = flags.times.range(asker.now())?;
    let query = FieldNamesQuery {
        conditions: flags.selection.conditions.clone(),
        start_time: Some(range.start),
        end_time: Some(range.end),
        limit: flags.limit,
    };
    let (method, body) = (
        MirrorMethod::FieldNames,
        written::field_names(&details, &query),
    );
    if flags.dry.dry_run {
        return explain::dry_run(&asker, "fields", method, &body);
    }
    let text = asker.answer("fields", method, &body)?;
    let Names { is_partial, fields } = asker::read(&text)?;
    let rows = fields.into_iter().map(|field| {
        let classified = if field.classified { "classified" } else { "" };
        [field.field_name, classified.to_owned()]
    });
    let rows: Vec<[String; 2]> = rows.collect();
    let heading = (["FIELD", "CLASSIFIED"], ["field", "classified"]);
    print_list(form, flags.show.screen(), heading, &rows, &text);
    say_partial(is_partial);
    Ok(DONE)
}

fn ask_values(flags: &ValuesFlags) -> Result<u8, u8> {
    let ValuesFlags {
        field,
        prefix,
        offset,
        fields,
    } = flags;
    let form = fields.show.listed()?;
    let (asker, details) = open(fields)?;
    let range = fields.times.range(asker.now())?;
    let query = FieldValuesQuery {
        field_name: field.clone(),
        prefix: prefix.clone(),
        conditions: fields.selection.conditions.clone(),
        start_time: Some(range.start),
        end_time: Some(range.end),
        offset: *offset,
        limit: fields.limit,
    };
    let (method, body) = (
        MirrorMethod::FieldValues,
        written::field_values(&details, &query),
    );
    if fields.dry.dry_run {
        return explain::dry_run(&asker, "values", method, &body);
    }
    let text = asker.answer("values", method, &body)?;
    let Values { is_partial, values } = asker::read(&text)?;
    let rows: Vec<[String; 1]> = values.into_iter().map(|it| [it.value]).collect();
    let heading = (["VALUE"], ["value"]);
    print_list(form, fields.show.screen(), heading, &rows, &text);
    say_partial(is_partial);
    Ok(DONE)
}

/// Prints a list. `headings` are that of a table and that of CSV.
fn print_list<const N: usize>(
    form: Form,
    screen: Screen,
    headings: ([&str; N], [&str; N]),
    rows: &[[String; N]],
    answer: &str,
) {
    let text = match form {
        Form::Csv => {
            let lines = rows
                .iter()
                .map(|row| show::csv(row.iter().map(String::as_str)));
            show::csv(headings.1) + &lines.collect::<String>()
        }
        Form::Table | Form::Chart => show::table(screen, headings.0, rows),
        Form::Json | Form::Yaml => show::document(answer, form),
    };
    print::data(&text);
}

fn say_partial(is_partial: bool) {
    if is_partial {
        print::note(&"note: the answer is partial; there are more");
    }
}
