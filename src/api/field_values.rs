//! `POST /api/field/value`

use axum::response::Response;

use super::reply;
use super::wire::Call;
use crate::app::App;

/// The values of one field.
pub(super) async fn field_values(app: &App, call: Call) -> Response {
    let answer = call
        .work(app, async {
            app.mirror
                .field_values(
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
