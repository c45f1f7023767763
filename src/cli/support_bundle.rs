//! `support-bundle`: what a mirror is and did, in one file for another person.

use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;

use super::asker;
use super::health;
use super::remote::Remote;
use super::{DONE, FAILED, USAGE, print};
use crate::config;
use crate::config::Flags;
use crate::config::Purpose;
use crate::config::World;
use crate::explain::bundle::{Build, Bundle, Document, VERSION};

/// Most requests in a bundle for support (experience.md, "Command line").
const REQUESTS: usize = 50;

/// What goes into a bundle for support.
#[derive(Debug, Args)]
#[expect(
    clippy::doc_markdown,
    reason = "these docs are the help, where backticks are noise"
)]
pub(super) struct SupportArguments {
    /// Configuration file in YAML [env: MIRROR_CONFIG].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The admin listener of the mirror that runs; by default the one that the settings tell.
    #[arg(long, value_name = "URL")]
    admin_url: Option<String>,
    /// The file with the console token of that mirror.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Where to write the bundle; by default it is printed.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Prints or writes a bundle; the exit code.
pub(super) fn support(arguments: &SupportArguments) -> u8 {
    made(arguments).unwrap_or_else(|code| code)
}

fn made(arguments: &SupportArguments) -> Result<u8, u8> {
    let flags = Flags {
        config: arguments.config.clone(),
        ..Flags::default()
    };
    let world = World {
        purpose: Purpose::Show,
        ..super::world()
    };
    // A mirror whose settings are wrong is what support is asked about.
    let (settings, own) = match config::load(&flags, world) {
        Ok(loaded) => {
            let own = health::reachable(loaded.settings.admin_address());
            let text = config::print::yaml(&loaded.account, true);
            (text, Some(format!("http://{own}")))
        }
        Err(error) => {
            let findings = error.findings.iter();
            let lines = findings.map(|it| format!("error[{}]: {it}\n", it.code));
            (lines.collect(), None)
        }
    };
    let url = arguments.admin_url.clone().or(own);
    let running = url.map(|url| running(&url, arguments.token_file.as_deref()));
    let (status, requests) = match running {
        Some(Ok((status, requests))) => (Some(status), Some(requests)),
        Some(Err(USAGE)) => return Err(USAGE),
        Some(Err(_)) | None => {
            print::note(&"note: the bundle has neither status nor requests");
            (None, None)
        }
    };
    let build = status.as_ref().and_then(build_of);
    let bundle = Bundle {
        bundle: VERSION,
        build: Some(build.unwrap_or_else(Build::own)),
        record: None,
        diagnosis: None,
        settings: Some(settings),
        status,
        requests,
    };
    let failed = |error: &dyn std::fmt::Display| {
        print::error(error);
        FAILED
    };
    let text = serde_json::to_string_pretty(&bundle).map_err(|error| failed(&error))?;
    match &arguments.file {
        None => print::data(&(text + "\n")),
        Some(file) => {
            std::fs::write(file, text + "\n")
                .map_err(|error| failed(&format_args!("{}: {error}", file.display())))?;
            print::note(&format_args!("written: {}", file.display()));
        }
    }
    Ok(DONE)
}

/// What a mirror tells of itself: its status, and its newest requests.
fn running(
    url: &str,
    token_file: Option<&std::path::Path>,
) -> Result<(Document, Vec<Document>), u8> {
    #[derive(Deserialize)]
    struct Listed {
        entries: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        id: String,
    }
    let remote = Remote::new(url, token_file)?;
    let status = asker::read(&remote.get(&["debug", "status"])?)?;
    let text = remote.get(&["debug", "requests"])?;
    let Listed { entries } = asker::read(&text)?;
    let mut requests = Vec::new();
    for entry in entries.iter().take(REQUESTS) {
        let text = remote.get(&["debug", "requests", &entry.id])?;
        requests.push(asker::read(&text)?);
    }
    Ok((status, requests))
}

fn build_of(status: &Document) -> Option<Build> {
    #[derive(Deserialize)]
    struct Status {
        build: Build,
    }
    let status = serde_json::from_str(status.text());
    status.ok().map(|status: Status| status.build)
}
