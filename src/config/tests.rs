//! Where each setting comes from, and what keeps the program from starting.

mod connections;
mod console;
mod files;
mod keys;
mod layers;
mod limits;
mod callers;
mod policy;
mod printed;
mod walls;
mod tls;

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use super::*;

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
    /// Where the mirror listens already.
    running: Option<IpAddr>,
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
            purpose: Purpose::Run,
            running: self.running,
        };
        load(&flags, world)
    }
}

#[track_caller]
fn settings(given: Given<'_>) -> Settings {
    given.load().unwrap().settings
}

/// The default settings with a key of one's own.
pub(crate) fn with_key(key: &str) -> Settings {
    Settings {
        api_key: Secret::new(key.to_owned()),
        ..settings(Given::default())
    }
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
fn values_out_of_bounds_that_are_no_danger_warn() {
    let loaded = Given {
        file: Some("defaults: {timeout: 15000, max_points: 100001}"),
        ..Given::default()
    };
    let loaded = loaded.load().unwrap();
    assert_eq!(
        loaded.settings.connections.defaults.timeout,
        Duration::from_secs(60)
    );
    assert_eq!(
        loaded.settings.connections.defaults.options.max_points,
        100_000
    );
    assert_eq!(
        printed(&loaded.warnings),
        [
            "PM-5003: mirror.yaml:1:21: defaults.timeout: outside of 1 to 60 seconds; 60 s is used",
            "PM-5003: mirror.yaml:1:40: defaults.max_points: can only be lowered; the ceiling stays what it is",
        ]
    );
}
