//! `serve`: settings, log, runtime, and then the program itself.

use tokio::runtime::Builder;

use super::{DONE, FAILED, PANICKED, USAGE, print};
use crate::config::ProcessEnvironment;
use crate::config::Source;
use crate::config::Supervisor;
use crate::logging;
use crate::serve;
use crate::serve::ServeError;
use crate::time::UnixMillis;

/// Serves with the settings of `source`, by that clock of the wall, until the process is told to
/// stop; the exit code.
pub fn run(source: Source, clock: fn() -> UnixMillis) -> u8 {
    let loaded = match source.load() {
        Ok(loaded) => loaded,
        Err(error) => {
            print::findings(&error);
            return USAGE;
        }
    };
    let settings = &loaded.settings;
    let log = match logging::start(settings.log) {
        Ok(log) => log,
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
    let served = serve::run(loaded, source, log.clone(), supervisor, clock);
    let ended = runtime.block_on(served);
    // Not by its end: a task that stands still in a file system must not keep the program.
    runtime.shutdown_background();
    if let Err(error @ (ServeError::Cut { .. } | ServeError::Panicked)) = &ended {
        // Into the log, which nobody may be reading any more.
        tracing::error!("{error}");
    }
    log.flush();
    match &ended {
        Ok(()) | Err(ServeError::Cut { .. } | ServeError::Panicked) => {}
        Err(error) => match error.code() {
            Some(code) => print::note(&format_args!("error[{code}]: {error}")),
            None => print::error(error),
        },
    }
    exit_code(&ended)
}

/// What tells a service manager how serving ended.
fn exit_code(ended: &Result<(), ServeError>) -> u8 {
    match ended {
        Ok(()) => DONE,
        Err(ServeError::Panicked) => PANICKED,
        Err(error) if error.code().is_some() => USAGE,
        Err(_) => FAILED,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::app::AppError;

    #[test]
    fn the_exit_code_tells_a_cut_request_from_a_part_that_goes_on_panicking() {
        assert_eq!(exit_code(&Ok(())), 0);
        assert_eq!(exit_code(&Err(ServeError::Cut { requests: 1 })), 1);
        assert_eq!(exit_code(&Err(ServeError::Panicked)), 70);
        assert_eq!(exit_code(&Err(ServeError::App(AppError::Key))), 2);
        let gone = io::Error::from(io::ErrorKind::NotFound);
        assert_eq!(exit_code(&Err(ServeError::Admin(gone))), 1);
    }
}
