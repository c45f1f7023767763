//! Every failure, its id, its wire type and its public text (experience.md, "Errors").

pub mod catalogue;

use crate::options::Profile;
use crate::protocol::failure::FailureBody;
pub use catalogue::Id;

/// A failure as the caller reads it.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its constant id, for the `X-Mirror-Error` header, the log and the instruments.
    pub id: Id,
    /// The body of the answer.
    pub body: FailureBody,
    /// The profile that was in force, once it was known.
    pub profile: Option<Profile>,
    /// The status that the backend gave, which the legacy profile passes on for `/api/connection`.
    pub backend_status: Option<u16>,
}
