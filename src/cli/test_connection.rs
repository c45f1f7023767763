//! `test-connection`: the connection test step by step, on the path that `/api/connection` takes.

use clap::Args;
use serde::Deserialize;

use super::asker::{self, Ask, Asker};
use super::connect::{self, Local};
use super::show::harmless;
use super::{DONE, FAILED, exit, print};
use crate::caller::Caller;
use crate::mirror::ladder::{Ladder, Outcome, Rung};
use crate::protocol::connection::TestConnectionRequest;

/// What is tested, and who tests it.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    ask: Ask,
}

/// A test that a mirror made, step by step.
#[derive(Deserialize)]
struct Tested {
    ok: bool,
    steps: Vec<Step>,
    error: Option<Told>,
}

#[derive(Deserialize)]
struct Step {
    step: String,
    ok: bool,
    ms: Option<f64>,
    text: String,
    #[serde(default)]
    warnings: Vec<String>,
}

#[derive(Deserialize)]
struct Told {
    id: String,
    details: String,
}

/// Climbs the ladder and prints it; the exit code.
pub(super) fn run(arguments: &Arguments) -> u8 {
    climb(&arguments.ask).unwrap_or_else(|code| code)
}

fn climb(ask: &Ask) -> Result<u8, u8> {
    if ask.connect.connection.is_none() {
        return Err(connect::which());
    }
    let (asker, details) = ask.open()?;
    let details = details.ok_or_else(connect::which)?;
    let body = format!(r#"{{"connectionDetails":{details}}}"#);
    let remote = match asker {
        Asker::Here(local) => {
            let request: TestConnectionRequest = connect::decode(&body)?;
            return test(&local, &request);
        }
        Asker::There(remote) => remote,
    };
    let body = format!(r#"{{"request":{body}}}"#);
    let text = remote.post(&["debug", "connection"], body)?;
    let Tested { ok, steps, error } = asker::read(&text)?;
    for step in &steps {
        print::data(&told(step));
    }
    Ok(match error {
        Some(Told { id, details }) => {
            print::told(&id, &details);
            exit::of_code(&id)
        }
        None if ok => DONE,
        None => FAILED,
    })
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

/// A step of a test that another mirror made.
fn told(step: &Step) -> String {
    let (verdict, text) = match (step.ok, step.text.as_str()) {
        (true, "not needed") => ("-", ""),
        (true, text) => ("ok", text),
        (false, text) => ("FAIL", text),
    };
    written(
        verdict,
        &step.step,
        step.ms,
        &harmless(text),
        &step.warnings,
    )
}

/// A step with its time, and each of its warnings.
fn lines(rung: &Rung) -> String {
    let verdict = match rung.outcome {
        Outcome::Passed => "ok",
        Outcome::Failed => "FAIL",
        Outcome::NotNeeded | Outcome::NotReached => "-",
    };
    let millis = rung.took.map(|took| took.as_secs_f64() * 1_000.0);
    let remark = rung.remark.as_deref().unwrap_or_default();
    written(verdict, rung.step.as_str(), millis, remark, &rung.warnings)
}

fn written(
    verdict: &str,
    step: &str,
    millis: Option<f64>,
    remark: &str,
    warnings: &[String],
) -> String {
    let time = millis.map(|millis| format!("{:.0} ms", millis.floor()));
    let time = time.unwrap_or_default();
    let line = format!("{verdict:<5} {step:<14}{time:>8}  {remark}");
    let mut lines = format!("{}\n", line.trim_end());
    for warning in warnings {
        lines += &format!("warn  {step:<14}          {}\n", harmless(warning));
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
