//! Names and values for an editor of queries: the lists of field lookups, and of metrics what they are
//! about.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::cache::Turn;
use crate::caller::Caller;
use crate::connections::Configured;
use crate::failures::Failure;
use crate::limits::Charged;
use crate::mirror::Mirror;
use crate::mirror::Opened;
use crate::promql::METRIC_NAME;
use crate::protocol::RawDetails;
use crate::protocol::condition::Condition;
use crate::protocol::field_names::FieldNamesQuery;
use crate::protocol::field_names::FieldNamesRequest;
use crate::protocol::field_values::FieldValue;
use crate::protocol::field_values::FieldValuesQuery;
use crate::protocol::field_values::FieldValuesRequest;
use crate::record::Arrival;
use crate::series::Family;
use crate::series::Metadata;
use crate::series::MetricType;
use crate::time::UnixMillis;
use crate::translate::conditions::Kind;
use crate::translate::fields;

/// Most metrics whose series are counted: as many as somebody looks through.
pub const COUNTED: usize = 50;
/// For how long a list waits for the counts.
const COUNTING: Duration = Duration::from_secs(1);

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
    /// What is known of these metrics.
    Known(Vec<String>),
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
    /// What a metric is about, or how that begins, where the backend knows it.
    pub help: Option<String>,
    /// How many series of a metric meet the conditions at the end of the range. Not counted in a list
    /// of more than 50, nor where the backend needs longer than a second.
    pub series: Option<u64>,
}

/// What a list of metrics says of them.
#[derive(Default)]
struct About {
    families: Arc<Charged<Metadata>>,
    series: BTreeMap<String, u64>,
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
        let narrowed = conditions.clone();
        let at = end.unwrap_or(arrival.now);
        let (values, is_cut) = match &wanted {
            Wanted::Known(names) => (names.clone(), false),
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
                    Wanted::Metrics | Wanted::Known(_) | Wanted::LabelNames => {
                        METRIC_NAME.to_owned()
                    }
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
        let total = values.len();
        let shown: Vec<String> = values.into_iter().take(limit).collect();
        let about = match wanted {
            Wanted::Metrics | Wanted::Known(_) => {
                let opened = self.open(configured, caller, arrival, &connection_details, None)?;
                self.about(&opened, &shown, &narrowed, at).await
            }
            Wanted::LabelNames | Wanted::LabelValues(_) => About::default(),
        };
        let item = |value: String| {
            let family = family(&value, &about.families);
            Item {
                kind: family.and_then(kind),
                help: family.and_then(|family| family.help.as_deref().map(str::to_owned)),
                series: about.series.get(&value).copied(),
                value,
            }
        };
        Ok(Completed {
            is_partial: is_cut || total > limit,
            items: shown.into_iter().map(item).collect(),
            total,
        })
    }

    /// What is known of the metrics `shown`. It only helps: what cannot be had is left out.
    async fn about(
        &self,
        opened: &Opened,
        shown: &[String],
        conditions: &[Condition],
        at: UnixMillis,
    ) -> About {
        let (cx, upstream) = (&opened.cx, &opened.upstream);
        let turn = Turn::of(cx, upstream);
        let families = self
            .lists
            .metadata(upstream.identity(), &turn, || upstream.metadata(cx));
        let counts = tokio::time::timeout(COUNTING, counted(opened, shown, conditions, at));
        let (families, counts) = tokio::join!(families, counts);
        About {
            families: families.unwrap_or_default(),
            series: counts.ok().flatten().unwrap_or_default(),
        }
    }
}

/// How many series each of the metrics `shown` has, if they are few.
async fn counted(
    opened: &Opened,
    shown: &[String],
    conditions: &[Condition],
    at: UnixMillis,
) -> Option<BTreeMap<String, u64>> {
    if shown.len() > COUNTED {
        return None;
    }
    let names: Vec<&str> = shown.iter().map(String::as_str).collect();
    let expr = fields::series_of(&names, conditions).ok()??.to_string();
    let (cx, upstream) = (&opened.cx, &opened.upstream);
    let counts = upstream.vector(cx, &expr, at, &[]).await.ok()?;
    // One that has none at all is in no answer.
    let mut series: BTreeMap<String, u64> = shown.iter().map(|name| (name.clone(), 0)).collect();
    for (labels, count) in counts {
        let name = labels.0.get(METRIC_NAME);
        if let Some(held) = name.and_then(|name| series.get_mut(name)) {
            *held = whole(count);
        }
    }
    Some(series)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and a backend counts in whole numbers"
)]
fn whole(count: f64) -> u64 {
    count as u64
}

/// What metadata say of a metric; series of a histogram or summary have the text of their family.
fn family<'a>(name: &str, families: &'a Metadata) -> Option<&'a Family> {
    let suffixes = ["", "_total", "_bucket", "_sum", "_count"];
    let mut known = suffixes
        .iter()
        .filter_map(|suffix| families.get(name.strip_suffix(suffix)?));
    known.find(|family| !family.types.is_empty())
}

/// The type of a family, or one of them where targets disagree.
fn kind(family: &Family) -> Option<&'static str> {
    Some(match family.types.first()? {
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
