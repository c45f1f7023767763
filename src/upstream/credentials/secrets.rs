//! The secrets that went into a call, for the scrubber: none of them may come back in a text.

use std::cmp::Reverse;

use url::form_urlencoded::byte_serialize;

use crate::secret::Secret;
use crate::upstream::credentials::base64::base64;

/// Every secret of one call: what the connection holds, what its files held, and what was had for
/// them elsewhere.
#[derive(Clone, Debug, Default)]
pub(in crate::upstream) struct Secrets(Vec<Secret>);

impl Secrets {
    /// Adds one. An empty text is no secret.
    pub(in crate::upstream) fn add(&mut self, secret: &Secret) {
        if !secret.expose().is_empty() {
            self.0.push(secret.clone());
        }
    }

    /// All of them in every spelling in which a text may repeat them, the longest first: one can be
    /// a part of another.
    pub(in crate::upstream) fn spellings(&self) -> Vec<String> {
        let mut all: Vec<String> = self.0.iter().flat_map(spellings).collect();
        all.retain(|spelling| !spelling.is_empty());
        all.sort_by_key(|spelling| Reverse(spelling.len()));
        all.dedup();
        all
    }
}

fn spellings(secret: &Secret) -> [String; 9] {
    let plain = secret.expose();
    let form: String = byte_serialize(plain.as_bytes()).collect();
    let percent = form.replace('+', "%20");
    let hex: String = plain.bytes().map(|byte| format!("{byte:02x}")).collect();
    let json = serde_json::to_string(plain).unwrap_or_default();
    let json = json.strip_prefix('"').unwrap_or_default();
    [
        lower_hex(&percent),
        lower_hex(&form),
        percent,
        form,
        hex.to_ascii_uppercase(),
        hex,
        base64(plain.as_bytes()),
        json.strip_suffix('"').unwrap_or_default().to_owned(),
        plain.to_owned(),
    ]
}

/// A percent-encoded text with its digits in lower case.
fn lower_hex(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at(part.len().min(2));
        text.push('%');
        text.push_str(&digits.to_ascii_lowercase());
        text.push_str(rest);
    }
    text
}
