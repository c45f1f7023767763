//! `print-config`: the configuration as it holds, from whatever layer.

use clap::Args;

use super::{DONE, ServeFlags, USAGE, print};
use crate::config;
use crate::config::Account;
use crate::config::Purpose;
use crate::config::World;
use crate::config::print::yaml;

/// What is printed.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    flags: ServeFlags,
    /// Say behind each value where it comes from: flag, environment, file or default.
    #[arg(long)]
    origin: bool,
    /// Print the defaults instead, whatever is set.
    #[arg(long, conflicts_with = "origin")]
    defaults: bool,
}

/// Prints the configuration without its secrets; the exit code.
pub(super) fn run(arguments: Arguments) -> u8 {
    let Arguments {
        flags,
        origin,
        defaults,
    } = arguments;
    let world = World {
        purpose: Purpose::Show,
        ..super::world()
    };
    if defaults {
        print::data(&yaml(&Account::new(String::new(), world.cores), false));
        return DONE;
    }
    match config::load(&flags.into(), world) {
        Ok(loaded) => {
            print::data(&yaml(&loaded.account, origin));
            DONE
        }
        Err(error) => {
            print::findings(&error);
            USAGE
        }
    }
}
