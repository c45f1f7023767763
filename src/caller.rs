//! Who may call (security.md, "Wall A: who calls").
//!
//! Only this module makes an [`Accepted`], and what must not happen for strangers asks for one: the
//! key header above all. Acceptance runs in the handler, after routing, so that no second reading
//! of the path can differ from the first.

mod peer;

use http::HeaderMap;

pub use peer::Certificate;
pub use peer::Peer;

/// The proof that a caller was accepted.
#[derive(Debug)]
pub struct Accepted {
    /// Keeps others from making one.
    _proof: (),
}

/// Decides, from the head of a request, whether its caller is accepted.
///
/// While nothing but loopback is listened on, every caller is. What a caller has to prove beyond
/// loopback (its address, a certificate, a token in the body) will be decided here too.
#[must_use]
pub fn accept(head: &HeaderMap) -> Accepted {
    let _ = head;
    Accepted { _proof: () }
}
