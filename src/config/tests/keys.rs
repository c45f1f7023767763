//! The key, and where it may be left out.

use super::*;

/// What is said about a key for an address: refusals with `!`.
#[track_caller]
fn key_rule(listen: &str, api_key: &str, expected: &[&str]) {
    let given = Given {
        variables: &[
            ("MIRROR_LISTEN", listen),
            ("API_KEY", api_key),
            ("MIRROR_ALLOWED_CALLERS", "10.0.0.0/8"),
        ],
        ..Given::default()
    };
    let said: Vec<String> = match given.load() {
        Ok(loaded) => loaded
            .warnings
            .iter()
            .map(|found| found.code.to_string())
            .collect(),
        Err(error) => error
            .findings
            .iter()
            .map(|found| format!("!{}", found.code))
            .collect(),
    };
    assert_eq!(said, expected, "{listen} {api_key}");
}

#[test]
fn a_key_in_a_file_is_found_beside_the_configuration() {
    for secret in [
        "0123456789abcdef",
        "0123456789abcdef\n",
        "0123456789abcdef\r\n",
    ] {
        let settings = settings(Given {
            file: Some("api_key_file: key"),
            secret: Some(secret),
            ..Given::default()
        });
        assert_eq!(settings.api_key.expose(), LONG_KEY);
    }
}

#[test]
fn a_key_of_the_environment_goes_before_a_file_of_the_configuration() {
    let settings = settings(Given {
        variables: &[("API_KEY", LONG_KEY)],
        file: Some("api_key_file: nonexistent"),
        ..Given::default()
    });
    assert_eq!(settings.api_key.expose(), LONG_KEY);
}

#[test]
fn a_key_and_a_file_of_it_in_the_same_place_are_refused() {
    refuses_file(
        "api_key: 0123456789abcdef\napi_key_file: key\n",
        &["PM-5003: mirror.yaml:2:15: api_key_file: cannot stand beside api_key in the same place"],
    );
}

#[test]
fn a_key_file_that_proves_nothing_is_refused() {
    for (secret, expected) in [
        ("", "the file is empty"),
        ("a b\n", "must be visible ASCII"),
    ] {
        let given = Given {
            file: Some("api_key_file: key"),
            secret: Some(secret),
            ..Given::default()
        };
        let text = given.load().unwrap_err().findings[0].to_string();
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn a_secret_file_has_a_mebibyte() {
    for (size, is_read) in [(1 << 20, true), ((1 << 20) + 1, false), (2 << 20, false)] {
        let given = Given {
            file: Some("connections: {a: {url: 'https://a', bearer_token_file: key}}"),
            secret: Some(&"x".repeat(size)),
            ..Given::default()
        };
        let loaded = given.load();
        assert_eq!(loaded.is_ok(), is_read, "{size}");
        for finding in loaded.err().into_iter().flat_map(|error| error.findings) {
            assert!(finding.to_string().ends_with("the file is over 1 MiB"));
        }
    }
}

#[test]
fn a_key_file_that_others_may_write_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    fs::write(&path, LONG_KEY).unwrap();
    // As of files of connections, which are looked at again when they are used.
    for (mode, is_refused) in [(0o600, false), (0o644, false), (0o606, true), (0o660, true)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let given = Given {
            variables: &[("API_KEY_FILE", path.to_str().unwrap())],
            ..Given::default()
        };
        let findings = given.load().err().map(|error| error.findings);
        assert_eq!(findings.is_some(), is_refused, "{mode:o}");
        for finding in findings.into_iter().flatten() {
            assert_eq!(finding.code, Code::UnusableFile);
            assert_eq!(finding.origin.to_string(), "API_KEY_FILE");
        }
    }
}

#[test]
fn beyond_loopback_a_key_must_be_set_and_be_no_default() {
    for listen in ["0.0.0.0", "::", "10.0.0.1", "::ffff:127.0.0.1"] {
        for known in ["", "unsecure", "API_KEY", "xxx"] {
            key_rule(listen, known, &["!PM-5005"]);
        }
        key_rule(listen, "short", &["PM-5005"]);
        key_rule(listen, "fifteen-bytes-x", &["PM-5005"]);
        key_rule(listen, LONG_KEY, &[]);
    }
}

#[test]
fn on_loopback_any_key_will_do() {
    for listen in ["127.0.0.1", "127.8.8.8", "::1", "[::1]"] {
        key_rule(listen, "", &[]);
        key_rule(listen, "xxx", &["PM-5005"]);
        key_rule(listen, LONG_KEY, &[]);
    }
}

#[test]
fn a_random_key_is_made_where_none_is_set() {
    let loaded = Given::default().load().unwrap();
    assert!(loaded.is_key_random);
    assert_eq!(loaded.settings.api_key.expose().len(), 43);
    let given = Given {
        variables: &[("API_KEY", LONG_KEY)],
        ..Given::default()
    };
    assert!(!given.load().unwrap().is_key_random);
}

#[test]
fn no_setting_shows_its_key() {
    let settings = settings(Given {
        variables: &[("API_KEY", LONG_KEY)],
        ..Given::default()
    });
    assert!(!format!("{settings:?}").contains(LONG_KEY));
}
