//! Everything else in JSON that a backend, a token endpoint or AWS says.
#![expect(
    clippy::disallowed_types,
    reason = "a tree is the plain reader that ours is compared with"
)]

use std::collections::BTreeSet;

use http::HeaderMap;
use serde::de::IgnoredAny;

use crate::fuzzing::plain::Document;
use crate::fuzzing::plain::Value;
use crate::limits;
use crate::upstream::aws::complaint;
use crate::upstream::credentials::secrets::Secrets;
use crate::upstream::decode;
use crate::upstream::decode::Build;
use crate::upstream::decode::Strings;
use crate::upstream::decode::Types;
use crate::upstream::decode::ValuesOf;
use crate::upstream::fuzzing::answer;
use crate::upstream::sign::oauth2::answer as token;

/// A label that sets in the corpus have.
const LABEL: &str = "a";

/// Takes a body, which every reader of one is given.
///
/// What is read is JSON and says the same to a plain reader; what is passed on is short and clean.
///
/// # Panics
///
/// If that does not hold.
pub fn lists(data: &[u8]) {
    let plain = Document::read(data);
    let tree = plain.as_ref().map(|it| &it.value);
    let mut charge = answer::charge();
    let strings = answer::read(data, Strings::new(&mut charge));
    if let Ok(strings) = &strings {
        let expected = listed(tree)
            .iter()
            .map(|it| it.as_str().expect("is a text"));
        assert!(strings.value.values.iter().eq(expected));
    }
    let mut charge = answer::charge();
    if let Ok(read) = answer::read(data, ValuesOf::new(LABEL, &mut charge)) {
        let sets = listed(tree);
        assert_eq!(read.entries, sets.len());
        let values = sets.iter().filter_map(|set| set.get(LABEL));
        let values: BTreeSet<&str> = values.map(|it| it.as_str().expect("is a text")).collect();
        assert!(read.value.values.iter().eq(values));
    }
    let mut charge = answer::charge();
    if let Ok(metadata) = answer::read(data, Types::new(&mut charge)) {
        assert!(tree.is_some());
        assert!(metadata.value.len() <= limits::ANSWER_LIST);
    }
    if let Ok(version) = answer::read(data, Build::default()) {
        assert!(tree.is_some());
        assert!(version.value.is_none_or(|it| it.len() <= data.len()));
    }
    let error = decode::error_body(data);
    if let Some(error) = &error {
        let is_error = tree.is_some_and(|it| it["status"] == "error");
        assert!(is_error, "{error:?}");
        assert!(strings.is_err());
    }
    if let Some(text) = complaint::text(&HeaderMap::new(), data, &Secrets::default()) {
        assert!(text.chars().count() <= limits::BACKEND_TEXT);
        assert!(!text.chars().any(char::is_control));
    }
    // What nobody looks at in a token's answer need not be text, nor a number that there is.
    let lenient = String::from_utf8_lossy(data);
    let is_json = serde_json::from_str::<IgnoredAny>(&lenient).is_ok();
    let lenient = Document::read(lenient.as_bytes());
    let is_so = |name: &str, is_so: &dyn Fn(&str) -> bool| {
        let member = |it: &Document| it.value[name].as_str().is_some_and(is_so);
        is_json && lenient.as_ref().is_none_or(member)
    };
    if token::granted(data).is_ok() {
        let is_visible = |token: &str| token.bytes().all(|byte| byte.is_ascii_graphic());
        assert!(is_so("access_token", &is_visible));
    }
    if let Some(name) = token::error(data) {
        assert!(is_so("error", &|it| it == name));
    }
}

/// The data of a list; null is an empty one.
fn listed(tree: Option<&Value>) -> &[Value] {
    let data = tree.map(|it| &it["data"]).expect("what is read is JSON");
    data.as_array().map_or(&[], Vec::as_slice)
}
