//! The secrets that went into a call, for the scrubber: none of them may come back in a text.

use crate::secret::Secret;

/// Every secret of one call: what the connection holds, what its files held, and what was had for
/// them elsewhere.
#[derive(Clone, Debug, Default)]
pub(in crate::upstream) struct Secrets(Vec<Secret>);

impl Secrets {
    /// Adds one. An empty text is no secret.
    pub(in crate::upstream) fn add(&mut self, secret: &Secret) {
        if !secret.expose().is_empty() {
            self.0.push(secret.clone());
        }
    }

    /// The same in lower case, as the name of a host would repeat them.
    pub(in crate::upstream) fn in_lower_case(&self) -> Self {
        let lower = |it: &Secret| Secret::new(it.expose().to_ascii_lowercase());
        Self(self.0.iter().map(lower).collect())
    }

    /// All of them.
    pub(in crate::upstream) fn iter(&self) -> impl Iterator<Item = &Secret> {
        self.0.iter()
    }
}
