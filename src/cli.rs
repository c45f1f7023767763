//! The command line (experience.md, section 4). Data goes to stdout, everything else to stderr;
//! only this module prints.

mod asker;
mod chart;
mod check_config;
mod connect;
mod cores;
mod curl;
mod diagnose;
mod environment;
mod errors;
mod exit;
mod explain;
mod fields;
mod generated;
mod health;
mod json;
mod onboard;
mod print;
mod print_config;
mod query;
mod record;
mod remote;
mod replay;
mod schema;
mod select;
pub mod serve;
mod show;
mod support_bundle;
mod test_connection;
mod told;
mod when;

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::app::wall_clock;
use crate::config::Flags;
use crate::config::ProcessEnvironment;
use crate::config::Purpose;
use crate::config::Source;
use crate::config::World;

/// Exit code: done.
pub const DONE: u8 = 0;
/// Exit code: failed in a way that no other code tells.
pub const FAILED: u8 = 1;
/// Exit code: the command line or the settings cannot be used (`PM-5xxx`).
pub const USAGE: u8 = 2;
/// Exit code: the person at the terminal had enough of it.
pub const INTERRUPTED: u8 = 130;

/// Exit code: a part of the program went on panicking, so that it has to be started anew.
pub const PANICKED: u8 = 70;

/// Serves StackState's Mirror API from Prometheus.
#[derive(Debug, Parser)]
#[command(
    name = "prometheus-mirror",
    version,
    args_conflicts_with_subcommands = true
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeFlags,
}

#[derive(Debug, Subcommand)]
#[expect(
    clippy::doc_markdown,
    reason = "these docs are the help, where backticks are noise"
)]
enum Command {
    /// Run the mirror (also with no command).
    Serve(ServeFlags),
    /// Check a configuration: exit code 0 if the mirror would start with it, else 1.
    CheckConfig(check_config::Arguments),
    /// Print the configuration as YAML, without its secrets.
    PrintConfig(print_config::Arguments),
    /// Test a connection step by step, as the mirror would reach it.
    TestConnection(test_connection::Arguments),
    /// Print the points of a metric, as StackState would get them.
    Query(query::Arguments),
    /// Print the fields that can be used in conditions.
    Fields(fields::FieldsFlags),
    /// Print the values of a field.
    Values(fields::ValuesFlags),
    /// Print what to type into StackState's data source form, and test it.
    Onboard(onboard::Arguments),
    /// Show what a request becomes: conditions, PromQL, calls, reduction, answer.
    Explain(explain::Arguments),
    /// Look for the cause of an empty or ambiguous answer, with at most ten calls.
    Diagnose(diagnose::Arguments),
    /// Open a bundle or a record without any network, or ask its request again.
    Replay(replay::ReplayArguments),
    /// Collect settings, build, status and the last 50 requests, without secrets, in one file.
    SupportBundle(support_bundle::SupportArguments),
    /// Explain an error id: how it happens, how to fix it.
    Error {
        /// The id, for example PM-2001.
        id: String,
    },
    /// List all error ids, findings and notices.
    Errors {
        /// As a Markdown table.
        #[arg(long)]
        markdown: bool,
        #[command(flatten)]
        show: show::ShowFlags,
    },
    /// Print the completions of a shell.
    Completions {
        /// Which one.
        shell: generated::For,
    },
    /// Print the man page, or write one a command.
    Man {
        /// Where to write them.
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// Print a schema.
    Schema {
        /// Which one.
        schema: schema::Schema,
    },
    /// Ask a running mirror whether it is ready: exit code 0 if it is, else 1.
    Health {
        /// The admin listener, for example http://127.0.0.1:9901; by default the one that the
        /// environment and the configuration file tell. Or the page /healthcheck of the Mirror API.
        url: Option<String>,
        /// Configuration file in YAML [env: MIRROR_CONFIG].
        #[arg(long, value_name = "FILE", conflicts_with = "url")]
        config: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
#[expect(
    clippy::doc_markdown,
    reason = "these docs are the help, where backticks are noise"
)]
struct ServeFlags {
    /// Configuration file in YAML [env: MIRROR_CONFIG].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address of both listeners [env: MIRROR_LISTEN] [default: 127.0.0.1].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<IpAddr>,
    /// Port of the Mirror API, 0 for any free one [env: PORT] [default: 9900].
    #[arg(long)]
    port: Option<u16>,
    /// Port of health and metrics, 0 for any free one [env: ADMIN_PORT] [default: 9901].
    #[arg(long, value_name = "PORT")]
    admin_port: Option<u16>,
    /// Threads that requests are worked on [env: WORKERS] [default: one per core].
    #[arg(long, value_name = "COUNT")]
    workers: Option<u16>,
}

impl From<ServeFlags> for Flags {
    fn from(flags: ServeFlags) -> Self {
        let ServeFlags {
            config,
            listen,
            port,
            admin_port,
            workers,
        } = flags;
        Self {
            config,
            listen,
            port,
            admin_port,
            workers,
        }
    }
}

/// Runs the command that `arguments` name, the program's own name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let command = environment::with_twins(Cli::command(), &ProcessEnvironment);
    let parsed = command.try_get_matches_from(arguments);
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too, and are no failure. Where the text cannot be
            // printed nobody reads it.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { USAGE } else { DONE });
        }
    };
    if let Err(error) = cores::forbid() {
        print::note(&format_args!("core dumps cannot be switched off: {error}"));
    }
    let code = match cli.command {
        None => serve_here(cli.serve),
        Some(Command::Serve(flags)) => serve_here(flags),
        Some(Command::CheckConfig(arguments)) => check_config::run(arguments),
        Some(Command::PrintConfig(arguments)) => print_config::run(arguments),
        Some(Command::TestConnection(arguments)) => test_connection::run(&arguments),
        Some(Command::Onboard(arguments)) => onboard::run(&arguments),
        Some(Command::Completions { shell }) => generated::completions(shell),
        Some(Command::Man { dir }) => generated::man(dir),
        Some(Command::Explain(arguments)) => explain::run(&arguments),
        Some(Command::Diagnose(arguments)) => diagnose::run(&arguments),
        Some(Command::Replay(arguments)) => replay::replay(&arguments),
        Some(Command::SupportBundle(arguments)) => support_bundle::support(&arguments),
        Some(Command::Error { id }) => errors::one(&id),
        Some(Command::Errors { markdown, show }) => errors::all(markdown, show),
        Some(Command::Query(arguments)) => query::run(&arguments),
        Some(Command::Fields(flags)) => fields::names(&flags),
        Some(Command::Values(flags)) => fields::values(&flags),
        Some(Command::Schema { schema }) => schema::run(schema),
        Some(Command::Health { url, config }) => health::run(url, config),
    };
    ExitCode::from(code)
}

fn serve_here(flags: ServeFlags) -> u8 {
    serve::run(Source::new(flags.into(), world()), wall_clock)
}

/// What the settings of this process depend on.
fn world() -> World<'static> {
    World {
        environment: &ProcessEnvironment,
        random: getrandom::fill,
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        purpose: Purpose::Run,
        running: None,
    }
}

#[cfg(test)]
mod tests;
