//! The configuration file: from its path to a tree of values.

use std::fmt;
use std::path::Path;

use super::error::{Code, Finding, Origin};
use super::files::{Files, LARGEST};
use super::tree::{Node, Value};

/// How many lists and maps stand inside of one another at most: more than any setting has.
const LEVELS: usize = 8;

/// A file that says nothing.
pub(super) fn nothing() -> Node {
    Node {
        at: (1, 1),
        value: Value::Map(Vec::new()),
    }
}

/// Reads the file at `path`.
pub(super) fn read(path: &Path, files: &mut Files) -> Result<Node, Finding> {
    let name = path.display().to_string();
    let unreadable = |reason: &dyn fmt::Display| {
        let text = format!("the file cannot be read: {reason}");
        Finding::new(Code::Unreadable, Origin::File(name.clone()), text)
    };
    let bytes = files.read(path).map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(unreadable(&"it is over 1 MiB"));
    }
    let text = String::from_utf8(bytes).map_err(|_| unreadable(&"it is not UTF-8"))?;
    parse(&name, &text)
}

/// Reads the text of a file called `name`.
pub(super) fn parse(name: &str, text: &str) -> Result<Node, Finding> {
    let options = serde_saphyr::options! {
        // `on` and `yes` are words here, as they are in JSON.
        strict_booleans: true,
        with_snippet: false,
        budget: serde_saphyr::budget! { max_depth: LEVELS },
    };
    let origin = |place: Option<serde_saphyr::Location>| match place {
        Some(place) => Origin::Place {
            file: name.to_owned(),
            line: place.line(),
            column: place.column(),
            path: String::new(),
        },
        None => Origin::File(name.to_owned()),
    };
    let document: Option<Node> =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            Finding::new(Code::Unreadable, origin(error.location()), reason(&error))
        })?;
    Ok(document
        .filter(|node| !node.is_absent())
        .unwrap_or_else(nothing))
}

/// The parser's reason in our words: its own repeat the place, and some of them a value.
fn reason(error: &serde_saphyr::Error) -> String {
    use serde_saphyr::Error;
    let text = match error.without_snippet() {
        Error::ExternalMessage { msg, .. } => msg,
        Error::Unexpected { expected, .. } => return format!("expected {expected}"),
        Error::DuplicateMappingKey { .. } => "this key is given twice",
        Error::MultipleDocuments { .. } => "a second document begins here",
        Error::Eof { .. } => "the file ends too early",
        Error::UnknownAnchor { .. } => "this alias has no anchor",
        Error::NonFiniteFloat { .. } => "numbers must be finite",
        Error::Budget { .. } => "this is nested too deeply, or there is too much of it",
        _ => "this cannot be read as settings",
    };
    text.to_owned()
}
