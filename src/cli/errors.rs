//! `error` and `errors`: the catalogue, without any network.

use super::show::{self, ShowFlags};
use super::{DONE, USAGE, print};
use crate::failures::catalogue::pages;

/// Prints the page of `id`; the exit code.
pub(super) fn one(id: &str) -> u8 {
    if let Some(page) = pages::page(id) {
        let pages::Page {
            sentence,
            fix,
            how,
            mend,
            ..
        } = page;
        let id = page.id();
        print::data(&format!(
            "{id}  {sentence}\n\nFirst to try     {fix}\n\nHow it happens\n  {how}\n\nHow to fix it\n  {mend}\n"
        ));
        return DONE;
    }
    print::error(&format_args!(
        "there is no error {id:?}; `errors` lists them all"
    ));
    USAGE
}

/// Prints all ids; the exit code.
pub(super) fn all(markdown: bool, show: ShowFlags) -> u8 {
    if markdown {
        print::data(&pages::index());
        return DONE;
    }
    let form = match show.listed() {
        Ok(form) => form,
        Err(code) => return code,
    };
    let rows: Vec<[String; 3]> = pages::pages()
        .map(|page| [page.id(), page.sentence.to_owned(), page.fix.to_owned()])
        .collect();
    let text = match form {
        show::Form::Csv => {
            let lines = rows
                .iter()
                .map(|row| show::csv(row.iter().map(String::as_str)));
            show::csv(["id", "sentence", "fix"]) + &lines.collect::<String>()
        }
        show::Form::Json | show::Form::Yaml => {
            let entries = rows
                .iter()
                .map(|[id, sentence, fix]| Entry { id, sentence, fix });
            let entries: Vec<Entry<'_>> = entries.collect();
            show::document(&serde_json::to_string(&entries).unwrap_or_default(), form)
        }
        show::Form::Table | show::Form::Chart => {
            show::table(show.screen(), ["ID", "SENTENCE", "FIRST TO TRY"], &rows)
        }
    };
    print::data(&text);
    DONE
}

#[derive(serde::Serialize)]
struct Entry<'a> {
    id: &'a str,
    sentence: &'a str,
    fix: &'a str,
}
