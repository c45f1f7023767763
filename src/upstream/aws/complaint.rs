//! What AWS says when it refuses a call: four shapes of a body, a header, and codes that go before
//! the status, since throttling can be a 400 (connections.md, "AWS", errors).

use std::borrow::Cow;

use http::HeaderMap;
use http::StatusCode;
use serde::Deserialize;

use crate::upstream::credentials::secrets::Secrets;
use crate::upstream::decode;
use crate::upstream::scrub::Scrubbed;
use crate::upstream::scrub::Scrubber;

/// From here on the service repeats the request that it was sent, session token included.
const REPEATED: &str = "canonical string";
/// Longest code that can be one of AWS'.
const CODE: usize = 64;

/// What is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Complaint {
    /// The code, without what AWS writes around it: `ExpiredTokenException`.
    pub(super) code: Option<String>,
    /// The text, cleaned of what was sent, then cut.
    pub(super) message: Scrubbed,
    /// Whether it is Prometheus that speaks: its texts repeat the query, and so can say anything.
    is_prometheus: bool,
    /// Whether it was JSON at all.
    is_json: bool,
}

/// What a refusal means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The session has expired, or is not known.
    Session {
        /// Whether it says that it has expired.
        is_over: bool,
    },
    /// The time of the signature is not the other side's.
    Time,
    /// The other side computed another signature.
    Signature,
    /// The identity lacks a permission: the action, if it is named.
    Permission(Option<String>),
    /// There were too many calls.
    Throttled,
    /// Nothing about credentials, as far as it says: the status decides.
    Other,
}

/// AWS JSON, and that of the gateway before the service.
#[derive(Default, Deserialize)]
struct Body<'a> {
    #[serde(borrow, default, alias = "__type", alias = "Code")]
    code: Option<Cow<'a, str>>,
    #[serde(borrow, default, alias = "Message")]
    message: Option<Cow<'a, str>>,
}

impl Complaint {
    /// Reads an answer that is no success, to a call that showed `secrets`.
    pub(super) fn read(headers: &HeaderMap, body: &[u8], secrets: &Secrets) -> Self {
        // It is logged, and may be what was shown.
        let is_own = |code: &String| !Scrubber::of(secrets).finds(code);
        let code = |text| code(text).filter(is_own);
        let header = headers.get("x-amzn-errortype");
        let header = header.and_then(|it| it.to_str().ok()).and_then(code);
        if let Some(prometheus) = decode::error_body(body) {
            return Self {
                code: header,
                message: scrubbed(&prometheus.text, secrets),
                is_prometheus: true,
                is_json: true,
            };
        }
        let json = serde_json::from_slice::<Body<'_>>(body).ok();
        let is_json = json.is_some();
        let json = json.unwrap_or_default();
        let text = match json.message {
            Some(message) => message,
            None if is_json => Cow::Borrowed(""),
            None => String::from_utf8_lossy(body),
        };
        Self {
            code: header.or_else(|| json.code.as_deref().and_then(code)),
            message: scrubbed(&text, secrets),
            is_prometheus: false,
            is_json,
        }
    }

    /// What it means; the code goes before the text, the text before the status.
    pub(super) fn meaning(&self, status: StatusCode) -> Meaning {
        let text = self.message.as_str();
        let is_credential_status = matches!(status.as_u16(), 400 | 401 | 403);
        let by_text = || by_text(text).filter(|_| is_credential_status && !self.is_prometheus);
        let known = self.code.as_deref().and_then(|code| by_code(code, text));
        known.or_else(by_text).unwrap_or(match status {
            StatusCode::TOO_MANY_REQUESTS => Meaning::Throttled,
            _ => Meaning::Other,
        })
    }
}

/// What an answer of AWS' says where Prometheus would have an error of its own. `None`: nothing.
pub(in crate::upstream) fn text(
    headers: &HeaderMap,
    body: &[u8],
    secrets: &Secrets,
) -> Option<String> {
    let complaint = Complaint::read(headers, body, secrets);
    let is_said = complaint.is_json && !complaint.message.as_str().is_empty();
    is_said.then(|| complaint.message.into())
}

/// Whether a code or text of AWS' says that the time of a signature is wrong.
pub(super) fn is_about_time(code: &str, text: &str) -> bool {
    matches!(by_code(code, text), Some(Meaning::Time))
}

/// Whether a code of AWS' says that there were too many calls.
pub(super) fn is_throttling(code: &str) -> bool {
    matches!(by_code(code, ""), Some(Meaning::Throttled))
}

/// Whether a code of AWS' says that a session is over or unknown.
pub(super) fn is_about_session(code: &str) -> bool {
    matches!(by_code(code, ""), Some(Meaning::Session { .. }))
}

/// The code in what AWS writes: `namespace#Code`, or `Code:http://…`. `None` if it can be none.
pub(super) fn code(text: &str) -> Option<String> {
    let text = text.rsplit('#').next().unwrap_or_default();
    let text = text.split(':').next().unwrap_or_default().trim();
    let is_code = (1..=CODE).contains(&text.len())
        && text
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || c == b'.' || c == b'_');
    is_code.then(|| text.to_owned())
}

fn by_code(code: &str, text: &str) -> Option<Meaning> {
    let is_throttling = code.contains("Throttl") || code.contains("TooManyRequests");
    Some(match code.strip_suffix("Exception").unwrap_or(code) {
        "ExpiredToken" => Meaning::Session { is_over: true },
        "UnrecognizedClient" | "InvalidClientTokenId" | "InvalidToken" => {
            Meaning::Session { is_over: false }
        }
        "RequestExpired" | "RequestTimeTooSkewed" | "RequestInTheFuture" => Meaning::Time,
        "SignatureDoesNotMatch" | "InvalidSignature" | "IncompleteSignature" => {
            match by_text(text) {
                Some(Meaning::Time) => Meaning::Time,
                _ => Meaning::Signature,
            }
        }
        "AccessDenied" | "NotAuthorized" | "UnauthorizedOperation" | "Unauthorized" => {
            // The gateway knows one code for several causes.
            match by_text(text) {
                Some(meaning) => meaning,
                None => Meaning::Permission(None),
            }
        }
        "RequestLimitExceeded" | "LimitExceeded" | "SlowDown" | "BandwidthLimitExceeded" => {
            Meaning::Throttled
        }
        _ if is_throttling => Meaning::Throttled,
        _ => return None,
    })
}

fn by_text(text: &str) -> Option<Meaning> {
    let lower = text.to_ascii_lowercase();
    let has = |sign: &str| lower.contains(sign);
    if has("signature expired")
        || has("not yet current")
        || has("request has expired")
        || has("request expired")
    {
        Some(Meaning::Time)
    } else if has("security token") && (has("expired") || has("invalid")) {
        Some(Meaning::Session {
            is_over: has("expired"),
        })
    } else if has("signature we calculated does not match") {
        Some(Meaning::Signature)
    } else if has("not authorized to perform") {
        Some(Meaning::Permission(action(text)))
    } else if has("rate exceeded") || has("too many requests") {
        Some(Meaning::Throttled)
    } else {
        None
    }
}

/// The action in `… not authorized to perform: aps:QueryMetrics on resource …`.
fn action(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("perform:")?;
    let action = rest.split_whitespace().next()?;
    let (service, name) = action.split_once(':')?;
    let is_word = |text: &str| {
        (1..=CODE).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_alphanumeric())
    };
    (is_word(service) && is_word(name)).then(|| action.to_owned())
}

/// Cleaned before it is cut: half a secret would be no longer known as one.
fn scrubbed(text: &str, secrets: &Secrets) -> Scrubbed {
    let at = text.to_ascii_lowercase().find(REPEATED);
    Scrubbed::without(secrets, &text[..at.unwrap_or(text.len())])
}

#[cfg(test)]
mod tests;
