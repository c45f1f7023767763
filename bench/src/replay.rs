//! Fixed work, one case a run, single-threaded: what bench/gate.sh counts the instructions of.
//!
//! ```text
//! replay list            the cases, and how often each is done
//! replay CASE [TIMES]    one of them
//! replay time            nanoseconds of user time that a point costs in process
//! ```
//!
//! Only what happens inside [`measured`] is counted; callgrind finds it by its name. The backend is a
//! task of the same thread, so that who runs when is not the kernel's choice; its bodies are ready
//! before, so that it costs little and always the same.

mod backend;
mod corpus;
mod mirror;
mod wire;

use std::env;
use std::fs;
use std::hint::black_box;
use std::io;
use std::time::{Duration, Instant};

use prometheus_mirror::options::Dialect;
use prometheus_mirror::options::QueryOptions;
use prometheus_mirror::protocol::metric::MetricsQuery;
use prometheus_mirror::time::Millis;
use prometheus_mirror::time::UnixMillis;
use prometheus_mirror::translate;
use prometheus_mirror::translate::Facts;
use prometheus_mirror::translate::HistogramForm;
use tokio::runtime::Builder;
use tokio::runtime::Runtime;

use corpus::Question;
use mirror::Mirror;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A case, and how often it is done while it is counted: a multiple of 20, so that a slow-down of 5 %
/// can be made by doing it once in twenty more.
const CASES: [(&str, usize, Case); 8] = [
    ("request_121", 20, Case::Ask(Question::Buckets(121))),
    ("request_1000", 20, Case::Ask(Question::Buckets(1_000))),
    ("request_11000", 20, Case::Ask(Question::Buckets(11_000))),
    (
        "numeric_lane_11000",
        20,
        Case::Ask(Question::RawCounter(11_000)),
    ),
    ("request_signed", 20, Case::Ask(Question::Signed(121))),
    ("key_and_look_up", 40, Case::Ask(Question::Same(121))),
    ("refused", 20, Case::Ask(Question::Refused)),
    ("translate", 200, Case::Translate),
];

/// What is done.
#[derive(Clone, Copy)]
enum Case {
    /// A whole request in process.
    Ask(Question),
    /// Many conditions of each kind become a plan.
    Translate,
}

fn main() -> io::Result<()> {
    let wanted = env::args().nth(1).unwrap_or_default();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    match wanted.as_str() {
        "list" => {
            for (name, times, _) in CASES {
                println!("{name} {times}");
            }
            Ok(())
        }
        "time" => {
            println!("{:.3}", nanoseconds_of_a_point(&runtime)?);
            Ok(())
        }
        name => {
            let case = CASES.into_iter().find(|(known, ..)| *known == name);
            let (_, usual, case) = case.ok_or_else(|| io::Error::other("no such case"))?;
            let times = env::args().nth(2).and_then(|times| times.parse().ok());
            let times = times.unwrap_or(usual);
            replay(&runtime, times, case)
        }
    }
}

/// Everything whose instructions count happens in here.
#[inline(never)]
fn measured(work: &mut dyn FnMut()) {
    work();
}

fn replay(runtime: &Runtime, times: usize, case: Case) -> io::Result<()> {
    match case {
        Case::Ask(question) => {
            let mirror = runtime.block_on(Mirror::start())?;
            // The first connects, and fills what is filled once.
            runtime.block_on(mirror.ask_often(question, 3));
            measured(&mut || runtime.block_on(mirror.ask_often(question, times)));
        }
        Case::Translate => {
            let query: MetricsQuery = serde_json::from_str(&corpus::many_conditions())?;
            plan(&query);
            measured(&mut || (0..times).for_each(|_| plan(&query)));
        }
    }
    Ok(())
}

fn plan(query: &MetricsQuery) {
    let options = QueryOptions::default();
    let facts = Facts {
        dialect: Dialect::PromqlOpen,
        scrape_interval: Millis::new(15_000),
        histogram: HistogramForm::Absent,
    };
    let now = UnixMillis::new(1_800_000_000_000);
    let question = translate::question(black_box(query), &options, now);
    let question = question.expect("the corpus can be translated");
    let plan = translate::plan(&question, facts);
    black_box(plan.expect("the corpus can be planned"));
}

/// What a point adds to a whole request. An upper bound of scanning and writing it: reading it and
/// taking it over into the answer are in it. User time alone, so that the kernel's copies are not.
fn nanoseconds_of_a_point(runtime: &Runtime) -> io::Result<f64> {
    let mirror = runtime.block_on(Mirror::start())?;
    let mut each = [0.0; 2];
    let sizes = [121, 11_000];
    for (nanoseconds, points) in each.iter_mut().zip(sizes) {
        let question = Question::Buckets(points);
        runtime.block_on(mirror.ask_often(question, 20));
        let (before, began, mut asked) = (user_time()?, Instant::now(), 0);
        while began.elapsed() < Duration::from_secs(2) {
            runtime.block_on(mirror.ask_often(question, 20));
            asked += 20;
        }
        *nanoseconds = (user_time()? - before) * 1e9 / f64::from(asked);
    }
    let points = f64::from(u32::try_from(sizes[1] - sizes[0]).unwrap_or(1));
    Ok((each[1] - each[0]) / points)
}

/// Seconds of user time of this process. The kernel counts hundredths.
fn user_time() -> io::Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let ticks = stat
        .rsplit(')')
        .next()
        .and_then(|rest| rest.split_whitespace().nth(11))
        .and_then(|ticks| ticks.parse::<f64>().ok());
    ticks
        .map(|ticks| ticks / 100.0)
        .ok_or_else(|| io::Error::other("/proc/self/stat is not as expected"))
}
