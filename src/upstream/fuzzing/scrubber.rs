//! What of a backend's own text is passed on.

use url::form_urlencoded::byte_serialize;

use crate::fuzzing::parts;
use crate::limits;
use crate::secret::SHORTEST;
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
    // Blanks and what is unseen count as little in them as in a text.
    let is_seen = |secret: &&String| secret.contains(|c: char| c.is_ascii_graphic());
    let given = given.iter().filter(is_seen);
    for spelling in given.flat_map(|it| spellings(it)).filter(is_secret) {
        assert!(
            !clean.contains(spelling.as_str()),
            "{spelling:?} is in {clean:?}"
        );
    }
}

/// A secret as who sends it or repeats it may write it.
fn spellings(secret: &str) -> Vec<String> {
    let form: String = byte_serialize(secret.as_bytes()).collect();
    let percent = query_string([("", secret)])[1..].to_owned();
    let json = serde_json::to_string(secret).unwrap_or_default();
    let utf_16 = secret.encode_utf16().map(|unit| format!("\\u{unit:04x}"));
    let mut all = vec![
        form.replace('+', "%20"),
        query_string([("", &*percent)])[1..].to_owned(),
        secret.bytes().map(|byte| format!("%{byte:02x}")).collect(),
        percent,
        form,
        json[1..json.len() - 1].to_owned(),
        utf_16.collect(),
        secret.to_owned(),
    ];
    if secret.len() >= SHORTEST {
        let base64 = base64(secret.as_bytes());
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        all.extend([
            base64.replace('+', "-").replace('/', "_"),
            base64.trim_end_matches('=').to_owned(),
            hex.to_ascii_uppercase(),
            hex,
        ]);
    }
    all
}
