//! Everything else in JSON that a backend, a token endpoint or AWS says.
#![expect(
    clippy::disallowed_types,
    reason = "a tree is the plain reader that ours is compared with"
)]

use http::HeaderMap;

use crate::fuzzing::plain::Document;
use crate::fuzzing::plain::Value;
use crate::limits;
use crate::upstream::aws::complaint;
use crate::upstream::decode;
use crate::upstream::sign::oauth2::answer;

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
    if let Ok(strings) = decode::strings(data) {
        let expected = listed(tree)
            .iter()
            .map(|it| it.as_str().expect("is a text"));
        assert!(strings.value.0.iter().eq(expected));
    }
    if let Ok(sets) = decode::label_sets(data) {
        let expected = listed(tree);
        assert_eq!(sets.value.0.len(), expected.len());
        for (read, plain) in sets.value.0.iter().zip(expected) {
            let plain = plain.as_object().expect("is a set");
            let plain = plain
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()));
            let read = read
                .0
                .iter()
                .map(|(name, value)| (name.as_str(), Some(value.as_str())));
            assert!(read.eq(plain));
        }
    }
    if let Ok(metadata) = decode::metadata(data) {
        assert!(tree.is_some());
        assert!(metadata.value.len() <= limits::ANSWER_LIST);
    }
    if let Ok(version) = decode::version(data) {
        assert!(tree.is_some());
        assert!(version.value.is_none_or(|it| it.len() <= data.len()));
    }
    let error = decode::error_body(data);
    if let Some(error) = &error {
        let is_error = tree.is_some_and(|it| it["status"] == "error");
        assert!(is_error, "{error:?}");
        assert!(decode::strings(data).is_err());
    }
    if let Some(text) = complaint::text(&HeaderMap::new(), data) {
        assert!(text.chars().count() <= limits::BACKEND_TEXT);
        assert!(!text.chars().any(char::is_control));
    }
    if answer::granted(data).is_ok() {
        let token = tree.and_then(|it| it["access_token"].as_str());
        assert!(token.is_some_and(|it| it.bytes().all(|byte| byte.is_ascii_graphic())));
    }
    if let Some(name) = answer::error(data) {
        assert_eq!(tree.and_then(|it| it["error"].as_str()), Some(name));
    }
}

/// The data of a list; null is an empty one.
fn listed(tree: Option<&Value>) -> &[Value] {
    let data = tree.map(|it| &it["data"]).expect("what is read is JSON");
    data.as_array().map_or(&[], Vec::as_slice)
}
