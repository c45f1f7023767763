//! A mirror that runs, asked at its admin listener: what counts is its own view of the network.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::Request;
use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http_body_util::BodyExt as _;
use http_body_util::Full;
use http_body_util::Limited;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use tokio::runtime::{Builder, Runtime};

use super::{FAILED, INTERRUPTED, USAGE, connect, exit, health, print};
use crate::connections::url::BaseUrl;
use crate::egress::Dialler;
use crate::egress::Guard;
use crate::network::Bounds;
use crate::secret::Secret;

/// How long an answer may take: longer than any request does.
const PATIENCE: Duration = Duration::from_secs(90);
/// Largest answer, in bytes: a record with 100,000 points is below it.
const LARGEST: usize = 64 << 20;

/// The admin listener of a mirror.
#[derive(Debug)]
pub(super) struct Remote {
    base: BaseUrl,
    token: Option<Secret>,
    runtime: Runtime,
}

/// What it says when it does not do what it is asked.
#[derive(Deserialize)]
struct Refusal {
    error: Told,
}

#[derive(Deserialize)]
struct Told {
    id: Option<String>,
    message: String,
}

impl Remote {
    /// The listener at `url`, with the token of a file.
    ///
    /// # Errors
    ///
    /// The exit code; what is wrong was printed.
    pub(super) fn new(url: &str, token_file: Option<&Path>) -> Result<Self, u8> {
        let base = BaseUrl::parse(url).map_err(|error| {
            print::error(&format_args!("--admin-url: {error}"));
            USAGE
        })?;
        let token = token_file.map(token).transpose()?;
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| {
            print::error(&error);
            FAILED
        })?;
        Ok(Self {
            base: base.base,
            token,
            runtime,
        })
    }

    /// What it answers to `body` at `path`.
    ///
    /// # Errors
    ///
    /// The exit code; why there is no answer was printed.
    pub(super) fn post(&self, path: &[&str], body: String) -> Result<String, u8> {
        self.ask(Method::POST, path, Bytes::from(body))
    }

    /// What stands at `path`.
    ///
    /// # Errors
    ///
    /// As [`Self::post`].
    pub(super) fn get(&self, path: &[&str]) -> Result<String, u8> {
        self.ask(Method::GET, path, Bytes::new())
    }

    fn ask(&self, method: Method, path: &[&str], body: Bytes) -> Result<String, u8> {
        let target = self.base.endpoint(path);
        let failed = |reason: &dyn std::fmt::Display| {
            print::error(&format_args!("{target}: {reason}"));
            exit::UNREACHABLE
        };
        let mut request = Request::builder()
            .method(method)
            .uri(target.as_str())
            .header(CONTENT_TYPE, "application/json");
        if let Some(token) = &self.token {
            let text = format!("Bearer {}", token.expose());
            let mut value = HeaderValue::from_str(&text).map_err(|_| {
                print::error(&"--token-file: it holds what no header can");
                USAGE
            })?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        let request = request.body(Full::new(body));
        let request = request.map_err(|error| failed(&error))?;
        let (status, body) = self.send(request)?.map_err(|reason| failed(&reason))?;
        if status.is_success() {
            return Ok(body);
        }
        Err(refused(target.as_str(), status, &body))
    }

    fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Result<(StatusCode, String), String>, u8> {
        let asking = async {
            let dialler = Dialler::new(Guard::default(), Bounds::default(), None, None);
            let client: Client<Dialler, Full<Bytes>> =
                Client::builder(TokioExecutor::new()).build(dialler);
            let answer = client.request(request).await;
            let answer = answer.map_err(|error| health::causes(&error))?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), LARGEST).collect().await;
            let body = body.map_err(|error| error.to_string())?.to_bytes();
            Ok((status, String::from_utf8_lossy(&body).into_owned()))
        };
        self.runtime.block_on(async {
            tokio::select! {
                answer = tokio::time::timeout(PATIENCE, asking) => {
                    Ok(answer.unwrap_or_else(|_| Err("no answer in time".to_owned())))
                }
                Ok(()) = tokio::signal::ctrl_c() => Err(INTERRUPTED),
            }
        })
    }
}

/// Says why it was not done; the exit code.
fn refused(target: &str, status: StatusCode, body: &str) -> u8 {
    let told = serde_json::from_str(body).map(|refusal: Refusal| refusal.error);
    match told {
        Ok(Told {
            id: Some(id),
            message,
        }) => {
            print::told(&id, &message);
            return exit::of_code(&id);
        }
        Ok(Told { message, .. }) => print::error(&format_args!("{target}: {message}")),
        Err(_) => print::error(&format_args!("{target}: answered {status}")),
    }
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => exit::FORBIDDEN,
        _ => FAILED,
    }
}

/// The token in a file, without the line break at its end.
fn token(file: &Path) -> Result<Secret, u8> {
    let name = file.to_string_lossy();
    let text = connect::file(&name).map_err(|error| {
        print::error(&format_args!("--token-file: {name}: {error}"));
        USAGE
    })?;
    Ok(Secret::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}
