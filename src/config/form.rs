//! The two secrets of StackState's form, where the settings keep them: the key that it hears from the
//! mirror, and the token that a caller shows.

use std::path::Path;
use std::path::PathBuf;

use super::account::Account;
use super::callers::DEFAULT;
use super::error::Origin;
use super::files::Files;
use super::secret_file;
use super::setting::API_KEY;
use super::setting::API_KEY_FILE;
use super::tree::Node;
use super::tree::Value;
use crate::secret::Secret;

/// A secret where it is kept. Settings that are only shown have not read the file.
#[derive(Clone, Debug)]
pub enum Kept {
    /// In a setting.
    Inline(Secret),
    /// In a file.
    File(PathBuf),
}

/// The token of a caller that has one: the one in use, if there is a next.
#[derive(Clone, Debug)]
pub struct CallerToken {
    /// The caller.
    pub caller: String,
    /// Its token.
    pub token: Kept,
}

impl Kept {
    /// The secret.
    ///
    /// # Errors
    ///
    /// Why its file cannot be used, with its path.
    pub fn read(&self) -> Result<Secret, String> {
        match self {
            Self::Inline(secret) => Ok(secret.clone()),
            Self::File(path) => secret_file::read(path, &mut Files::default())
                .map_err(|error| format!("{}: {error}", path.display())),
        }
    }

    /// What stands in its place where it cannot be read.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self {
            Self::Inline(_) => "<redacted>".to_owned(),
            Self::File(path) => format!("<what {} holds>", path.display()),
        }
    }
}

impl Account {
    /// The key, if one is given.
    #[must_use]
    pub fn key(&self) -> Option<Kept> {
        let text = |setting| {
            let (given, origin) = self.given(setting)?;
            Some((given.clone().text().ok()?, origin))
        };
        if let Some((key, _)) = text(&API_KEY) {
            return Some(Kept::Inline(Secret::new(key)));
        }
        let (path, origin) = text(&API_KEY_FILE)?;
        let is_of_the_file = matches!(origin, Origin::Place { .. });
        Some(Kept::File(self.path(&path, is_of_the_file)))
    }

    /// A token of each caller that has any, in the order of the file. That of the environment goes
    /// before those of the caller that it is for.
    #[must_use]
    pub fn tokens(&self) -> Vec<CallerToken> {
        let of_environment = || {
            let file = self.caller_token_file.as_ref();
            let file = file.map(|path| Kept::File(self.path(path, false)));
            file.or_else(|| self.caller_token.clone().map(Kept::Inline))
        };
        let mut tokens = Vec::new();
        for node in &self.callers {
            let caller = node.text_of("name").unwrap_or_default();
            let replaced = of_environment().filter(|_| caller == DEFAULT);
            if let Some(token) = replaced.or_else(|| self.first_token(node)) {
                let caller = caller.to_owned();
                tokens.push(CallerToken { caller, token });
            }
        }
        if let Some(token) = of_environment()
            && tokens.iter().all(|it| it.caller != DEFAULT)
        {
            let caller = DEFAULT.to_owned();
            tokens.push(CallerToken { caller, token });
        }
        tokens
    }

    fn first_token(&self, caller: &Node) -> Option<Kept> {
        caller.members().iter().find_map(|member| {
            let Value::List(values) = &member.node.value else {
                return None;
            };
            let first = values.first()?.given().text().ok()?;
            match member.name.as_str() {
                "tokens" => Some(Kept::Inline(Secret::new(first))),
                "token_files" => Some(Kept::File(self.path(&first, true))),
                _ => None,
            }
        })
    }

    /// As [`super::reader::Reader::path`].
    fn path(&self, given: &str, is_of_the_file: bool) -> PathBuf {
        match Path::new(&self.file).parent() {
            Some(folder) if is_of_the_file => folder.join(given),
            _ => PathBuf::from(given),
        }
    }
}
