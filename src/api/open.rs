//! What is no call of the Mirror API: the pages that are open to anybody, and everything that
//! does not exist.

use axum::response::Response;
use http::HeaderValue;
use http::header::ALLOW;
use http::request::Parts;

use super::entry::enter;
use super::entry::refuse;
use super::reply;
use super::reply::Misuse;
use crate::app::App;
use crate::openapi;

/// `GET /`, byte for byte as the Python predecessor answers it.
pub(super) fn index() -> Response {
    reply::page(r#"{"app": "StackState Prometheus Mirror"}"#)
}

/// `GET /healthcheck`, byte for byte as the Python predecessor answers it.
pub(super) fn healthcheck() -> Response {
    reply::page(r#"{"app": "StackState Prometheus Mirror", "status": "OK"}"#)
}

/// `GET /openapi.json`. Made anew each time: who asks for it is a person or a test.
pub(super) fn openapi() -> Response {
    reply::page(openapi::document())
}

/// Any path that is not in the route table.
pub(super) fn no_such_path(app: &App, head: &Parts) -> Response {
    misuse(app, head, Misuse::NoSuchPath)
}

/// Another HTTP method on one of the four.
pub(super) fn use_post(app: &App, head: &Parts) -> Response {
    let mut response = misuse(app, head, Misuse::UsePost);
    let allowed = HeaderValue::from_static("POST");
    response.headers_mut().insert(ALLOW, allowed);
    response
}

/// Another HTTP method on an open page.
pub(super) fn use_get(app: &App, head: &Parts) -> Response {
    let mut response = misuse(app, head, Misuse::UseGet);
    let allowed = HeaderValue::from_static("GET,HEAD");
    response.headers_mut().insert(ALLOW, allowed);
    response
}

/// What is no call has no body that is read, so only what the head proves counts.
fn misuse(app: &App, head: &Parts, misuse: Misuse) -> Response {
    let snapshot = app.snapshot();
    match enter(&snapshot, head) {
        Ok(entrance) => reply::misuse(&snapshot, entrance.settled().as_ref(), misuse),
        Err(refused) => refuse(app, refused),
    }
}
