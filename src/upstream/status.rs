//! What an answer that is no success means (reliability.md, "Fault matrix", rows 3, 9 to 13, 19).

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::HeaderValue;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, DATE, LOCATION};
use url::Url;

use crate::record::Freshness;
use crate::time::UnixMillis;
use crate::upstream::UpstreamError;
use crate::upstream::credentials::secrets::Secrets;
use crate::upstream::decode::ErrorBody;
use crate::upstream::retry::Repeat;
use crate::upstream::retry_after::retry_after;
use crate::upstream::scrub::Scrubbed;
use crate::upstream::sign::Proof;

/// Texts by which a backend says that a shorter range may pass (queries.md, "Long ranges").
const TOO_BIG: [&str; 8] = [
    "query processing would load too many samples into memory",
    "exceeded maximum resolution",
    "the query time range exceeds the limit",
    "the query hit the max number of series limit",
    "max number of chunks limit",
    "aggregated chunks size limit",
    "aggregated data size limit",
    "response larger than the max",
];

/// How what is said of a refusal begins that gives no reason of its own.
pub(crate) const NO_REASON: &str = "it gave no reason";
/// What is said of a port that speaks TLS alone.
pub(crate) const WANTS_TLS: &str = "it wants TLS and was asked without";
/// How servers say that: nginx, Go (Prometheus, VictoriaMetrics), Apache, Tomcat.
const PLAIN_TO_TLS: [&str; 4] = [
    "The plain HTTP request was sent to HTTPS port",
    "Client sent an HTTP request to an HTTPS server",
    "speaking plain HTTP to an SSL-enabled server port",
    "This combination of host and port requires TLS",
];

/// Largest body that can be nginx's own page of an error.
const PAGE: usize = 4 << 10;

/// When the other side sent it, by its own clock.
pub(super) fn date(headers: &HeaderMap) -> Option<UnixMillis> {
    let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    let since = date.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok().map(UnixMillis::new)
}

/// Whether the other side wants its answer kept nowhere.
pub(super) fn is_no_store(headers: &HeaderMap) -> bool {
    let values = headers.get_all(CACHE_CONTROL).iter();
    Freshness::of(values.map(HeaderValue::as_bytes)) == Freshness::Unkept
}

/// A failed attempt: what is wrong, and whether it is worth a repeat.
#[derive(Debug, PartialEq)]
pub(super) struct Failed {
    pub(super) error: UpstreamError,
    pub(super) repeat: Repeat,
}

impl Failed {
    /// A failure that would come again.
    pub(super) fn for_good(error: UpstreamError) -> Self {
        Self {
            error,
            repeat: Repeat::Never,
        }
    }

    /// A failure that may pass.
    pub(super) fn for_now(error: UpstreamError) -> Self {
        Self {
            error,
            repeat: Repeat::Soon,
        }
    }
}

/// Who answered, and what it had been given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// Name and port of the backend.
    pub(super) host: &'a str,
    /// The URL of the call, against which a relative `Location` is read.
    pub(super) url: &'a Url,
    /// What it was shown.
    pub(super) proof: &'a Proof,
    /// How much time the backend had.
    pub(super) time: Duration,
}

/// What an answer with a status that is no success means. `error` is its body, if that is an error
/// of the Prometheus API.
pub(super) fn failed(
    asked: Asked<'_>,
    status: StatusCode,
    headers: &HeaderMap,
    error: Option<&ErrorBody>,
) -> Failed {
    let host = asked.host.to_owned();
    let code = status.as_u16();
    match code {
        300..=399 => Failed::for_good(UpstreamError::Redirect {
            host,
            origin: origin(asked, headers),
            status: code,
        }),
        401 | 403 => Failed::for_good(UpstreamError::Unauthorised {
            host,
            status: code,
            by: asked.proof.by.clone(),
            cause: None,
        }),
        // No backend asks for proxy authentication.
        407 => Failed::for_good(UpstreamError::Connect {
            host,
            reason: "the proxy wants other credentials (407)".to_owned(),
        }),
        413 => Failed::for_good(UpstreamError::TooBig {
            host,
            status: code,
            message: message(asked, headers, error),
        }),
        429 => throttled(host, headers),
        400 | 422 => Failed::for_good(match error {
            Some(error) => refused(asked, code, error),
            None => UpstreamError::Refused {
                host,
                status: code,
                message: message(asked, headers, None),
            },
        }),
        500..=599 => match error {
            Some(error) if error.kind == "timeout" => Failed::for_good(query_timeout(asked)),
            Some(error) if code == 500 && !error.kind.is_empty() => {
                Failed::for_good(refused(asked, code, error))
            }
            // One that is away may say when it is back.
            _ if matches!(code, 502..=504) => Failed {
                error: UpstreamError::Status { host, status: code },
                repeat: Repeat::After(retry_after(headers)),
            },
            _ => Failed::for_good(UpstreamError::Status { host, status: code }),
        },
        _ => Failed::for_good(UpstreamError::Status { host, status: code }),
    }
}

/// What a page says about TLS. nginx ends the handshake well and then answers one about our
/// certificate, in words that have been the same in each version of it; and a server that is asked
/// without TLS where it wants some can only say so in plain HTTP.
pub(super) fn about_tls(status: StatusCode, body: &[u8]) -> Option<&'static str> {
    let says = |words: &str| {
        let mut windows = body.windows(words.len());
        windows.any(|window| window == words.as_bytes())
    };
    if status != StatusCode::BAD_REQUEST || body.len() > PAGE {
        None
    } else if says("No required SSL certificate was sent") {
        Some("it wants a client certificate")
    } else if says("The SSL certificate error") {
        Some("it does not take our certificate")
    } else if PLAIN_TO_TLS.iter().any(|words| says(words)) {
        Some(WANTS_TLS)
    } else {
        None
    }
}

/// What an error means that names the query: with 400, 422, 500, or within a success.
pub(super) fn refused(asked: Asked<'_>, status: u16, error: &ErrorBody) -> UpstreamError {
    let text = error.text.to_ascii_lowercase();
    let host = asked.host.to_owned();
    let message = Scrubbed::without(&asked.proof.secrets, &error.text);
    if error.kind == "timeout" || text.contains("context deadline exceeded") {
        query_timeout(asked)
    } else if TOO_BIG.iter().any(|sign| text.contains(sign)) {
        UpstreamError::TooBig {
            host,
            status,
            message,
        }
    } else {
        UpstreamError::Refused {
            host,
            status,
            message,
        }
    }
}

/// What `headers` say that a body is, cleaned; only the type, without parameters.
pub(super) fn media_type(headers: &HeaderMap, secrets: &Secrets) -> String {
    let text = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let essence = text.and_then(|text| text.split(';').next()).unwrap_or("");
    match essence.trim() {
        "" => "an unnamed type".to_owned(),
        // Nothing of it needs to be hidden, and nearly every answer says it.
        usual @ "application/json" => usual.to_owned(),
        essence => Scrubbed::without(secrets, essence).as_str().to_owned(),
    }
}

fn query_timeout(asked: Asked<'_>) -> UpstreamError {
    UpstreamError::QueryTimeout {
        host: asked.host.to_owned(),
        after: asked.time,
    }
}

pub(super) fn throttled(host: String, headers: &HeaderMap) -> Failed {
    let retry_after = retry_after(headers);
    Failed {
        error: UpstreamError::Throttled { host, retry_after },
        repeat: Repeat::After(retry_after),
    }
}

/// A body that is no error of the Prometheus API is described, never passed on.
fn message(asked: Asked<'_>, headers: &HeaderMap, error: Option<&ErrorBody>) -> Scrubbed {
    let secrets = &asked.proof.secrets;
    match error {
        Some(error) => Scrubbed::without(secrets, &error.text),
        None => {
            let media_type = media_type(headers, secrets);
            Scrubbed::new(&format!("{NO_REASON}, only {media_type}"))
        }
    }
}

fn origin(asked: Asked<'_>, headers: &HeaderMap) -> String {
    let location = headers.get(LOCATION).and_then(|it| it.to_str().ok());
    let target = location.and_then(|location| asked.url.join(location).ok());
    match target.map(|target| target.origin()) {
        Some(origin) if origin.is_tuple() => {
            // A secret in the name of a host is in lower case by now.
            let secrets = &asked.proof.secrets;
            let secrets = [secrets, &secrets.in_lower_case()];
            secrets
                .into_iter()
                .fold(origin.ascii_serialization(), |origin, secrets| {
                    Scrubbed::without(secrets, &origin).into()
                })
        }
        _ => "an unnamed place".to_owned(),
    }
}
