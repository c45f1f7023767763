//! Unknown keys of the two blocks.

use super::super::block::Block;
use super::super::error::Unfit;
use super::super::keys;
use super::super::origin::Origin;
use super::super::warning::Warning;
use super::{AWS, Names, SIGV4};

/// Most unknown keys that are named in warnings.
const MOST: usize = 8;

/// Ends `aws`, which documents of the predecessor fill with anything: what is left is warned of in a
/// request, unless ignoring it would sign as somebody else, and refused in the configuration.
pub(super) fn close(mut block: Block<'_>, warnings: &mut Vec<Warning>) {
    let mut named = 0;
    for unknown in block.unknown() {
        let name = unknown.name.as_str();
        let meant = keys::identity_key(name).filter(|meant| !block.has(meant));
        let twin = twin(name, &SIGV4, &AWS);
        let is_refused = match block.rules.origin {
            Origin::Configuration { .. } => true,
            Origin::Request { .. } => meant.is_some() || twin.is_some_and(|it| it != AWS.region),
        };
        let nearest = meant.or(twin).or(unknown.nearest);
        if is_refused {
            block.refuse_at(&unknown.place, name, Unfit::unknown(nearest));
            continue;
        }
        named += 1;
        if named <= MOST {
            warnings.push(Warning::UnknownKey {
                written: format!("aws.{}", keys::shown(name)),
                nearest,
            });
        } else if named == MOST + 1 {
            warnings.push(Warning::MoreUnknownKeys);
        }
    }
}

/// Ends `sigv4`, of which every unknown key is an error.
pub(super) fn refuse(mut block: Block<'_>) {
    for unknown in block.unknown() {
        let nearest = twin(&unknown.name, &AWS, &SIGV4).or(unknown.nearest);
        block.refuse_at(&unknown.place, &unknown.name, Unfit::unknown(nearest));
    }
}

/// What the block with the names `here` calls what the other one calls `written`.
fn twin(written: &str, there: &Names, here: &Names) -> Option<&'static str> {
    let pairs = [
        (there.id, here.id),
        (there.secret, here.secret),
        (there.secret_file, here.secret_file),
        (there.region, here.region),
    ];
    let found = pairs.into_iter().find(|(other, _)| *other == written);
    found.map(|(_, name)| name)
}
