//! What of a backend's own text is passed on.

use url::form_urlencoded::byte_serialize;

use crate::fuzzing::parts;
use crate::limits;
use crate::secret::Secret;
use crate::upstream::credentials::base64::base64;
use crate::upstream::credentials::secrets::Secrets;
use crate::upstream::query_string::query_string;
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
    let is_secret = |spelling: &String| !spelling.is_empty() && !spelling.contains(['*', '…']);
    let plain = given.iter().filter(|it| !it.contains(char::is_control));
    for spelling in plain.flat_map(|it| spellings(it)).filter(is_secret) {
        assert!(
            !clean.contains(spelling.as_str()),
            "{spelling:?} is in {clean:?}"
        );
    }
}

/// A secret as who sends it or repeats it may write it.
fn spellings(secret: &str) -> [String; 6] {
    let form: String = byte_serialize(secret.as_bytes()).collect();
    let json = serde_json::to_string(secret).unwrap_or_default();
    [
        form.replace('+', "%20"),
        form,
        query_string([("", secret)])[1..].to_owned(),
        base64(secret.as_bytes()),
        json[1..json.len() - 1].to_owned(),
        secret.to_owned(),
    ]
}
