//! The hosts of Amazon Managed Service for Prometheus, told by their names alone.

/// Longest name of a region: it becomes part of the host name of STS.
const REGION: usize = 32;

/// A host name of the service, with the region in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmpHost<'h> {
    /// One of the service's own, which the mirror's own identity may sign for.
    Service {
        /// Its region.
        region: &'h str,
    },
    /// One of a VPC endpoint. Its shape is not documented for certain, so that it gives a region
    /// but no leave to use the mirror's own identity.
    VpcEndpoint {
        /// Its region.
        region: &'h str,
    },
}

impl<'h> AmpHost<'h> {
    /// Reads a normalised host name: lower case, no trailing dot, no port. `None`: it is none of
    /// the service's.
    #[must_use]
    pub fn read(host: &'h str) -> Option<Self> {
        let labels: Vec<&str> = host.split('.').collect();
        match labels[..] {
            [
                "aps-workspaces" | "aps-workspaces-fips",
                region,
                "amazonaws",
                "com",
            ]
            | [
                "aps-workspaces" | "aps-workspaces-fips",
                region,
                "api",
                "aws",
            ] if is_region(region) => Some(Self::Service { region }),
            [name, "aps-workspaces", region, "vpce", "amazonaws", "com"]
                if !name.is_empty() && is_region(region) =>
            {
                Some(Self::VpcEndpoint { region })
            }
            _ => None,
        }
    }

    /// The region in the name.
    #[must_use]
    pub fn region(self) -> &'h str {
        match self {
            Self::Service { region } | Self::VpcEndpoint { region } => region,
        }
    }
}

/// Whether `text` can be the name of a region: `[a-z0-9-]`, 1..=32 characters.
#[must_use]
pub fn is_region(text: &str) -> bool {
    let is_allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    (1..=REGION).contains(&text.len()) && text.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn service(host: &str, region: &str) {
        assert_eq!(AmpHost::read(host), Some(AmpHost::Service { region }));
    }

    #[track_caller]
    fn foreign(host: &str) {
        assert_eq!(AmpHost::read(host), None, "{host}");
    }

    #[test]
    fn the_public_host_has_its_region() {
        service("aps-workspaces.eu-west-1.amazonaws.com", "eu-west-1");
    }

    #[test]
    fn the_fips_host_has_its_region() {
        service("aps-workspaces-fips.us-east-1.amazonaws.com", "us-east-1");
        service(
            "aps-workspaces-fips.us-gov-west-1.amazonaws.com",
            "us-gov-west-1",
        );
    }

    #[test]
    fn the_dual_stack_hosts_have_their_region() {
        service("aps-workspaces.eu-central-1.api.aws", "eu-central-1");
        service("aps-workspaces-fips.ca-central-1.api.aws", "ca-central-1");
    }

    #[test]
    fn a_vpc_endpoint_has_a_region_and_is_not_the_service() {
        let host = "vpce-0a1b-c2d3.aps-workspaces.eu-west-1.vpce.amazonaws.com";
        let region = "eu-west-1";
        assert_eq!(AmpHost::read(host), Some(AmpHost::VpcEndpoint { region }));
        foreign("aps-workspaces.eu-west-1.vpce.amazonaws.com");
        foreign(".aps-workspaces.eu-west-1.vpce.amazonaws.com");
        foreign("a.b.aps-workspaces.eu-west-1.vpce.amazonaws.com");
    }

    #[test]
    fn look_alike_hosts_are_foreign() {
        foreign("aps-workspaces.eu-west-1.amazonaws.com.example.net");
        foreign("aps-workspaces.eu-west-1.amazonaws.net");
        foreign("aps-workspaces.eu-west-1.amazonaws.com.");
        foreign("aps-workspaces-eu-west-1.amazonaws.com");
        foreign("aps-workspaces.eu-west-1.xamazonaws.com");
        foreign("aps-workspaces.eu-west-1.api.aws.example.net");
        foreign("aps-workspaces.eu-west-1.aws");
        foreign("evil-aps-workspaces.eu-west-1.amazonaws.com");
        foreign("evil.aps-workspaces.eu-west-1.amazonaws.com");
        foreign("aps-workspaces-fipsy.eu-west-1.amazonaws.com");
        foreign("aps-workspaces.eu-west-1.s3.amazonaws.com");
        foreign("aps.eu-west-1.amazonaws.com");
        foreign("aps-workspaces.amazonaws.com");
        foreign("aps-workspaces..amazonaws.com");
        foreign("APS-WORKSPACES.eu-west-1.amazonaws.com");
        foreign("aps-workspaces.EU-WEST-1.amazonaws.com");
        foreign("xaps-workspaces.eu-west-1.amazonaws.com");
        foreign("aps-workspaces.eu-west-1.amazonaws.com.evil.example");
        foreign("aps-workspaces.eu-west-1.amazonaws.com.cn");
        foreign("aps-workspaces.eu-west-1.apixaws");
        foreign("xaps-workspaces-fips.eu-west-1.api.aws");
        foreign("vpce-1.aps-workspaces.eu-west-1.vpce.amazonaws.com.evil.example");
        foreign("vpce-1.xaps-workspaces.eu-west-1.vpce.amazonaws.com");
        foreign("prometheus");
        foreign("");
    }

    #[test]
    fn a_hostile_region_is_none() {
        let long = "a".repeat(33);
        let hostile = [
            "",
            ".",
            "eu.west",
            "eu-west-1.evil",
            "eu/west",
            "eu-west-1#",
            "eu-west-1?",
            "eu:1",
            "eu@evil",
            "eu_west",
            "Eu-west-1",
            "eu-west-1\n",
            "eu west",
            "ü",
            "%2e",
            &long,
        ];
        for region in hostile {
            assert!(!is_region(region), "{region:?}");
            foreign(&format!("aps-workspaces.{region}.amazonaws.com"));
        }
        assert!(is_region(&long[1..]));
        assert!(is_region("ap-southeast-5"));
    }
}
