//! From the settings to a running program, and from a signal to its end (reliability.md, "The
//! accept loop" and "Shutdown and reload").

mod accept;
mod activity;
mod admin;
mod backoff;
mod bodies;
mod connection;
mod crowd;
mod descriptors;
mod framing;
mod listen;
mod memory;
mod notify;
mod panics;
mod patient;
mod reload;
mod stages;
mod standing;
mod stream;
mod tended;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tokio_util::task::TaskTracker;

use crate::admin::Admin;
use crate::api::Api;
use crate::app::App;
use crate::app::AppError;
use crate::app::reload::Reloads;
use crate::config::Loaded;
use crate::config::Source;
use crate::config::Supervisor;
use crate::limits::Group;
use crate::logging::Running as Log;
use crate::time::UnixMillis;
use listen::listen;
use notify::Notifier;
use reload::Reloader;
use stages::Hangups;
use stages::Signals;
pub use stages::Stages;
pub use stages::Timing;
use tended::GivenUp;
use tended::tended;

/// How often the main runtime's heart beats.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Why the program cannot serve, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A port is taken, or an address is not ours (`PM-5006`).
    #[error("{address}: cannot listen: {source}; free that port or set another")]
    Listen {
        /// What was to be listened on.
        address: SocketAddr,
        /// What the kernel says.
        source: io::Error,
    },
    /// The application cannot be built.
    #[error(transparent)]
    App(#[from] AppError),
    /// Signals cannot be waited for.
    #[error("cannot wait for signals: {0}")]
    Signals(#[source] io::Error),
    /// The admin listener's thread cannot be started.
    #[error("cannot start the admin listener: {0}")]
    Admin(#[source] io::Error),
    /// The time to stop was over before the last request was.
    #[error("{requests} requests were cut off")]
    Cut {
        /// How many.
        requests: usize,
    },
    /// A task of the program went on panicking.
    #[error("a part of the program went on panicking; it has to be started anew")]
    Panicked,
}

impl ServeError {
    /// The error's id, where the catalogue of experience.md has one.
    #[must_use]
    pub const fn code(&self) -> Option<&'static str> {
        match self {
            Self::Listen { .. } => Some("PM-5006"),
            Self::App(AppError::Key) => Some("PM-5003"),
            Self::Signals(_) | Self::Admin(_) | Self::Cut { .. } | Self::Panicked => None,
        }
    }
}

/// Serves as the settings say, which are read from `source` again when they change, until a signal
/// ends it, and tells `supervisor`. `clock` is the wall's. The program's `serve` command.
///
/// # Errors
///
/// Any [`ServeError`].
pub async fn run(
    loaded: Loaded,
    source: Source,
    log: Log,
    supervisor: Supervisor,
    clock: fn() -> UnixMillis,
) -> Result<(), ServeError> {
    let signals = Signals::install().map_err(ServeError::Signals)?;
    let hangups = Hangups::install().map_err(ServeError::Signals)?;
    panics::log();
    let settings = &loaded.settings;
    let mut app = App::new(settings)?;
    app.clock = clock;
    let app = Arc::new(app);
    log.count(app.instruments.log_lines_dropped());
    reload::tell_expiry(&app, settings.tls.as_ref());
    let listener = listen(settings.mirror_address())?;
    let admin = listen(settings.admin_address())?;
    // Asked of the sockets: where 0 is set, a free port was chosen.
    let mirror_at = listener.local_addr().unwrap_or(settings.mirror_address());
    let admin_at = admin.local_addr().unwrap_or(settings.admin_address());
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(mirror = %mirror_at, admin = %admin_at, version, "listening");

    let stages = Stages::default();
    let timing = {
        let app = Arc::clone(&app);
        move || timing(&app)
    };
    let follow = stages.clone().follow_signals(signals, timing);
    let _following = AbortOnDropHandle::new(TaskTracker::new().spawn(follow));
    let reloader = Reloader::new(Arc::clone(&app), source, loaded, log.volume);
    let (reloads, requests) = Reloads::channel();
    let instruments = Arc::clone(&app.instruments);
    let reload = tended(
        "reload",
        &instruments,
        (reloader, hangups, requests),
        |(reloader, hangups, requests)| Box::pin(reloader.follow(hangups, requests)),
    );
    let notifier = Notifier::new(&supervisor);
    tokio::select! {
        served = serve_both(app, listener, admin, stages, reloads, &notifier) => served,
        Err(GivenUp) = reload => Err(ServeError::Panicked),
        // It has no end; it is here so that it lives until the last request has ended.
        () = notifier.live() => Ok(()),
    }
}

/// Serves until `shutdown` is cancelled; then without a delay for load balancers, as a person who
/// presses Ctrl-C gets it. Tests bind port 0 and stop when they like.
///
/// # Errors
///
/// As [`serve_until`].
pub async fn serve(
    app: Arc<App>,
    listener: TcpListener,
    admin: TcpListener,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    let stages = Stages::default();
    let follow = stages.clone().follow_token(shutdown, timing(&app));
    let _following = AbortOnDropHandle::new(TaskTracker::new().spawn(follow));
    serve_until(app, listener, admin, stages).await
}

/// Serves until the last of `stages`. There is no configuration to read again.
///
/// # Errors
///
/// [`ServeError::Admin`] if its thread cannot be started, [`ServeError::Cut`] if a request was cut
/// off at the end.
pub async fn serve_until(
    app: Arc<App>,
    listener: TcpListener,
    admin: TcpListener,
    stages: Stages,
) -> Result<(), ServeError> {
    let nobody = Notifier::default();
    serve_both(app, listener, admin, stages, Reloads::default(), &nobody).await
}

async fn serve_both(
    app: Arc<App>,
    listener: TcpListener,
    admin: TcpListener,
    stages: Stages,
    reloads: Reloads,
    notifier: &Notifier,
) -> Result<(), ServeError> {
    let instruments = Arc::clone(&app.instruments);
    let heart = tended("heart", &instruments, Arc::clone(&app), |app| {
        Box::pin(beat(app))
    });
    let memory = tended("memory", &instruments, Arc::clone(&app), |app| {
        Box::pin(memory::watch(app))
    });
    tokio::select! {
        served = serve_port(&app, listener, admin, &stages, reloads, notifier) => served,
        Err(GivenUp) = heart => Err(ServeError::Panicked),
        Err(GivenUp) = memory => Err(ServeError::Panicked),
    }
}

async fn serve_port(
    app: &Arc<App>,
    listener: TcpListener,
    admin: TcpListener,
    stages: &Stages,
    reloads: Reloads,
    notifier: &Notifier,
) -> Result<(), ServeError> {
    let ports = [&listener, &admin].map(|it| it.local_addr().map(|address| address.port()));
    app.errands.run_here();
    app.mirror.listens_on(ports.into_iter().flatten().collect());
    // Dropped last, so that health can be asked for until the end.
    let admin = admin::start(Admin::new(app, reloads), admin);
    let _admin = admin.map_err(ServeError::Admin)?;
    app.state.set_ready();
    notifier.ready();

    let in_memory = Group::of_this_process().map_or(usize::MAX, |group| group.connections());
    let most = descriptors::connections(descriptors::raise()).min(in_memory);
    let instruments = Some(Arc::clone(&app.instruments));
    let port = accept::Port::new(Api::new(app), stages, instruments, most)
        .secured(app.changes())
        .pressed(app.pressure.clone());
    let accepting = port.accept(listener, None);
    let mut accepting = std::pin::pin!(accepting);
    tokio::select! {
        () = &mut accepting => {}
        () = stages.draining.cancelled() => {
            app.state.set_draining();
            notifier.stopping();
            app.instruments.draining();
            tracing::info!("stopping: not ready any more");
            accepting.await;
        }
    }
    tracing::info!(
        connections = port.connections(),
        "stopping: the listener is closed"
    );
    let ended = port.ended();
    let mut ended = std::pin::pin!(ended);
    let cut = tokio::select! {
        cut = &mut ended => cut,
        () = stages.ending.cancelled() => {
            app.state.set_stopping();
            ended.await
        }
    };
    let requests = cut + app.state.left_over();
    if requests > 0 {
        return Err(ServeError::Cut { requests });
    }
    tracing::info!("stopped");
    Ok(())
}

/// How the end comes as the settings in force say.
fn timing(app: &App) -> Timing {
    let limits = &app.snapshot().limits;
    Timing {
        shutdown_delay: limits.shutdown_delay,
        drain: limits.drain,
    }
}

async fn beat(app: &App) {
    let mut ticks = tokio::time::interval(HEARTBEAT);
    loop {
        ticks.tick().await;
        app.state.beat(Instant::now());
        app.instruments
            .tasks(Handle::current().metrics().num_alive_tasks());
    }
}

#[cfg(test)]
mod tests;
