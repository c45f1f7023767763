//! `POST /debug/requests/{id}/replay`: an entry of the tap sent again, now or at its own time.

use std::sync::Arc;

use axum::extract::Path;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Refused;
use crate::app::App;
use crate::explain::tap::Entry;
use crate::protocol::MirrorMethod;
use crate::protocol::kept;

#[derive(Deserialize)]
struct Again {
    #[serde(default)]
    connection_details: Option<Box<RawValue>>,
    #[serde(default)]
    at: At,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum At {
    #[default]
    Now,
    Then,
}

pub(super) async fn replay(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Refused> {
    let again: Again = super::read(&body)?;
    let entry = app.tap.find(&id).ok_or(Refused::Unknown)?;
    let passed = match again.at {
        At::Now => (app.clock)().get() - entry.at,
        At::Then => 0,
    };
    let request = request(&entry, again.connection_details, passed)?;
    let record = super::explained(&app, request, false).await?;
    Ok(super::json(&record))
}

/// The request of an entry, all its times later by `passed` milliseconds.
fn request(entry: &Entry, details: Option<Box<RawValue>>, passed: i64) -> Result<String, Refused> {
    if entry.connection_had_secrets && details.is_none() {
        let why = "the connection details held more than is kept of them; give them again";
        return Err(Refused::NotKept(why));
    }
    if entry.of == MirrorMethod::Connection {
        return Err(Refused::NotKept(
            "a connection test is no request that is replayed",
        ));
    }
    let kept = entry.request.as_ref();
    kept.and_then(|kept| kept::again(kept, entry.of, details, passed))
        .ok_or(Refused::NotKept(
            "the request was too long to be kept whole",
        ))
}
