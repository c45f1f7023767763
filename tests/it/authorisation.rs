//! What an accepted caller may use, and that no caller is given what was fetched for another
//! (security.md, "Authorisation" and "Cache keys").

use crate::fake_backend::Answer;
use crate::fake_backend::Backend;
use crate::gateway::Answered;
use crate::gateway::Gateway;
use crate::gateway::peer;
use crate::gateway::post;

const TOKENS: [(&str, &str); 4] = [
    ("alpha", "the-token-of-alpha"),
    ("beta", "the-token-of-beta1"),
    ("gamma", "the-token-of-gamma"),
    ("delta", "the-token-of-delta"),
];
const VALUES: &str = "/api/field/value";

fn backend() -> Backend {
    Backend::start(|call| {
        Answer::json(match call.path.as_str() {
            path if path.ends_with("/query") => {
                r#"{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}"#
            }
            path if path.ends_with("/metadata") => r#"{"status":"success","data":{}}"#,
            _ => r#"{"status":"success","data":["job"]}"#,
        })
    })
}

/// Four callers: of one connection each, of one upstream, and of everything; before two backends.
fn settings(backend: &Backend, policy: &str) -> String {
    let url = backend.url();
    let tokens = TOKENS.map(|(name, token)| format!("name: {name}, tokens: [{token}]"));
    let [alpha, beta, gamma, delta] = tokens;
    format!(
        "callers:\n- {{{alpha}, connections: [one]}}\n- {{{beta}, connections: [two]}}\n\
         - {{{gamma}, upstreams: ['{url}/free']}}\n- {{{delta}}}\n\
         connections: {{one: {{url: '{url}/one'}}, two: {{url: '{url}/two', timeout: 5s}}}}\n{policy}"
    )
}

fn body(caller: &str, details: &str) -> String {
    let (_, token) = TOKENS.iter().find(|(name, _)| *name == caller).unwrap();
    format!(
        r#"{{"connectionDetails": {{{details}, "token": "{token}"}},
        "query": {{"field": {{"fieldName": "job"}}}}}}"#
    )
}

fn ask(gateway: &Gateway, path: &str, caller: &str, details: &str) -> Answered {
    gateway.ask(&peer("192.0.2.1"), &post(path, &body(caller, details)))
}

fn listed(backend: &Backend) -> String {
    format!("policy: {{allowed_upstreams: ['{}/free']}}", backend.url())
}

#[test]
fn a_caller_uses_its_own_connection_and_never_anothers() {
    let backend = backend();
    let gateway = Gateway::new(&settings(&backend, &listed(&backend)), &[]);
    let check = |caller, name: &str, expected| {
        let details = format!(r#""connection": "{name}""#);
        let before = backend.calls().len();
        let answered = ask(&gateway, "/api/connection", caller, &details);
        assert_eq!(answered.code(), expected, "{caller} {name}");
        assert!(answered.has_key());
        let was_asked = backend.calls().len() > before;
        assert_eq!(was_asked, expected.is_none(), "{caller} {name}");
    };
    let unknown = Some("PM-6006");
    check("alpha", "one", None);
    check("beta", "two", None);
    check("delta", "one", None);
    check("delta", "two", None);
    check("alpha", "two", unknown);
    check("beta", "one", unknown);
    check("gamma", "one", unknown);
    check("gamma", "two", unknown);
    for caller in ["alpha", "beta", "gamma", "delta"] {
        check(caller, "three", unknown);
    }
}

#[test]
fn nothing_tells_a_forbidden_connection_from_an_unknown_one() {
    let backend = backend();
    let gateway = Gateway::new(&settings(&backend, &listed(&backend)), &[]);
    for more in [
        "",
        r#", "timeout": "30s""#,
        r#", "max_points": 200000"#,
        r#", "profile": "legacy""#,
        r#", "headers": {"a": "b"}"#,
        r#", "planted": 1"#,
        r#", "url": "http://a""#,
        r#", "basic_auth": {"username": "u"}"#,
    ] {
        for path in ["/api/connection", "/api/field/name", VALUES] {
            let of = |name: &str| {
                let details = format!(r#""connection": "{name}"{more}"#);
                let answered = ask(&gateway, path, "alpha", &details);
                let code = answered.code().map(str::to_owned);
                (answered.status, code, answered.body)
            };
            assert_eq!(of("two"), of("unk"), "{more}");
        }
    }
}

#[test]
fn by_its_address_a_caller_reaches_what_it_is_given_as_far_as_that_is_listed() {
    let backend = backend();
    let check = |policy: &str, caller, path: &str, expected| {
        let gateway = Gateway::new(&settings(&backend, policy), &[]);
        let details = format!(r#""url": "{}{path}""#, backend.url());
        let before = backend.calls().len();
        let answered = ask(&gateway, "/api/connection", caller, &details);
        assert_eq!(answered.code(), expected, "{caller} {path}");
        assert_eq!(backend.calls().len() > before, expected.is_none());
    };
    let refused = Some("PM-6002");
    let free = &listed(&backend);
    check(free, "gamma", "/free", None);
    check(free, "gamma", "/free/below", None);
    check(free, "gamma", "/freedom", refused);
    check(free, "gamma", "/one", refused);
    // With connections alone, no address; not even that of its own connection.
    check(free, "alpha", "/free", refused);
    check(free, "alpha", "/one", refused);
    // Without either list, whatever wall B lets through.
    check(free, "delta", "/free", None);
    check(free, "delta", "/one", None);
    check(free, "delta", "/elsewhere", refused);
    let any = "policy: {allowed_upstreams: any}";
    check(any, "delta", "/elsewhere", None);
    check(any, "gamma", "/elsewhere", refused);
    check(any, "gamma", "/free", None);
    check(any, "alpha", "/one", refused);
    // What is given to a caller is not listed thereby.
    check("", "gamma", "/free", refused);
    let names_only = "policy: {named_only: true, allowed_upstreams: any}";
    check(names_only, "gamma", "/free", refused);
    check(names_only, "delta", "/one", refused);
}

#[test]
fn a_token_endpoint_is_reached_under_the_same_rules() {
    let (backend, other) = (backend(), backend());
    let any = "policy: {allowed_upstreams: any}";
    let gateway = Gateway::new(&settings(&backend, any), &[]);
    let details = format!(
        r#""url": "{}/free", "oauth2": {{"client_id": "i", "client_secret": "s", "token_url": "{}"}}"#,
        backend.url(),
        other.url()
    );
    let answered = ask(&gateway, "/api/connection", "gamma", &details);
    assert_eq!(answered.code(), Some("PM-6002"));
    assert_eq!((backend.calls().len(), other.calls().len()), (0, 0));
    ask(&gateway, "/api/connection", "delta", &details);
    assert_eq!(other.calls().len(), 1);
}

#[test]
fn what_was_fetched_for_one_caller_is_given_to_no_other() {
    let backend = backend();
    let any = "policy: {allowed_upstreams: any}";
    let twins = format!(
        "callers:\n- {{name: alpha, tokens: [{}]}}\n- {{name: beta, tokens: [{}]}}\n{any}",
        TOKENS[0].1, TOKENS[1].1
    );
    let gateway = Gateway::new(&twins, &[]);
    let details = format!(r#""url": "{}""#, backend.url());
    let lists = || {
        let calls = backend.calls();
        calls
            .iter()
            .filter(|call| call.path.ends_with("/values"))
            .count()
    };
    for _ in 0..2 {
        assert_eq!(ask(&gateway, VALUES, "alpha", &details).status, 200);
    }
    assert_eq!(lists(), 1, "a caller shares with itself");
    for _ in 0..2 {
        assert_eq!(ask(&gateway, VALUES, "beta", &details).status, 200);
    }
    assert_eq!(lists(), 2, "and with nobody else");
}

#[test]
fn a_caller_names_files_of_its_own_folder_alone() {
    let backend = backend();
    let policy = "policy: {allowed_upstreams: any, secrets_dir: files}";
    let files = [
        ("files/alpha/token", "secret-of-alpha"),
        ("files/delta/token", "secret-of-delta"),
        ("files/shared", "secret-of-all"),
    ];
    let gateway = Gateway::new(&settings(&backend, policy), &files);
    let check = |caller, file: &str, expected: Option<&str>| {
        let url = backend.url();
        let details = format!(r#""url": "{url}/free", "bearer_token_file": "{file}""#);
        let before = backend.calls().len();
        let answered = ask(&gateway, "/api/connection", caller, &details);
        let calls = backend.calls();
        let sent = calls[before..]
            .iter()
            .find_map(|call| call.header("authorization"));
        let expected = expected.map(|secret| format!("Bearer {secret}"));
        assert_eq!(sent, expected.as_deref(), "{caller} {file} {answered:?}");
        if expected.is_none() {
            assert_eq!(calls.len(), before);
        }
    };
    check("delta", "token", Some("secret-of-delta"));
    for file in [
        "shared",
        "../shared",
        "alpha/token",
        "../alpha/token",
        "delta/token",
    ] {
        check("delta", file, None);
    }
    check("gamma", "token", None);
    check("gamma", "../delta/token", None);
}

#[test]
fn the_token_of_a_caller_never_reaches_a_backend() {
    let backend = backend();
    let gateway = Gateway::new(&settings(&backend, &listed(&backend)), &[]);
    for path in ["/api/connection", "/api/field/name", VALUES] {
        ask(&gateway, path, "alpha", r#""connection": "one""#);
        let details = format!(r#""url": "{}/free""#, backend.url());
        ask(&gateway, path, "gamma", &details);
    }
    let calls = backend.calls();
    assert!(calls.len() > 4);
    for (_, token) in TOKENS {
        assert!(!format!("{calls:?}").contains(token));
    }
}
