//! `serve`: settings, log, runtime, and then the program itself.

use tokio::runtime::Builder;

use super::{DONE, FAILED, USAGE, print};
use crate::config::Flags;
use crate::config::ProcessEnvironment;
use crate::config::Source;
use crate::config::Supervisor;
use crate::logging;
use crate::serve;

/// Serves until the process is told to stop; the exit code.
pub(super) fn run(flags: Flags) -> u8 {
    let source = Source::new(flags, super::world());
    let loaded = match source.load() {
        Ok(loaded) => loaded,
        Err(error) => {
            print::findings(&error);
            return USAGE;
        }
    };
    let settings = &loaded.settings;
    let volume = match logging::start(settings.log) {
        Ok(volume) => volume,
        Err(error) => {
            print::error(&error);
            return FAILED;
        }
    };
    for warning in &loaded.warnings {
        tracing::warn!(code = %warning.code, "{warning}");
    }
    if loaded.is_key_random {
        // Not in the log: it is a secret, shown once to whoever started the program.
        let key = settings.api_key.expose();
        print::note(&format_args!(
            "API key of this run (set API_KEY to have one that stays): {key}"
        ));
    }
    let runtime = Builder::new_multi_thread()
        .worker_threads(settings.workers)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            print::error(&format_args!(
                "the worker threads cannot be started: {error}"
            ));
            return FAILED;
        }
    };
    let supervisor = Supervisor::of(&ProcessEnvironment, std::process::id());
    match runtime.block_on(serve::run(loaded, source, volume, supervisor)) {
        Ok(()) => DONE,
        Err(error) => match error.code() {
            Some(code) => {
                print::note(&format_args!("error[{code}]: {error}"));
                USAGE
            }
            None => {
                print::error(&error);
                FAILED
            }
        },
    }
}
