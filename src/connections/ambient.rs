//! What the environment has to say about AWS blocks; `config` reads it.

use std::path::PathBuf;

use ::url::Url;

/// What of the environment has a say in AWS blocks. What the default chain reads there by itself
/// is not part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ambient {
    /// `AWS_REGION`, else `AWS_DEFAULT_REGION`.
    pub region: Option<String>,
    /// `AWS_ENDPOINT_URL_STS`
    pub sts_endpoint: Option<Url>,
    /// `AWS_WEB_IDENTITY_TOKEN_FILE`
    pub web_identity_token_file: Option<PathBuf>,
    /// `AWS_ROLE_ARN`, which goes with that file.
    pub role_arn: Option<String>,
}

impl Ambient {
    /// Takes what it needs from `variable`, which gives `None` for what is not set or empty. An
    /// endpoint that is no URL is as good as none.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let endpoint = variable("AWS_ENDPOINT_URL_STS");
        Self {
            region: variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")),
            sts_endpoint: endpoint.and_then(|it| Url::parse(&it).ok()),
            web_identity_token_file: variable("AWS_WEB_IDENTITY_TOKEN_FILE").map(PathBuf::from),
            role_arn: variable("AWS_ROLE_ARN"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(variables: &[(&str, &str)], expected: &Ambient) {
        let variable = |name: &str| {
            let found = variables.iter().find(|(it, _)| *it == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        assert_eq!(&Ambient::read(variable), expected);
    }

    #[test]
    fn the_region_goes_before_the_default_region() {
        let region = |region: &str| Ambient {
            region: Some(region.to_owned()),
            ..Ambient::default()
        };
        let (first, second) = (("AWS_REGION", "a"), ("AWS_DEFAULT_REGION", "b"));
        check(&[first, second], &region("a"));
        check(&[second], &region("b"));
        check(&[], &Ambient::default());
    }

    #[test]
    fn an_endpoint_must_be_a_url() {
        let text = "http://127.0.0.1:5000";
        let expected = Ambient {
            sts_endpoint: Url::parse(text).ok(),
            ..Ambient::default()
        };
        check(&[("AWS_ENDPOINT_URL_STS", text)], &expected);
        check(&[("AWS_ENDPOINT_URL_STS", "nowhere")], &Ambient::default());
    }
}
