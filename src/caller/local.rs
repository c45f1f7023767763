//! Whether a request was made on this machine by whom it seems (security.md, section 3).
//!
//! A listener on loopback admits whoever can reach it, so nothing may carry others there: neither a
//! web page that a browser on this machine shows, whatever name it had resolved to loopback, nor a
//! proxy in front.

use std::net::IpAddr;

use http::HeaderMap;
use http::Uri;
use http::header::FORWARDED;
use http::header::HOST;
use http::header::ORIGIN;
use http::uri::Authority;

use super::forwarded;

/// Whether nothing in the head says that the request came from elsewhere.
pub(super) fn is_local(uri: &Uri, head: &HeaderMap) -> bool {
    let was_carried = head.contains_key(ORIGIN)
        || head.contains_key(FORWARDED)
        || head.contains_key(forwarded::NAME);
    // All lines of it, and the target where it names a host itself: which one counts is another
    // program's choice.
    let mut hosts = head.get_all(HOST).iter();
    !was_carried
        && hosts.all(|host| host.to_str().is_ok_and(is_loopback))
        && uri.authority().is_none_or(|it| is_loopback(it.as_str()))
}

/// Whether `host`, perhaps with a port, is `localhost` or a loopback literal.
fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    if authority.as_str().contains('@') {
        return false;
    }
    let name = authority.host();
    let literal = name.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let literal: Option<IpAddr> = literal.unwrap_or(name).parse().ok();
    name.eq_ignore_ascii_case("localhost") || literal.is_some_and(|it| it.is_loopback())
}

#[cfg(test)]
mod tests {
    use http::HeaderName;
    use http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check_host(host: &str, expected: bool) {
        let head = HeaderMap::from_iter([(HOST, HeaderValue::from_str(host).unwrap())]);
        assert_eq!(is_local(&Uri::from_static("/"), &head), expected, "{host}");
    }

    #[test]
    fn a_host_is_localhost_or_a_loopback_literal() {
        for host in [
            "localhost",
            "LocalHost:9900",
            "127.0.0.1",
            "127.255.0.9:80",
            "[::1]:9900",
            "[::1]",
        ] {
            check_host(host, true);
        }
        for host in [
            "",
            "mirror",
            "localhost.",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evil.example:9900",
            "localhost@evil.example",
            "evil.example@localhost",
            "localhost:9900, evil.example",
            "128.0.0.1",
            "0.0.0.0",
            "[::2]:9900",
            "[::ffff:127.0.0.1]",
            "10.0.0.1",
            "2130706433",
            "0x7f.1",
        ] {
            check_host(host, false);
        }
    }

    #[test]
    fn every_host_line_and_the_target_must_be_local() {
        let line = |host| (HOST, HeaderValue::from_static(host));
        let both = |first, second| {
            let mut head = HeaderMap::from_iter([line(first)]);
            head.append(HOST, HeaderValue::from_static(second));
            head
        };
        let path = Uri::from_static("/api/metric");
        assert!(is_local(&path, &HeaderMap::new()));
        assert!(is_local(&path, &both("localhost", "127.0.0.1")));
        assert!(!is_local(&path, &both("localhost", "evil.example")));
        assert!(!is_local(&path, &both("evil.example", "localhost")));
        let head = HeaderMap::from_iter([line("localhost")]);
        let target = Uri::from_static("http://evil.example/api/metric");
        assert!(!is_local(&target, &head));
        let target = Uri::from_static("http://localhost:9900/api/metric");
        assert!(is_local(&target, &head));
    }

    #[test]
    fn what_a_browser_or_a_proxy_adds_is_enough_whatever_it_says() {
        for name in ["origin", "forwarded", "x-forwarded-for"] {
            for value in ["", "null", "http://localhost:9900", "127.0.0.1"] {
                let head = HeaderMap::from_iter([
                    (HOST, HeaderValue::from_static("localhost")),
                    (
                        HeaderName::from_static(name),
                        HeaderValue::from_static(value),
                    ),
                ]);
                assert!(!is_local(&Uri::from_static("/"), &head), "{name}: {value}");
            }
        }
    }
}
