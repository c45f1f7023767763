//! Who may call (security.md, "Wall A: who calls").
//!
//! Only this module makes an [`Accepted`], and what must not happen for strangers asks for one: the
//! key header above all. Acceptance runs in the handler, after routing, so that no second reading
//! of the path can differ from the first.
//!
//! It comes in two steps, because the order is part of the contract: [`Gate::enter`] judges source
//! and certificate before a byte of the body is read, and [`Entrance::accept`] the token that the
//! first pass over the body picked up. Nothing here looks anything up, waits, or logs.

mod certificate;
mod forwarded;
mod gate;
mod local;
mod networks;
mod peer;
mod refusals;
mod token;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;

use std::sync::Arc;

pub use certificate::{CertificateError, CertificatePattern};
pub use gate::{Entrance, Entry, Gate};
pub use local::{is_from_this_machine, is_of_this_machine};
pub use networks::Networks;
pub use peer::{Certificate, Peer};
pub use refusals::{Reason, Refusals, Refused, household};
pub use token::{TokenDigest, TokenError};

/// The proof that a caller was accepted, and who that is.
#[derive(Debug)]
pub struct Accepted {
    /// Private, so that no other module can make one.
    caller: Caller,
}

impl Accepted {
    /// Who was accepted.
    #[must_use]
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }
}

/// Who calls. It decides what may be used, and is part of whatever is remembered for one caller and
/// must not be given to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Caller {
    /// Whoever reaches the listener, or sits at the command line.
    #[default]
    Anyone,
    /// Whoever comes from an admitted network, or has a certificate of the callers' authority.
    Network,
    /// A caller of the configuration, by its name.
    Named(Arc<str>),
}
