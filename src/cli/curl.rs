//! Calls as `curl` commands, each secret as the name of a variable. Nothing of a secret is in a record,
//! so nothing can be printed here.

use super::record::{Call, Record};
use super::told::length;
use crate::record::stages::REDACTED;

/// What a dry run would have sent, a command each; what it took for granted stands before it.
pub(super) fn calls(record: &Record) -> String {
    let mut text = String::new();
    if let Some(plan) = &record.stages.plan {
        let named = |what: &String| match (what.as_str(), &plan.dialect, plan.scrape_interval_ms) {
            ("dialect", Some(dialect), _) => format!("dialect {dialect}"),
            ("histogram", ..) => "a classic histogram".to_owned(),
            ("scrape_interval", _, Some(millis)) => format!("scrape interval {}", length(millis)),
            (other, ..) => other.replace('_', " "),
        };
        let assumed: Vec<String> = plan.assumed.iter().map(named).collect();
        if !assumed.is_empty() {
            let assumed = assumed.join(", ");
            text.push_str(&format!("# assumed, a probe would tell: {assumed}\n"));
        }
    }
    for call in &record.stages.calls {
        let hidden = |(name, value): &(String, String)| {
            (name == "query" || name == "match[]") && value.contains(REDACTED)
        };
        if call.parameters.iter().any(hidden) {
            text.push_str("# values of classified labels are not shown: fill them in\n");
        }
        text.push_str(&command(call));
        text.push('\n');
    }
    if record.stages.calls.is_empty() && record.outcome.error.is_none() {
        text.push_str("# nothing would be sent\n");
    }
    text
}

fn command(call: &Call) -> String {
    let get = if call.verb == "GET" { " -G" } else { "" };
    let mut parts = vec![format!("curl -sS{get} {}", word(&call.url))];
    let authentication = &call.authentication;
    match authentication.kind.as_str() {
        "basic" => parts.push(r#"-u "$BACKEND_USER:$BACKEND_PASSWORD""#.to_owned()),
        "bearer" => parts.push(r#"-H "Authorization: Bearer $BACKEND_TOKEN""#.to_owned()),
        "oauth2" => parts.push(r#"-H "Authorization: Bearer $ACCESS_TOKEN""#.to_owned()),
        "aws" => {
            let region = authentication.region.as_deref().unwrap_or("$AWS_REGION");
            let service = authentication.service.as_deref().unwrap_or("aps");
            parts.push(format!(r#"--aws-sigv4 "aws:amz:{region}:{service}""#));
            parts.push(r#"-u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY""#.to_owned());
            parts.push(r#"-H "X-Amz-Security-Token: $AWS_SESSION_TOKEN""#.to_owned());
        }
        _ => {}
    }
    for (name, _) in &call.headers {
        parts.push(format!(r#"-H "{name}: ${}""#, variable(name)));
    }
    for (name, value) in &call.parameters {
        parts.push(if value == REDACTED {
            format!(
                "--data-urlencode {}\"${}\"",
                word(&format!("{name}=")),
                variable(name)
            )
        } else {
            format!("--data-urlencode {}", word(&format!("{name}={value}")))
        });
    }
    parts.join(" \\\n  ")
}

/// A word of a POSIX shell.
fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The name of a variable for the value of `name`.
fn variable(name: &str) -> String {
    let upper = name.chars().map(|c| match c {
        c if c.is_ascii_alphanumeric() => c.to_ascii_uppercase(),
        _ => '_',
    });
    ['_']
        .into_iter()
        .filter(|_| name.starts_with(|c: char| c.is_ascii_digit()))
        .chain(upper)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(call: &str, expected: &str) {
        let record = format!(r#"{{"stages":{{"calls":[{call}]}}}}"#);
        let record: Record = serde_json::from_str(&record).unwrap();
        assert_eq!(calls(&record), expected);
    }

    #[test]
    fn a_call_is_a_command_that_a_shell_reads_as_it_is_meant() {
        check(
            r#"{"verb":"POST","url":"http://a:1/api/v1/query","parameters":[["query","up{a=\"it's\"}"],["time","1"]]}"#,
            "curl -sS http://a:1/api/v1/query \\\n  --data-urlencode 'query=up{a=\"it'\\''s\"}' \\\n  --data-urlencode time=1\n",
        );
    }

    #[test]
    fn secrets_are_names_of_variables() {
        check(
            r#"{"verb":"GET","url":"http://a/x","parameters":[["api-key","<redacted>"]],
               "headers":[["X-Scope-OrgID","<redacted>"]],"authentication":{"kind":"basic"}}"#,
            "curl -sS -G http://a/x \\\n  -u \"$BACKEND_USER:$BACKEND_PASSWORD\" \\\n  \
             -H \"X-Scope-OrgID: $X_SCOPE_ORGID\" \\\n  --data-urlencode api-key=\"$API_KEY\"\n",
        );
        check(
            r#"{"verb":"POST","url":"http://a/x","authentication":{"kind":"aws","region":"eu-west-1","service":"aps"}}"#,
            "curl -sS http://a/x \\\n  --aws-sigv4 \"aws:amz:eu-west-1:aps\" \\\n  \
             -u \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\" \\\n  \
             -H \"X-Amz-Security-Token: $AWS_SESSION_TOKEN\"\n",
        );
    }

    #[test]
    fn what_a_probe_would_have_told_is_marked() {
        let record = r#"{"stages":{"plan":{"dialect":"promql-open","scrape_interval_ms":60000,
            "assumed":["dialect","scrape_interval"]}}}"#;
        let record: Record = serde_json::from_str(record).unwrap();
        assert_eq!(
            calls(&record),
            "# assumed, a probe would tell: dialect promql-open, scrape interval 60 s\n\
             # nothing would be sent\n"
        );
    }
}
