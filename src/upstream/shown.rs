//! What the record shows of a call: everything but secrets (experience.md, "The engine").

use crate::connections::auth::Authentication;
use crate::record::stages::AuthenticationShown;
use crate::record::stages::CallStage;
use crate::record::stages::REDACTED;
use crate::upstream::Upstream;
use crate::upstream::request::Call;
use crate::upstream::request::Verb;

impl Upstream {
    /// `call` as it is sent with `verb`, the backend being told of `timeout` milliseconds.
    pub(super) fn shown(&self, call: &Call<'_>, verb: Verb, timeout: Option<u128>) -> CallStage {
        let connection = &self.target.connection;
        let own = call.parameters.iter();
        let own = own.map(|(name, value)| ((*name).to_owned(), value.clone()));
        let timeout = timeout.map(|millis| ("timeout".to_owned(), format!("{millis}ms")));
        // Some backends take a key as a parameter.
        let extra = connection.query_parameters.iter();
        let extra = extra.map(|(name, _)| (name.clone(), REDACTED.to_owned()));
        CallStage {
            verb: match verb {
                Verb::Post => "POST",
                Verb::Get => "GET",
            },
            url: connection.url.endpoint(call.path).to_string(),
            parameters: own.chain(timeout).chain(extra).collect(),
            headers: (connection.headers.iter())
                .map(|header| (header.name.clone(), REDACTED.to_owned()))
                .collect(),
            authentication: authentication(&connection.authentication),
            ..CallStage::default()
        }
    }
}

fn authentication(authentication: &Authentication) -> AuthenticationShown {
    let kind = |kind| AuthenticationShown {
        kind,
        ..AuthenticationShown::default()
    };
    match authentication {
        Authentication::None => kind("none"),
        Authentication::Basic(_) => kind("basic"),
        Authentication::Authorization(_) => kind("bearer"),
        Authentication::OAuth2(oauth2) => AuthenticationShown {
            identity: Some(oauth2.client_id.clone()),
            ..kind("oauth2")
        },
        Authentication::Aws(aws) => AuthenticationShown {
            region: aws.region.clone(),
            service: Some(aws.service.clone()),
            identity: Some(match (&aws.role_arn, &aws.keys) {
                (Some(role), _) => role.clone(),
                (None, Some(_)) => "keys of the connection".to_owned(),
                (None, None) => "the mirror's own identity".to_owned(),
            }),
            ..kind("aws")
        },
    }
}
