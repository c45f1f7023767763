//! One call of STS through the AWS SDK, and what an answer means.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sdk_sts::Client;
use aws_sdk_sts::config::BehaviorVersion;
use aws_sdk_sts::config::Config;
use aws_sdk_sts::config::IdentityCache;
use aws_sdk_sts::config::Region;
use aws_sdk_sts::config::StalledStreamProtectionConfig;
use aws_sdk_sts::config::retry::RetryConfig;
use aws_sdk_sts::config::timeout::TimeoutConfig;
use aws_sdk_sts::error::ProvideErrorMetadata;
use aws_sdk_sts::error::SdkError;
use aws_sdk_sts::operation::RequestId as _;
use aws_sdk_sts::types;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::upstream::aws::AwsError;
use crate::upstream::aws::clock;
use crate::upstream::aws::complaint;
use crate::upstream::aws::sts::Denied;
use crate::upstream::aws::sts::HOME;
use crate::upstream::aws::sts::Proof;
use crate::upstream::aws::sts::Sts;
use crate::upstream::aws::wanted::Place;
use crate::upstream::aws::wanted::Role;
use crate::upstream::credentials::CredentialError;
use crate::upstream::scrub::Scrubbed;

/// How long one attempt may take; connecting, as the dialler has it.
const ATTEMPT: Duration = Duration::from_secs(5);

/// One failed call.
pub(super) struct Failed {
    pub(super) denied: Denied,
    pub(super) is_about_time: bool,
    /// Whether it is a passing failure of STS or of the way to it.
    pub(super) is_passing: bool,
    /// `Date` of the answer.
    pub(super) date: Option<SystemTime>,
}

impl Sts {
    pub(super) async fn call(
        &self,
        place: &Place,
        role: &Role,
        proof: &Proof,
        length: Duration,
        at_home: bool,
    ) -> Result<Credentials, Failed> {
        let client = self.client(place, proof, at_home);
        let seconds = i32::try_from(length.as_secs()).unwrap_or(i32::MAX);
        let credentials = match proof {
            Proof::Credentials(_) => {
                let external_id = role.external_id.as_ref().map(|it| it.expose().to_owned());
                let asked = client
                    .assume_role()
                    .role_arn(&role.arn)
                    .role_session_name(&role.session_name)
                    .set_external_id(external_id)
                    .duration_seconds(seconds)
                    .send()
                    .await;
                asked.map_err(|error| failed(role, &error))?.credentials
            }
            Proof::Token(token) => {
                let asked = client
                    .assume_role_with_web_identity()
                    .role_arn(&role.arn)
                    .role_session_name(&role.session_name)
                    .web_identity_token(token.expose())
                    .duration_seconds(seconds)
                    .send()
                    .await;
                asked.map_err(|error| failed(role, &error))?.credentials
            }
        };
        credentials.and_then(taken).ok_or_else(|| Failed {
            denied: unanswered("its answer holds no session"),
            is_about_time: false,
            is_passing: false,
            date: None,
        })
    }

    fn client(&self, place: &Place, proof: &Proof, at_home: bool) -> Client {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(ATTEMPT)
            .build();
        let region = if at_home { HOME } else { &place.region };
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .http_client(self.http.clone())
            .sleep_impl(TokioSleep::new())
            .time_source(self.time_source(place))
            .timeout_config(timeouts)
            // Its repeats would pass by what counts and paces calls.
            .retry_config(RetryConfig::disabled())
            // The sessions above are the cache, and a connection test must pass it by.
            .identity_cache(IdentityCache::no_cache())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        config = match &place.endpoint {
            Some(endpoint) => config.endpoint_url(endpoint.as_str()),
            None => config.use_fips(place.fips),
        };
        if let Proof::Credentials(credentials) = proof {
            config = config.credentials_provider(credentials.clone());
        }
        Client::from_conf(config.build())
    }
}

fn taken(session: types::Credentials) -> Option<Credentials> {
    let ends = SystemTime::try_from(session.expiration).ok()?;
    Some(Credentials::new(
        session.access_key_id,
        session.secret_access_key,
        Some(session.session_token),
        Some(ends),
        "sts",
    ))
}

fn failed<E>(role: &Role, error: &SdkError<E>) -> Failed
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let answer: Option<&HttpResponse> = error.raw_response();
    let date = answer.and_then(|answer| answer.headers().get("date"));
    let date = date.and_then(clock::date);
    let meta = error.as_service_error().map(ProvideErrorMetadata::meta);
    let code = meta.and_then(|meta| meta.code()).and_then(complaint::code);
    let message = meta.and_then(|meta| meta.message()).unwrap_or_default();
    let request_id = error.request_id().unwrap_or_default();
    let Some(code) = code else {
        let reason = reason(error);
        tracing::warn!(role = role.arn, request_id, reason, "STS gave no session");
        return Failed {
            denied: unanswered(&reason),
            is_about_time: false,
            is_passing: true,
            date,
        };
    };
    tracing::warn!(role = role.arn, request_id, code, "STS gave no session");
    let is_server = answer.is_some_and(|answer| answer.status().is_server_error());
    let is_passing = complaint::is_throttling(&code) || is_server;
    let error = if is_passing {
        unanswered(&code).error
    } else {
        CredentialError::Aws(AwsError::RoleRefused {
            role: role.arn.clone(),
            code: code.clone(),
        })
    };
    Failed {
        is_about_time: complaint::is_about_time(&code, message),
        is_passing,
        denied: Denied {
            error,
            code: Some(code),
        },
        date,
    }
}

fn unanswered(reason: &str) -> Denied {
    let error = CredentialError::Endpoint {
        service: "STS".to_owned(),
        reason: reason.to_owned(),
    };
    Denied { error, code: None }
}

/// What the innermost cause says.
fn reason(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = error.to_string();
        cause = error.source();
    }
    Scrubbed::new(&text).as_str().to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::Mutex;

    use aws_smithy_runtime_api::client::http::HttpConnector;
    use aws_smithy_runtime_api::client::http::HttpConnectorFuture;
    use aws_smithy_runtime_api::client::http::SharedHttpConnector;
    use aws_smithy_runtime_api::client::http::http_client_fn;
    use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
    use aws_smithy_runtime_api::client::result::ConnectorError;

    use super::*;
    use crate::time::UnixMillis;

    /// Notes where it is sent and sends nothing.
    #[derive(Clone, Debug, Default)]
    struct Notes(Arc<Mutex<Vec<String>>>);

    impl HttpConnector for Notes {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            self.0.lock().unwrap().push(request.uri().to_owned());
            let error = ConnectorError::user("nobody is asked".into());
            HttpConnectorFuture::ready(Err(error))
        }
    }

    async fn asked(place: Place, at_home: bool) -> Vec<String> {
        let notes = Notes::default();
        let connector = SharedHttpConnector::new(notes.clone());
        let http = http_client_fn(move |_, _| connector.clone());
        let sts = Sts::new(http, || UnixMillis::new(0));
        let role = Role {
            arn: "arn:aws:iam::1:role/r".to_owned(),
            external_id: None,
            session_name: "name".to_owned(),
            length: Duration::from_secs(3600),
            token_file: None,
        };
        let proof = Proof::Credentials(Credentials::new("id", "secret", None, None, "test"));
        let failed = sts.call(&place, &role, &proof, role.length, at_home).await;
        assert!(failed.is_err());
        notes.0.lock().unwrap().clone()
    }

    #[tokio::test]
    async fn sts_is_asked_at_its_regional_endpoint() {
        for (region, fips, at_home, host) in [
            ("eu-west-1", false, false, "sts.eu-west-1.amazonaws.com"),
            ("us-east-1", false, false, "sts.us-east-1.amazonaws.com"),
            ("us-west-2", true, false, "sts-fips.us-west-2.amazonaws.com"),
            (
                "cn-north-1",
                false,
                false,
                "sts.cn-north-1.amazonaws.com.cn",
            ),
            ("af-south-1", false, true, "sts.us-east-1.amazonaws.com"),
        ] {
            let place = Place {
                region: region.to_owned(),
                endpoint: None,
                fips,
            };
            assert_eq!(asked(place, at_home).await, [format!("https://{host}/")]);
        }
    }

    #[tokio::test]
    async fn an_endpoint_that_is_given_goes_before_all_others() {
        let place = Place {
            region: "eu-west-1".to_owned(),
            endpoint: Some("http://127.0.0.1:5000/".parse().unwrap()),
            fips: true,
        };
        let expected = ["http://127.0.0.1:5000/"];
        assert_eq!(asked(place, false).await, expected);
    }
}
