//! `completions` and `man`: made from the definition that `--help` is made from.

use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory as _, ValueEnum};
use clap_complete::Shell;
use clap_complete::generate;
use clap_mangen::Man;

use super::{Cli, DONE, FAILED, print};

/// The program's name, for shells and pages.
const NAME: &str = "prometheus-mirror";

/// The shells that can complete.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "lower")]
pub(super) enum For {
    /// bash
    Bash,
    /// zsh
    Zsh,
    /// fish
    Fish,
    /// `PowerShell`
    PowerShell,
    /// elvish
    Elvish,
}

/// Prints the completions of a shell; the exit code.
pub(super) fn completions(shell: For) -> u8 {
    let shell = match shell {
        For::Bash => Shell::Bash,
        For::Zsh => Shell::Zsh,
        For::Fish => Shell::Fish,
        For::PowerShell => Shell::PowerShell,
        For::Elvish => Shell::Elvish,
    };
    let mut text = Vec::new();
    generate(shell, &mut Cli::command(), NAME, &mut text);
    print::data(&String::from_utf8_lossy(&text));
    DONE
}

/// Prints the man page of the program, or writes one a command into `folder`; the exit code.
pub(super) fn man(folder: Option<PathBuf>) -> u8 {
    let mut command = Cli::command();
    command.build();
    let made = match folder {
        None => page(command).map(|text| print::data(&text)),
        Some(folder) => pages(&command, &folder),
    };
    match made {
        Ok(()) => DONE,
        Err(error) => {
            print::error(&error);
            FAILED
        }
    }
}

fn pages(command: &Command, folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let write = |name: &str, command: Command| {
        std::fs::write(folder.join(format!("{name}.1")), page(command)?)
    };
    write(NAME, command.clone())?;
    for below in command
        .get_subcommands()
        .filter(|it| it.get_name() != "help")
    {
        let name = format!("{NAME}-{}", below.get_name());
        write(&name, below.clone().name(name.clone()))?;
    }
    Ok(())
}

fn page(command: Command) -> std::io::Result<String> {
    let mut text = Vec::new();
    Man::new(command).render(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
