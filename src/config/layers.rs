//! Which layer a value comes from: flag, environment, file.

use std::path::Path;

use super::Flags;
use super::environment::Environment;
use super::error::{Code, Finding, Origin};
use super::file;
use super::files::Files;
use super::print::REDACTED;
use super::setting;
use super::setting::{CALLERS, CONNECTIONS, SECTIONS, Setting};
use super::tree::{At, Member, Node, Value};
use crate::connections::details::given::Given;
use crate::connections::details::given::Scalar;
use crate::connections::details::keys;

/// What each layer says.
pub(super) struct Layers<'a> {
    flags: &'a Flags,
    pub(super) environment: &'a dyn Environment,
    /// The file as it was named.
    pub(super) file_name: String,
    file: Node,
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
            file: path.map_or_else(|| Ok(file::nothing()), |path| file::read(path, files))?,
        })
    }

    /// The value of `setting` from the first layer that gives one.
    pub(super) fn value(&self, setting: &Setting) -> Result<Option<(Given, Origin)>, Finding> {
        if let Some(given) = self.flag(setting) {
            return Ok(Some((given, Origin::Flag(setting.flag()))));
        }
        let variable = setting.variable();
        if let Some(text) = self.environment.variable(&variable) {
            return Ok(Some((setting.spelled(text), Origin::Variable(variable))));
        }
        let Some(member) = find(self.members(setting.section), setting.key) else {
            return Ok(None);
        };
        let path = setting.path();
        let node = self.filled(&member.node, &path)?;
        let origin = self.place(node.at, path);
        Ok((!node.is_absent()).then(|| (node.given(), origin)))
    }

    /// Where the entry `at` of a list stands, which was given at `origin`.
    pub(super) fn entry(&self, setting: &Setting, at: usize, origin: &Origin) -> Origin {
        let list = find(self.members(setting.section), setting.key);
        match (origin, list.map(|list| &list.node.value)) {
            (Origin::Place { path, .. }, Some(Value::List(members))) => {
                self.place(members[at].at, path.clone())
            }
            _ => origin.clone(),
        }
    }

    /// The named connections as they are written, placeholders still in them.
    pub(super) fn connections(&self) -> Vec<Member> {
        self.members(Some(CONNECTIONS)).to_vec()
    }

    /// The callers as they are written, placeholders still in them.
    pub(super) fn callers(&self) -> Option<Node> {
        let member = find(self.members(None), CALLERS)?;
        Some(member.node.clone()).filter(|node| !node.is_absent())
    }

    /// `node`, which is the setting `path`, without its placeholders.
    pub(super) fn filled(&self, node: &Node, path: &str) -> Result<Node, Finding> {
        node.filled(self.environment).map_err(|(at, error)| {
            let origin = self.place(at, path.to_owned());
            Finding::new(Code::BadValue, origin, error.to_string())
        })
    }

    /// What is wrong with the file before any value is read: sections that are none, and keys that
    /// are no setting.
    pub(super) fn misfits(&self) -> Vec<Finding> {
        let Value::Map(members) = &self.file.value else {
            let origin = self.place(self.file.at, String::new());
            return vec![Finding::new(
                Code::Unreadable,
                origin,
                "must be a map of settings",
            )];
        };
        let sections = SECTIONS.into_iter().chain([CALLERS, CONNECTIONS]);
        let top = setting::all().filter(|setting| setting.section.is_none());
        let known: Vec<&str> = top.map(|setting| setting.key).chain(sections).collect();
        let mut findings = Vec::new();
        for member in members {
            let name = member.name.as_str();
            if !known.contains(&name) {
                findings.push(self.unknown(None, member, &known));
            } else if name == CONNECTIONS || SECTIONS.contains(&name) {
                findings.extend(self.section_misfits(member));
            }
        }
        for at in self.file.holders(REDACTED) {
            let text = "a secret was taken out here; put it back";
            findings.push(Finding::new(
                Code::BadValue,
                self.place(at, String::new()),
                text,
            ));
        }
        findings
    }

    fn section_misfits(&self, section: &Member) -> Vec<Finding> {
        let name = section.name.as_str();
        let Value::Map(members) = &section.node.value else {
            let origin = self.place(section.node.at, name.to_owned());
            let finding = Finding::new(Code::BadValue, origin, "must be a map");
            return Vec::from_iter((!section.node.is_absent()).then_some(finding));
        };
        if name == CONNECTIONS {
            return Vec::new();
        }
        let settings = setting::all().filter(|setting| setting.section == Some(name));
        let known: Vec<&str> = settings.map(|setting| setting.key).collect();
        let unknown = members.iter().filter(|m| !known.contains(&m.name.as_str()));
        unknown
            .map(|member| self.unknown(Some(name), member, &known))
            .collect()
    }

    /// What is said of a key that is no setting.
    fn unknown(&self, section: Option<&str>, member: &Member, known: &[&'static str]) -> Finding {
        let section = section.map(|section| format!("{section}."));
        let path = section.unwrap_or_default() + &keys::shown(&member.name);
        let nearest = keys::nearest(&member.name, known.iter().copied());
        let hint = nearest.map(|name| format!("; did you mean {name}"));
        let text = format!("unknown key{}", hint.unwrap_or_default());
        Finding::new(Code::UnknownKey, self.place(member.name_at, path), text)
    }

    /// A place in the file as an origin.
    pub(super) fn place(&self, (line, column): At, path: String) -> Origin {
        Origin::Place {
            file: self.file_name.clone(),
            line,
            column,
            path,
        }
    }

    /// The members of a section, or of the file itself.
    fn members(&self, section: Option<&str>) -> &[Member] {
        match section {
            None => self.file.members(),
            Some(name) => find(self.file.members(), name).map_or(&[], |it| it.node.members()),
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

fn find<'m>(members: &'m [Member], name: &str) -> Option<&'m Member> {
    members.iter().find(|member| member.name == name)
}
