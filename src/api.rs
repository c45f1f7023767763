//! The routes of the mirror's port, and the layers around them (mirror-api.md).

mod admission;
mod body;
mod caught;
mod coding;
mod connection;
mod entry;
mod field_names;
mod field_values;
mod metric;
mod observe;
mod open;
mod reply;
mod wire;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::MethodRouter;
use axum::routing::get;
use axum::routing::post;
use bytes::Bytes;
use http::Request;
use hyper::body::Body;
use tower::ServiceExt as _;

use crate::app::App;
use crate::caller::Peer;
use crate::instruments::MethodLabel;
pub use admission::InFlight;
use observe::observed;

/// The mirror's port as a service. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Api {
    router: Router,
    app: Arc<App>,
}

impl Api {
    /// The route table.
    #[must_use]
    pub fn new(app: &Arc<App>) -> Self {
        let method = |label, handler: MethodRouter<Arc<App>>| {
            observed(app, label, handler.fallback(open::use_post))
        };
        let page = |handler: MethodRouter<Arc<App>>| {
            observed(app, MethodLabel::Other, handler.fallback(open::use_get))
        };

        let router = Router::new()
            // StackState.
            .route(
                "/api/connection",
                method(MethodLabel::Connection, post(connection::connection)),
            )
            .route(
                "/api/field/name",
                method(MethodLabel::FieldName, post(field_names::field_names)),
            )
            .route(
                "/api/field/value",
                method(MethodLabel::FieldValue, post(field_values::field_values)),
            )
            .route(
                "/api/metric",
                method(MethodLabel::Metric, post(metric::metric)),
            )
            // Anybody, without the key.
            .route("/", page(get(open::index)))
            .route("/healthcheck", page(get(open::healthcheck)))
            .route("/openapi.json", page(get(open::openapi)))
            // Nobody.
            .fallback_service(
                observed(
                    app,
                    MethodLabel::Other,
                    axum::routing::any(open::no_such_path),
                )
                .with_state(Arc::clone(app)),
            )
            .with_state(Arc::clone(app));
        Self {
            router,
            app: Arc::clone(app),
        }
    }

    /// Answers one request of `peer`. Doubled slashes are folded before anything looks at the path.
    pub async fn call<B>(&self, peer: &Peer, mut request: Request<B>) -> Response
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        request.extensions_mut().insert(peer.clone());
        let wanted = coding::wanted(request.headers());
        let answered = self
            .router
            .clone()
            .oneshot(wire::fold_slashes(request))
            .await;
        let answer = answered.unwrap_or_else(|never| match never {});
        // Around everything else, so that what is observed is the answer itself.
        let may_code = self.app.snapshot().answer_compression;
        coding::coded(answer, wanted.filter(|_| may_code)).await
    }
}

#[cfg(test)]
mod tests;
