//! Children that cannot outlive these tests, and the ports they listen on.

use std::fs::File;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Passes on the signals that are written to it, ends when the program does, and kills it as soon
/// as our end of its standard input closes, which also happens when the tests are themselves
/// killed. Ctrl-C goes to the whole group, so the shell ignores it.
const GUARD: &str = r#"trap '' INT; trap exit CHLD; "$0" "$@" </dev/null & program=$!
    while read -r signal; do kill -"$signal" "$program"; done
    kill -KILL "$program"; wait"#;

/// A running program; dropping it ends exactly that process.
pub(crate) struct Process {
    guard: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `program` with nothing in its environment but `environment`; all it says goes to `log`.
    pub(crate) fn start(
        program: &Path,
        arguments: &[String],
        environment: &[(&str, String)],
        log: &Path,
    ) -> Self {
        let out = File::create(log).unwrap();
        let guard = Command::new("/bin/sh")
            .arg("-c")
            .arg(GUARD)
            .arg(program)
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .envs(
                environment
                    .iter()
                    .map(|(name, value)| (*name, value.as_str())),
            )
            .stdin(Stdio::piped())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .spawn()
            .unwrap();
        Self {
            guard,
            log: log.to_owned(),
        }
    }

    /// Sends it a signal by its short name, like `HUP`.
    pub(crate) fn signal(&mut self, name: &str) {
        let line = format!("{name}\n");
        self.guard
            .stdin
            .as_mut()
            .unwrap()
            .write_all(line.as_bytes())
            .unwrap();
    }

    /// All that it said, on both streams.
    pub(crate) fn words(&self) -> String {
        words(&self.log)
    }

    /// The end of what it said.
    pub(crate) fn last_words(&self) -> String {
        last_words(&self.log)
    }

    /// Waits until a GET of the address is answered with 200.
    ///
    /// # Panics
    /// When the program ends before, or when that takes longer than a minute; with its last words.
    pub(crate) fn wait_until_ready(&mut self, client: &ureq::Agent, url: &str) {
        let (guard, log) = (&mut self.guard, &self.log);
        let what = || format!("{url}; the program said:\n{}", last_words(log));
        poll(what, || {
            assert!(guard.try_wait().unwrap().is_none(), "it ended; {}", what());
            client
                .get(url)
                .call()
                .is_ok_and(|answer| answer.status() == 200)
        });
    }
}

fn words(log: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(log).unwrap_or_default()).into_owned()
}

fn last_words(log: &Path) -> String {
    let log = words(log);
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

/// Ports on loopback that were free a moment ago, no two of them the same.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    // All are held until all are known.
    let listeners = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

/// Asks again and again until the answer is yes.
///
/// # Panics
/// When that takes longer than a minute; `what` says what was waited for.
pub(crate) fn poll(what: impl Fn() -> String, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        let is_late = began.elapsed() > Duration::from_secs(60);
        assert!(!is_late, "gave up waiting for {}", what());
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

/// An HTTP client for loopback: any status is an answer, and no proxy is between.
pub(crate) fn client() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(60)))
        .proxy(None)
        .build()
        .new_agent()
}
