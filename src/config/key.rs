//! The key that proves the mirror to `StackState`: where it comes from and how good it must be
//! (security.md, section 3).

use std::net::SocketAddr;

use super::error::{Code, Finding, Origin};
use super::listen;
use super::reader::Reader;
use super::reader::SecretSetting;
use super::setting;
use super::{Purpose, World};
use crate::secret::Secret;

/// Keys that stood in the predecessor's code, image and compose file.
const KNOWN: [&str; 3] = ["unsecure", "API_KEY", "xxx"];

/// Under this many bytes a key is short.
const SHORT: usize = 16;

/// What is to be said about a key.
enum Verdict {
    /// Nothing.
    Good,
    /// It can be used, and should be changed.
    Warning(Finding),
    /// It cannot be used.
    Refused(Finding),
}

impl Reader<'_> {
    /// The key, and whether it was made for this run. `None` only beside a finding.
    pub(super) fn api_key(
        &mut self,
        address: SocketAddr,
        world: World<'_>,
    ) -> Option<(Secret, bool)> {
        let (api_key, origin) = match self.secret(&setting::API_KEY, &setting::API_KEY_FILE) {
            SecretSetting::Absent => return Some((self.random_key(address, world)?, true)),
            // Not read, and so not judged.
            SecretSetting::Unread => return Some((Secret::new(String::new()), false)),
            SecretSetting::Unfit => return None,
            SecretSetting::Found(api_key, origin) => (api_key, origin),
        };
        match judge(&api_key, origin, address) {
            Verdict::Good => {}
            Verdict::Warning(finding) => self.warnings.push(finding),
            Verdict::Refused(finding) => {
                self.findings.push(finding);
                return None;
            }
        }
        Some((api_key, false))
    }

    fn random_key(&mut self, address: SocketAddr, world: World<'_>) -> Option<Secret> {
        if !listen::is_loopback(address.ip()) && self.purpose != Purpose::Show {
            self.findings.push(missing(address));
            return None;
        }
        let origin = Origin::Listener(address);
        random(world.random)
            .map_err(|error| {
                let text = format!("no key can be made ({error}); set API_KEY");
                self.findings
                    .push(Finding::new(Code::DefaultKey, origin, text));
            })
            .ok()
    }
}

/// Judges the key that was given at `origin` for a listener on `address`.
fn judge(api_key: &Secret, origin: Origin, address: SocketAddr) -> Verdict {
    let value = api_key.expose();
    // It becomes the value of a header.
    if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        let text = "must be visible ASCII characters without blanks";
        return Verdict::Refused(Finding::new(Code::BadValue, origin, text));
    }
    let finding = |text| Finding::new(Code::DefaultKey, origin, text);
    if KNOWN.contains(&value) {
        let known = finding("is a default that everybody knows; choose another key");
        return if listen::is_loopback(address.ip()) {
            Verdict::Warning(known)
        } else {
            Verdict::Refused(known)
        };
    }
    if value.len() < SHORT {
        return Verdict::Warning(finding("is under 16 bytes; choose a longer key"));
    }
    Verdict::Good
}

/// What is said where a key is needed and none is given.
fn missing(address: SocketAddr) -> Finding {
    let text = "no key is set; set api_key_file or API_KEY, or listen on 127.0.0.1";
    Finding::new(Code::DefaultKey, Origin::Listener(address), text)
}

/// A new key: 32 random bytes in base64url.
fn random(fill: fn(&mut [u8]) -> Result<(), getrandom::Error>) -> Result<Secret, getrandom::Error> {
    let mut bytes = [0; 32];
    fill(&mut bytes)?;
    Ok(Secret::new(base64url(&bytes)))
}

/// RFC 4648, section 5, without padding.
fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .fold(0_u32, |group, byte| group << 8 | u32::from(*byte));
        let group = group << (8 * (3 - chunk.len()));
        // Each byte fills one sixth of a character more than the one before it.
        for place in 0..=chunk.len() {
            let digit = (group >> (18 - 6 * place)) & 63;
            text.push(char::from(ALPHABET[digit as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64url_agrees_with_the_rfcs_examples() {
        for (bytes, expected) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64url(bytes.as_bytes()), expected);
        }
        assert_eq!(base64url(&[0xfb, 0xff]), "-_8");
    }
}
