//! What is no call of the Mirror API: the pages that are open to anybody, and everything that
//! does not exist.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::request::Parts;

use super::entry::enter;
use super::entry::refuse;
use super::reply;
use super::reply::Misuse;
use crate::app::App;
use crate::openapi;

/// `GET /`, byte for byte as the Python predecessor answers it.
pub(super) async fn index() -> Response {
    reply::page(r#"{"app": "StackState Prometheus Mirror"}"#)
}

/// `GET /healthcheck`, byte for byte as the Python predecessor answers it.
pub(super) async fn healthcheck() -> Response {
    reply::page(r#"{"app": "StackState Prometheus Mirror", "status": "OK"}"#)
}

/// `GET /openapi.json`. Made anew each time: who asks for it is a person or a test.
pub(super) async fn openapi() -> Response {
    reply::page(openapi::document())
}

/// Any path that is not in the route table.
pub(super) async fn no_such_path(State(app): State<Arc<App>>, head: Parts) -> Response {
    misuse(&app, &head, Misuse::NoSuchPath)
}

/// Another HTTP method on one of the four. The router adds `Allow`.
pub(super) async fn use_post(State(app): State<Arc<App>>, head: Parts) -> Response {
    misuse(&app, &head, Misuse::UsePost)
}

/// Another HTTP method on an open page. The router adds `Allow`.
pub(super) async fn use_get(State(app): State<Arc<App>>, head: Parts) -> Response {
    misuse(&app, &head, Misuse::UseGet)
}

/// What is no call has no body that is read, so only what the head proves counts.
fn misuse(app: &App, head: &Parts, misuse: Misuse) -> Response {
    let snapshot = app.snapshot();
    match enter(&snapshot, head) {
        Ok(entrance) => reply::misuse(&snapshot, entrance.settled().as_ref(), misuse),
        Err(refused) => refuse(app, refused),
    }
}
