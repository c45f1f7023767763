//! The log: one line an event on stderr, as JSON or for the eye, nothing in it that could pass for
//! another line.
//!
//! Events inside of a request carry its id, since `api` opens a span for it.

mod escape;
mod queue;

use std::io;
use std::time::Duration;

use tracing::Level;
use tracing::Subscriber;
use tracing::subscriber::SetGlobalDefaultError;
use tracing_subscriber::Layer as _;
use tracing_subscriber::Registry;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::reload;

use crate::config::Log;
use crate::config::LogFormat;
use crate::config::LogLevel;
use crate::instruments::LinesDropped;
use escape::Escaped;
use queue::Queue;

/// How long the last lines may take to be written when the program ends: it must end even if
/// nobody reads them.
const LAST_LINES: Duration = Duration::from_millis(200);

/// Changes the level of the log while it is written.
#[derive(Clone, Debug)]
pub struct Volume(reload::Handle<Targets, Registry>);

/// The log of this process: what changes it, and what is still to be written.
#[derive(Clone, Debug)]
pub struct Running {
    /// Its level.
    pub volume: Volume,
    queue: Queue,
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// It has been started before.
    #[error(transparent)]
    Twice(#[from] SetGlobalDefaultError),
    /// The thread that writes it cannot be started.
    #[error("the thread of the log cannot be started: {0}")]
    Thread(#[source] io::Error),
}

impl Running {
    /// From now on dropped lines are counted there.
    pub fn count(&self, counter: LinesDropped) {
        self.queue.count(counter);
    }

    /// Waits until what was logged is written, if somebody reads it soon.
    pub fn flush(&self) {
        self.queue.flush(LAST_LINES);
    }
}

impl Volume {
    /// From now on events from `level` on are logged.
    pub fn set(&self, level: LogLevel) {
        // It fails only once there is no log any more.
        let _ = self.0.reload(targets(level));
    }
}

/// Starts the log of this process, which can be done once.
///
/// # Errors
///
/// Any [`LogError`].
pub fn start(log: Log) -> Result<Running, LogError> {
    let queue = Queue::start(io::stderr()).map_err(LogError::Thread)?;
    let (subscriber, volume) = subscriber(log, queue.clone());
    tracing::subscriber::set_global_default(subscriber)?;
    Ok(Running { volume, queue })
}

fn targets(level: LogLevel) -> Targets {
    let level = LevelFilter::from_level(match level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Trace => Level::TRACE,
    });
    // What libraries say below a warning can hold what they carry: headers and bodies.
    Targets::new()
        .with_target(env!("CARGO_CRATE_NAME"), level)
        .with_default(level.min(LevelFilter::WARN))
}

fn subscriber<W>(log: Log, writer: W) -> (impl Subscriber + Send + Sync, Volume)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let (filter, handle) = reload::Layer::new(targets(log.level));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(Escaped::new(writer))
        .with_ansi(false);
    let lines = match log.format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .boxed(),
    };
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(filter));
    (subscriber, Volume(handle))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines that `events` write.
    fn logged(format: LogFormat, level: LogLevel, events: impl FnOnce()) -> Vec<String> {
        let lines = Lines::default();
        let writer = lines.clone();
        let (subscriber, _volume) = subscriber(Log { format, level }, move || writer.clone());
        tracing::subscriber::with_default(subscriber, events);
        let bytes = lines.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn an_event_is_one_line_whatever_it_says() {
        for format in [LogFormat::Json, LogFormat::Text] {
            let lines = logged(format, LogLevel::Info, || {
                let text = "a\r\nb\u{1b}[31m\u{85}\u{202e}";
                tracing::info!(host = text, "{text}");
            });
            assert_eq!(lines.len(), 1, "{lines:?}");
            let is_harmless = |c: char| !c.is_control() && c != '\u{202e}';
            assert!(lines[0].chars().all(is_harmless), "{lines:?}");
        }
    }

    #[test]
    fn an_event_of_a_request_carries_its_id() {
        #[derive(serde::Deserialize)]
        struct Line {
            span: Span,
            code: String,
        }
        #[derive(serde::Deserialize)]
        struct Span {
            id: String,
        }
        let lines = logged(LogFormat::Json, LogLevel::Info, || {
            tracing::info_span!("request", id = "r1").in_scope(|| tracing::warn!(code = "PM-3002"));
        });
        let line: Line = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(
            (line.span.id.as_str(), line.code.as_str()),
            ("r1", "PM-3002")
        );
    }

    #[test]
    fn the_level_holds_for_us_and_libraries_say_warnings_at_most() {
        let events = || {
            tracing::debug!("ours");
            tracing::trace!("ours");
            tracing::info!(target: "hyper", "theirs");
            tracing::warn!(target: "hyper", "theirs");
        };
        let count = |level| logged(LogFormat::Text, level, events).len();
        assert_eq!(count(LogLevel::Error), 0);
        assert_eq!(count(LogLevel::Info), 1);
        assert_eq!(count(LogLevel::Debug), 2);
        assert_eq!(count(LogLevel::Trace), 3);
    }
}
