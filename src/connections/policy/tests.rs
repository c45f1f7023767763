//! What is admitted.

mod lists;
mod reach;

use std::path::Path;

use super::*;
use crate::connections::auth::Authorization;
use crate::connections::details;
use crate::connections::details::given::Given;
use crate::connections::named::Setting;
use crate::connections::{Configured, Warning};
use crate::options::QueryOptions;

const AMP: &str = "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws";

/// What is configured, with named connections as YAML.
fn configured(policy: Policy, connections: &[(&str, &str)]) -> Configured {
    let mut named = Named::default();
    for (name, yaml) in connections {
        let given: Given = serde_saphyr::from_str(yaml).unwrap();
        let setting = Setting {
            base_dir: Path::new("/etc/mirror"),
            variable: &|_| None,
            options: &QueryOptions::default(),
            allow_insecure_tls: false,
        };
        let _: Vec<Warning> = named.add(name, given, setting).unwrap();
    }
    Configured {
        policy,
        named,
        ..Configured::default()
    }
}

fn listed(patterns: &[&str]) -> Policy {
    let patterns = patterns.iter().map(|text| UpstreamPattern::parse(text));
    Policy {
        allowed_upstreams: AllowedUpstreams::Listed(patterns.collect::<Result<_, _>>().unwrap()),
        ..Policy::default()
    }
}

/// What the policy makes of the details of a request.
fn admit(configured: &Configured, text: &str) -> Result<Connection, PolicyError> {
    let resolved = details::resolve(text, None, configured, &Caller::Anyone).unwrap();
    let mut connection = resolved.connection;
    configured
        .policy
        .admit(&mut connection, &configured.named)?;
    Ok(connection)
}

#[track_caller]
fn admits(configured: &Configured, text: &str) {
    assert_eq!(admit(configured, text).err(), None, "{text}");
}

#[track_caller]
fn refuses(configured: &Configured, text: &str, expected: &str) {
    let error = admit(configured, text).unwrap_err();
    assert_eq!(error.to_string(), expected, "{text}");
}

#[test]
fn where_nothing_is_configured_anything_goes() {
    let open = Configured::default();
    assert!(!open.policy.limits_upstreams(&open.named));
    for text in [
        r#"{"url": "http://h", "bearer_token": "x"}"#.to_owned(),
        format!(r#"{{"url": "{AMP}", "aws": {{"role_arn": "arn:aws:iam::1:role/r"}}}}"#),
    ] {
        admits(&open, &text);
    }
}

#[test]
fn an_unlisted_upstream_is_refused() {
    let walled = configured(listed(&["http://h/a"]), &[]);
    admits(&walled, r#"{"url": "http://h/a/b"}"#);
    let text = "h is not an upstream this mirror may reach";
    refuses(&walled, r#"{"url": "http://h/ab"}"#, text);
    refuses(&walled, r#"{"url": "https://h/a"}"#, text);
    refuses(&walled, r#"{"host": "h", "path_prefix": "a"}"#, text);
}

#[test]
fn the_token_url_of_a_request_must_be_listed_too() {
    let walled = configured(listed(&["https://h", "https://login.example/token"]), &[]);
    let text = |url: &str| {
        format!(
            r#"{{"url": "https://h", "oauth2": {{"client_id": "i", "client_secret": "s", "token_url": "{url}"}}}}"#
        )
    };
    admits(&walled, &text("https://login.example/token"));
    refuses(
        &walled,
        &text("https://login.example/other"),
        "login.example is not an upstream this mirror may reach",
    );
    refuses(
        &walled,
        &text("https://evil.example/token"),
        "evil.example is not an upstream this mirror may reach",
    );
}

#[test]
fn named_connections_are_a_wall_and_their_addresses_are_listed() {
    let yaml = "url: https://h/a
oauth2: { client_id: i, client_secret: s, token_url: https://login.example/token }
proxy_url: http://proxy.example:3128";
    let walled = configured(Policy::default(), &[("prod", yaml)]);
    assert!(walled.policy.limits_upstreams(&walled.named));
    admits(&walled, r#"{"connection": "prod"}"#);
    // The address gives leave to dial, and nothing of the connection's secrets.
    let dialled = admit(&walled, r#"{"url": "https://h/a/b"}"#).unwrap();
    assert!(matches!(dialled.authentication, Authentication::None));
    admits(&walled, &format!("{{{}}}", yaml_as_request()));
    // Where tokens are had is no backend, and what dials is neither.
    let at_proxy =
        yaml_as_request().replace("https://login.example/token", "http://proxy.example:3128");
    for (request, host) in [
        (r#""url": "https://login.example/token""#, "login.example"),
        (r#""url": "http://proxy.example:3128""#, "proxy.example"),
        (&*at_proxy, "proxy.example"),
    ] {
        let expected = format!("{host} is not an upstream this mirror may reach");
        refuses(&walled, &format!("{{{request}}}"), &expected);
    }
    refuses(
        &walled,
        r#"{"url": "https://other"}"#,
        "other is not an upstream this mirror may reach",
    );
    let open = Policy {
        allowed_upstreams: AllowedUpstreams::Any,
        ..Policy::default()
    };
    admits(
        &configured(open, &[("prod", yaml)]),
        r#"{"url": "https://other"}"#,
    );
}

fn yaml_as_request() -> &'static str {
    r#""url": "https://h/a", "oauth2": {"client_id": "j", "client_secret": "t", "token_url": "https://login.example/token"}"#
}

#[test]
fn names_only_means_names_only() {
    let policy = Policy {
        named_only: true,
        allowed_upstreams: AllowedUpstreams::Any,
        ..Policy::default()
    };
    let walled = configured(policy, &[("prod", "url: https://h")]);
    admits(&walled, r#"{"connection": "prod"}"#);
    let text = "h is not an upstream this mirror may reach";
    refuses(&walled, r#"{"url": "https://h"}"#, text);
}

#[test]
fn credentials_of_requests_can_be_switched_off() {
    let policy = Policy {
        request_credentials: false,
        ..Policy::default()
    };
    let named = ("prod", "url: https://h\nbearer_token: x");
    let policy = Policy {
        allowed_upstreams: AllowedUpstreams::Any,
        ..policy
    };
    let closed = configured(policy, &[named]);
    admits(&closed, r#"{"connection": "prod"}"#);
    admits(&closed, r#"{"url": "https://h"}"#);
    admits(
        &closed,
        r#"{"url": "https://h", "headers": {"X-Scope-OrgID": "a"}}"#,
    );
    admits(&closed, &format!(r#"{{"url": "{AMP}", "aws": {{}}}}"#));
    for block in [
        r#""url": "https://u@h""#,
        r#""url": "https://h", "basic_auth": {"username": "u", "password": "p"}"#,
        r#""url": "https://h", "authorization": {"credentials": "c"}"#,
        r#""url": "https://h", "bearer_token": "c""#,
        r#""url": "https://h", "oauth2": {"client_id": "i", "client_secret": "s", "token_url": "https://h"}"#,
        r#""url": "https://h", "aws": {"aws_access_key_id": "i", "aws_secret_access_key": "s"}"#,
        r#""url": "https://h", "sigv4": {"access_key": "i", "secret_key": "s"}"#,
        r#""url": "https://h", "tls_config": {"cert": "-----BEGIN x", "key": "-----BEGIN x"}"#,
        r#""url": "https://h", "http_headers": {"X-Api-Key": {"secrets": ["k"]}}"#,
        r#""url": "https://h", "aws": {}, "tls_config": {"cert": "-----BEGIN x", "key": "-----BEGIN x"}"#,
    ] {
        refuses(
            &closed,
            &format!("{{{block}}}"),
            "credentials of a request may not be used towards h",
        );
    }
    // In part is as bad, and goes before what the own identity may do.
    let inline = || SecretSource::Inline(Secret::new("s".to_owned()));
    let file = || SecretSource::File("secret".into());
    let keys =
        r#"{"url": "https://h", "aws": {"aws_access_key_id": "i", "aws_secret_access_key": "s"}}"#;
    let open = Configured::default();
    for (session_token, expected) in [(Some(inline()), false), (Some(file()), true), (None, true)] {
        let mut connection = admit(&open, keys).unwrap();
        let Authentication::Aws(aws) = &mut connection.authentication else {
            panic!("no keys");
        };
        let keys = aws.keys.as_mut().unwrap();
        keys.secret = file();
        keys.session_token = session_token;
        let admitted = closed.policy.admit(&mut connection, &closed.named);
        assert_eq!(admitted.is_ok(), expected);
    }
    let oauth2 = r#"{"url": "https://h", "oauth2": {"client_id": "i", "client_secret": "s", "token_url": "https://h", "endpoint_params": {"NAME": "v"}}}"#;
    for (name, expected) in [
        ("client_assertion", false),
        ("audience", true),
        ("resource", true),
    ] {
        let mut connection = admit(&open, &oauth2.replace("NAME", name)).unwrap();
        let Authentication::OAuth2(block) = &mut connection.authentication else {
            panic!("no block");
        };
        block.client_secret = file();
        let admitted = closed.policy.admit(&mut connection, &closed.named);
        assert_eq!(admitted.is_ok(), expected, "{name}");
    }
    // What a file holds is the operator's.
    let source = SecretSource::File("token".into());
    let mut connection = admit(&closed, r#"{"url": "https://h"}"#).unwrap();
    connection.authentication = Authentication::Authorization(Authorization {
        block: Default::default(),
        scheme: "Bearer".to_owned(),
        credentials: source,
    });
    let admitted = closed.policy.admit(&mut connection, &closed.named);
    assert_eq!(admitted, Ok(()));
}

#[test]
fn the_own_identity_signs_for_amp_listed_upstreams_and_names() {
    let policy = listed(&["https://listed.example:8443/a", AMP.trim_end_matches("/ws")]);
    let named = [("prod", "url: http://proxy.example\naws: {}")];
    let walled = configured(policy, &named);
    for url in [AMP, "https://listed.example:8443/a/b"] {
        for block in ["aws", "sigv4"] {
            admits(&walled, &format!(r#"{{"url": "{url}", "{block}": {{}}}}"#));
        }
    }
    admits(&walled, r#"{"connection": "prod"}"#);
    refuses(
        &walled,
        r#"{"url": "http://proxy.example", "aws": {}}"#,
        "the mirror's own AWS identity may not be used towards proxy.example",
    );
    // Keys of one's own go where they like.
    let keys = r#""aws": {"aws_access_key_id": "i", "aws_secret_access_key": "s"}"#;
    admits(
        &walled,
        &format!(r#"{{"url": "http://proxy.example", {keys}}}"#),
    );
}

#[test]
fn the_own_identity_trusts_no_authority_of_a_request_for_a_name_of_amp() {
    let open = Configured::default();
    let own_upstream = configured(listed(&["https://listed.example:8443"]), &[]);
    let listed = configured(listed(&[AMP]), &[]);
    for tls in [
        r#""ca": "-----BEGIN x""#,
        r#""server_name": "other.example""#,
    ] {
        let text = |proof: &str| format!(r#"{{"url": "{AMP}", {proof}, "tls_config": {{{tls}}}}}"#);
        for walls in [&open, &listed] {
            refuses(
                walls,
                &text(r#""aws": {}"#),
                "the mirror's own AWS identity may not be used towards aps-workspaces.eu-west-1.amazonaws.com",
            );
        }
        // An upstream of one's own may have an authority of one's own.
        let own = text(r#""aws": {}"#).replace(AMP, "https://listed.example:8443");
        admits(&own_upstream, &own);
        let keys = r#""aws": {"aws_access_key_id": "i", "aws_secret_access_key": "s"}"#;
        admits(&open, &text(keys));
    }
}

#[test]
fn the_own_identity_does_not_sign_for_what_looks_like_amp() {
    let open = Configured::default();
    for url in [
        "http://aps-workspaces.eu-west-1.amazonaws.com",
        "https://aps-workspaces.eu-west-1.amazonaws.com:8443",
        "http://aps-workspaces.eu-west-1.amazonaws.com:443",
        "https://aps-workspaces.eu-west-1.amazonaws.com.example.org",
        "https://evil.aps-workspaces.eu-west-1.amazonaws.com",
        "https://aps-workspaces-eu-west-1.amazonaws.com",
        "https://aps-workspaces.eu.west-1.amazonaws.com",
        "https://aps-workspaces.eu-west-1.amazonaws.org",
        "https://aps-workspaces.eu-west-1.api.aws.example.org",
        "https://vpce-1.aps-workspaces.eu-west-1.vpce.amazonaws.com",
        "https://127.0.0.1",
        "https://h",
    ] {
        let error = admit(&open, &format!(r#"{{"url": "{url}", "aws": {{}}}}"#)).unwrap_err();
        let PolicyError::Credential { what, .. } = error else {
            panic!("{url}: {error}");
        };
        assert_eq!(what, Barred::OwnIdentity);
    }
    for url in [
        "https://APS-Workspaces.eu-west-1.amazonaws.com.:443",
        "https://aps-workspaces-fips.us-east-1.amazonaws.com",
        "https://aps-workspaces.eu-west-1.api.aws",
    ] {
        admits(&open, &format!(r#"{{"url": "{url}", "aws": {{}}}}"#));
    }
}

#[test]
fn where_a_name_is_amazons_the_own_identity_takes_no_authority_of_a_request() {
    let hosts = [
        "aps-workspaces.eu-west-1.amazonaws.com",
        "vpce-1.aps-workspaces.eu-west-1.vpce.amazonaws.com",
    ];
    let patterns = hosts.map(|host| format!("https://{host}"));
    let walled = configured(listed(&patterns.each_ref().map(String::as_str)), &[]);
    for host in hosts {
        let text = |tls: &str| format!(r#"{{"url": "https://{host}", "aws": {{}}{tls}}}"#);
        admits(&walled, &text(""));
        for tls in [
            r#", "tls_config": {"ca": "-----BEGIN CERTIFICATE-----\nx"}"#,
            r#", "tls_config": {"server_name": "elsewhere"}"#,
        ] {
            let expected = format!("the mirror's own AWS identity may not be used towards {host}");
            refuses(&walled, &text(tls), &expected);
        }
    }
}

#[test]
fn the_own_identity_can_be_switched_off_for_all() {
    let policy = Policy {
        ambient_credentials: false,
        ..Policy::default()
    };
    let named = format!("url: {AMP}\naws: {{}}");
    let closed = configured(policy, &[("prod", &named)]);
    let host = "aps-workspaces.eu-west-1.amazonaws.com";
    let text = format!("the mirror's own AWS identity may not be used towards {host}");
    refuses(&closed, r#"{"connection": "prod"}"#, &text);
    refuses(
        &closed,
        &format!(r#"{{"url": "{AMP}", "aws": {{}}}}"#),
        &text,
    );
    let keys = r#""aws": {"aws_access_key_id": "i", "aws_secret_access_key": "s"}"#;
    admits(&closed, &format!(r#"{{"url": "{AMP}", {keys}}}"#));
}

#[test]
fn the_own_identity_assumes_only_listed_roles() {
    let role = |name: &str, external_id: Option<&str>| AllowedRole {
        role_arn: format!("arn:aws:iam::1:role/{name}"),
        external_id: external_id.map(|text| Secret::new(text.to_owned())),
    };
    let policy = Policy {
        allowed_role_arns: Some(vec![role("free", None), role("pinned", Some("x"))]),
        ..Policy::default()
    };
    let yaml =
        format!("url: {AMP}\naws: {{ role_arn: 'arn:aws:iam::1:role/named', external_id: own }}");
    let walled = configured(policy, &[("prod", &yaml)]);
    let text = |name: &str, more: &str| {
        format!(r#"{{"url": "{AMP}", "aws": {{"role_arn": "arn:aws:iam::1:role/{name}"{more}}}}}"#)
    };
    let external_id = |name: &str, more: &str| {
        let connection = admit(&walled, &text(name, more))?;
        let Authentication::Aws(aws) = connection.authentication else {
            panic!("{name}");
        };
        Ok(aws.external_id.map(|it| it.expose().to_owned()))
    };
    let given = |value: &str| format!(r#", "external_id": "{value}""#);
    let some = |value: &str| Ok(Some(value.to_owned()));
    let barred = Err(PolicyError::Credential {
        what: Barred::Role,
        host: "aps-workspaces.eu-west-1.amazonaws.com".to_owned(),
    });
    assert_eq!(external_id("free", ""), Ok(None));
    assert_eq!(external_id("free", &given("y")), some("y"));
    assert_eq!(external_id("pinned", ""), some("x"));
    assert_eq!(external_id("pinned", &given("x")), some("x"));
    assert_eq!(external_id("pinned", &given("y")), barred);
    assert_eq!(external_id("other", ""), barred);
    assert_eq!(external_id("freer", ""), barred);
    // A named connection's role counts as listed, but its external id is its own.
    assert_eq!(external_id("named", ""), Ok(None));
    admits(&walled, r#"{"connection": "prod"}"#);
    // It counts for those who may use the connection.
    for (connections, expected) in [("prod", true), ("lab", false)] {
        let mut walled = walled.clone();
        let caller: Arc<str> = "alpha".into();
        let grant = Grant {
            connections: Some([connections.to_owned()].into()),
            upstreams: Some(vec![UpstreamPattern::parse(AMP).unwrap()]),
        };
        walled.policy.grants.insert(caller.clone(), grant);
        let mut connection = admit(&walled, &text("named", "")).unwrap();
        connection.caller = Caller::Named(caller);
        let admitted = walled.policy.admit(&mut connection, &walled.named);
        assert_eq!(admitted.is_ok(), expected, "{connections}");
    }
    // No role, no matter; and whoever has keys assumes what AWS lets them.
    admits(&walled, &format!(r#"{{"url": "{AMP}", "aws": {{}}}}"#));
    let keys = r#", "aws_access_key_id": "i", "aws_secret_access_key": "s""#;
    admits(&walled, &text("other", keys));
}
