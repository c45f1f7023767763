//! From JSON text to keys and values in document order.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::given::Given;
use crate::limits;
use crate::protocol::Invalid;

/// Leaves no more members of any list or object than it takes to see that there are too many: whoever
/// reads it says how many there may be.
fn shorten(given: &mut Given) {
    const MOST: usize = limits::DETAILS_MEMBERS + 1;
    match given {
        Given::Scalar(_) => {}
        Given::List(members) => {
            members.truncate(MOST);
            members.iter_mut().for_each(shorten);
        }
        Given::Map(members) => {
            members.truncate(MOST);
            members.iter_mut().for_each(|(_, given)| shorten(given));
        }
    }
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
        Ok(Entries(entries)) if entries.len() > limits::DETAILS_MEMBERS => {
            let most = limits::DETAILS_MEMBERS;
            let expectation = format!("must have at most {most} members");
            Err(Invalid::new("connectionDetails", expectation))
        }
        Ok(Entries(mut entries)) => {
            entries.iter_mut().for_each(|(_, given)| shorten(given));
            Ok(entries)
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_stays_longer_than_it_may_be_and_no_longer() {
        let list = format!("[{}]", vec!["1"; 5_000].join(","));
        let read = entries(&format!(r#"{{"a": {{"b": {list}}}, "c": [{list}]}}"#)).unwrap();
        let [(_, Given::Map(a)), (_, Given::List(c))] = &read[..] else {
            panic!("an object and a list");
        };
        for list in [&a[0].1, &c[0]] {
            assert!(matches!(list, Given::List(members) if members.len() == 1_001));
        }
    }
}
