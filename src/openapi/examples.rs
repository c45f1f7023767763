//! Examples of bodies, from `schemas/examples`. The tests read each request with the reader of its
//! method and write each answer anew.

macro_rules! example {
    ($name:literal) => {
        include_str!(concat!("../../schemas/examples/", $name, ".json"))
    };
}

pub(crate) const CONNECTION_REQUEST: &str = example!("connection.request");
pub(crate) const CONNECTION_OK: &str = example!("connection.ok");
pub(crate) const CONNECTION_FAILURE: &str = example!("connection.failure");
pub(crate) const FIELD_NAMES_REQUEST: &str = example!("field_names.request");
pub(crate) const FIELD_NAMES_ANSWER: &str = example!("field_names.answer");
pub(crate) const FIELD_VALUES_REQUEST: &str = example!("field_values.request");
pub(crate) const FIELD_VALUES_ANSWER: &str = example!("field_values.answer");
pub(crate) const METRIC_REQUEST: &str = example!("metric.request");
pub(crate) const METRIC_RAW: &str = example!("metric.raw");
pub(crate) const METRIC_AGGREGATED: &str = example!("metric.aggregated");
pub(crate) const FAILURE: &str = example!("failure");
