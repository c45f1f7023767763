//! Keys of the object that mean nothing.

use super::super::error::{Findings, Unfit};
use super::super::keys;
use super::super::origin::{Origin, Rules};
use super::super::target::Placed;
use super::super::warning::Warning;
use crate::connections::auth::Authentication;

/// Most unknown keys that are named in warnings.
const MOST: usize = 8;

/// Warns of `unknown` keys in a request, unless ignoring one would sign as somebody else than was
/// meant; refuses them in the configuration.
pub(super) fn check(
    unknown: &[Placed<String>],
    authentication: Option<&Authentication>,
    rules: Rules<'_>,
    findings: &mut Findings,
    warnings: &mut Vec<Warning>,
) {
    let mut named = 0;
    for Placed { position, value } in unknown {
        let meant = keys::identity_key(value)
            .filter(|meant| !authentication.is_some_and(|it| says(it, meant)));
        let is_refused = match rules.origin {
            Origin::Configuration { .. } => true,
            Origin::Request { .. } => meant.is_some(),
        };
        if is_refused {
            let meant = meant.map(|name| format!("aws.{name}"));
            let nearest = meant.as_deref().or(keys::nearest_key(value));
            findings.push(&[*position], keys::shown(value), Unfit::unknown(nearest));
            continue;
        }
        named += 1;
        if named <= MOST {
            warnings.push(Warning::UnknownKey {
                written: keys::shown(value),
                nearest: keys::nearest_key(value),
            });
        } else if named == MOST + 1 {
            warnings.push(Warning::MoreUnknownKeys);
        }
    }
}

/// Whether an `aws` block has the key `name`, which decides who signs.
fn says(authentication: &Authentication, name: &str) -> bool {
    let Authentication::Aws(aws) = authentication else {
        return false;
    };
    let keys = aws.keys.as_ref();
    match name {
        "role_arn" => aws.role_arn.is_some(),
        "external_id" => aws.external_id.is_some(),
        "aws_session_token" => keys.is_some_and(|keys| keys.session_token.is_some()),
        _ => keys.is_some(),
    }
}
