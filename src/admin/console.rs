//! `GET /console/`: the page, from what the build embedded. It is open, since it holds no data, and
//! something must ask for the token (experience.md, "Console page").

use std::io::Read as _;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::response::IntoResponse as _;
use axum::response::Redirect;
use axum::response::Response;
use axum::routing::get;
use flate2::read::GzDecoder;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::StatusCode;
use http::header::ACCEPT_ENCODING;
use http::header::CACHE_CONTROL;
use http::header::CONTENT_ENCODING;
use http::header::CONTENT_SECURITY_POLICY;
use http::header::CONTENT_TYPE;
use http::header::REFERRER_POLICY;
use http::header::VARY;
use http::header::X_CONTENT_TYPE_OPTIONS;

/// Files by their names below `console/dist`; of those that have compressed twins, these alone.
type Files = &'static [(&'static str, &'static [u8])];

const FILES: Files = include!(concat!(env!("OUT_DIR"), "/console.rs"));

/// What stands in the page where each answer has a random value.
const NONCE: &str = "__CSP_NONCE__";

/// What is shown where the page was not built.
const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
<meta name=\"csp-nonce\" content=\"__CSP_NONCE__\"><title>prometheus-mirror</title>\
<h1>prometheus-mirror</h1><p>This program was built without its console. In the sources, run \
<code>npm ci &amp;&amp; npm run build</code> in <code>console/</code>, and then \
<code>cargo build --release</code> again.</p><p>The JSON endpoints below <code>/debug/</code> work, \
and so does the command line.</p></html>\n";

/// The routes of the page.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    // Relative to the path, so that a proxy may add a prefix.
    let to_page = || async { Redirect::temporary("console/") };
    Router::new()
        .route("/", get(to_page))
        .route("/console", get(to_page))
        .route("/console/", get(|| async { page(FILES) }))
        .route("/console/{*name}", get(file))
}

/// The page with a new random value.
fn page(files: Files) -> Response {
    let mut random = [0_u8; 16];
    if getrandom::fill(&mut random).is_err() {
        // A value that can be guessed would be worse than no page.
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let nonce: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let index = files.iter().find(|(name, _)| *name == "index.html");
    let text = index.map_or(NOT_BUILT, |(_, bytes)| {
        str::from_utf8(bytes).unwrap_or(NOT_BUILT)
    });
    let mut response = Response::new(Body::from(text.replace(NONCE, &nonce)));
    let head = response.headers_mut();
    insert(head, CONTENT_TYPE, "text/html; charset=utf-8");
    insert(head, CACHE_CONTROL, "no-store");
    protect(head, &format!("'self' 'nonce-{nonce}'"));
    response
}

async fn file(Path(name): Path<String>, head: HeaderMap) -> Response {
    embedded(FILES, &name, &head)
}

/// A file other than the page.
fn embedded(files: Files, name: &str, asked: &HeaderMap) -> Response {
    let find = |name: &str| {
        files
            .iter()
            .find(|(it, _)| *it == name)
            .map(|(_, bytes)| *bytes)
    };
    let is_twin = name.ends_with(".gz") || name.ends_with(".br");
    let twin = |ending| find(&[name, ending].concat());
    let coded = [("br", ".br"), ("gzip", ".gz")]
        .into_iter()
        .filter(|(coding, _)| accepts(asked, coding))
        .find_map(|(coding, ending)| Some((coding, twin(ending)?)));
    let is_there = !is_twin && name != "index.html";
    let body = match coded.filter(|_| is_there) {
        Some((_, bytes)) => Some(Body::from(bytes)),
        None if is_there => find(name)
            .map(Body::from)
            .or_else(|| twin(".gz").map(unpacked)),
        None => None,
    };
    let Some(body) = body else {
        let mut response = (StatusCode::NOT_FOUND, "no such path\n").into_response();
        protect(response.headers_mut(), "'self'");
        return response;
    };
    let mut response = Response::new(body);
    let head = response.headers_mut();
    insert(head, CONTENT_TYPE, media_type(name));
    if let Some((coding, _)) = coded {
        insert(head, CONTENT_ENCODING, coding);
    }
    if name.starts_with("assets/") {
        insert(head, CACHE_CONTROL, "public, max-age=31536000, immutable");
        insert(head, VARY, "accept-encoding");
    }
    protect(head, "'self'");
    response
}

/// What our own build has packed, for a caller who takes nothing packed; no browser does.
fn unpacked(packed: &'static [u8]) -> Body {
    let mut plain = Vec::new();
    match GzDecoder::new(packed).read_to_end(&mut plain) {
        Ok(_) => Body::from(plain),
        Err(error) => {
            tracing::error!(%error, "an embedded file cannot be unpacked");
            Body::empty()
        }
    }
}

/// Whether a coding is accepted by its name, and not with the weight 0.
fn accepts(head: &HeaderMap, coding: &str) -> bool {
    head.get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|entry| {
            let mut parts = entry.split(';').map(str::trim);
            let is_named = parts
                .next()
                .is_some_and(|it| it.eq_ignore_ascii_case(coding));
            let is_zero = parts.any(|it| {
                let weight = it.strip_prefix("q=").or_else(|| it.strip_prefix("Q="));
                weight
                    .and_then(|it| it.parse::<f64>().ok())
                    .is_some_and(|it| it <= 0.0)
            });
            is_named && !is_zero
        })
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("md") => "text/markdown; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// No page of another origin, and no script or style of one.
fn protect(head: &mut HeaderMap, style: &str) {
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src {style}; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        head.insert(CONTENT_SECURITY_POLICY, policy);
    }
    insert(head, X_CONTENT_TYPE_OPTIONS, "nosniff");
    insert(head, REFERRER_POLICY, "no-referrer");
}

fn insert(head: &mut HeaderMap, name: HeaderName, value: &'static str) {
    head.insert(name, HeaderValue::from_static(value));
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http_body_util::BodyExt as _;

    use super::*;

    /// `plain`, by gzip.
    const PACKED: &[u8] = &[
        31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 43, 200, 73, 204, 204, 3, 0, 207, 98, 32, 25, 5, 0, 0, 0,
    ];
    const BUILT: Files = &[
        ("assets/icon-01234567.svg", b"<svg/>"),
        ("assets/main-01234567.js.br", b"br"),
        ("assets/main-01234567.js.gz", PACKED),
        (
            "index.html",
            b"<meta name=\"csp-nonce\" content=\"__CSP_NONCE__\" />",
        ),
        ("licenses.md", b"MIT"),
    ];

    async fn bytes(response: Response) -> Bytes {
        response.into_body().collect().await.unwrap().to_bytes()
    }

    async fn body(response: Response) -> String {
        String::from_utf8(bytes(response).await.to_vec()).unwrap()
    }

    fn header(response: &Response, name: HeaderName) -> &str {
        response.headers()[name].to_str().unwrap()
    }

    #[tokio::test]
    async fn each_page_has_a_nonce_of_its_own_in_text_and_policy() {
        let mut seen = Vec::new();
        for files in [BUILT, BUILT, &[]] {
            let response = page(files);
            let policy = header(&response, CONTENT_SECURITY_POLICY).to_owned();
            assert_eq!(header(&response, CACHE_CONTROL), "no-store");
            let (_, rest) = policy.split_once("'nonce-").unwrap();
            let nonce = rest.split_once('\'').unwrap().0.to_owned();
            assert!(body(response).await.contains(&format!("\"{nonce}\"")));
            assert!(!seen.contains(&nonce));
            seen.push(nonce);
        }
    }

    #[tokio::test]
    async fn an_asset_comes_as_its_caller_can_read_it_and_is_kept_a_year() {
        for (accepted, expected) in [
            ("", &b"plain"[..]),
            ("gzip", PACKED),
            ("gzip, deflate, br", b"br"),
            ("br;q=0, gzip", PACKED),
            ("identity", b"plain"),
        ] {
            let mut asked = HeaderMap::new();
            asked.insert(ACCEPT_ENCODING, HeaderValue::from_static(accepted));
            let response = embedded(BUILT, "assets/main-01234567.js", &asked);
            let kept = header(&response, CACHE_CONTROL);
            assert_eq!(kept, "public, max-age=31536000, immutable");
            assert_eq!(header(&response, VARY), "accept-encoding");
            assert_eq!(header(&response, X_CONTENT_TYPE_OPTIONS), "nosniff");
            let media_type = header(&response, CONTENT_TYPE);
            assert_eq!(media_type, "text/javascript; charset=utf-8");
            assert_eq!(bytes(response).await, expected, "{accepted}");
        }
    }

    #[test]
    fn neither_a_twin_nor_what_does_not_exist_has_a_name_of_its_own() {
        for name in [
            "assets/main-01234567.js.gz",
            "assets/main-01234567.js.br",
            "index.html",
            "assets/other.js",
            "../Cargo.toml",
        ] {
            let response = embedded(BUILT, name, &HeaderMap::new());
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{name}");
        }
        let icon = embedded(BUILT, "assets/icon-01234567.svg", &HeaderMap::new());
        assert_eq!(header(&icon, CONTENT_TYPE), "image/svg+xml");
        let licences = embedded(BUILT, "licenses.md", &HeaderMap::new());
        assert_eq!(
            header(&licences, CONTENT_TYPE),
            "text/markdown; charset=utf-8"
        );
    }
}
