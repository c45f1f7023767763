//! Not accepted means nothing, and accepted means the key, whatever else happens (security.md,
//! "Wall A: who calls"; mirror-api.md, "The key").

use std::sync::Arc;

use prometheus_mirror::caller::Certificate;
use prometheus_mirror::caller::Peer;

use crate::fake_backend::Answer;
use crate::fake_backend::Backend;
use crate::gateway::Answered;
use crate::gateway::Ask;
use crate::gateway::Gateway;
use crate::gateway::peer;
use crate::gateway::post;

const CALLS: [&str; 4] = [
    "/api/connection",
    "/api/field/name",
    "/api/field/value",
    "/api/metric",
];
/// Paths that are no call, or are one in disguise.
const OTHERS: [&str; 6] = [
    "//api/metric",
    "/api/metric/",
    "/API/METRIC",
    "/api/metric?token=the-token-of-alpha",
    "/api/metrics",
    "/nowhere",
];
const METHODS: [&str; 7] = ["POST", "GET", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"];
const TOKENS: [&str; 2] = ["the-token-of-alpha", "the-next-token-of-alpha"];
const RETIRED: &str = "the-old-token-of-alpha";
const BETA: &str = "the-one-token-of-beta";

/// A backend that answers every question, and a service that assumes every role.
fn backend() -> Backend {
    Backend::start(|call| {
        let action = call.parameters.iter().find(|(name, _)| name == "Action");
        if action.is_some() {
            return Answer::Body {
                status: 200,
                headers: vec![("content-type", "text/xml".to_owned())],
                body: session().into_bytes(),
            };
        }
        Answer::json(match call.path.as_str() {
            path if path.ends_with("/labels") || path.ends_with("/values") => {
                r#"{"status":"success","data":["job"]}"#
            }
            path if path.ends_with("/metadata") => r#"{"status":"success","data":{}}"#,
            _ => r#"{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}"#,
        })
    })
}

/// A session of one hour, as STS gives them.
fn session() -> String {
    "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>\
     <Credentials><AccessKeyId>ASSUMED</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
     <SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>\
     </AssumeRoleResult></AssumeRoleResponse>"
        .to_owned()
}

/// A call with these connection details, good for any of the four methods.
fn call(details: &str) -> String {
    format!(
        r#"{{"connectionDetails": {{{details}}}, "query": {{"field": {{"fieldName": "job"}},
        "startTime": 1000, "endTime": 61000, "conditions": [{{"key": "__gauge__", "value":
        {{"_type": "StringValue", "value": "m"}}}}]}}}}"#
    )
}

fn token(token: Option<&str>) -> String {
    token.map_or(String::new(), |token| format!(r#", "token": "{token}""#))
}

/// Connection details that lead to `backend`, plainly and by way of an assumed role.
fn details(backend: &Backend) -> [String; 2] {
    let url = backend.url();
    let keys = r#""aws_access_key_id": "i", "aws_secret_access_key": "s""#;
    let role = r#""role_arn": "arn:aws:iam::1:role/r", "region_name": "eu-west-1""#;
    [
        format!(r#""url": "{url}""#),
        format!(r#""url": "{url}", "aws": {{{keys}, {role}}}"#),
    ]
}

/// Bodies that hold `token` where it would stand, whole and broken.
fn bodies(backend: &Backend, given: Option<&str>) -> Vec<Vec<u8>> {
    let given = token(given);
    let mut bodies: Vec<Vec<u8>> = Vec::new();
    for details in details(backend) {
        bodies.push(call(&format!("{details}{given}")).into_bytes());
    }
    let [details, _] = details(backend);
    bodies.push(call(&format!(r#""url": "http://nowhere.invalid"{given}"#)).into_bytes());
    bodies.push(format!(r#"{{"connectionDetails": {{{details}{given}}}, "query": 7}}"#).into());
    bodies.push(format!(r#"{{"connectionDetails": {{{details}{given}, "url": "x"}}}}"#).into());
    bodies.push(format!(r#"{{"connectionDetails": {{{details}{given}}}"#).into());
    bodies.push(format!(r#"{{"connectionDetails": {{{details}{given}}}}} x"#).into());
    bodies.push(format!(r#"{{"details": {{{details}{given}}}}}"#).into());
    bodies.push(format!(r#"[{{"connectionDetails": {{{details}{given}}}}}]"#).into());
    bodies.push(format!("{}1{}", "[".repeat(40), "]".repeat(40)).into());
    bodies.push(b"{\"a\": \"\xff\"}".to_vec());
    bodies.push(Vec::new());
    bodies.push(vec![b' '; (1 << 20) + 1]);
    bodies
}

/// Settings with two callers of tokens.
fn two_callers(alphas: &[&str]) -> String {
    format!(
        "callers:\n- {{name: alpha, tokens: [{}]}}\n- {{name: beta, tokens: [{BETA}]}}\n",
        alphas.join(", ")
    )
}

#[track_caller]
fn refused(answered: &Answered, what: &dyn std::fmt::Debug) {
    assert!(!answered.has_key(), "{what:?}");
    assert_ne!(answered.status, 200, "{what:?}");
    let expected = r#"{"_type":"RemoteMirrorError","summary":"Not accepted.","details":"This caller is not accepted. The page of this error tells what a caller has to prove. [PM-6001]"}"#;
    if answered.status == 401 {
        assert_eq!(answered.code(), None, "{what:?}");
        assert!(
            ["", expected].contains(&answered.body.as_str()),
            "{answered:?}"
        );
    }
}

#[test]
fn without_a_token_of_a_caller_there_is_no_key_and_no_call_whatever_is_sent() {
    let backend = backend();
    let variables = vec![("AWS_ENDPOINT_URL_STS", backend.url())];
    let gateway = Gateway::with_variables(&two_callers(&[RETIRED]), &[], variables);
    gateway.reload(&two_callers(&TOKENS));
    let stranger = peer("192.0.2.1");
    let mut asked = 0;
    for given in [
        None,
        Some(""),
        Some("x"),
        Some(RETIRED),
        Some("the-token-of-alph"),
        Some("the-token-of-alpha "),
        Some("The-Token-Of-Alpha"),
        Some("the-key-of-these-tests"),
    ] {
        for body in bodies(&backend, given) {
            for path in CALLS.iter().chain(&OTHERS) {
                for method in METHODS {
                    for header in [
                        ("x-forwarded-for", "127.0.0.1"),
                        ("authorization", "Bearer the-token-of-alpha"),
                        ("content-encoding", "gzip"),
                    ] {
                        // Most of them once: what a header adds does not depend on the method.
                        if method != "POST" && header.0 != "authorization" {
                            continue;
                        }
                        let ask = Ask {
                            method,
                            path,
                            headers: vec![("host", "localhost"), header],
                            body: body.clone(),
                        };
                        let answered = gateway.ask(&stranger, &ask);
                        refused(&answered, &(method, path, header, given));
                        let expected: &[u16] = &[401, 404, 405, 413, 415];
                        assert!(expected.contains(&answered.status), "{answered:?}");
                        asked += 1;
                    }
                }
            }
        }
    }
    assert!(asked > 5_000, "{asked}");
    assert_eq!(backend.calls().len(), 0);
    // The same bodies with a token do reach the backend and the service.
    for given in [TOKENS[0], TOKENS[1], BETA] {
        let before = backend.calls().len();
        for (body, path) in bodies(&backend, Some(given)).iter().zip([CALLS[0]; 2]) {
            let ask = Ask {
                body: body.clone(),
                ..post(path, "")
            };
            let answered = gateway.ask(&stranger, &ask);
            assert_eq!((answered.status, answered.has_key()), (200, true));
            assert_eq!(answered.code(), None, "{answered:?}");
        }
        let calls = backend.calls();
        assert!(calls.len() > before + 2);
        let is_sts = |name: &str| name == "Action";
        let assumed = calls
            .iter()
            .any(|call| call.parameters.iter().any(|(it, _)| is_sts(it)));
        assert!(assumed);
    }
}

#[test]
fn with_the_token_of_a_caller_every_answer_to_a_call_has_the_key() {
    let backend = backend();
    let gateway = Gateway::new(&two_callers(&TOKENS), &[]);
    for given in [TOKENS[0], TOKENS[1], BETA] {
        let details = details(&backend);
        for body in [
            call(&format!("{}{}", details[0], token(Some(given)))),
            call(&format!(
                r#""url": "http://127.0.0.1:1"{}"#,
                token(Some(given))
            )),
            call(&format!(r#""url": "planted"{}"#, token(Some(given)))),
            call(&format!(r#""connection": "none"{}"#, token(Some(given)))),
            format!(r#"{{"connectionDetails": {{"token": "{given}"}}, "query": 7}}"#),
            format!(r#"{{"connectionDetails": {{"token": "{given}"}}}}"#),
        ] {
            for path in CALLS.iter().chain(&["//api/metric"]) {
                let answered = gateway.ask(&peer("192.0.2.1"), &post(path, &body));
                assert!(answered.has_key(), "{path} {body}");
                assert!([200, 500].contains(&answered.status), "{answered:?}");
                assert!(!answered.body.contains(given), "{answered:?}");
            }
        }
    }
    assert_eq!(
        gateway.metric(r#"mirror_refused_callers_total{reason="token"}"#),
        0
    );
}

#[test]
fn where_the_head_settles_it_every_failure_has_the_key_and_404_405_413_415_too() {
    let gateway = Gateway::new("allowed_callers: [10.42.0.0/16]\n", &[]);
    let (inside, outside) = (peer("10.42.0.1"), peer("192.0.2.1"));
    let backend = backend();
    for body in bodies(&backend, None) {
        for path in CALLS.iter().chain(&OTHERS) {
            for method in METHODS {
                let ask = Ask {
                    method,
                    body: body.clone(),
                    ..post(path, "")
                };
                let answered = gateway.ask(&inside, &ask);
                assert!(answered.has_key(), "{method} {path} {answered:?}");
                let before = backend.calls().len();
                let answered = gateway.ask(&outside, &ask);
                refused(&answered, &(method, path));
                assert_eq!(answered.status, 401, "{method} {path}");
                assert_eq!(backend.calls().len(), before);
            }
        }
    }
    let coded = Ask {
        headers: vec![("content-encoding", "gzip")],
        ..post(CALLS[3], "")
    };
    let answered = gateway.ask(&inside, &coded);
    assert_eq!((answered.status, answered.has_key()), (415, true));
}

#[test]
fn the_open_pages_are_open_and_never_carry_the_key() {
    for settings in [
        two_callers(&TOKENS),
        "allowed_callers: [10.42.0.0/16]".to_owned(),
        String::new(),
    ] {
        let gateway = Gateway::new(&settings, &[]);
        for path in ["/", "/healthcheck", "/openapi.json"] {
            for source in ["10.42.0.1", "192.0.2.1"] {
                let ask = Ask {
                    method: "GET",
                    ..post(path, "")
                };
                let answered = gateway.ask(&peer(source), &ask);
                assert_eq!(
                    (answered.status, answered.has_key()),
                    (200, false),
                    "{path}"
                );
            }
        }
    }
}

#[test]
fn behind_a_trusted_proxy_the_forwarded_source_counts_and_a_forged_one_does_not() {
    let settings = "allowed_callers: [10.42.0.0/16]\ntrusted_proxies: [203.0.113.0/28]\n";
    let gateway = Gateway::new(settings, &[]);
    let check = |from: &str, forwarded: &[&str], is_accepted: bool| {
        let mut ask = post(CALLS[0], "{}");
        let lines = forwarded.iter().map(|line| ("x-forwarded-for", *line));
        ask.headers.extend(lines);
        let answered = gateway.ask(&peer(from), &ask);
        assert_eq!(answered.has_key(), is_accepted, "{from} {forwarded:?}");
        assert_eq!(answered.status == 401, !is_accepted);
    };
    check("203.0.113.1", &["10.42.0.1"], true);
    check("203.0.113.1", &["192.0.2.1, 10.42.0.1"], true);
    check(
        "203.0.113.1",
        &["192.0.2.1", "10.42.0.1:5000", "203.0.113.2"],
        true,
    );
    check("::ffff:203.0.113.1", &["::ffff:10.42.0.1"], true);
    check("203.0.113.1", &[], false);
    check("203.0.113.1", &["10.42.0.1, 192.0.2.1"], false);
    check("203.0.113.1", &["10.42.0.1", "192.0.2.1"], false);
    check("203.0.113.1", &["10.42.0.1, unknown"], false);
    check("203.0.113.1", &["unknown, 10.42.0.1"], false);
    check("203.0.113.1", &[&["10.42.0.1"; 33].join(",")], false);
    check("203.0.113.1", &[&["10.42.0.1"; 32].join(",")], true);
    check("192.0.2.1", &["10.42.0.1"], false);
    check("203.0.113.16", &["10.42.0.1"], false);
}

#[test]
fn on_loopback_neither_a_web_page_nor_a_proxy_gets_the_key_or_a_call() {
    let backend = backend();
    let gateway = Gateway::new("", &[]);
    let [details, _] = details(&backend);
    let check = |headers: Vec<(&'static str, &'static str)>, is_accepted: bool| {
        for path in CALLS.iter().chain(&["/nowhere"]) {
            let ask = Ask {
                headers: headers.clone(),
                ..post(path, &call(&details))
            };
            let before = backend.calls().len();
            let answered = gateway.ask(&peer("127.0.0.1"), &ask);
            assert_eq!(answered.has_key(), is_accepted, "{path} {headers:?}");
            if !is_accepted {
                refused(&answered, &headers);
                assert_eq!(backend.calls().len(), before);
            }
            let cors = answered
                .headers
                .keys()
                .filter(|name| name.as_str().starts_with("access-control-"));
            assert_eq!(cors.count(), 0);
        }
    };
    check(vec![], true);
    check(vec![("host", "localhost:9900")], true);
    check(vec![("host", "127.0.0.1")], true);
    check(vec![("host", "[::1]:9900")], true);
    check(vec![("host", "rebound.example:9900")], false);
    for carried in ["origin", "forwarded", "x-forwarded-for"] {
        check(
            vec![("host", "localhost"), (carried, "http://localhost")],
            false,
        );
    }
    // A preflight is no call, and gets nothing that a browser could use.
    let preflight = Ask {
        method: "OPTIONS",
        headers: vec![
            ("host", "localhost:9900"),
            ("origin", "http://localhost:9900"),
            ("access-control-request-method", "POST"),
        ],
        ..post(CALLS[3], "")
    };
    let answered = gateway.ask(&peer("127.0.0.1"), &preflight);
    assert_eq!((answered.status, answered.has_key()), (401, false));
}

fn certified(uri: &str) -> Peer {
    let certificate = Certificate {
        dns_names: Vec::new(),
        uris: vec![uri.to_owned()],
        fingerprint: [7; 32],
    };
    Peer {
        certificate: Some(Arc::new(certificate)),
        ..peer("192.0.2.1")
    }
}

#[test]
fn a_certificate_that_nobody_asked_for_proves_nothing() {
    let gateway = Gateway::new(&two_callers(&TOKENS), &[]);
    let answered = gateway.ask(&certified("spiffe://lab/a"), &post(CALLS[0], "{}"));
    refused(&answered, &"certificate");
    assert_eq!(answered.status, 401);
}

#[test]
fn a_body_over_the_limit_or_coded_is_refused_without_the_key_where_a_token_decides() {
    let gateway = Gateway::new(&two_callers(&TOKENS), &[]);
    let mut long = call(&format!(r#""url": "http://a"{}"#, token(Some(TOKENS[0])))).into_bytes();
    long.resize((1 << 20) + 1, b' ');
    let ask = Ask {
        body: long,
        ..post(CALLS[3], "")
    };
    let answered = gateway.ask(&peer("192.0.2.1"), &ask);
    assert_eq!((answered.status, answered.has_key()), (413, false));
    let coded = Ask {
        headers: vec![("content-encoding", "gzip")],
        ..post(CALLS[3], &call(&token(Some(TOKENS[0]))[1..]))
    };
    let answered = gateway.ask(&peer("192.0.2.1"), &coded);
    assert_eq!((answered.status, answered.has_key()), (415, false));
}

#[test]
fn refusals_are_counted_by_what_was_missing() {
    let settings = format!(
        "allowed_callers: [10.42.0.0/16]\ntrusted_proxies: [203.0.113.1]\n{}",
        two_callers(&TOKENS)
    );
    let gateway = Gateway::new(&settings, &[]);
    let count = |reason: &str| {
        gateway.metric(&format!(
            r#"mirror_refused_callers_total{{reason="{reason}"}}"#
        ))
    };
    let inside = peer("10.42.0.1");
    gateway.ask(&inside, &post(CALLS[0], "{}"));
    gateway.ask(&inside, &post(CALLS[0], "{"));
    gateway.ask(&peer("192.0.2.1"), &post(CALLS[0], "{}"));
    let mut forwarded = post(CALLS[0], "{}");
    forwarded.headers.push(("x-forwarded-for", "planted"));
    gateway.ask(&peer("203.0.113.1"), &forwarded);
    for (reason, expected) in [
        ("token", 1),
        ("body", 1),
        ("source", 1),
        ("forwarded", 1),
        ("certificate", 0),
        ("not_local", 0),
    ] {
        assert_eq!(count(reason), expected, "{reason}");
    }
    let unaccepted = r#"mirror_requests_total{method="connection",outcome="unaccepted"}"#;
    assert_eq!(gateway.metric(unaccepted), 4);
    let open = Gateway::new("", &[]);
    let mut browser = post(CALLS[0], "{}");
    browser.headers.push(("origin", "null"));
    open.ask(&peer("127.0.0.1"), &browser);
    let not_local = r#"mirror_refused_callers_total{reason="not_local"}"#;
    assert_eq!(open.metric(not_local), 1);
}
