//! The fuzz target of this module: the configuration file.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::path::PathBuf;
use std::process;
use std::thread;

use crate::config;
use crate::config::Flags;
use crate::config::Loaded;
use crate::config::Purpose;
use crate::config::World;
use crate::config::print;
use crate::fuzzing::PLANTED;

/// Takes the text of a file.
///
/// It is read or refused. What is said of it repeats no value, and it is shown without its secrets:
/// those of the file hold a mark.
///
/// # Panics
///
/// If that does not hold.
pub fn configuration(data: &[u8]) {
    let loaded = load(data);
    let keys_are_ours = keys_are_ours(data);
    let says_no_value = |text: &str| {
        let is_value = keys_are_ours && text.contains(PLANTED);
        assert!(!is_value, "a value is said again: {text}");
    };
    match loaded {
        Ok(loaded) => {
            for warning in &loaded.warnings {
                says_no_value(&warning.to_string());
            }
            let shown = [false, true].map(|origins| print::yaml(&loaded.account, origins));
            assert!(shown.iter().all(|it| !it.is_empty()));
        }
        Err(error) => {
            assert!(!error.findings.is_empty());
            for finding in &error.findings {
                says_no_value(&finding.to_string());
            }
        }
    }
}

/// Whether the mark stands behind a colon or a dash wherever it stands, so that no key holds it.
fn keys_are_ours(data: &[u8]) -> bool {
    let text = String::from_utf8_lossy(data);
    let is_plain = |line: &str| match line.split_once(PLANTED) {
        Some((before, after)) => before.ends_with(": ") && after.is_empty(),
        None => true,
    };
    !text.contains(['&', '*', '|', '>', '?']) && text.lines().all(is_plain)
}

fn load(text: &[u8]) -> Result<Loaded, config::error::ConfigError> {
    let path = place();
    fs::write(&path, text).expect("the folder for temporary files can be written");
    let flags = Flags {
        config: Some(path),
        ..Flags::default()
    };
    let environment: HashMap<&str, &str> = HashMap::from([("WORD", "word"), ("EMPTY", "")]);
    let world = World {
        environment: &environment,
        random: |bytes| {
            bytes.fill(7);
            Ok(())
        },
        cores: 2,
        // The files that it names are not ours.
        purpose: Purpose::RunWithoutFiles,
        running: None,
    };
    config::load(&flags, world)
}

/// A file of this thread.
fn place() -> PathBuf {
    let id = format!("{:?}", thread::current().id());
    let id: String = id.chars().filter(char::is_ascii_digit).collect();
    env::temp_dir().join(format!("mirror-fuzzing-{}-{id}.yaml", process::id()))
}
