//! A proxy in user space, in front of a backend, that does to each connection what a script says.
//! Kernel traffic shaping would need rights that a test may not have.

use std::collections::HashMap;
use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::net::Shutdown;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use rustls::ServerConfig;
use rustls::ServerConnection;
use rustls::StreamOwned;

/// What is done to a connection.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// The answer begins so much later.
    Latency(Duration),
    /// Nothing ever comes.
    Silence,
    /// So many bytes of the answer come, and then nothing more.
    Hang(usize),
    /// The answer comes a byte at a time.
    Drip,
    /// After so many bytes of the answer the connection is reset.
    Reset(usize),
    /// After so many bytes of the answer the connection is closed.
    Cut(usize),
    /// The first answer passes, and the next request on this connection is met by a close.
    CloseKept,
    /// It is closed before a byte is read.
    Close,
    /// No HTTP.
    Garbage,
    /// This body, under a length that is greater by so much.
    Length(usize),
    /// A status without a body of Prometheus, and perhaps `Retry-After`.
    Status(u16, Option<&'static str>),
    /// A status with this body.
    Body(u16, &'static str),
    /// Chunks without an end.
    Endless,
    /// 64 MiB of blanks, as gzip.
    Bomb,
    /// Another place.
    Redirect,
    /// TLS as this says it, and a list for each request that gets through.
    Tls(Arc<ServerConfig>),
}

/// The proxy. It ends with this value.
pub(crate) struct Proxy {
    address: SocketAddr,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    open: AtomicUsize,
    streams: Mutex<HashMap<usize, TcpStream>>,
    is_over: AtomicBool,
}

impl Proxy {
    /// Passes on to `behind` what the fault of each connection, by its number, lets through.
    pub(crate) fn start(
        behind: SocketAddr,
        fault: impl Fn(usize) -> Fault + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let counts = Arc::<Counts>::default();
        let counted = Arc::clone(&counts);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if counted.is_over.load(Ordering::SeqCst) {
                    return;
                }
                let number = counted.connections.fetch_add(1, Ordering::SeqCst);
                let (fault, counts) = (fault(number), Arc::clone(&counted));
                let stream = stream.unwrap();
                let kept = stream.try_clone().unwrap();
                counts.streams.lock().unwrap().insert(number, kept);
                counts.open.fetch_add(1, Ordering::SeqCst);
                // A caller that leaves is no failure of the proxy.
                thread::spawn(move || {
                    drop(serve(stream, behind, &fault));
                    // The last that holds it open.
                    counts.streams.lock().unwrap().remove(&number);
                    counts.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, counts }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.counts.connections.load(Ordering::SeqCst)
    }

    /// How many are open.
    pub(crate) fn open(&self) -> usize {
        self.counts.open.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.counts.is_over.store(true, Ordering::SeqCst);
        drop(dial(self.address));
        for stream in self.counts.streams.lock().unwrap().values() {
            drop(stream.shutdown(Shutdown::Both));
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a proxy of the tests")]
fn dial(to: SocketAddr) -> io::Result<TcpStream> {
    TcpStream::connect(to)
}

fn serve(mut near: TcpStream, behind: SocketAddr, fault: &Fault) -> io::Result<()> {
    if let Fault::Close = fault {
        return Ok(());
    }
    near.set_nodelay(true)?;
    let canned = match fault {
        Fault::Silence => {
            // To the end of what comes.
            io::copy(&mut near, &mut io::sink())?;
            return Ok(());
        }
        Fault::Garbage => b"220 this is no HTTP\r\n\r\n".to_vec(),
        Fault::Length(more) => {
            let length = 2 + more;
            format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{{}}").into_bytes()
        }
        Fault::Status(status, after) => {
            let after = after.map_or_else(String::new, |it| format!("retry-after: {it}\r\n"));
            format!("HTTP/1.1 {status} x\r\n{after}content-length: 0\r\n\r\n").into_bytes()
        }
        Fault::Body(status, body) => {
            let length = body.len();
            format!(
                "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\n\
                 content-length: {length}\r\n\r\n{body}"
            )
            .into_bytes()
        }
        Fault::Redirect => {
            let to = "location: http://127.0.0.1:1/\r\ncontent-length: 0";
            format!("HTTP/1.1 302 Found\r\n{to}\r\n\r\n").into_bytes()
        }
        Fault::Endless | Fault::Bomb => {
            request(&mut near)?;
            return endless(&mut near, matches!(fault, Fault::Bomb));
        }
        Fault::Tls(config) => return secured(near, config),
        _ => return pass(near, behind, fault),
    };
    // One answer for each request, a few times: what is kept for ever would meet nothing else.
    for _ in 0..3 {
        if !request(&mut near)? {
            break;
        }
        near.write_all(&canned)?;
        if matches!(fault, Fault::Garbage | Fault::Length(_)) {
            break;
        }
    }
    Ok(())
}

/// Answers with lists over TLS, if the peer takes it.
fn secured(near: TcpStream, config: &Arc<ServerConfig>) -> io::Result<()> {
    let session = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    let mut near = StreamOwned::new(session, near);
    let body = super::list();
    let length = body.len();
    while request(&mut near)? {
        write!(
            near,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        )?;
        near.flush()?;
    }
    Ok(())
}

/// Reads one request; whether there was one.
fn request(near: &mut impl io::Read) -> io::Result<bool> {
    let mut read = Vec::new();
    let mut buffer = [0; 16 << 10];
    loop {
        let text = String::from_utf8_lossy(&read).to_ascii_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|it| it.strip_prefix("content-length:"));
            let length = length.and_then(|it| it.trim().parse().ok()).unwrap_or(0);
            if body.len() >= length {
                return Ok(true);
            }
        }
        match near.read(&mut buffer)? {
            0 => return Ok(false),
            count => read.extend_from_slice(&buffer[..count]),
        }
    }
}

/// The body of [`Fault::Bomb`], which takes a while to make.
pub(super) fn bomb() -> &'static [u8] {
    static BOMB: OnceLock<Vec<u8>> = OnceLock::new();
    BOMB.get_or_init(|| {
        let mut coder = GzEncoder::new(Vec::new(), Compression::fast());
        let blanks = vec![b' '; 1 << 20];
        for _ in 0..64 {
            coder.write_all(&blanks).unwrap();
        }
        coder.finish().unwrap()
    })
}

fn endless(near: &mut TcpStream, is_coded: bool) -> io::Result<()> {
    if is_coded {
        let body = bomb();
        let length = body.len();
        write!(
            near,
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {length}\r\n\r\n"
        )?;
        return near.write_all(body);
    }
    write!(
        near,
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    )?;
    let blanks = " ".repeat(1 << 16);
    let chunk = format!("{:x}\r\n{blanks}\r\n", blanks.len());
    loop {
        near.write_all(chunk.as_bytes())?;
    }
}

/// Passes everything on in both directions, the answers as the fault wants it.
fn pass(mut near: TcpStream, behind: SocketAddr, fault: &Fault) -> io::Result<()> {
    let mut far = dial(behind)?;
    far.set_nodelay(true)?;
    if let Fault::CloseKept = fault {
        request(&mut near)?;
        // The backend is asked once on a connection of its own, and told so.
        write!(
            far,
            "GET /api/v1/label/job/values HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
        )?;
        far.shutdown(Shutdown::Write)?;
        let mut answer = Vec::new();
        far.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer).replace("connection: close\r\n", "");
        near.write_all(answer.as_bytes())?;
        near.read_exact(&mut [0])?;
        return reset(&near);
    }
    let (mut asked, mut to) = (near.try_clone()?, far.try_clone()?);
    let forth = thread::spawn(move || {
        drop(io::copy(&mut asked, &mut to));
        drop(to.shutdown(Shutdown::Both));
    });
    let ended = answer(&mut near, &mut far, fault);
    drop(far.shutdown(Shutdown::Both));
    // Reading ends in any case; a farewell would come before a reset.
    drop(near.shutdown(match fault {
        Fault::Reset(_) => Shutdown::Read,
        _ => Shutdown::Both,
    }));
    drop(near);
    drop(forth.join());
    ended
}

fn answer(near: &mut TcpStream, far: &mut TcpStream, fault: &Fault) -> io::Result<()> {
    let mut buffer = [0; 16 << 10];
    let mut passed = 0;
    loop {
        let count = far.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        if let (Fault::Latency(latency), 0) = (fault, passed) {
            thread::park_timeout(*latency);
        }
        let bytes = &buffer[..count];
        let most = match fault {
            Fault::Reset(at) | Fault::Cut(at) | Fault::Hang(at) => (at - passed).min(count),
            _ => count,
        };
        if let Fault::Drip = fault {
            for byte in bytes {
                near.write_all(&[*byte])?;
                thread::park_timeout(Duration::from_millis(40));
            }
        } else {
            near.write_all(&bytes[..most])?;
        }
        passed += most;
        match fault {
            Fault::Reset(at) if passed == *at => return reset(near),
            Fault::Cut(at) if passed == *at => return Ok(()),
            Fault::Hang(at) if passed == *at => {
                // The other direction ends it.
                while far.read(&mut buffer)? > 0 {}
                return Ok(());
            }
            _ => {}
        }
    }
}

/// Lets the end of `stream` be a reset.
fn reset(stream: &TcpStream) -> io::Result<()> {
    let linger = Some(Duration::ZERO);
    socket2::SockRef::from(stream).set_linger(linger)?;
    Ok(())
}
