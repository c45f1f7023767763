//! Where each value came from, so that the configuration can be shown.

use std::collections::BTreeMap;
use std::fmt;

use super::error::Origin;
use super::setting::Setting;
use super::tree::Node;
use crate::connections::details::given::Given;
use crate::secret::Secret;

/// What was given, and where. It can hold secrets, so only [`super::print`] shows it.
pub struct Account {
    given: BTreeMap<String, (Given, Origin)>,
    /// The named connections as they are written, placeholders filled.
    pub(super) connections: Vec<(String, Node)>,
    /// The callers of the file, each as it is written.
    pub(super) callers: Vec<Node>,
    /// The variable that makes a caller, if one does, and the file that it names.
    pub(super) caller: Option<Origin>,
    pub(super) caller_token_file: Option<String>,
    /// The token that it holds itself.
    pub(super) caller_token: Option<Secret>,
    /// The file as it was named.
    pub(super) file: String,
    /// What stands in for the number of workers.
    pub(super) cores: usize,
}

impl Account {
    /// Nothing given in `file` or elsewhere; without a setting there are as many workers as `cores`.
    #[must_use]
    pub fn new(file: String, cores: usize) -> Self {
        Self {
            given: BTreeMap::new(),
            connections: Vec::new(),
            callers: Vec::new(),
            caller: None,
            caller_token_file: None,
            caller_token: None,
            file,
            cores,
        }
    }

    /// `given` holds for `setting`.
    pub(super) fn note(&mut self, setting: &Setting, given: Given, origin: Origin) {
        self.given.insert(setting.path(), (given, origin));
    }

    /// What was given for `setting` does not hold after all.
    pub(super) fn forget(&mut self, setting: &Setting) {
        self.given.remove(&setting.path());
    }

    /// What holds for `setting`, unless that is the default.
    pub(super) fn given(&self, setting: &Setting) -> Option<&(Given, Origin)> {
        self.given.get(&setting.path())
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").finish_non_exhaustive()
    }
}
