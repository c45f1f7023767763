//! `check-config`: would the mirror start with this configuration, and if not, why.

use std::path::PathBuf;

use clap::Args;

use super::{DONE, FAILED, print};
use crate::config;
use crate::config::Flags;
use crate::config::Purpose;
use crate::config::World;

/// What is checked.
#[derive(Debug, Args)]
#[expect(
    clippy::doc_markdown,
    reason = "these docs are the help, where backticks are noise"
)]
pub(super) struct Arguments {
    /// Configuration file in YAML [env: MIRROR_CONFIG].
    file: Option<PathBuf>,
    /// Leave the files unread that the configuration names: secrets, certificates, keys.
    #[arg(long)]
    offline: bool,
}

/// Prints every error and every warning; the exit code. Errors in the file are what was asked for,
/// so they are 1, as connections.md says, and not the 2 of a command that could not do its work.
pub(super) fn run(arguments: Arguments) -> u8 {
    let Arguments { file, offline } = arguments;
    let flags = Flags {
        config: file,
        ..Flags::default()
    };
    let world = World {
        purpose: if offline {
            Purpose::RunWithoutFiles
        } else {
            Purpose::Run
        },
        ..super::world()
    };
    match config::load(&flags, world) {
        Ok(loaded) => {
            print::warnings(&loaded.warnings);
            print::data("ok\n");
            DONE
        }
        Err(error) => {
            print::findings(&error);
            FAILED
        }
    }
}
