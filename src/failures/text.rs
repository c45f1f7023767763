//! How a failure is worded: one sentence, one thing to do, the id (experience.md, "Errors").
//!
//! `StackState` shows little more than the first 200 characters, so inserted values are cut and
//! further matter stands behind what can be done.

use crate::failures::Id;

/// Longest inserted value, in characters; a longer one is cut in the middle.
const INSERT: usize = 40;
/// Longest name and value of a condition together.
const PAIR: usize = 63;
/// Longest reason: words of ours, into which a name may be inserted.
const REASON: usize = 100;
/// Longest text as a whole, in characters.
const WHOLE: usize = 1_000;

/// The `details` of a failure: what happened, one thing to do, further matter, the id.
pub(super) fn details(id: Id, sentence: &str, fix: &str, more: Option<&str>) -> String {
    let mut text = format!("{sentence} {fix}");
    if let Some(more) = more.filter(|more| !more.is_empty()) {
        text.push(' ');
        text.push_str(more);
    }
    let id = format!(" [{id}]");
    let room = WHOLE - id.chars().count();
    let mut text: String = cleaned(&text);
    if text.chars().count() > room {
        text = text.chars().take(room - 1).chain(['…']).collect();
    }
    text + &id
}

/// `details` with further matter before its id.
pub(super) fn with_more(id: Id, details: &str, more: &str) -> String {
    let before = details.strip_suffix(&format!(" [{id}]"));
    let mut end = cleaned(more);
    if !end.ends_with('.') {
        end.push('.');
    }
    self::details(id, before.unwrap_or(details), &end, None)
}

/// A value, cut in the middle if it is long.
pub(super) fn insert(value: &str) -> String {
    within(value, INSERT)
}

/// A condition to add. It stands beside two more values, so name and value share what is left of 200
/// characters: 63.
pub(super) fn pair(name: &str, value: &str) -> String {
    let name = insert(name);
    let left = PAIR - name.chars().count();
    format!("{name} = {}", within(value, left.min(INSERT)))
}

/// A reason in our own words, cut in the middle if what was inserted into it is long.
pub(super) fn reason(words: &str) -> String {
    within(words, REASON)
}

fn within(value: &str, most: usize) -> String {
    let value = cleaned(value);
    let length = value.chars().count();
    if length <= most {
        return value;
    }
    let head = most / 2;
    let tail = most - head - 1;
    let first: String = value.chars().take(head).collect();
    let last: String = value.chars().skip(length - tail).collect();
    format!("{first}…{last}")
}

/// Names in the form that the predecessor's users know: `['instance', 'pod']`.
pub(super) fn list(names: &[impl AsRef<str>]) -> String {
    let names: Vec<String> = names
        .iter()
        .map(|name| format!("'{}'", name.as_ref()))
        .collect();
    format!("[{}]", names.join(", "))
}

/// The same, cut in the middle like a value: the names come from a backend, as many as it likes.
pub(super) fn few(names: &[impl AsRef<str>]) -> String {
    insert(&list(names))
}

/// Text without control characters, so that it stays one line wherever it is shown.
fn cleaned(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_is_cut_in_the_middle() {
        let cut = insert(&format!("begin{}end", "x".repeat(100)));
        assert_eq!(cut.chars().count(), INSERT);
        assert!(cut.starts_with("begin") && cut.ends_with("end") && cut.contains('…'));
        assert_eq!(insert("short"), "short");
    }

    #[test]
    fn the_id_survives_a_text_that_is_too_long() {
        let text = details(Id::Refused, &"x".repeat(5_000), "Fix it.", None);
        assert_eq!(text.chars().count(), WHOLE);
        assert!(text.ends_with(" [PM-3006]"));
    }

    #[test]
    fn further_matter_stands_before_the_id() {
        assert_eq!(
            with_more(
                Id::Refused,
                "It failed. Fix it. [PM-3006]",
                "the clocks differ"
            ),
            "It failed. Fix it. the clocks differ. [PM-3006]"
        );
    }

    #[test]
    fn control_characters_do_not_reach_the_caller() {
        assert_eq!(
            details(Id::Refused, "a\nb\u{1b}.", "Fix it.", Some("more")),
            "a b . Fix it. more [PM-3006]"
        );
    }

    #[test]
    fn names_are_listed_as_the_predecessor_listed_them() {
        assert_eq!(list(&["instance", "pod"]), "['instance', 'pod']");
    }
}
