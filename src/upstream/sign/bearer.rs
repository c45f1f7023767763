//! An `Authorization` header whose credentials are given as they are.

use crate::connections::auth::Authorization;
use crate::connections::auth::AuthorizationBlock;
use crate::upstream::credentials::CredentialError;
use crate::upstream::credentials::files::Files;
use crate::upstream::sign::Proof;

/// Adds the credentials to `proof`.
pub(super) async fn prove(
    authorization: &Authorization,
    files: &Files,
    proof: &mut Proof,
) -> Result<(), CredentialError> {
    let (scheme, source) = (&authorization.scheme, &authorization.credentials);
    let key = match authorization.block {
        AuthorizationBlock::Authorization => "authorization.credentials",
        AuthorizationBlock::BearerToken => "bearer_token",
    };
    let credentials = proof.find(files, source, key).await?;
    let value = format!("{scheme} {}", credentials.expose());
    proof.add("authorization", &value, source, key)
}
