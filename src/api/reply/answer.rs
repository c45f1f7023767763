//! What is told of a success besides its body.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

use super::Told;
use crate::cache::forms::Forms;
use crate::instruments::RequestOutcome;
use crate::mirror::MetricAnswer;
use crate::options::Profile;
use crate::protocol::field_names::FieldNamesResponse;
use crate::protocol::field_values::FieldValuesResponse;
use crate::record::Served;

impl Told {
    /// A whole answer of which nothing more is to be said.
    pub(super) const OK: Self = Self {
        outcome: RequestOutcome::Ok,
        code: None,
        cause: None,
        calls: None,
        empty: false,
        seen: None,
    };

    /// A failure without an id.
    pub(in crate::api) const FAILED: Self = Self {
        outcome: RequestOutcome::Error,
        ..Self::OK
    };

    /// A success with `len` entries.
    fn success(is_partial: bool, len: usize) -> Self {
        let outcome = if is_partial {
            RequestOutcome::Partial
        } else {
            RequestOutcome::Ok
        };
        Self {
            outcome,
            empty: len == 0,
            ..Self::OK
        }
    }
}

/// A success of one of the methods.
pub(in crate::api) trait Answer {
    /// For the log and the instruments.
    fn told(&self) -> Told;

    /// The profile that it was made by, where that makes a difference.
    fn profile(&self) -> Option<Profile> {
        None
    }

    /// Where it came from, if it has a plan.
    fn served(&self) -> Option<Served> {
        None
    }

    /// What is compressed of it already, and will be for others.
    fn forms(&self) -> Option<Arc<Forms>> {
        None
    }

    /// What goes out; `None` if it cannot be written.
    fn into_body(self) -> Option<Bytes>;
}

impl Answer for FieldNamesResponse {
    fn told(&self) -> Told {
        Told::success(self.is_partial, self.fields.len())
    }

    fn into_body(self) -> Option<Bytes> {
        json(&self)
    }
}

impl Answer for FieldValuesResponse {
    fn told(&self) -> Told {
        Told::success(self.is_partial, self.values.len())
    }

    fn into_body(self) -> Option<Bytes> {
        json(&self)
    }
}

impl Answer for MetricAnswer {
    fn told(&self) -> Told {
        let telemetry = &self.finished.telemetry;
        Told {
            calls: Some(self.calls),
            ..Told::success(telemetry.is_partial, telemetry.points)
        }
    }

    fn profile(&self) -> Option<Profile> {
        Some(self.profile)
    }

    fn served(&self) -> Option<Served> {
        Some(self.served)
    }

    fn forms(&self) -> Option<Arc<Forms>> {
        Some(Arc::clone(&self.finished.forms))
    }

    fn into_body(self) -> Option<Bytes> {
        Some(self.finished.telemetry.body.clone())
    }
}

/// `body` as JSON; `None` if it cannot be written, which is a bug.
pub(super) fn json(body: &impl Serialize) -> Option<Bytes> {
    serde_json::to_vec(body).ok().map(Bytes::from)
}
