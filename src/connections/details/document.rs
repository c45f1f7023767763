//! From JSON text to keys and values in document order.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::given::Given;
use super::keys;
use crate::limits;
use crate::protocol::Invalid;

/// The path of the first list or object that has too many members.
fn longest(entries: &[(String, Given)]) -> Option<String> {
    fn of(path: String, given: &Given) -> Option<String> {
        match given {
            Given::Scalar(_) => None,
            Given::List(members) if members.len() > limits::DETAILS_MEMBERS => Some(path),
            Given::List(members) => members.iter().find_map(|it| of(path.clone(), it)),
            Given::Map(members) => within(path, members),
        }
    }
    fn within(path: String, members: &[(String, Given)]) -> Option<String> {
        if members.len() > limits::DETAILS_MEMBERS {
            return Some(path);
        }
        let inner = |name: &str| format!("{path}.{}", keys::shown(name));
        members.iter().find_map(|(name, it)| of(inner(name), it))
    }
    within("connectionDetails".to_owned(), entries)
}

/// The keys of an object with their values, in document order.
struct Entries(Vec<(String, Given)>);

/// Reads the text of a JSON object.
///
/// # Errors
///
/// The path that is no JSON, or that holds a number beyond all floats; or that it is no object.
pub(super) fn entries(text: &str) -> Result<Vec<(String, Given)>, Invalid> {
    let mut json = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize(&mut json) {
        Ok(Entries(entries)) => match longest(&entries) {
            None => Ok(entries),
            Some(path) => {
                let most = limits::DETAILS_MEMBERS;
                Err(Invalid::new(
                    path,
                    format!("must have at most {most} members"),
                ))
            }
        },
        Err(error) if error.inner().is_data() => {
            Err(Invalid::new("connectionDetails", "must be an object"))
        }
        Err(error) => {
            let path = error.path().to_string();
            let inner = if path == "." {
                String::new()
            } else {
                format!(".{path}")
            };
            Err(Invalid::new(
                format!("connectionDetails{inner}"),
                "must be valid JSON; numbers must be finite",
            ))
        }
    }
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Entries(entries))
    }
}
