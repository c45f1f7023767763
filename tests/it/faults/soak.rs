//! All faults of backends and callers in random order, against one program that is told to read its
//! configuration again meanwhile. `scripts/soak.sh` runs it for longer; the seed is printed, and a
//! run with the same one does the same things.

mod dice;
mod harm;
mod trend;

use std::fs;
use std::net::TcpListener;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::fake_backend::Call;
use crate::harness::send;
use dice::Dice;
use harm::harm;

/// How many callers there are at once, each with a backend of its own that all of them ask.
const CALLERS: u64 = 8;
/// Memory may have grown by so much at the end, in KiB: the allocator keeps what it once had.
const GROWTH: u64 = 64 << 10;
/// Descriptors may be more by so many.
const MORE: usize = 2;
/// How long after the last caller both may take: that a backend closed an idle connection is noticed
/// when the pool looks at it, which it does every 2 s.
const SETTLED: Duration = Duration::from_secs(30);
/// From here on a run is long enough to tell a leak, after the first minutes of it.
const LONG: Duration = Duration::from_secs(20 * 60);
const WARM: Duration = Duration::from_secs(5 * 60);
/// What a leak may be, in KiB an hour (reliability.md, "Shown by").
const SLOPE: f64 = 1024.0;

/// One bucket, and one sample for it.
const METRIC: &str = r#"{"conditions": [
        {"key": "__gauge__", "value": {"_type": "StringValue", "value": "m"}},
        {"key": "job", "value": {"_type": "StringValue", "value": "v"}}],
    "startTime": 1699999200000, "endTime": 1699999260000,
    "aggregation": {"method": "MEAN", "bucketSizeMillis": 60000}}"#;

fn faults(ours: &Authority) -> (Vec<Fault>, Vec<Fault>) {
    let mut plain = vec![
        Fault::Latency(Duration::from_millis(300)),
        Fault::Silence,
        Fault::Hang(10),
        Fault::Drip,
        Fault::CloseKept,
        Fault::Close,
        Fault::Garbage,
        Fault::Length(7),
        Fault::Status(429, Some("1")),
        Fault::Status(429, Some("20")),
        Fault::Status(502, None),
        Fault::Status(503, Some("0")),
        Fault::Status(504, None),
        Fault::Status(500, None),
        Fault::Status(401, None),
        Fault::Status(405, None),
        Fault::Body(200, "<html>planted-4b1d</html>"),
        Fault::Body(
            422,
            r#"{"status":"error","errorType":"execution","error":"x"}"#,
        ),
        Fault::Body(
            503,
            r#"{"status":"error","errorType":"timeout","error":"query timed out"}"#,
        ),
        Fault::Endless,
        Fault::Bomb,
        Fault::Redirect,
    ];
    plain.extend([5, 40, 150, 300, 500].map(Fault::Reset));
    plain.extend([5, 40, 150, 300, 500].map(Fault::Cut));
    // Half of all connections are well.
    plain.extend((0..plain.len()).map(|_| Fault::None));
    let well = Fault::Tls(ours.well());
    let secure = vec![
        Fault::Tls(ours.expired()),
        Fault::Tls(ours.misnamed()),
        Fault::Tls(Authority::new().well()),
        Fault::Silence,
        Fault::Close,
        Fault::Garbage,
        well.clone(),
        well.clone(),
        well,
    ];
    (plain, secure)
}

/// What the environment says; an empty word is none.
#[expect(clippy::disallowed_methods, reason = "what the script says")]
fn given(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|it| !it.is_empty())
}

fn number(name: &str, otherwise: u64) -> u64 {
    given(name).map_or(otherwise, |it| it.parse().unwrap())
}

fn descriptors(program: &Program) -> usize {
    fs::read_dir(format!("/proc/{}/fd", program.id()))
        .unwrap()
        .count()
}

/// How many tasks it has; `None` for a build that does not say so.
fn tasks(program: &Program) -> Option<usize> {
    program.metric("mirror_tasks").map(|it| it.parse().unwrap())
}

fn resident_kib(program: &Program) -> u64 {
    memory_kib(program, "VmRSS")
}

/// What the kernel says of its memory under that name.
fn memory_kib(program: &Program, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap();
    let line = status
        .lines()
        .find_map(|it| it.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap()
}

/// A backend that has a list and a metric.
fn answers(call: &Call) -> Answer {
    if call.path.ends_with("/query") {
        return Answer::json(
            r#"{"status":"success","data":{"resultType":"scalar","result":[0,"2"]}}"#,
        );
    }
    if !call.path.ends_with("/query_range") {
        return Answer::json(list());
    }
    let value = "a".repeat(300);
    Answer::json(format!(
        r#"{{"status":"success","data":{{"resultType":"matrix","result":[
            {{"metric":{{"a":"{value}"}},"values":[[1699999260,"1"]]}}]}}}}"#
    ))
}

/// Where a caller asks, and what it says there.
struct Questions {
    paths: [&'static str; 3],
    /// What is right.
    right: [String; 3],
    proxies: Vec<String>,
    /// Nobody listens there.
    closed: String,
    secure: String,
    ours: Authority,
}

impl Questions {
    /// A path, what is posted there, and what is right if anything is.
    fn one(&self, dice: &mut Dice, seconds: u32) -> (&'static str, String, &str) {
        let which = dice.roll(3);
        let label = format!("l{}", dice.roll(1_000_000));
        let asked = |url| body(which, url, seconds, &label);
        let body = match dice.roll(16) {
            0 => asked(&self.closed),
            // It has lists alone.
            1 | 2 if which == 1 => self.ours.trusted_in(&asked(&self.secure)),
            _ => asked(&self.proxies[dice.roll(self.proxies.len())]),
        };
        (self.paths[which], body, &self.right[which])
    }
}

/// The metric, the list, or the connection test, so that nothing else asks for the same.
fn body(which: usize, url: &str, seconds: u32, label: &str) -> String {
    let listed = query(url, seconds).replace("\"job\"", &format!("\"{label}\""));
    if which != 0 {
        return listed;
    }
    let (details, _) = listed.split_once("\"query\"").unwrap();
    let metric = METRIC.replace("\"v\"", &format!("\"{label}\""));
    format!("{details}\"query\": {metric}}}")
}

/// What was seen of all answers.
#[derive(Default)]
struct Seen {
    asked: AtomicUsize,
    well: AtomicUsize,
    /// Later than 100 ms after their deadline.
    late: AtomicUsize,
    /// When, in seconds, and how much memory there was then, in KiB.
    memory: Mutex<Vec<(f64, f64)>>,
}

#[test]
fn all_faults_in_random_order_leave_valid_answers_and_nothing_behind() {
    let seed = number("SOAK_SEED", 1);
    let length = Duration::from_secs(number("SOAK_SECONDS", 10));
    proxy::bomb();
    let ours = Authority::new();
    let (plain, secure) = faults(&ours);
    let backend = Backend::start(answers);
    let at = SocketAddr::from(([127, 0, 0, 1], backend.port()));
    let mut program = match given("MIRROR") {
        Some(binary) => Program::built(&binary),
        None => Program::with(""),
    };
    let scripted = |faults: &[Fault], which: u64| {
        let faults = faults.to_vec();
        Proxy::start(at, move |number| {
            let mut dice = Dice(seed ^ (which << 32) ^ u64::try_from(number).unwrap());
            faults[dice.roll(faults.len())].clone()
        })
    };
    let proxies: Vec<Proxy> = (0..CALLERS).map(|it| scripted(&plain, it)).collect();
    let encrypted = scripted(&secure, CALLERS);
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let paths = ["/api/metric", "/api/field/value", "/api/connection"];
    let right = [0, 1, 2].map(|which| {
        let reply = program.post(paths[which], &body(which, &backend.url(), 5, "right"));
        assert_eq!((id(&reply), reply.status), ("none", 200), "{reply:?}");
        reply.body
    });
    assert!(right[0].contains("1699999260000]"), "{right:?}");
    let questions = Questions {
        paths,
        right,
        proxies: proxies.iter().map(Proxy::url).collect(),
        closed,
        secure: encrypted
            .url()
            .replace("http://127.0.0.1", "https://localhost"),
        ours,
    };
    let before = (descriptors(&program), resident_kib(&program));
    let tasks_before = tasks(&program);
    let seen = Seen::default();
    let is_over = AtomicBool::new(false);
    let began = Instant::now();
    thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let (program, questions, seen) = (&program, &questions, &seen);
                let dice = Dice(seed.wrapping_add(caller));
                scope.spawn(move || call(program, questions, seen, dice, began + length))
            })
            .collect();
        scope.spawn(|| tend(&program, &seen, began, &is_over));
        let ended: Vec<_> = callers.into_iter().map(|it| it.join()).collect();
        is_over.store(true, Ordering::Relaxed);
        for caller in ended {
            caller.unwrap();
        }
    });
    check_freed(&mut program);
    // Idle connections to backends live for 50 s; their proxies end before.
    drop((proxies, encrypted, backend));
    settle(&program, "descriptors", before.0 + MORE, descriptors);
    if let Some(before) = tasks_before {
        assert!(before > 0, "the heart says how many there are");
        settle(&program, "tasks", before + MORE, |it| tasks(it).unwrap());
    }
    let after = (descriptors(&program), resident_kib(&program));
    tell(seed, &program, &seen, before, after);
    assert!(after.1 <= before.1 + GROWTH, "{before:?} {after:?}");
    let (asked, well) = (seen.asked.into_inner(), seen.well.into_inner());
    assert!(well > 0 && well < asked);
    assert_eq!(program.logged(PLANTED), 0);
    assert_eq!(program.metric("mirror_panics_total").as_deref(), Some("0"));
    if length >= LONG {
        let memory = seen.memory.into_inner().unwrap();
        let (slope, error) = slope(&memory, WARM).unwrap();
        assert!(slope - error <= SLOPE, "{slope} KiB an hour, ± {error}");
    }
}

/// Waits until the program has no more of something than before. The log of half an hour would tell
/// nothing of why it has, so that is told by what it has open.
#[track_caller]
fn settle(program: &Program, what: &str, most: usize, count: impl Fn(&Program) -> usize) {
    let began = Instant::now();
    while count(program) > most {
        let has = count(program);
        assert!(
            began.elapsed() < SETTLED,
            "{has} {what}, and {most} at most: {}",
            open(program)
        );
        thread::park_timeout(Duration::from_millis(100));
    }
}

/// What it has open, sorted.
fn open(program: &Program) -> String {
    let folder = format!("/proc/{}/fd", program.id());
    let links = fs::read_dir(folder).unwrap().filter_map(Result::ok);
    let links = links.filter_map(|it| fs::read_link(it.path()).ok());
    let mut links: Vec<_> = links.map(|it| it.display().to_string()).collect();
    links.sort();
    links.join(" ")
}

/// Asks until that is over.
fn call(program: &Program, questions: &Questions, seen: &Seen, mut dice: Dice, until: Instant) {
    while Instant::now() < until {
        let seconds = 1 + u32::try_from(dice.roll(2)).unwrap();
        let (path, body, right) = questions.one(&mut dice, seconds);
        if dice.roll(8) == 0 {
            harm(program.mirror(), &mut dice, &body);
            continue;
        }
        let (sent, reply) = (Instant::now(), program.post(path, &body));
        let took = sent.elapsed();
        check_valid(&reply);
        let deadline = Duration::from_secs(seconds.into());
        // On a machine that does other things besides; late ones are counted as such.
        assert!(
            took <= deadline + Duration::from_secs(3),
            "{took:?}: {reply:?}"
        );
        let is_well = id(&reply) == "none" && !reply.body.contains("FAILURE");
        assert!(
            !is_well || reply.body == right,
            "{reply:?} instead of {right}"
        );
        let is_late = took > deadline + Duration::from_millis(100);
        seen.asked.fetch_add(1, Ordering::Relaxed);
        seen.well.fetch_add(usize::from(is_well), Ordering::Relaxed);
        seen.late.fetch_add(usize::from(is_late), Ordering::Relaxed);
    }
}

/// What is added to the memory in an hour, and how far that may be off, `after` so long.
fn slope(memory: &[(f64, f64)], after: Duration) -> Option<(f64, f64)> {
    let mut minutes = trend::minutes(memory);
    minutes.retain(|it| it.0 >= after.as_secs_f64());
    trend::per_hour(&minutes)
}

/// Has the configuration read again now and then, and looks at health and memory.
fn tend(program: &Program, seen: &Seen, began: Instant, is_over: &AtomicBool) {
    let mut minute = 1;
    while !is_over.load(Ordering::Relaxed) {
        let health = send(program.admin(), "GET", "/-/healthy", "");
        assert_eq!(health.status, 200, "{health:?}");
        let kib = f64::from(u32::try_from(resident_kib(program)).unwrap());
        let seconds = began.elapsed().as_secs_f64();
        seen.memory.lock().unwrap().push((seconds, kib));
        if seconds >= f64::from(minute) * 60.0 {
            tell_minute(program, minute);
            minute += 1;
        }
        program.signal("HUP");
        thread::park_timeout(Duration::from_secs(2));
    }
}

/// What it holds then, for whoever looks for what grows.
#[expect(clippy::print_stdout, reason = "a leak is looked for in it")]
fn tell_minute(program: &Program, minute: u32) {
    let [all, own, file] = ["VmRSS", "RssAnon", "RssFile"].map(|it| memory_kib(program, it));
    println!(
        "minute {minute}: {all} KiB, {own} its own, {file} of files; {} bytes in buffers, \
         {} descriptors, {:?} tasks",
        program.metric("mirror_buffer_bytes").unwrap_or_default(),
        descriptors(program),
        tasks(program),
    );
}

/// What came of it, for whoever reads along.
#[expect(clippy::print_stdout, reason = "the seed replays the run")]
fn tell(seed: u64, program: &Program, seen: &Seen, before: (usize, u64), after: (usize, u64)) {
    let [asked, well, late] =
        [&seen.asked, &seen.well, &seen.late].map(|it| it.load(Ordering::Relaxed));
    println!(
        "seed {seed}: {asked} asked, {well} well, {late} over 100 ms late; \
         descriptors and KiB {before:?}, {after:?}"
    );
    let memory = seen.memory.lock().unwrap();
    let last = memory.last().map_or(0.0, |it| it.0);
    let half = WARM.max(Duration::from_secs_f64(last / 2.0));
    for (from, after) in [
        ("the start", Duration::ZERO),
        ("minute 5", WARM),
        ("the middle", half),
    ] {
        if let Some((slope, error)) = slope(&memory, after) {
            println!("KiB an hour, from {from}: {slope:.0} ± {error:.0}");
        }
    }
    let told = [
        "mirror_errors_total",
        "mirror_shed_total",
        "mirror_log_lines",
    ];
    let page = program.metrics();
    for line in page
        .lines()
        .filter(|it| told.iter().any(|name| it.starts_with(name)))
    {
        println!("{line}");
    }
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
