//! A request of the Mirror API without anything secret.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::explain::Answer;
use crate::record::Recorded;

/// The longest that is kept, in bytes.
const LONGEST: usize = 16 << 10;

/// Keys of connection details that lead to a backend, and are kept or follow from what is kept.
const PLACE: [&str; 4] = ["connection", "url", "host", "port"];

/// A request; what it has besides is left out.
#[derive(Deserialize, Serialize)]
struct Request<'a> {
    #[serde(rename = "_type", borrow)]
    kind: Option<&'a RawValue>,
    #[serde(rename = "connectionDetails", borrow, skip_serializing)]
    details: Option<&'a RawValue>,
    #[serde(rename = "connectionDetails", skip_deserializing)]
    place: Place,
    #[serde(
        rename = "requestTimeout",
        borrow,
        skip_serializing_if = "Option::is_none"
    )]
    timeout: Option<&'a RawValue>,
    #[serde(skip_deserializing, rename = "query")]
    shown: Option<Box<RawValue>>,
    #[serde(borrow, skip_serializing)]
    query: Option<&'a RawValue>,
}

/// Where a backend is.
#[derive(Default, Serialize)]
struct Place {
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

/// The request in `body` as it may be kept, and whether its connection details held more.
pub(super) fn redacted(body: &[u8], recorded: &Recorded) -> (Option<Answer>, bool) {
    let Ok(mut request) = serde_json::from_slice::<Request<'_>>(body) else {
        return (None, true);
    };
    let details = request.details.map_or("{}", RawValue::get);
    let keys: BTreeMap<String, serde::de::IgnoredAny> =
        serde_json::from_str(details).unwrap_or_default();
    let had_more = keys.keys().any(|key| !PLACE.contains(&key.as_str())) || details.contains('@');
    if body.len() > LONGEST {
        return (None, had_more);
    }
    request.place = Place {
        connection: recorded.alias.clone(),
        url: (recorded.alias.is_none() && !recorded.url.is_empty()).then(|| recorded.url.clone()),
    };
    request.shown = request.query.map(|query| shown(query, &recorded.classified));
    let text = serde_json::to_vec(&request).unwrap_or_default();
    (Answer::of(&text), had_more)
}

/// The query without the values of `classified` conditions.
fn shown(query: &RawValue, classified: &[usize]) -> Box<RawValue> {
    if classified.is_empty() {
        return query.to_owned();
    }
    let hidden = || {
        let mut members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(query.get()).ok()?;
        let conditions = members.get("conditions")?;
        let mut conditions: Vec<BTreeMap<String, Box<RawValue>>> =
            serde_json::from_str(conditions.get()).ok()?;
        for index in classified {
            let value = r#"{"_type":"StringValue","value":"<redacted>"}"#;
            let value = RawValue::from_string(value.to_owned()).ok()?;
            conditions.get_mut(*index)?.insert("value".to_owned(), value);
        }
        let conditions = serde_json::value::to_raw_value(&conditions).ok()?;
        members.insert("conditions".to_owned(), conditions);
        serde_json::value::to_raw_value(&members).ok()
    };
    // What cannot be read is not shown either.
    hidden().unwrap_or_else(|| RawValue::NULL.to_owned())
}
