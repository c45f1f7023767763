//! JSON for people: laid out without being understood, so that every number keeps its spelling.

/// The document with one member a line, and innermost lists on one line.
pub(crate) fn pretty(json: &str) -> String {
    let tokens = tokens(json);
    let mut text = String::new();
    let mut depth = 0;
    let mut flat = 0;
    for (at, token) in tokens.iter().enumerate() {
        let is_flat = flat > 0;
        match token.as_str() {
            "[" | "{" => {
                text.push_str(token);
                let inner = tokens[at + 1..]
                    .iter()
                    .find(|t| "[]{}".contains(t.as_str()));
                let is_innermost = inner.is_some_and(|t| "]}".contains(t.as_str()));
                if is_flat || (is_innermost && (token == "[" || tokens[at + 1] == "}")) {
                    flat += 1;
                } else {
                    depth += 1;
                    line(&mut text, depth);
                }
            }
            "]" | "}" if is_flat => {
                flat -= 1;
                text.push_str(token);
            }
            "]" | "}" => {
                depth -= 1;
                line(&mut text, depth);
                text.push_str(token);
            }
            "," if is_flat => text.push_str(", "),
            "," => {
                text.push(',');
                line(&mut text, depth);
            }
            ":" => text.push_str(": "),
            _ => text.push_str(token),
        }
    }
    text.push('\n');
    text
}

fn line(text: &mut String, depth: usize) {
    text.push('\n');
    text.push_str(&"  ".repeat(depth));
}

/// Punctuation, strings and other scalars, without the blanks between them.
fn tokens(json: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let (mut in_string, mut is_escaped, mut goes_on) = (false, false, false);
    for c in json.chars() {
        if in_string {
            tokens.last_mut().unwrap().push(c);
            in_string = c != '"' || is_escaped;
            is_escaped = c == '\\' && !is_escaped;
        } else if c.is_whitespace() {
            goes_on = false;
        } else if goes_on && !"[]{},:\"".contains(c) {
            tokens.last_mut().unwrap().push(c);
        } else {
            in_string = c == '"';
            goes_on = !"[]{},:\"".contains(c);
            tokens.push(c.to_string());
        }
    }
    tokens
}

/// The text of the member `name` at the first place where it stands, if it is a string; escapes are
/// kept as they are.
pub(crate) fn text_of<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = json.split_once(&format!("\"{name}\":"))?;
    let rest = rest.trim_start().strip_prefix('"')?;
    let mut is_escaped = false;
    let end = rest.find(|c| {
        let ends = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    })?;
    Some(&rest[..end])
}

#[test]
fn rows_stand_on_one_line_and_numbers_keep_their_spelling() {
    let json = r#"{"a":[[-0.0,1],[1e300,2]],"b":[],"c":{},"d":[{"e":"[,\"]"}]}"#;
    let expected = r#"{
  "a": [
    [-0.0, 1],
    [1e300, 2]
  ],
  "b": [],
  "c": {},
  "d": [
    {
      "e": "[,\"]"
    }
  ]
}
"#;
    assert_eq!(pretty(json), expected);
    assert_eq!(pretty(expected), expected);
}

#[test]
fn the_text_of_a_member_ends_at_its_own_quote() {
    assert_eq!(
        text_of(r#"{"a": 1, "b": "x\"y", "c": "z"}"#, "b"),
        Some(r#"x\"y"#)
    );
    assert_eq!(text_of(r#"{"a": 1}"#, "a"), None);
}
