//! One exchange with a token endpoint.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use http::Request;
use http::Response;
use http::StatusCode;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http_body_util::Full;
use tokio::time::Instant;
use tokio::time::timeout_at;
use url::Url;
use url::form_urlencoded::Serializer;
use url::form_urlencoded::byte_serialize;

use crate::connections::Proxy;
use crate::connections::Reach;
use crate::connections::auth::OAuth2;
use crate::egress::DialError;
use crate::instruments::Refresh;
use crate::secret::Secret;
use crate::upstream::body;
use crate::upstream::body::Bounds;
use crate::upstream::body::Coding;
use crate::upstream::body::Progress;
use crate::upstream::body::Whole;
use crate::upstream::client::Answer;
use crate::upstream::client::Clients;
use crate::upstream::client::NoClient;
use crate::upstream::client::Unanswered;
use crate::upstream::client::Way;
use crate::upstream::client::head;
use crate::upstream::credentials::CredentialError;
use crate::upstream::credentials::files::Files;
use crate::upstream::error::NoAnswer;
use crate::upstream::scrub::Scrubbed;
use crate::upstream::sign::basic;
use crate::upstream::sign::oauth2::answer;
use crate::upstream::sign::oauth2::answer::Granted;
use crate::upstream::until::Until;

/// How long one exchange may take. It is made by a task that outlives requests, so their deadlines
/// do not count; that of STS does as well here (connections.md, "AWS", STS).
const LIMIT: Duration = Duration::from_secs(5);
/// Largest answer, in bytes.
const ANSWER: usize = 256 << 10;

/// Who asks for a token.
pub(super) struct Client {
    pub(super) block: OAuth2,
    pub(super) secret: Secret,
    pub(super) proxy: Option<Proxy>,
    pub(super) reach: Reach,
}

/// How a client proves itself (RFC 6749, section 2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// By HTTP basic authentication.
    Header,
    /// By parameters in the form.
    Form,
}

/// Why there is no token.
#[derive(Debug)]
pub(super) struct NoToken {
    pub(super) error: CredentialError,
    pub(super) result: Refresh,
    /// Whether the endpoint did not take the client, or the way in which it proved itself.
    pub(super) is_about_the_client: bool,
}

impl Style {
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Header => Self::Form,
            Self::Form => Self::Header,
        }
    }
}

impl Client {
    /// Asks for a token once.
    pub(super) async fn ask(
        &self,
        style: Style,
        clients: &Clients,
        files: &Files,
    ) -> Result<Granted, NoToken> {
        let way = Way {
            // Its certificate is another one than that for the backend.
            name: None,
            url: &self.block.token_url,
            tls: &self.block.tls,
            tls_block: "oauth2.tls_config",
            proxy: self.proxy.as_ref(),
            bounds: &self.reach.token,
            proxy_bounds: &self.reach.proxy,
            enable_http2: false,
        };
        let client = clients
            .client(way, files)
            .await
            .map_err(|error| match error {
                NoClient::Material(error) => NoToken {
                    error,
                    result: Refresh::Failed,
                    is_about_the_client: false,
                },
                NoClient::System(reason) => self.silent(reason),
            })?;
        let request = self
            .request(style)
            .ok_or_else(|| self.silent("it cannot be asked"))?;
        let deadline = Instant::now() + LIMIT;
        // A new connection each time: tokens are had once in a while.
        let answer = timeout_at(
            deadline,
            client.request_anew(request, &AtomicBool::new(false)),
        )
        .await;
        let answer = answer
            .map_err(|_| self.silent("it was silent for 5 s"))?
            .map_err(|error| self.unanswered(&error, client.has_certificate))?;
        self.judge(answer, deadline).await
    }

    fn request(&self, style: Style) -> Option<Request<Full<Bytes>>> {
        let Self { block, secret, .. } = self;
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        if !block.scopes.is_empty() {
            form.append_pair("scope", &block.scopes.join(" "));
        }
        for (name, value) in &block.endpoint_params {
            form.append_pair(name, value.expose());
        }
        let mut request = Request::post(block.token_url.as_str())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        match style {
            Style::Header => {
                let [id, secret] = [block.client_id.as_str(), secret.expose()]
                    .map(|part| Secret::new(byte_serialize(part.as_bytes()).collect()));
                let header = basic::header(&id, &secret);
                let mut value = HeaderValue::try_from(header.expose()).ok()?;
                value.set_sensitive(true);
                request = request.header(AUTHORIZATION, value);
            }
            Style::Form => {
                form.append_pair("client_id", &block.client_id);
                form.append_pair("client_secret", secret.expose());
            }
        }
        request.body(Full::from(form.finish())).ok()
    }

    async fn judge(&self, answer: Response<Answer>, deadline: Instant) -> Result<Granted, NoToken> {
        let (head, body) = answer.into_parts();
        if head::is_too_large(&head) {
            return Err(self.silent(&worded(NoAnswer::Head)));
        }
        // None was offered: a token is a few hundred bytes.
        let coding = Coding::of(&head.headers, false)
            .map_err(|_| self.silent("its answer is coded, which nobody asked for"))?;
        let bounds = Bounds {
            cap: ANSWER,
            progress: Progress::default(),
            until: Until::Fixed(deadline),
        };
        let mut body_read = Whole::default();
        let read = body::read(body, coding, bounds, &mut body_read).await;
        let read = read.map(|_| body_read.0);
        let status = head.status;
        if status.is_success() {
            let body = read.map_err(|_| self.silent("its answer did not end"))?;
            return answer::granted(&body).map_err(|reason| self.refused(reason, false));
        }
        if status.is_redirection() {
            let reason = "it redirects; redirects are not followed";
            return Err(self.silent(reason));
        }
        let error = read.ok().and_then(|body| answer::error(&body));
        let said = error.map_or_else(String::new, |error| format!(" {error}"));
        let reason = format!("it answered {}{said}", status.as_u16());
        if status == StatusCode::TOO_MANY_REQUESTS {
            let result = Refresh::Throttled;
            return Err(NoToken {
                result,
                ..self.silent(&reason)
            });
        }
        if status.is_server_error() {
            return Err(self.silent(&reason));
        }
        let is_about_the_client =
            status == StatusCode::UNAUTHORIZED || error == Some("invalid_client");
        Err(self.refused(&reason, is_about_the_client))
    }

    fn unanswered(&self, error: &Unanswered, has_certificate: bool) -> NoToken {
        let mut no_answer = NoAnswer::of(error.cause(), has_certificate);
        if let NoAnswer::Tls(reason) = &no_answer
            && error.is_veiled()
        {
            let reason = reason.clone();
            no_answer = NoAnswer::Dial(DialError::Tls { reason }.veiled());
        }
        let error = match no_answer {
            NoAnswer::Dial(DialError::Forbidden {
                host,
                address,
                refusal,
            }) => CredentialError::Forbidden {
                host,
                address,
                refusal,
            },
            NoAnswer::Dial(DialError::Unreached { part, reason, .. }) => {
                CredentialError::Unreached {
                    service: host_port(&self.block.token_url),
                    part,
                    reason: Scrubbed::new(&reason).into(),
                }
            }
            other => return self.silent(&worded(other)),
        };
        NoToken {
            error,
            result: Refresh::Failed,
            is_about_the_client: false,
        }
    }

    fn silent(&self, reason: &str) -> NoToken {
        NoToken {
            error: CredentialError::Endpoint {
                service: host_port(&self.block.token_url),
                reason: reason.to_owned(),
            },
            result: Refresh::Failed,
            is_about_the_client: false,
        }
    }

    fn refused(&self, reason: &str, is_about_the_client: bool) -> NoToken {
        NoToken {
            error: CredentialError::Refused {
                service: host_port(&self.block.token_url),
                reason: reason.to_owned(),
            },
            result: Refresh::Refused,
            is_about_the_client,
        }
    }
}

/// Name and port of an endpoint.
pub(super) fn host_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    format!("{host}:{port}")
}

fn worded(no_answer: NoAnswer) -> String {
    match no_answer {
        NoAnswer::Dial(DialError::Resolve { reason, .. }) => reason,
        NoAnswer::Dial(DialError::Connect { reason }) => reason,
        NoAnswer::Dial(DialError::Proxy { reason, .. }) => {
            format!("no way through the proxy: {reason}")
        }
        NoAnswer::Dial(error @ (DialError::Forbidden { .. } | DialError::Unreached { .. })) => {
            error.to_string()
        }
        // The names in a certificate are the peer's own text.
        NoAnswer::Dial(DialError::Tls { reason }) | NoAnswer::Tls(reason) => {
            Scrubbed::new(&reason).into()
        }
        NoAnswer::NotHttp => "it does not speak HTTP".to_owned(),
        NoAnswer::Head => "its answer is too large".to_owned(),
        NoAnswer::Broken => "the connection broke".to_owned(),
    }
}
