//! Callers that do no good.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use super::dice::Dice;
use crate::raw::Raw;

const PATIENCE: Duration = Duration::from_secs(5);

/// What one does is told by the dice, and what comes back is its own loss.
pub(super) fn harm(to: SocketAddr, dice: &mut Dice, body: &str) {
    let mut raw = Raw::connect(to);
    let head = "POST /api/field/value HTTP/1.1\r\nhost: localhost\r\n";
    let whole = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    match dice.roll(10) {
        // It leaves at some byte.
        0 => drop(raw.send(&whole.as_bytes()[..dice.roll(whole.len())])),
        // It leaves once all is sent.
        1 => drop(raw.send(whole.as_bytes())),
        // And so, without a farewell.
        2 => {
            raw.send(whole.as_bytes());
            thread::park_timeout(Duration::from_millis(20));
            raw.reset();
        }
        // Two at once.
        3 => {
            raw.send(format!("{whole}{whole}").as_bytes());
            raw.hear_until(PATIENCE, |text| text.contains("HTTP/1.1"));
        }
        // Many at once, whose answers it does not read.
        4 => {
            raw.send(whole.repeat(20).as_bytes());
            thread::park_timeout(Duration::from_millis(300));
        }
        // It says nothing.
        5 => thread::park_timeout(Duration::from_millis(500)),
        // It says little.
        6 => {
            for byte in head.as_bytes().chunks(1).take(20) {
                raw.send(byte);
                thread::park_timeout(Duration::from_millis(10));
            }
        }
        // Too much.
        7 => {
            raw.send(format!("{head}content-length: {}\r\n\r\n", 2 << 20).as_bytes());
            raw.send(&vec![b' '; 256 << 10]);
            let heard = raw.hear_until(PATIENCE, |text| text.contains("[PM-1010]"));
            assert_eq!(heard.statuses(), [413], "{heard:?}");
        }
        // What is coded.
        8 => {
            raw.send(
                format!("{head}content-encoding: gzip\r\ncontent-length: 2\r\n\r\n{{}}").as_bytes(),
            );
            let heard = raw.hear_until(PATIENCE, |text| text.contains("\r\n\r\n"));
            assert_eq!(heard.statuses(), [415], "{heard:?}");
        }
        _ => {
            raw.send(b"POST /api/metric HTTP/1.1\r\ncontent-length: x\r\n\r\n");
            assert_eq!(raw.hear(PATIENCE).statuses(), [400]);
        }
    }
}
