//! What the Python predecessor did and the mirror must not, one test each (security.md, "What the
//! protocol gives, and what it lacks").

use std::collections::HashMap;

use prometheus_mirror::config;
use prometheus_mirror::config::Flags;
use prometheus_mirror::config::Purpose;
use prometheus_mirror::config::World;

use crate::fake_backend::Answer;
use crate::fake_backend::Backend;
use crate::gateway::Ask;
use crate::gateway::Gateway;
use crate::gateway::peer;
use crate::gateway::post;
use crate::harness::Mirror;
use crate::harness::Reply;

const CALLS: [&str; 4] = [
    "/api/connection",
    "/api/field/name",
    "/api/field/value",
    "/api/metric",
];

#[test]
fn one_the_key_is_not_on_every_reply_and_no_default_is_taken() {
    let gateway = Gateway::new("callers: [{name: a, tokens: [the-token-of-alpha]}]", &[]);
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/healthcheck"),
        ("GET", "/openapi.json"),
        ("GET", "/nowhere"),
        ("GET", "/api/metric"),
        ("POST", "/"),
        ("POST", "/nowhere"),
        ("POST", "/api/metric"),
    ] {
        let ask = Ask {
            method,
            ..post(path, "{}")
        };
        let answered = gateway.ask(&peer("192.0.2.1"), &ask);
        assert!(!answered.has_key(), "{method} {path}");
    }
    for default in ["unsecure", "API_KEY", "xxx"] {
        let variables = [
            ("API_KEY", default),
            ("MIRROR_LISTEN", "0.0.0.0"),
            ("MIRROR_ALLOWED_CALLERS", "10.0.0.0/8"),
        ];
        let environment = HashMap::from(variables);
        let world = World {
            environment: &environment,
            random: getrandom::fill,
            cores: 2,
            purpose: Purpose::Run,
            running: None,
        };
        assert!(config::load(&Flags::default(), world).is_err(), "{default}");
    }
}

/// A backend that is also the service that assumes roles, each with a key id of its own.
fn cloud() -> Backend {
    Backend::start(|call| {
        let role = call.parameters.iter().find(|(name, _)| name == "RoleArn");
        let Some((_, role)) = role else {
            return Answer::json(
                r#"{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}"#,
            );
        };
        let id = role.rsplit('/').next().unwrap().to_uppercase();
        let body = format!(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
             <AssumeRoleResult><Credentials><AccessKeyId>{id}</AccessKeyId>\
             <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
             <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>\
             </AssumeRoleResponse>"
        );
        Answer::Body {
            status: 200,
            headers: vec![("content-type", "text/xml".to_owned())],
            body: body.into_bytes(),
        }
    })
}

/// A query of `url`, signed by way of `role` if there is one.
fn query(url: &str, role: Option<&str>) -> String {
    let aws = role.map_or(String::new(), |role| {
        format!(
            r#", "aws": {{"aws_access_key_id": "i", "aws_secret_access_key": "s",
            "role_arn": "arn:aws:iam::1:role/{role}", "region_name": "eu-west-1"}}"#
        )
    });
    format!(
        r#"{{"connectionDetails": {{"url": "{url}"{aws}}}, "query": {{"startTime": 1000,
        "endTime": 61000, "conditions": [{{"key": "__gauge__", "value":
        {{"_type": "StringValue", "value": "m"}}}}]}}}}"#
    )
}

/// Who signed the queries of the backend, in their order, and how many roles were assumed.
fn signers(backend: &Backend) -> (Vec<String>, usize) {
    let calls = backend.calls();
    let is_sts = |call: &&crate::fake_backend::Call| {
        call.parameters.iter().any(|(name, _)| name == "RoleArn")
    };
    let assumed = calls.iter().filter(is_sts).count();
    let queries = calls.iter().filter(|call| !is_sts(call));
    let signers = queries.map(|call| {
        let proof = call.header("authorization").unwrap_or("nobody");
        let id = proof
            .split_once("Credential=")
            .map_or(proof, |(_, rest)| rest);
        id.split('/').next().unwrap().to_owned()
    });
    (signers.collect(), assumed)
}

fn in_the_cloud(cloud: &Backend) -> Gateway {
    // Each query must reach the backend, to show who signs it.
    let settings = "answer_ttl: 0";
    Gateway::with_variables(settings, &[], vec![("AWS_ENDPOINT_URL_STS", cloud.url())])
}

/// A call of `path` to the backend of `details`, members of an object.
fn ask(mirror: &Mirror, path: &str, details: &str, field: &str) -> Reply {
    let field = serde_json::to_string(field).unwrap();
    let metric = r#"{"key": "__gauge__", "value": {"_type": "StringValue", "value": "m"}}"#;
    let query = format!(
        r#"{{"conditions": [{metric}], "startTime": 1699999200000, "endTime": 1699999500000,
             "field": {{"fieldName": {field}}}}}"#
    );
    let query = if path == "/api/connection" {
        "null"
    } else {
        &query
    };
    let body = format!(r#"{{"connectionDetails": {{{details}}}, "query": {query}}}"#);
    mirror.send("POST", path, &body)
}

#[test]
fn two_no_url_is_read_for_a_caller_nor_in_the_identity_of_the_mirror() {
    let mirror = Mirror::start();
    for status in [200, 201, 404, 418, 500] {
        let inner = Backend::start(move |_| Answer::Body {
            status,
            headers: vec![("content-type", "text/plain".to_owned())],
            body: b"planted-inner-page".to_vec(),
        });
        for path in CALLS {
            let reply = ask(
                &mirror,
                path,
                &format!(r#""url": "{}""#, inner.url()),
                "job",
            );
            assert!(!reply.body.contains("planted"), "{path}: {}", reply.body);
            assert!([200, 500].contains(&reply.status), "{path}: {reply:?}");
        }
    }
    let inner = Backend::start(|_| Answer::Silence);
    for path in CALLS {
        let metadata = r#""url": "http://169.254.169.254/latest/meta-data""#;
        let reply = ask(&mirror, path, metadata, "job");
        assert_eq!(reply.header("x-mirror-error"), Some("PM-6003"), "{path}");
        let role = r#""aws": {"role_arn": "arn:aws:iam::1:role/r", "region_name": "eu-west-1"}"#;
        let details = format!(r#""url": "{}", {role}"#, inner.url());
        let reply = ask(&mirror, path, &details, "job");
        assert_eq!(reply.header("x-mirror-error"), Some("PM-6004"), "{path}");
    }
    assert!(inner.calls().is_empty());
}

#[test]
fn five_no_field_name_leaves_the_path_that_was_configured() {
    let mirror = Mirror::start();
    let backend = Backend::start(|_| Answer::json(r#"{"status":"success","data":[]}"#));
    let details = format!(
        r#""url": "{}/p/q", "dialect": "promql-open""#,
        backend.url()
    );
    for name in [
        "../../../admin",
        "..",
        ".",
        "a/../../b",
        "a?query=up#x",
        "a%2f..%2fb",
        "%2e%2e",
        "a\\..\\b",
        "a\r\nHost: x",
        "//other.example/",
        "\u{2025}/x",
    ] {
        let _ = ask(&mirror, "/api/field/value", &details, name);
    }
    let calls = backend.calls();
    assert!(!calls.is_empty());
    for call in calls {
        let rest = call.path.strip_prefix("/p/q/api/v1/").expect(&call.path);
        let is_ours = |segment: &str| !segment.is_empty() && !segment.contains("..");
        assert!(rest.split('/').all(is_ours), "{}", call.path);
        assert!(!call.path.contains(['?', '#', '\\']), "{}", call.path);
        let ours = [
            "start", "end", "match[]", "limit", "query", "time", "timeout", "step",
        ];
        for (name, _) in &call.parameters {
            assert!(ours.contains(&name.as_str()), "{name}: {}", call.path);
        }
    }
}

#[test]
fn six_no_redirect_is_followed_and_no_credential_carried_elsewhere() {
    let mirror = Mirror::start();
    for code in [301, 302, 303, 307, 308] {
        let other = Backend::start(|_| Answer::Silence);
        let location = format!("{}/stolen", other.url());
        let backend = Backend::start(move |_| Answer::Body {
            status: code,
            headers: vec![("location", location.clone())],
            body: Vec::new(),
        });
        let keys = r#""aws": {"aws_access_key_id": "i", "aws_secret_access_key": "s",
            "aws_session_token": "t", "region_name": "eu-west-1"}"#;
        let basic = r#""basic_auth": {"username": "u", "password": "p"}"#;
        for proof in [keys, basic] {
            let details = format!(r#""url": "{}", {proof}"#, backend.url());
            for path in CALLS {
                let reply = ask(&mirror, path, &details, "job");
                let id = reply.header("x-mirror-error");
                assert_eq!(id, Some("PM-3015"), "{code} {path}: {}", reply.body);
            }
        }
        assert!(other.calls().is_empty(), "{code}");
    }
}

#[test]
fn three_no_caller_signs_with_the_session_of_another_for_the_same_url() {
    let cloud = cloud();
    let gateway = in_the_cloud(&cloud);
    let local = peer("127.0.0.1");
    for role in [
        Some("red"),
        Some("blue"),
        None,
        Some("red"),
        None,
        Some("blue"),
    ] {
        gateway.ask(&local, &post("/api/metric", &query(&cloud.url(), role)));
        let expected = role.map_or("nobody".to_owned(), str::to_uppercase);
        let (signers, _) = signers(&cloud);
        assert_eq!(signers.last(), Some(&expected), "{signers:?}");
    }
    let (signers, assumed) = signers(&cloud);
    assert_eq!(assumed, 2);
    for expected in ["RED", "BLUE", "nobody"] {
        assert!(signers.iter().filter(|it| *it == expected).count() >= 2);
    }
}

#[test]
fn four_a_request_without_an_aws_block_empties_no_cache() {
    let cloud = cloud();
    let gateway = in_the_cloud(&cloud);
    let local = peer("127.0.0.1");
    for _ in 0..10 {
        gateway.ask(
            &local,
            &post("/api/metric", &query(&cloud.url(), Some("red"))),
        );
        gateway.ask(&local, &post("/api/metric", &query(&cloud.url(), None)));
    }
    let (signers, assumed) = signers(&cloud);
    assert_eq!(assumed, 1);
    assert!(signers.iter().filter(|it| *it == "RED").count() >= 10);
}

#[test]
fn eight_nothing_of_a_request_or_of_a_backends_body_is_echoed() {
    let planted = "planted-7d31";
    let backend = Backend::start(|_| Answer::status(500, "Traceback planted-7d31 in main.py"));
    let gateway = Gateway::new("", &[]);
    let local = peer("127.0.0.1");
    let url = backend.url();
    for body in [
        planted.to_owned(),
        format!(r#"{{"{planted}": {planted}"#),
        format!(r#"{{"connectionDetails": "{planted}"}}"#),
        format!(r#"{{"connectionDetails": {{"url": "{planted}"}}}}"#),
        format!(
            r#"{{"connectionDetails": {{"url": "{url}", "token": "{planted}"}}, "query": "{planted}"}}"#
        ),
        format!(
            r#"{{"connectionDetails": {{"url": "{url}", "bearer_token": "{planted}", "token": "{planted}"}},
            "query": {{"field": {{"fieldName": "job"}}, "startTime": 1000, "endTime": 61000, "conditions":
            [{{"key": "__gauge__", "value": {{"_type": "StringValue", "value": "m"}}}}]}}}}"#
        ),
    ] {
        for path in CALLS {
            let answered = gateway.ask(&local, &post(path, &body));
            assert!(!answered.body.contains("planted"), "{path} {answered:?}");
            assert!(!answered.body.contains("Traceback"), "{path} {answered:?}");
            assert!(!format!("{:?}", answered.headers).contains("planted"));
        }
    }
    assert!(backend.calls().len() >= 4);
}
