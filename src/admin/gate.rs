//! Who may ask the admin listener for more than health and metrics (experience.md, "Admin listener
//! and its JSON"; security.md, "The process").
//!
//! Routes are put behind the gate as a whole router, paths that do not exist included, so that a new
//! one is behind it without a line of its own. It judges the head alone: of who does not pass no
//! body is read.

mod attempts;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::middleware::Next;
use axum::middleware::from_fn;
use axum::response::IntoResponse as _;
use axum::response::Response;
use http::HeaderMap;
use http::HeaderValue;
use http::StatusCode;
use http::Uri;
use http::header::AUTHORIZATION;
use http::header::RETRY_AFTER;
use http::header::WWW_AUTHENTICATE;

use super::debug;
use crate::app::App;
use crate::caller::Peer;
use crate::caller::TokenDigest;
use crate::caller::is_from_this_machine;
use crate::caller::is_of_this_machine;
use attempts::Attempt;
use attempts::Attempts;

/// The gate. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    app: Arc<App>,
    attempts: Arc<Attempts>,
}

/// What lies behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behind {
    /// What only tells.
    Tells,
    /// What changes something, which only this machine may.
    Changes,
}

/// Why somebody does not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// No token is set, and it is not this machine that asks, or not by itself.
    Elsewhere,
    /// Only this machine may change something.
    Remote,
    /// There is no token in the head.
    Missing,
    /// It is not the right one.
    Wrong,
    /// There were too many wrong ones; so long none is looked at.
    TooSoon(Duration),
}

impl Gate {
    /// The gate of the configuration that is in force.
    pub(super) fn new(app: &Arc<App>) -> Self {
        Self {
            app: Arc::clone(app),
            attempts: Arc::default(),
        }
    }

    /// `routes` behind the gate; they only tell.
    pub(super) fn before(&self, routes: Router) -> Router {
        self.layer(routes, Behind::Tells)
    }

    /// `routes` behind the gate; they change something.
    pub(super) fn before_changes(&self, routes: Router) -> Router {
        self.layer(routes, Behind::Changes)
    }

    fn layer(&self, routes: Router, behind: Behind) -> Router {
        let gate = self.clone();
        routes.layer(from_fn(move |request, next| {
            gate.clone().pass(behind, request, next)
        }))
    }

    async fn pass(self, behind: Behind, request: Request, next: Next) -> Response {
        let peer = request.extensions().get::<Peer>();
        let peer = peer.expect("Admin::call says whose request it is").clone();
        let judged = self.judge(behind, &peer, request.uri(), request.headers());
        match judged {
            Ok(()) => next.run(request).await,
            Err(refusal) => {
                let source = peer.address.ip();
                if refusal == Refusal::Wrong && self.app.refusals.is_due(source, Instant::now()) {
                    tracing::warn!(%source, "a wrong token for the console");
                }
                refusal.answer(request.uri().path().starts_with("/debug/"))
            }
        }
    }

    fn judge(
        &self,
        behind: Behind,
        peer: &Peer,
        uri: &Uri,
        head: &HeaderMap,
    ) -> Result<(), Refusal> {
        let address = peer.address.ip();
        if behind == Behind::Changes && !is_from_this_machine(address, head) {
            return Err(Refusal::Remote);
        }
        let Some(token) = &self.app.snapshot().console_token else {
            let is_ours = is_of_this_machine(address, uri, head);
            return is_ours.then_some(()).ok_or(Refusal::Elsewhere);
        };
        let given = bearer(head).ok_or(Refusal::Missing)?;
        let is_right = || TokenDigest::is_of(token, given);
        match self.attempts.attempt(address, Instant::now(), is_right) {
            Attempt::Right => Ok(()),
            Attempt::Wrong => Err(Refusal::Wrong),
            Attempt::TooSoon(wait) => Err(Refusal::TooSoon(wait)),
        }
    }
}

impl Refusal {
    /// What is said to who does not pass: nothing of what lies behind.
    fn answer(self, is_json: bool) -> Response {
        let (status, text) = match self {
            Self::Elsewhere => (
                StatusCode::FORBIDDEN,
                "without console.token_file or CONSOLE_TOKEN this is answered on the mirror's own \
                 machine alone, at localhost\n",
            ),
            Self::Remote => (
                StatusCode::FORBIDDEN,
                "this is answered on the mirror's own machine alone\n",
            ),
            Self::Missing | Self::Wrong => (
                StatusCode::UNAUTHORIZED,
                "give the console token: Authorization: Bearer <token>\n",
            ),
            Self::TooSoon(_) => (StatusCode::TOO_MANY_REQUESTS, "too many wrong tokens\n"),
        };
        let mut response = if is_json {
            debug::error(status, None, text)
        } else {
            (status, text).into_response()
        };
        let head = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            head.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Self::TooSoon(wait) = self {
            // Rounded up, so that who comes back then is not too soon again.
            head.insert(RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
        }
        response
    }
}

/// The token in `Authorization: Bearer <token>`. Two such lines are none: which of them counts would
/// be a guess.
fn bearer(head: &HeaderMap) -> Option<&str> {
    let mut lines = head.get_all(AUTHORIZATION).iter();
    let (line, None) = (lines.next()?, lines.next()) else {
        return None;
    };
    let (scheme, token) = str::from_utf8(line.as_bytes()).ok()?.split_once(' ')?;
    let token = token.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests;
