//! `POST /api/field/name`

use axum::response::Response;

use super::reply;
use super::wire::Call;
use crate::app::App;

/// Which fields can be used in conditions.
pub(super) async fn field_names(app: &App, call: Call) -> Response {
    let answer = call
        .work(app, async {
            app.mirror
                .field_names(
                    call.configured(),
                    call.caller(),
                    call.arrival(),
                    &call.read()?,
                )
                .await
        })
        .await;
    reply::answer(&call, answer)
}
