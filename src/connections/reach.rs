//! Which addresses the hosts of a connection may have, as the policy decides it.

use crate::network::Bounds;

/// The bounds of each host that a connection dials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Those of the backend.
    pub backend: Bounds,
    /// Those of the token endpoint, if there is one.
    pub token: Bounds,
    /// Those of the proxy, if there is one.
    pub proxy: Bounds,
}
