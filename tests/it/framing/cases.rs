//! The bytes that are sent, by what is wrong with them, and what must become of them.

use super::Outcome;
use super::Outcome::Answered;
use super::Outcome::AnsweredAndClosed;
use super::Outcome::Closed;
use super::Outcome::Refused;
use super::Outcome::RefusedWithKey;

/// A name, the bytes and their outcome.
pub(super) type Case = (&'static str, String, Outcome);

/// Every case.
pub(super) fn all() -> Vec<Case> {
    [lengths(), codings(), chunk_sizes(), heads(), first_lines()].concat()
}

/// A request to the health check with these further fields.
pub(super) fn get(fields: &str) -> String {
    format!("GET /healthcheck HTTP/1.1\r\nhost: localhost\r\n{fields}\r\n")
}

/// A call with these further fields, and what stands behind its head.
fn post(fields: &str, rest: &str) -> String {
    format!("POST /api/metric HTTP/1.1\r\nhost: localhost\r\n{fields}\r\n\r\n{rest}")
}

/// A call with a chunked body.
fn chunks(body: &str) -> String {
    post("transfer-encoding: chunked", body)
}

fn sized(length: &str) -> String {
    post(&format!("content-length: {length}"), "{]")
}

fn coded(coding: &str) -> String {
    post(
        &format!("transfer-encoding: {coding}"),
        "2\r\n{]\r\n0\r\n\r\n",
    )
}

/// A first line, and a host.
pub(super) fn line(line: &str) -> String {
    format!("{line}\r\nhost: localhost\r\n\r\n")
}

const SMUGGLED: &str = "GET /healthcheck HTTP/1.1\r\nhost: localhost\r\n\r\n";

fn lengths() -> Vec<Case> {
    let twice = |a: &str, b: &str| format!("content-length: {a}\r\ncontent-length: {b}");
    vec![
        ("two lengths", post(&twice("2", "3"), "{]x"), Refused(400)),
        (
            "two lengths, one none",
            post(&twice("2", "x"), "{]"),
            Refused(400),
        ),
        (
            "one length, twice",
            post(&twice("2", "2"), "{]"),
            Answered(&[500]),
        ),
        ("a list of lengths", sized("2, 2"), Refused(400)),
        ("a length with a sign", sized("+2"), Refused(400)),
        ("a negative length", sized("-2"), Refused(400)),
        ("a hexadecimal length", sized("0x2"), Refused(400)),
        ("an empty length", sized(""), Refused(400)),
        ("two lengths in one", sized("2 0"), Refused(400)),
        ("a length in Arabic digits", sized("\u{662}"), Refused(400)),
        (
            "a length beyond 64 bits",
            sized("99999999999999999999999"),
            Refused(400),
        ),
        (
            "the largest length",
            sized("18446744073709551613"),
            AnsweredAndClosed(&[413]),
        ),
        (
            "a body where none is read",
            format!("{}GET /", get("content-length: 5\r\n")),
            AnsweredAndClosed(&[200]),
        ),
        (
            "a request in a body that nobody reads",
            format!(
                "POST /healthcheck HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{SMUGGLED}",
                SMUGGLED.len()
            ),
            AnsweredAndClosed(&[405]),
        ),
    ]
}

fn codings() -> Vec<Case> {
    let beside =
        |first: &str, second: &str, rest: &str| post(&format!("{first}\r\n{second}"), rest);
    let (length, coding) = ("content-length: 6", "transfer-encoding: chunked");
    let in_chunks = format!("2\r\n{{]\r\n0\r\n\r\n{SMUGGLED}");
    vec![
        ("chunks", coded("chunked"), Answered(&[500])),
        ("chunks in capitals", coded("CHUNKED"), Answered(&[500])),
        (
            "a length before chunks",
            beside(length, coding, &format!("0\r\n\r\n{SMUGGLED}")),
            AnsweredAndClosed(&[500]),
        ),
        (
            "a length behind chunks",
            beside(coding, length, &in_chunks),
            AnsweredAndClosed(&[500]),
        ),
        ("no coding", coded("identity"), Refused(400)),
        ("an empty coding", coded(""), Refused(400)),
        ("another coding first", coded("gzip, chunked"), Refused(400)),
        ("another coding last", coded("chunked, gzip"), Refused(400)),
        ("chunks in chunks", coded("chunked, chunked"), Refused(400)),
        (
            "two codings in two fields",
            beside(coding, coding, &in_chunks),
            Refused(400),
        ),
        (
            "a coding and none in two fields",
            beside("transfer-encoding: identity", coding, &in_chunks),
            Refused(400),
        ),
        ("nearly chunks", coded("xchunked"), Refused(400)),
        ("quoted chunks", coded("\"chunked\""), Refused(400)),
        (
            "chunks behind a vertical tab",
            coded("\u{b}chunked"),
            Refused(400),
        ),
        (
            "chunks on a folded line",
            coded("\r\n chunked"),
            Refused(400),
        ),
        (
            "a blank before the colon",
            post("transfer-encoding : chunked", &in_chunks),
            Refused(400),
        ),
        (
            "chunks in HTTP/1.0",
            "POST /api/metric HTTP/1.0\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
                .to_owned(),
            Refused(400),
        ),
    ]
}

fn chunk_sizes() -> Vec<Case> {
    let trailers: String = (0..65).map(|n| format!("x-{n}: a\r\n")).collect();
    vec![
        (
            "a size beyond 64 bits",
            chunks("ffffffffffffffffff\r\n{]\r\n0\r\n\r\n"),
            RefusedWithKey(400),
        ),
        (
            "a negative size",
            chunks("-2\r\n{]\r\n0\r\n\r\n"),
            RefusedWithKey(400),
        ),
        (
            "a size with a sign",
            chunks("+2\r\n{]\r\n0\r\n\r\n"),
            RefusedWithKey(400),
        ),
        (
            "a size with a prefix",
            chunks("0x2\r\n{]\r\n0\r\n\r\n"),
            RefusedWithKey(400),
        ),
        (
            "no size",
            chunks("\r\n{]\r\n0\r\n\r\n"),
            RefusedWithKey(400),
        ),
        (
            "sizes that end in a bare line feed",
            chunks("2\n{]\n0\n\n"),
            RefusedWithKey(400),
        ),
        (
            "a line feed in an extension",
            chunks("2;a\nb\r\n{]\r\n0\r\n\r\n"),
            RefusedWithKey(400),
        ),
        (
            "an endless extension",
            chunks(&format!("2;{}\r\n{{]\r\n0\r\n\r\n", "a".repeat(40_000))),
            RefusedWithKey(400),
        ),
        (
            "a chunk longer than its size",
            chunks("2\r\n{]XX0\r\n\r\n"),
            RefusedWithKey(400),
        ),
        (
            "an extension",
            chunks("2;a=b\r\n{]\r\n0\r\n\r\n"),
            Answered(&[500]),
        ),
        (
            "a length in the trailer",
            chunks("2\r\n{]\r\n0\r\ncontent-length: 9\r\n\r\n"),
            Answered(&[500]),
        ),
        (
            "65 fields in the trailer",
            chunks(&format!("2\r\n{{]\r\n0\r\n{trailers}\r\n")),
            RefusedWithKey(400),
        ),
    ]
}

fn heads() -> Vec<Case> {
    vec![
        // RFC 9112, section 2.2, allows to take it for a line's end.
        (
            "bare line feeds",
            get("").replace("\r\n", "\n"),
            Answered(&[200]),
        ),
        ("a bare carriage return", get("x: a\rb\r\n"), Refused(400)),
        ("a NUL in a value", get("x: a\0b\r\n"), Refused(400)),
        ("a NUL in a name", get("x\0: a\r\n"), Refused(400)),
        (
            "a NUL in the target",
            line("GET /health\0check HTTP/1.1"),
            Refused(400),
        ),
        ("a folded line", get("x: a\r\n b\r\n"), Refused(400)),
        (
            "a blank before the first field",
            "GET / HTTP/1.1\r\n host: localhost\r\n\r\n".to_owned(),
            Refused(400),
        ),
        ("a field without a colon", get("junk\r\n"), Refused(400)),
        ("a field without a name", get(": a\r\n"), Refused(400)),
        ("a blank in a name", get("x y: a\r\n"), Refused(400)),
        (
            "an escape sequence in a value",
            get("x: \u{1b}[31m\r\n"),
            Refused(400),
        ),
        ("two hosts", get("host: n\r\n"), Refused(400)),
        ("one host, twice", get("host: localhost\r\n"), Refused(400)),
        (
            "no host",
            "GET /healthcheck HTTP/1.1\r\n\r\n".to_owned(),
            Refused(400),
        ),
        (
            "empty lines first",
            format!("\r\n\r\n{}", get("")),
            Answered(&[200]),
        ),
        (
            "an upgrade to HTTP/2",
            get("connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AA\r\n"),
            Answered(&[200]),
        ),
    ]
}

fn first_lines() -> Vec<Case> {
    let evil =
        "POST http://evil/api/metric HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{]";
    let mut cases = vec![
        (
            "an absolute target",
            line("GET http://localhost/healthcheck HTTP/1.1"),
            Answered(&[200]),
        ),
        (
            "an absolute target elsewhere",
            evil.to_owned(),
            Refused(400),
        ),
        (
            "an absolute target with a user",
            line("GET http://a@localhost/ HTTP/1.1"),
            Refused(400),
        ),
        ("a tunnel", line("CONNECT m:443 HTTP/1.1"), Refused(400)),
        (
            "a tunnel to a path",
            line("CONNECT /api/metric HTTP/1.1"),
            Answered(&[405]),
        ),
        ("a trace", line("TRACE / HTTP/1.1"), Answered(&[405])),
        (
            "a trace of a call",
            line("TRACE /api/metric HTTP/1.1"),
            Answered(&[405]),
        ),
        (
            "options of the server",
            line("OPTIONS * HTTP/1.1"),
            Answered(&[404]),
        ),
        (
            "a method of nobody",
            line("BREW /api/metric HTTP/1.1"),
            Answered(&[405]),
        ),
        (
            "a method in small letters",
            line("get /healthcheck HTTP/1.1"),
            Answered(&[405]),
        ),
        (
            "a method that is no word",
            line("G@T / HTTP/1.1"),
            Refused(400),
        ),
        ("two blanks", line("GET  / HTTP/1.1"), Refused(400)),
        ("tabs for blanks", line("GET\t/\tHTTP/1.1"), Refused(400)),
        (
            "dot segments",
            line("GET /../healthcheck HTTP/1.1"),
            Answered(&[404]),
        ),
        (
            "an encoded slash",
            line("POST /api%2fmetric HTTP/1.1"),
            Answered(&[404]),
        ),
        (
            "HTTP/0.9",
            "GET /healthcheck\r\n\r\n".to_owned(),
            Refused(400),
        ),
        (
            "HTTP/1.0",
            "GET /healthcheck HTTP/1.0\r\n\r\n".to_owned(),
            AnsweredAndClosed(&[200]),
        ),
        (
            "HTTP/1.0 that stays",
            "GET /healthcheck HTTP/1.0\r\nconnection: keep-alive\r\n\r\n".to_owned(),
            Answered(&[200]),
        ),
        ("HTTP/1.2", line("GET / HTTP/1.2"), Refused(400)),
        ("HTTP/2 in words", line("GET / HTTP/2.0"), Refused(400)),
        ("http/1.1", line("GET / http/1.1"), Refused(400)),
        (
            "the preface of HTTP/2",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0".to_owned(),
            Closed,
        ),
        (
            "a hello of TLS",
            format!("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}{}", "\0".repeat(200)),
            Refused(400),
        ),
        ("a greeting", "EHLO mirror\r\n".to_owned(), Refused(400)),
    ];
    let pipelined = format!("{}{}{}", get(""), sized("2"), get("connection: close\r\n"));
    cases.push((
        "three at once",
        pipelined,
        AnsweredAndClosed(&[200, 500, 200]),
    ));
    let behind = format!("{}{}", get("connection: close\r\n"), sized("2"));
    cases.push(("one behind the last", behind, AnsweredAndClosed(&[200])));
    cases
}
