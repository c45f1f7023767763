//! `basic_auth`, `authorization`, `bearer_token`, `bearer_token_file`.

use super::block::Block;
use super::error::Unfit;
use super::fit;
use super::given::Given;
use crate::connections::auth::Authorization;
use crate::connections::auth::AuthorizationBlock;
use crate::connections::auth::Basic;
use crate::connections::auth::SecretSource;

/// The type of `authorization` unless another one is given.
const BEARER: &str = "Bearer";

/// Reads `basic_auth`.
pub(super) fn basic(mut block: Block<'_>) -> Option<Basic> {
    let username = block.source("username", "username_file", fit::user_name);
    let password = block.source("password", "password_file", fit::plain);
    block.needs(&["username", "username_file"]);
    block.close();
    Some(Basic {
        username: username?,
        password,
    })
}

/// Reads `authorization`.
pub(super) fn authorization(mut block: Block<'_>) -> Option<Authorization> {
    let scheme = block.read("type", scheme);
    let credentials = block.source("credentials", "credentials_file", fit::header_value);
    block.needs(&["credentials", "credentials_file"]);
    block.close();
    Some(Authorization {
        block: AuthorizationBlock::Authorization,
        scheme: scheme.unwrap_or_else(|| BEARER.to_owned()),
        credentials: credentials?,
    })
}

/// What `bearer_token` and `bearer_token_file` mean.
pub(super) fn bearer(credentials: SecretSource) -> Authorization {
    Authorization {
        block: AuthorizationBlock::BearerToken,
        scheme: BEARER.to_owned(),
        credentials,
    }
}

fn scheme(given: Given) -> Result<String, Unfit> {
    let scheme = given.text()?;
    if scheme.eq_ignore_ascii_case("Basic") {
        return Err(Unfit::refused("cannot be Basic; use basic_auth"));
    }
    fit::token(&scheme)?;
    Ok(scheme)
}
