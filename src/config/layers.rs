//! Which settings there are, and which layer a value comes from.

use std::path::Path;

use super::Flags;
use super::environment::Environment;
use super::error::{Code, Finding, Origin};
use super::file::{self, Entry};
use super::files::Files;
use super::placeholder;
use crate::connections::details::given::Given;
use crate::connections::details::given::Scalar;
use crate::connections::details::keys;
use crate::connections::details::options;

/// Sections of the file.
pub(super) const SECTIONS: [&str; 2] = ["log", "defaults"];

/// Settings of chapters that are not built yet: refused, since ignoring a limit would be worse.
const LATER: [&str; 9] = [
    "allowed_callers",
    "callers",
    "trusted_proxies",
    "tls",
    "private_targets",
    "limits",
    "policy",
    "connections",
    "console",
];

/// A setting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    section: Option<&'static str>,
    key: &'static str,
    /// Its variable, if that does not follow from section and key.
    variable: Option<&'static str>,
}

pub(super) const LISTEN: Setting = top("listen", "MIRROR_LISTEN");
pub(super) const PORT: Setting = top("port", "PORT");
pub(super) const ADMIN_PORT: Setting = top("admin_port", "ADMIN_PORT");
pub(super) const WORKERS: Setting = top("workers", "WORKERS");
pub(super) const API_KEY: Setting = top("api_key", "API_KEY");
pub(super) const API_KEY_FILE: Setting = top("api_key_file", "API_KEY_FILE");
pub(super) const LOG_FORMAT: Setting = member("log", "format");
pub(super) const LOG_LEVEL: Setting = member("log", "level");
pub(super) const TIMEOUT: Setting = member("defaults", "timeout");

const SETTINGS: [Setting; 9] = [
    LISTEN,
    PORT,
    ADMIN_PORT,
    WORKERS,
    API_KEY,
    API_KEY_FILE,
    LOG_FORMAT,
    LOG_LEVEL,
    TIMEOUT,
];

const fn top(key: &'static str, variable: &'static str) -> Setting {
    Setting {
        section: None,
        key,
        variable: Some(variable),
    }
}

const fn member(section: &'static str, key: &'static str) -> Setting {
    Setting {
        section: Some(section),
        key,
        variable: None,
    }
}

/// The query options in `defaults`, by their names.
pub(super) fn query_options() -> impl Iterator<Item = (&'static str, Setting)> {
    let names = options::NAMES.into_iter();
    names.map(|name| (name, member("defaults", name)))
}

impl Setting {
    /// Its place in the file: `log.level`.
    pub(super) fn path(&self) -> String {
        let section = self.section.map(|section| format!("{section}."));
        section.unwrap_or_default() + self.key
    }

    /// Its variable: `MIRROR_LOG_LEVEL`. None is called `MIRROR_PORT`: Kubernetes sets that to an
    /// address for a service named `mirror`.
    pub(super) fn variable(&self) -> String {
        self.variable.map_or_else(
            || {
                let path = self.path().replace('.', "_");
                format!("MIRROR_{}", path.to_ascii_uppercase())
            },
            str::to_owned,
        )
    }
}

/// What each layer says.
pub(super) struct Layers<'a> {
    flags: &'a Flags,
    environment: &'a dyn Environment,
    file_name: String,
    entries: Vec<Entry>,
}

impl<'a> Layers<'a> {
    /// The layers over the file at `path`, if there is one.
    pub(super) fn new(
        flags: &'a Flags,
        environment: &'a dyn Environment,
        path: Option<&Path>,
        files: &mut Files,
    ) -> Result<Self, Finding> {
        Ok(Self {
            flags,
            environment,
            file_name: path
                .map(|path| path.display().to_string())
                .unwrap_or_default(),
            entries: path.map_or(Ok(Vec::new()), |path| file::read(path, files))?,
        })
    }

    /// The value of `setting` from the first layer that gives one.
    pub(super) fn value(&self, setting: &Setting) -> Result<Option<(Given, Origin)>, Finding> {
        if let Some(given) = self.flag(setting) {
            let flag = format!("--{}", setting.key.replace('_', "-"));
            return Ok(Some((given, Origin::Flag(flag))));
        }
        let variable = setting.variable();
        if let Some(text) = self.environment.variable(&variable) {
            return Ok(Some((spelled(setting, text), Origin::Variable(variable))));
        }
        let is_meant =
            |entry: &&Entry| entry.section == setting.section && entry.name == setting.key;
        let Some(entry) = self.entries.iter().find(is_meant) else {
            return Ok(None);
        };
        let origin = self.place(entry.value_at, setting.path());
        match placeholder::replaced(entry.value.clone(), self.environment) {
            Ok(given) if given.is_absent() => Ok(None),
            Ok(given) => Ok(Some((given, origin))),
            Err(error) => Err(Finding::new(Code::BadValue, origin, error.to_string())),
        }
    }

    /// Keys of the file that are no setting.
    pub(super) fn unknown_keys(&self) -> Vec<Finding> {
        let known = || {
            SETTINGS
                .into_iter()
                .chain(query_options().map(|(_, setting)| setting))
        };
        let is_known =
            |entry: &Entry| known().any(|s| s.section == entry.section && s.key == entry.name);
        let unknown = self.entries.iter().filter(|entry| !is_known(entry));
        unknown
            .map(|entry| {
                let section = entry.section.map(|section| format!("{section}."));
                let path = section.unwrap_or_default() + &keys::shown(&entry.name);
                let origin = self.place(entry.name_at, path);
                if entry.section.is_none() && LATER.contains(&entry.name.as_str()) {
                    return Finding::new(Code::BadValue, origin, "not supported yet");
                }
                let siblings = known()
                    .filter(|s| s.section == entry.section)
                    .map(|s| s.key);
                let sections = SECTIONS.into_iter().filter(|_| entry.section.is_none());
                let nearest = keys::nearest(&entry.name, siblings.chain(sections));
                let hint = nearest.map(|name| format!("; did you mean {name}"));
                let text = format!("unknown key{}", hint.unwrap_or_default());
                Finding::new(Code::UnknownKey, origin, text)
            })
            .collect()
    }

    fn place(&self, (line, column): (u64, u64), path: String) -> Origin {
        Origin::Place {
            file: self.file_name.clone(),
            line,
            column,
            path,
        }
    }

    fn flag(&self, setting: &Setting) -> Option<Given> {
        let Flags {
            config: _,
            listen,
            port,
            admin_port,
            workers,
        } = self.flags;
        let number = |value: &Option<u16>| Some(Scalar::Number((*value)?.into()));
        let scalar = match (setting.section, setting.key) {
            (None, "listen") => (*listen).map(|address| Scalar::Text(address.to_string())),
            (None, "port") => number(port),
            (None, "admin_port") => number(admin_port),
            (None, "workers") => number(workers),
            _ => None,
        };
        scalar.map(Given::Scalar)
    }
}

/// The text of a variable as the value that it spells: booleans and lists have no other form there.
fn spelled(setting: &Setting, text: String) -> Given {
    match (setting.key, text.as_str()) {
        ("classified_labels", _) => {
            let members = text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty());
            let text = |part: &str| Given::Scalar(Scalar::Text(part.to_owned()));
            Given::List(members.map(text).collect())
        }
        ("include_partial_last" | "tilde_variables" | "field_value_patterns", "true" | "false") => {
            Given::Scalar(Scalar::Flag(text == "true"))
        }
        _ => Given::Scalar(Scalar::Text(text)),
    }
}
