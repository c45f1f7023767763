//! Who answers a command: this process, or a mirror that runs (`--admin-url`). What is asked and what
//! comes back are the same.

use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::connect::{self, Connect, Local};
use super::json::Members;
use super::remote::Remote;
use super::{FAILED, exit, print};
use crate::app;
use crate::caller::Caller;
use crate::connections::Configured;
use crate::explain;
use crate::explain::Asked;
use crate::explain::diagnose::{Diagnosis, diagnose};
use crate::protocol::MirrorMethod;
use crate::protocol::kept::TAG;
use crate::protocol::metric::MetricsRequest;
use crate::time::UnixMillis;

/// The flags that choose a backend, and who asks it.
#[derive(Debug, Args)]
#[expect(
    clippy::doc_markdown,
    reason = "these docs are the help, where backticks are noise"
)]
pub(super) struct Ask {
    #[command(flatten)]
    pub(super) connect: Connect,
    /// Ask the mirror that runs with its admin listener here, for example http://127.0.0.1:9901: its
    /// view of the network, its connections.
    #[arg(long, value_name = "URL")]
    pub(super) admin_url: Option<String>,
    /// The file with the console token of that mirror.
    #[arg(long, value_name = "FILE", requires = "admin_url")]
    pub(super) token_file: Option<PathBuf>,
}

/// Who answers.
#[derive(Debug)]
pub(super) enum Asker {
    /// This process.
    Here(Box<Local>),
    /// A mirror that runs.
    There(Remote),
}

impl Ask {
    /// Who answers, and the connection details as JSON, if a connection is named.
    ///
    /// # Errors
    ///
    /// The exit code; what is wrong was printed.
    pub(super) fn open(&self) -> Result<(Asker, Option<String>), u8> {
        if let Some(url) = &self.admin_url {
            let remote = Remote::new(url, self.token_file.as_deref())?;
            // Which names there are is known there, not here.
            let details = self.connect.details_among(&Configured::default())?;
            return Ok((Asker::There(remote), details));
        }
        let loaded = self.connect.settings()?;
        let details = self.connect.details(&loaded)?;
        let local = Local::new(&loaded)?;
        Ok((Asker::Here(Box::new(local)), details))
    }
}

/// What is read of a record to have its answer.
#[derive(Deserialize)]
struct Recorded<'a> {
    outcome: Outcome,
    #[serde(borrow)]
    answer: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Outcome {
    error: Option<Told>,
}

#[derive(Deserialize)]
struct Told {
    id: String,
    details: String,
}

impl Asker {
    /// The time that `now` stands for.
    pub(super) fn now(&self) -> UnixMillis {
        match self {
            Self::Here(local) => (local.app.clock)(),
            Self::There(_) => app::wall_clock(),
        }
    }

    /// The answer of the Mirror API to `body`, as the command `name`.
    ///
    /// # Errors
    ///
    /// The exit code; the failure was printed.
    pub(super) fn answer(
        &self,
        name: &str,
        method: MirrorMethod,
        body: &str,
    ) -> Result<String, u8> {
        let local = match self {
            Self::Here(local) => local,
            Self::There(_) => return answer_of(&self.explain(name, method, body, false)?),
        };
        let snapshot = local.app.snapshot();
        let (mirror, configured) = (&local.app.mirror, &snapshot.connections);
        let (anyone, arrival) = (&Caller::Anyone, local.arrival(name));
        match method {
            MirrorMethod::FieldNames => {
                let request = connect::decode(body)?;
                let asked = mirror.field_names(configured, anyone, arrival, &request);
                json(&local.run(asked)?.map_err(|it| connect::failed(&it))?)
            }
            MirrorMethod::FieldValues => {
                let request = connect::decode(body)?;
                let asked = mirror.field_values(configured, anyone, arrival, &request);
                json(&local.run(asked)?.map_err(|it| connect::failed(&it))?)
            }
            MirrorMethod::Metric | MirrorMethod::Connection => {
                let request: MetricsRequest = connect::decode(body)?;
                let asked = mirror.metric(configured, anyone, arrival, &request);
                let answer = local.run(asked)?.map_err(|it| connect::failed(&it))?;
                let body = &answer.finished.telemetry.body;
                Ok(String::from_utf8_lossy(body).into_owned())
            }
        }
    }

    /// The record of `body`, a request of `method`, as JSON.
    ///
    /// # Errors
    ///
    /// The exit code; why there is none was printed. A request that fails has a record.
    pub(super) fn explain(
        &self,
        name: &str,
        method: MirrorMethod,
        body: &str,
        is_dry: bool,
    ) -> Result<String, u8> {
        let body = tagged(body, method);
        let local = match self {
            Self::Here(local) => local,
            Self::There(remote) => {
                let body = format!(r#"{{"request":{body},"dry_run":{is_dry}}}"#);
                return remote.post(&["debug", "explain"], body);
            }
        };
        let asked = match Asked::read(body.as_bytes()) {
            Ok(asked) => asked,
            Err(failure) => return json(&explain::refused(failure)),
        };
        let snapshot = local.app.snapshot();
        let (mirror, configured) = (&local.app.mirror, &snapshot.connections);
        let arrival = local.arrival(name);
        let asked = explain::explain(mirror, configured, &Caller::Anyone, arrival, &asked, is_dry);
        json(&local.run(asked)?)
    }

    /// Why the answer to `body` is empty, or too many.
    ///
    /// # Errors
    ///
    /// The exit code; why there is no diagnosis was printed.
    pub(super) fn diagnose(&self, body: &str) -> Result<Diagnosis, u8> {
        let local = match self {
            Self::Here(local) => local,
            Self::There(remote) => {
                let body = tagged(body, MirrorMethod::Metric);
                let body = format!(r#"{{"request":{body}}}"#);
                let text = remote.post(&["debug", "diagnose"], body)?;
                return read(&text);
            }
        };
        let request: MetricsRequest = connect::decode(body)?;
        let snapshot = local.app.snapshot();
        let (mirror, configured) = (&local.app.mirror, &snapshot.connections);
        let arrival = local.arrival("diagnose");
        let asked = diagnose(mirror, configured, &Caller::Anyone, arrival, &request);
        local
            .run(asked)?
            .map_err(|failure| connect::failed(&failure))
    }
}

/// The request with its `_type`, by which it is told what it is.
fn tagged(body: &str, method: MirrorMethod) -> String {
    match Members::of(body) {
        Some(mut members) if members.0.iter().all(|(name, _)| name != TAG) => {
            members.set(TAG, &format!("{:?}", method.request()));
            members.text()
        }
        _ => body.to_owned(),
    }
}

/// The answer that a record holds.
fn answer_of(record: &str) -> Result<String, u8> {
    let Recorded { outcome, answer } = read(record)?;
    if let Some(Told { id, details }) = outcome.error {
        print::told(&id, &details);
        return Err(exit::of_code(&id));
    }
    Ok(answer.map_or("null", RawValue::get).to_owned())
}

/// What a mirror sent, which may be of another version.
///
/// # Errors
///
/// The exit code; what is wrong was printed.
pub(super) fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, u8> {
    serde_json::from_str(text).map_err(|error| {
        print::error(&format_args!("the answer cannot be read: {error}"));
        FAILED
    })
}

fn json(value: &impl Serialize) -> Result<String, u8> {
    serde_json::to_string(value).map_err(|error| {
        print::error(&error);
        FAILED
    })
}
