//! A backend on a port of its own that answers from a script and remembers what it was asked.

use std::fmt;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;

/// One call as the backend saw it.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// `GET` or `POST`.
    pub(crate) method: String,
    /// The path, as it was sent.
    pub(crate) path: String,
    /// The decoded parameters of the form body and of the query string, in the order of the wire.
    pub(crate) parameters: Vec<(String, String)>,
    /// The headers, with names in lower case.
    pub(crate) headers: Vec<(String, String)>,
}

impl Call {
    /// The value of the first header of that name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What the backend does with a call.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// A whole answer.
    Body {
        /// The status.
        status: u16,
        /// Headers beside the lengths.
        headers: Vec<(&'static str, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// These bytes, and then the end of the connection.
    Bytes(Vec<u8>),
    /// What is written here, and then the end of the connection.
    Stream(Stream),
    /// Nothing, for as long as the caller waits.
    Silence,
}

/// Writes an answer that is too long to be held, head and all.
#[derive(Clone)]
pub(crate) struct Stream(Arc<Writing>);

type Writing = dyn Fn(&mut dyn Write) -> std::io::Result<()> + Send + Sync;

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a stream")
    }
}

impl Answer {
    /// A success as Prometheus writes it.
    pub(crate) fn json(body: impl Into<Vec<u8>>) -> Self {
        Self::status(200, body)
    }

    /// What `write` writes.
    pub(crate) fn stream(
        write: impl Fn(&mut dyn Write) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::Stream(Stream(Arc::new(write)))
    }

    /// Prometheus' JSON under any status.
    pub(crate) fn status(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::Body {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.into(),
        }
    }
}

type Script = dyn Fn(&Call) -> Answer + Send + Sync;

/// The backend. It ends with this value.
pub(crate) struct Backend {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    script: Box<Script>,
    calls: Mutex<Vec<Call>>,
    is_over: AtomicBool,
}

impl Backend {
    /// A backend that does what `script` says.
    pub(crate) fn start(script: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            script: Box::new(script),
            calls: Mutex::default(),
            is_over: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if accepting.is_over.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&accepting);
                // A broken connection is the caller's business: it may leave whenever it likes.
                thread::spawn(move || drop(serve(stream.unwrap(), &shared)));
            }
        });
        Self { address, shared }
    }

    /// Its host and port.
    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Its base URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The calls so far.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().unwrap().clone()
    }
}

impl Drop for Backend {
    #[expect(
        clippy::disallowed_methods,
        reason = "wakes the thread that accepts, to end it"
    )]
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

/// Answers the calls of one connection.
fn serve(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    while let Some(call) = read_call(&mut reader)? {
        let answer = (shared.script)(&call);
        shared.calls.lock().unwrap().push(call);
        match answer {
            Answer::Body {
                status,
                headers,
                body,
            } => {
                let mut head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
                for (name, value) in headers {
                    head.push_str(&format!("{name}: {value}\r\n"));
                }
                writer.write_all(format!("{head}\r\n").as_bytes())?;
                writer.write_all(&body)?;
            }
            Answer::Bytes(bytes) => return writer.write_all(&bytes),
            Answer::Stream(Stream(write)) => return write(&mut writer),
            Answer::Silence => return reader.read(&mut [0]).map(drop),
        }
    }
    Ok(())
}

/// The next call; `None` at the end of the connection.
fn read_call(reader: &mut impl BufRead) -> std::io::Result<Option<Call>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let method = words.next().unwrap().to_owned();
    let target = words.next().unwrap().to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut call = Call {
        method,
        path: path.to_owned(),
        parameters: decoded(query.as_bytes()),
        headers,
    };
    let length = call
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    call.parameters.splice(0..0, decoded(&body));
    Ok(Some(call))
}

fn decoded(form: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(form).into_owned().collect()
}
