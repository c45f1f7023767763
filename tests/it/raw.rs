//! A caller that sends bytes instead of requests.

use std::io;
use std::io::ErrorKind;
use std::io::Read as _;
use std::io::Write as _;
use std::net::Shutdown;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::time::Duration;

/// A connection to the mirror.
pub(crate) struct Raw(TcpStream);

/// What came back.
#[derive(Debug)]
pub(crate) struct Heard {
    /// All of it; what is no UTF-8 is replaced.
    pub(crate) text: String,
    /// Whether the mirror has closed the connection, and not just said nothing more.
    pub(crate) is_closed: bool,
    /// Whether it did so by a reset, which can destroy what it said before.
    pub(crate) is_reset: bool,
}

impl Heard {
    /// The statuses of all answers.
    pub(crate) fn statuses(&self) -> Vec<u16> {
        let lines = self.text.split("HTTP/1.").skip(1);
        lines
            .filter_map(|rest| rest.get(2..5)?.parse().ok())
            .collect()
    }

    /// Whether nothing follows the head of the last answer.
    pub(crate) fn has_no_body(&self) -> bool {
        self.text.ends_with("\r\n\r\n")
    }
}

impl Raw {
    #[expect(
        clippy::disallowed_methods,
        reason = "a caller of the mirror, not a part of it"
    )]
    pub(crate) fn connect(to: SocketAddr) -> Self {
        let stream = TcpStream::connect(to).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }

    /// Sends bytes; whether the other side still takes them.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).is_ok()
    }

    /// Leaves by a reset, as a process does that is killed.
    pub(crate) fn reset(self) {
        let socket = socket2::SockRef::from(&self.0);
        socket.set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// Says that nothing more will be sent.
    pub(crate) fn finish(&mut self) {
        self.0.shutdown(Shutdown::Write).unwrap();
    }

    /// What comes until the mirror closes, says nothing for `silence`, or `is_enough`.
    pub(crate) fn hear_until(
        &mut self,
        silence: Duration,
        is_enough: impl Fn(&str) -> bool,
    ) -> Heard {
        self.0.set_read_timeout(Some(silence)).unwrap();
        let mut bytes = Vec::new();
        let mut buffer = [0; 64 << 10];
        let (mut is_closed, mut is_reset) = (false, false);
        while !is_enough(&String::from_utf8_lossy(&bytes)) {
            match self.0.read(&mut buffer) {
                Ok(0) => {
                    is_closed = true;
                    break;
                }
                Ok(n) => bytes.extend_from_slice(&buffer[..n]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => {
                    (is_closed, is_reset) = (true, true);
                    break;
                }
            }
        }
        Heard {
            text: String::from_utf8_lossy(&bytes).into_owned(),
            is_closed,
            is_reset,
        }
    }

    /// What comes until the mirror closes or says nothing for `silence`.
    pub(crate) fn hear(&mut self, silence: Duration) -> Heard {
        self.hear_until(silence, |_| false)
    }

    /// Whether reading waits.
    pub(crate) fn set_waiting(&self, waits: bool) {
        self.0.set_nonblocking(!waits).unwrap();
    }

    /// Reads what is there, as a socket does.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}
