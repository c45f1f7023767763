//! `POST /api/metric`

use axum::response::Response;

use super::reply;
use super::wire::Call;
use crate::app::App;

/// The points of one metric.
pub(super) async fn metric(app: &App, call: Call) -> Response {
    // In a box, for the layers around this move what they are given, and it is large.
    let work = Box::pin(async {
        app.mirror
            .metric(
                call.configured(),
                call.caller(),
                call.arrival(),
                &call.read()?,
            )
            .await
    });
    let answer = call.work(app, work).await;
    reply::answer(&call, answer)
}
