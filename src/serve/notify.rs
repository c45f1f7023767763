//! What the service manager hears (`sd_notify(3)`): that we are ready, that we stop, and in between
//! that we live. It starts what depends on us, and restarts us when we are stuck.
//!
//! A few datagrams, so no crate. That one is lost or refused changes nothing for callers, and so it
//! is logged and never an error.

use std::future::pending;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio::time::interval;

use crate::config::Supervisor;

/// Both listeners are bound.
const READY: &str = "READY=1";
/// The first stage of stopping has begun.
const STOPPING: &str = "STOPPING=1";
/// The main runtime still turns.
const ALIVE: &str = "WATCHDOG=1";

/// The way to the service manager.
#[derive(Debug, Default)]
pub(super) struct Notifier {
    socket: Option<UnixDatagram>,
    watchdog: Option<Duration>,
}

impl Notifier {
    /// The way to `supervisor`.
    pub(super) fn new(supervisor: &Supervisor) -> Self {
        let socket = supervisor.socket.as_deref().and_then(|name| {
            connect(name)
                .inspect_err(|error| {
                    tracing::warn!(%error, "the service manager's socket cannot be used");
                })
                .ok()
        });
        Self {
            socket,
            watchdog: supervisor.watchdog,
        }
    }

    /// We answer from here on.
    pub(super) fn ready(&self) {
        self.say(READY);
    }

    /// We begin to stop.
    pub(super) fn stopping(&self) {
        self.say(STOPPING);
    }

    /// Says that we live, twice as often as is asked, for as long as this is polled: on the main
    /// runtime, so that a stuck one falls silent.
    pub(super) async fn live(&self) {
        let (Some(_), Some(watchdog)) = (&self.socket, self.watchdog) else {
            return pending().await;
        };
        let mut ticks = interval(watchdog / 2);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.say(ALIVE);
        }
    }

    fn say(&self, state: &str) {
        let Some(socket) = &self.socket else { return };
        if let Err(error) = socket.send(state.as_bytes()) {
            tracing::warn!(%error, state, "the service manager could not be told");
        }
    }
}

/// A socket that never blocks: a manager that does not read must not stop us.
fn connect(name: &str) -> io::Result<UnixDatagram> {
    let address = match name.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(name)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(&address)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A service manager at `name`, and our way to it.
    fn manager(address: &SocketAddr, name: String) -> (UnixDatagram, Notifier) {
        let manager = UnixDatagram::bind_addr(address).unwrap();
        manager.set_nonblocking(true).unwrap();
        let supervisor = Supervisor {
            socket: Some(name),
            watchdog: Some(Duration::from_secs(30)),
        };
        (manager, Notifier::new(&supervisor))
    }

    /// What `manager` has been told and not read yet.
    fn heard(manager: &UnixDatagram) -> Vec<String> {
        let mut told = Vec::new();
        let mut buffer = [0; 64];
        while let Ok(length) = manager.recv(&mut buffer) {
            told.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
        }
        told
    }

    #[track_caller]
    fn check(address: &SocketAddr, name: String) {
        let (manager, notifier) = manager(address, name);
        notifier.ready();
        notifier.stopping();
        assert_eq!(heard(&manager), [READY, STOPPING]);
    }

    #[test]
    fn a_manager_at_a_path_or_at_an_abstract_name_hears_of_start_and_stop() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let name = path.to_str().unwrap().to_owned();
        check(&SocketAddr::from_pathname(&path).unwrap(), name);
        let name = format!("mirror-notify-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        check(&address, format!("@{name}"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_watchdog_hears_twice_within_its_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let address = SocketAddr::from_pathname(&path).unwrap();
        let (manager, notifier) = manager(&address, path.to_str().unwrap().to_owned());
        let minute = tokio::time::sleep(Duration::from_secs(60));
        tokio::select! {
            biased;
            () = notifier.live() => {}
            () = minute => {}
        }
        assert_eq!(heard(&manager), [ALIVE; 5], "at 0, 15, 30, 45 and 60 s");
    }

    #[tokio::test(start_paused = true)]
    async fn a_manager_that_is_gone_stops_nobody() {
        let supervisor = Supervisor {
            socket: Some("/nonexistent/notify".to_owned()),
            watchdog: Some(Duration::from_secs(1)),
        };
        let notifier = Notifier::new(&supervisor);
        notifier.ready();
        let minute = tokio::time::sleep(Duration::from_secs(60));
        tokio::select! {
            () = notifier.live() => panic!("it ends never"),
            () = minute => {}
        }
    }
}
