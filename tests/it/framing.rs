//! Bytes that are no request, or more than one reading of which is possible, sent to the program as
//! they are (security.md, "Limits on input"; reliability.md, rows 22 and 24).

mod cases;

use std::net::SocketAddr;
use std::time::Duration;

use crate::program::Program;
use crate::raw::Heard;
use crate::raw::Raw;
use cases::get;
use cases::line;

/// How long an answer may take that is not waited for in vain.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long nothing may come before a connection counts as kept open.
const SILENCE: Duration = Duration::from_millis(250);
const KEY: &str = "x-mirror-api-key";

/// What must become of the bytes.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    /// A status without a body and without the key, and a close.
    Refused(u16),
    /// The same with the key: the head was that of a caller who is accepted.
    RefusedWithKey(u16),
    /// A close, and not a word.
    Closed,
    /// Answers with these statuses; what was behind the last is not read as another request.
    Answered(&'static [u16]),
    /// The same, and a close.
    AnsweredAndClosed(&'static [u16]),
}
use Outcome::Answered;
use Outcome::AnsweredAndClosed;
use Outcome::Closed;
use Outcome::Refused;
use Outcome::RefusedWithKey;

/// What comes back for `bytes`.
fn answer(to: SocketAddr, bytes: &[u8], outcome: Outcome) -> Heard {
    let mut raw = Raw::connect(to);
    raw.send(bytes);
    match outcome {
        Answered(statuses) => {
            let is_enough = |text: &str| {
                text.matches("HTTP/1.").count() == statuses.len() && text.ends_with('}')
            };
            let mut heard = raw.hear_until(PATIENCE, is_enough);
            // Nothing behind it is taken for another request.
            let more = raw.hear(SILENCE);
            heard.text += &more.text;
            heard.is_closed |= more.is_closed;
            heard
        }
        Refused(_) | RefusedWithKey(_) | Closed | AnsweredAndClosed(_) => raw.hear(PATIENCE),
    }
}

#[track_caller]
fn check(to: SocketAddr, name: &str, bytes: &[u8], outcome: Outcome) {
    let heard = answer(to, bytes, outcome);
    let told = format!("{name}: {heard:?}");
    assert!(!heard.is_reset, "{told}");
    let statuses = heard.statuses();
    match outcome {
        Refused(status) | RefusedWithKey(status) => {
            assert_eq!(statuses, [status], "{told}");
            assert!(heard.is_closed && heard.has_no_body(), "{told}");
            assert!(heard.text.contains("connection: close"), "{told}");
        }
        Closed => assert!(heard.is_closed && heard.text.is_empty(), "{told}"),
        Answered(expected) => {
            assert_eq!(statuses, expected, "{told}");
            assert!(!heard.is_closed, "{told}");
        }
        AnsweredAndClosed(expected) => {
            assert_eq!(statuses, expected, "{told}");
            assert!(heard.is_closed, "{told}");
        }
    }
    // The key is for who may call, and stands on no answer below that, nor on an open page.
    let has_key = match outcome {
        RefusedWithKey(_) => Some(true),
        _ if statuses
            .iter()
            .all(|it| !matches!(it, 404 | 405 | 413 | 500)) =>
        {
            Some(false)
        }
        _ => None,
    };
    if let Some(has_key) = has_key {
        assert_eq!(heard.text.contains(KEY), has_key, "{told}");
    }
}

#[test]
fn each_hostile_head_and_body_has_the_outcome_that_is_allowed() {
    let program = Program::with("");
    let cases = cases::all();
    assert!(cases.len() >= 80, "{}", cases.len());
    // Side by side, since some are waited for in vain.
    std::thread::scope(|scope| {
        for some in cases.chunks(cases.len().div_ceil(8)) {
            let to = program.mirror();
            scope.spawn(move || {
                for (name, bytes, outcome) in some {
                    check(to, name, bytes.as_bytes(), *outcome);
                }
            });
        }
    });
    let mut junk = vec![0; 4096];
    for seed in 0..64_u32 {
        let mut state = seed.wrapping_mul(2_654_435_761) | 1;
        junk.fill_with(|| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[1]
        });
        let mut raw = Raw::connect(program.mirror());
        raw.send(&junk);
        raw.finish();
        let heard = raw.hear(PATIENCE);
        assert!(
            heard.is_closed && !heard.text.contains(KEY),
            "seed {seed}: {heard:?}"
        );
    }
    assert_eq!(program.get("/healthcheck").status, 200);
    let framing = r#"mirror_connections_closed_total{reason="framing"}"#;
    let closed: u64 = program.metric(framing).unwrap().parse().unwrap();
    assert!(closed >= 40, "{closed}");
    assert_eq!(program.metric("mirror_panics_total").as_deref(), Some("0"));
}

/// A head of exactly so many bytes.
fn head_of(bytes: usize) -> String {
    let bare = get("x: \r\n");
    get(&format!("x: {}\r\n", "a".repeat(bytes - bare.len())))
}

/// A head with so many fields.
fn head_with(fields: usize) -> String {
    // One is the host.
    get(&(1..fields)
        .map(|n| format!("x-{n}: a\r\n"))
        .collect::<String>())
}

#[test]
fn a_head_is_32_kib_and_64_fields_at_most() {
    let program = Program::with("");
    let check = |name, head: &str, outcome| check(program.mirror(), name, head.as_bytes(), outcome);
    check("32 KiB", &head_of(32 << 10), Answered(&[200]));
    check("a byte more", &head_of((32 << 10) + 1), Refused(431));
    check("1 MiB", &head_of(1 << 20), Refused(431));
    check(
        "a long target",
        &line(&format!("GET /{} HTTP/1.1", "a".repeat(40_000))),
        Refused(431),
    );
    check("64 fields", &head_with(64), Answered(&[200]));
    check("65 fields", &head_with(65), Refused(431));
    // In the bytes of another head, behind one that is fine.
    let second = get("") + &head_with(65);
    let heard = answer(program.mirror(), second.as_bytes(), Refused(431));
    assert_eq!(heard.statuses(), [200, 431], "{heard:?}");
}
