//! The mirror's own identity: the providers of the SDK's default chain, in its order.
//!
//! They are asked one by one, rather than as the SDK's chain, so that a failure can say what each
//! of them said. Each time they are made anew: token files and profiles are read at every renewal,
//! and nothing of them exists before the first.

use std::error::Error;
use std::time::Duration;

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::config::retry::RetryConfig;
use aws_sdk_sts::error::ProvideErrorMetadata;
use aws_sdk_sts::error::SdkError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;

use crate::upstream::aws::AwsError;
use crate::upstream::aws::complaint;
use crate::upstream::aws::error::Tried;
use crate::upstream::credentials::CredentialError;
use crate::upstream::scrub::Scrubbed;

/// The last provider of the chain.
const METADATA: &str = "instance metadata";
/// Instance metadata answer from the next room, or not at all.
const METADATA_TIME: Duration = Duration::from_secs(1);
const METADATA_ATTEMPTS: u32 = 2;
/// The SDK's own attempts (reliability.md, "Retries").
const ATTEMPTS: u32 = 2;

/// The credentials of the first provider that has some. `config` has the client, the clock and the
/// region.
///
/// # Errors
///
/// [`AwsError::NoCredentials`] if none has any. A provider that is there and fails ends the search:
/// falling on to the next one would sign as somebody else.
pub(super) async fn credentials(
    config: &ProviderConfig,
    profile: Option<&str>,
) -> Result<Credentials, CredentialError> {
    let config = config
        .clone()
        .with_retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
    let mut tried = Vec::new();
    for (provider, name) in providers(&config, profile) {
        match provider.provide_credentials().await {
            Ok(credentials) => return Ok(credentials),
            Err(error @ CredentialsError::CredentialsNotLoaded(_)) => tried.push(Tried {
                provider: name,
                reason: reason(&error),
            }),
            Err(error) => return Err(failed(name, &error, tried)),
        }
    }
    Err(CredentialError::Aws(AwsError::NoCredentials { tried }))
}

fn providers(
    config: &ProviderConfig,
    profile: Option<&str>,
) -> [(SharedCredentialsProvider, &'static str); 5] {
    let mut profiles = ProfileFileCredentialsProvider::builder().configure(config);
    if let Some(profile) = profile {
        profiles = profiles.profile_name(profile);
    }
    let metadata = imds::Client::builder()
        .configure(config)
        .operation_attempt_timeout(METADATA_TIME)
        .max_attempts(METADATA_ATTEMPTS)
        .build();
    let metadata = ImdsCredentialsProvider::builder()
        .configure(config)
        .imds_client(metadata);
    let web_identity = WebIdentityTokenCredentialsProvider::builder().configure(config);
    let container = EcsCredentialsProvider::builder().configure(config);
    let environment = share(EnvironmentVariableCredentialsProvider::new());
    let profiles = share(profiles.build());
    let rest = [
        (share(web_identity.build()), "web identity"),
        (share(container.build()), "container"),
        (share(metadata.build()), METADATA),
    ];
    let [web_identity, container, metadata] = rest;
    // A profile that is named is meant, whatever the environment holds.
    let [first, second] = if profile.is_some() {
        [(profiles, "profile"), (environment, "environment")]
    } else {
        [(environment, "environment"), (profiles, "profile")]
    };
    [first, second, web_identity, container, metadata]
}

fn share(provider: impl ProvideCredentials + 'static) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(provider)
}

fn failed(
    provider: &'static str,
    error: &CredentialsError,
    mut tried: Vec<Tried>,
) -> CredentialError {
    if let Some(code) = refused_code(error) {
        return CredentialError::Aws(AwsError::RoleRefused {
            role: "the role of AWS_ROLE_ARN".to_owned(),
            code,
        });
    }
    let reason = reason(error);
    match error {
        // A machine without metadata, and one that is slow or sick, are hard to tell apart.
        _ if provider == METADATA => {
            tried.push(Tried { provider, reason });
            CredentialError::Aws(AwsError::NoCredentials { tried })
        }
        CredentialsError::ProviderError(_) | CredentialsError::ProviderTimedOut(_) => {
            let service = format!("The {provider} credential provider");
            CredentialError::Endpoint { service, reason }
        }
        _ => {
            tried.push(Tried { provider, reason });
            CredentialError::Aws(AwsError::NoCredentials { tried })
        }
    }
}

/// The code of STS, if it was that which refused the token of the environment.
fn refused_code(error: &CredentialsError) -> Option<String> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(sts) = error.downcast_ref::<SdkError<AssumeRoleWithWebIdentityError>>() {
            let code = sts.as_service_error().and_then(ProvideErrorMetadata::code);
            return code.and_then(complaint::code);
        }
        cause = error.source();
    }
    None
}

/// What the innermost cause says: the outer ones only say that there is one.
fn reason(error: &CredentialsError) -> String {
    let mut cause: &(dyn Error + 'static) = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    Scrubbed::new(&cause.to_string()).as_str().to_owned()
}
