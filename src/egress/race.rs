//! Which of several addresses is connected to: they are tried in order, the next one without
//! waiting for the one before to give up, and the first connection wins.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpSocket;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio::time::timeout;

use crate::egress::dial::DialError;
use crate::egress::dial::Timers;

/// To how many of them at most: whoever answers for a name could have us knock at any number of doors.
const MOST: usize = 8;

/// Connects to the first of `addresses` that takes the connection, and says which one it is.
///
/// # Errors
///
/// [`DialError::Connect`] with the reason of the last address that failed.
pub(super) async fn connect(
    addresses: Vec<SocketAddr>,
    timers: &Timers,
) -> Result<(TcpStream, SocketAddr), DialError> {
    timeout(timers.connect, race(addresses, timers))
        .await
        .unwrap_or_else(|_| Err(refused("timed out")))
}

async fn race(
    addresses: Vec<SocketAddr>,
    timers: &Timers,
) -> Result<(TcpStream, SocketAddr), DialError> {
    let mut waiting = addresses.into_iter().take(MOST);
    // Dropping the set ends the attempts that lost.
    let mut attempts = JoinSet::new();
    let mut reason = "it has no address".to_owned();
    loop {
        if let Some(address) = waiting.next() {
            attempts.spawn(timeout(timers.address, one(address)));
        }
        tokio::select! {
            attempt = attempts.join_next() => match attempt {
                Some(Ok(Ok(Ok(connected)))) => return Ok(connected),
                Some(Ok(Ok(Err(error)))) => reason = worded(&error),
                Some(Ok(Err(_)) | Err(_)) => "timed out".clone_into(&mut reason),
                None => return Err(refused(&reason)),
            },
            () = sleep(timers.next), if waiting.len() > 0 => {}
        }
    }
}

async fn one(address: SocketAddr) -> io::Result<(TcpStream, SocketAddr)> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // A call is one small write and one answer: nothing is gained by waiting for more to send.
    socket.set_nodelay(true)?;
    Ok((socket.connect(address).await?, address))
}

fn refused(reason: &str) -> DialError {
    DialError::Connect {
        reason: reason.to_owned(),
    }
}

fn worded(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::TimedOut => "timed out".to_owned(),
        io::ErrorKind::HostUnreachable => "no route to the host".to_owned(),
        io::ErrorKind::NetworkUnreachable => "no route to the network".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::TcpListener;

    use super::*;

    async fn closed_port() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    }

    #[tokio::test]
    async fn an_address_that_refuses_gives_way_to_the_next() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = listener.local_addr().unwrap();
        let addresses = vec![closed_port().await, open];
        let (stream, dialled) = connect(addresses, &Timers::default()).await.unwrap();
        assert_eq!((stream.peer_addr().unwrap(), dialled), (open, open));
    }

    #[tokio::test]
    async fn all_refused_is_refused() {
        let addresses = vec![closed_port().await, closed_port().await];
        let error = connect(addresses, &Timers::default()).await.unwrap_err();
        assert_eq!(error, refused("connection refused"));
    }

    #[tokio::test]
    async fn of_many_addresses_a_few_are_dialled() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut addresses = Vec::new();
        for _ in 0..MOST {
            addresses.push(closed_port().await);
        }
        addresses.push(listener.local_addr().unwrap());
        let error = connect(addresses.clone(), &Timers::default()).await;
        assert_eq!(error.unwrap_err(), refused("connection refused"));
        addresses.remove(0);
        assert!(connect(addresses, &Timers::default()).await.is_ok());
    }

    #[tokio::test]
    async fn an_address_that_swallows_packets_is_passed_by_and_timed_out() {
        let hole = hole().await;
        let timers = Timers {
            address: Duration::from_millis(50),
            ..Timers::default()
        };
        let error = connect(vec![hole.address], &timers).await.unwrap_err();
        assert_eq!(error, refused("timed out"));

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = listener.local_addr().unwrap();
        let timers = Timers {
            address: Duration::from_secs(60),
            next: Duration::from_millis(10),
            ..Timers::default()
        };
        let (stream, dialled) = connect(vec![hole.address, open], &timers).await.unwrap();
        assert_eq!((stream.peer_addr().unwrap(), dialled), (open, open));
    }

    /// A listener whose backlog is full: further connections get no answer.
    struct Hole {
        address: SocketAddr,
        _listener: TcpListener,
        _crowd: Vec<TcpStream>,
    }

    async fn hole() -> Hole {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut crowd = Vec::new();
        while let Ok(Ok((stream, _))) = timeout(Duration::from_millis(100), one(address)).await {
            crowd.push(stream);
        }
        Hole {
            address,
            _listener: listener,
            _crowd: crowd,
        }
    }
}
