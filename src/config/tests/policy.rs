//! `policy` in the file and in the environment.

use super::*;
use crate::connections::policy::AllowedUpstreams;

#[test]
fn a_role_may_have_its_external_id_pinned() {
    let settings = of_file(
        "policy:\n  allowed_role_arns:\n    - arn:aws:iam::1:role/a\n    - {role_arn: 'arn:aws:iam::1:role/b', external_id: 7}\n",
    );
    let roles = settings.connections.policy.allowed_role_arns.unwrap();
    let pinned = |at: usize| {
        roles[at]
            .external_id
            .as_ref()
            .map(|id| id.expose().to_owned())
    };
    assert_eq!(roles[0].role_arn, "arn:aws:iam::1:role/a");
    assert_eq!((pinned(0), pinned(1)), (None, Some("7".to_owned())));
}

#[test]
fn any_is_said_in_words_in_the_file_and_in_a_variable() {
    let file = of_file("policy: {allowed_upstreams: any}");
    let variable = settings(Given {
        variables: &[("MIRROR_POLICY_ALLOWED_UPSTREAMS", "any")],
        ..Given::default()
    });
    for settings in [file, variable] {
        let allowed = settings.connections.policy.allowed_upstreams;
        assert!(matches!(allowed, AllowedUpstreams::Any), "{allowed:?}");
    }
}

#[test]
fn a_bad_entry_is_refused_at_its_own_place() {
    refuses_file(
        "policy:\n  allowed_upstreams:\n    - http://a\n    - planted\n    - {url: 'http://b', adresses: []}\n    - {url: 'http://b', addresses: [10.0.0.0/8]}\n    - https://*.com\n    - {url: 'http://c', addresses: [10.0.0.1/8]}\n    - {url: 'http://c', addresses: []}\n    - {addresses: [10.0.0.0/8]}\n    - {url: 'http://c', addresses: 10.0.0.0/8}\n  private_targets: none\n  allowed_role_arns:\n  - {}\n",
        &[
            "PM-5003: mirror.yaml:4:7: policy.allowed_upstreams: has no scheme; write http:// or https:// before it",
            "PM-5002: mirror.yaml:5:7: policy.allowed_upstreams: unknown key; did you mean addresses",
            "PM-5003: mirror.yaml:7:7: policy.allowed_upstreams: may have * only as its whole first label, before at least two others",
            "PM-5003: mirror.yaml:8:7: policy.allowed_upstreams: addresses: has bits set beyond its prefix",
            "PM-5003: mirror.yaml:9:7: policy.allowed_upstreams: addresses must be a list of networks",
            "PM-5003: mirror.yaml:10:7: policy.allowed_upstreams: needs url",
            "PM-5003: mirror.yaml:11:7: policy.allowed_upstreams: addresses must be a list of networks",
            "PM-5003: mirror.yaml:12:20: policy.private_targets: must be allow or listed",
            "PM-5003: mirror.yaml:14:5: policy.allowed_role_arns: needs role_arn",
        ],
    );
    refuses_file(
        "policy: {allowed_upstreams: http://a}",
        &["PM-5003: mirror.yaml:1:29: policy.allowed_upstreams: must be a list"],
    );
}

/// What becomes of a configuration that uses `inner/used` as `setting` or `variable` says, with
/// `secrets_dir` as the folder for requests.
fn with_folder(
    setting: &str,
    variable: Option<&str>,
    secrets_dir: &str,
) -> Result<Loaded, ConfigError> {
    let outer = tempfile::tempdir().unwrap();
    for folder in ["inner", "inner/.aws", "beside"] {
        fs::create_dir(outer.path().join(folder)).unwrap();
    }
    // All that a file of the configuration can be: a key, a token, a certificate and its key.
    let pair = rcgen::generate_simple_self_signed(vec!["mirror.example".to_owned()]).unwrap();
    let used = outer.path().join("inner/used");
    for (path, text) in [
        (used.clone(), LONG_KEY.to_owned()),
        (outer.path().join("inner/.aws/credentials"), String::new()),
        (outer.path().join("inner/cert"), pair.cert.pem()),
        (outer.path().join("cert"), pair.cert.pem()),
        (
            outer.path().join("inner/cert.key"),
            pair.signing_key.serialize_pem(),
        ),
        (
            outer.path().join("cert.key"),
            pair.signing_key.serialize_pem(),
        ),
    ] {
        fs::write(path, text).unwrap();
    }
    let path = outer.path().join("mirror.yaml");
    fs::write(
        &path,
        format!("{setting}\npolicy: {{secrets_dir: {secrets_dir}}}\n"),
    )
    .unwrap();
    let home = outer.path().join("inner");
    let used = if variable == Some("HOME") { home } else { used };
    let used = used.display().to_string();
    let environment: HashMap<&str, &str> = variable.iter().map(|it| (*it, &*used)).collect();
    let world = World {
        environment: &environment,
        random: zeros,
        cores: CORES,
        purpose: Purpose::Run,
        running: None,
    };
    let flags = Flags {
        config: Some(path),
        ..Flags::default()
    };
    load(&flags, world)
}

#[test]
fn the_folder_of_requests_may_hold_no_file_that_the_mirror_itself_uses() {
    #[track_caller]
    fn check(setting: &str, variable: Option<&str>) {
        for folder in ["inner", "./inner/../inner"] {
            let error = with_folder(setting, variable, folder).unwrap_err();
            let findings = printed(&error.findings);
            let expected = "policy.secrets_dir: must not hold a file that the configuration uses";
            assert!(
                findings.len() == 1 && findings[0].ends_with(expected),
                "{findings:?}"
            );
        }
        let beside = with_folder(setting, variable, "beside");
        assert!(beside.is_ok(), "{setting} {variable:?} {beside:?}");
    }
    for setting in [
        "api_key_file: inner/used",
        "console: {token_file: inner/used}",
        "callers: [{name: a, token_files: [inner/used]}]",
        "connections: {a: {url: 'http://a', bearer_token_file: inner/used}}",
        "connections: {a: {url: 'http://a', http_headers: {X-A: {files: [inner/used]}}}}",
        "connections: {a: {url: 'https://a', tls_config: {ca_file: inner/cert}}}",
        "tls: {cert_file: inner/cert, key_file: cert.key}",
        "tls: {cert_file: cert, key_file: inner/cert.key}",
        "tls: {cert_file: cert, key_file: cert.key, client_ca_file: inner/cert}",
    ] {
        check(setting, None);
    }
    for variable in [
        "API_KEY_FILE",
        "CALLER_TOKEN_FILE",
        "MIRROR_CONSOLE_TOKEN_FILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_CONFIG_FILE",
        "HOME",
    ] {
        check("", Some(variable));
    }
    // The configuration itself, which may hold secrets.
    let error = with_folder("", None, ".").unwrap_err();
    assert_eq!(error.findings.len(), 1);
}
