//! Which region a signature is for: a pure decision (connections.md, "AWS").

use crate::connections::amp::AmpHost;
use crate::connections::amp::is_region;
use crate::connections::auth::AwsBlock;
use crate::upstream::aws::AwsError;

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

impl<'a> Clues<'a> {
    fn found(self) -> Option<&'a str> {
        let hosts = AmpHost::read(self.host).map(AmpHost::region);
        self.given.or(hosts).or(self.environment)
    }

    /// Whether nothing gives a region, so that the predecessor's is used.
    pub(super) fn assume(self) -> bool {
        self.found().is_none() && self.block == AwsBlock::Aws
    }
}

/// The region to sign for.
///
/// # Errors
///
/// [`AwsError::NoRegion`] if nothing gives one, or the first that is given can be none.
pub(super) fn region(clues: Clues<'_>) -> Result<&str, AwsError> {
    let assumed = clues.assume().then_some(PREDECESSORS);
    let found = clues.found().or(assumed);
    found
        .filter(|region| is_region(region))
        .ok_or_else(|| AwsError::NoRegion {
            host: clues.host.to_owned(),
        })
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
    use crate::connections::url::BaseUrl;

    const AMP: &str = "aps-workspaces.eu-central-1.amazonaws.com";
    const OTHER: &str = "prometheus.example.net";

    const CLUES: Clues<'_> = Clues {
        block: AwsBlock::Aws,
        given: None,
        host: OTHER,
        environment: None,
    };

    #[track_caller]
    fn check(clues: Clues<'_>, expected: &str) {
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
        check(Clues { given, ..CLUES }, "us-west-2");
        let environment = Some("us-east-2");
        check(
            Clues {
                given,
                environment,
                ..CLUES
            },
            "us-west-2",
        );
    }

    #[test]
    fn a_region_that_is_given_beats_the_host() {
        let clues = Clues {
            given: Some("us-west-2"),
            host: AMP,
            ..CLUES
        };
        check(clues, "us-west-2");
        let clues = Clues {
            given: Some("eu-central-1"),
            host: AMP,
            ..CLUES
        };
        check(clues, "eu-central-1");
    }

    #[test]
    fn the_host_beats_the_environment() {
        let clues = Clues {
            host: AMP,
            environment: Some("us-east-2"),
            ..CLUES
        };
        check(clues, "eu-central-1");
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
        );
        let block = AwsBlock::Sigv4;
        check(
            Clues {
                environment,
                block,
                ..CLUES
            },
            "us-east-2",
        );
    }

    #[test]
    fn without_any_aws_assumes_the_predecessors() {
        assert!(CLUES.assume());
        check(CLUES, "eu-west-1");
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

    /// The region that follows from a URL as it is written; none but the host gives one.
    #[track_caller]
    fn of_url(url: &str) -> Result<String, AwsError> {
        let url = BaseUrl::parse(url).unwrap().base;
        let host = url.url().host_str().unwrap();
        let block = AwsBlock::Sigv4;
        let clues = Clues {
            block,
            host,
            ..CLUES
        };
        region(clues).map(str::to_owned)
    }

    #[track_caller]
    fn follows(url: &str, expected: &str) {
        assert_eq!(of_url(url).as_deref(), Ok(expected));
    }

    #[test]
    fn the_plain_host_gives_its_region() {
        follows(
            "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1",
            "eu-west-1",
        );
    }

    #[test]
    fn the_fips_host_gives_its_region() {
        follows(
            "https://aps-workspaces-fips.us-east-2.amazonaws.com/workspaces/ws-1",
            "us-east-2",
        );
    }

    #[test]
    fn the_dual_stack_host_gives_its_region() {
        follows(
            "https://aps-workspaces.eu-central-1.api.aws/workspaces/ws-1",
            "eu-central-1",
        );
    }

    #[test]
    fn the_dual_stack_host_with_fips_gives_its_region() {
        follows(
            "https://aps-workspaces-fips.us-gov-west-1.api.aws/workspaces/ws-1",
            "us-gov-west-1",
        );
    }

    #[test]
    fn a_vpc_endpoint_gives_its_region() {
        follows(
            "https://vpce-0a1b.aps-workspaces.ap-south-1.vpce.amazonaws.com/workspaces/ws-1",
            "ap-south-1",
        );
    }

    #[test]
    fn case_trailing_dot_and_port_change_no_region() {
        follows(
            "https://APS-Workspaces.EU-West-1.AmazonAWS.com.:443/",
            "eu-west-1",
        );
        follows("https://aps-workspaces.eu-west-1.API.aws.", "eu-west-1");
        follows(
            "http://aps-workspaces.eu-west-1.amazonaws.com:8080",
            "eu-west-1",
        );
    }

    #[test]
    fn no_url_that_looks_alike_gives_a_region() {
        for url in [
            "https://aps-workspaces.eu-west-1.amazonaws.com.evil.example/workspaces/ws-1",
            "https://xaps-workspaces.eu-west-1.amazonaws.com",
            "https://aps-workspaces.eu-west-1.amazonaws.com.cn",
            "https://aps-workspaces.amazonaws.com",
            "https://aps-workspaces.eu-west-1.api.aws.evil.example",
            "https://evil.example/aps-workspaces.eu-west-1.amazonaws.com",
            "https://aps-workspaces.eu-west-1.amazonaws.com@evil.example",
        ] {
            let read = BaseUrl::parse(url);
            assert!(read.is_err() || of_url(url).is_err(), "{url}");
        }
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
