//! `POST /debug/requests/{id}/replay`: an entry of the tap sent again, now or at its own time.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::Path;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::value::to_raw_value;

use super::Refused;
use crate::app::App;
use crate::explain::tap::Entry;

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

type Members = BTreeMap<String, Box<RawValue>>;

const NOT_WHOLE: Refused = Refused::NotKept("the request was too long to be kept whole");

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
fn request(
    entry: &Entry,
    details: Option<Box<RawValue>>,
    passed: i64,
) -> Result<String, Refused> {
    if entry.connection_had_secrets && details.is_none() {
        let why = "the connection details held more than is kept of them; give them again";
        return Err(Refused::NotKept(why));
    }
    let kept = entry.request.as_ref().ok_or(NOT_WHOLE)?;
    let mut members: Members = serde_json::from_str(kept.text()).map_err(|_| NOT_WHOLE)?;
    if let Some(details) = details {
        members.insert("connectionDetails".to_owned(), details);
    }
    let kind = match entry.method {
        "metric" => "\"MetricsRequest\"",
        "field_names" => "\"FieldNamesRequest\"",
        "field_values" => "\"FieldValuesRequest\"",
        _ => return Err(Refused::NotKept("a connection test is no request that is replayed")),
    };
    let kind = RawValue::from_string(kind.to_owned()).map_err(|_| NOT_WHOLE)?;
    members.insert("_type".to_owned(), kind);
    if let Some(query) = members.get_mut("query") {
        let mut inner: Members = serde_json::from_str(query.get()).map_err(|_| NOT_WHOLE)?;
        for name in ["startTime", "endTime"] {
            let time = inner.get(name).and_then(|it| it.get().parse::<i64>().ok());
            if let Some(time) = time.filter(|time| *time > 0) {
                let moved = to_raw_value(&time.saturating_add(passed)).map_err(|_| NOT_WHOLE)?;
                inner.insert(name.to_owned(), moved);
            }
        }
        *query = to_raw_value(&inner).map_err(|_| NOT_WHOLE)?;
    }
    serde_json::to_string(&members).map_err(|_| NOT_WHOLE)
}
