//! Connection details that a person names on the command line: JSON, or YAML for the eye.

use serde::de::IgnoredAny;

use super::error::{Code, Finding};
use super::file;
use super::tree::{Node, Value};
use crate::connections::details::given::Scalar;

/// The text of a document called `name` as JSON; what is JSON already stays as it is.
///
/// # Errors
///
/// `PM-5001` where it is neither.
pub fn as_json(name: &str, text: &str) -> Result<String, Finding> {
    if serde_json::from_str::<IgnoredAny>(text).is_ok() {
        return Ok(text.to_owned());
    }
    Ok(json(&file::parse(name, text)?))
}

fn json(node: &Node) -> String {
    let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
    match &node.value {
        Value::Scalar(Scalar::Absent | Scalar::Nested) => "null".to_owned(),
        Value::Scalar(Scalar::Flag(flag)) => flag.to_string(),
        Value::Scalar(Scalar::Number(number)) => number.to_string(),
        Value::Scalar(Scalar::Text(text)) => quoted(text),
        Value::List(members) => {
            let members: Vec<String> = members.iter().map(json).collect();
            format!("[{}]", members.join(","))
        }
        Value::Map(members) => {
            let members = members.iter();
            let members: Vec<String> = members
                .map(|member| format!("{}:{}", quoted(&member.name), json(&member.node)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
    }
}

/// Says that connection details cannot be read.
#[must_use]
pub fn unreadable(name: &str, reason: &dyn std::fmt::Display) -> Finding {
    let origin = super::Origin::File(name.to_owned());
    Finding::new(
        Code::Unreadable,
        origin,
        format!("the file cannot be read: {reason}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(as_json("details.yaml", text).unwrap(), expected);
    }

    #[test]
    fn yaml_becomes_json_and_json_stays_what_it_is() {
        check(
            "url: http://a\nport: 9090\naws: {}\nscopes: [a, 1.5, true, ~]\n",
            r#"{"url":"http://a","port":9090,"aws":{},"scopes":["a",1.5,true,null]}"#,
        );
        check(r#"{ "url" : 1e2 }"#, r#"{ "url" : 1e2 }"#);
    }

    #[test]
    fn what_is_neither_is_refused_with_its_place() {
        let finding = as_json("details.yaml", "url: [").unwrap_err();
        assert!(
            finding.to_string().starts_with("details.yaml:1:"),
            "{finding}"
        );
    }
}
