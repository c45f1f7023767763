//! The twin of each flag: `MIRROR_<FLAG>` in the environment, which holds where the flag is not given.

use clap::{Arg, ArgAction, Command};

use crate::config::Environment;

/// The commands whose flags are settings: `config` reads their variables, under the names of the
/// settings.
const OF_SETTINGS: [&str; 4] = ["serve", "check-config", "print-config", "health"];

/// `command` with a default for each flag that has a variable in `environment`, and the name of the
/// variable in its help.
pub(super) fn with_twins(command: Command, environment: &dyn Environment) -> Command {
    let names = command.get_subcommands().map(|it| it.get_name().to_owned());
    let names: Vec<String> = names
        .filter(|it| !OF_SETTINGS.contains(&it.as_str()))
        .collect();
    names.iter().fold(command, |command, name| {
        command.mut_subcommand(name, |it| {
            it.mut_args(|argument| twin(argument, environment))
        })
    })
}

fn twin(argument: Arg, environment: &dyn Environment) -> Arg {
    let is_own = |long: &&str| !["help", "version", "config"].contains(long);
    let Some(long) = argument.get_long().filter(is_own) else {
        return argument;
    };
    let variable = format!("MIRROR_{}", long.to_ascii_uppercase().replace('-', "_"));
    let help = argument
        .get_help()
        .map(ToString::to_string)
        .unwrap_or_default();
    let value = environment.variable(&variable);
    let is_switch = matches!(argument.get_action(), ArgAction::SetTrue);
    let argument = argument.help(format!("{help} [env: {variable}]"));
    match value {
        Some(value) if is_switch => {
            let is_on = !["0", "false", "no", "off"].contains(&value.as_str());
            argument
                .default_value(is_on.to_string())
                .hide_default_value(true)
        }
        Some(value) => argument.default_value(value).hide_default_value(true),
        None => argument,
    }
}
