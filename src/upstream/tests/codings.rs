//! What is offered to a backend, and what becomes of an answer that is coded
//! (`backend_compression`; security.md, section 8).

use std::io::Write as _;

use flate2::Compression as Effort;
use flate2::write::GzEncoder;

use super::server::{Step, answer, error};
use super::{Rig, TWO, lasting, ok};
use crate::connections::Compression;
use crate::time::UnixMillis;
use crate::upstream::AnswerLimit;
use crate::upstream::Scrubbed;
use crate::upstream::UpstreamError;
use crate::upstream::body::Progress;

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Effort::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn coded(status: &str, coding: &str, body: &[u8]) -> Step {
    let fields = format!("Content-Type: application/json\r\n{coding}Connection: close\r\n");
    Step::Close(answer(status, &fields, body))
}

async fn rig(compression: Compression, step: Step) -> Rig {
    Rig::with([step], Progress::default(), |it| {
        it.compression = compression
    })
    .await
}

async fn ask(rig: &Rig) -> Result<Option<f64>, UpstreamError> {
    let at = UnixMillis::new(0);
    rig.upstream.value(&lasting(30_000), "1+1", at, &[]).await
}

/// Checks what a backend on loopback is offered.
async fn check_offer(compression: Compression, expected: Option<&str>) {
    let rig = rig(compression, ok(TWO)).await;
    assert_eq!(ask(&rig).await, Ok(Some(2.0)));
    let head = rig.server.seen().remove(0).head;
    let offer = head
        .lines()
        .find_map(|it| it.strip_prefix("accept-encoding: "));
    assert_eq!(offer, expected);
}

/// Checks that an answer to a call that offered gzip is none of Prometheus'.
async fn check_refused(compression: Compression, fields: &str, body: &[u8], expected: &str) {
    let rig = rig(compression, coded("200 OK", fields, body)).await;
    let expected = UpstreamError::NotPrometheus {
        host: rig.server.host(),
        media_type: format!("application/json {expected}"),
        status: 200,
    };
    assert_eq!(ask(&rig).await, Err(expected), "{fields}");
    assert_eq!(rig.server.seen().len(), 1);
}

#[tokio::test]
async fn gzip_alone_is_offered_and_by_itself_not_to_what_is_near() {
    check_offer(Compression::On, Some("gzip")).await;
    check_offer(Compression::Off, None).await;
    check_offer(Compression::Auto, None).await;
}

#[tokio::test]
async fn an_answer_is_undone_if_gzip_was_offered() {
    for fields in [
        "Content-Encoding: gzip\r\n",
        "Content-Encoding: X-GZIP\r\n",
        "Content-Encoding: identity, gzip\r\n",
    ] {
        let rig = rig(
            Compression::On,
            coded("200 OK", fields, &gzip(TWO.as_bytes())),
        )
        .await;
        assert_eq!(ask(&rig).await, Ok(Some(2.0)), "{fields}");
    }
    let rig = rig(Compression::On, coded("200 OK", "", TWO.as_bytes())).await;
    assert_eq!(ask(&rig).await, Ok(Some(2.0)));
}

#[tokio::test]
async fn an_error_is_read_in_its_coding() {
    let plain = error("400 Bad Request", "bad_data", "no such function");
    let at = plain.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
    let body = gzip(&plain[at + 4..]);
    let fields = "Content-Encoding: gzip\r\n";
    let rig = rig(Compression::On, coded("400 Bad Request", fields, &body)).await;
    let message = Scrubbed::new("no such function");
    let host = rig.server.host();
    let status = 400;
    let expected = UpstreamError::Refused {
        host,
        status,
        message,
    };
    assert_eq!(ask(&rig).await, Err(expected));
}

#[tokio::test]
async fn a_coding_that_was_not_offered_is_not_undone() {
    let body = gzip(TWO.as_bytes());
    let twice = gzip(&body);
    let gzip = "Content-Encoding: gzip\r\n";
    check_refused(Compression::Off, gzip, &body, "coded as gzip").await;
    check_refused(Compression::Auto, gzip, &body, "coded as gzip").await;
    for coding in ["deflate", "br", "zstd", "gzip, gzip", "gzip, deflate"] {
        let fields = format!("Content-Encoding: {coding}\r\n");
        let expected = format!("coded as {coding}");
        check_refused(Compression::On, &fields, &twice, &expected).await;
    }
    let lines = "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n";
    check_refused(Compression::On, lines, &twice, "coded as gzip, gzip").await;
}

#[tokio::test]
async fn what_calls_itself_gzip_and_is_not_is_not_prometheus() {
    let fields = "Content-Encoding: gzip\r\n";
    let expected = "whose gzip is broken";
    check_refused(Compression::On, fields, TWO.as_bytes(), expected).await;
}

#[tokio::test]
async fn gzip_without_its_end_is_a_connection_that_broke() {
    let body = gzip(TWO.as_bytes());
    let body = &body[..body.len() - 4];
    let steps = [(), (), ()].map(|()| coded("200 OK", "Content-Encoding: gzip\r\n", body));
    let on = |it: &mut crate::connections::Connection| it.compression = Compression::On;
    let rig = Rig::with(steps, Progress::default(), on).await;
    let host = rig.server.host();
    let bytes = u64::try_from(body.len()).unwrap();
    assert_eq!(ask(&rig).await, Err(UpstreamError::Broken { host, bytes }));
    assert_eq!(rig.server.seen().len(), 3);
}

#[tokio::test]
async fn a_bomb_is_not_undone() {
    let step = coded(
        "200 OK",
        "Content-Encoding: gzip\r\n",
        &gzip(&[b' '; 4 << 20]),
    );
    let rig = rig(Compression::On, step).await;
    let host = rig.server.host();
    let limit = AnswerLimit::Expansion;
    assert_eq!(
        ask(&rig).await,
        Err(UpstreamError::TooLarge { host, limit })
    );
    rig.server.until_closed(1).await;
}
