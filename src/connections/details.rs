//! The wire object `connectionDetails`: both dialects of it, tolerant and strict as
//! connections.md, sections 1 and 2, say; and the same object as a named connection of the
//! configuration.
//!
//! The object is read in two steps: into a flat list of keys and values in document order, then
//! key by key into a draft. The second step knows neither JSON nor YAML. Who wrote the object
//! decides what may stand in it ([`origin::Origin`]).

pub mod error;
pub mod warning;
pub mod given;
pub mod keys;
pub mod options;
pub mod origin;
mod authentication;
mod authorization;
mod aws;
mod block;
mod document;
mod draft;
mod fit;
mod headers;
mod oauth2;
pub mod parameters;
mod proxy;
mod target;
mod tls;
pub mod timeout;

use crate::caller::Caller;
use crate::connections::Configured;
use crate::connections::Connection;
use crate::connections::DetailsError;
use crate::connections::HttpMethod;
use crate::connections::Resolved;
use crate::connections::named::NamedConnection;
use crate::options::Profile;
use crate::options::QueryOptions;
use draft::{Draft, Finished};
use error::{Finding, Unfit};
use given::{Given, Scalar};
use origin::{Origin, Rules};

/// The members of the object, in document order.
type Members = Vec<(String, Given)>;

/// Reads the text of a `connectionDetails` object; see [`crate::connections::resolve`].
pub(super) fn resolve(
    text: &str,
    request_timeout: Option<u64>,
    configured: &Configured,
    caller: &Caller,
) -> Result<Resolved, DetailsError> {
    let members =
        document::entries(text).map_err(|finding| DetailsError::Invalid(vec![finding]))?;
    let Configured {
        defaults,
        policy,
        named,
        calls: _,
        // What becomes of the answer.
        answer_ttl: _,
        generation: _,
    } = configured;
    // One that is not open to the caller is read as one that does not exist, so that no difference
    // tells the two apart.
    let named = name(&members)
        .filter(|name| policy.opens(caller, name))
        .and_then(|name| named.get(name));
    // What a request says stands on top of what the named connection says, and that on the defaults.
    let options = named.map_or(&defaults.options, |it| &it.connection.options);
    let secrets_dir = policy.secrets_of(caller);
    let origin = Origin::Request {
        secrets_dir: secrets_dir.as_ref(),
    };
    let rules = Rules {
        origin,
        allow_insecure_tls: policy.allow_insecure_tls,
    };
    let read = read(members, rules, options.clone());
    let Finished {
        connection,
        timeout,
        options,
        warnings,
    } = read.map_err(DetailsError::of)?;
    // Without a finding there is one address, and without a base URL it is a name.
    let own = connection.or_else(|| named.map(|it| it.connection.clone()));
    let mut connection = own.ok_or(DetailsError::UnknownConnection)?;
    connection.caller = caller.clone();
    let most = named.and_then(|it| it.timeout);
    connection.timeout = timeout::deadline(timeout, defaults.timeout, most, request_timeout);
    let http_method = named.map_or(connection.http_method, |it| it.http_method);
    settle(&mut connection, http_method, options);
    Ok(Resolved {
        connection,
        warnings,
    })
}

/// Reads a named connection; see [`crate::connections::named`].
pub(super) fn configured(
    given: Given,
    rules: Rules<'_>,
    options: QueryOptions,
) -> Result<(NamedConnection, Vec<warning::Warning>), Vec<Finding>> {
    let whole = |unfit| {
        let path = String::new();
        vec![Finding { path, unfit }]
    };
    let Given::Map(members) = given else {
        return Err(whole(Unfit::invalid("must be an object")));
    };
    let Finished {
        connection,
        timeout,
        options,
        warnings,
    } = read(members, rules, options)?;
    let unaddressed = || whole(Unfit::invalid("needs url or host"));
    let mut connection = connection.ok_or_else(unaddressed)?;
    let http_method = connection.http_method;
    settle(&mut connection, http_method, options);
    let named = NamedConnection {
        connection,
        timeout,
        http_method,
    };
    Ok((named, warnings))
}

fn read(
    members: Members,
    rules: Rules<'_>,
    options: QueryOptions,
) -> Result<Finished, Vec<Finding>> {
    let mut draft = Draft::new(rules, options);
    for (position, (name, given)) in members.into_iter().enumerate() {
        draft.take(position, &name, given);
    }
    draft.finish()
}

/// The connection that is named, if one is.
fn name(members: &Members) -> Option<&str> {
    members.iter().find_map(|(name, given)| match given {
        Given::Scalar(Scalar::Text(text)) if name == "connection" => Some(text.as_str()),
        _ => None,
    })
}

fn settle(connection: &mut Connection, http_method: HttpMethod, options: QueryOptions) {
    connection.http_method = match options.profile {
        Profile::Exact => http_method,
        // The predecessor asked by GET (connections.md, section 1).
        Profile::Legacy => HttpMethod::Get,
    };
    connection.options = options;
}

#[cfg(test)]
mod tests;
