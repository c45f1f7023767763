//! Unknown keys of `aws`, which documents of the predecessor may hold.

use super::super::block::Block;
use super::super::error::Unfit;
use super::super::keys;
use super::super::origin::Origin;
use super::super::warning::Warning;
use super::SIGV4;

/// Ends the block: what is left is warned of in a request, unless ignoring it would sign as somebody
/// else, and refused in the configuration.
pub(super) fn close(mut block: Block<'_>, warnings: &mut Vec<Warning>) {
    for unknown in block.unknown() {
        let name = unknown.name.as_str();
        let meant = keys::identity_key(name).filter(|meant| !block.has(meant));
        let is_sigv4s = [SIGV4.id, SIGV4.secret, SIGV4.secret_file].contains(&name);
        let is_refused = match block.rules.origin {
            Origin::Configuration { .. } => true,
            Origin::Request { .. } => meant.is_some() || is_sigv4s,
        };
        let nearest = meant.or(unknown.nearest);
        if is_refused {
            block.refuse_at(&unknown.place, name, Unfit::unknown(nearest));
        } else {
            warnings.push(Warning::UnknownKey {
                written: format!("aws.{}", keys::shown(name)),
                nearest,
            });
        }
    }
}
