//! The configuration as YAML that can be read again once its secrets are put back.

mod redact;
mod scalar;

use std::fmt::Write as _;

use super::account::Account;
use super::callers::DEFAULT;
use super::error::Origin;
use super::setting;
use super::setting::BACKEND_CALLS_FOR;
use super::setting::{API_KEY, CALLERS, CONNECTIONS, CONSOLE_TOKEN, SECRETS_DIR, Setting, WORKERS};
use super::tree::{Member, Node, Value};
use crate::connections::details::given::Given;
use crate::connections::details::given::Scalar;
pub(super) use redact::REDACTED;
use redact::{Shown, shown};

/// The column at which comments begin, where there is room for it.
const COMMENTS: usize = 48;

/// Writes the configuration of `account`; with `has_origins` a comment behind each value says where
/// it came from. Secrets are redacted, and paths of files are shown.
#[must_use]
pub fn yaml(account: &Account, has_origins: bool) -> String {
    let mut printer = Printer {
        account,
        has_origins,
        text: String::new(),
    };
    let mut section = None;
    for setting in setting::all() {
        if setting.section != section {
            section = setting.section;
            let _ = writeln!(printer.text, "{}:", section.unwrap_or_default());
        }
        printer.setting(&setting);
    }
    printer.callers();
    printer.connections();
    printer.text
}

struct Printer<'a> {
    account: &'a Account,
    has_origins: bool,
    text: String,
}

impl Printer<'_> {
    fn setting(&mut self, setting: &Setting) {
        let indent = if setting.section.is_some() { "  " } else { "" };
        let (value, origin) = match self.account.given(setting) {
            Some((_, origin)) if [API_KEY, CONSOLE_TOKEN].contains(setting) => {
                (REDACTED.to_owned(), of(origin))
            }
            Some((given, origin)) => (path(setting, given, origin), of(origin)),
            None if *setting == WORKERS => (self.account.cores.to_string(), "default".to_owned()),
            None => (setting.default.to_owned(), "default".to_owned()),
        };
        self.line(&format!("{indent}{}: {value}", setting.key), &origin);
    }

    fn callers(&mut self) {
        let account = self.account;
        if account.callers.is_empty() && account.caller.is_none() {
            return self.line(&format!("{CALLERS}: []"), "default");
        }
        let _ = writeln!(self.text, "{CALLERS}:");
        let is_default = |node: &Node| node.text_of("name") == Some(DEFAULT);
        for node in &account.callers {
            let variable = account.caller.as_ref().filter(|_| is_default(node));
            let holds = |member: &&Member| {
                variable.is_none() || !["tokens", "token_files"].contains(&member.name.as_str())
            };
            for (at, member) in node.members().iter().filter(holds).enumerate() {
                let dash = if at == 0 { "-" } else { " " };
                let value = shown(&member.node.given(), Shown::caller(&member.name));
                let origin = format!("{}:{}", account.file, member.node.at.0);
                self.line(&format!("  {dash} {}: {value}", member.name), &origin);
            }
            self.token_of_the_environment(variable);
        }
        if account.caller.is_some() && !account.callers.iter().any(is_default) {
            let origin = account.caller.as_ref().map(of).unwrap_or_default();
            self.line(&format!("  - name: {DEFAULT}"), &origin);
            self.token_of_the_environment(account.caller.as_ref());
        }
    }

    fn token_of_the_environment(&mut self, variable: Option<&Origin>) {
        let Some(variable) = variable else { return };
        let proof = match &self.account.caller_token_file {
            None => format!("tokens: [{REDACTED}]"),
            Some(file) => {
                let path = std::path::absolute(file).unwrap_or_else(|_| file.into());
                let path = scalar::text(&path.display().to_string());
                format!("token_files: [{path}]")
            }
        };
        self.line(&format!("    {proof}"), &of(variable));
    }

    fn connections(&mut self) {
        let account = self.account;
        if account.connections.is_empty() {
            return self.line(&format!("{CONNECTIONS}: {{}}"), "default");
        }
        let _ = writeln!(self.text, "{CONNECTIONS}:");
        for (name, node) in &account.connections {
            self.node(1, name, node, Shown::connection());
        }
    }

    /// Writes a member of a connection, maps member by member.
    fn node(&mut self, depth: usize, name: &str, node: &Node, how: Shown) {
        let indent = "  ".repeat(depth);
        let name = scalar::text(name);
        match &node.value {
            Value::Map(members) if !members.is_empty() => {
                let _ = writeln!(self.text, "{indent}{name}:");
                for member in members {
                    let how = how.inside(&member.name);
                    self.node(depth + 1, &member.name, &member.node, how);
                }
            }
            Value::Scalar(_) | Value::List(_) | Value::Map(_) => {
                let origin = format!("{}:{}", self.account.file, node.at.0);
                let value = shown(&node.given(), how);
                self.line(&format!("{indent}{name}: {value}"), &origin);
            }
        }
    }

    fn line(&mut self, text: &str, origin: &str) {
        self.text.push_str(text);
        if self.has_origins {
            let room = COMMENTS.saturating_sub(text.chars().count());
            let _ = write!(self.text, "{:room$} # {origin}", "");
        }
        self.text.push('\n');
    }
}

/// A value that is no secret. A path that was not given in the file is not relative to it, so it is
/// made one that means the same there.
fn path(setting: &Setting, given: &Given, origin: &Origin) -> String {
    let is_path = setting.key.ends_with("_file") || *setting == SECRETS_DIR;
    if !is_path
        && let Given::Scalar(Scalar::Text(text)) = given
        && given.number().is_some()
    {
        // A variable spells numbers as text.
        return text.clone();
    }
    if is_path
        && !matches!(origin, Origin::Place { .. })
        && let Ok(text) = given.clone().text()
        && let Ok(absolute) = std::path::absolute(text)
    {
        return scalar::text(&absolute.display().to_string());
    }
    if *setting == BACKEND_CALLS_FOR {
        return shown(given, Shown::Numbers);
    }
    shown(given, Shown::policy())
}

fn of(origin: &Origin) -> String {
    match origin {
        Origin::Flag(_) => "flag".to_owned(),
        Origin::Variable(name) => format!("env {name}"),
        Origin::Place { file, line, .. } => format!("{file}:{line}"),
        Origin::File(name) => name.clone(),
        Origin::Listener(_) => "default".to_owned(),
    }
}
