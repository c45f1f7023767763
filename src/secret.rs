//! Values that must never be shown.
//!
//! A [`Secret`] has no `Display`, no `Serialize`, and a `Debug` that prints nothing of it; reading
//! it takes a call that is easy to search for.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

/// Shortest header or parameter of a connection that is taken for a secret although nobody called it
/// one. Tenants have names like `1`, and a text without any `1` says little.
pub const SHORTEST: usize = 8;

/// A key, a token or a password. Wiped from memory when dropped.
///
/// It can be taken out by name and in no other way:
///
/// ```
/// use prometheus_mirror::secret::Secret;
///
/// let secret = Secret::new("opensesame".to_owned());
/// assert_eq!(secret.expose(), "opensesame");
/// assert_eq!(format!("{secret:?}"), "[redacted]");
/// ```
///
/// It cannot be formatted,
///
/// ```compile_fail,E0277
/// use prometheus_mirror::secret::Secret;
///
/// let secret = Secret::new("opensesame".to_owned());
/// let _ = format!("{secret}");
/// ```
///
/// nor turned into a text,
///
/// ```compile_fail,E0599
/// use prometheus_mirror::secret::Secret;
///
/// let secret = Secret::new("opensesame".to_owned());
/// let _ = secret.to_string();
/// ```
///
/// nor serialised,
///
/// ```compile_fail,E0277
/// use prometheus_mirror::secret::Secret;
///
/// let secret = Secret::new("opensesame".to_owned());
/// let _ = serde_json::to_string(&secret);
/// ```
///
/// nor read by way of its inside.
///
/// ```compile_fail,E0616
/// use prometheus_mirror::secret::Secret;
///
/// let secret = Secret::new("opensesame".to_owned());
/// let _ = secret.0;
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a value into custody.
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(SecretString::from(value))
    }

    /// The value itself, for the one place that must send or compare it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Whether others than its owner may write to a file of this mode (Unix): a secret in it proves
/// nothing (security.md, section 6).
#[must_use]
pub const fn others_may_write(mode: u32) -> bool {
    mode & 0o022 != 0
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_value() {
        let secret = Secret::new("opensesame".to_owned());
        assert_eq!(format!("{secret:?}"), "[redacted]");
        assert_eq!(secret.expose(), "opensesame");
    }

    #[test]
    fn others_are_the_group_and_the_rest() {
        for mode in [0o600, 0o644, 0o440, 0o755, 0o444] {
            assert!(!others_may_write(mode), "{mode:o}");
        }
        for mode in [0o660, 0o602, 0o620, 0o666, 0o777, 0o100_664] {
            assert!(others_may_write(mode), "{mode:o}");
        }
    }
}
