//! `completions` and `man`: made from the definition that `--help` is made from.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Arg, Command, CommandFactory as _, ValueEnum};
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
    /// PowerShell
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
    let mut command = Cli::command();
    let mut text = Vec::new();
    generate(shell, &mut command, NAME, &mut text);
    let text = String::from_utf8_lossy(&text);
    match shell {
        // clap_complete 4.6.11 spells a name that has a hyphen in two ways, and finds no subcommand.
        Shell::Bash => {
            print::data(&text.replace("prometheus__subcmd__mirror", "prometheus__mirror"))
        }
        Shell::Fish => print::data(&format!("{text}{}", fish_words(&command))),
        _ => print::data(&text),
    }
    DONE
}

/// What may stand behind a subcommand: `clap_complete` writes it for other shells than fish.
fn fish_words(command: &Command) -> String {
    let mut lines = String::new();
    for below in command.get_subcommands() {
        let words = below.get_positionals().flat_map(Arg::get_possible_values);
        let words: Vec<_> = words.map(|word| word.get_name().to_owned()).collect();
        if !words.is_empty() {
            let (name, words) = (below.get_name(), words.join(" "));
            let _ = writeln!(
                lines,
                "complete -c {NAME} -n \"__fish_prometheus_mirror_using_subcommand {name}\" -f -a \"{words}\""
            );
        }
    }
    lines
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

/// No date: it would say when a page was made, and so differ with each build.
fn page(command: Command) -> std::io::Result<String> {
    let mut text = Vec::new();
    Man::new(command)
        // Written as it stands, and an empty one would be left out of the line.
        .date(r#""""#)
        .source(concat!("prometheus-mirror ", env!("CARGO_PKG_VERSION")))
        .manual("User Commands")
        .render(&mut text)?;
    // Two line breaks around an empty line are one empty line, and mandoc finds fault with the breaks.
    let text = String::from_utf8_lossy(&text).replace("\n.br\n\n.br\n", "\n.sp\n");
    let lines = text.lines().map(str::trim_end);
    Ok(lines.flat_map(|line| [line, "\n"]).collect())
}
