//! `POST /debug/connection`: the connection test, step by step.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use schemars::JsonSchema;
use serde::Serialize;

use super::Refused;
use super::Wanted;
use crate::app::App;
use crate::caller::Caller;
use crate::failures;
use crate::mirror::ladder::Ladder;
use crate::mirror::ladder::Outcome;
use crate::protocol;
use crate::protocol::connection::TestConnectionRequest;
use crate::record::Step;

#[derive(Serialize, JsonSchema)]
pub(super) struct Tested {
    ok: bool,
    steps: Vec<StepShown>,
    error: Option<ErrorShown>,
    warnings: Vec<String>,
    caller_identity: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct StepShown {
    step: &'static str,
    ok: bool,
    ms: Option<f64>,
    text: String,
    /// The first of its warnings.
    warning: Option<String>,
    warnings: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
struct ErrorShown {
    id: &'static str,
    details: String,
}

pub(super) async fn connection(
    State(app): State<Arc<App>>,
    body: Bytes,
) -> Result<Response, Refused> {
    let Wanted { request, .. } = super::read(&body)?;
    let request: TestConnectionRequest = protocol::decode(request.get().as_bytes())
        .map_err(|error| Refused::Request(failures::decode(&error)))?;
    let here = Arc::clone(&app);
    let work = async move {
        let configured = &here.snapshot().connections;
        let arrival = super::arrival(&here);
        let mirror = &here.mirror;
        mirror
            .connection(configured, &Caller::Anyone, arrival, &request)
            .await
    };
    let ladder = app.errands.run(true, work).await.map_err(Refused::Undone)?;
    Ok(super::json(&tested(ladder)))
}

fn tested(ladder: Ladder) -> Tested {
    let Ladder { rungs, failure } = ladder;
    let identity = rungs.iter().find(|rung| rung.step == Step::Credentials);
    let identity = identity.and_then(|rung| rung.remark.clone());
    let warnings = rungs.iter().flat_map(|rung| &rung.warnings).cloned();
    Tested {
        ok: failure.is_none(),
        warnings: warnings.collect(),
        caller_identity: identity,
        steps: (rungs.into_iter())
            .filter(|rung| rung.outcome != Outcome::NotReached)
            .map(|rung| StepShown {
                step: rung.step.as_str(),
                ok: rung.outcome != Outcome::Failed,
                ms: rung.took.map(|took| took.as_secs_f64() * 1_000.0),
                text: rung.remark.unwrap_or_else(|| match rung.outcome {
                    Outcome::NotNeeded => "not needed".to_owned(),
                    _ => String::new(),
                }),
                warning: rung.warnings.first().cloned(),
                warnings: rung.warnings,
            })
            .collect(),
        error: failure.map(|failure| ErrorShown {
            id: failure.id.code(),
            details: failure.details(),
        }),
    }
}
