//! Listeners that nobody is to come to.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::Mutex;
use std::thread;

/// Who came to which of the listeners.
#[derive(Clone, Default)]
pub(crate) struct Canaries(Arc<Mutex<Vec<(SocketAddr, SocketAddr)>>>);

impl Canaries {
    /// Listens at `address` too.
    pub(crate) fn perch(&self, address: SocketAddr) {
        let listener = TcpListener::bind(address).unwrap();
        let visits = Arc::clone(&self.0);
        thread::spawn(move || {
            for visitor in listener.incoming().map_while(Result::ok) {
                let from = visitor.peer_addr().unwrap_or(address);
                visits.lock().unwrap().push((address, from));
            }
        });
        self.sees_a_visitor(address);
    }

    /// A canary that sees nobody proves nothing.
    #[expect(
        clippy::disallowed_methods,
        reason = "the visitor is the test, not a part of the mirror"
    )]
    fn sees_a_visitor(&self, address: SocketAddr) {
        // The kernel routes to a new address of IPv6 by and by.
        let visitor = loop {
            match TcpStream::connect(address) {
                Ok(visitor) => break visitor,
                Err(error) if error.kind() == ErrorKind::NetworkUnreachable => thread::yield_now(),
                Err(error) => panic!("{address}: {error}"),
            }
        };
        let from = visitor.local_addr().unwrap();
        while self.visits().is_empty() {
            thread::yield_now();
        }
        assert_eq!(self.visits(), [(address, from)]);
        self.0.lock().unwrap().clear();
    }

    /// All visits but the trial ones.
    pub(crate) fn visits(&self) -> Vec<(SocketAddr, SocketAddr)> {
        self.0.lock().unwrap().clone()
    }
}

/// Addresses where credentials and the like are, and the mirror's own host by other names.
pub(super) const FORBIDDEN: [&str; 12] = [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "169.254.0.1",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "fd00:42::42",
    "fec0::1",
];

/// The forbidden addresses.
pub(super) fn forbidden() -> impl Iterator<Item = IpAddr> {
    FORBIDDEN.iter().map(|text| text.parse().unwrap())
}
