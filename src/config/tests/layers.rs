//! Flag, environment, file, default.

use super::*;

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
        read: |settings| format!("{:?}", settings.connections.defaults.timeout),
        expected: ["", "5s", "6.5s", "30s"],
    },
    Row {
        flag: None,
        variable: ("MIRROR_DEFAULTS_MAX_POINTS", "7"),
        file: "defaults: {max_points: 8}",
        read: |settings| settings.connections.defaults.options.max_points.to_string(),
        expected: ["", "7", "8", "100000"],
    },
    Row {
        flag: None,
        variable: ("MIRROR_DEFAULTS_TILDE_VARIABLES", "false"),
        file: "defaults: {tilde_variables: true}",
        read: |settings| {
            settings
                .connections
                .defaults
                .options
                .tilde_variables
                .to_string()
        },
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
fn a_list_in_a_variable_is_separated_by_commas() {
    let settings = settings(Given {
        variables: &[("MIRROR_DEFAULTS_CLASSIFIED_LABELS", "user, mail,,user")],
        ..Given::default()
    });
    assert_eq!(
        settings.connections.defaults.options.classified_labels,
        ["user", "mail"]
    );
}
