//! A block of connection details (`basic_auth`, `tls_config`, …) while it is read.
//!
//! A reader takes the members that it knows by their names; what is left at the end is unknown. So
//! the names stand in one place, and a misspelt one is compared with just these.

use std::path::PathBuf;

use super::error::{Findings, Place, Unfit};
use super::given::Given;
use super::keys;
use super::origin::{Origin, Rules};
use crate::connections::auth::SecretSource;
use crate::connections::url;
use crate::connections::url::UrlError;
use crate::secret::Secret;

/// What a value must keep besides being a string.
pub(super) type Fit = fn(&str) -> Result<(), Unfit>;

/// A block while it is read.
pub(super) struct Block<'a> {
    /// What the reader goes by.
    pub(super) rules: Rules<'a>,
    findings: &'a mut Findings,
    place: Place,
    path: String,
    members: Vec<(usize, String, Given)>,
    /// The names that were asked for, with the position of those that were there.
    asked: Vec<(&'static str, Option<usize>)>,
    numbers_are_text: bool,
}

/// What was not asked for.
pub(super) struct Unknown {
    pub(super) place: Place,
    pub(super) name: String,
    pub(super) nearest: Option<&'static str>,
}

impl<'a> Block<'a> {
    /// The block `path`, unless it is no map.
    pub(super) fn open(
        place: Place,
        path: &str,
        given: Given,
        rules: Rules<'a>,
        findings: &'a mut Findings,
    ) -> Option<Self> {
        let Given::Map(members) = given else {
            findings.push(&place, path, Unfit::invalid("must be an object"));
            return None;
        };
        let members = members.into_iter().enumerate();
        Some(Self {
            rules,
            findings,
            place,
            path: path.to_owned(),
            members: members
                .map(|(position, (name, given))| (position, name, given))
                .filter(|(_, _, given)| !given.is_absent())
                .collect(),
            asked: Vec::new(),
            numbers_are_text: false,
        })
    }

    /// Takes numbers where strings are meant.
    pub(super) fn with_numbers_as_text(mut self) -> Self {
        self.numbers_are_text = true;
        self
    }

    /// A block inside of this one.
    pub(super) fn inner(&mut self, name: &'static str) -> Option<Block<'_>> {
        let given = self.take(name)?;
        let place = self.place_of(name);
        let path = format!("{}.{name}", self.path);
        Block::open(place, &path, given, self.rules, self.findings)
    }

    /// A block inside of this one, whose name is free and which [`Self::rest`] gave.
    pub(super) fn open_at(&mut self, place: Place, name: &str, given: Given) -> Option<Block<'_>> {
        let path = format!("{}.{}", self.path, keys::shown(name));
        Block::open(place, &path, given, self.rules, self.findings)
    }

    /// What `read` makes of the member `name`; `None` if it is absent or unfit.
    pub(super) fn read<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Given) -> Result<T, Unfit>,
    ) -> Option<T> {
        let given = self.take(name)?;
        match read(given) {
            Ok(value) => Some(value),
            Err(unfit) => {
                self.refuse(name, unfit);
                None
            }
        }
    }

    /// A string.
    pub(super) fn text(&mut self, name: &'static str, fit: Fit) -> Option<String> {
        let numbers_are_text = self.numbers_are_text;
        self.read(name, |given| {
            let text = if numbers_are_text {
                given.text_or_number()?
            } else {
                given.text()?
            };
            fit(&text)?;
            Ok(text)
        })
    }

    /// A string that is nobody's business.
    pub(super) fn secret(&mut self, name: &'static str, fit: Fit) -> Option<Secret> {
        self.text(name, fit).map(Secret::new)
    }

    /// A secret, or the file that holds it; both are one too many.
    pub(super) fn source(
        &mut self,
        name: &'static str,
        file_name: &'static str,
        fit: Fit,
    ) -> Option<SecretSource> {
        let inline = self.secret(name, fit);
        let file = self.file(file_name);
        self.refuse_both(name, file_name);
        inline
            .map(SecretSource::Inline)
            .or(file.map(SecretSource::File))
    }

    /// The path of a file.
    pub(super) fn file(&mut self, name: &'static str) -> Option<PathBuf> {
        let origin = self.rules.origin;
        self.read(name, |given| origin.file(given))
    }

    /// An absolute http or https URL.
    pub(super) fn url(&mut self, name: &'static str) -> Option<::url::Url> {
        self.read(name, url)
    }

    /// A boolean; absent: false.
    pub(super) fn flag(&mut self, name: &'static str) -> bool {
        self.read(name, |given| given.flag()).unwrap_or_default()
    }

    /// Takes a member that only the operator may give.
    pub(super) fn only_configured<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Origin<'_>, Given) -> Result<T, Unfit>,
    ) -> Option<T> {
        let origin = self.rules.origin;
        self.read(name, |given| {
            origin.only_configured("this")?;
            read(&origin, given)
        })
    }

    /// Whether the member was there, fit or not. It must have been asked for.
    pub(super) fn has(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    /// Says that a member is missing unless one of `names` was there. The first is the one to give.
    pub(super) fn needs(&mut self, names: &[&'static str]) {
        if let [first, ..] = names
            && !names.iter().any(|name| self.has(name))
        {
            let unfit = Unfit::invalid(format!("needs {first}"));
            // Behind the members: one of them may be this one, misspelt.
            let place = self.inside(usize::MAX);
            self.findings.push(&place, &*self.path, unfit);
        }
    }

    /// Says that `name`, if it was there, needs one of `others` beside it.
    pub(super) fn needs_beside(&mut self, name: &'static str, others: &[&'static str]) {
        if let [first, ..] = others
            && self.has(name)
            && !others.iter().any(|other| self.has(other))
        {
            self.refuse(name, Unfit::refused(format!("needs {first} as well")));
        }
    }

    /// Refuses the later of two members if both were there.
    pub(super) fn refuse_both(&mut self, one: &'static str, other: &'static str) {
        if let (Some(first), Some(second)) = (self.position(one), self.position(other)) {
            let (earlier, later) = if first < second {
                (one, other)
            } else {
                (other, one)
            };
            self.refuse(
                later,
                Unfit::refused(format!("cannot stand beside {earlier}")),
            );
        }
    }

    /// Adds a finding about a member.
    pub(super) fn refuse(&mut self, name: &'static str, unfit: Unfit) {
        let place = self.place_of(name);
        self.findings
            .push(&place, format!("{}.{name}", self.path), unfit);
    }

    /// Adds a finding about a member of a block whose names are free.
    pub(super) fn refuse_at(&mut self, place: &[usize], name: &str, unfit: Unfit) {
        let path = format!("{}.{}", self.path, keys::shown(name));
        self.findings.push(place, path, unfit);
    }

    /// Every member that was not asked for, in document order, for blocks whose names are free.
    pub(super) fn rest(&mut self) -> Vec<(Place, String, Given)> {
        let members = std::mem::take(&mut self.members).into_iter();
        members
            .map(|(position, name, given)| (self.inside(position), name, given))
            .collect()
    }

    /// What was not asked for, in document order.
    pub(super) fn unknown(&mut self) -> Vec<Unknown> {
        let rest = self.rest().into_iter();
        rest.map(|(place, name, _)| Unknown {
            place,
            nearest: keys::nearest(&name, self.asked.iter().map(|(name, _)| *name)),
            name,
        })
        .collect()
    }

    /// Refuses what was not asked for.
    pub(super) fn close(mut self) {
        for unknown in self.unknown() {
            let Unknown {
                place,
                name,
                nearest,
            } = unknown;
            self.refuse_at(&place, &name, Unfit::unknown(nearest));
        }
    }

    fn take(&mut self, name: &'static str) -> Option<Given> {
        let at = self.members.iter().position(|(_, it, _)| it == name);
        let member = at.map(|at| self.members.remove(at));
        let position = member.as_ref().map(|(position, ..)| *position);
        self.asked.push((name, position));
        member.map(|(_, _, given)| given)
    }

    fn position(&self, name: &str) -> Option<usize> {
        let asked = self.asked.iter().find(|(it, _)| *it == name);
        asked.and_then(|(_, position)| *position)
    }

    fn place_of(&self, name: &str) -> Place {
        match self.position(name) {
            Some(position) => self.inside(position),
            None => self.place.clone(),
        }
    }

    fn inside(&self, position: usize) -> Place {
        let mut place = self.place.clone();
        place.push(position);
        place
    }
}

/// An absolute http or https URL without user, query and fragment.
pub(super) fn url(given: Given) -> Result<::url::Url, Unfit> {
    url::endpoint(&given.text()?).map_err(|error| match error {
        UrlError::UserInfo => Unfit::refused(error.to_string()),
        _ => Unfit::invalid(error.to_string()),
    })
}
