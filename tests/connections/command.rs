//! The program's other commands, run to their end.

use std::process::Command;

use crate::heard;

/// What a command said and how it ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs the program with nothing in its environment but what is given, on the finest level of logs.
pub(crate) fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_prometheus-mirror"))
        .args(arguments)
        .env_clear()
        .env("MIRROR_LOG_LEVEL", "trace")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let ended = Ended {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    heard::note(&ended.stdout);
    heard::note(&ended.stderr);
    ended
}
