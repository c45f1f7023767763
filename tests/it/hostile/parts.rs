//! What hostile answers are made of.

use std::io::Result;
use std::io::Write;
use std::thread;
use std::time::Duration;

use flate2::Compress;
use flate2::Compression;
use flate2::FlushCompress;

use crate::fake_backend::Answer;

/// Far more than anybody reads.
pub(super) const ENDLESS: usize = 1 << 30;
/// What is written at a time.
const PIECE: usize = 64 << 10;

/// The head of an answer that ends with its connection.
pub(super) const OPEN: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";

/// Everything before the series of a matrix.
pub(super) const MATRIX: &str = r#"{"status":"success","data":{"resultType":"matrix","result":["#;

/// `start`, then `part` again and again for a gigabyte, then `end`.
pub(super) fn repeated(start: String, part: &'static str, end: &'static str) -> Answer {
    Answer::stream(move |out| {
        out.write_all(start.as_bytes())?;
        let piece = part.repeat(PIECE.div_ceil(part.len()));
        for _ in 0..ENDLESS / piece.len() {
            out.write_all(piece.as_bytes())?;
        }
        out.write_all(end.as_bytes())
    })
}

/// `start`, then parts that differ by their number, `count` of them, and then nothing.
pub(super) fn held(start: String, count: usize, part: fn(usize, &mut String)) -> Answer {
    Answer::stream(move |out| {
        let mut body = start.clone();
        for each in 0..count {
            part(each, &mut body);
        }
        out.write_all(body.as_bytes())?;
        loop {
            thread::park_timeout(Duration::from_millis(100));
            out.write_all(b" ")?;
        }
    })
}

/// `start`, then parts that differ by their number, for as long as they are read.
pub(super) fn counted(start: String, part: fn(usize, &mut String)) -> Answer {
    Answer::stream(move |out| {
        out.write_all(start.as_bytes())?;
        let mut count = 0;
        let mut piece = String::new();
        loop {
            piece.clear();
            while piece.len() < PIECE {
                part(count, &mut piece);
                count += 1;
            }
            out.write_all(piece.as_bytes())?;
        }
    })
}

/// An answer of these members of `data` that ends with its connection.
pub(super) fn closed(body: &str) -> Answer {
    Answer::Bytes(format!("{OPEN}{body}").into_bytes())
}

/// A byte at a time.
pub(super) fn dripping() -> Answer {
    Answer::stream(|out| {
        out.write_all(format!("{OPEN}{MATRIX}").as_bytes())?;
        loop {
            thread::park_timeout(Duration::from_millis(100));
            out.write_all(b" ")?;
        }
    })
}

/// The head of an answer in gzip.
fn coded(coding: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nConnection: close\r\n\r\n")
}

/// A gigabyte and more of blanks, a megabyte in its coding, behind `start`.
pub(super) fn bomb(start: &'static str) -> Answer {
    Answer::stream(move |out| {
        out.write_all(coded("gzip").as_bytes())?;
        out.write_all(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])?;
        out.write_all(&deflated(start.as_bytes()))?;
        let blanks = deflated(&[b' '; 1 << 20]);
        for _ in 0..ENDLESS >> 20 {
            out.write_all(&blanks)?;
        }
        Ok(())
    })
}

/// gzip of which nothing ever comes.
pub(super) fn empty_blocks() -> Answer {
    Answer::stream(|out| {
        out.write_all(coded("gzip").as_bytes())?;
        out.write_all(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])?;
        let nothing = [0, 0, 0, 0xff, 0xff].repeat(PIECE / 5);
        loop {
            out.write_all(&nothing)?;
        }
    })
}

/// A head of gzip whose name of a file never ends.
pub(super) fn endless_name() -> Answer {
    Answer::stream(|out| {
        out.write_all(coded("gzip").as_bytes())?;
        out.write_all(&[0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3])?;
        loop {
            out.write_all(&[b'x'; PIECE])?;
        }
    })
}

/// `body` in a coding that says more than was done to it.
pub(super) fn miscoded(coding: &str, body: &str) -> Answer {
    let head = coded(coding);
    Answer::Bytes([head.as_bytes(), body.as_bytes()].concat())
}

/// Whole blocks of deflate, which may stand side by side.
fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut deflate = Compress::new(Compression::best(), false);
    let mut out = Vec::with_capacity(bytes.len() / 2 + 1_000);
    deflate
        .compress_vec(bytes, &mut out, FlushCompress::Full)
        .unwrap();
    out
}

/// `before` again and again in the head, for as long as it is read.
pub(super) fn endless_head(start: &'static str, before: &'static str) -> Answer {
    Answer::stream(move |out: &mut dyn Write| -> Result<()> {
        out.write_all(start.as_bytes())?;
        let piece = before.repeat(PIECE / before.len());
        loop {
            out.write_all(piece.as_bytes())?;
        }
    })
}
