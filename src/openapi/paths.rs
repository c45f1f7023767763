//! The paths: which bodies go in and out, with which statuses and headers (mirror-api.md).

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, json_schema};

use crate::openapi::document::{
    Content, Example, Header, Media, Operation, PathItem, RequestBody, Response,
};
use crate::openapi::examples;
use crate::options::Profile;
use crate::protocol::connection::{TestConnectionRequest, TestConnectionResponse};
use crate::protocol::failure::FailureBody;
use crate::protocol::field_names::{FieldNamesRequest, FieldNamesResponse};
use crate::protocol::field_values::{FieldValuesRequest, FieldValuesResponse};
use crate::protocol::metric::{MetricsRequest, MetricsResponse};
use crate::protocol::schema::Collector;

/// How deep the example of a request stands in the document, and that of an answer.
const DEPTH: (usize, usize) = (9, 10);

/// Examples by name.
type Examples = [(&'static str, &'static str)];
type Responses = BTreeMap<&'static str, Response>;

/// Every path of the listener that callers reach.
pub(crate) fn paths(types: &mut Collector) -> BTreeMap<&'static str, PathItem> {
    BTreeMap::from([
        ("/", PathItem::Get(root())),
        ("/healthcheck", PathItem::Get(healthcheck())),
        ("/api/connection", PathItem::Post(connection(types))),
        ("/api/field/name", PathItem::Post(field_names(types))),
        ("/api/field/value", PathItem::Post(field_values(types))),
        ("/api/metric", PathItem::Post(metric(types))),
    ])
}

fn connection(types: &mut Collector) -> Operation {
    let outcome: &Examples = &[
        ("usable", examples::CONNECTION_OK),
        ("unusable", examples::CONNECTION_FAILURE),
    ];
    let mut tested = answer::<TestConnectionResponse>(
        types,
        "Whether the backend can be used. `X-Mirror-Error` is there with `FAILURE`.",
        outcome,
    );
    tested.headers.insert(ERROR, error_id());
    let mut passed_on = answer::<TestConnectionResponse>(
        types,
        "Under the profile `legacy`: `FAILURE` with the status that the backend gave.",
        &outcome[1..],
    );
    passed_on.headers.insert(ERROR, error_id());
    let responses = Responses::from([("200", tested), ("default", passed_on)]);
    Operation {
        operation_id: "connection",
        summary: "Whether the backend can be used.",
        request_body: request::<TestConnectionRequest>(types, examples::CONNECTION_REQUEST),
        responses: with_refusals(types, responses),
    }
}

fn field_names(types: &mut Collector) -> Operation {
    let names: &Examples = &[("names", examples::FIELD_NAMES_ANSWER)];
    let responses = Responses::from([
        (
            "200",
            answer::<FieldNamesResponse>(types, "The fields.", names),
        ),
        ("500", failure(types)),
    ]);
    Operation {
        operation_id: "field_names",
        summary: "Which fields can be used in conditions.",
        request_body: request::<FieldNamesRequest>(types, examples::FIELD_NAMES_REQUEST),
        responses: with_refusals(types, responses),
    }
}

fn field_values(types: &mut Collector) -> Operation {
    let values: &Examples = &[("values", examples::FIELD_VALUES_ANSWER)];
    let responses = Responses::from([
        (
            "200",
            answer::<FieldValuesResponse>(types, "The values.", values),
        ),
        ("500", failure(types)),
    ]);
    Operation {
        operation_id: "field_values",
        summary: "The values of one field.",
        request_body: request::<FieldValuesRequest>(types, examples::FIELD_VALUES_REQUEST),
        responses: with_refusals(types, responses),
    }
}

fn metric(types: &mut Collector) -> Operation {
    let points: &Examples = &[
        ("aggregated", examples::METRIC_AGGREGATED),
        ("raw", examples::METRIC_RAW),
    ];
    let profile = |required| Header {
        description: "Which translation answered.",
        required,
        schema: schemars::schema_for!(Profile),
    };
    let mut answered = answer::<MetricsResponse>(types, "The points.", points);
    answered.headers.insert(PROFILE, profile(true));
    let mut failed = failure(types);
    failed.headers.insert(PROFILE, profile(false));
    let responses = Responses::from([("200", answered), ("500", failed)]);
    Operation {
        operation_id: "metric",
        summary: "The points of one metric, raw or aggregated over buckets.",
        request_body: request::<MetricsRequest>(types, examples::METRIC_REQUEST),
        responses: with_refusals(types, responses),
    }
}

fn root() -> Operation {
    let app = json_schema!({
        "type": "object",
        "properties": { "app": { "const": APP } },
        "required": ["app"]
    });
    open("root", "Who answers here.", app)
}

fn healthcheck() -> Operation {
    let health = json_schema!({
        "type": "object",
        "properties": { "app": { "const": APP }, "status": { "const": "OK" } },
        "required": ["app", "status"]
    });
    open("healthcheck", "Whether the mirror runs.", health)
}

const APP: &str = "StackState Prometheus Mirror";
const KEY: &str = "X-MIRROR-API-KEY";
const ERROR: &str = "X-Mirror-Error";
const PROFILE: &str = "X-Mirror-Profile";

/// A call that is open to anyone and never fails.
fn open(operation_id: &'static str, summary: &'static str, schema: Schema) -> Operation {
    let response = response("Always the same.", schema, &[]);
    Operation {
        operation_id,
        summary,
        request_body: None,
        responses: BTreeMap::from([("200", response)]),
    }
}

fn request<T: JsonSchema>(types: &mut Collector, example: &str) -> Option<RequestBody> {
    let example = ("request", Example::new(example, DEPTH.0));
    Some(RequestBody {
        required: true,
        content: Content {
            json: Media {
                schema: types.reference::<T>(),
                examples: BTreeMap::from([example]),
            },
        },
    })
}

fn response(description: &'static str, schema: Schema, examples: &Examples) -> Response {
    let example = |&(name, text): &(_, &str)| (name, Example::new(text, DEPTH.1));
    Response {
        description,
        headers: BTreeMap::new(),
        content: Content {
            json: Media {
                schema,
                examples: examples.iter().map(example).collect(),
            },
        },
    }
}

/// An answer to an accepted caller, and so with the key.
fn answer<T: JsonSchema>(
    types: &mut Collector,
    description: &'static str,
    examples: &Examples,
) -> Response {
    let mut answer = response(description, types.reference::<T>(), examples);
    answer.headers.insert(KEY, key(true));
    answer
}

fn failure(types: &mut Collector) -> Response {
    let description =
        "Any failure behind the check of the caller; the type of the body says which kind.";
    let mut failure = answer::<FailureBody>(types, description, &[("invalid", examples::FAILURE)]);
    failure.headers.insert(
        ERROR,
        Header {
            required: true,
            ..error_id()
        },
    );
    failure
}

/// What is said before the method is reached.
fn with_refusals(types: &mut Collector, mut responses: Responses) -> Responses {
    let mut refused = |description| response(description, types.general_failure(), &[]);
    // No key and no id: who is not accepted learns nothing (security.md).
    responses.insert("401", refused("The caller is not accepted."));
    let always = || Header {
        required: true,
        ..error_id()
    };
    // No key either: it comes before the caller is accepted.
    let mut busy = refused("There is no room for the body of a caller who is not accepted yet.");
    busy.headers.insert(ERROR, always());
    responses.insert("503", busy);
    let mut too_large = refused("The body is over 1 MiB.");
    too_large.headers.insert(ERROR, always());
    too_large.headers.insert(KEY, key(false));
    responses.insert("413", too_large);
    responses
}

fn key(required: bool) -> Header {
    Header {
        description: "Proves the mirror to an accepted caller.",
        required,
        schema: json_schema!({ "type": "string" }),
    }
}

fn error_id() -> Header {
    Header {
        description: "The constant id of the failure.",
        required: false,
        schema: json_schema!({ "type": "string", "pattern": "^PM-[0-9]{4}$" }),
    }
}
