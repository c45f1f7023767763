//! A backend that does what it is told, one step for each request that it reads.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// What becomes of one request.
pub(super) enum Step {
    /// These bytes; the connection stays.
    Answer(Vec<u8>),
    /// These bytes, then the end of the connection.
    Close(Vec<u8>),
    /// These bytes, then a reset.
    Reset(Vec<u8>),
    /// These bytes, then nothing more.
    Hang(Vec<u8>),
    /// These bytes, then a blank each time.
    Drip(Vec<u8>, Duration),
}

/// One request as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// `POST /api/v1/query`.
    pub(super) line: String,
    /// The header fields, in lower case.
    pub(super) head: String,
    /// The body.
    pub(super) body: String,
}

#[derive(Default)]
struct Book {
    steps: VecDeque<Step>,
    seen: Vec<Seen>,
    connections: usize,
    closed: usize,
}

/// The backend; it ends when it is dropped.
pub(super) struct Server {
    pub(super) url: String,
    book: Arc<Mutex<Book>>,
    _tasks: JoinSet<()>,
}

impl Server {
    pub(super) async fn start(steps: impl IntoIterator<Item = Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let book = Arc::new(Mutex::new(Book {
            steps: steps.into_iter().collect(),
            ..Book::default()
        }));
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Arc::clone(&book)));
        Self {
            url,
            book,
            _tasks: tasks,
        }
    }

    /// What becomes of further requests.
    pub(super) fn then(&self, steps: impl IntoIterator<Item = Step>) {
        self.book.lock().unwrap().steps.extend(steps);
    }

    /// The same, whatever was to become of them before.
    pub(super) fn instead(&self, steps: impl IntoIterator<Item = Step>) {
        self.book.lock().unwrap().steps = steps.into_iter().collect();
    }

    /// Name and port, as failures have it.
    pub(super) fn host(&self) -> String {
        self.url.trim_start_matches("http://").to_owned()
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.book.lock().unwrap().seen.clone()
    }

    /// The lines and bodies of the requests, for a short comparison.
    pub(super) fn calls(&self) -> Vec<(String, String)> {
        let seen = self.seen().into_iter();
        seen.map(|seen| (seen.line, seen.body)).collect()
    }

    pub(super) fn connections(&self) -> usize {
        self.book.lock().unwrap().connections
    }

    /// Waits until so many connections were closed by the other side.
    pub(super) async fn until_closed(&self, count: usize) {
        while self.book.lock().unwrap().closed < count {
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// Waits until so many requests were read.
    pub(super) async fn until_seen(&self, count: usize) {
        while self.book.lock().unwrap().seen.len() < count {
            sleep(Duration::from_millis(1)).await;
        }
    }
}

async fn accept(listener: TcpListener, book: Arc<Mutex<Book>>) {
    let mut connections = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        book.lock().unwrap().connections += 1;
        connections.spawn(serve(socket, Arc::clone(&book)));
    }
}

async fn serve(socket: TcpStream, book: Arc<Mutex<Book>>) {
    // Everything ends in an error here once the other side has gone.
    let _ = converse(&socket, &book).await;
    book.lock().unwrap().closed += 1;
}

async fn converse(socket: &TcpStream, book: &Mutex<Book>) -> io::Result<()> {
    loop {
        let seen = read(socket).await?;
        let step = {
            let mut book = book.lock().unwrap();
            book.seen.push(seen);
            book.steps.pop_front()
        };
        match step.expect("more requests than steps") {
            Step::Answer(bytes) => write(socket, &bytes).await?,
            Step::Close(bytes) => {
                write(socket, &bytes).await?;
                return Ok(());
            }
            Step::Reset(bytes) => {
                write(socket, &bytes).await?;
                // So that the bytes arrive before the reset overtakes them.
                sleep(Duration::from_millis(20)).await;
                return socket.set_zero_linger();
            }
            Step::Hang(bytes) => {
                write(socket, &bytes).await?;
                receive(socket, &mut Vec::new()).await?;
            }
            Step::Drip(bytes, pause) => {
                write(socket, &bytes).await?;
                loop {
                    sleep(pause).await;
                    write(socket, b" ").await?;
                }
            }
        }
    }
}

async fn read(socket: &TcpStream) -> io::Result<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        receive(socket, &mut bytes).await?;
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let (line, fields) = head.split_once("\r\n").unwrap_or_default();
    let fields = fields.to_ascii_lowercase();
    let length = fields
        .split_once("content-length: ")
        .and_then(|(_, rest)| rest.split("\r\n").next())
        .map_or(0, |length| length.parse().unwrap());
    while bytes.len() < end + length {
        receive(socket, &mut bytes).await?;
    }
    Ok(Seen {
        line: line.trim_end_matches(" HTTP/1.1").to_owned(),
        head: fields,
        body: String::from_utf8_lossy(&bytes[end..]).into_owned(),
    })
}

/// Adds what comes next; the end of input is an error.
async fn receive(socket: &TcpStream, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut next = [0; 4 << 10];
    loop {
        socket.readable().await?;
        match socket.try_read(&mut next) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                bytes.extend_from_slice(&next[..count]);
                return Ok(());
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

async fn write(socket: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        socket.writable().await?;
        match socket.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A whole answer of JSON.
pub(super) fn json(status: &str, body: &str) -> Vec<u8> {
    answer(
        status,
        "Content-Type: application/json; charset=utf-8\r\n",
        body,
    )
}

/// A whole answer; `fields` each end in CRLF.
pub(super) fn answer(status: &str, fields: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// An error of the Prometheus API.
pub(super) fn error(status: &str, kind: &str, text: &str) -> Vec<u8> {
    let text = text.replace('"', "\\\"");
    let body = format!(r#"{{"status":"error","errorType":"{kind}","error":"{text}"}}"#);
    json(status, &body)
}
