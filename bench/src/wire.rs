//! As much of HTTP as a backend on loopback needs.

use std::io;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

/// Most bytes of a request.
const LONGEST: usize = 1 << 20;

/// A request as far as it matters.
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) body: String,
}

/// A whole answer of JSON.
pub(crate) fn ok(body: &[u8]) -> Vec<u8> {
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    answer.extend_from_slice(body);
    answer
}

/// The next request; `None` where the connection ends between two.
pub(crate) async fn next(
    stream: &mut TcpStream,
    read: &mut Vec<u8>,
) -> io::Result<Option<Request>> {
    loop {
        if let Some((request, length)) = whole(read)? {
            read.drain(..length);
            return Ok(Some(request));
        }
        if stream.read_buf(read).await? == 0 {
            return Ok(None);
        }
    }
}

/// The first request of `read` and its length, if it is whole.
fn whole(read: &[u8]) -> io::Result<Option<(Request, usize)>> {
    if read.len() > LONGEST {
        return Err(io::Error::other("a request is too long"));
    }
    let Some(head) = read.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&read[..head]).map_err(io::Error::other)?;
    let length = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(Ok(0), |(_, value)| value.trim().parse::<usize>())
        .map_err(io::Error::other)?;
    let Some(body) = read.get(head + 4..head + 4 + length) else {
        return Ok(None);
    };
    let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
    let body = String::from_utf8_lossy(body).into_owned();
    Ok(Some((Request { path, body }, head + 4 + length)))
}
