//! The second listener: health, readiness and our own metrics, open to anybody, and behind its gate
//! what is for the operator. It never carries the key, and it belongs behind a network policy, not
//! behind an ingress.

mod console;
mod debug;
mod gate;
mod health;
mod metrics;
mod reload;
mod schemas;

use std::sync::Arc;

use axum::Router;
use axum::response::IntoResponse as _;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use bytes::Bytes;
use http::HeaderValue;
use http::Request;
use http::StatusCode;
use http::Uri;
use http::header::CACHE_CONTROL;
use hyper::body::Body;
use tower::ServiceExt as _;

use crate::app::App;
use crate::app::reload::Reloads;
use crate::caller::Peer;
pub use debug::schema as debug_schema;
use gate::Gate;

/// The admin port as a service. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Admin(Router);

impl Admin {
    /// The route table. `reloads` reads the configuration again.
    #[must_use]
    pub fn new(app: &Arc<App>, reloads: Reloads) -> Self {
        let gate = Gate::new(app);
        // Anybody: nothing of any series, and no secret.
        let open = Router::new()
            .route("/-/healthy", get(health::healthy))
            .route("/-/ready", get(health::ready))
            .route("/metrics", get(metrics::metrics))
            .merge(console::routes())
            .with_state(Arc::clone(app));
        // With the console token; without one set, on this machine.
        let told = Router::new()
            .route("/openapi.json", get(schemas::openapi))
            .route(
                "/schemas/connection-details.json",
                get(schemas::connection_details),
            )
            .merge(debug::routes())
            .fallback(no_such_path)
            .with_state(Arc::clone(app));
        // On this machine alone.
        let changes = Router::new()
            .route("/-/reload", post(reload::reload))
            .with_state(reloads);
        let router = open
            .merge(gate.before(told))
            .merge(gate.before_changes(changes));
        Self(router)
    }

    /// Answers one request of `peer`. Nothing of this port is to be kept anywhere, unless a route
    /// says otherwise.
    pub async fn call<B>(&self, peer: &Peer, mut request: Request<B>) -> Response
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        request.extensions_mut().insert(peer.clone());
        let answered = self.0.clone().oneshot(request).await;
        let mut response = answered.unwrap_or_else(|never| match never {});
        response
            .headers_mut()
            .entry(CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
        response
    }
}

async fn no_such_path(uri: Uri) -> Response {
    let text = "no such path\n";
    if uri.path().starts_with("/debug/") {
        return debug::error(StatusCode::NOT_FOUND, None, text);
    }
    (StatusCode::NOT_FOUND, text).into_response()
}
