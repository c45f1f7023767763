//! Values that must never be shown.
//!
//! A [`Secret`] has no `Display`, no `Serialize`, and a `Debug` that prints nothing of it; reading
//! it takes a call that is easy to search for.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

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
}
