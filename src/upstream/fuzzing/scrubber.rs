//! What of a backend's own text is passed on.

use crate::fuzzing::parts;
use crate::limits;
use crate::secret::Secret;
use crate::upstream::credentials::secrets::Secrets;
use crate::upstream::scrub::Scrubbed;

/// Takes a text, and the secrets that its author was shown.
///
/// What is left of it is short, one line, and holds none of the secrets, as they are or written in
/// any way that they may come back in.
///
/// # Panics
///
/// If that does not hold.
pub fn scrubber(data: &[u8]) {
    let texts = parts::texts(data);
    let (text, given) = texts.split_first().expect("there is always one");
    let mut secrets = Secrets::default();
    for secret in given {
        secrets.add(&Secret::new(secret.clone()));
    }
    let clean = Scrubbed::without(&secrets, text);
    let clean = clean.as_str();
    assert!(clean.chars().count() <= limits::BACKEND_TEXT);
    assert!(!clean.contains(char::is_control), "{clean:?}");
    // What stands in the place of a secret, and of what was cut, can itself be one that is no secret.
    let is_secret = |spelling: &&String| !spelling.contains(['*', '…']);
    for spelling in secrets.spellings().iter().filter(is_secret) {
        assert!(
            !clean.contains(spelling.as_str()),
            "{spelling:?} is in {clean:?}"
        );
    }
}
