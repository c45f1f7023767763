//! `GET /metrics`: our own instruments.

use std::sync::Arc;

use axum::extract::State;
use http::header::CONTENT_TYPE;
use http::header::HeaderName;

use crate::app::App;
use crate::instruments::MEDIA_TYPE;

pub(super) async fn metrics(
    State(app): State<Arc<App>>,
) -> ([(HeaderName, &'static str); 1], String) {
    app.instruments
        .buffers(app.budget.used(), app.budget.limit());
    ([(CONTENT_TYPE, MEDIA_TYPE)], app.instruments.encode())
}
