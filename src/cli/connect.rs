//! Which backend a command asks, and with which settings: what `--connection` and `--config` mean.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use tokio::runtime::{Builder, Runtime};

use super::{FAILED, INTERRUPTED, USAGE, exit, print};
use crate::app::App;
use crate::config;
use crate::config::Finding;
use crate::config::Flags;
use crate::config::Loaded;
use crate::config::Purpose;
use crate::config::World;
use crate::config::details;
use crate::connections::Configured;
use crate::failures;
use crate::failures::Failure;
use crate::protocol;
use crate::record::Arrival;
use crate::record::Freshness;

/// Most of a file that is read, in bytes: what a request may have.
const LARGEST: u64 = crate::limits::REQUEST_BODY as u64;

/// The flags that choose a backend.
#[derive(Debug, Args)]
#[expect(
    clippy::doc_markdown,
    reason = "these docs are the help, where backticks are noise"
)]
pub(super) struct Connect {
    /// Connection details as JSON or YAML (- for standard input), or a connection of the
    /// configuration file.
    #[arg(short, long, value_name = "FILE|NAME")]
    pub(super) connection: Option<String>,
    /// Configuration file in YAML [env: MIRROR_CONFIG].
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

impl Connect {
    /// The settings of the configuration file, with a word about each warning of the connection.
    ///
    /// # Errors
    ///
    /// The exit code; what is wrong was printed.
    pub(super) fn settings(&self) -> Result<Loaded, u8> {
        let world = World {
            purpose: Purpose::Show,
            ..super::world()
        };
        let flags = Flags {
            config: self.config.clone(),
            ..Flags::default()
        };
        let loaded = config::load(&flags, world).map_err(|error| {
            print::findings(&error);
            USAGE
        })?;
        if let Some(connection) = &self.connection {
            // Those of its own, if it is one of the file.
            let own = [':', '.'].map(|end| format!("connections.{connection}{end}"));
            let is_own = |warning: &&Finding| own.iter().any(|own| warning.text.starts_with(own));
            print::warnings(loaded.warnings.iter().filter(is_own));
        }
        Ok(loaded)
    }

    /// The connection details as JSON, if a connection is named.
    ///
    /// # Errors
    ///
    /// The exit code; what is wrong was printed.
    pub(super) fn details(&self, loaded: &Loaded) -> Result<Option<String>, u8> {
        self.details_among(&loaded.settings.connections)
    }

    /// The same, where these are the connections that have a name.
    ///
    /// # Errors
    ///
    /// As [`Self::details`].
    pub(super) fn details_among(&self, configured: &Configured) -> Result<Option<String>, u8> {
        let Some(connection) = &self.connection else {
            return Ok(None);
        };
        let details = details_of(connection, configured);
        details.map(Some).map_err(|finding| {
            print::note(&format_args!("error[{}]: {finding}", finding.code));
            USAGE
        })
    }
}

/// Says that a command cannot do without a connection; the exit code.
pub(super) fn which() -> u8 {
    print::error(&"which connection? give --connection FILE|NAME");
    USAGE
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
    let text = if connection == "-" || Path::new(connection).exists() {
        file(connection)
    } else {
        return name();
    };
    let text = text.map_err(|error| details::unreadable(connection, &error))?;
    details::as_json(connection, &text)
}

/// The text of the file `name`, or of standard input for `-`.
///
/// # Errors
///
/// As reading says.
pub(super) fn file(name: &str) -> io::Result<String> {
    if name == "-" {
        return read(io::stdin().lock());
    }
    std::fs::File::open(name).and_then(read)
}

/// The same of a file that may be larger than a request: a bundle.
///
/// # Errors
///
/// As reading says.
pub(super) fn whole_file(name: &str) -> io::Result<String> {
    let mut text = String::new();
    if name == "-" {
        io::stdin().lock().read_to_string(&mut text)?;
    } else {
        std::fs::File::open(name)?.read_to_string(&mut text)?;
    }
    Ok(text)
}

fn read(source: impl io::Read) -> io::Result<String> {
    let mut text = String::new();
    source.take(LARGEST).read_to_string(&mut text)?;
    Ok(text)
}

/// The application in this process, and where its work runs.
#[derive(Debug)]
pub(super) struct Local {
    pub(super) app: App,
    runtime: Runtime,
}

impl Local {
    /// The application that the settings describe.
    ///
    /// # Errors
    ///
    /// The exit code; what is wrong was printed.
    pub(super) fn new(loaded: &Loaded) -> Result<Self, u8> {
        let failed = |error: &dyn std::fmt::Display| {
            print::error(error);
            FAILED
        };
        let app = App::new(&loaded.settings).map_err(|error| failed(&error))?;
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| failed(&error))?;
        Ok(Self { app, runtime })
    }

    /// How a request of the command `name` arrives: now.
    pub(super) fn arrival(&self, name: &str) -> Arrival {
        Arrival {
            request_id: name.to_owned(),
            started: Instant::now(),
            now: (self.app.clock)(),
            recorder: None,
            freshness: Freshness::Any,
        }
    }

    /// What `work` gives, unless the person at the terminal has enough of it.
    ///
    /// # Errors
    ///
    /// [`INTERRUPTED`].
    pub(super) fn run<T>(&self, work: impl Future<Output = T>) -> Result<T, u8> {
        self.runtime.block_on(async {
            tokio::select! {
                done = work => Ok(done),
                Ok(()) = tokio::signal::ctrl_c() => Err(INTERRUPTED),
            }
        })
    }
}

/// The request that a body holds.
///
/// # Errors
///
/// The exit code; what is wrong was printed.
pub(super) fn decode<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, u8> {
    protocol::decode(body.as_bytes()).map_err(|error| failed(&failures::decode(&error)))
}

/// Prints a failure; its exit code.
pub(super) fn failed(failure: &Failure) -> u8 {
    print::failure(failure);
    exit::of(failure.id)
}
