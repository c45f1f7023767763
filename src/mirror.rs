//! The four methods of the Mirror API without HTTP.

use crate::failures::Failure;
use crate::options::Profile;
use crate::protocol::connection::TestConnectionRequest;
use crate::protocol::field_names::FieldNamesRequest;
use crate::protocol::field_names::FieldNamesResponse;
use crate::protocol::field_values::FieldValuesRequest;
use crate::protocol::field_values::FieldValuesResponse;
use crate::protocol::metric::MetricsRequest;
use crate::protocol::telemetry::Telemetry;
use crate::record::Arrival;

/// The four methods, and what they need.
#[derive(Debug)]
pub struct Mirror {}

/// The points of a metric, and the profile that they were made by.
#[derive(Debug)]
pub struct MetricAnswer {
    /// The points.
    pub telemetry: Telemetry,
    /// For the `X-Mirror-Profile` header.
    pub profile: Profile,
}

impl Mirror {
    /// Whether the backend can be used.
    ///
    /// # Errors
    ///
    /// The failure that says why not.
    pub async fn connection(
        &self,
        arrival: Arrival,
        request: &TestConnectionRequest,
    ) -> Result<(), Failure> {
        let _ = (arrival, request);
        unimplemented!("integrator")
    }

    /// Which fields can be used in conditions.
    ///
    /// # Errors
    ///
    /// The failure to answer with.
    pub async fn field_names(
        &self,
        arrival: Arrival,
        request: &FieldNamesRequest,
    ) -> Result<FieldNamesResponse, Failure> {
        let _ = (arrival, request);
        unimplemented!("integrator")
    }

    /// The values of one field.
    ///
    /// # Errors
    ///
    /// The failure to answer with.
    pub async fn field_values(
        &self,
        arrival: Arrival,
        request: &FieldValuesRequest,
    ) -> Result<FieldValuesResponse, Failure> {
        let _ = (arrival, request);
        unimplemented!("integrator")
    }

    /// The points of one metric.
    ///
    /// # Errors
    ///
    /// The failure to answer with.
    pub async fn metric(
        &self,
        arrival: Arrival,
        request: &MetricsRequest,
    ) -> Result<MetricAnswer, Failure> {
        let _ = (arrival, request);
        unimplemented!("integrator")
    }
}
