//! `POST /api/connection`

use axum::response::Response;

use super::reply;
use super::wire::Call;
use crate::app::App;

/// Whether the backend can be used.
pub(super) async fn connection(app: &App, call: Call) -> Response {
    let tested = call
        .work(app, async {
            let (configured, arrival) = (call.configured(), call.arrival());
            let request = call.read()?;
            let ladder = app
                .mirror
                .connection(configured, call.caller(), arrival, &request);
            ladder.await.failure.map_or(Ok(()), Err)
        })
        .await;
    reply::connection(&call, tested)
}
