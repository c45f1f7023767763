//! AWS below a connection: which credentials sign, for which region, and what becomes of a refusal
//! (connections.md, "AWS").
//!
//! Decisions are pure and lie in files of their own; sessions are kept by [`sessions`], so that a
//! query asks STS for nothing. Of the AWS SDK nothing exists but while it is asking.
//!
//! [`sessions`]: crate::upstream::sessions

mod chain;
mod clock;
pub(super) mod complaint;
mod error;
mod http;
mod judge;
mod load;
mod precedence;
mod region;
mod signer;
mod sts;
mod wanted;

use std::fmt;
use std::sync::Arc;

use crate::connections::Connection;
use crate::connections::ambient::Ambient;
use crate::connections::auth;
use crate::connections::identity::ProcessKey;
use crate::egress::tls::Roots;
use crate::instruments::Instruments;
use crate::time::UnixMillis;
use crate::upstream::credentials::CredentialError;
use crate::upstream::credentials::files::Files;
use crate::upstream::sessions::Random;
use crate::upstream::sessions::Sessions;
pub use error::AwsError;
pub use error::Cause;
pub(super) use judge::Judgement;
use load::Loader;
pub(super) use signer::Purpose;
pub(super) use signer::Signer;
pub(super) use signer::Used;
use sts::Sts;
pub(super) use wanted::Given;

/// What AWS blocks take from around us.
#[derive(Clone, Debug)]
pub(super) struct Surroundings {
    /// What the environment says.
    pub(super) ambient: Ambient,
    /// Our clock, before any correction.
    pub(super) clock: fn() -> UnixMillis,
}

/// All that AWS blocks share.
pub(super) struct Aws {
    loader: Arc<Loader>,
}

impl Aws {
    /// Nothing is read or dialled yet. Whom `roots` vouch for may be STS; `random` gives numbers
    /// within `0.0..1.0`.
    pub(super) fn new(
        surroundings: Surroundings,
        roots: Roots,
        files: Arc<Files>,
        instruments: Arc<Instruments>,
        random: Random,
    ) -> Self {
        let Surroundings { ambient, clock } = surroundings;
        let http = http::client(roots);
        let loader = Loader {
            sessions: Sessions::new(random),
            key: ProcessKey::random(),
            sts: Sts::new(http.clone(), clock),
            http,
            ambient,
            files,
            instruments,
        };
        Self {
            loader: Arc::new(loader),
        }
    }

    /// The signer of `block` for the backend of `connection`. Reads no file and dials nobody.
    ///
    /// # Errors
    ///
    /// [`AwsError::NoRegion`].
    pub(super) fn open(
        &self,
        block: &auth::Aws,
        connection: &Connection,
    ) -> Result<Signer, CredentialError> {
        let opened = signer::open(Arc::clone(&self.loader), block, connection);
        opened.map_err(CredentialError::Aws)
    }

    /// Whether nothing says which region `block` is to sign for, so that one is assumed.
    pub(super) fn assumes_region(&self, block: &auth::Aws, connection: &Connection) -> bool {
        signer::clues(&self.loader.ambient, block, connection).assume()
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws").finish_non_exhaustive()
    }
}

#[cfg(test)]
impl Default for Surroundings {
    fn default() -> Self {
        Self {
            ambient: Ambient::default(),
            clock: || UnixMillis::new(1_700_000_000_000),
        }
    }
}
