//! Signatures, each recomputed by botocore before Prometheus sees the query.

use serde_json::{Value, json};

use crate::aws::{Key, STATIC, TEMPORARY};
use crate::rig::Rig;
use crate::setup::{Running, Setup};
use crate::stored::{METRIC, TEXTS, value};

crate::cases![
    every_awkward_label_value_is_signed_well,
    every_awkward_query_text_is_signed_well,
    lists_and_label_values_are_signed_well,
    long_queries_are_signed_well,
    few_headers_are_signed,
    what_a_proxy_adds_on_the_way_does_no_harm,
    a_base_path_with_awkward_characters_is_signed_well,
    parameters_of_the_connection_are_signed_well,
    a_tenant_header_is_dropped_beside_aws,
];

/// Both HTTP methods, with a session token and without.
fn each(rig: &Rig, check: impl Fn(&Running, &Value)) {
    let mirror = Setup::new().start();
    for key in [&STATIC, &TEMPORARY] {
        for method in ["POST", "GET"] {
            rig.reset();
            check(&mirror, &details(rig, key, method));
            let signed = rig.signed();
            assert!(!signed.is_empty());
            for one in signed {
                assert_eq!(one.identity.as_deref(), Some(key.id), "{one:?}");
                assert_eq!(one.has_token, key.token.is_some());
                assert_eq!(one.status, Some(200), "{one:?}");
                let is_by_get = one.path.contains("/label/") || one.path.ends_with("/buildinfo");
                assert!(
                    one.method == if is_by_get { "GET" } else { method },
                    "{one:?}"
                );
            }
        }
    }
}

fn details(rig: &Rig, key: &Key, method: &str) -> Value {
    let mut details = rig.amp(key.block());
    details["http_method"] = json!(method);
    details
}

fn every_awkward_label_value_is_signed_well(rig: &Rig) {
    each(rig, |mirror, details| {
        for (n, text) in TEXTS.iter().enumerate() {
            let got = mirror.gauge(details, text).unwrap();
            assert_eq!(got.to_bits(), value(n).to_bits(), "{text:?}");
        }
    });
}

fn every_awkward_query_text_is_signed_well(rig: &Rig) {
    each(rig, |mirror, details| {
        for (n, text) in TEXTS.iter().enumerate() {
            // PromQL's own quoting is JSON's, as far as these texts go.
            let query = format!("sum( {METRIC}{{text={}}} )  +  0 ", json!(text));
            let got = mirror.mirror.metric(details, &[("~", json!(query))]);
            assert_eq!(got.unwrap().to_bits(), value(n).to_bits(), "{query}");
        }
    });
}

fn lists_and_label_values_are_signed_well(rig: &Rig) {
    each(rig, |mirror, details| {
        let mut values = mirror.mirror.values(details, "text").unwrap();
        let mut expected = TEXTS.to_vec();
        values.sort_unstable();
        expected.sort_unstable();
        assert_eq!(values, expected);
        let names = mirror.mirror.names(details).unwrap();
        assert!(names.iter().any(|name| name == "text"), "{names:?}");
        mirror.test(details).unwrap();
    });
}

fn long_queries_are_signed_well(rig: &Rig) {
    each(rig, |mirror, details| {
        let mut texts: Vec<String> = (0..300).map(|n| format!("no such, text + {n}%")).collect();
        texts.push(TEXTS[0].to_owned());
        let conditions = [("__gauge__", json!(METRIC)), ("text", json!(texts))];
        let got = mirror.mirror.metric(details, &conditions).unwrap();
        assert_eq!(got.to_bits(), value(0).to_bits());
    });
}

fn few_headers_are_signed(rig: &Rig) {
    each(rig, |mirror, details| {
        mirror.query(details).unwrap();
        for one in rig.signed() {
            let mut expected = vec!["host", "x-amz-date"];
            if one.method == "POST" {
                expected.insert(0, "content-type");
            }
            if one.has_token {
                expected.push("x-amz-security-token");
            }
            assert_eq!(one.signed, expected);
        }
    });
}

fn what_a_proxy_adds_on_the_way_does_no_harm(rig: &Rig) {
    let mirror = Setup::new().start();
    for key in [&STATIC, &TEMPORARY] {
        for method in ["POST", "GET"] {
            rig.amp.set(&json!({"hop": true}));
            mirror
                .gauge(&details(rig, key, method), "grüße \u{1f600} 漢字")
                .unwrap();
        }
    }
}

fn a_base_path_with_awkward_characters_is_signed_well(rig: &Rig) {
    let mirror = Setup::new().start();
    for prefix in ["/a%20b/c", "/%C3%BC", "/x+y", "/a@b:c"] {
        rig.amp.set(&json!({"prefix": prefix}));
        let mut details = rig.amp(STATIC.block());
        details["url"] = json!(format!("{}{prefix}/", rig.amp.url));
        mirror.query(&details).unwrap();
        mirror.mirror.values(&details, "text").unwrap();
    }
}

fn parameters_of_the_connection_are_signed_well(rig: &Rig) {
    each(rig, |mirror, details| {
        let mut details = details.clone();
        details["query_parameters"] = json!({"x y": "a+b c%&=ü", "A": "", "a": "1"});
        mirror.query(&details).unwrap();
        mirror.mirror.values(&details, "text").unwrap();
    });
}

fn a_tenant_header_is_dropped_beside_aws(rig: &Rig) {
    let mirror = Setup::new().start();
    let mut details = rig.amp(STATIC.block());
    details["headers"] = json!({"X-Scope-OrgID": "team-a"});
    mirror.query(&details).unwrap();
    assert!(rig.signed().iter().all(|one| one.tenant.is_none()));
}
