//! `test-connection`: the connection test step by step, on the path that `/api/connection` takes.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use tokio::runtime::Builder;

use super::{DONE, FAILED, USAGE, exit, print};
use crate::app::App;
use crate::caller::Caller;
use crate::config;
use crate::config::Finding;
use crate::config::Flags;
use crate::config::Purpose;
use crate::config::World;
use crate::config::details;
use crate::connections::Configured;
use crate::failures;
use crate::mirror::ladder::{Ladder, Outcome, Rung};
use crate::protocol;
use crate::protocol::connection::TestConnectionRequest;
use crate::record::Arrival;
use crate::record::Freshness;

/// Most of connection details that are read, in bytes: what a request may have.
const LARGEST: u64 = crate::limits::REQUEST_BODY as u64;

/// What is tested.
#[derive(Debug, Args)]
#[expect(
    clippy::doc_markdown,
    reason = "these docs are the help, where backticks are noise"
)]
pub(super) struct Arguments {
    /// Connection details as JSON or YAML (- for standard input), or a connection of the
    /// configuration file [env: MIRROR_CONNECTION].
    #[arg(short, long, value_name = "FILE|NAME")]
    connection: Option<String>,
    /// Configuration file in YAML [env: MIRROR_CONFIG].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Climbs the ladder and prints it; the exit code.
pub(super) fn run(arguments: Arguments) -> u8 {
    let Arguments { connection, config } = arguments;
    let world = World {
        purpose: Purpose::Show,
        ..super::world()
    };
    let connection = connection.or_else(|| world.environment.variable("MIRROR_CONNECTION"));
    let Some(connection) = connection else {
        print::error(&"which connection? give --connection FILE|NAME");
        return USAGE;
    };
    let flags = Flags {
        config,
        ..Flags::default()
    };
    let loaded = match config::load(&flags, world) {
        Ok(loaded) => loaded,
        Err(error) => {
            print::findings(&error);
            return USAGE;
        }
    };
    // Those of its own, if it is one of the file.
    let own = [':', '.'].map(|end| format!("connections.{connection}{end}"));
    let is_own = |warning: &&Finding| own.iter().any(|own| warning.text.starts_with(own));
    print::warnings(loaded.warnings.iter().filter(is_own));
    let details = match details_of(&connection, &loaded.settings.connections) {
        Ok(details) => details,
        Err(finding) => {
            print::note(&format_args!("error[{}]: {finding}", finding.code));
            return USAGE;
        }
    };
    let body = format!(r#"{{"connectionDetails":{details}}}"#);
    let request: TestConnectionRequest = match protocol::decode(body.as_bytes()) {
        Ok(request) => request,
        Err(error) => {
            let failure = failures::decode(&error);
            print::failure(&failure);
            return exit::of(failure.id);
        }
    };
    match App::new(&loaded.settings) {
        Ok(app) => test(&app, &request),
        Err(error) => {
            print::error(&error);
            FAILED
        }
    }
}

/// The connection details that `connection` stands for, as JSON. A name that the configuration has
/// goes before a file of that name; what is neither is an unknown name.
fn details_of(connection: &str, configured: &Configured) -> Result<String, Finding> {
    let name = || {
        let name = serde_json::to_string(connection).unwrap_or_default();
        Ok(format!(r#"{{"connection":{name}}}"#))
    };
    if configured.named.get(connection).is_some() {
        return name();
    }
    let text = if connection == "-" {
        read(io::stdin().lock())
    } else if Path::new(connection).exists() {
        std::fs::File::open(connection).and_then(read)
    } else {
        return name();
    };
    let text = text.map_err(|error| details::unreadable(connection, &error))?;
    details::as_json(connection, &text)
}

fn read(source: impl io::Read) -> io::Result<String> {
    let mut text = String::new();
    source.take(LARGEST).read_to_string(&mut text)?;
    Ok(text)
}

fn test(app: &App, request: &TestConnectionRequest) -> u8 {
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            print::error(&error);
            return FAILED;
        }
    };
    let arrival = Arrival {
        request_id: "test-connection".to_owned(),
        started: Instant::now(),
        now: (app.clock)(),
        recorder: None,
        freshness: Freshness::Any,
    };
    let snapshot = app.snapshot();
    let Ladder { rungs, failure } = runtime.block_on(app.mirror.connection(
        &snapshot.connections,
        &Caller::Anyone,
        arrival,
        request,
    ));
    for rung in rungs
        .iter()
        .filter(|rung| rung.outcome != Outcome::NotReached)
    {
        print::data(&lines(rung));
    }
    match failure {
        Some(failure) => {
            print::failure(&failure);
            exit::of(failure.id)
        }
        None => DONE,
    }
}

/// A step with its time, and each of its warnings.
fn lines(rung: &Rung) -> String {
    let verdict = match rung.outcome {
        Outcome::Passed => "ok",
        Outcome::Failed => "FAIL",
        Outcome::NotNeeded | Outcome::NotReached => "-",
    };
    let step = rung.step.as_str();
    let time = rung.took.map(millis).unwrap_or_default();
    let remark = rung.remark.as_deref().unwrap_or_default();
    let line = format!("{verdict:<5} {step:<14}{time:>8}  {remark}");
    let mut lines = format!("{}\n", line.trim_end());
    for warning in &rung.warnings {
        lines += &format!("warn  {step:<14}          {warning}\n");
    }
    lines
}

fn millis(took: Duration) -> String {
    format!("{} ms", took.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Step;

    #[test]
    fn a_step_is_a_line_and_so_is_each_warning() {
        let rung = Rung {
            step: Step::Authorisation,
            outcome: Outcome::Passed,
            took: Some(Duration::from_micros(12_900)),
            remark: Some("basic_auth".to_owned()),
            warnings: vec!["a".to_owned(), "b".to_owned()],
        };
        assert_eq!(
            lines(&rung),
            "ok    authorisation    12 ms  basic_auth\n\
             warn  authorisation           a\n\
             warn  authorisation           b\n"
        );
        let tls = Rung {
            step: Step::Tls,
            outcome: Outcome::NotNeeded,
            took: None,
            remark: None,
            warnings: Vec::new(),
        };
        assert_eq!(lines(&tls), "-     TLS\n");
    }
}
