//! One call of the Prometheus HTTP API, and the request that carries it.

use bytes::Bytes;
use http::HeaderValue;
use http::Method;
use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use url::Url;

use crate::connections::url::BaseUrl;
use crate::secret::Secret;
use crate::upstream::query_string::query_string;

/// Who we say we are.
const AGENT: &str = concat!("prometheus-mirror/", env!("CARGO_PKG_VERSION"));

/// A call, before it is decided how it is sent.
#[derive(Debug)]
pub(super) struct Call<'a> {
    /// The path below the base, a segment each.
    pub(super) path: &'a [&'a str],
    /// Its parameters, in order; those of the connection come after them.
    pub(super) parameters: Vec<(&'a str, String)>,
    /// How it may be sent.
    pub(super) verbs: Verbs,
    /// Whether the backend is told how much time it has.
    pub(super) is_timed: bool,
}

/// Which HTTP methods a call may be sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verbs {
    /// POST, unless connection or backend want GET.
    PostOrGet,
    /// GET, whatever the connection says.
    GetOnly,
}

/// The HTTP method of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// The parameters are a form in the body.
    Post,
    /// The parameters are the query of the URL.
    Get,
}

impl<'a> Call<'a> {
    /// A call that may be sent either way and has no `timeout`.
    pub(super) fn new(path: &'a [&'a str], parameters: Vec<(&'a str, String)>) -> Self {
        Self {
            path,
            parameters,
            verbs: Verbs::PostOrGet,
            is_timed: false,
        }
    }

    /// This call with GET alone.
    pub(super) fn by_get(self) -> Self {
        Self {
            verbs: Verbs::GetOnly,
            ..self
        }
    }

    /// This call with a `timeout` parameter.
    pub(super) fn timed(self) -> Self {
        Self {
            is_timed: true,
            ..self
        }
    }

    /// The texts of `PromQL` that it carries.
    pub(super) fn promql(&self) -> impl Iterator<Item = &str> {
        self.parameters
            .iter()
            .filter(|(name, _)| matches!(*name, "query" | "match[]"))
            .map(|(_, text)| text.as_str())
    }
}

/// All parameters of an attempt: those of `call`, `timeout` if given, and those of the connection.
pub(super) fn form(call: &Call<'_>, timeout: Option<u128>, extra: &[(String, Secret)]) -> String {
    // Whole milliseconds: Prometheus takes `14.4s` for an error (reliability.md, "One deadline per
    // request").
    let timeout = timeout.map(|millis| format!("{millis}ms"));
    let own = call
        .parameters
        .iter()
        .map(|(name, value)| (*name, value.as_str()));
    let timeout = timeout.iter().map(|timeout| ("timeout", timeout.as_str()));
    let extra = extra
        .iter()
        .map(|(name, value)| (name.as_str(), value.expose()));
    query_string(own.chain(timeout).chain(extra))
}

/// The URL of a call that is sent with GET.
pub(super) fn url(base: &BaseUrl, path: &[&str], form: &str) -> Url {
    let mut url = base.endpoint(path);
    url.set_query((!form.is_empty()).then_some(form));
    url
}

/// The request that carries `form` to `path`. `None` if the URL is too long to be sent, which only
/// the query of a GET can be.
pub(super) fn request(
    base: &BaseUrl,
    path: &[&str],
    form: String,
    verb: Verb,
) -> Option<Request<Bytes>> {
    let builder = Request::builder()
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, HeaderValue::from_static(AGENT));
    let request = match verb {
        Verb::Post => builder
            .method(Method::POST)
            .uri(base.endpoint_text(path))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from(form)),
        Verb::Get => builder
            .method(Method::GET)
            .uri(url(base, path, &form).as_str())
            .body(Bytes::new()),
    };
    request.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> BaseUrl {
        BaseUrl::parse("http://prometheus:9090/prefix")
            .unwrap()
            .base
    }

    fn call() -> Call<'static> {
        Call::new(
            &["api", "v1", "query"],
            vec![("query", "a + b{c=\"ä&=\"}".to_owned())],
        )
    }

    const ENCODED: &str = "query=a%20%2B%20b%7Bc%3D%22%C3%A4%26%3D%22%7D";

    #[test]
    fn a_post_carries_a_form() {
        let sent = request(&base(), call().path, form(&call(), None, &[]), Verb::Post).unwrap();
        assert_eq!(sent.method(), Method::POST);
        assert_eq!(sent.uri(), "http://prometheus:9090/prefix/api/v1/query");
        let kind = &sent.headers()[CONTENT_TYPE];
        assert_eq!(kind, "application/x-www-form-urlencoded");
        assert_eq!(sent.body(), ENCODED);
    }

    #[test]
    fn a_get_carries_a_query() {
        let sent = request(&base(), call().path, form(&call(), None, &[]), Verb::Get).unwrap();
        assert_eq!(sent.method(), Method::GET);
        let expected = format!("http://prometheus:9090/prefix/api/v1/query?{ENCODED}");
        assert_eq!(sent.uri().to_string(), expected);
    }

    #[test]
    fn a_call_without_parameters_has_no_question_mark() {
        let url = url(&base(), &["api", "v1", "labels"], "");
        assert_eq!(url.as_str(), "http://prometheus:9090/prefix/api/v1/labels");
    }

    #[test]
    fn the_connections_parameters_come_last() {
        let extra = [("dedup".to_owned(), Secret::new("true".to_owned()))];
        let form = form(&call().timed(), Some(29_400), &extra);
        assert_eq!(form, format!("{ENCODED}&timeout=29400ms&dedup=true"));
    }

    #[test]
    fn a_segment_cannot_leave_its_path() {
        let url = url(&base(), &["api", "v1", "label", "a/../b?c", "values"], "");
        let path = "/prefix/api/v1/label/a%2F..%2Fb%3Fc/values";
        assert_eq!(url.path(), path);
    }

    #[test]
    fn a_query_over_64_kib_does_not_fit_into_a_url() {
        let long = "x".repeat(70_000);
        assert!(request(&base(), &["api"], long.clone(), Verb::Get).is_none());
        assert!(request(&base(), &["api"], long, Verb::Post).is_some());
    }
}
