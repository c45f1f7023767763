//! Everything that the program said in this run, whichever process and whichever way: logs on the
//! finest level, answers with their headers, metrics, and what commands print.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Mutex;

/// The lines, each once but for what differs in every line of a log.
static HEARD: Mutex<Option<Heard>> = Mutex::new(None);

#[derive(Default)]
struct Heard {
    lines: HashSet<u64>,
    text: String,
}

/// Keeps what was said.
pub(crate) fn note(said: &str) {
    let mut heard = HEARD.lock().unwrap();
    let heard = heard.get_or_insert_default();
    for line in said.lines() {
        let mut hash = DefaultHasher::new();
        unstamped(line).hash(&mut hash);
        if heard.lines.insert(hash.finish()) {
            heard.text.push_str(line);
            heard.text.push('\n');
        }
    }
}

/// All that was kept.
pub(crate) fn all() -> String {
    let heard = HEARD.lock().unwrap();
    heard
        .as_ref()
        .map_or_else(String::new, |heard| heard.text.clone())
}

/// The line without the time at its beginning.
fn unstamped(line: &str) -> &str {
    match line.strip_prefix(r#"{"timestamp":""#) {
        Some(rest) => rest.split_once('"').map_or(rest, |(_, rest)| rest),
        None => line,
    }
}
