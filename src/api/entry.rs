//! The head of a request at the gate, and what becomes of whoever does not pass.

use std::time::Instant;

use axum::response::Response;
use http::request::Parts;

use super::reply;
use crate::app::App;
use crate::app::Snapshot;
use crate::caller::Entrance;
use crate::caller::Peer;
use crate::caller::Reason;
use crate::caller::Refused;
use crate::instruments::RefusedCaller;

/// Judges the head of a request.
pub(super) fn enter<'s>(snapshot: &'s Snapshot, head: &Parts) -> Result<Entrance<'s>, Refused> {
    let peer = head.extensions.get::<Peer>();
    let peer = peer.expect("Api::call says whose request it is");
    snapshot.callers.enter(peer, head)
}

/// The answer to whoever is not accepted: the same whatever was missing. That is counted, and told
/// to the operator once in a while.
pub(super) fn refuse(app: &App, refused: Refused) -> Response {
    let Refused { reason, source } = refused;
    let label = label(reason);
    app.instruments.refused_caller(label);
    if app.refusals.is_due(source, Instant::now()) {
        let reason = label.as_str();
        tracing::warn!(%source, reason, code = "PM-6001", "a caller was not accepted");
    }
    reply::not_accepted()
}

fn label(reason: Reason) -> RefusedCaller {
    match reason {
        Reason::NotLocal => RefusedCaller::NotLocal,
        Reason::Forwarded => RefusedCaller::Forwarded,
        Reason::Source => RefusedCaller::Source,
        Reason::Certificate => RefusedCaller::Certificate,
        Reason::Body => RefusedCaller::Body,
        Reason::Token => RefusedCaller::Token,
    }
}
