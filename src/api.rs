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

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::Method;
use http::Request;
use http::header::CONTENT_LENGTH;
use hyper::body::Body as _;

use crate::app::App;
use crate::caller::Peer;
use crate::instruments::MethodLabel;
use crate::protocol::MirrorMethod;
pub use admission::InFlight;
use observe::observed;
use wire::Call;

/// The mirror's port as a service. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Api {
    app: Arc<App>,
}

/// What is behind a path.
#[derive(Clone, Copy, Debug)]
enum Route {
    /// One of the four methods that `StackState` calls.
    Method(MirrorMethod),
    /// A page for anybody, without the key.
    Page(fn() -> Response),
    /// Nothing.
    Nowhere,
}

impl Route {
    /// The route table.
    fn of(path: &str) -> Self {
        match path {
            "/api/connection" => Self::Method(MirrorMethod::Connection),
            "/api/field/name" => Self::Method(MirrorMethod::FieldNames),
            "/api/field/value" => Self::Method(MirrorMethod::FieldValues),
            "/api/metric" => Self::Method(MirrorMethod::Metric),
            "/" => Self::Page(open::index),
            "/healthcheck" => Self::Page(open::healthcheck),
            "/openapi.json" => Self::Page(open::openapi),
            _ => Self::Nowhere,
        }
    }

    const fn label(self) -> MethodLabel {
        match self {
            Self::Method(MirrorMethod::Connection) => MethodLabel::Connection,
            Self::Method(MirrorMethod::FieldNames) => MethodLabel::FieldName,
            Self::Method(MirrorMethod::FieldValues) => MethodLabel::FieldValue,
            Self::Method(MirrorMethod::Metric) => MethodLabel::Metric,
            Self::Page(_) | Self::Nowhere => MethodLabel::Other,
        }
    }
}

impl Api {
    /// The API of `app`.
    #[must_use]
    pub fn new(app: &Arc<App>) -> Self {
        Self {
            app: Arc::clone(app),
        }
    }

    /// Answers one request of `peer`. Doubled slashes are folded before anything looks at the path.
    pub async fn call<B>(&self, peer: &Peer, mut request: Request<B>) -> Response
    where
        B: hyper::body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        request.extensions_mut().insert(peer.clone());
        let wanted = coding::wanted(request.headers());
        let request = wire::fold_slashes(request).map(Body::new);
        let route = Route::of(request.uri().path());
        let app = &self.app;
        let answer = observed(app, route.label(), request, |request| {
            answer(app, route, request)
        });
        let answer = measured(answer.await);
        // Around everything else, so that what is observed is the answer itself.
        let may_code = app.snapshot().answer_compression;
        coding::coded(answer, wanted.filter(|_| may_code)).await
    }
}

async fn answer(app: &App, route: Route, request: Request<Body>) -> Response {
    match (route, request.method()) {
        (Route::Method(method), &Method::POST) => match Call::of(request, app).await {
            Ok(call) => called(app, method, call).await,
            Err(refused) => refused,
        },
        (Route::Method(_), _) => open::use_post(app, &request.into_parts().0),
        (Route::Page(page), &Method::GET) => page(),
        (Route::Page(page), &Method::HEAD) => without_body(page()),
        (Route::Page(_), _) => open::use_get(app, &request.into_parts().0),
        (Route::Nowhere, _) => open::no_such_path(app, &request.into_parts().0),
    }
}

async fn called(app: &App, method: MirrorMethod, call: Call) -> Response {
    match method {
        MirrorMethod::Connection => connection::connection(app, call).await,
        MirrorMethod::FieldNames => field_names::field_names(app, call).await,
        MirrorMethod::FieldValues => field_values::field_values(app, call).await,
        MirrorMethod::Metric => metric::metric(app, call).await,
    }
}

/// The answer to HEAD: what GET would get, but for the body itself.
fn without_body(response: Response) -> Response {
    measured(response).map(|_| Body::empty())
}

/// `response` with its length, unless that stands in its head already.
fn measured(mut response: Response) -> Response {
    if let Some(length) = response.body().size_hint().exact() {
        let head = response.headers_mut();
        head.entry(CONTENT_LENGTH).or_insert_with(|| length.into());
    }
    response
}

#[cfg(test)]
mod tests;
