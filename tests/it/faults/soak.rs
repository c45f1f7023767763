//! All faults of backends and callers in random order, against one program. `scripts/soak.sh` runs
//! it for longer; the seed is printed, and a run with the same one does the same things.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::raw::Raw;

/// How many callers there are at once.
const CALLERS: u64 = 8;
/// Memory may have grown by so much at the end, in KiB: the allocator keeps what it once had.
const GROWTH: u64 = 64 << 10;

/// Random enough, and the same everywhere for one seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % 1_000_000_007).unwrap() % sides
    }
}

fn faults() -> Vec<Fault> {
    let mut faults = vec![
        Fault::Latency(Duration::from_millis(300)),
        Fault::Silence,
        Fault::Hang(10),
        Fault::Drip,
        Fault::CloseKept,
        Fault::Close,
        Fault::Garbage,
        Fault::Length(7),
        Fault::Status(429, Some("1")),
        Fault::Status(502, None),
        Fault::Status(503, Some("0")),
        Fault::Status(500, None),
        Fault::Status(401, None),
        Fault::Body(200, "<html>planted-4b1d</html>"),
        Fault::Body(
            422,
            r#"{"status":"error","errorType":"execution","error":"x"}"#,
        ),
        Fault::Endless,
        Fault::Bomb,
        Fault::Redirect,
    ];
    faults.extend([5, 40, 300, 500].map(Fault::Reset));
    faults.extend([5, 40, 300, 500].map(Fault::Cut));
    // Half of all connections are well.
    faults.extend((0..faults.len()).map(|_| Fault::None));
    faults
}

/// A number that the environment gives.
#[expect(clippy::disallowed_methods, reason = "what the script says")]
fn given(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |it| it.parse().unwrap())
}

fn descriptors(program: &Program) -> usize {
    fs::read_dir(format!("/proc/{}/fd", program.id()))
        .unwrap()
        .count()
}

fn resident_kib(program: &Program) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap();
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
    line.unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap()
}

/// A caller that does no good: what it sends is told by the dice, and what comes back is its loss.
fn harm(to: SocketAddr, dice: &mut Dice, body: &str) {
    let mut raw = Raw::connect(to);
    let whole = format!(
        "POST /api/field/value HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    match dice.roll(4) {
        // It leaves at some byte.
        0 => drop(raw.send(&whole.as_bytes()[..dice.roll(whole.len())])),
        // It leaves once all is sent.
        1 => drop(raw.send(whole.as_bytes())),
        // Two at once.
        2 => {
            raw.send(format!("{whole}{whole}").as_bytes());
            raw.hear_until(Duration::from_secs(5), |text| text.contains("HTTP/1.1"));
        }
        _ => {
            raw.send(b"POST /api/metric HTTP/1.1\r\ncontent-length: x\r\n\r\n");
            assert_eq!(raw.hear(Duration::from_secs(5)).statuses(), [400]);
        }
    }
}

#[test]
fn all_faults_in_random_order_leave_valid_answers_and_nothing_behind() {
    let seed = given("SOAK_SEED", 1);
    let length = Duration::from_secs(given("SOAK_SECONDS", 10));
    proxy::bomb();
    let (_backend, at) = backend();
    let mut program = Program::with("");
    let proxies: Vec<Proxy> = (0..CALLERS)
        .map(|caller| {
            let faults = faults();
            Proxy::start(at, move |number| {
                let mut dice = Dice(seed ^ (caller << 32) ^ u64::try_from(number).unwrap());
                faults[dice.roll(faults.len())].clone()
            })
        })
        .collect();
    ask(&program, &proxies[0].url(), 1);
    let before = (descriptors(&program), resident_kib(&program));
    let (asked, well) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let began = Instant::now();
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            let (program, proxies, asked, well) = (&program, &proxies, &asked, &well);
            scope.spawn(move || {
                let mut dice = Dice(seed.wrapping_add(caller));
                while began.elapsed() < length {
                    let proxy = &proxies[dice.roll(proxies.len())];
                    let label = format!("\"l{}\"", dice.roll(1_000_000));
                    let body = query(&proxy.url(), 1).replace("\"job\"", &label);
                    if dice.roll(10) == 0 {
                        harm(program.mirror(), &mut dice, &body);
                        continue;
                    }
                    let path = ["/api/field/value", "/api/connection"][dice.roll(2)];
                    let (sent, reply) = (Instant::now(), program.post(path, &body));
                    let took = sent.elapsed();
                    check_valid(&reply);
                    assert!(took <= Duration::from_secs(4), "{took:?}: {reply:?}");
                    asked.fetch_add(1, Ordering::Relaxed);
                    well.fetch_add(usize::from(id(&reply) == "none"), Ordering::Relaxed);
                }
            });
        }
    });
    let (asked, well) = (asked.into_inner(), well.into_inner());
    check_freed(&mut program);
    // Idle connections to backends live for 50 s; their proxies end before.
    drop(proxies);
    program.wait_for("descriptors", |it| descriptors(it) <= before.0 + 2 * 8);
    let after = (descriptors(&program), resident_kib(&program));
    #[expect(clippy::print_stdout, reason = "the seed replays the run")]
    {
        println!(
            "seed {seed}: {asked} asked, {well} well; descriptors and KiB {before:?}, {after:?}"
        );
    }
    assert!(after.1 <= before.1 + GROWTH, "{before:?} {after:?}");
    assert!(well > 0 && well < asked);
    assert_eq!(program.logged(PLANTED), 0);
    assert_eq!(program.metric("mirror_panics_total").as_deref(), Some("0"));
}

/// Whether an answer is one of the Mirror API, for an accepted caller.
#[track_caller]
fn check_valid(reply: &Reply) {
    assert!([200, 500].contains(&reply.status), "{reply:?}");
    assert_eq!(reply.header("x-mirror-api-key"), Some(KEY), "{reply:?}");
    let read = serde_json::from_str::<serde::de::IgnoredAny>(&reply.body);
    assert!(read.is_ok(), "{reply:?}");
    if let Some(code) = reply.header("x-mirror-error") {
        assert!(reply.body.contains(&format!("[{code}]")), "{reply:?}");
    } else {
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    assert!(!reply.body.contains(PLANTED), "{reply:?}");
}
