//! `GET /openapi.json` and `GET /schemas/connection-details.json`: what may be sent, for who may not
//! reach the port of the Mirror API.

use http::header::CONTENT_TYPE;
use http::header::HeaderName;

use crate::openapi;

type Document = ([(HeaderName, &'static str); 1], String);

pub(super) async fn openapi() -> Document {
    ([(CONTENT_TYPE, "application/json")], openapi::document())
}

pub(super) async fn connection_details() -> Document {
    let media_type = "application/schema+json";
    ([(CONTENT_TYPE, media_type)], openapi::connection_details())
}
