//! A connection, with or without TLS, that knows how much it has received.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::Connected;
use hyper_util::client::legacy::connect::Connection;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::egress::tls;

/// A connection to a backend.
pub struct Stream {
    socket: Socket,
    traffic: Traffic,
    veil: Veil,
}

/// What is known of a connection itself, whatever is said on it.
#[derive(Clone, Debug, Default)]
pub struct Wire {
    /// What it has received.
    pub traffic: Traffic,
    /// Whether nobody may learn why it failed.
    pub veil: Veil,
    /// Whether it ends at a proxy that is given whole requests.
    pub is_forwarding: bool,
}

/// Whether nobody may learn why a connection failed; travels with each answer and each failure of
/// it, since a TLS session can fail after it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Veil(pub bool);

enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    /// To a proxy that is given whole requests.
    Forwarding(Box<dyn Io>),
    /// Through a proxy.
    Tunnelled(Box<TlsStream<Box<dyn Io>>>),
}

/// What bytes go over, where it does not matter what it is.
pub(super) trait Io: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

/// What a connection has received; travels with each answer and each failure of that connection.
///
/// A kept connection that the backend closes just when the next call is sent fails without a byte.
/// That is a race and no sick backend, and only the connection can tell it from a fresh one that
/// fails (reliability.md, "Retries").
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    received: Arc<AtomicU64>,
    at_last_answer: Arc<AtomicU64>,
}

impl Traffic {
    /// Notes that an answer has been read to its end.
    pub fn answered(&self) {
        let received = self.received.load(Ordering::Relaxed);
        self.at_last_answer.store(received, Ordering::Relaxed);
    }

    /// Whether the connection has answered before and nothing has come since.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        let answered = self.at_last_answer.load(Ordering::Relaxed);
        answered > 0 && answered == self.received.load(Ordering::Relaxed)
    }
}

impl Stream {
    pub(super) fn plain(socket: TcpStream) -> Self {
        Self::new(Socket::Plain(socket))
    }

    pub(super) fn tls(session: TlsStream<TcpStream>) -> Self {
        Self::new(Socket::Tls(Box::new(session)))
    }

    /// A connection to a proxy that is given whole requests.
    pub(super) fn forwarding(socket: Box<dyn Io>) -> Self {
        Self::new(Socket::Forwarding(socket))
    }

    /// A session through a proxy.
    pub(super) fn tunnelled(session: TlsStream<Box<dyn Io>>) -> Self {
        Self::new(Socket::Tunnelled(Box::new(session)))
    }

    /// What is known of it.
    #[must_use]
    pub fn wire(&self) -> Wire {
        Wire {
            traffic: self.traffic.clone(),
            veil: self.veil,
            is_forwarding: matches!(self.socket, Socket::Forwarding(_)),
        }
    }

    fn is_tls(&self) -> bool {
        matches!(self.socket, Socket::Tls(_) | Socket::Tunnelled(_))
    }

    fn new(socket: Socket) -> Self {
        Self {
            socket,
            traffic: Traffic::default(),
            veil: Veil::default(),
        }
    }

    /// The same connection, of which nobody may learn why it failed.
    pub(super) fn veiled(mut self, is_veiled: bool) -> Self {
        self.veil = Veil(is_veiled);
        self
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("is_tls", &self.is_tls())
            .field("traffic", &self.traffic)
            .finish()
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        let connected = Connected::new()
            .extra(self.traffic.clone())
            .extra(self.veil);
        let is_h2 = match &self.socket {
            Socket::Plain(_) => false,
            Socket::Tls(session) => tls::is_h2(session),
            // hyper then writes the whole URL into the request, for the proxy to read.
            Socket::Forwarding(_) => return connected.proxy(true),
            Socket::Tunnelled(session) => tls::is_h2(session),
        };
        if is_h2 {
            connected.negotiated_h2()
        } else {
            connected
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = match &mut self.socket {
            Socket::Plain(socket) => Pin::new(socket).poll_read(cx, buffer),
            Socket::Tls(session) => Pin::new(session).poll_read(cx, buffer),
            Socket::Forwarding(socket) => Pin::new(socket).poll_read(cx, buffer),
            Socket::Tunnelled(session) => Pin::new(session).poll_read(cx, buffer),
        };
        let bytes = u64::try_from(buffer.filled().len() - before).unwrap_or(u64::MAX);
        self.traffic.received.fetch_add(bytes, Ordering::Relaxed);
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.socket {
            Socket::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Socket::Tls(session) => Pin::new(session).poll_write(cx, bytes),
            Socket::Forwarding(socket) => Pin::new(socket).poll_write(cx, bytes),
            Socket::Tunnelled(session) => Pin::new(session).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.socket {
            Socket::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Socket::Tls(session) => Pin::new(session).poll_flush(cx),
            Socket::Forwarding(socket) => Pin::new(socket).poll_flush(cx),
            Socket::Tunnelled(session) => Pin::new(session).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.socket {
            Socket::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Socket::Tls(session) => Pin::new(session).poll_shutdown(cx),
            Socket::Forwarding(socket) => Pin::new(socket).poll_shutdown(cx),
            Socket::Tunnelled(session) => Pin::new(session).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_stale_if_nothing_followed_its_last_answer() {
        let traffic = Traffic::default();
        assert!(!traffic.is_stale(), "never answered");
        traffic.received.store(200, Ordering::Relaxed);
        assert!(!traffic.is_stale(), "in the middle of its first answer");
        traffic.answered();
        assert!(traffic.is_stale());
        traffic.received.store(201, Ordering::Relaxed);
        assert!(!traffic.is_stale(), "its second answer has begun");
    }
}
