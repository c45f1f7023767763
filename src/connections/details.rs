//! The wire object `connectionDetails`: both dialects of it, tolerant and strict as
//! connections.md, sections 1 and 2, say.
//!
//! The object is read in two steps: into a flat list of keys and values in document order, then
//! key by key into a draft. The second step does not know JSON, so that a named connection of the
//! configuration file can take the same way.

pub mod error;
pub mod warning;
pub mod given;
pub mod keys;
pub mod options;
mod document;
mod draft;
mod parameters;
mod target;
pub mod timeout;

use crate::connections::Defaults;
use crate::connections::DetailsError;
use crate::connections::Resolved;
use draft::Draft;

/// Reads the text of a `connectionDetails` object; see [`crate::connections::resolve`].
pub(super) fn resolve(
    text: &str,
    request_timeout: Option<u64>,
    defaults: &Defaults,
) -> Result<Resolved, DetailsError> {
    let entries =
        document::entries(text).map_err(|finding| DetailsError::Invalid(vec![finding]))?;
    let mut draft = Draft::new(defaults);
    for (position, (name, given)) in entries.into_iter().enumerate() {
        draft.take(position, &name, given);
    }
    draft.finish(request_timeout)
}

#[cfg(test)]
mod tests;
