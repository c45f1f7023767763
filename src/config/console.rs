//! `console`: what proves a person to the admin listener (experience.md, "Admin listener and its
//! JSON").

use super::error::{Code, Finding};
use super::reader::Reader;
use super::reader::SecretSetting;
use super::setting;
use crate::caller::TokenDigest;
use crate::secret::Secret;

/// How many requests the tap keeps (experience.md, "The engine").
pub(super) const TAP: usize = 500;
/// The most that it may be told to keep (a choice: 80 MiB at 20 KiB each).
const MOST: u32 = 4_096;

impl Reader<'_> {
    /// How many requests the tap keeps.
    pub(super) fn tap_entries(&mut self) -> usize {
        let entries = self.value(&setting::TAP_ENTRIES, |given| given.integer(0..=MOST));
        entries.map_or(TAP, |entries| usize::try_from(entries).unwrap_or(TAP))
    }

    /// The token of the console; without one only this machine is answered. It needs to be no other
    /// than the key, but should be: the key is known to `StackState`.
    pub(super) fn console_token(&mut self, api_key: Option<&Secret>) -> Option<TokenDigest> {
        let found = self.secret(&setting::CONSOLE_TOKEN, &setting::CONSOLE_TOKEN_FILE);
        let SecretSetting::Found(token, origin) = found else {
            return None;
        };
        match TokenDigest::new(&token) {
            Ok(digest) => {
                if api_key.is_some_and(|api_key| digest.is_of(api_key.expose())) {
                    let text = "is the mirror key too, which StackState knows; choose another";
                    self.warnings
                        .push(Finding::new(Code::BadValue, origin, text));
                }
                Some(digest)
            }
            Err(error) => {
                let finding = Finding::new(Code::BadValue, origin, error.to_string());
                self.findings.push(finding);
                None
            }
        }
    }
}
