//! The configuration file: YAML with the place of each value. It does not know what a value means.

use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_saphyr::Spanned;

use super::error::{Code, Finding, Origin};
use super::files::{Files, LARGEST};
use super::layers;
use crate::connections::details::given::Given;

/// One value of the file.
pub(super) struct Entry {
    /// The section, if it stands in one.
    pub(super) section: Option<&'static str>,
    /// The key as written.
    pub(super) name: String,
    /// Line and column of the key, from 1.
    pub(super) name_at: (u64, u64),
    /// The value, placeholders still in it.
    pub(super) value: Given,
    /// Line and column of the value, from 1.
    pub(super) value_at: (u64, u64),
}

/// Reads the file at `path`.
pub(super) fn read(path: &Path, files: &mut Files) -> Result<Vec<Entry>, Finding> {
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
pub(super) fn parse(name: &str, text: &str) -> Result<Vec<Entry>, Finding> {
    let options = serde_saphyr::options! {
        // `on` and `yes` are words here, as they are in JSON.
        strict_booleans: true,
        with_snippet: false,
    };
    let document: Option<Document> =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            let origin = match error.location() {
                Some(location) => Origin::Place {
                    file: name.to_owned(),
                    line: location.line(),
                    column: location.column(),
                    path: String::new(),
                },
                None => Origin::File(name.to_owned()),
            };
            Finding::new(Code::Unreadable, origin, reason(&error))
        })?;
    Ok(document.map_or_else(Vec::new, |Document(entries)| entries))
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
        _ => "this cannot be read as settings",
    };
    text.to_owned()
}

/// The file as a whole.
struct Document(Vec<Entry>);

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DocumentVisitor)
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("settings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        let mut entries = Vec::new();
        while let Some(name) = map.next_key::<Spanned<String>>()? {
            let section = layers::SECTIONS.into_iter().find(|s| *s == name.value);
            if section.is_none() {
                entries.push(entry(None, name, map.next_value()?));
            } else if let Some(Members(members)) = map.next_value::<Option<Members>>()? {
                let members = members.into_iter();
                entries.extend(members.map(|(name, value)| entry(section, name, value)));
            }
        }
        Ok(Document(entries))
    }
}

/// The members of a section.
struct Members(Vec<(Spanned<String>, Spanned<Given>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("settings of a section")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

fn entry(section: Option<&'static str>, name: Spanned<String>, value: Spanned<Given>) -> Entry {
    let at = |place: serde_saphyr::Location| (place.line(), place.column());
    Entry {
        section,
        name_at: at(name.referenced),
        name: name.value,
        value_at: at(value.referenced),
        value: value.value,
    }
}
