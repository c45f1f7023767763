//! Which block of the connection details proved who asks, for the texts of failures.

use std::fmt;

use crate::connections::auth::Authentication;
use crate::connections::auth::AuthorizationBlock;
use crate::connections::auth::AwsBlock;

/// With which block an attempt proved itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProvedBy {
    /// None.
    Nothing,
    /// `basic_auth`
    Basic,
    /// `authorization` or `bearer_token`
    Authorization(AuthorizationBlock),
    /// `oauth2`
    OAuth2,
    /// `aws` or `sigv4`
    Aws {
        /// Which of the two.
        block: AwsBlock,
        /// The region and the service that were signed for, once they are known.
        scope: Option<(String, String)>,
    },
}

impl ProvedBy {
    /// The block that `authentication` stands in.
    pub(super) fn of(authentication: &Authentication) -> Self {
        match authentication {
            Authentication::None => Self::Nothing,
            Authentication::Basic(_) => Self::Basic,
            Authentication::Authorization(it) => Self::Authorization(it.block),
            Authentication::OAuth2(_) => Self::OAuth2,
            Authentication::Aws(aws) => Self::Aws {
                block: aws.block,
                scope: None,
            },
        }
    }
}

/// As it is written after "answered 401 to".
impl fmt::Display for ProvedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("no authentication"),
            Self::Basic => f.write_str("basic_auth"),
            Self::Authorization(AuthorizationBlock::Authorization) => f.write_str("authorization"),
            Self::Authorization(AuthorizationBlock::BearerToken) => f.write_str("bearer_token"),
            Self::OAuth2 => f.write_str("oauth2"),
            Self::Aws { block, scope } => {
                f.write_str(match block {
                    AwsBlock::Aws => "aws",
                    AwsBlock::Sigv4 => "sigv4",
                })?;
                scope.as_ref().map_or(Ok(()), |(region, service)| {
                    write!(f, ", {region}, {service}")
                })
            }
        }
    }
}
