//! Asking STS for a session, with what is mended on the way: another region, another length,
//! another time.

mod call;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials;
use aws_smithy_async::time::TimeSource as _;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::time::sleep;

use crate::secret::Secret;
use crate::time::UnixMillis;
use crate::upstream::aws::AwsError;
use crate::upstream::aws::clock::HostClock;
use crate::upstream::aws::clock::Offset;
use crate::upstream::aws::clock::Offsets;
use crate::upstream::aws::clock::system_time;
use crate::upstream::aws::wanted::Place;
use crate::upstream::aws::wanted::Role;
use crate::upstream::credentials::CredentialError;
use crate::upstream::sessions::pace::Pace;
use call::Failed;

/// The longest session of a role that is assumed by a session, and of any role that sets no other
/// length.
pub(super) const CHAINED: Duration = Duration::from_secs(3600);
/// How long a call that failed is left alone before it is repeated.
const REPEAT: Duration = Duration::from_secs(1);
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
        let mut was_repeated = false;
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
            // Two attempts, no more (reliability.md, "Retries"), and a second apart, as all calls of
            // one key are.
            if failed.is_passing && !was_repeated {
                was_repeated = true;
                sleep(REPEAT).await;
                continue;
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
