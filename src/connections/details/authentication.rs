//! How a connection proves itself: at most one of seven keys and `user:password@`.

use super::authorization;
use super::aws;
use super::block::Block;
use super::error::{Findings, Unfit};
use super::fit;
use super::given::Given;
use super::oauth2;
use super::origin::Rules;
use super::target::Placed;
use super::warning::Warning;
use crate::connections::auth::Authentication;
use crate::connections::auth::Basic;
use crate::connections::auth::SecretSource;
use crate::connections::url::UserInfo;
use crate::secret::Secret;

/// What was given of it.
#[derive(Default)]
pub(super) struct Proofs {
    /// Which keys were given, whether or not they fit.
    given: Vec<Placed<&'static str>>,
    /// The first one that fits.
    read: Option<Authentication>,
}

/// The keys.
const NAMES: [&str; 7] = [
    "basic_auth",
    "authorization",
    "bearer_token",
    "bearer_token_file",
    "oauth2",
    "aws",
    "sigv4",
];

impl Proofs {
    /// Whether `name` is one of the keys.
    pub(super) fn know(name: &str) -> bool {
        NAMES.contains(&name)
    }

    /// Takes the value of one of the keys.
    pub(super) fn take(
        &mut self,
        position: usize,
        name: &str,
        given: Given,
        rules: Rules<'_>,
        findings: &mut Findings,
        warnings: &mut Vec<Warning>,
    ) -> Result<(), Unfit> {
        let value = NAMES.into_iter().find(|known| *known == name);
        self.given
            .extend(value.map(|value| Placed { position, value }));
        let read = match name {
            "bearer_token" => {
                let token = given.text()?;
                fit::header_value(&token)?;
                Some(bearer(SecretSource::Inline(Secret::new(token))))
            }
            "bearer_token_file" => Some(bearer(SecretSource::File(rules.origin.file(given)?))),
            _ => Block::open(vec![position], name, given, rules, findings)
                .and_then(|block| block_of(name, block, warnings)),
        };
        self.read = self.read.take().or(read);
        Ok(())
    }

    /// Whether any was given, fit or not.
    pub(super) fn are_given(&self) -> bool {
        !self.given.is_empty()
    }

    /// The one way, after `user:password@` of the address at `position` was taken for another.
    pub(super) fn finish(
        mut self,
        user_info: Option<Placed<UserInfo>>,
        address: &'static str,
        findings: &mut Findings,
    ) -> Authentication {
        if let Some(Placed { position, value }) = user_info {
            self.given.push(Placed {
                position,
                value: address,
            });
            self.read = self.read.or(Some(basic(value)));
        }
        self.given.sort_by_key(|given| given.position);
        if let [first, others @ ..] = self.given.as_slice() {
            let beside = if first.value == address {
                format!("the user name in {address}")
            } else {
                first.value.to_owned()
            };
            for other in others {
                let what = if other.value == address {
                    "has a user name, which "
                } else {
                    ""
                };
                let unfit = Unfit::refused(format!("{what}cannot stand beside {beside}"));
                findings.push(&[other.position], other.value, unfit);
            }
        }
        self.read.unwrap_or_default()
    }
}

fn block_of(name: &str, block: Block<'_>, warnings: &mut Vec<Warning>) -> Option<Authentication> {
    match name {
        "basic_auth" => authorization::basic(block).map(Authentication::Basic),
        "authorization" => authorization::authorization(block).map(Authentication::Authorization),
        "oauth2" => oauth2::read(block).map(|it| Authentication::OAuth2(Box::new(it))),
        "aws" => Some(Authentication::Aws(Box::new(aws::aws(block, warnings)))),
        _ => Some(Authentication::Aws(Box::new(aws::sigv4(block)))),
    }
}

fn bearer(credentials: SecretSource) -> Authentication {
    Authentication::Authorization(authorization::bearer(credentials))
}

fn basic(UserInfo { username, password }: UserInfo) -> Authentication {
    Authentication::Basic(Basic {
        username: SecretSource::Inline(username),
        password: password.map(SecretSource::Inline),
    })
}
