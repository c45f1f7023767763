//! `GET /openapi.json`: the description of the Mirror API, for who may not reach its port.

use http::header::CONTENT_TYPE;
use http::header::HeaderName;

use crate::openapi;

pub(super) async fn openapi() -> ([(HeaderName, &'static str); 1], String) {
    ([(CONTENT_TYPE, "application/json")], openapi::document())
}
