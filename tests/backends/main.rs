//! Truth: samples are written to real engines, the expectation is computed from the samples,
//! and the mirror is asked over HTTP. `scripts/backends.sh` fetches the engines.
//!
//!     cargo test --test backends                    every case on every engine that is here
//!     cargo test --test backends -- forky::gauges   only cases whose name holds that text
//!
//! `BACKENDS_DIR` (default `target/backends`) says where the engines are. An engine that is
//! absent is skipped by name; under `BACKENDS_REQUIRED=1` that fails for Prometheus 2.42, for
//! 3.5, and when there is no `VictoriaMetrics` at all.
//!
//! There is no libtest here: engines are started once and shared by all cases.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]
#![expect(clippy::print_stdout, reason = "this is its own test runner")]

#[path = "../common/engine.rs"]
mod engine;
#[path = "../common/mirror.rs"]
#[expect(dead_code, reason = "tests/connections uses the rest of it")]
mod mirror;
#[path = "../common/numbers.rs"]
mod numbers;
#[path = "../common/process.rs"]
#[expect(dead_code, reason = "tests/connections uses the rest of it")]
mod process;
#[path = "../common/remote_write.rs"]
mod remote_write;
#[path = "../common/series.rs"]
mod series;
#[path = "../common/settings.rs"]
mod settings;
#[path = "../common/tally.rs"]
mod tally;
#[path = "../common/wire.rs"]
mod wire;

mod fleet;
mod labels;
mod observed;
mod oracle;
mod question;
mod rig;
mod samples;

mod counters;
mod diagnose;
mod fields;
mod gauges;
mod histograms;
mod irregular;
mod legacy;
mod left_open;
mod long;
mod metadata;
mod nan;
mod native;
mod paging;
mod raw;
mod several;
mod stored;
mod strategy;
mod summaries;
mod tilde;

use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;

use crate::engine::Kind;
use crate::fleet::Fleet;
use crate::rig::Rig;
use crate::settings::Settings;
use crate::tally::Tally;

/// A claim and the engines it is made about.
struct Case {
    name: &'static str,
    on: On,
}

enum On {
    Each(fn(&Rig<'_>)),
    /// Every Prometheus, since the others do not have what it is about.
    Prometheus(fn(&Rig<'_>)),
    /// The one engine that stores native histograms as old as the samples are: 2.42 and 2.53 refuse
    /// them as out of bounds, and the mirror reads none of `VictoriaMetrics`.
    Native(fn(&Rig<'_>)),
    /// The left-closed and the left-open Prometheus, side by side.
    Pair(fn(&Rig<'_>, &Rig<'_>)),
}

const SUBJECTS: [(&str, &[Case]); 19] = [
    ("stored", stored::CASES),
    ("gauges", gauges::CASES),
    ("counters", counters::CASES),
    ("irregular", irregular::CASES),
    ("histograms", histograms::CASES),
    ("native", native::CASES),
    ("summaries", summaries::CASES),
    ("strategy", strategy::CASES),
    ("nan", nan::CASES),
    ("several", several::CASES),
    ("raw", raw::CASES),
    ("tilde", tilde::CASES),
    ("paging", paging::CASES),
    ("long", long::CASES),
    ("fields", fields::CASES),
    ("metadata", metadata::CASES),
    ("legacy", legacy::CASES),
    ("left_open", left_open::CASES),
    ("diagnose", diagnose::CASES),
];

/// What every engine must have been asked in a whole run: fewer means that a loop went empty.
/// Raw and long answers do not count, since a single one of them is larger than this.
const LEAST_COMPARED: usize = 5_000;

fn check(tally: &mut Tally, kind: Kind, fleet: &Fleet, settings: &Settings) {
    let Some(rig) = fleet.rig(kind) else {
        tally.missing(kind.name, fleet::demands(settings, kind));
        return;
    };
    let mut computed = 0;
    for (subject, cases) in SUBJECTS {
        let before = rig.compared();
        for case in cases {
            let name = format!("{}::{subject}::{}", kind.name, case.name);
            match (&case.on, fleet.rig(Kind::CLOSED)) {
                _ if !settings.selects(&name) => {}
                (On::Each(run), _) => tally.run(&name, || run(&rig)),
                (On::Prometheus(run), _) if !kind.is_victoria_metrics() => {
                    tally.run(&name, || run(&rig))
                }
                (On::Native(run), _) if fleet::takes_native_histograms(kind) => {
                    tally.run(&name, || run(&rig))
                }
                (On::Pair(run), Some(closed)) if kind == Kind::OPEN => {
                    tally.run(&name, || run(&closed, &rig))
                }
                (On::Pair(_) | On::Prometheus(_) | On::Native(_), _) => {}
            }
        }
        let compared = rig.compared() - before;
        if compared > 0 {
            println!(
                "       {}::{subject}: {compared} points compared",
                kind.name
            );
        }
        if !matches!(subject, "raw" | "long") {
            computed += compared;
        }
    }
    println!(
        "       {}: {} points compared, {computed} of them short and aggregated",
        kind.name,
        rig.compared()
    );
    if settings.is_whole() {
        let name = format!("{}::enough_points_were_compared", kind.name);
        tally.run(&name, || {
            assert!(computed >= LEAST_COMPARED, "only {computed}");
        });
    }
}

fn main() -> ExitCode {
    let settings = Settings::read();
    let fleet = Fleet::start(&settings);
    let kinds = Kind::ALL.into_iter();
    let kinds = Mutex::new(kinds.filter(|kind| fleet::selects_engine(&settings, *kind)));
    let next = || kinds.lock().unwrap().next();
    // Two engines at a time: while one reads, the samples of the other are computed with.
    let mut tally = thread::scope(|scope| {
        let check_some = || {
            let mut tally = Tally::default();
            while let Some(kind) = next() {
                check(&mut tally, kind, &fleet, &settings);
            }
            tally
        };
        let other = scope.spawn(check_some);
        let mut tally = check_some();
        tally.add(other.join().unwrap());
        tally
    });
    if settings.is_whole() && settings.is_demanding && !fleet.has_victoria_metrics() {
        tally.missing("victoria-metrics", true);
    }
    // The engines end here, before the line that says how it went.
    drop(fleet);
    tally.finish()
}
