//! `POST /debug/diagnose`: why it is empty, or too many.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;

use super::Refused;
use super::Wanted;
use crate::app::App;
use crate::caller::Caller;
use crate::explain::diagnose;
use crate::failures;
use crate::protocol;
use crate::protocol::metric::MetricsRequest;

pub(super) async fn diagnose(
    State(app): State<Arc<App>>,
    body: Bytes,
) -> Result<Response, Refused> {
    let Wanted { request, dry_run } = super::read(&body)?;
    if dry_run {
        return Err(Refused::NotKept(
            "a diagnosis asks the backend: it has no dry run",
        ));
    }
    let request: MetricsRequest = protocol::decode(request.get().as_bytes())
        .map_err(|error| Refused::Request(failures::decode(&error)))?;
    let here = Arc::clone(&app);
    let work = async move {
        let configured = &here.snapshot().connections;
        let arrival = super::arrival(&here);
        let mirror = &here.mirror;
        diagnose::diagnose(mirror, configured, &Caller::Anyone, arrival, &request).await
    };
    let found = app.errands.run(true, work).await.map_err(Refused::Undone)?;
    Ok(super::json(&found.map_err(Refused::Request)?))
}
