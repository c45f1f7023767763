//! Label names in quotes, which older backends cannot parse (queries.md, "Canonical selector,
//! escaping, validation").

/// The first label name of `promql` that is written in quotes, as it stands between them.
///
/// A string that a matcher's operator follows is such a name; every other string of `PromQL` is a
/// value.
pub(super) fn quoted_label(promql: &str) -> Option<&str> {
    let mut rest = promql;
    while let Some(start) = rest.find(['"', '\'', '`']) {
        let (name, after) = string(&rest[start..])?;
        if is_matcher(after.trim_start()) {
            return Some(name);
        }
        rest = after;
    }
    None
}

/// The content of the string that `text` begins with, and what follows it.
fn string(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next()?;
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if is_escaped {
            is_escaped = false;
        } else if c == '\\' && quote != '`' {
            is_escaped = true;
        } else if c == quote {
            return Some((&text[1..at], &text[at + 1..]));
        }
    }
    None
}

fn is_matcher(text: &str) -> bool {
    let is_comparison = text.starts_with("==");
    !is_comparison && (text.starts_with('=') || text.starts_with("!=") || text.starts_with("!~"))
}

/// Whether `message`, a backend's text, is what a quoted label name gets from a backend that does
/// not know them. Measured on Prometheus 2.42, which cuts the name short, and VictoriaMetrics 1.79.
pub(super) fn is_about_names(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("unexpected") && message.contains("label") && message.contains("ident")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(promql: &str, expected: Option<&str>) {
        assert_eq!(quoted_label(promql), expected, "{promql}");
    }

    #[test]
    fn a_string_before_an_operator_is_a_name() {
        check(r#"{__name__="m","http.status"="200"}"#, Some("http.status"));
        check(r#"{"a b" !~ "x"}"#, Some("a b"));
        check(r#"m{'x.y'!="1"}"#, Some("x.y"));
        check(r#"{"a\"b"=~"c"}"#, Some(r#"a\"b"#));
    }

    #[test]
    fn other_strings_are_values() {
        check(r#"{__name__="m",job="a"}"#, None);
        check(r#"m{a="\"x\"=\"y\""}"#, None);
        check(r#"label_replace(m,"a","$1","b","(.*)")"#, None);
        check(r#"m{a=`"x"="y"`}"#, None);
        check(r#"m{a="unfinished"#, None);
        check("up", None);
    }

    #[test]
    fn the_messages_of_older_backends_are_known() {
        for message in [
            r#"invalid parameter "query": 1:15: parse error: unexpected string "\"http.stat"... in label matching, expected identifier or "}""#,
            r#"cannot parse matches[]={"a.b"="c"}: labelFilterExpr: unexpected token "\"a.b\""; want "ident"; unparsed data: "\"a.b\"=\"c\"}""#,
        ] {
            assert!(is_about_names(message), "{message}");
        }
        let other = "1:3: parse error: unexpected end of input inside braces";
        assert!(!is_about_names(other));
    }
}
