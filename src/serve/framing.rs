//! What hyper lets pass of a head, and what two programs on the way could read as two different
//! requests (security.md, "Limits on input"; RFC 9112, sections 3.2 and 6.1).

use http::HeaderMap;
use http::HeaderValue;
use http::Request;
use http::Version;
use http::header::HOST;
use http::header::TRANSFER_ENCODING;

/// Whether everybody reads the head of `request` alike.
pub(super) fn is_plain<B>(request: &Request<B>) -> bool {
    let head = request.headers();
    has_plain_coding(head) && has_plain_target(request)
}

/// No coding of the transfer but `chunked`, named once. hyper looks at the end of the list alone.
fn has_plain_coding(head: &HeaderMap) -> bool {
    let mut codings = head.get_all(TRANSFER_ENCODING).iter();
    let is_chunked = |coding: &HeaderValue| {
        let coding = coding.as_bytes().trim_ascii();
        coding.eq_ignore_ascii_case(b"chunked")
    };
    codings.next().is_none_or(is_chunked) && codings.next().is_none()
}

/// One host, said once, or twice the same: in an absolute target it counts more than in its field,
/// which not everybody knows. A target without a path asks for a tunnel.
fn has_plain_target<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next();
    let is_needed = request.version() == Version::HTTP_11;
    if hosts.next().is_some() || (is_needed && host.is_none()) {
        return false;
    }
    let target = request.uri();
    match (target.scheme(), target.authority()) {
        (None, None) => true,
        (Some(_), Some(authority)) => host.is_none_or(|host| {
            host.as_bytes()
                .eq_ignore_ascii_case(authority.as_str().as_bytes())
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    #[track_caller]
    fn check(target: &str, fields: &[(&str, &str)], is_plain: bool) {
        let mut request = Request::builder().method(Method::POST).uri(target);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let request = request.body(()).unwrap();
        assert_eq!(super::is_plain(&request), is_plain, "{request:?}");
    }

    #[test]
    fn the_only_coding_is_chunked_and_it_is_named_once() {
        let host = ("host", "m");
        let coding = |coding| ("transfer-encoding", coding);
        check("/", &[host], true);
        check("/", &[host, coding("chunked")], true);
        check("/", &[host, coding(" Chunked\t")], true);
        check("/", &[host, coding("gzip, chunked")], false);
        check("/", &[host, coding("chunked, chunked")], false);
        check("/", &[host, coding("chunked"), coding("chunked")], false);
        check("/", &[host, coding("identity"), coding("chunked")], false);
        check("/", &[host, coding("xchunked")], false);
        check("/", &[host, coding("")], false);
    }

    #[test]
    fn there_is_one_host() {
        check("/", &[], false);
        check("/", &[("host", "")], true);
        check("/", &[("host", "m"), ("host", "m")], false);
        check("http://m:9900/", &[("host", "M:9900")], true);
        check("http://m/", &[("host", "other")], false);
        check("http://m/", &[("host", "m:80")], false);
        check("http://user@m/", &[("host", "m")], false);
        check("m:9900", &[("host", "m:9900")], false);
        let mut request = Request::new(());
        *request.version_mut() = Version::HTTP_10;
        assert!(super::is_plain(&request));
    }
}
