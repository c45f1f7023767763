//! The program: the command line decides, `cli` does it, the exit code tells.
#![forbid(unsafe_code)]

use std::process::ExitCode;

/// A request makes hundreds of small allocations, and glibc's cost a quarter of its work; nor does
/// glibc give back what a peak has left in pieces (docs/performance.md). Without huge pages, which
/// would make an idle mirror twice as large.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    prometheus_mirror::cli::run(std::env::args_os())
}
