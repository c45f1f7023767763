//! Files that a request names.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::*;
use crate::connections::auth::Authentication;
use crate::connections::auth::SecretSource;
use crate::connections::policy::SecretsDir;

/// Every place of a file in a request, with what goes with it.
const PLACES: [(&str, &str); 13] = [
    (
        "basic_auth.username_file",
        r#""basic_auth": {"username_file": FILE}"#,
    ),
    (
        "basic_auth.password_file",
        r#""basic_auth": {"username": "u", "password_file": FILE}"#,
    ),
    (
        "authorization.credentials_file",
        r#""authorization": {"credentials_file": FILE}"#,
    ),
    ("bearer_token_file", r#""bearer_token_file": FILE"#),
    (
        "oauth2.client_secret_file",
        r#""oauth2": {"client_id": "i", "client_secret_file": FILE, "token_url": "https://t"}"#,
    ),
    (
        "oauth2.tls_config.ca_file",
        r#""oauth2": {"client_id": "i", "client_secret": "s", "token_url": "https://t", "tls_config": {"ca_file": FILE}}"#,
    ),
    (
        "aws.aws_secret_access_key_file",
        r#""aws": {"aws_access_key_id": "i", "aws_secret_access_key_file": FILE}"#,
    ),
    (
        "aws.aws_session_token_file",
        r#""aws": {"aws_access_key_id": "i", "aws_secret_access_key": "s", "aws_session_token_file": FILE}"#,
    ),
    (
        "sigv4.secret_key_file",
        r#""sigv4": {"access_key": "i", "secret_key_file": FILE}"#,
    ),
    ("tls_config.ca_file", r#""tls_config": {"ca_file": FILE}"#),
    (
        "tls_config.cert_file",
        r#""tls_config": {"cert_file": FILE, "key": "-----BEGIN x"}"#,
    ),
    (
        "tls_config.key_file",
        r#""tls_config": {"key_file": FILE, "cert": "-----BEGIN x"}"#,
    ),
    (
        "http_headers.X-A.files",
        r#""http_headers": {"X-A": {"files": [FILE]}}"#,
    ),
];

fn with(folder: Option<&Path>, members: &str, file: &str) -> Result<Resolved, DetailsError> {
    of(&Caller::Anyone, folder, members, file)
}

fn of(
    caller: &Caller,
    folder: Option<&Path>,
    members: &str,
    file: &str,
) -> Result<Resolved, DetailsError> {
    let mut configured = Configured::default();
    let resolve = |path: &Path| fs::canonicalize(path);
    configured.policy.secrets_dir = folder.map(|path| SecretsDir::new(path.to_owned(), resolve));
    let members = members.replace("FILE", &format!(r#""{file}""#));
    let text = format!(r#"{{"url": "https://h", {members}}}"#);
    super::super::resolve(&text, None, &configured, caller)
}

/// The folder of a request's files, with a secret in it and one beside it.
fn folder() -> tempfile::TempDir {
    let outer = tempfile::tempdir().unwrap();
    let inner = outer.path().join("secrets");
    fs::create_dir_all(inner.join("..data")).unwrap();
    fs::write(outer.path().join("key"), "planted").unwrap();
    fs::write(inner.join("..data/token"), "secret").unwrap();
    // As Kubernetes mounts secrets.
    symlink("..data/token", inner.join("token")).unwrap();
    symlink("../key", inner.join("out")).unwrap();
    symlink(outer.path(), inner.join("up")).unwrap();
    symlink("round", inner.join("round")).unwrap();
    outer
}

#[test]
fn a_request_names_no_file() {
    for (place, members) in PLACES {
        let error = with(None, members, "token").unwrap_err();
        let expected = format!("connectionDetails.{place}: files are not allowed here");
        assert_eq!(error.to_string(), expected);
        assert!(matches!(error, DetailsError::Files(_)));
    }
}

#[test]
fn a_request_may_name_files_of_the_folder_for_them() {
    let outer = folder();
    let secrets = outer.path().join("secrets");
    for (_, members) in PLACES {
        with(Some(&secrets), members, "token").unwrap();
    }
    let members = r#""bearer_token_file": FILE"#;
    for name in ["token", "./token", "..data/token", "missing"] {
        let resolved = with(Some(&secrets), members, name).unwrap();
        let Authentication::Authorization(found) = resolved.connection.authentication else {
            panic!("{name}");
        };
        let SecretSource::File(path) = found.credentials else {
            panic!("{name}");
        };
        assert_eq!(path, secrets.join(name));
    }
}

#[test]
fn no_file_outside_of_the_folder_is_reached() {
    let outer = folder();
    let secrets = outer.path().join("secrets");
    let absolute = outer.path().join("key");
    let inside = secrets.join("token");
    for name in [
        "../key",
        "..data/../../key",
        "out",
        "up/key",
        "up/missing",
        "round",
        "up/secrets/../key",
        "../missing",
        absolute.to_str().unwrap(),
        inside.to_str().unwrap(),
    ] {
        let error = with(Some(&secrets), r#""bearer_token_file": FILE"#, name).unwrap_err();
        let expected = "connectionDetails.bearer_token_file: files are not allowed here";
        assert_eq!(error.to_string(), expected, "{name}");
    }
}

#[test]
fn the_folder_of_a_caller_may_be_a_link_within_that_of_all_and_leads_nowhere_else() {
    let outer = folder();
    let secrets = outer.path().join("secrets");
    symlink("..data", secrets.join("alpha")).unwrap();
    symlink("..", secrets.join("beta")).unwrap();
    let named = |name: &str, file| {
        let caller = Caller::Named(name.into());
        let members = r#""bearer_token_file": FILE"#;
        of(&caller, Some(&secrets), members, file).is_ok()
    };
    assert!(named("alpha", "token"));
    for file in ["key", "secrets/token", "secrets/..data/token"] {
        assert!(!named("beta", file), "{file}");
    }
    assert!(!named("gamma", "token"));
}

#[test]
fn where_callers_have_names_one_without_a_name_has_no_folder() {
    let outer = folder();
    let resolve = |path: &Path| fs::canonicalize(path);
    let mut configured = Configured::default();
    let secrets = SecretsDir::new(outer.path().join("secrets"), resolve);
    configured.policy.secrets_dir = Some(secrets);
    let text = r#"{"url": "https://h", "bearer_token_file": "token"}"#;
    let callers = [Caller::Anyone, Caller::Network];
    let opens = |configured: &Configured| {
        let resolved = |caller| super::super::resolve(text, None, configured, caller).is_ok();
        callers.each_ref().map(resolved)
    };
    assert_eq!(opens(&configured), [true, true]);
    let grants = &mut configured.policy.grants;
    grants.insert("alpha".into(), Default::default());
    assert_eq!(opens(&configured), [false, false]);
}

#[test]
fn a_secret_inline_and_as_file_is_refused() {
    let outer = folder();
    let secrets = outer.path().join("secrets");
    for (members, expected) in [
        (
            r#""basic_auth": {"username": "u", "password": "p", "password_file": FILE}"#,
            "basic_auth.password_file: cannot stand beside password",
        ),
        (
            r#""basic_auth": {"username_file": FILE, "username": "u"}"#,
            "basic_auth.username: cannot stand beside username_file",
        ),
        (
            r#""authorization": {"credentials": "p", "credentials_file": FILE}"#,
            "authorization.credentials_file: cannot stand beside credentials",
        ),
        (
            r#""bearer_token": "p", "bearer_token_file": FILE"#,
            "bearer_token_file: cannot stand beside bearer_token",
        ),
        (
            r#""oauth2": {"client_id": "i", "client_secret": "p", "client_secret_file": FILE, "token_url": "https://t"}"#,
            "oauth2.client_secret_file: cannot stand beside client_secret",
        ),
        (
            r#""tls_config": {"ca": "-----BEGIN x", "ca_file": FILE}"#,
            "tls_config.ca_file: cannot stand beside ca",
        ),
        (
            r#""aws": {"aws_access_key_id": "i", "aws_secret_access_key": "p", "aws_secret_access_key_file": FILE}"#,
            "aws.aws_secret_access_key_file: cannot stand beside aws_secret_access_key",
        ),
        (
            r#""sigv4": {"access_key": "i", "secret_key": "p", "secret_key_file": FILE}"#,
            "sigv4.secret_key_file: cannot stand beside secret_key",
        ),
    ] {
        let error = with(Some(&secrets), members, "token").unwrap_err();
        assert_eq!(error.to_string(), format!("connectionDetails.{expected}"));
    }
}
