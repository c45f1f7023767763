//! The program: the command line decides, `cli` does it, the exit code tells.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    prometheus_mirror::cli::run(std::env::args_os())
}
