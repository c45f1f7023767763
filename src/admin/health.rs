//! Whether the program lives, and whether it wants to be called (reliability.md, "Health and
//! readiness").

use std::sync::Arc;
use std::time::Instant;

use axum::extract::State;
use http::StatusCode;

use crate::app::App;

/// `GET /-/healthy`: 503 if the main runtime has stood still for ten seconds. A green probe over a
/// stuck runtime would be worth nothing.
pub(super) async fn healthy(State(app): State<Arc<App>>) -> (StatusCode, &'static str) {
    if app.state.alive(Instant::now()) {
        (StatusCode::OK, "healthy\n")
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "the main runtime is stuck\n",
        )
    }
}

/// `GET /-/ready`: 503 before both listeners are bound, and from the signal to stop on.
pub(super) async fn ready(State(app): State<Arc<App>>) -> (StatusCode, &'static str) {
    if app.state.ready() {
        (StatusCode::OK, "ready\n")
    } else if app.state.draining() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "starting\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::HEARTBEAT_LIMIT;
    use crate::app::tests::app;

    #[tokio::test]
    async fn readiness_follows_the_state_and_no_backend() {
        let app = app();
        let status = async || ready(State(Arc::clone(&app))).await.0;
        assert_eq!(status().await, StatusCode::SERVICE_UNAVAILABLE);
        app.state.set_ready();
        assert_eq!(status().await, StatusCode::OK);
        app.state.set_draining();
        assert_eq!(status().await, StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test]
    async fn a_runtime_that_stands_still_is_not_healthy() {
        let app = app();
        assert_eq!(healthy(State(Arc::clone(&app))).await.0, StatusCode::OK);
        assert!(!app.state.alive(Instant::now() + HEARTBEAT_LIMIT * 2));
    }
}
