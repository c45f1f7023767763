//! A forward proxy between the mirror and its backends: tunnels for https, whole requests for http.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::ask::refused;
use crate::aws::named;
use crate::nginx::{PASSWORD, USER};
use crate::pki::CA;
use crate::rig::{CLIENT_SECRET, Rig};
use crate::setup::Setup;

crate::cases![
    https_goes_through_a_tunnel_that_sees_no_credential,
    http_is_given_to_the_proxy,
    a_proxy_may_want_credentials_of_its_own,
    a_host_of_no_proxy_is_asked_directly,
    proxy_variables_count_only_where_the_connection_says_so,
    a_token_endpoint_is_asked_through_the_proxy_too,
    a_proxy_that_is_not_there_is_named,
    a_request_names_no_proxy,
];

/// What the proxy tells of a request.
#[derive(Debug, Deserialize, PartialEq)]
struct Passed {
    method: String,
    target: String,
    user: Option<String>,
    /// Whether it could read a credential that is meant for the backend.
    authorization: bool,
    admitted: bool,
}

fn basic() -> Value {
    json!({"username": USER, "password": PASSWORD})
}

/// A backend by https, and the way to it.
fn secure(rig: &Rig, proxy_url: &str) -> Value {
    json!({
        "url": rig.nginx.tls_url("tls", "basic"), "basic_auth": basic(), "proxy_url": proxy_url,
        "tls_config": {"ca": rig.pki.read(&format!("{CA}.pem"))},
    })
}

/// A backend by http, and the way to it.
fn plain(rig: &Rig, proxy_url: &str) -> Value {
    json!({"url": rig.nginx.url("basic"), "basic_auth": basic(), "proxy_url": proxy_url})
}

/// The host and port in a URL.
fn target(url: &Value) -> String {
    url.as_str().unwrap().split('/').nth(2).unwrap().to_owned()
}

/// The URL of the proxy with user and password in it.
fn with_user(rig: &Rig, user: &str) -> String {
    rig.proxy.url.replace("//", &format!("//{user}@"))
}

fn passed(rig: &Rig) -> Vec<Passed> {
    rig.proxy.seen()
}

fn https_goes_through_a_tunnel_that_sees_no_credential(rig: &Rig) {
    let details = secure(rig, &rig.proxy.url);
    let mirror = Setup::new().connection("lab", details.clone()).start();
    mirror.test(&named("lab")).unwrap();
    mirror.query(&named("lab")).unwrap();
    assert!(rig.nginx.visits().iter().all(|visit| visit.user == USER));
    let passed = passed(rig);
    assert!(!passed.is_empty());
    for one in passed {
        assert_eq!(one.method, "CONNECT");
        assert_eq!(one.target, target(&details["url"]));
        assert!(!one.authorization && one.user.is_none(), "{one:?}");
    }
}

fn http_is_given_to_the_proxy(rig: &Rig) {
    let details = plain(rig, &rig.proxy.url);
    let mirror = Setup::new().connection("lab", details.clone()).start();
    mirror.test(&named("lab")).unwrap();
    mirror.query(&named("lab")).unwrap();
    assert!(rig.nginx.visits().iter().all(|visit| visit.user == USER));
    let passed = passed(rig);
    let by_post = passed.iter().filter(|one| one.method == "POST");
    assert!(by_post.count() >= 2, "{passed:?}");
    assert!(
        passed
            .iter()
            .all(|one| one.target == target(&details["url"]))
    );
    assert!(passed.iter().all(|one| one.method != "CONNECT"));
}

fn a_proxy_may_want_credentials_of_its_own(rig: &Rig) {
    let url = with_user(rig, "squid:p%40ss%3A%25");
    let wrong = with_user(rig, "squid:planted-wrong");
    let mirror = Setup::new()
        .connection("secure", secure(rig, &url))
        .connection("plain", plain(rig, &url))
        .connection("secure-wrong", secure(rig, &wrong))
        .connection("plain-none", plain(rig, &rig.proxy.url))
        .start();
    let set = || rig.proxy.set(&json!({"credentials": "squid:p@ss:%"}));
    for name in ["secure", "plain"] {
        rig.reset();
        set();
        mirror.query(&named(name)).unwrap();
        assert!(
            passed(rig)
                .iter()
                .all(|one| one.user.as_deref() == Some("squid"))
        );
    }
    for name in ["secure-wrong", "plain-none"] {
        rig.reset();
        set();
        refused(mirror.test(&named(name)), "PM-3002", &["proxy", "407"]);
        assert_eq!(rig.nginx.count(), 0);
    }
    assert!(!mirror.mirror.process.words().contains("planted"));
}

fn a_host_of_no_proxy_is_asked_directly(rig: &Rig) {
    let with = |no_proxy: Value| {
        let mut details = secure(rig, &rig.proxy.url);
        details["no_proxy"] = no_proxy;
        details
    };
    let mirror = Setup::new()
        .connection("listed", with(json!(["example.com", "127.0.0.0/8"])))
        .connection("in-one-string", with(json!("example.com, 127.0.0.1")))
        .connection("unlisted", with(json!(["example.com", "10.0.0.0/8"])))
        .start();
    for (name, is_direct) in [
        ("listed", true),
        ("in-one-string", true),
        ("unlisted", false),
    ] {
        rig.reset();
        mirror.query(&named(name)).unwrap();
        assert_eq!(passed(rig).is_empty(), is_direct, "{name}");
    }
}

fn proxy_variables_count_only_where_the_connection_says_so(rig: &Rig) {
    let details = |from_environment: bool, mut details: Value| {
        details.as_object_mut().unwrap().remove("proxy_url");
        details["proxy_from_environment"] = json!(from_environment);
        details
    };
    for (names, no_proxy, is_direct) in [
        (["HTTPS_PROXY", "HTTP_PROXY"], "", false),
        (["https_proxy", "http_proxy"], "", false),
        (["HTTPS_PROXY", "HTTP_PROXY"], "127.0.0.1", true),
    ] {
        let mut setup = Setup::new().env("NO_PROXY", no_proxy);
        for name in names {
            setup = setup.env(name, rig.proxy.url.clone());
        }
        let mirror = setup
            .connection("secure", details(true, secure(rig, "")))
            .connection("plain", details(true, plain(rig, "")))
            .connection("secure-without", details(false, secure(rig, "")))
            .connection("plain-without", details(false, plain(rig, "")))
            .start();
        for name in ["secure", "plain"] {
            rig.reset();
            mirror.query(&named(name)).unwrap();
            assert_eq!(passed(rig).is_empty(), is_direct, "{name} {names:?}");
            rig.reset();
            mirror.query(&named(&format!("{name}-without"))).unwrap();
            assert_eq!(passed(rig), []);
        }
    }
}

fn a_token_endpoint_is_asked_through_the_proxy_too(rig: &Rig) {
    let token_url = json!(format!("{}/token", rig.oauth2.url));
    let oauth2 = json!({
        "client_id": "mirror", "client_secret": CLIENT_SECRET, "token_url": token_url,
    });
    let details = json!({
        "url": rig.oauth2.url, "oauth2": oauth2, "proxy_url": rig.proxy.url,
    });
    let mirror = Setup::new().connection("lab", details).start();
    mirror.query(&named("lab")).unwrap();
    let asked: Vec<Value> = rig.oauth2.seen();
    assert!(asked.len() >= 2, "{asked:?}");
    assert_eq!(passed(rig).len(), asked.len());
}

fn a_proxy_that_is_not_there_is_named(rig: &Rig) {
    let mirror = Setup::new()
        .connection("lab", secure(rig, "http://127.0.0.1:1"))
        .start();
    refused(
        mirror.test(&named("lab")),
        "PM-3002",
        &["no way through the proxy", "connection refused"],
    );
}

fn a_request_names_no_proxy(rig: &Rig) {
    let mirror = Setup::new().start();
    for (key, value) in [
        ("proxy_url", json!(rig.proxy.url)),
        ("no_proxy", json!(["127.0.0.1"])),
        ("proxy_from_environment", json!(true)),
    ] {
        let mut details = json!({"url": rig.prometheus.url});
        details[key] = value;
        refused(mirror.test(&details), "PM-1008", &[key]);
    }
    assert_eq!(passed(rig), []);
}
