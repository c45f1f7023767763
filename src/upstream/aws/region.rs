//! Which region a signature is for: a pure decision (connections.md, "AWS").

use crate::connections::amp::AmpHost;
use crate::connections::amp::is_region;
use crate::connections::auth::AwsBlock;
use crate::upstream::aws::AwsError;
use crate::upstream::aws::AwsWarning;

/// What the predecessor signed for when it was told nothing.
const PREDECESSORS: &str = "eu-west-1";

/// What there is to infer a region from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clues<'a> {
    /// Which block it is.
    pub(super) block: AwsBlock,
    /// The region that the block gives.
    pub(super) given: Option<&'a str>,
    /// The backend's host, normalised.
    pub(super) host: &'a str,
    /// `AWS_REGION`, else `AWS_DEFAULT_REGION`.
    pub(super) environment: Option<&'a str>,
}

/// The region to sign for, and what its author should know.
///
/// # Errors
///
/// [`AwsError::NoRegion`] if nothing gives one, or the first that is given can be none.
pub(super) fn region(clues: Clues<'_>) -> Result<(String, Option<AwsWarning>), AwsError> {
    let hosts = AmpHost::read(clues.host).map(AmpHost::region);
    let found = clues.given.or(hosts).or(clues.environment);
    let warning = match (found, clues.block) {
        (Some(found), _) if hosts.is_some_and(|host| host != found) => {
            Some(AwsWarning::RegionDiffers)
        }
        (None, AwsBlock::Aws) => Some(AwsWarning::RegionAssumed),
        _ => None,
    };
    let assumed = (clues.block == AwsBlock::Aws).then_some(PREDECESSORS);
    match found.or(assumed) {
        Some(region) if is_region(region) => Ok((region.to_owned(), warning)),
        _ => Err(AwsError::NoRegion {
            host: clues.host.to_owned(),
        }),
    }
}

/// The region of STS: the block's own, else the mirror's, since a private network reaches only its
/// own region's STS, else that of the signature.
pub(super) fn sts_region<'a>(
    given: Option<&'a str>,
    environment: Option<&'a str>,
    signature: &'a str,
) -> Result<&'a str, AwsError> {
    let region = given.or(environment).unwrap_or(signature);
    if is_region(region) {
        return Ok(region);
    }
    Err(AwsError::NoRegion {
        host: "STS".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const AMP: &str = "aps-workspaces.eu-central-1.amazonaws.com";
    const OTHER: &str = "prometheus.example.net";

    const CLUES: Clues<'_> = Clues {
        block: AwsBlock::Aws,
        given: None,
        host: OTHER,
        environment: None,
    };

    #[track_caller]
    fn check(clues: Clues<'_>, expected: &str, warning: impl Into<Option<AwsWarning>>) {
        let expected = (expected.to_owned(), warning.into());
        assert_eq!(region(clues), Ok(expected));
    }

    #[track_caller]
    fn refused(clues: Clues<'_>) {
        let host = clues.host.to_owned();
        assert_eq!(region(clues), Err(AwsError::NoRegion { host }));
    }

    #[test]
    fn a_region_that_is_given_is_used() {
        let given = Some("us-west-2");
        check(Clues { given, ..CLUES }, "us-west-2", None);
        let environment = Some("us-east-2");
        check(
            Clues {
                given,
                environment,
                ..CLUES
            },
            "us-west-2",
            None,
        );
    }

    #[test]
    fn a_region_that_is_given_beats_the_host_with_a_warning() {
        let clues = Clues {
            given: Some("us-west-2"),
            host: AMP,
            ..CLUES
        };
        check(clues, "us-west-2", AwsWarning::RegionDiffers);
        let clues = Clues {
            given: Some("eu-central-1"),
            host: AMP,
            ..CLUES
        };
        check(clues, "eu-central-1", None);
    }

    #[test]
    fn the_host_beats_the_environment() {
        let clues = Clues {
            host: AMP,
            environment: Some("us-east-2"),
            ..CLUES
        };
        check(clues, "eu-central-1", None);
    }

    #[test]
    fn the_environment_comes_after_the_host() {
        let environment = Some("us-east-2");
        check(
            Clues {
                environment,
                ..CLUES
            },
            "us-east-2",
            None,
        );
        let block = AwsBlock::Sigv4;
        check(
            Clues {
                environment,
                block,
                ..CLUES
            },
            "us-east-2",
            None,
        );
    }

    #[test]
    fn without_any_aws_assumes_the_predecessors_with_a_warning() {
        check(CLUES, "eu-west-1", AwsWarning::RegionAssumed);
    }

    #[test]
    fn without_any_sigv4_is_refused() {
        refused(Clues {
            block: AwsBlock::Sigv4,
            ..CLUES
        });
    }

    #[test]
    fn a_look_alike_host_gives_no_region() {
        let block = AwsBlock::Sigv4;
        let host = "aps-workspaces.eu-central-1.amazonaws.com.example.net";
        refused(Clues {
            block,
            host,
            ..CLUES
        });
    }

    #[test]
    fn hostile_regions_are_refused_wherever_they_come_from() {
        for hostile in [
            "eu-west-1.evil.example",
            "evil/",
            "EU-WEST-1",
            "",
            "a@b",
            "a:80",
            "a\r\nb",
        ] {
            refused(Clues {
                given: Some(hostile),
                ..CLUES
            });
            refused(Clues {
                environment: Some(hostile),
                ..CLUES
            });
            assert!(sts_region(Some(hostile), None, "eu-west-1").is_err());
            assert!(sts_region(None, Some(hostile), "eu-west-1").is_err());
        }
    }

    #[test]
    fn sts_is_asked_in_the_mirrors_region_unless_told_otherwise() {
        let sts = |given, environment| sts_region(given, environment, "eu-west-1").unwrap();
        assert_eq!(sts(None, None), "eu-west-1");
        assert_eq!(sts(None, Some("us-east-2")), "us-east-2");
        assert_eq!(sts(Some("ap-south-1"), Some("us-east-2")), "ap-south-1");
    }
}
