//! Entries of the list of upstreams.

use proptest::prelude::*;

use super::super::pattern::PatternError;
use super::*;
use crate::connections::url::UrlError;

#[track_caller]
fn covers(pattern: &str, url: &str, expected: bool) {
    let pattern = UpstreamPattern::parse(pattern).unwrap();
    let base = BaseUrl::parse(url).unwrap().base;
    assert_eq!(pattern.covers(base.url()), expected, "{url}");
}

#[track_caller]
fn is_none(text: &str, expected: PatternError) {
    assert_eq!(UpstreamPattern::parse(text), Err(expected), "{text}");
}

#[test]
fn an_origin_is_exact_with_its_defaults_filled_in() {
    covers("https://h.example", "https://H.example.:443/", true);
    covers("https://h.example:443", "https://h.example", true);
    covers("http://h.example", "http://h.example:80", true);
    covers("https://h.example", "http://h.example", false);
    covers("https://h.example", "https://h.example:8443", false);
    covers("https://h.example", "https://h.example.org", false);
    covers("https://h.example", "https://xh.example", false);
    covers("https://h.example", "https://a.h.example", false);
    covers("http://127.0.0.1:9090", "http://2130706433:9090", true);
    covers("http://[::1]:9090", "http://[0::1]:9090", true);
    covers(
        "http://b\u{fc}cher.example",
        "http://xn--bcher-kva.example",
        true,
    );
}

#[test]
fn a_prefix_is_compared_by_segment() {
    covers("http://h/a", "http://h/a", true);
    covers("http://h/a", "http://h/a/b", true);
    covers("http://h/a/", "http://h//a//b", true);
    covers("http://h/a", "http://h/ab", false);
    covers("http://h/a", "http://h", false);
    covers("http://h/a/b", "http://h/a", false);
    covers("http://h/a", "http://h/A", false);
    covers("http://h/a", "http://h/%61", false);
    covers("http://h/a", "http://h/a;b", false);
    covers("http://h", "http://h/a", true);
}

#[test]
fn a_wildcard_is_one_whole_label() {
    covers("https://*.lab.example", "https://a.lab.example", true);
    covers("https://*.lab.example/p", "https://a.lab.example/p/q", true);
    covers("https://*.lab.example", "https://lab.example", false);
    covers("https://*.lab.example", "https://a.b.lab.example", false);
    covers("https://*.lab.example", "https://alab.example", false);
    covers("https://*.lab.example", "https://a.lab.example.org", false);
    covers(
        "http://*.monitoring.svc:9090",
        "http://p.monitoring.svc:9090",
        true,
    );
    covers(
        "http://*.monitoring.svc:9090",
        "http://p.monitoring.svc",
        false,
    );
}

#[test]
fn a_wildcard_elsewhere_or_before_one_label_is_no_entry() {
    for text in [
        "https://*",
        "https://*.com",
        "https://*:443",
        "https://a.*.example",
        "https://a*.lab.example",
        "https://*a.lab.example",
        "https://*.*.example",
        "https://**.lab.example",
        "https://*.10.0.0.1",
    ] {
        is_none(text, PatternError::Wildcard);
    }
    is_none("https://*.[::1]", PatternError::Wildcard);
    is_none("https://h/api/v1", PatternError::ApiPath);
    is_none("h", PatternError::Url(UrlError::NoScheme));
    is_none("https://u@h", PatternError::Url(UrlError::UserInfo));
    is_none("https://h/..", PatternError::Url(UrlError::Escape));
    is_none(
        "https://*.lab.example?a",
        PatternError::Url(UrlError::Query),
    );
}

fn host() -> impl Strategy<Value = String> {
    prop::collection::vec("[ab]{1,2}", 1..5).prop_map(|labels| labels.join(".") + ".x")
}

fn path() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[ab]{1,2}", 0..4)
}

proptest! {
    #[test]
    fn a_path_is_covered_exactly_if_its_first_segments_are_the_listed(
        listed in path(), asked in path(),
    ) {
        let pattern = UpstreamPattern::parse(&format!("http://h/{}", listed.join("/"))).unwrap();
        let asked_url = BaseUrl::parse(&format!("http://h/{}", asked.join("/"))).unwrap().base;
        prop_assert_eq!(pattern.covers(asked_url.url()), asked.starts_with(&listed));
    }

    #[test]
    fn a_wildcard_covers_exactly_one_more_label(fixed in host(), asked in host()) {
        let pattern = UpstreamPattern::parse(&format!("https://*.{fixed}")).unwrap();
        let url = BaseUrl::parse(&format!("https://{asked}")).unwrap().base;
        let expected = asked.split_once('.').is_some_and(|(_, rest)| rest == fixed);
        prop_assert_eq!(pattern.covers(url.url()), expected);
    }

    #[test]
    fn what_is_covered_has_the_origin_that_is_listed(
        listed in "https?://(\\*\\.)?[ab.]{1,6}(:[0-9]{1,4})?(/[ab]{0,2}){0,2}",
        asked in "https?://[ab.]{1,6}(:[0-9]{1,4})?(/[ab]{0,2}){0,3}",
    ) {
        let (Ok(pattern), Ok(asked)) = (UpstreamPattern::parse(&listed), BaseUrl::parse(&asked)) else {
            return Ok(());
        };
        let url = asked.base.url();
        if pattern.covers(url) {
            let fixed = listed.replacen("*.", "", 1);
            let fixed = BaseUrl::parse(&fixed).unwrap().base;
            prop_assert_eq!(fixed.url().scheme(), url.scheme());
            prop_assert_eq!(fixed.url().port_or_known_default(), url.port_or_known_default());
            prop_assert!(url.host_str().unwrap().ends_with(fixed.url().host_str().unwrap()));
        }
    }
}
