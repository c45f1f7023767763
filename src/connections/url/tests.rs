//! What is normalised, what is cut, what is refused.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn check(text: &str, expected: &str) {
    let normalised = BaseUrl::parse(text).unwrap();
    assert_eq!(normalised.base.to_string(), expected, "{text:?}");
    assert!(!normalised.was_cut, "{text:?}");
    let again = BaseUrl::parse(expected).unwrap();
    assert_eq!(again.base, normalised.base, "not stable: {text:?}");
}

#[track_caller]
fn refuses(text: &str, expected: UrlError) {
    assert_eq!(BaseUrl::parse(text), Err(expected), "{text:?}");
}

#[test]
fn scheme_and_host_become_lower_case() {
    check("HTTP://Prometheus:9090", "http://prometheus:9090");
    check("https://PROM.Example/Path", "https://prom.example/Path");
}

#[test]
fn a_host_is_written_in_ascii_without_trailing_dot() {
    check(
        "http://prometheus.example.:9090",
        "http://prometheus.example:9090",
    );
    check("http://bücher.example", "http://xn--bcher-kva.example");
    check("http://prom。example。", "http://prom.example");
    refuses("http://prom..example", UrlError::Host);
    refuses("http://.:9090", UrlError::Host);
}

#[test]
fn a_name_is_of_letters_digits_dashes_and_underscores() {
    check(
        "http://my_prom-1.monitoring.svc",
        "http://my_prom-1.monitoring.svc",
    );
    for text in [
        "http://a,b",
        "http://a;b",
        "http://*.example",
        "http://a\"b",
        "http://${HOST}",
        "http://{{host}}",
        "http://a!b",
        "http://(a)",
        "http://a=b",
        "http://~a",
        "http://\u{ff0a}.example",
    ] {
        refuses(text, UrlError::Host);
    }
    let labels = "a.".repeat(126);
    check(&format!("http://{labels}a"), &format!("http://{labels}a"));
    refuses(&format!("http://{labels}aa"), UrlError::Host);
}

#[test]
fn number_forms_of_ipv4_become_what_they_are() {
    for text in [
        "http://0x7f.1",
        "http://2130706433",
        "http://0177.0.0.1",
        "http://127.1.",
    ] {
        check(text, "http://127.0.0.1");
    }
    check("http://[0:0::1]:9090", "http://[::1]:9090");
}

#[test]
fn the_default_port_is_not_written() {
    check("http://h:80/p", "http://h/p");
    check("https://h:443", "https://h");
    check("http://h:443", "http://h:443");
}

#[test]
fn doubled_and_trailing_slashes_go() {
    check("http://h//a///b//", "http://h/a/b");
    check("http://h/", "http://h");
}

#[test]
fn a_pasted_api_path_is_cut() {
    for ending in [
        "",
        "/query",
        "/query_range",
        "/write",
        "/remote_write",
        "/query/",
    ] {
        let normalised =
            BaseUrl::parse(&format!("https://h/workspaces/ws/api/v1{ending}")).unwrap();
        assert!(normalised.was_cut, "{ending}");
        assert_eq!(normalised.base.to_string(), "https://h/workspaces/ws");
    }
    check("http://h/api/v1/labels", "http://h/api/v1/labels");
    check("http://h/myapi/v1", "http://h/myapi/v1");
}

#[test]
fn a_missing_or_foreign_scheme_is_named() {
    refuses("prometheus:9090", UrlError::NoScheme);
    refuses("localhost", UrlError::NoScheme);
    refuses("", UrlError::NoScheme);
    refuses("ftp://h", UrlError::Scheme);
    refuses("http:h", UrlError::Scheme);
    refuses("http:/h", UrlError::Scheme);
}

#[test]
fn what_a_parser_would_repair_is_refused() {
    for text in [
        "http://h/a/../b",
        "http://h/.",
        "http://h/a/%2E%2e/b",
        "http://h/a%2fb",
        // As some servers read them.
        "http://h/a/..;/b",
        "http://h/a/..;x=1/b",
        "http://h/a/%252e%252E/b",
        "http://h/a%252Fb",
        "http://h/a%255cb",
        "http://h/a%2500",
    ] {
        refuses(text, UrlError::Escape);
    }
    for text in ["http://h/a..;b", "http://h/a;v=..", "http://h/100%25/b"] {
        assert!(BaseUrl::parse(text).is_ok(), "{text}");
    }
    refuses("http://h/%5C", UrlError::Escape);
    refuses("http://h/%00", UrlError::Escape);
    refuses("http://h%2eexample/", UrlError::Escape);
    refuses("http://h/%zz", UrlError::Percent);
    refuses("http://h/%4z", UrlError::Percent);
    refuses("http://h/%z4", UrlError::Percent);
    refuses("http://h/%4", UrlError::Percent);
    for text in [
        "http://h\\a",
        "http://h/a b",
        "http://h/\ta",
        "http://h\n",
        " http://h",
    ] {
        let refused = BaseUrl::parse(text).unwrap_err();
        assert!(
            matches!(
                refused,
                UrlError::Character | UrlError::NoScheme | UrlError::Scheme
            ),
            "{text:?}: {refused}"
        );
    }
    refuses("http:///h", UrlError::Host);
    refuses("http://", UrlError::Host);
    refuses("http://:9090", UrlError::Host);
}

#[test]
fn queries_fragments_users_and_zones_are_refused() {
    refuses("http://h?", UrlError::Query);
    refuses("http://h/?a=b", UrlError::Query);
    refuses("http://h/#top", UrlError::Query);
    refuses("http://user:secret@h", UrlError::UserInfo);
    refuses("http://@h", UrlError::UserInfo);
    refuses("http://user:p%40ss@h", UrlError::UserInfo);
    refuses("http://[fe80::1%25eth0]/", UrlError::Zone);
}

#[test]
fn ports_are_1_to_65535() {
    refuses("http://h:0", UrlError::Port);
    refuses("http://h:65536", UrlError::Port);
    refuses("http://h:9090x", UrlError::Port);
    check("http://h:65535", "http://h:65535");
}

#[test]
fn a_url_is_at_most_two_kib() {
    let fits = format!("http://h/{}", "a".repeat(limits::URL - "http://h/".len()));
    check(&fits, &fits);
    refuses(&format!("{fits}a"), UrlError::Long);
}

#[test]
fn texts_always_name_the_port() {
    let host_port = |text| BaseUrl::parse(text).unwrap().base.host_port();
    assert_eq!(host_port("http://prometheus:9090/x"), "prometheus:9090");
    assert_eq!(host_port("https://h"), "h:443");
    assert_eq!(host_port("http://[::1]"), "[::1]:80");
}

#[test]
fn a_segment_cannot_leave_the_base() {
    let base = BaseUrl::parse("http://h/p").unwrap().base;
    let endpoint = |segments: &[&str]| base.endpoint(segments).to_string();
    assert_eq!(endpoint(&["api", "v1", "query"]), "http://h/p/api/v1/query");
    assert_eq!(
        endpoint(&["label", "../../x?y#z", "values"]),
        "http://h/p/label/..%2F..%2Fx%3Fy%23z/values"
    );
    assert_eq!(endpoint(&["..", "a%2fb"]), "http://h/p/a%252fb");
    // What parsers drop is kept too, and so no dots come together.
    assert_eq!(
        endpoint(&[".\t.", "a\nb +"]),
        "http://h/p/.%09./a%0Ab%20%2B"
    );
    let bare = BaseUrl::parse("http://h").unwrap().base;
    assert_eq!(bare.endpoint(&["api"]).as_str(), "http://h/api");
}

proptest! {
    #[test]
    fn any_text_is_normalised_to_a_fixed_point_or_refused(text in "(https?://)?[a-zA-Z0-9.:/@%\\[\\]_-]{0,40}") {
        if let Ok(normalised) = BaseUrl::parse(&text) {
            let again = BaseUrl::parse(&normalised.base.to_string());
            // Cutting one pasted ending can uncover another; it is cut once.
            if let Ok(again) = again && !again.was_cut {
                prop_assert_eq!(again.base, normalised.base);
            }
        }
    }

    #[test]
    fn an_endpoint_starts_with_its_base(segment in any::<String>()) {
        let base = BaseUrl::parse("http://h/a/b").unwrap().base;
        let url = base.endpoint(&["x", &segment]);
        prop_assert!(url.as_str().starts_with("http://h/a/b/x"));
        prop_assert!(url.query().is_none() && url.fragment().is_none());
        prop_assert_eq!(base.endpoint_text(&["x", &segment]), url.as_str());
    }
}
