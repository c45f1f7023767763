//! Names and values for an editor of queries: the lists of field lookups, with the types of metrics.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::cache::Turn;
use crate::caller::Caller;
use crate::connections::Configured;
use crate::failures::Failure;
use crate::limits::Charged;
use crate::mirror::Mirror;
use crate::promql::METRIC_NAME;
use crate::protocol::RawDetails;
use crate::protocol::condition::Condition;
use crate::protocol::field_names::FieldNamesQuery;
use crate::protocol::field_names::FieldNamesRequest;
use crate::protocol::field_values::FieldValue;
use crate::protocol::field_values::FieldValuesQuery;
use crate::protocol::field_values::FieldValuesRequest;
use crate::record::Arrival;
use crate::series::Metadata;
use crate::series::MetricType;
use crate::time::UnixMillis;
use crate::translate::conditions::Kind;

/// What is to be completed.
#[derive(Clone, Debug)]
pub struct Completion {
    /// Where and how to reach the backend.
    pub connection_details: RawDetails,
    /// Only what series have that meet all of these; `~` among them restricts nothing.
    pub conditions: Vec<Condition>,
    /// Of what.
    pub wanted: Wanted,
    /// How it begins.
    pub prefix: String,
    /// Most entries.
    pub limit: usize,
    /// Only series with data since then.
    pub start: Option<UnixMillis>,
    /// Only series with data until then.
    pub end: Option<UnixMillis>,
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Names of metrics.
    Metrics,
    /// Names of labels.
    LabelNames,
    /// Values of this label.
    LabelValues(String),
}

/// The entries, sorted bytewise.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Completed {
    /// The first of them.
    pub items: Vec<Item>,
    /// How many there are.
    pub total: usize,
    /// Whether there may be more.
    pub is_partial: bool,
}

/// An entry.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Item {
    /// The name or value.
    pub value: String,
    /// The type of a metric, where the backend knows it.
    #[serde(rename = "type")]
    pub kind: Option<&'static str>,
    /// What a metric is about; not known.
    pub help: Option<String>,
    /// How many series; not counted, which would take a query.
    pub series: Option<usize>,
}

impl Mirror {
    /// What `completion` can be completed with.
    ///
    /// # Errors
    ///
    /// The failure that the Mirror API would answer with.
    pub async fn complete(
        &self,
        configured: &Configured,
        caller: &Caller,
        arrival: Arrival,
        completion: Completion,
    ) -> Result<Completed, Failure> {
        let Completion {
            connection_details,
            mut conditions,
            wanted,
            prefix,
            limit,
            start,
            end,
        } = completion;
        conditions.retain(|condition| condition.key != Kind::Promql.field());
        let (values, is_cut) = match &wanted {
            Wanted::LabelNames => {
                let request = FieldNamesRequest {
                    connection_details: connection_details.clone(),
                    request_timeout: None,
                    query: FieldNamesQuery {
                        conditions,
                        start_time: start,
                        end_time: end,
                        limit: None,
                    },
                };
                let names = self.field_names(configured, caller, arrival.clone(), &request);
                let names = names.await?;
                let fields = names.fields.into_iter().map(|field| field.field_name);
                let labels = fields.filter(|name| Kind::of(name).is_none());
                let labels: Vec<String> = labels.filter(|it| it.starts_with(&prefix)).collect();
                (labels, names.is_partial)
            }
            Wanted::Metrics | Wanted::LabelValues(_) => {
                let field_name = match &wanted {
                    Wanted::LabelValues(label) => label.clone(),
                    Wanted::Metrics | Wanted::LabelNames => METRIC_NAME.to_owned(),
                };
                let request = FieldValuesRequest {
                    connection_details: connection_details.clone(),
                    request_timeout: None,
                    query: FieldValuesQuery {
                        field_name,
                        prefix: (!prefix.is_empty()).then_some(prefix),
                        conditions,
                        start_time: start,
                        end_time: end,
                        offset: 0,
                        limit: None,
                    },
                };
                let found = self.field_values(configured, caller, arrival.clone(), &request);
                let found = found.await?;
                let values = found.values.into_iter().map(|value| match value {
                    FieldValue::CompleteValue { value }
                    | FieldValue::FieldValuePattern { value } => value,
                });
                (values.collect(), found.is_partial)
            }
        };
        let types = match wanted {
            Wanted::Metrics => {
                self.types(configured, caller, arrival, &connection_details)
                    .await
            }
            Wanted::LabelNames | Wanted::LabelValues(_) => Arc::default(),
        };
        let total = values.len();
        let item = |value: String| Item {
            kind: kind(&value, &types),
            value,
            help: None,
            series: None,
        };
        Ok(Completed {
            is_partial: is_cut || total > limit,
            items: values.into_iter().take(limit).map(item).collect(),
            total,
        })
    }

    /// The types of metrics; none where they cannot be had, since they only help.
    async fn types(
        &self,
        configured: &Configured,
        caller: &Caller,
        arrival: Arrival,
        details: &RawDetails,
    ) -> Arc<Charged<Metadata>> {
        let Ok(opened) = self.open(configured, caller, arrival, details, None) else {
            return Arc::default();
        };
        let (cx, upstream) = (&opened.cx, &opened.upstream);
        let turn = Turn::of(cx, upstream);
        let types = self
            .lists
            .metadata(upstream.identity(), &turn, || upstream.metadata(cx));
        types.await.unwrap_or_default()
    }
}

/// The type of a metric; series of a histogram or summary have that of their family.
fn kind(name: &str, types: &Metadata) -> Option<&'static str> {
    let families = ["", "_total", "_bucket", "_sum", "_count"];
    let mut known = families
        .iter()
        .filter_map(|suffix| types.get(name.strip_suffix(suffix)?)?.first());
    Some(match known.next()? {
        MetricType::Counter => "counter",
        MetricType::Gauge => "gauge",
        MetricType::Histogram => "histogram",
        MetricType::GaugeHistogram => "gaugehistogram",
        MetricType::Summary => "summary",
        MetricType::Info => "info",
        MetricType::StateSet => "stateset",
        MetricType::Unknown => return None,
    })
}
