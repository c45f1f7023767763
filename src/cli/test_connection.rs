//! `test-connection`: the connection test step by step, on the path that `/api/connection` takes.

use std::time::Duration;

use clap::Args;

use super::connect::{self, Connect, Local};
use super::{DONE, print};
use crate::caller::Caller;
use crate::mirror::ladder::{Ladder, Outcome, Rung};
use crate::protocol::connection::TestConnectionRequest;

/// What is tested.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    connect: Connect,
}

/// Climbs the ladder and prints it; the exit code.
pub(super) fn run(arguments: &Arguments) -> u8 {
    climb(&arguments.connect).unwrap_or_else(|code| code)
}

fn climb(connect: &Connect) -> Result<u8, u8> {
    if connect.connection.is_none() {
        return Err(connect::which());
    }
    let loaded = connect.settings()?;
    let details = connect.details(&loaded)?.ok_or_else(connect::which)?;
    let body = format!(r#"{{"connectionDetails":{details}}}"#);
    let request: TestConnectionRequest = connect::decode(&body)?;
    test(&Local::new(&loaded)?, &request)
}

/// Climbs the ladder; the exit code.
pub(super) fn test(local: &Local, request: &TestConnectionRequest) -> Result<u8, u8> {
    let snapshot = local.app.snapshot();
    let Ladder { rungs, failure } = local.run(local.app.mirror.connection(
        &snapshot.connections,
        &Caller::Anyone,
        local.arrival("test-connection"),
        request,
    ))?;
    for rung in rungs
        .iter()
        .filter(|rung| rung.outcome != Outcome::NotReached)
    {
        print::data(&lines(rung));
    }
    Ok(match failure {
        Some(failure) => connect::failed(&failure),
        None => DONE,
    })
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
