//! The token of the console.

use super::*;

const TOKEN: &str = "the-console-token";

#[track_caller]
fn is_token(given: Given<'_>, token: &str) {
    let settings = settings(given);
    assert!(settings.console_token.is_some_and(|it| it.is_of(token)));
}

#[test]
fn it_is_found_in_a_file_beside_the_configuration_and_in_two_variables() {
    is_token(
        Given {
            file: Some("console: {token_file: key}"),
            secret: Some("the-console-token\n"),
            ..Given::default()
        },
        TOKEN,
    );
    is_token(
        Given {
            variables: &[("CONSOLE_TOKEN", TOKEN)],
            file: Some("console: {token_file: nonexistent}"),
            ..Given::default()
        },
        TOKEN,
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    fs::write(&path, TOKEN).unwrap();
    is_token(
        Given {
            variables: &[("MIRROR_CONSOLE_TOKEN_FILE", path.to_str().unwrap())],
            file: Some("console: {token: another-one-of-16}"),
            ..Given::default()
        },
        TOKEN,
    );
}

#[test]
fn without_one_none_is_made() {
    assert!(settings(Given::default()).console_token.is_none());
    assert!(of_file("console: {token: \"\"}").console_token.is_none());
}

#[test]
fn one_that_proves_nothing_is_refused() {
    refuses(
        Given {
            variables: &[("CONSOLE_TOKEN", "fifteen-bytes-x")],
            ..Given::default()
        },
        &["PM-5003: CONSOLE_TOKEN: must be 16 to 512 bytes long"],
    );
    refuses_file(
        "console: {token: the-console-token, token_file: key}",
        &[
            "PM-5003: mirror.yaml:1:49: console.token_file: cannot stand beside console.token in the same place",
        ],
    );
    let given = Given {
        file: Some("console: {token_file: nonexistent}"),
        ..Given::default()
    };
    let findings = given.load().unwrap_err().findings;
    assert_eq!(findings[0].code, Code::UnusableFile);
}

#[test]
fn the_key_as_token_is_warned_about() {
    let given = Given {
        variables: &[("CONSOLE_TOKEN", LONG_KEY), ("API_KEY", LONG_KEY)],
        ..Given::default()
    };
    assert_eq!(
        printed(&given.load().unwrap().warnings),
        ["PM-5003: CONSOLE_TOKEN: is the mirror key too, which StackState knows; choose another"]
    );
}
