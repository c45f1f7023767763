//! The listening sockets, and what every accepted connection is set to.

use std::net::SocketAddr;
use std::time::Duration;

use socket2::Domain;
use socket2::SockRef;
use socket2::Socket;
use socket2::TcpKeepalive;
use socket2::Type;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

use super::ServeError;

/// Connections that wait to be accepted.
pub(super) const BACKLOG: i32 = 1_024;
/// After how long an idle peer is asked whether it still exists.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Listens on `address`.
pub(super) fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let bound = || {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        // A restart must not wait for connections of the predecessor to time out.
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        TcpListener::from_std(socket.into())
    };
    bound().map_err(|source| ServeError::Listen { address, source })
}

/// Sets an accepted connection up. What fails here concerns a connection that is gone, which the
/// first read will tell.
pub(super) fn set_up(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    let _ = socket.set_tcp_nodelay(true);
    let _ = socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_named_in_the_error() {
        let first = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = first.local_addr().unwrap();
        let text = listen(address).unwrap_err().to_string();
        assert!(
            text.starts_with(&format!("{address}: cannot listen: ")),
            "{text}"
        );
    }
}
