//! Where each setting comes from, and what keeps the program from starting.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use super::*;
use crate::options::NanInterpretation;
use crate::time::Millis;

const CORES: usize = 3;
const LONG_KEY: &str = "0123456789abcdef";

fn zeros(bytes: &mut [u8]) -> Result<(), getrandom::Error> {
    bytes.fill(0);
    Ok(())
}

/// What each layer says.
#[derive(Default)]
struct Given<'a> {
    flags: Flags,
    variables: &'a [(&'a str, &'a str)],
    /// The text of `mirror.yaml`.
    file: Option<&'a str>,
    /// A secret that lies beside it in `key`.
    secret: Option<&'a str>,
}

impl Given<'_> {
    fn load(self) -> Result<Loaded, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let mut flags = self.flags;
        if let Some(text) = self.file {
            let path = folder.path().join("mirror.yaml");
            fs::write(&path, text).unwrap();
            flags.config = Some(path);
        }
        if let Some(text) = self.secret {
            fs::write(folder.path().join("key"), text).unwrap();
        }
        let environment: HashMap<&str, &str> = self.variables.iter().copied().collect();
        let world = World {
            environment: &environment,
            random: zeros,
            cores: CORES,
        };
        load(&flags, world)
    }
}

#[track_caller]
fn settings(given: Given<'_>) -> Settings {
    given.load().unwrap().settings
}

/// What a file makes of the settings.
#[track_caller]
fn of_file(text: &str) -> Settings {
    settings(Given {
        file: Some(text),
        ..Given::default()
    })
}

/// Findings as they are printed, the path of the file shortened to its name.
fn printed(findings: &[Finding]) -> Vec<String> {
    let line = |finding: &Finding| {
        let text = finding.to_string();
        let at = text.find("mirror.yaml").unwrap_or(0);
        format!("{}: {}", finding.code, &text[at..])
    };
    findings.iter().map(line).collect()
}

#[track_caller]
fn refuses(given: Given<'_>, expected: &[&str]) {
    let error = given.load().expect_err("must be refused");
    assert_eq!(printed(&error.findings), expected);
}

#[track_caller]
fn refuses_file(text: &str, expected: &[&str]) {
    refuses(
        Given {
            file: Some(text),
            ..Given::default()
        },
        expected,
    );
}

/// One setting in each layer; every value another one.
struct Row {
    flag: Option<fn(&mut Flags)>,
    variable: (&'static str, &'static str),
    file: &'static str,
    read: fn(&Settings) -> String,
    /// What flag, variable, file and default make of it.
    expected: [&'static str; 4],
}

const ROWS: [Row; 10] = [
    Row {
        flag: Some(|flags| flags.listen = Some([127, 0, 0, 2].into())),
        variable: ("MIRROR_LISTEN", "127.0.0.3"),
        file: "listen: 127.0.0.4",
        read: |settings| settings.listen.to_string(),
        expected: ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.1"],
    },
    Row {
        flag: Some(|flags| flags.port = Some(1)),
        variable: ("PORT", "2"),
        file: "port: 3",
        read: |settings| settings.port.to_string(),
        expected: ["1", "2", "3", "9900"],
    },
    Row {
        flag: Some(|flags| flags.admin_port = Some(1)),
        variable: ("ADMIN_PORT", "2"),
        file: "admin_port: 3",
        read: |settings| settings.admin_port.to_string(),
        expected: ["1", "2", "3", "9901"],
    },
    Row {
        flag: Some(|flags| flags.workers = Some(1)),
        variable: ("WORKERS", "20"),
        file: "workers: 2",
        read: |settings| settings.workers.to_string(),
        expected: ["1", "20", "2", "3"],
    },
    Row {
        flag: None,
        variable: ("API_KEY", "from-the-environment"),
        file: "api_key: from-the-file-itself",
        read: |settings| settings.api_key.expose().to_owned(),
        expected: [
            "",
            "from-the-environment",
            "from-the-file-itself",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ],
    },
    Row {
        flag: None,
        variable: ("MIRROR_LOG_FORMAT", "text"),
        file: "log: {format: json}",
        read: |settings| format!("{:?}", settings.log.format),
        expected: ["", "Text", "Json", "Json"],
    },
    Row {
        flag: None,
        variable: ("MIRROR_LOG_LEVEL", "error"),
        file: "log: {level: debug}",
        read: |settings| format!("{:?}", settings.log.level),
        expected: ["", "Error", "Debug", "Info"],
    },
    Row {
        flag: None,
        variable: ("MIRROR_DEFAULTS_TIMEOUT", "5s"),
        file: "defaults: {timeout: 6.5}",
        read: |settings| format!("{:?}", settings.defaults.timeout),
        expected: ["", "5s", "6.5s", "30s"],
    },
    Row {
        flag: None,
        variable: ("MIRROR_DEFAULTS_MAX_POINTS", "7"),
        file: "defaults: {max_points: 8}",
        read: |settings| settings.defaults.options.max_points.to_string(),
        expected: ["", "7", "8", "100000"],
    },
    Row {
        flag: None,
        variable: ("MIRROR_DEFAULTS_TILDE_VARIABLES", "false"),
        file: "defaults: {tilde_variables: true}",
        read: |settings| settings.defaults.options.tilde_variables.to_string(),
        expected: ["", "false", "true", "false"],
    },
];

#[test]
fn a_flag_goes_before_the_environment_before_the_file_before_the_default() {
    for row in ROWS {
        for (layers, expected) in row.expected.iter().enumerate() {
            // Each layer alone is left out, from the first on.
            let mut flags = Flags::default();
            match row.flag {
                Some(flag) if layers == 0 => flag(&mut flags),
                None if layers == 0 => continue,
                _ => {}
            }
            let variables = [row.variable];
            let given = Given {
                flags,
                variables: if layers <= 1 { &variables } else { &[] },
                file: (layers <= 2).then_some(row.file),
                secret: None,
            };
            assert_eq!((row.read)(&settings(given)), *expected, "{}", row.file);
        }
    }
}

#[test]
fn an_empty_variable_is_not_set_and_an_unknown_one_is_ignored() {
    let settings = settings(Given {
        variables: &[
            ("PORT", ""),
            ("MIRROR_PORT", "tcp://10.0.0.1:9900"),
            ("MIRROR_X", "y"),
        ],
        ..Given::default()
    });
    assert_eq!(settings.port, 9900);
}

#[test]
fn the_file_may_be_named_by_a_variable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mirror.yaml");
    fs::write(&path, "port: 1234").unwrap();
    let settings = settings(Given {
        variables: &[("MIRROR_CONFIG", path.to_str().unwrap())],
        ..Given::default()
    });
    assert_eq!(settings.port, 1234);
}

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
    let options = settings.defaults.options;
    assert_eq!(options.nan_interpretation, NanInterpretation::None);
    assert_eq!(options.settle_delay, Some(Millis::from_seconds(5)));
    assert_eq!(options.classified_labels, ["user", "mail"]);
    assert_eq!(settings.defaults.timeout, Duration::from_secs(60));
}

#[test]
fn an_empty_file_says_nothing() {
    for text in ["", "# nothing\n", "log:\ndefaults: {}\nport:\n"] {
        assert_eq!(of_file(text).port, 9900);
    }
}

#[test]
fn a_list_in_a_variable_is_separated_by_commas() {
    let settings = settings(Given {
        variables: &[("MIRROR_DEFAULTS_CLASSIFIED_LABELS", "user, mail,,user")],
        ..Given::default()
    });
    assert_eq!(
        settings.defaults.options.classified_labels,
        ["user", "mail"]
    );
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
fn a_setting_that_is_not_built_yet_is_refused() {
    refuses_file(
        "policy: {named_only: true}\nallowed_callers: [10.0.0.0/8]\n",
        &[
            "PM-5003: mirror.yaml:1:1: policy: not supported yet",
            "PM-5003: mirror.yaml:2:1: allowed_callers: not supported yet",
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
                ("MIRROR_DEFAULTS_STRATEGY", "raw"),
            ],
            ..Given::default()
        },
        &[
            "PM-5003: PORT: must be an integer from 0 to 65535",
            "PM-5003: MIRROR_DEFAULTS_STRATEGY: raw is not supported yet; use auto",
        ],
    );
}

#[test]
fn both_listeners_need_a_port_of_their_own() {
    refuses_file(
        "port: 9901",
        &["PM-5003: mirror.yaml:1:7: port: port and admin_port must differ"],
    );
    refuses_file(
        "port: 1\nadmin_port: 1",
        &["PM-5003: mirror.yaml:2:13: admin_port: port and admin_port must differ"],
    );
    let settings = of_file("port: 0\nadmin_port: 0");
    assert_eq!((settings.port, settings.admin_port), (0, 0));
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
        (
            "log: 3\n",
            "PM-5001: mirror.yaml:1:6: expected mapping start",
        ),
        ("- a\n", "PM-5001: mirror.yaml:1:1: expected mapping start"),
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
    assert!(loaded.defaults.options.tilde_variables);
    assert_eq!(loaded.defaults.options.classified_labels, ["x"]);
    refuses_file(
        "port: ${MY_PORT}\n",
        &[
            "PM-5003: mirror.yaml:1:7: port: the variable MY_PORT is not set; give it, or a default as ${MY_PORT:-default}",
        ],
    );
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

#[cfg(unix)]
#[test]
fn a_key_file_that_others_may_write_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    fs::write(&path, LONG_KEY).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o606)).unwrap();
    let given = Given {
        variables: &[("API_KEY_FILE", path.to_str().unwrap())],
        ..Given::default()
    };
    let findings = given.load().unwrap_err().findings;
    assert_eq!(findings[0].code, Code::UnusableFile);
    assert_eq!(findings[0].origin.to_string(), "API_KEY_FILE");
}

/// What is said about a key for an address: refusals with `!`.
#[track_caller]
fn key_rule(listen: &str, api_key: &str, expected: &[&str]) {
    let given = Given {
        variables: &[("MIRROR_LISTEN", listen), ("API_KEY", api_key)],
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
fn beyond_loopback_a_key_must_be_set_and_be_no_default() {
    for listen in ["0.0.0.0", "::", "10.0.0.1", "::ffff:127.0.0.1"] {
        for known in ["", "unsecure", "API_KEY", "xxx"] {
            key_rule(listen, known, &["!PM-5005"]);
        }
        key_rule(listen, "short", &["PM-5005", "PM-5004"]);
        key_rule(listen, LONG_KEY, &["PM-5004"]);
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
fn values_out_of_bounds_that_are_no_danger_warn() {
    let loaded = Given {
        file: Some("defaults: {timeout: 15000, max_points: 100001}"),
        ..Given::default()
    };
    let loaded = loaded.load().unwrap();
    assert_eq!(loaded.settings.defaults.timeout, Duration::from_secs(60));
    assert_eq!(loaded.settings.defaults.options.max_points, 100_000);
    assert_eq!(
        printed(&loaded.warnings),
        [
            "PM-5003: mirror.yaml:1:21: defaults.timeout: outside of 1 to 60 seconds; 60 s is used",
            "PM-5003: mirror.yaml:1:40: defaults.max_points: can only be lowered; the ceiling stays what it is",
        ]
    );
}

#[test]
fn no_setting_shows_its_key() {
    let settings = settings(Given {
        variables: &[("API_KEY", LONG_KEY)],
        ..Given::default()
    });
    assert!(!format!("{settings:?}").contains(LONG_KEY));
}
