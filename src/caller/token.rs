//! Tokens of callers. Only their digests are kept, so no copy of the process's memory that is made
//! while it works holds one.

use std::fmt;
use std::hint::black_box;

use ring::digest;

use crate::secret::Secret;

/// Shortest and longest token, in bytes.
const LENGTH: (usize, usize) = (16, 512);

/// The SHA-256 of a token.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenDigest([u8; 32]);

/// A token is too short to be a secret, or too long to be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 16 to 512 bytes long")]
pub struct TokenError;

impl TokenDigest {
    /// The digest of a token that the operator chose.
    ///
    /// # Errors
    ///
    /// [`TokenError`] if it is shorter than 16 bytes or longer than 512.
    pub fn new(token: &Secret) -> Result<Self, TokenError> {
        if !(LENGTH.0..=LENGTH.1).contains(&token.expose().len()) {
            return Err(TokenError);
        }
        Ok(Self::of(token.expose()))
    }

    /// The digest of whatever a caller sent.
    pub(super) fn of(text: &str) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
        Self(bytes)
    }

    /// Whether it is the digest of `text`, found out in the same time whatever the two are.
    #[must_use]
    pub fn is_of(&self, text: &str) -> bool {
        self.is(&Self::of(text))
    }

    /// Whether it is `other`, found out in the same time whatever the two are.
    pub(super) fn is(&self, other: &Self) -> bool {
        let pairs = self.0.iter().zip(&other.0);
        // Without the black box a compiler might stop at the first byte that differs.
        pairs.fold(0, |differs, (a, b)| black_box(differs | (a ^ b))) == 0
    }

    /// Whether it is one of `others`, all of which are looked at.
    pub(super) fn is_among(&self, others: &[Self]) -> bool {
        let others = others.iter();
        others.fold(false, |found, other| black_box(found | self.is(other)))
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_length(length: usize, is_token: bool) {
        let token = Secret::new("x".repeat(length));
        assert_eq!(TokenDigest::new(&token).is_ok(), is_token, "{length}");
    }

    #[test]
    fn a_token_has_16_to_512_bytes() {
        check_length(0, false);
        check_length(15, false);
        check_length(16, true);
        check_length(512, true);
        check_length(513, false);
        // Bytes, and not characters.
        assert!(TokenDigest::new(&Secret::new("é".repeat(8))).is_ok());
    }

    #[test]
    fn the_digest_is_sha_256() {
        // FIPS 180-2, appendix B.1.
        let expected = [
            0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae,
            0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61,
            0xf2, 0x00, 0x15, 0xad,
        ];
        assert_eq!(TokenDigest::of("abc").0, expected);
    }

    #[test]
    fn a_digest_is_another_if_any_one_bit_differs() {
        let digest = TokenDigest::of("abc");
        assert!(digest.is(&digest.clone()));
        for bit in 0..256 {
            let mut other = digest.clone();
            other.0[bit / 8] ^= 1 << (bit % 8);
            assert!(!digest.is(&other), "bit {bit}");
            // Nor do two that differ in the same way make up for one another.
            other.0[(bit / 8 + 1) % 32] ^= 1 << (bit % 8);
            assert!(!digest.is(&other), "bit {bit}, twice");
        }
    }

    #[test]
    fn a_text_is_held_against_the_whole_token() {
        let digest = TokenDigest::of("0123456789abcdef");
        assert!(digest.is_of("0123456789abcdef"));
        for other in [
            "",
            "0123456789abcde",
            "0123456789abcdefg",
            "0123456789ABCDEF",
        ] {
            assert!(!digest.is_of(other), "{other}");
        }
    }

    #[test]
    fn it_is_found_wherever_it_stands() {
        let [a, b, c] = ["a", "b", "c"].map(TokenDigest::of);
        assert!(!a.is_among(&[]));
        assert!(!a.is_among(&[b.clone(), c.clone()]));
        assert!(a.is_among(&[a.clone(), c.clone()]));
        assert!(a.is_among(&[c.clone(), a.clone()]));
        assert!(a.is_among(&[a.clone(), a.clone()]));
    }

    #[test]
    fn debug_shows_nothing_of_it() {
        assert_eq!(format!("{:?}", TokenDigest::of("abc")), "[redacted]");
    }
}
