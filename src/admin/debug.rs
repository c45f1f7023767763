//! What the console and the command line ask (experience.md, "Admin listener and its JSON"). The
//! answers are made by the engine; here they are only asked for and written.
//!
//! Work that calls a backend is done on the main runtime, as one who is not limited to a part of what
//! the policy lets through.

mod complete;
mod connection;
mod described;
mod diagnose;
mod replay;
mod requests;
mod status;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use bytes::Bytes;
use http::HeaderValue;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use http::header::RETRY_AFTER;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::app::App;
use crate::app::Undone;
use crate::caller::Caller;
use crate::explain;
use crate::explain::Asked;
use crate::explain::Record;
use crate::failures;
use crate::failures::Failure;
use crate::protocol::scan;
use crate::record::Arrival;
use crate::record::Freshness;
pub use described::schema;

/// The routes below `/debug/`.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/debug/explain", post(explain))
        .route("/debug/diagnose", post(diagnose::diagnose))
        .route("/debug/connection", post(connection::connection))
        .route("/debug/complete", post(complete::complete))
        .route("/debug/requests", get(requests::list))
        .route("/debug/requests/{id}", get(requests::one))
        .route("/debug/requests/{id}/replay", post(replay::replay))
        .route("/debug/status", get(status::status))
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Refused {
    /// The body cannot be read.
    Request(Failure),
    /// There is no such request any more.
    Unknown,
    /// What is kept of the request is not enough to send it again.
    NotKept(&'static str),
    /// It was not done.
    Undone(Undone),
}

#[derive(Serialize, JsonSchema)]
struct ErrorBody<'a> {
    error: ErrorText<'a>,
}

#[derive(Serialize, JsonSchema)]
struct ErrorText<'a> {
    id: Option<&'a str>,
    message: &'a str,
}

/// An error as JSON.
pub(super) fn error(status: StatusCode, id: Option<&str>, message: &str) -> Response {
    let error = ErrorText {
        id,
        message: message.trim_end(),
    };
    (status, json(&ErrorBody { error })).into_response()
}

impl axum::response::IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Request(failure) => {
                let details = failure.details();
                error(StatusCode::BAD_REQUEST, Some(failure.id.code()), &details)
            }
            Self::Unknown => error(StatusCode::NOT_FOUND, None, "this request is not kept"),
            Self::NotKept(why) => error(StatusCode::BAD_REQUEST, None, why),
            Self::Undone(undone) => {
                let status = match undone {
                    Undone::Busy => StatusCode::TOO_MANY_REQUESTS,
                    Undone::Broken => StatusCode::INTERNAL_SERVER_ERROR,
                };
                let mut response = error(status, None, &undone.to_string());
                if undone == Undone::Busy {
                    let a_second = HeaderValue::from_static("1");
                    response.headers_mut().insert(RETRY_AFTER, a_second);
                }
                response
            }
        }
    }
}

/// `value` as an answer.
pub(super) fn json(value: &impl Serialize) -> Response {
    let body = serde_json::to_vec(value).unwrap_or_default();
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

/// What is asked about.
#[derive(Debug, Deserialize)]
struct Wanted {
    request: Box<RawValue>,
    #[serde(default)]
    dry_run: bool,
}

/// Reads the body of a call; no key stands twice in it.
pub(super) fn read<'b, T: Deserialize<'b>>(body: &'b [u8]) -> Result<T, Refused> {
    let text = scan::scan(body).map_err(|error| Refused::Request(failures::decode(&error)))?;
    serde_json::from_str(text).map_err(|_| Refused::NotKept("the body is not what this path takes"))
}

/// How such a call arrives now.
fn arrival(app: &App) -> Arrival {
    Arrival {
        request_id: format!("debug-{:016x}", getrandom::u64().unwrap_or_default()),
        started: Instant::now(),
        now: (app.clock)(),
        freshness: Freshness::Unkept,
        recorder: None,
    }
}

async fn explain(State(app): State<Arc<App>>, body: Bytes) -> Result<Response, Refused> {
    let Wanted { request, dry_run } = read(&body)?;
    let record = explained(&app, request.get().to_owned(), dry_run).await?;
    Ok(json(&record))
}

/// The record of a request of the Mirror API.
async fn explained(app: &Arc<App>, request: String, is_dry: bool) -> Result<Record, Refused> {
    let asked = match Asked::read(request.as_bytes()) {
        Ok(asked) => asked,
        Err(failure) => return Ok(explain::refused(failure)),
    };
    let here = Arc::clone(app);
    let work = async move {
        let configured = &here.snapshot().connections;
        let arrival = arrival(&here);
        let mirror = &here.mirror;
        explain::explain(mirror, configured, &Caller::Anyone, arrival, &asked, is_dry).await
    };
    app.errands.run(true, work).await.map_err(Refused::Undone)
}
