//! `${NAME}` and `${NAME:-default}` in the strings of the configuration file.
//!
//! They are replaced after the YAML has been parsed, so that a value cannot change the structure.
//! `$${NAME}` stands for `${NAME}` itself.

use super::environment::Environment;
use crate::connections::details::given::Scalar;

/// Why a placeholder has no value. The text names the variable, which the file says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PlaceholderError {
    /// The variable is neither set nor has a default.
    #[error("the variable {0} is not set; give it, or a default as ${{{0}:-default}}")]
    Unset(String),
    /// `${` that begins no placeholder.
    #[error("has a ${{ that begins no ${{NAME}}; write $${{ for the characters themselves")]
    Malformed,
}

/// `scalar` with its placeholders filled.
pub(super) fn filled(
    scalar: Scalar,
    environment: &dyn Environment,
) -> Result<Scalar, PlaceholderError> {
    let Scalar::Text(text) = scalar else {
        return Ok(scalar);
    };
    let replaced = text_replaced(&text, environment)?;
    // One placeholder alone may fill a boolean; numbers are read from text anyway.
    let is_alone = text.starts_with("${") && text.find('}') == Some(text.len() - 1);
    Ok(match replaced.as_str() {
        "" => Scalar::Absent,
        "true" if is_alone => Scalar::Flag(true),
        "false" if is_alone => Scalar::Flag(false),
        _ => Scalar::Text(replaced),
    })
}

fn text_replaced(text: &str, environment: &dyn Environment) -> Result<String, PlaceholderError> {
    let mut replaced = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, placeholder) = rest.split_at(at);
        if let Some(before) = before.strip_suffix('$') {
            replaced += before;
            replaced += "${";
            rest = &placeholder[2..];
            continue;
        }
        replaced += before;
        let (inner, after) = placeholder[2..]
            .split_once('}')
            .ok_or(PlaceholderError::Malformed)?;
        replaced += &value(inner, environment)?;
        rest = after;
    }
    replaced += rest;
    Ok(replaced)
}

fn value(inner: &str, environment: &dyn Environment) -> Result<String, PlaceholderError> {
    let (name, default) = match inner.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inner, None),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(is_name) {
        return Err(PlaceholderError::Malformed);
    }
    environment
        .variable(name)
        .or_else(|| default.map(str::to_owned))
        .ok_or_else(|| PlaceholderError::Unset(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &Result<Scalar, PlaceholderError>) {
        let environment = HashMap::from([("NAME", "va}lue${X}"), ("YES", "true"), ("EMPTY", "")]);
        let scalar = filled(Scalar::Text(text.to_owned()), &environment);
        assert!(scalar == *expected, "{text}");
    }

    #[track_caller]
    fn becomes(text: &str, expected: &str) {
        check(text, &Ok(Scalar::Text(expected.to_owned())));
    }

    #[test]
    fn a_value_is_put_in_once_and_not_read_again() {
        becomes("a ${NAME} b", "a va}lue${X} b");
        becomes("${NAME}${NAME}", "va}lue${X}va}lue${X}");
        becomes("$NAME $ $$", "$NAME $ $$");
    }

    #[test]
    fn a_default_stands_in_for_what_is_unset_or_empty() {
        becomes("${NONE:-x:-y}", "x:-y");
        becomes("${EMPTY:-x}", "x");
        check("${EMPTY:-}", &Ok(Scalar::Absent));
    }

    #[test]
    fn a_doubled_dollar_is_literal() {
        becomes("$${NAME}", "${NAME}");
        becomes("a$${NAME}${YES}", "a${NAME}true");
    }

    #[test]
    fn one_placeholder_alone_may_fill_a_boolean() {
        check("${YES}", &Ok(Scalar::Flag(true)));
        check("${NONE:-false}", &Ok(Scalar::Flag(false)));
        becomes("${YES}${EMPTY:-}", "true");
        becomes("true", "true");
    }

    #[test]
    fn what_has_no_value_is_named() {
        check("${NONE}", &Err(PlaceholderError::Unset("NONE".to_owned())));
        check(
            "${EMPTY}",
            &Err(PlaceholderError::Unset("EMPTY".to_owned())),
        );
        for text in ["${", "${a-b}", "${}", "${:-x}"] {
            check(text, &Err(PlaceholderError::Malformed));
        }
    }
}
