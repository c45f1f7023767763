//! JSON without a tree: the members of one object, in their order, and YAML made of any document.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::value::RawValue;

/// The members of an object, each value as it was written.
#[derive(Debug, Default)]
pub(super) struct Members(pub(super) Vec<(String, Box<RawValue>)>);

impl Members {
    /// The members of the object `text`; `None` if it is none.
    pub(super) fn of(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Gives the member `name` the value `json`, in its old place if there is one.
    pub(super) fn set(&mut self, name: &str, json: &str) {
        let Ok(value) = serde_json::from_str::<Box<RawValue>>(json) else {
            return;
        };
        match self.0.iter_mut().find(|(key, _)| key == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// The object as JSON.
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// Words in the names of members whose values are secrets, or may be.
const SECRET: [&str; 9] = [
    "password",
    "secret",
    "token",
    "credential",
    "key",
    "authorization",
    "headers",
    "parameters",
    "params",
];

/// Connection details without what may be secret: below such a name each text, and user information
/// in URLs.
pub(super) fn redacted(text: &str) -> String {
    cleaned(text, false)
}

fn cleaned(text: &str, is_secret: bool) -> String {
    match text.as_bytes().first() {
        Some(b'{') => {
            let mut members = Members::of(text).unwrap_or_default();
            for (name, value) in &mut members.0 {
                let lower = name.to_lowercase();
                // Names of files and of kinds say nothing.
                let is_open = lower.ends_with("_file") || lower == "type";
                let is_named = SECRET.iter().any(|word| lower.contains(word));
                let text = cleaned(value.get(), (is_secret || is_named) && !is_open);
                if let Ok(cleaned) = serde_json::from_str(&text) {
                    *value = cleaned;
                }
            }
            members.text()
        }
        Some(b'[') => {
            let members: Vec<Box<RawValue>> = serde_json::from_str(text).unwrap_or_default();
            let members = members.iter().map(|it| cleaned(it.get(), is_secret));
            format!("[{}]", members.collect::<Vec<_>>().join(","))
        }
        Some(b'"') if is_secret => r#""<redacted>""#.to_owned(),
        Some(b'"') => {
            let value: String = serde_json::from_str(text).unwrap_or_default();
            let parts = value.split_once("://");
            let user = parts.and_then(|(_, rest)| rest.split('/').next()?.rsplit_once('@'));
            match user {
                Some((user, _)) => {
                    let value = value.replacen(user, "<redacted>", 1);
                    serde_json::to_string(&value).unwrap_or_default()
                }
                None => text.to_owned(),
            }
        }
        _ if is_secret => r#""<redacted>""#.to_owned(),
        _ => text.to_owned(),
    }
}

/// The JSON document `text` as YAML in block style. Scalars stay as they are written, since those of
/// JSON are YAML too.
pub(super) fn yaml(text: &str) -> String {
    let mut lines = String::new();
    block(text.trim(), 0, &mut lines);
    lines
}

/// Writes a value that begins at the indentation `depth`, and ends its line.
fn block(text: &str, depth: usize, to: &mut String) {
    let indent = "  ".repeat(depth);
    match text.as_bytes().first() {
        Some(b'{') if text != "{}" => {
            for (name, value) in Members::of(text).unwrap_or_default().0 {
                let name = key(&name);
                let value = value.get();
                to.push_str(&format!("{indent}{name}:"));
                below(value, depth + usize::from(value.starts_with('{')), to);
            }
        }
        Some(b'[') if text != "[]" => {
            let members: Vec<Box<RawValue>> = serde_json::from_str(text).unwrap_or_default();
            for value in members {
                let value = value.get();
                if is_flat(value) {
                    to.push_str(&format!("{indent}- {value}\n"));
                    continue;
                }
                // The first line of the member moves up behind its dash.
                let mut inner = String::new();
                block(value, depth + 1, &mut inner);
                let inner = inner.get(2 * (depth + 1)..).unwrap_or_default();
                to.push_str(&format!("{indent}- {inner}"));
            }
        }
        _ => to.push_str(&format!("{indent}{text}\n")),
    }
}

fn below(value: &str, depth: usize, to: &mut String) {
    if is_flat(value) {
        to.push_str(&format!(" {value}\n"));
    } else {
        to.push('\n');
        block(value, depth, to);
    }
}

/// Whether the value stands on one line: a scalar, nothing, or a list of scalars (a point).
fn is_flat(value: &str) -> bool {
    match value.as_bytes().first() {
        Some(b'{') => value == "{}",
        Some(b'[') => {
            let members: Vec<Box<RawValue>> = serde_json::from_str(value).unwrap_or_default();
            let is_number =
                |member: &str| member.starts_with(|c: char| c.is_ascii_digit() || c == '-');
            members.iter().all(|member| is_number(member.get()))
        }
        _ => true,
    }
}

/// A key, in quotes where it needs them.
fn key(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !["null", "true", "false", "yes", "no", "on", "off", "y", "n"].contains(&name);
    if is_plain {
        name.to_owned()
    } else {
        serde_json::to_string(name).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_holds_what_the_json_held() {
        let json = r#"{"a":1,"b":{"c":[],"d":"x: y"},"e":[{"f":true,"g":{}},["h",null],[1,-2.5]],"i j":{}}"#;
        assert_eq!(
            yaml(json),
            "a: 1\nb:\n  c: []\n  d: \"x: y\"\ne:\n- f: true\n  g: {}\n- - \"h\"\n  - null\n\
             - [1,-2.5]\n\"i j\": {}\n"
        );
    }

    #[test]
    fn no_secret_of_connection_details_is_shown() {
        let details = r#"{"url":"http://u:planted@a/x","basic_auth":{"username":"u","password":"planted","password_file":"/f"},"authorization":{"type":"Bearer","credentials":"planted"},"headers":{"X-A":"planted"},"port":1,"aws":{"secret_key":"planted"},"scopes":["a"]}"#;
        let shown = redacted(details);
        assert!(!shown.contains("planted"), "{shown}");
        for kept in [
            "http://<redacted>@a/x",
            r#""username":"u""#,
            "/f",
            "Bearer",
            r#"["a"]"#,
            r#""port":1"#,
        ] {
            assert!(shown.contains(kept), "{kept}: {shown}");
        }
    }

    #[test]
    fn a_member_keeps_its_place_when_it_is_replaced() {
        let mut members = Members::of(r#"{"b":1,"a":2}"#).unwrap();
        members.set("b", "\"x\"");
        members.set("c", "null");
        assert_eq!(members.text(), r#"{"b":"x","a":2,"c":null}"#);
        assert!(Members::of("[]").is_none());
    }
}
