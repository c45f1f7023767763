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
    /// A file is named where none may be (`PM-6005`). As above.
    #[error("{}", joined(.0))]
    Files(Vec<Invalid>),
    /// A named connection that does not exist or is not open to this caller (`PM-6006`).
    #[error("no connection of this name is open to this caller")]
    UnknownConnection,
}

impl DetailsError {
    /// The findings, in document order; none for an unknown connection.
    #[must_use]
    pub fn findings(&self) -> &[Invalid] {
        match self {
            Self::Invalid(findings) | Self::Refused(findings) | Self::Files(findings) => findings,
            Self::UnknownConnection => &[],
        }
    }

    /// The error of a request that has findings.
    pub(super) fn of(findings: Vec<Finding>) -> Self {
        let variant = match findings.first().map(|finding| &finding.unfit) {
            Some(Unfit::Invalid(_)) | None => Self::Invalid,
            Some(Unfit::Refused(_) | Unfit::Unknown(_)) => Self::Refused,
            Some(Unfit::File(_)) => Self::Files,
        };
        let findings = findings.into_iter().take(MOST_FINDINGS).map(|finding| {
            let dot = if finding.path.is_empty() { "" } else { "." };
            let path = format!("connectionDetails{dot}{}", finding.path);
            Invalid::new(path, finding.unfit.expectation())
        });
        variant(findings.collect())
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
    /// A key that does not exist here; the text says so, and which one it resembles.
    Unknown(String),
    /// A file where none may be named; the text says so.
    File(String),
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

    /// There is no such key; `nearest` is what it may have been meant to be.
    #[must_use]
    pub fn unknown(nearest: Option<&str>) -> Self {
        Self::Unknown(match nearest {
            Some(name) => format!("unknown key; did you mean {name}"),
            None => "unknown key".to_owned(),
        })
    }

    /// What must be there.
    #[must_use]
    pub fn expectation(self) -> String {
        match self {
            Self::Invalid(text) | Self::Refused(text) | Self::Unknown(text) | Self::File(text) => {
                text
            }
        }
    }
}

/// One thing that is wrong with the details of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where, below the details: keys joined by dots; empty: about the details as a whole.
    pub path: String,
    /// What.
    pub unfit: Unfit,
}

/// Where something stands in the document: positions from the outermost level inwards. What stands
/// earlier is less.
pub(super) type Place = Vec<usize>;

/// Findings with their places in the document.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<(Place, Finding)>);

impl Findings {
    /// Adds a finding about `path` below the details; empty: about the details as a whole.
    pub(super) fn push(&mut self, place: &[usize], path: impl Into<String>, unfit: Unfit) {
        let path = path.into();
        self.0.push((place.to_vec(), Finding { path, unfit }));
    }

    /// Whether nothing was found.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was found, in document order.
    pub(super) fn in_order(mut self) -> Vec<Finding> {
        self.0.sort_by(|(one, _), (other, _)| one.cmp(other));
        self.0.into_iter().map(|(_, finding)| finding).collect()
    }
}
