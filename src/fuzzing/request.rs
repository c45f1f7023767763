//! A request as it arrives: the scan, the four types, the connection details.

use super::PLANTED;
use super::plain::Document;
use crate::caller::Caller;
use crate::connections;
use crate::connections::Configured;
use crate::limits;
use crate::protocol;
use crate::protocol::RawDetails;
use crate::protocol::connection::TestConnectionRequest;
use crate::protocol::field_names::FieldNamesRequest;
use crate::protocol::field_values::FieldValuesRequest;
use crate::protocol::metric::MetricsRequest;
use crate::protocol::scan;
use serde::de::DeserializeOwned;

/// The scan lets through what a plain reader takes, no deeper than allowed and with no key twice, and
/// finds the token that it finds; no reader says a value again.
///
/// # Panics
///
/// If that does not hold.
pub fn request(data: &[u8]) {
    let text = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
    let plain = Document::read(text);
    let fits = |it: &Document| it.depth <= limits::REQUEST_DEPTH && !it.has_duplicates;
    let scanned = scan::scanned(data);
    assert_eq!(scanned.is_ok(), plain.as_ref().is_some_and(fits));
    if let (Ok(scanned), Some(plain)) = (scanned, &plain) {
        assert_eq!(scanned.text.as_bytes(), text);
        let token = plain.value["connectionDetails"]["token"].as_str();
        assert_eq!(scanned.token.as_ref().map(|it| it.expose()), token);
    }
    let keys_are_ours = plain.is_some_and(|it| !it.has_key_with(PLANTED));
    let read = Read {
        data,
        keys_are_ours,
    };
    if let Some(request) = read.all_of::<TestConnectionRequest>() {
        read.details(&request.connection_details);
    }
    if let Some(request) = read.all_of::<FieldNamesRequest>() {
        read.details(&request.connection_details);
    }
    if let Some(request) = read.all_of::<FieldValuesRequest>() {
        read.details(&request.connection_details);
    }
    if let Some(request) = read.all_of::<MetricsRequest>() {
        read.details(&request.connection_details);
    }
}

struct Read<'a> {
    data: &'a [u8],
    /// Whether a text with the mark in it can only be a value.
    keys_are_ours: bool,
}

impl Read<'_> {
    fn all_of<T: DeserializeOwned>(&self) -> Option<T> {
        let read = protocol::decode(self.data);
        read.inspect_err(|error| self.says_no_value(&error.to_string()))
            .ok()
    }

    fn details(&self, details: &RawDetails) {
        match connections::resolve(details, None, &Configured::default(), &Caller::Anyone) {
            Ok(resolved) => {
                for warning in &resolved.warnings {
                    self.says_no_value(&warning.to_string());
                }
                let (shortest, longest, _) = limits::TIMEOUT;
                assert!((shortest..=longest).contains(&resolved.connection.timeout));
            }
            Err(error) => self.says_no_value(&error.to_string()),
        }
    }

    fn says_no_value(&self, text: &str) {
        let is_value = self.keys_are_ours && text.contains(PLANTED);
        assert!(!is_value, "a value is said again: {text}");
    }
}
