//! Whether a request was made on this machine by whom it seems (security.md, section 3).
//!
//! A listener on loopback admits whoever can reach it, so nothing may carry others there: neither a
//! web page that a browser on this machine shows, whatever name it had resolved to loopback, nor a
//! proxy in front. The same holds for what the admin listener keeps to this machine.

use std::net::IpAddr;

use http::HeaderMap;
use http::HeaderValue;
use http::Uri;
use http::header::FORWARDED;
use http::header::HOST;
use http::header::ORIGIN;
use http::uri::Authority;

use super::forwarded;

/// Whether nothing in the head says that the request came from elsewhere.
pub(super) fn is_local(uri: &Uri, head: &HeaderMap) -> bool {
    !head.contains_key(ORIGIN) && is_at_home(uri, head)
}

/// Whether `peer` is a program of this machine that asks for itself, or for a page that it has from
/// here: what says that the request came from elsewhere is as in a request to the mirror, but an
/// `Origin` may stand there that is the very one that is asked.
#[must_use]
pub fn is_of_this_machine(peer: IpAddr, uri: &Uri, head: &HeaderMap) -> bool {
    let names_one = head.contains_key(HOST) || uri.authority().is_some();
    is_from_this_machine(peer, head)
        && names_one
        && is_at_home(uri, head)
        && head.get_all(ORIGIN).iter().all(|it| is_own(it, head))
}

/// Whether `peer` is a program of this machine, and not one that carries what others ask.
#[must_use]
pub fn is_from_this_machine(peer: IpAddr, head: &HeaderMap) -> bool {
    peer.to_canonical().is_loopback() && !was_carried(head)
}

/// Whether `origin` is the one that the request is for. There is no TLS on loopback.
fn is_own(origin: &HeaderValue, head: &HeaderMap) -> bool {
    let Some(asked) = origin.as_bytes().strip_prefix(b"http://") else {
        return false;
    };
    let hosts = head.get_all(HOST);
    hosts.iter().next().is_some()
        && hosts
            .iter()
            .all(|it| it.as_bytes().eq_ignore_ascii_case(asked))
}

/// Whether no proxy has touched the request, and whatever host it names is this machine.
fn is_at_home(uri: &Uri, head: &HeaderMap) -> bool {
    // All lines of it, and the target where it names a host itself: which one counts is another
    // program's choice.
    let mut hosts = head.get_all(HOST).iter();
    !was_carried(head)
        && hosts.all(|host| host.to_str().is_ok_and(is_loopback))
        && uri.authority().is_none_or(|it| is_loopback(it.as_str()))
}

/// Whether a proxy says that it passed the request on.
fn was_carried(head: &HeaderMap) -> bool {
    head.contains_key(FORWARDED) || head.contains_key(forwarded::NAME)
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

    /// Checks whether a request of `peer` with these header lines is one of this machine.
    #[track_caller]
    fn check_machine(peer: &str, lines: &[(&'static str, &str)], expected: bool) {
        let mut head = HeaderMap::new();
        for (name, value) in lines {
            let value = HeaderValue::from_str(value).unwrap();
            head.append(HeaderName::from_static(name), value);
        }
        let found = is_of_this_machine(peer.parse().unwrap(), &Uri::from_static("/"), &head);
        assert_eq!(found, expected, "{peer} {lines:?}");
    }

    #[test]
    fn this_machine_is_a_loopback_peer_that_asks_a_loopback_host() {
        for peer in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            check_machine(peer, &[("host", "localhost:9901")], true);
        }
        for peer in ["10.0.0.1", "::2", "::ffff:10.0.0.1", "0.0.0.0"] {
            check_machine(peer, &[("host", "localhost:9901")], false);
        }
        check_machine("::1", &[("host", "evil.example:9901")], false);
        check_machine("::1", &[], false);
        let both = [("host", "localhost:9901"), ("host", "evil.example")];
        check_machine("::1", &both, false);
    }

    #[test]
    fn only_a_page_from_here_may_ask() {
        let origin = |origin| [("host", "localhost:9901"), ("origin", origin)];
        check_machine("::1", &origin("http://localhost:9901"), true);
        check_machine("::1", &origin("http://LocalHost:9901"), true);
        for foreign in [
            "http://evil.example",
            "http://localhost:3000",
            "http://localhost",
            "http://127.0.0.1:9901",
            "https://localhost:9901",
            "localhost:9901",
            "null",
            "",
        ] {
            check_machine("::1", &origin(foreign), false);
        }
        let own = ("origin", "http://localhost:9901");
        let both = [("host", "localhost:9901"), own, ("origin", "null")];
        check_machine("::1", &both, false);
        check_machine("::1", &[own], false);
    }

    #[test]
    fn a_proxy_on_this_machine_is_not_this_machine() {
        for name in ["forwarded", "x-forwarded-for"] {
            check_machine("::1", &[("host", "localhost"), (name, "127.0.0.1")], false);
        }
    }
}
