//! What a caller's certificate must hold. Common names are never looked at.

use super::peer::Certificate;

/// One entry of `certificates`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificatePattern {
    /// A DNS name among its subject alternative names, in lower case.
    Dns(String),
    /// A URI among them, byte for byte.
    Uri(String),
    /// The SHA-256 of the whole certificate.
    Fingerprint([u8; 32]),
}

/// Why a text is no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a DNS name, a URI or a SHA-256 fingerprint in hexadecimal digits")]
pub struct CertificateError;

impl CertificatePattern {
    /// Reads a DNS name, a URI, or a fingerprint: 64 hexadecimal digits, with or without colons
    /// between its bytes and `sha256:` before them.
    ///
    /// # Errors
    ///
    /// [`CertificateError`] if it is none of the three.
    pub fn parse(text: &str) -> Result<Self, CertificateError> {
        let lower = text.to_ascii_lowercase();
        let prefixed = lower.strip_prefix("sha256:");
        if let Some(fingerprint) = fingerprint(prefixed.unwrap_or(&lower)) {
            return Ok(Self::Fingerprint(fingerprint));
        }
        // A fingerprint of another length or kind is not to be taken for a name.
        let is_digits = |byte: u8| byte.is_ascii_hexdigit() || byte == b':';
        if prefixed.is_some() || (lower.contains(':') && lower.bytes().all(is_digits)) {
            return Err(CertificateError);
        }
        if let Some((scheme, rest)) = text.split_once(':') {
            let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
            let is_uri = is_scheme(scheme) && !rest.is_empty() && is_visible;
            let uri = is_uri.then(|| Self::Uri(text.to_owned()));
            return uri.ok_or(CertificateError);
        }
        if is_dns_name(&lower) {
            return Ok(Self::Dns(lower));
        }
        Err(CertificateError)
    }

    /// Whether `certificate` holds it. A wildcard in the certificate stands for itself alone.
    #[must_use]
    pub fn is_held_by(&self, certificate: &Certificate) -> bool {
        match self {
            Self::Dns(name) => {
                let mut names = certificate.dns_names.iter();
                names.any(|held| held.eq_ignore_ascii_case(name))
            }
            Self::Uri(uri) => certificate.uris.contains(uri),
            Self::Fingerprint(digest) => certificate.fingerprint == *digest,
        }
    }
}

fn fingerprint(text: &str) -> Option<[u8; 32]> {
    let digits: String = if text.contains(':') {
        let pairs: Vec<&str> = text.split(':').collect();
        pairs
            .iter()
            .all(|pair| pair.len() == 2)
            .then(|| pairs.concat())?
    } else {
        text.to_owned()
    };
    let mut bytes = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(bytes)
}

fn is_scheme(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(is_allowed)
}

/// Names with a wildcard too: a certificate may be made out to one.
fn is_dns_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let is_label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(is_allowed);
    text.len() <= 253
        && text
            .strip_prefix("*.")
            .unwrap_or(text)
            .split('.')
            .all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate() -> Certificate {
        Certificate {
            dns_names: vec!["stackstate.Lab".to_owned(), "*.wild.example".to_owned()],
            uris: vec!["spiffe://lab/stackstate".to_owned()],
            fingerprint: [0xab; 32],
        }
    }

    #[track_caller]
    fn check(text: &str, is_held: bool) {
        let pattern = CertificatePattern::parse(text).unwrap();
        assert_eq!(pattern.is_held_by(&certificate()), is_held, "{text}");
    }

    #[test]
    fn names_and_fingerprints_are_compared_whole() {
        check("stackstate.lab", true);
        check("STACKSTATE.LAB", true);
        check("stackstate.la", false);
        check("b.stackstate.lab", false);
        check("spiffe://lab/stackstate", true);
        check("spiffe://lab/stackstate/x", false);
        check("spiffe://lab/StackState", false);
        check(&"ab".repeat(32), true);
        check(&"AB:".repeat(32)[..95], true);
        check(&format!("sha256:{}", "aB".repeat(32)), true);
        check(&format!("SHA256:{}", "ab".repeat(32)), true);
        check(&"ac".repeat(32), false);
        check(&format!("{}ac", "ab".repeat(31)), false);
    }

    #[test]
    fn a_wildcard_stands_for_itself_alone() {
        check("*.wild.example", true);
        check("a.wild.example", false);
        check("*.lab", false);
    }

    #[track_caller]
    fn refused(text: &str) {
        assert_eq!(CertificatePattern::parse(text), Err(CertificateError));
    }

    #[test]
    fn what_is_neither_name_nor_uri_nor_fingerprint_is_refused() {
        for text in [
            "", "a b", "a..b", ".", "*", "a.*.b", ":x", "1x:y", "x:", "x:a b", "é",
        ] {
            refused(text);
        }
        refused(&"z".repeat(64));
        refused(&format!("{}a", "a.".repeat(127)));
        refused("sha256:abcd");
        refused(&"ab".repeat(33));
        refused(&format!("sha256:{}", "xy".repeat(32)));
    }

    #[test]
    fn a_fingerprint_has_colons_between_all_of_its_bytes_or_none() {
        refused(&format!("ab:{}", "ab".repeat(31)));
        refused(&format!("sha256:ab:{}", "ab".repeat(31)));
        // SHA-1.
        refused(&"AB:".repeat(20)[..59]);
    }
}
