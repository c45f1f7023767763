//! What may be kept of a request, and how it is asked again: pure, from text to text.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::value::to_raw_value;

use crate::protocol::MirrorMethod;

/// The longest that is kept, in bytes.
const LONGEST: usize = 16 << 10;

/// The member that names a request.
pub const TAG: &str = "_type";

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

/// Where a backend is: all that is kept of connection details.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Place {
    /// The name of a connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// A base URL without a user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What is kept of a request.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its text; `None` where it is over 16 KiB, or no request.
    pub request: Option<Box<RawValue>>,
    /// Whether its connection details held more than their place.
    pub had_more: bool,
}

/// The request in `body` as it may be kept: its backend at `place`, and nothing of the values of the
/// `classified` conditions, by their places.
#[must_use]
pub fn kept(body: &[u8], place: Place, classified: &[usize]) -> Kept {
    let Ok(mut request) = serde_json::from_slice::<Request<'_>>(body) else {
        return Kept {
            request: None,
            had_more: true,
        };
    };
    let details = request.details.map_or("{}", RawValue::get);
    let keys: BTreeMap<String, IgnoredAny> = serde_json::from_str(details).unwrap_or_default();
    let had_more = keys.keys().any(|key| !PLACE.contains(&key.as_str())) || details.contains('@');
    if body.len() > LONGEST {
        return Kept {
            request: None,
            had_more,
        };
    }
    request.place = place;
    request.shown = request.query.map(|query| shown(query, classified));
    Kept {
        request: to_raw_value(&request).ok(),
        had_more,
    }
}

/// The text of a request that was kept, of `method`, to be asked again: with other connection
/// `details` if there are any, and all its times later by `passed` milliseconds. `None` if it is none.
#[must_use]
pub fn again(
    kept: &RawValue,
    method: MirrorMethod,
    details: Option<Box<RawValue>>,
    passed: i64,
) -> Option<String> {
    type Members = BTreeMap<String, Box<RawValue>>;
    let mut members: Members = serde_json::from_str(kept.get()).ok()?;
    if let Some(details) = details {
        members.insert("connectionDetails".to_owned(), details);
    }
    members.insert(TAG.to_owned(), to_raw_value(method.request()).ok()?);
    if let Some(query) = members.get_mut("query") {
        let mut inner: Members = serde_json::from_str(query.get()).ok()?;
        for name in ["startTime", "endTime"] {
            let time = inner.get(name).and_then(|it| it.get().parse::<i64>().ok());
            if let Some(time) = time.filter(|time| *time > 0) {
                let moved = to_raw_value(&time.saturating_add(passed)).ok()?;
                inner.insert(name.to_owned(), moved);
            }
        }
        *query = to_raw_value(&inner).ok()?;
    }
    serde_json::to_string(&members).ok()
}

/// The method that the request in `text` is of, by its `_type`.
#[must_use]
pub fn method_of(text: &str) -> Option<MirrorMethod> {
    #[derive(Deserialize)]
    struct Tagged<'a> {
        #[serde(rename = "_type", borrow)]
        kind: Cow<'a, str>,
    }
    let tagged: Tagged<'_> = serde_json::from_str(text).ok()?;
    MirrorMethod::ALL
        .into_iter()
        .find(|method| method.request() == tagged.kind)
}

/// The query without the values of `classified` conditions.
fn shown(query: &RawValue, classified: &[usize]) -> Box<RawValue> {
    if classified.is_empty() {
        return query.to_owned();
    }
    let hidden = || {
        let mut members: BTreeMap<String, Box<RawValue>> =
            serde_json::from_str(query.get()).ok()?;
        let conditions = members.get("conditions")?;
        let mut conditions: Vec<BTreeMap<String, Box<RawValue>>> =
            serde_json::from_str(conditions.get()).ok()?;
        for index in classified {
            let value = r#"{"_type":"StringValue","value":"<redacted>"}"#;
            let value = RawValue::from_string(value.to_owned()).ok()?;
            conditions
                .get_mut(*index)?
                .insert("value".to_owned(), value);
        }
        let conditions = to_raw_value(&conditions).ok()?;
        members.insert("conditions".to_owned(), conditions);
        to_raw_value(&members).ok()
    };
    // What cannot be read is not shown either.
    hidden().unwrap_or_else(|| RawValue::NULL.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"_type":"MetricsRequest","extra":"s3cret",
        "connectionDetails":{"url":"http://u:s3cret@h","bearer_token":"s3cret"},
        "query":{"conditions":[{"key":"pod","value":{"value":"s3cret"}}],"startTime":1}}"#;

    fn place() -> Place {
        Place {
            url: Some("http://h/".to_owned()),
            ..Place::default()
        }
    }

    #[test]
    fn of_the_connection_only_its_place_is_kept() {
        let kept = kept(BODY, place(), &[0]);
        assert!(kept.had_more);
        assert_eq!(
            kept.request.expect("a request").get(),
            r#"{"_type":"MetricsRequest","connectionDetails":{"url":"http://h/"},"query":{"conditions":[{"key":"pod","value":{"_type":"StringValue","value":"<redacted>"}}],"startTime":1}}"#
        );
    }

    #[test]
    fn it_is_asked_again_at_another_time_and_place() {
        let kept = kept(BODY, place(), &[0]).request.expect("a request");
        let details = RawValue::from_string(r#"{"url":"http://g"}"#.to_owned()).ok();
        let text = again(&kept, MirrorMethod::Metric, details, 5).expect("a request");
        assert!(text.contains(r#""startTime":6"#), "{text}");
        // The beginning of all time stays it.
        let since_ever = kept.get().replace(r#""startTime":1"#, r#""startTime":0"#);
        let since_ever = RawValue::from_string(since_ever).unwrap();
        let later = again(&since_ever, MirrorMethod::Metric, None, 5).expect("a request");
        assert!(later.contains(r#""startTime":0"#), "{later}");
        assert!(
            text.contains(r#""connectionDetails":{"url":"http://g"}"#),
            "{text}"
        );
        assert_eq!(method_of(&text), Some(MirrorMethod::Metric));
        assert_eq!(method_of(r#"{"_type":"x"}"#), None);
    }
}
