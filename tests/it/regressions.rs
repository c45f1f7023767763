//! What the Python predecessor did and the mirror must not, one test each (security.md, "What the
//! protocol gives, and what it lacks").

use std::collections::HashMap;
use std::fs;
use std::thread;
use std::time::Duration;
use std::time::Instant;

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
use crate::program::Program;
use crate::raw::Raw;
use crate::supply_chain;

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

/// What of a query stands outside of its quotes.
fn outside_of_quotes(promql: &str) -> String {
    let mut outside = String::new();
    let mut characters = promql.chars();
    while let Some(c) = characters.next() {
        outside.push(c);
        if c != '"' {
            continue;
        }
        loop {
            match characters.next().expect("each quote is closed") {
                '\\' => drop(characters.next()),
                '"' => break,
                _ => {}
            }
        }
        outside.push('"');
    }
    outside
}

#[test]
fn seven_no_value_and_no_key_ends_its_matcher() {
    let mirror = Mirror::start();
    for hostile in [
        r#"x"} or planted{y="z"#,
        r#"x\"} or planted{y="z"#,
        r"x\",
        "x\"} or\nplanted # {",
        "x'} or planted{y='z",
        "x`} or planted{y=`z",
        "x\0\u{1b}\"} or planted",
        "x.*|planted",
    ] {
        for profile in ["exact", "legacy"] {
            let backend = Backend::start(|_| {
                Answer::json(r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#)
            });
            let details = format!(
                r#""url": "{}", "profile": "{profile}", "dialect": "promql-open", "scrape_interval_ms": 15000"#,
                backend.url()
            );
            let text = serde_json::to_string(hostile).unwrap();
            let condition = |key: &str, kind: &str, value: &str| {
                format!(r#"{{"key": {key}, "value": {{"_type": "{kind}", "value": {value}}}}}"#)
            };
            let metric = condition(r#""__gauge__""#, "StringValue", r#""m""#);
            for more in [
                condition(r#""job""#, "StringValue", &text),
                condition(&text, "StringValue", r#""v""#),
                condition(r#""job""#, "InSetValue", &format!("[{text}, \"w\"]")),
            ] {
                for (path, field) in [("/api/metric", ""), ("/api/field/value", "job")] {
                    let query = format!(
                        r#"{{"conditions": [{metric}, {more}], "startTime": 1699999200000,
                             "endTime": 1699999500000, "field": {{"fieldName": "{field}"}}}}"#
                    );
                    let body =
                        format!(r#"{{"connectionDetails": {{{details}}}, "query": {query}}}"#);
                    let _ = mirror.post(path, &body);
                }
            }
            let calls = backend.calls();
            let sent = calls.iter().flat_map(|call| &call.parameters);
            let sent = sent.filter(|(name, _)| name == "query" || name == "match[]");
            let sent: Vec<&String> = sent.map(|(_, promql)| promql).collect();
            assert!(sent.len() >= 2, "{profile} {hostile}: {calls:?}");
            for promql in sent {
                let outside = outside_of_quotes(promql);
                assert!(!outside.contains("planted"), "{profile}: {promql}");
                assert!(
                    !outside.contains(['#', '`', '\'', '\\']),
                    "{profile}: {promql}"
                );
                let braces = |c| outside.matches(c).count();
                assert_eq!(braces('{'), braces('}'), "{profile}: {promql}");
            }
        }
    }
}

#[test]
fn nine_a_hung_backend_costs_its_caller_the_timeout_and_nobody_else_anything() {
    let program = Program::with("");
    let (hung, well) = (
        Backend::start(|_| Answer::Silence),
        Backend::start(|call| {
            Answer::json(match call.path.as_str() {
                path if path.ends_with("/labels") => r#"{"status":"success","data":["job"]}"#,
                _ => r#"{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}"#,
            })
        }),
    );
    let test = |backend: &Backend, seconds: u32| {
        let details = format!(
            r#""url": "{}", "request_timeout_seconds": {seconds}"#,
            backend.url()
        );
        format!(r#"{{"connectionDetails": {{{details}}}, "query": null}}"#)
    };
    thread::scope(|scope| {
        let waiting = (0..16).map(|_| {
            let (caller, body) = (program.caller(), test(&hung, 2));
            scope.spawn(move || {
                let began = Instant::now();
                (caller.post("/api/connection", &body), began.elapsed())
            })
        });
        let waiting: Vec<_> = waiting.collect();
        // Meanwhile others are answered.
        let reply = program.post("/api/connection", &test(&well, 30));
        assert_eq!((reply.status, reply.header("x-mirror-error")), (200, None));
        assert_eq!(program.get("/healthcheck").status, 200);
        assert!(waiting.iter().any(|it| !it.is_finished()), "all is over");
        for waiting in waiting {
            let (reply, elapsed) = waiting.join().unwrap();
            assert!(reply.header("x-mirror-error").is_some(), "{reply:?}");
            assert!(elapsed < Duration::from_secs(20), "{elapsed:?}");
        }
    });
}

#[test]
fn ten_bodies_heads_ranges_steps_series_and_answers_have_limits() {
    let program = Program::with("");
    let over = " ".repeat((1 << 20) + 1);
    assert_eq!(program.post("/api/metric", &over).status, 413);
    let mut raw = Raw::connect(program.mirror());
    let fields = "a: b\r\n".repeat(64);
    raw.send(format!("POST /api/metric HTTP/1.1\r\nhost: localhost\r\n{fields}\r\n").as_bytes());
    assert_eq!(raw.hear(Duration::from_secs(10)).statuses(), [431]);
    let ask = |backend: &Backend, end: i64, bucket: u32| {
        let details = format!(
            r#""url": "{}", "dialect": "promql-open", "scrape_interval_ms": 1000"#,
            backend.url()
        );
        let metric = r#"{"key": "__gauge__", "value": {"_type": "StringValue", "value": "m"}}"#;
        let query = format!(
            r#"{{"conditions": [{metric}], "startTime": 1600000000000, "endTime": {end},
                 "aggregation": {{"method": "MEAN", "bucketSizeMillis": {bucket}}}}}"#
        );
        let body = format!(r#"{{"connectionDetails": {{{details}}}, "query": {query}}}"#);
        program.post("/api/metric", &body)
    };
    let empty = || {
        Backend::start(|_| {
            Answer::json(r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#)
        })
    };
    // So many buckets that no one call may have them all, and then more than one answer holds.
    for buckets in [50_000, 3_000_000] {
        let backend = empty();
        let reply = ask(&backend, 1_600_000_000_000 + buckets * 1000, 1000);
        let ranges: Vec<HashMap<String, String>> = backend
            .calls()
            .into_iter()
            .filter(|call| call.path.ends_with("/query_range"))
            .map(|call| call.parameters.into_iter().collect())
            .collect();
        assert!(!ranges.is_empty() && ranges.len() <= 64, "{reply:?}");
        for range in ranges {
            let number = |name: &str| range[name].trim_end_matches("ms").parse::<f64>().unwrap();
            let step = number("step")
                / if range["step"].ends_with("ms") {
                    1000.0
                } else {
                    1.0
                };
            let steps = (number("end") - number("start")) / step + 1.0;
            assert!(steps <= 11_000.0, "{range:?}");
        }
    }
    for (count, size) in [(1_001, 1), (1, 33 << 20)] {
        let backend = Backend::start(move |_| {
            let series = |n| format!(r#"{{"metric":{{"a":"{n}"}},"values":[[1600000060,"1"]]}}"#);
            let series: Vec<String> = (0..count).map(series).collect();
            let body = format!(
                r#"{{"status":"success","data":{{"resultType":"matrix","result":[{}]}}{}}}"#,
                series.join(","),
                " ".repeat(size)
            );
            Answer::json(body)
        });
        let reply = ask(&backend, 1_600_000_060_000, 60_000);
        assert_eq!(
            reply.header("x-mirror-error"),
            Some("PM-3011"),
            "{count} {reply:?}"
        );
    }
}

/// The key ids that Amazon gives out begin so, and have 16 further capitals and digits.
const KEY_IDS: [&str; 4] = ["AKIA", "ASIA", "AROA", "AIDA"];

/// What looks like a key of a cloud in `text`.
fn looks_like_a_key(text: &str) -> Option<&str> {
    let is_of_a_key = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    let words = text.split(|c| !is_of_a_key(c));
    let mut ids = words.filter(|word| word.len() == 20);
    ids.find(|word| KEY_IDS.iter().any(|start| word.starts_with(start)))
}

#[test]
fn eleven_no_sample_looks_like_the_key_of_a_cloud() {
    let planted = format!("key: {}IOSFODNN7EXAMPLE\"", KEY_IDS[0]);
    assert!(looks_like_a_key(&planted).is_some());
    let folders = [
        "src",
        "tests",
        "docs",
        "schemas",
        "charts",
        "deploy",
        "monitoring",
        "scripts",
        "fuzz",
        "console/src",
        "console/e2e",
    ];
    let pages = fs::read_dir(supply_chain::root()).unwrap();
    let pages = pages
        .map(|entry| entry.unwrap().path())
        .filter(|it| it.is_file());
    let files = folders.into_iter().flat_map(supply_chain::files);
    let mut count = 0;
    for path in files.chain(pages) {
        // What is no text holds no sample.
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        count += 1;
        let found = looks_like_a_key(&text);
        assert!(found.is_none(), "{}: {found:?}", path.display());
        let key = concat!("PRIVATE KEY", "-----\n");
        let is_keyless = text
            .split(key)
            .skip(1)
            .all(|after| !after.starts_with("MI"));
        assert!(is_keyless, "{}", path.display());
    }
    assert!(count > 500, "{count}");
}
