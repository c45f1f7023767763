//! Listeners of our own where none should be needed: one that counts who comes, and one that
//! takes a connection and says nothing.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A place that nobody may come to.
pub(crate) struct Trap {
    pub(crate) url: String,
    pub(crate) port: u16,
    visits: Arc<AtomicUsize>,
}

impl Trap {
    /// Takes connections and never answers. Its thread ends with the tests.
    pub(crate) fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let visits = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&visits);
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for visitor in listener.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
                held.push(visitor);
            }
        });
        Self {
            url: format!("http://127.0.0.1:{port}"),
            port,
            visits,
        }
    }

    /// How many came.
    pub(crate) fn visits(&self) -> usize {
        self.visits.load(Ordering::SeqCst)
    }
}
