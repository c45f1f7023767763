//! `oauth2`: the client-credentials grant.

use super::block::Block;
use super::error::Unfit;
use super::fit;
use super::keys;
use super::tls;
use crate::connections::auth::OAuth2;
use crate::limits;
use crate::secret::Secret;

/// What the grant itself sends, which `endpoint_params` cannot.
const RESERVED: [&str; 4] = ["grant_type", "client_id", "client_secret", "scope"];

/// Reads the block.
pub(super) fn read(mut block: Block<'_>) -> Option<OAuth2> {
    block.read("grant_type", |given| {
        if given.text()? == "client_credentials" {
            return Ok(());
        }
        Err(Unfit::refused("only client_credentials is supported"))
    });
    let client_id = block.text("client_id", fit::plain);
    let client_secret = block.source("client_secret", "client_secret_file", fit::plain);
    let token_url = block.url("token_url");
    let scopes = block.read("scopes", |given| {
        let scopes = given.texts()?;
        let most = limits::DETAILS_MEMBERS;
        if scopes.len() > most {
            return Err(Unfit::refused(format!("must have at most {most} members")));
        }
        scopes.iter().try_for_each(|scope| fit::visible(scope))?;
        Ok(scopes)
    });
    let endpoint_params = block.inner("endpoint_params").map(parameters);
    let bytes = |(name, value): &(String, Secret)| name.len() + value.expose().len();
    let (most, most_bytes) = limits::ENDPOINT_PARAMETERS;
    if let Some(given) = &endpoint_params {
        if given.len() > most {
            let text = format!("must have at most {most} members");
            block.refuse("endpoint_params", Unfit::refused(text));
        } else if given.iter().map(bytes).sum::<usize>() > most_bytes {
            let text = format!("must be at most {most_bytes} bytes in all");
            block.refuse("endpoint_params", Unfit::refused(text));
        }
    }
    let tls = block.inner("tls_config").map(tls::read);
    if let Some(tls) = &tls {
        if token_url.as_ref().is_some_and(|url| url.scheme() == "http") {
            block.refuse("tls_config", Unfit::refused("needs an https token_url"));
        } else if tls.insecure_skip_verify && block.rules.allow_insecure_tls {
            // The client secret goes to whoever answers there.
            block.refuse("tls_config", tls::beside_credential());
        }
    }
    block.needs(&["client_id"]);
    block.needs(&["client_secret", "client_secret_file"]);
    block.needs(&["token_url"]);
    block.close();
    Some(OAuth2 {
        client_id: client_id?,
        client_secret: client_secret?,
        token_url: token_url?,
        scopes: scopes.unwrap_or_default(),
        endpoint_params: endpoint_params.unwrap_or_default(),
        tls: tls.unwrap_or_default(),
    })
}

/// The further parameters of the token request, in document order.
fn parameters(mut block: Block<'_>) -> Vec<(String, Secret)> {
    let mut parameters = Vec::new();
    for (place, name, given) in block.rest() {
        if RESERVED.contains(&name.as_str()) {
            block.refuse_at(&place, &name, Unfit::refused("is set by the grant itself"));
            continue;
        }
        match given.text() {
            Ok(value) => parameters.push((name, Secret::new(value))),
            Err(unfit) => block.refuse_at(&place, &keys::shown(&name), unfit),
        }
    }
    parameters
}
