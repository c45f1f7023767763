//! The second listener: health, readiness and our own metrics. It never carries the key, and it
//! belongs behind a network policy, not behind an ingress.

mod health;
mod metrics;
mod schemas;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use http::Request;
use hyper::body::Body;
use tower::ServiceExt as _;

use crate::app::App;

/// The admin port as a service. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Admin(Router);

impl Admin {
    /// The route table.
    #[must_use]
    pub fn new(app: &Arc<App>) -> Self {
        let router = Router::new()
            .route("/-/healthy", get(health::healthy))
            .route("/-/ready", get(health::ready))
            .route("/metrics", get(metrics::metrics))
            .route("/openapi.json", get(schemas::openapi))
            .route(
                "/schemas/connection-details.json",
                get(schemas::connection_details),
            )
            .with_state(Arc::clone(app));
        Self(router)
    }

    /// Answers one request.
    pub async fn call<B>(&self, request: Request<B>) -> Response
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let answered = self.0.clone().oneshot(request).await;
        answered.unwrap_or_else(|never| match never {})
    }
}
