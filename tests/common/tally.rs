//! The runner that stands in for libtest: what is started once for all cases must end by the
//! drop of its owner, which needs a `main` of our own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

#[derive(Default)]
pub(crate) struct Tally {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Tally {
    /// Runs one case and prints its verdict and how long it took.
    pub(crate) fn run(&mut self, name: &str, case: impl FnOnce()) {
        let began = Instant::now();
        // Each case leaves what it shares as it was: what a panic cuts short is only its own.
        let passed = catch_unwind(AssertUnwindSafe(case)).is_ok();
        let verdict = if passed { "ok" } else { "FAILED" };
        println!("{verdict:6} {name} ({} ms)", began.elapsed().as_millis());
        if passed {
            self.passed += 1
        } else {
            self.failed += 1
        }
    }

    /// Notes that something is not here that cases need.
    pub(crate) fn missing(&mut self, name: &str, is_failure: bool) {
        let verdict = if is_failure { "missing" } else { "skipped" };
        println!("{verdict}: {name} is not here");
        if is_failure {
            self.failed += 1
        } else {
            self.skipped += 1
        }
    }

    /// Adds what another counted.
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// The last line and the exit code.
    pub(crate) fn finish(self) -> ExitCode {
        println!(
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        );
        if self.failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}
