//! What a configuration file may say.

use super::*;
use crate::options::NanInterpretation;
use crate::time::Millis;

#[test]
fn a_full_file_is_read() {
    let settings = of_file(
        "listen: '::1'\nport: \"9910\"\nadmin_port: ~\nworkers: 4.0\napi_key: \"${K:-0123456789abcdef}\"\n\
         log: {level: warn, format: text}\n\
         defaults:\n  profile: exact\n  nan_interpretation: none\n  timeout: 1m\n  settle_delay: 5s\n  classified_labels: [user, mail]\n",
    );
    assert_eq!(settings.mirror_address().to_string(), "[::1]:9910");
    assert_eq!(settings.admin_address().to_string(), "[::1]:9901");
    assert_eq!(settings.workers, 4);
    assert_eq!(settings.api_key.expose(), LONG_KEY);
    assert_eq!(
        (settings.log.level, settings.log.format),
        (LogLevel::Warn, LogFormat::Text)
    );
    let options = settings.connections.defaults.options;
    assert_eq!(options.nan_interpretation, NanInterpretation::None);
    assert_eq!(options.settle_delay, Some(Millis::from_seconds(5)));
    assert_eq!(options.classified_labels, ["user", "mail"]);
    assert_eq!(
        settings.connections.defaults.timeout,
        Duration::from_secs(60)
    );
}

#[test]
fn an_empty_file_says_nothing() {
    for text in ["", "# nothing\n", "log:\ndefaults: {}\nport:\n"] {
        assert_eq!(of_file(text).port, 9900);
    }
}

#[test]
fn an_unknown_key_is_refused_with_its_place_and_the_nearest() {
    refuses_file(
        "port: 1\nprot: 2\nlog:\n  levl: info\n  x: y\nlogs: {}\n",
        &[
            "PM-5002: mirror.yaml:2:1: prot: unknown key; did you mean port",
            "PM-5002: mirror.yaml:4:3: log.levl: unknown key; did you mean level",
            "PM-5002: mirror.yaml:5:3: log.x: unknown key",
            "PM-5002: mirror.yaml:6:1: logs: unknown key; did you mean log",
        ],
    );
}

#[test]
fn a_bad_value_is_refused_with_its_place_and_without_it() {
    refuses_file(
        "port: 65536\nlog: {level: loud}\nlisten: localhost\nworkers: 0\napi_key: 7\ndefaults: {dialect: x}\n",
        &[
            "PM-5003: mirror.yaml:1:7: port: must be an integer from 0 to 65535",
            "PM-5003: mirror.yaml:2:14: log.level: must be error or warn or info or debug or trace",
            "PM-5003: mirror.yaml:3:9: listen: must be an IP address, for example 127.0.0.1 or 0.0.0.0",
            "PM-5003: mirror.yaml:4:10: workers: must be an integer from 1 to 1024",
            "PM-5003: mirror.yaml:5:10: api_key: must be a string",
            "PM-5003: mirror.yaml:6:21: defaults.dialect: must be promql-open or promql-closed or metricsql",
        ],
    );
    refuses(
        Given {
            variables: &[
                ("PORT", "tcp://10.0.0.1:1"),
                ("MIRROR_DEFAULTS_STRATEGY", "x"),
            ],
            ..Given::default()
        },
        &[
            "PM-5003: PORT: must be an integer from 0 to 65535",
            "PM-5003: MIRROR_DEFAULTS_STRATEGY: must be auto or raw",
        ],
    );
}

#[test]
fn what_is_no_yaml_is_refused_with_its_place() {
    for (text, expected) in [
        (
            "port: [1\n",
            "PM-5001: mirror.yaml:1:7: unclosed bracket '['",
        ),
        (
            "port: 1\nport: 2\n",
            "PM-5001: mirror.yaml:2:1: this key is given twice",
        ),
        ("log: 3\n", "PM-5003: mirror.yaml:1:6: log: must be a map"),
        (
            "- a\n",
            "PM-5001: mirror.yaml:1:1: must be a map of settings",
        ),
        (
            "connections: {a: {b: [[[[[[1]]]]]]}}\n",
            "PM-5001: mirror.yaml:1:27: this is nested too deeply, or there is too much of it",
        ),
        (
            "port: .inf\n",
            "PM-5001: mirror.yaml:1:7: numbers must be finite",
        ),
        (
            "port: 1\n---\nport: 2\n",
            "PM-5001: mirror.yaml:3:1: a second document begins here",
        ),
    ] {
        refuses_file(text, &[expected]);
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let flags = Flags {
        config: Some("/nonexistent/mirror.yaml".into()),
        ..Flags::default()
    };
    let given = Given {
        flags,
        ..Given::default()
    };
    let findings = given.load().unwrap_err().findings;
    assert_eq!(findings[0].code, Code::Unreadable);
    let start = "/nonexistent/mirror.yaml: the file cannot be read: ";
    assert!(findings[0].to_string().starts_with(start));
}

#[test]
fn a_placeholder_is_filled_from_the_environment() {
    let loaded = settings(Given {
        variables: &[("MY_PORT", "1234"), ("YES", "true")],
        file: Some(
            "port: ${MY_PORT}\ndefaults: {tilde_variables: '${YES}', classified_labels: ['${L:-x}']}",
        ),
        ..Given::default()
    });
    assert_eq!(loaded.port, 1234);
    assert!(loaded.connections.defaults.options.tilde_variables);
    assert_eq!(loaded.connections.defaults.options.classified_labels, ["x"]);
    refuses_file(
        "port: ${MY_PORT}\n",
        &[
            "PM-5003: mirror.yaml:1:7: port: the variable MY_PORT is not set; give it, or a default as ${MY_PORT:-default}",
        ],
    );
}
