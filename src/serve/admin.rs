//! The admin listener's thread. It has a runtime of its own, so that health answers even when the
//! main one is stuck.

use std::io;
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::accept::Port;
use super::descriptors::Reserve;
use super::stages::Stages;
use crate::admin::Admin;

/// Most connections at a time: probes, a scraper and a few browsers.
const MOST: usize = 64;

/// The running thread; dropped, it ends.
#[derive(Debug)]
pub(super) struct Running {
    end: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

/// Starts to serve `service` on `listener`.
pub(super) fn start(service: Admin, listener: TcpListener) -> io::Result<Running> {
    let listener = listener.into_std()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let end = CancellationToken::new();
    // One stage: whoever reads `/-/ready` reads it to the end.
    let stages = Stages {
        draining: end.clone(),
        closing: end.clone(),
        ending: end.clone(),
        cutting: end.clone(),
    };
    let serve = async move {
        match TcpListener::from_std(listener) {
            Ok(listener) => {
                let port = Port::new(service, &stages, None, MOST);
                port.accept(listener, Some(Reserve::default())).await;
                port.ended().await;
            }
            Err(error) => tracing::error!(%error, "the admin listener does not serve"),
        }
    };
    let thread = std::thread::Builder::new()
        .name("admin".to_owned())
        .spawn(move || runtime.block_on(serve))?;
    Ok(Running {
        end,
        thread: Some(thread),
    })
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end.cancel();
        // It only answers from memory, so this is at once.
        if let Some(Err(_panic)) = self.thread.take().map(JoinHandle::join) {
            tracing::error!("the admin listener's thread panicked");
        }
    }
}
