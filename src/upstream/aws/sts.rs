//! Asking STS for a session, with what is mended on the way: another region, another length,
//! another time.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

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
use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::secret::Secret;
use crate::time::UnixMillis;
use crate::upstream::aws::AwsError;
use crate::upstream::aws::chain::ATTEMPTS;
use crate::upstream::aws::clock;
use crate::upstream::aws::clock::HostClock;
use crate::upstream::aws::clock::Offset;
use crate::upstream::aws::clock::Offsets;
use crate::upstream::aws::clock::system_time;
use crate::upstream::aws::complaint;
use crate::upstream::aws::wanted::Place;
use crate::upstream::aws::wanted::Role;
use crate::upstream::credentials::CredentialError;
use crate::upstream::scrub::Scrubbed;
use crate::upstream::sessions::pace::Pace;

/// How long one attempt may take; connecting, as the dialler has it.
const ATTEMPT: Duration = Duration::from_secs(5);
/// The longest session of a role that is assumed by a session, and of any role that sets no other
/// length.
pub(super) const CHAINED: Duration = Duration::from_secs(3600);
/// Where accounts have all their identities, whichever regions they have switched off.
const HOME: &str = "us-east-1";

/// STS, wherever it is.
#[derive(Debug)]
pub(super) struct Sts {
    http: SharedHttpClient,
    pace: Pace,
    pub(super) offsets: Arc<Offsets>,
    pub(super) clock: fn() -> UnixMillis,
}

/// With what a role is assumed.
#[derive(Clone, Debug)]
pub(super) enum Proof {
    /// Credentials, which sign the call.
    Credentials(Credentials),
    /// A web identity token, which the call holds.
    Token(Secret),
}

/// What worked, so that the next call begins with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Way {
    /// Whether a web identity token was taken.
    pub(super) by_token: bool,
    /// Whether the region was the one that always works.
    pub(super) at_home: bool,
    /// The length that was granted, if it is less than what was asked.
    pub(super) length: Option<Duration>,
}

/// STS gave no session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Denied {
    pub(super) error: CredentialError,
    /// Its code, if it answered with one.
    pub(super) code: Option<String>,
}

/// One failed call.
struct Failed {
    denied: Denied,
    is_about_time: bool,
    /// `Date` of the answer.
    date: Option<SystemTime>,
}

impl Sts {
    pub(super) fn new(http: SharedHttpClient, clock: fn() -> UnixMillis) -> Self {
        Self {
            http,
            pace: Pace::new(10, 50),
            offsets: Arc::default(),
            clock,
        }
    }

    /// Our time, before any correction.
    pub(super) fn now(&self) -> SystemTime {
        system_time((self.clock)())
    }

    /// The time as STS at `place` sees it.
    pub(super) fn time(&self, place: &Place) -> SystemTime {
        self.time_source(place).now()
    }

    /// Waits until a call may be made.
    pub(super) async fn take_turn(&self) -> Result<(), CredentialError> {
        self.pace
            .claim()
            .await
            .map_err(|_| CredentialError::Endpoint {
                service: "STS".to_owned(),
                reason: "it would have to be asked more than ten times a second".to_owned(),
            })
    }

    /// A session of `role`. `way` is what worked the last time, and is told what works this time.
    pub(super) async fn assume(
        &self,
        place: &Place,
        role: &Role,
        proof: &Proof,
        way: &mut Way,
    ) -> Result<Credentials, Denied> {
        let mut was_corrected = false;
        loop {
            self.take_turn()
                .await
                .map_err(|error| Denied { error, code: None })?;
            let length = self.length(role, proof, way);
            let failed = match self.call(place, role, proof, length, way.at_home).await {
                Ok(credentials) => return Ok(credentials),
                Err(failed) => failed,
            };
            let code = failed.denied.code.as_deref().unwrap_or_default();
            if failed.is_about_time {
                if !was_corrected && self.learn(place, failed.date) {
                    was_corrected = true;
                    continue;
                }
                return Err(self.skewed(place, failed));
            }
            match code {
                // The workspace's region may be one that the caller's account has switched off.
                "InvalidClientTokenId" | "RegionDisabledException"
                    if !way.at_home && place.region != HOME =>
                {
                    way.at_home = true;
                }
                "ValidationError" if length > CHAINED => {
                    tracing::warn!(
                        role = role.arn,
                        "STS refused the length; 3600 s are asked for"
                    );
                    way.length = Some(CHAINED);
                }
                _ => return Err(failed.denied),
            }
        }
    }

    fn length(&self, role: &Role, proof: &Proof, way: &Way) -> Duration {
        let is_session = match proof {
            Proof::Credentials(credentials) => credentials.session_token().is_some(),
            Proof::Token(_) => false,
        };
        let most = if is_session {
            Some(CHAINED)
        } else {
            way.length
        };
        most.map_or(role.length, |most| role.length.min(most))
    }

    async fn call(
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
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
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

    /// A clock for the SDK that is as right as ours is known to be.
    pub(super) fn time_source(&self, place: &Place) -> HostClock {
        HostClock {
            clock: self.clock,
            offsets: Arc::clone(&self.offsets),
            host: place.host(),
        }
    }

    fn learn(&self, place: &Place, date: Option<SystemTime>) -> bool {
        let date = date.filter(|_| place.is_trusted());
        date.is_some_and(|date| {
            self.offsets
                .learn(&place.host(), date, self.now(), Instant::now())
        })
    }

    fn skewed(&self, place: &Place, failed: Failed) -> Denied {
        let Some(date) = failed.date else {
            return failed.denied;
        };
        let seconds = Offset::between(self.time(place), date).seconds();
        Denied {
            error: CredentialError::Aws(AwsError::Skewed { seconds }),
            ..failed.denied
        }
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
            date,
        };
    };
    tracing::warn!(role = role.arn, request_id, code, "STS gave no session");
    let is_server = answer.is_some_and(|answer| answer.status().is_server_error());
    let error = if complaint::is_throttling(&code) || is_server {
        unanswered(&code).error
    } else {
        CredentialError::Aws(AwsError::RoleRefused {
            role: role.arn.clone(),
            code: code.clone(),
        })
    };
    Failed {
        is_about_time: complaint::is_about_time(&code, message),
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
