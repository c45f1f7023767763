//! What is wrong with connection details, collected in document order.

use crate::protocol::Invalid;

/// Most findings that are reported at once (connections.md, section 2).
const MOST_FINDINGS: usize = 5;

/// Why connection details cannot be used. Findings name path and expectation, never a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DetailsError {
    /// Something is missing, of another type, or out of range (`PM-1002`). The findings are 1 to 5,
    /// in document order; this variant is decided by the first.
    #[error("{}", joined(.0))]
    Invalid(Vec<Invalid>),
    /// Something contradicts itself, is nearly a known key, or is a block that is not supported
    /// (`PM-1008`). As above.
    #[error("{}", joined(.0))]
    Refused(Vec<Invalid>),
    /// A named connection that does not exist or is not open to this caller (`PM-6006`).
    #[error("no connection of this name is open to this caller")]
    UnknownConnection,
}

impl DetailsError {
    /// The findings, in document order; none for an unknown connection.
    #[must_use]
    pub fn findings(&self) -> &[Invalid] {
        match self {
            Self::Invalid(findings) | Self::Refused(findings) => findings,
            Self::UnknownConnection => &[],
        }
    }
}

fn joined(findings: &[Invalid]) -> String {
    let texts: Vec<String> = findings.iter().map(Invalid::to_string).collect();
    texts.join("; ")
}

/// Why one value does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Missing, of another type, or out of range; the text is the expectation.
    Invalid(String),
    /// Contradictory or not supported; the text is the expectation.
    Refused(String),
}

impl Unfit {
    /// The value is not what it must be.
    pub fn invalid(expectation: impl Into<String>) -> Self {
        Self::Invalid(expectation.into())
    }

    /// The value is understood and not accepted.
    pub fn refused(expectation: impl Into<String>) -> Self {
        Self::Refused(expectation.into())
    }

    /// What must be there.
    #[must_use]
    pub fn expectation(self) -> String {
        match self {
            Self::Invalid(expectation) | Self::Refused(expectation) => expectation,
        }
    }
}

/// Findings with their places in the document.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<(usize, String, Unfit)>);

impl Findings {
    /// Adds a finding about `path` below `connectionDetails`; empty: about the object itself.
    pub(super) fn push(&mut self, position: usize, path: &str, unfit: Unfit) {
        let dot = if path.is_empty() { "" } else { "." };
        self.0
            .push((position, format!("connectionDetails{dot}{path}"), unfit));
    }

    /// The error that the findings make, if there are any.
    pub(super) fn into_error(mut self) -> Option<DetailsError> {
        self.0.sort_by_key(|(position, ..)| *position);
        let variant = match self.0.first()? {
            (_, _, Unfit::Invalid(_)) => DetailsError::Invalid,
            (_, _, Unfit::Refused(_)) => DetailsError::Refused,
        };
        let findings = self.0.into_iter().take(MOST_FINDINGS);
        Some(variant(
            findings
                .map(|(_, path, unfit)| Invalid::new(path, unfit.expectation()))
                .collect(),
        ))
    }
}
