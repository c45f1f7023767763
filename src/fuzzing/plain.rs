//! JSON as everybody reads it, to compare our readers with.
#![expect(
    clippy::disallowed_types,
    reason = "a tree is the plain reader that the others are compared with"
)]

#[cfg(test)]
pub(crate) use serde_json::Map;
pub(crate) use serde_json::Value;

/// A document, and what a tree of it does not show.
#[derive(Debug)]
pub(crate) struct Document {
    /// The tree. Of two equal keys it has the last.
    pub(crate) value: Value,
    /// Whether some object has a key twice.
    pub(crate) has_duplicates: bool,
    /// How many arrays and objects stand inside of one another.
    pub(crate) depth: usize,
}

impl Document {
    /// Reads `text`; `None` if it is no JSON, or deeper than 128.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(text).ok()?;
        Some(Self {
            has_duplicates: colons(text) != keys(&value),
            depth: depth(&value),
            value,
        })
    }

    /// Whether a key of an object holds `text`.
    pub(crate) fn has_key_with(&self, text: &str) -> bool {
        fn has(value: &Value, text: &str) -> bool {
            match value {
                Value::Array(members) => members.iter().any(|it| has(it, text)),
                Value::Object(members) => members
                    .iter()
                    .any(|(key, it)| key.contains(text) || has(it, text)),
                _ => false,
            }
        }
        has(&self.value, text)
    }
}

/// Colons outside of strings: one a member.
fn colons(text: &[u8]) -> usize {
    let (mut count, mut is_string, mut is_escaped) = (0, false, false);
    for byte in text {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_string,
            b'"' => is_string = !is_string,
            b':' if !is_string => count += 1,
            _ => {}
        }
    }
    count
}

fn keys(value: &Value) -> usize {
    match value {
        Value::Array(members) => members.iter().map(keys).sum(),
        Value::Object(members) => members.len() + members.values().map(keys).sum::<usize>(),
        _ => 0,
    }
}

fn depth(value: &Value) -> usize {
    let deepest = match value {
        Value::Array(members) => members.iter().map(depth).max(),
        Value::Object(members) => members.values().map(depth).max(),
        _ => return 0,
    };
    1 + deepest.unwrap_or(0)
}
