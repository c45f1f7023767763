//! `GET /debug/requests`: the tap.

use std::sync::Arc;

use axum::extract::Path;
use axum::extract::State;
use axum::response::Response;
use http::Uri;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;
use url::form_urlencoded;

use super::Refused;
use crate::app::App;
use crate::explain::bundle::Document;
use crate::explain::tap::Entry;
use crate::explain::tap::Filter;

/// An entry with its request.
#[derive(Serialize, JsonSchema)]
pub(super) struct Whole<'a> {
    #[serde(flatten)]
    entry: &'a Entry,
    #[schemars(with = "Option<Document>")]
    request: Option<&'a RawValue>,
}

pub(super) async fn list(State(app): State<Arc<App>>, uri: Uri) -> Response {
    let mut filter = Filter::default();
    let query = uri.query().unwrap_or_default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let value = Some(value.into_owned());
        match &*name {
            "outcome" => filter.outcome = value,
            "method" => filter.method = value,
            "code" => filter.code = value,
            "after" => filter.after = value,
            _ => {}
        }
    }
    super::json(&app.tap.list(&filter, app.snapshot().tap_entries))
}

pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let entry = app.tap.find(&id).ok_or(Refused::Unknown)?;
    Ok(super::json(&Whole {
        request: entry.request.as_deref(),
        entry: &entry,
    }))
}
