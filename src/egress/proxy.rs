//! A proxy that dials for us (connections.md, "Self-hosted backends"): a tunnel for https, the
//! request itself for http.

use std::fmt;
use std::time::Duration;

use http::HeaderValue;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use crate::egress::dial::DialError;
use crate::egress::tls::Tls;
use crate::network::Bounds;

/// Largest head of an answer to CONNECT, in bytes.
const HEAD: usize = 16 << 10;

/// A proxy.
#[derive(Clone)]
pub struct Proxy {
    /// Its name or address, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Which addresses it may have.
    pub bounds: Bounds,
    /// How TLS is spoken with the proxy itself; absent: not at all.
    pub tls: Option<Tls>,
    /// The value of `Proxy-Authorization`.
    pub authorization: Option<HeaderValue>,
}

impl Proxy {
    /// Asks on `socket`, a connection to this proxy, for a tunnel to `host:port`.
    ///
    /// # Errors
    ///
    /// [`DialError::Proxy`] if there is none within `limit`.
    pub(super) async fn tunnel<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        socket: &mut S,
        host_port: &str,
        limit: Duration,
    ) -> Result<(), DialError> {
        match timeout(limit, self.connect(socket, host_port)).await {
            Ok(Ok(head)) => judge(&head),
            Ok(Err(error)) => Err(refused(&error.kind().to_string(), true)),
            Err(_) => Err(refused("it did not answer", true)),
        }
    }

    async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        socket: &mut S,
        host_port: &str,
    ) -> std::io::Result<Vec<u8>> {
        let mut head =
            format!("CONNECT {host_port} HTTP/1.1\r\nHost: {host_port}\r\n").into_bytes();
        if let Some(value) = &self.authorization {
            head.extend(b"Proxy-Authorization: ");
            head.extend(value.as_bytes());
            head.extend(b"\r\n");
        }
        head.extend(b"\r\n");
        socket.write_all(&head).await?;
        socket.flush().await?;
        let mut answer = Vec::new();
        // Not a byte more than the head: what follows is the other side's.
        while !answer.ends_with(b"\r\n\r\n") && answer.len() < HEAD {
            answer.push(socket.read_u8().await?);
        }
        Ok(answer)
    }
}

/// Whether the proxy agreed; its own words are not repeated.
fn judge(head: &[u8]) -> Result<(), DialError> {
    let text = String::from_utf8_lossy(head);
    let mut words = text.split_ascii_whitespace();
    let is_http = words.next().is_some_and(|word| word.starts_with("HTTP/1."));
    let status: Option<u16> = words.next().and_then(|word| word.parse().ok());
    match status.filter(|_| is_http && head.ends_with(b"\r\n\r\n")) {
        Some(200..=299) => Ok(()),
        Some(407) => Err(refused("it wants other credentials (407)", false)),
        Some(status @ 500..) => Err(refused(&format!("it answered {status}"), true)),
        Some(status) => Err(refused(&format!("it answered {status}"), false)),
        None => Err(refused("it does not speak HTTP", false)),
    }
}

fn refused(reason: &str, is_temporary: bool) -> DialError {
    DialError::Proxy {
        reason: reason.to_owned(),
        is_temporary,
    }
}

/// Its credentials are nobody's business.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    async fn ask(answer: &[u8]) -> (Result<(), DialError>, String, Vec<u8>) {
        let proxy = Proxy {
            host: "proxy".to_owned(),
            port: 3128,
            bounds: Bounds::default(),
            tls: None,
            authorization: Some(HeaderValue::from_static("Basic YTpi")),
        };
        let (mut ours, mut theirs) = duplex(1 << 20);
        theirs.write_all(answer).await.unwrap();
        let limit = Duration::from_secs(1);
        let asked = proxy.tunnel(&mut ours, "h:443", limit).await;
        let mut rest = Vec::new();
        let mut request = vec![0; 1 << 10];
        let count = theirs.read(&mut request).await.unwrap();
        drop(theirs);
        ours.read_to_end(&mut rest).await.unwrap();
        let request = String::from_utf8_lossy(&request[..count]).into_owned();
        (asked, request, rest)
    }

    #[tokio::test]
    async fn a_tunnel_is_asked_for_with_the_credentials_and_nothing_else() {
        let (asked, request, rest) = ask(b"HTTP/1.1 200 OK\r\nVia: x\r\n\r\nhello").await;
        assert_eq!(asked, Ok(()));
        let expected =
            "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\nProxy-Authorization: Basic YTpi\r\n\r\n";
        assert_eq!(request, expected);
        assert_eq!(
            rest, b"hello",
            "what follows the head is for who speaks next"
        );
    }

    #[tokio::test]
    async fn a_proxy_that_refuses_is_told_from_one_that_cannot() {
        #[track_caller]
        fn check(asked: &Result<(), DialError>, reason: &str, is_temporary: bool) {
            assert_eq!(*asked, Err(refused(reason, is_temporary)));
        }
        let status = |line: &'static str| async move {
            let answer = format!("HTTP/1.1 {line}\r\n\r\n");
            ask(answer.as_bytes()).await.0
        };
        let wanted = "it wants other credentials (407)";
        check(
            &status("407 Proxy Authentication Required").await,
            wanted,
            false,
        );
        check(&status("403 Forbidden").await, "it answered 403", false);
        check(&status("502 Bad Gateway").await, "it answered 502", true);
        let garbage = ask(b"SSH-2.0-x\r\n\r\n").await.0;
        check(&garbage, "it does not speak HTTP", false);
        let agreeing = ask(b"SSH-2.0 200 OK\r\n\r\n").await.0;
        check(&agreeing, "it does not speak HTTP", false);
        for start in ["", "HTTP/1.1 200 OK\r\n"] {
            let mut endless = start.as_bytes().to_vec();
            endless.resize(HEAD, b'x');
            check(&ask(&endless).await.0, "it does not speak HTTP", false);
        }
    }
}
