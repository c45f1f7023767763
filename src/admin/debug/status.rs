//! `GET /debug/status`: how the process and its connections are; not the configuration.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::State;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::app::Reloaded;
use crate::explain::tap::Filter;
use crate::instruments::Instruments;
use crate::instruments::REVISION;

#[derive(Serialize, JsonSchema)]
pub(super) struct Status {
    build: Build,
    started_at: i64,
    uptime_ms: u64,
    ready: bool,
    not_ready_because: Option<&'static str>,
    walls: Walls,
    reload: Option<Reloaded>,
    limits: Vec<Limit>,
    caches: Caches,
    connections: Vec<ConnectionStatus>,
    insecure: Vec<&'static str>,
}

#[derive(Serialize, JsonSchema)]
struct Build {
    version: &'static str,
    revision: &'static str,
    /// Where its documentation is: the `homepage` of the manifest that it was built by, if that has one.
    docs: Option<&'static str>,
}

#[derive(Serialize, JsonSchema)]
struct Walls {
    callers: bool,
    upstreams: bool,
}

#[derive(Serialize, JsonSchema)]
struct Limit {
    scope: &'static str,
    in_use: usize,
    limit: usize,
}

#[derive(Serialize, JsonSchema)]
struct Caches {
    tap_entries: usize,
}

#[derive(Serialize, JsonSchema)]
struct ConnectionStatus {
    name: String,
    host: String,
    breaker: &'static str,
    in_use: Option<usize>,
    limit: usize,
    last_error: Option<&'static str>,
    clock_skew_ms: Option<i64>,
    credential_expires_at: Option<i64>,
    certificate_expires_at: Option<i64>,
}

pub(super) async fn status(State(app): State<Arc<App>>) -> Response {
    super::json(&shown(&app))
}

fn shown(app: &App) -> Status {
    let snapshot = app.snapshot();
    let uptime = app.state.uptime(Instant::now()).as_millis();
    let uptime_ms = u64::try_from(uptime).unwrap_or(u64::MAX);
    let started_at = (app.clock)().get() - i64::try_from(uptime).unwrap_or(i64::MAX);
    let connections = &snapshot.connections;
    let insecure = snapshot.insecure;
    let kept = app
        .tap
        .list(&Filter::default(), snapshot.tap_entries)
        .entries;
    Status {
        build: Build {
            version: env!("CARGO_PKG_VERSION"),
            revision: REVISION,
            docs: Some(env!("CARGO_PKG_HOMEPAGE")).filter(|it| !it.is_empty()),
        },
        started_at,
        uptime_ms,
        ready: app.state.ready(),
        not_ready_because: match (app.state.ready(), app.state.draining()) {
            (true, _) => None,
            (false, true) => Some("stopping"),
            (false, false) => Some("starting"),
        },
        walls: Walls {
            callers: snapshot.callers.stands(),
            upstreams: connections.policy.wall_stands(&connections.named),
        },
        reload: app.reloaded(),
        limits: vec![
            Limit {
                scope: "requests",
                in_use: app.instruments.requests_in_flight(),
                limit: snapshot.limits.in_flight,
            },
            Limit {
                scope: "bytes",
                in_use: app.budget.used(),
                limit: app.budget.limit(),
            },
        ],
        caches: Caches {
            tap_entries: kept.len(),
        },
        connections: (connections.named.iter())
            .map(|(name, named)| ConnectionStatus {
                name: name.to_owned(),
                host: named.connection.url.host_port(),
                in_use: app.mirror.in_use(name),
                limit: connections.calls.of(Some(name)).slots,
                // The newest of this connection says whether it works now.
                last_error: kept
                    .iter()
                    .find(|entry| entry.alias.as_deref() == Some(name))
                    .and_then(|entry| entry.code),
                ..of(name, &app.instruments)
            })
            .collect(),
        insecure: [
            (insecure.callers_open, "callers_open"),
            (insecure.role_arns_open, "role_arns_open"),
        ]
        .into_iter()
        .filter_map(|(is_open, name)| is_open.then_some(name))
        .collect(),
    }
}

/// What is measured of the connection `name`.
fn of(name: &str, instruments: &Instruments) -> ConnectionStatus {
    let measured = instruments.measured(name);
    ConnectionStatus {
        name: String::new(),
        host: String::new(),
        breaker: match measured.breaker {
            Some(2) => "open",
            Some(1) => "probing",
            _ => "closed",
        },
        in_use: None,
        limit: 0,
        last_error: None,
        clock_skew_ms: measured.clock_skew.map(|seconds| seconds * 1_000),
        credential_expires_at: measured.credential_expiry.map(|seconds| seconds * 1_000),
        certificate_expires_at: measured.certificate_expiry.map(|seconds| seconds * 1_000),
    }
}
