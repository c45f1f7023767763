//! `POST /debug/complete`: names and values for an editor, from the lists that field lookups give.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use serde::Deserialize;

use super::Refused;
use crate::app::App;
use crate::caller::Caller;
use crate::failures;
use crate::mirror::COUNTED;
use crate::mirror::Completion;
use crate::mirror::Wanted;
use crate::protocol;
use crate::protocol::RawDetails;
use crate::protocol::condition::Condition;
use crate::time::UnixMillis;

/// Most entries of one answer.
const MOST: usize = 2_000;

#[derive(Deserialize)]
struct Asked {
    connection_details: RawDetails,
    #[serde(default)]
    conditions: Vec<Condition>,
    what: What,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    prefix: Option<String>,
    /// Of `metrics`: no list, but what is known of these.
    #[serde(default)]
    names: Option<Vec<String>>,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default)]
    start: Option<i64>,
    #[serde(default)]
    end: Option<i64>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Metrics,
    LabelNames,
    LabelValues,
}

pub(super) async fn complete(
    State(app): State<Arc<App>>,
    body: Bytes,
) -> Result<Response, Refused> {
    let asked: Asked =
        protocol::decode(&body).map_err(|error| Refused::Request(failures::decode(&error)))?;
    let wanted = match (asked.what, asked.label) {
        (What::Metrics, _) => match asked.names {
            None => Wanted::Metrics,
            Some(names) if names.len() <= COUNTED => Wanted::Known(names),
            Some(_) => return Err(Refused::NotKept("names: at most 50")),
        },
        (What::LabelNames, _) => Wanted::LabelNames,
        (What::LabelValues, Some(label)) if !label.is_empty() => Wanted::LabelValues(label),
        (What::LabelValues, _) => return Err(Refused::NotKept("label: must be given")),
    };
    let completion = Completion {
        connection_details: asked.connection_details,
        conditions: asked.conditions,
        wanted,
        prefix: asked.prefix.unwrap_or_default(),
        limit: asked.limit.unwrap_or(MOST).min(MOST),
        start: asked.start.filter(|it| *it > 0).map(UnixMillis::new),
        end: asked.end.filter(|it| *it > 0).map(UnixMillis::new),
    };
    let here = Arc::clone(&app);
    let work = async move {
        let configured = &here.snapshot().connections;
        let arrival = super::arrival(&here);
        let mirror = &here.mirror;
        mirror
            .complete(configured, &Caller::Anyone, arrival, completion)
            .await
    };
    let completed = app
        .errands
        .run(false, work)
        .await
        .map_err(Refused::Undone)?;
    Ok(super::json(&completed.map_err(Refused::Request)?))
}
