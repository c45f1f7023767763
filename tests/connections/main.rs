//! Every way to reach a backend, on real parts: signatures recomputed by botocore, moto's STS,
//! nginx with a private CA, a token endpoint, and the places where a machine asks who it is; each
//! in front of a real Prometheus. `scripts/peers.sh` and `scripts/backends.sh` fetch them.
//!
//!     cargo test --test connections                 every case
//!     cargo test --test connections -- oauth2::     only cases whose name holds that text
//!
//! Which identity asked is read from the peers, never from what the mirror says of itself.
//! `SEED` replays the random interleavings. Without Prometheus or peers the target is skipped;
//! under `BACKENDS_REQUIRED=1` that fails.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]
#![expect(clippy::print_stdout, reason = "this is its own test runner")]
#![expect(
    clippy::disallowed_types,
    reason = "connection details are free JSON, also the ones that must be refused"
)]

#[path = "../common/engine.rs"]
#[expect(dead_code, reason = "tests/backends uses the rest of it")]
mod engine;
#[path = "../common/mirror.rs"]
mod mirror;
#[path = "../common/numbers.rs"]
#[expect(dead_code, reason = "tests/backends uses the rest of it")]
mod numbers;
#[path = "../common/process.rs"]
mod process;
#[path = "../common/remote_write.rs"]
mod remote_write;
#[path = "../common/series.rs"]
#[expect(dead_code, reason = "tests/backends uses the rest of it")]
mod series;
#[path = "../common/settings.rs"]
mod settings;
#[path = "../common/tally.rs"]
#[expect(dead_code, reason = "tests/backends uses the rest of it")]
mod tally;
#[path = "../common/wire.rs"]
#[expect(dead_code, reason = "tests/backends uses the rest of it")]
mod wire;

mod ask;
mod aws;
mod command;
mod heard;
mod nginx;
mod peer;
mod pki;
mod rig;
mod setup;
mod stored;
mod trap;

mod bearer;
mod canary;
mod chain;
mod check_config;
mod clock;
mod compression;
mod deputies;
mod expiry;
mod files;
mod http2;
mod interleaved;
mod ladder;
mod listener;
mod oauth2;
mod open;
mod passwords;
mod precedence;
mod print_config;
mod proxies;
mod redirects;
mod refusals;
mod regions;
mod reload;
mod roles;
mod rotation;
mod schemas;
mod sessions;
mod signing;
mod test_connection;
mod tls;

use std::process::ExitCode;

use crate::rig::Rig;
use crate::settings::Settings;
use crate::tally::Tally;

/// A claim.
struct Case {
    name: &'static str,
    run: fn(&Rig),
}

/// Lists functions as cases, each under its own name.
macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        pub(crate) const CASES: &[crate::Case] =
            &[$(crate::Case { name: stringify!($name), run: $name }),*];
    };
}
pub(crate) use cases;

const SUBJECTS: [(&str, &[Case]); 30] = [
    ("open", open::CASES),
    ("passwords", passwords::CASES),
    ("bearer", bearer::CASES),
    ("tls", tls::CASES),
    ("http2", http2::CASES),
    ("compression", compression::CASES),
    ("proxies", proxies::CASES),
    ("oauth2", oauth2::CASES),
    ("redirects", redirects::CASES),
    ("files", files::CASES),
    ("signing", signing::CASES),
    ("precedence", precedence::CASES),
    ("roles", roles::CASES),
    ("regions", regions::CASES),
    ("chain", chain::CASES),
    ("deputies", deputies::CASES),
    ("sessions", sessions::CASES),
    ("interleaved", interleaved::CASES),
    ("refusals", refusals::CASES),
    ("clock", clock::CASES),
    ("ladder", ladder::CASES),
    ("test_connection", test_connection::CASES),
    ("check_config", check_config::CASES),
    ("schemas", schemas::CASES),
    ("print_config", print_config::CASES),
    ("rotation", rotation::CASES),
    ("expiry", expiry::CASES),
    ("reload", reload::CASES),
    ("listener", listener::CASES),
    ("canary", canary::CASES),
];

fn main() -> ExitCode {
    let settings = Settings::read();
    let mut tally = Tally::default();
    let rig = match Rig::start(&settings) {
        Ok(rig) => rig,
        Err(missing) => {
            tally.missing(missing, settings.is_demanding);
            return tally.finish();
        }
    };
    for (subject, cases) in SUBJECTS {
        for case in cases {
            let name = format!("{subject}::{}", case.name);
            if settings.selects(&name) {
                rig.reset();
                tally.run(&name, || (case.run)(&rig));
            }
        }
    }
    // The peers end here, before the line that says how it went.
    drop(rig);
    tally.finish()
}
