//! Equal in every field, or another identity.

use super::*;
use crate::secret::Secret;

fn key() -> ProcessKey {
    ProcessKey::new(|bytes| {
        bytes.fill(7);
        Ok::<(), ()>(())
    })
}

#[test]
fn fields_cannot_flow_into_one_another() {
    let pair =
        |one: &str, other: &str| (Secret::new(one.to_owned()), Secret::new(other.to_owned()));
    let identity = |it| key().identity(&it);
    assert_eq!(identity(pair("ab", "c")), identity(pair("ab", "c")));
    assert_ne!(identity(pair("ab", "c")), identity(pair("a", "bc")));
    assert_ne!(identity(pair("", "abc")), identity(pair("abc", "")));
}

#[test]
fn each_process_has_a_key_of_its_own() {
    let secret = Secret::new("x".to_owned());
    let [one, other] = [ProcessKey::random(), ProcessKey::random()];
    assert_ne!(one.identity(&secret), other.identity(&secret));
    assert_ne!(one.identity(&secret), key().identity(&secret));
}
