//! Values of settings, each read once; every finding about them is kept.

use std::path::{Path, PathBuf};

use super::Purpose;
use super::account::Account;
use super::error::{Code, Finding, Origin};
use super::files::Files;
use super::layers::Layers;
use super::secret_file;
use super::setting::Setting;
use crate::connections::details::error::Unfit;
use crate::connections::details::given::Given;
use crate::secret::Secret;

/// What is being read, and what was found while reading it.
pub(super) struct Reader<'a> {
    pub(super) layers: Layers<'a>,
    /// Where the file lies: paths in it are relative to that.
    pub(super) folder: PathBuf,
    pub(super) files: Files,
    pub(super) purpose: Purpose,
    pub(super) account: Account,
    pub(super) findings: Vec<Finding>,
    pub(super) warnings: Vec<Finding>,
}

/// What there is of a secret that may be given itself or by the file that holds it.
pub(super) enum SecretSetting {
    /// Nothing.
    Absent,
    /// A file, which is not read for this purpose.
    Unread,
    /// The secret, and where it was given.
    Found(Secret, Origin),
    /// What a finding tells.
    Unfit,
}

impl Reader<'_> {
    /// The value of a setting, unless it is absent or unfit.
    pub(super) fn value<T>(
        &mut self,
        setting: &Setting,
        read: impl FnOnce(Given) -> Result<T, Unfit>,
    ) -> Option<T> {
        self.value_with_origin(setting, read)
            .map(|(value, _)| value)
    }

    /// The same, and where it was given.
    pub(super) fn value_with_origin<T>(
        &mut self,
        setting: &Setting,
        read: impl FnOnce(Given) -> Result<T, Unfit>,
    ) -> Option<(T, Origin)> {
        let found = self.layers.value(setting).and_then(|found| {
            let Some((given, origin)) = found else {
                return Ok(None);
            };
            match read(given.clone()) {
                Ok(value) => {
                    self.account.note(setting, given, origin.clone());
                    Ok(Some((value, origin)))
                }
                Err(unfit) => Err(Finding::of(unfit, origin)),
            }
        });
        found.unwrap_or_else(|finding| {
            self.findings.push(finding);
            None
        })
    }

    /// The entries of a list, each read by `read`; `None` if the list is absent or no list.
    pub(super) fn entries<T>(
        &mut self,
        setting: &Setting,
        read: fn(Given) -> Result<T, Unfit>,
    ) -> Option<Vec<T>> {
        let (members, origin) = self.value_with_origin(setting, |given| match given {
            Given::List(members) => Ok(members),
            Given::Scalar(_) | Given::Map(_) => Err(Unfit::invalid("must be a list")),
        })?;
        let mut entries = Vec::new();
        for (at, member) in members.into_iter().enumerate() {
            match read(member) {
                Ok(entry) => entries.push(entry),
                Err(unfit) => {
                    let origin = self.layers.entry(setting, at, &origin);
                    self.findings.push(Finding::of(unfit, origin));
                }
            }
        }
        Some(entries)
    }

    /// A boolean; `default` if it is absent or unfit.
    pub(super) fn flag(&mut self, setting: &Setting, default: bool) -> bool {
        let given = self.value(setting, |given| given.flag());
        given.unwrap_or(default)
    }

    /// The path that was given at `origin`: in the file it is relative to that, elsewhere to the
    /// working directory.
    pub(super) fn path(&self, given: &str, origin: &Origin) -> PathBuf {
        match origin {
            Origin::Place { .. } => self.folder.join(given),
            _ => PathBuf::from(given),
        }
    }

    /// The secret that `itself` gives, or `file` the path of; the one of the first layer.
    pub(super) fn secret(&mut self, itself: &Setting, file: &Setting) -> SecretSetting {
        let before = self.findings.len();
        let inline = self.value_with_origin(itself, Given::text);
        let path = self.value_with_origin(file, Given::text);
        if self.findings.len() > before {
            return SecretSetting::Unfit;
        }
        if let (Some((_, inline)), Some((_, path))) = (&inline, &path)
            && inline.layer() == path.layer()
        {
            let text = format!("cannot stand beside {} in the same place", itself.path());
            let finding = Finding::new(Code::BadValue, path.clone(), text);
            self.findings.push(finding);
            return SecretSetting::Unfit;
        }
        let is_first = |path: &Origin| {
            let inline = inline.as_ref();
            inline.is_none_or(|(_, inline)| path.layer() < inline.layer())
        };
        match (path.filter(|(_, path)| is_first(path)), inline) {
            (Some((path, origin)), _) => {
                self.account.forget(itself);
                if self.purpose != Purpose::Run {
                    return SecretSetting::Unread;
                }
                let path = self.path(&path, &origin);
                let secret = self.secret_in(&path, &origin);
                secret.map_or(SecretSetting::Unfit, |it| SecretSetting::Found(it, origin))
            }
            (None, Some((value, origin))) => {
                self.account.forget(file);
                SecretSetting::Found(Secret::new(value), origin)
            }
            (None, None) => SecretSetting::Absent,
        }
    }

    /// The secret in a file that was named at `origin`; none if it is not to be read.
    pub(super) fn secret_in(&mut self, path: &Path, origin: &Origin) -> Option<Secret> {
        if self.purpose != Purpose::Run {
            return None;
        }
        secret_file::read(path, &mut self.files)
            .map_err(|error| {
                let text = format!("{}: {error}", path.display());
                let finding = Finding::new(Code::UnusableFile, origin.clone(), text);
                self.findings.push(finding);
            })
            .ok()
    }
}
