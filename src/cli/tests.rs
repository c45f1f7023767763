//! What the command line means.

use clap::CommandFactory as _;

use super::*;

fn flags(arguments: &str) -> Flags {
    let arguments = arguments.split_whitespace();
    let cli = Cli::try_parse_from(["prometheus-mirror"].into_iter().chain(arguments)).unwrap();
    match cli.command {
        None => cli.serve.into(),
        Some(Command::Serve(flags)) => flags.into(),
        Some(command) => panic!("{command:?}"),
    }
}

#[test]
fn the_definition_of_the_command_line_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn no_command_means_serve() {
    for command in ["", "serve"] {
        let flags = flags(&format!(
            "{command} --config f.yaml --listen ::1 --port 1 --admin-port 2 --workers 3"
        ));
        assert_eq!(flags.config, Some("f.yaml".into()));
        assert_eq!(flags.listen, Some("::1".parse().unwrap()));
        let numbers = (flags.port, flags.admin_port, flags.workers);
        assert_eq!(numbers, (Some(1), Some(2), Some(3)));
    }
}

#[test]
fn no_flag_takes_a_secret() {
    let command = Cli::command();
    let names = command.get_arguments().filter_map(clap::Arg::get_long);
    for name in names {
        for word in ["key", "secret", "token", "password", "credential"] {
            assert!(!name.contains(word), "--{name}");
        }
    }
}

#[test]
fn what_is_no_command_is_an_error_of_usage() {
    for arguments in [
        "frobnicate",
        "--port 65536",
        "schema",
        "schema nothing",
        "--port 1 health",
    ] {
        let arguments = arguments.split_whitespace();
        let parsed = Cli::try_parse_from(["prometheus-mirror"].into_iter().chain(arguments));
        assert!(parsed.unwrap_err().use_stderr());
    }
}
