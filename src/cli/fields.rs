//! `fields` and `values`: what can be typed into a condition, as StackState would offer it.

use clap::Args;
use serde::Serialize;

use super::connect::{self, Connect, Local};
use super::select::{self, Selection, Times};
use super::show::{self, Form, Screen, ShowFlags};
use super::{DONE, FAILED, print};
use crate::caller::Caller;
use crate::options::Profile;
use crate::protocol::field_names::{FieldNamesQuery, FieldNamesRequest, FieldNamesResponse};
use crate::protocol::field_values::{
    FieldValue, FieldValuesQuery, FieldValuesRequest, FieldValuesResponse,
};
use crate::protocol::written;

/// What is asked for, and how it is shown.
#[derive(Debug, Args)]
pub(super) struct FieldsFlags {
    #[command(flatten)]
    connect: Connect,
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

/// The application and the connection details that the flags name.
fn open(flags: &FieldsFlags) -> Result<(Local, crate::protocol::RawDetails), u8> {
    let loaded = flags.connect.settings()?;
    let details = flags.connect.details(&loaded)?.ok_or_else(connect::which)?;
    let details = select::raw(&select::with_profile(details, flags.profile))?;
    Ok((Local::new(&loaded)?, details))
}

fn ask_names(flags: &FieldsFlags) -> Result<u8, u8> {
    let form = flags.show.listed()?;
    let (local, details) = open(flags)?;
    let arrival = local.arrival("fields");
    let range = flags.times.range(arrival.now)?;
    let query = FieldNamesQuery {
        conditions: flags.selection.conditions.clone(),
        start_time: Some(range.start),
        end_time: Some(range.end),
        limit: flags.limit,
    };
    let body = written::field_names(&details, &query);
    let request: FieldNamesRequest = connect::decode(&body)?;
    let snapshot = local.app.snapshot();
    let mirror = &local.app.mirror;
    let asked = mirror.field_names(&snapshot.connections, &Caller::Anyone, arrival, &request);
    let answer = local
        .run(asked)?
        .map_err(|failure| connect::failed(&failure))?;
    let FieldNamesResponse { is_partial, fields } = &answer;
    let rows = fields.iter().map(|field| {
        let classified = if field.classified { "classified" } else { "" };
        [field.field_name.clone(), classified.to_owned()]
    });
    let rows: Vec<[String; 2]> = rows.collect();
    let heading = (["FIELD", "CLASSIFIED"], ["field", "classified"]);
    print_list(form, flags.show.screen(), heading, &rows, &answer)?;
    say_partial(*is_partial);
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
    let (local, details) = open(fields)?;
    let arrival = local.arrival("values");
    let range = fields.times.range(arrival.now)?;
    let query = FieldValuesQuery {
        field_name: field.clone(),
        prefix: prefix.clone(),
        conditions: fields.selection.conditions.clone(),
        start_time: Some(range.start),
        end_time: Some(range.end),
        offset: *offset,
        limit: fields.limit,
    };
    let body = written::field_values(&details, &query);
    let request: FieldValuesRequest = connect::decode(&body)?;
    let snapshot = local.app.snapshot();
    let mirror = &local.app.mirror;
    let asked = mirror.field_values(&snapshot.connections, &Caller::Anyone, arrival, &request);
    let answer = local
        .run(asked)?
        .map_err(|failure| connect::failed(&failure))?;
    let FieldValuesResponse { is_partial, values } = &answer;
    let text = |value: &FieldValue| match value {
        FieldValue::CompleteValue { value } | FieldValue::FieldValuePattern { value } => {
            [value.clone()]
        }
    };
    let rows: Vec<[String; 1]> = values.iter().map(text).collect();
    print_list(
        form,
        fields.show.screen(),
        (["VALUE"], ["value"]),
        &rows,
        &answer,
    )?;
    say_partial(*is_partial);
    Ok(DONE)
}

/// Prints a list. `headings` are that of a table and that of CSV.
fn print_list<const N: usize>(
    form: Form,
    screen: Screen,
    headings: ([&str; N], [&str; N]),
    rows: &[[String; N]],
    answer: &impl Serialize,
) -> Result<(), u8> {
    let text = match form {
        Form::Csv => {
            let lines = rows
                .iter()
                .map(|row| show::csv(row.iter().map(String::as_str)));
            show::csv(headings.1) + &lines.collect::<String>()
        }
        Form::Table | Form::Chart => show::table(screen, headings.0, rows),
        Form::Json | Form::Yaml => {
            let json = serde_json::to_string(answer).map_err(|error| {
                print::error(&error);
                FAILED
            })?;
            show::document(&json, form)
        }
    };
    print::data(&text);
    Ok(())
}

fn say_partial(is_partial: bool) {
    if is_partial {
        print::note(&"note: the answer is partial; there are more");
    }
}
