//! A backend on loopback that is as slow, silent or rude as its URL says, and that counts.
//!
//! `stub PORT FOLDER`. The first segment of a path is what becomes of a call, the second which body:
//!
//! ```text
//! /ok/121/api/v1/query_range         FOLDER/121.backend.json
//! /delay-50/121/api/v1/query_range   the same after 50 ms
//! /hang/…                            nothing, ever
//! /abort/…                           the connection is closed without an answer
//! /oracle/…                          one point a step, a function of query and time
//! /count                             what came in since the start, as JSON
//! /now/1700000000                    the oracle's values later than this are still changing
//! ```
//!
//! One thread, no HTTP library: what it costs must not drown what is measured.

mod wire;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use wire::Request;
use wire::next;
use wire::ok;

/// What all connections share.
struct Stub {
    folder: PathBuf,
    bodies: Mutex<HashMap<String, Bytes>>,
    accepted: AtomicU64,
    calls: AtomicU64,
    /// Calls that were in when their connection was closed before they had an answer.
    left: AtomicU64,
    /// Seconds since 1970; 0: nothing changes any more.
    now: AtomicU64,
    /// How often a call of the oracle was answered: what makes young values change.
    version: AtomicU64,
}

/// What a call gets.
enum Answer {
    Body(Bytes),
    Silence,
    Abort,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let (Some(port), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err(io::Error::other("stub PORT FOLDER"));
    };
    let stub = Arc::new(Stub {
        folder: folder.into(),
        bodies: Mutex::default(),
        accepted: AtomicU64::new(0),
        calls: AtomicU64::new(0),
        left: AtomicU64::new(0),
        now: AtomicU64::new(0),
        version: AtomicU64::new(0),
    });
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stub.accepted.fetch_add(1, Ordering::Relaxed);
        let stub = Arc::clone(&stub);
        // A connection that breaks is the other side's affair.
        #[expect(clippy::disallowed_methods, reason = "nothing here is ever drained")]
        tokio::spawn(async move { drop(stub.serve(stream).await) });
    }
}

impl Stub {
    async fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut read = Vec::with_capacity(4 << 10);
        while let Some(request) = next(&mut stream, &mut read).await? {
            match self.answer(&request).await {
                Answer::Body(body) => {
                    stream.write_all(&ok(&body)).await?;
                }
                Answer::Silence => {
                    let ended = stream.read_u8().await;
                    self.left.fetch_add(1, Ordering::Relaxed);
                    ended?;
                }
                Answer::Abort => return Ok(()),
            }
        }
        Ok(())
    }

    async fn answer(&self, request: &Request) -> Answer {
        let mut segments = request.path.split('/').skip(1);
        let (mode, which) = (segments.next(), segments.next());
        let (mode, which) = (mode.unwrap_or_default(), which.unwrap_or_default());
        match mode {
            "count" => return Answer::Body(self.counted()),
            "now" => {
                self.now
                    .store(which.parse().unwrap_or(0), Ordering::Relaxed);
                return Answer::Body(Bytes::new());
            }
            _ => self.calls.fetch_add(1, Ordering::Relaxed),
        };
        match mode {
            "hang" => return Answer::Silence,
            "abort" => return Answer::Abort,
            "oracle" => return Answer::Body(self.oracle(&request.body)),
            _ => (),
        }
        let delay = mode.strip_prefix("delay-").and_then(|ms| ms.parse().ok());
        if let Some(delay) = delay {
            sleep(Duration::from_millis(delay)).await;
        }
        Answer::Body(self.body(which))
    }

    fn counted(&self) -> Bytes {
        let [accepted, calls, left] =
            [&self.accepted, &self.calls, &self.left].map(|count| count.load(Ordering::Relaxed));
        format!(r#"{{"accepted":{accepted},"calls":{calls},"left":{left}}}"#).into()
    }

    fn body(&self, which: &str) -> Bytes {
        let mut bodies = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        match bodies.entry(which.to_owned()) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(new) => {
                let path = self.folder.join(format!("{which}.backend.json"));
                new.insert(fs::read(path).unwrap_or_default().into())
                    .clone()
            }
        }
    }

    /// One series whose values are a function of the query and of the time, so that any two calls
    /// agree; but for what is younger than 2 seconds of the wall, which differs from call to call.
    fn oracle(&self, form: &str) -> Bytes {
        let field = |name: &str| {
            form.split('&')
                .filter_map(|pair| pair.split_once('='))
                .find(|(key, _)| *key == name)
                .map_or("", |(_, value)| value)
        };
        let seconds = |text: &str| {
            let (text, unit) = text
                .strip_suffix("ms")
                .map_or((text, 1.0), |text| (text, 1000.0));
            text.trim_end_matches('s').parse::<f64>().unwrap_or(0.0) / unit
        };
        let (start, end, step) = (
            seconds(field("start")),
            seconds(field("end")),
            seconds(field("step")),
        );
        let query = field("query")
            .bytes()
            .fold(7_u64, |sum, byte| (sum * 31 + u64::from(byte)) % 65_521);
        let now = self.now.load(Ordering::Relaxed);
        let version = self.version.fetch_add(1, Ordering::Relaxed) + 1;
        let mut body = String::from(
            r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":["#,
        );
        let mut at = start;
        while at <= end && step > 0.0 {
            let mut value = (at / step).rem_euclid(1000.0).floor();
            if now > 0 && at > now as f64 {
                value += version as f64 / 1e6;
            }
            let separator = if at > start { "," } else { "" };
            // Writing to a string cannot fail.
            let _ = write!(body, r#"{separator}[{at},"{}"]"#, value + query as f64);
            at += step;
        }
        body.push_str("]}]}}");
        body.into()
    }
}
