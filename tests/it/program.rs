//! The program as a process that serves.

use std::fs;
use std::io::BufRead as _;
use std::io::BufReader;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use std::time::Instant;

use serde::Deserialize;
use tempfile::TempDir;

use crate::harness::Reply;
use crate::harness::send;

const PROGRAM: &str = env!("CARGO_BIN_EXE_prometheus-mirror");

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A serving process. It ends with this value.
pub(crate) struct Program {
    child: Child,
    /// What its settings lie in, if nobody else has it.
    folder: Option<TempDir>,
    log: Arc<Mutex<Vec<String>>>,
    /// Whether its log is not read.
    is_muted: Arc<AtomicBool>,
    /// Whether nobody will ever read it again.
    is_left: Arc<AtomicBool>,
    mirror: SocketAddr,
    admin: SocketAddr,
}

/// The line of the log that says where the program listens.
#[derive(Deserialize)]
struct Listening {
    mirror: SocketAddr,
    admin: SocketAddr,
}

/// Somebody who calls the mirror's port.
#[derive(Clone, Copy)]
pub(crate) struct Caller(SocketAddr);

impl Caller {
    /// Posts a body.
    pub(crate) fn post(self, path: &str, body: &str) -> Reply {
        send(self.0, "POST", path, body)
    }
}

/// `program` with nothing in its environment.
pub(crate) fn bare(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    command
}

impl Program {
    /// The program with the settings in `config`, which must leave both ports free to choose.
    pub(crate) fn serve(config: &Path) -> Self {
        Self::start(bare(PROGRAM), config)
    }

    /// The program with a key, free ports, and the settings `more`.
    pub(crate) fn with(more: &str) -> Self {
        Self::start_with(bare(PROGRAM), more)
    }

    /// Another build of the program, with a key and free ports.
    pub(crate) fn built(binary: &str) -> Self {
        Self::start_with(bare(binary), "")
    }

    /// The program with a key and free ports, and with so many file descriptors at most.
    pub(crate) fn within(descriptors: u32) -> Self {
        let mut shell = bare("/bin/sh");
        let limited = format!("ulimit -n {descriptors}; exec \"$0\" \"$@\"");
        shell.args(["-c", &limited, PROGRAM]);
        Self::start_with(shell, "")
    }

    /// The program with a key and free ports, started where core dumps are written.
    pub(crate) fn where_cores_are_dumped() -> Self {
        let mut shell = bare("/bin/sh");
        shell.args(["-c", "ulimit -c unlimited; exec \"$0\" \"$@\"", PROGRAM]);
        Self::start_with(shell, "")
    }

    /// The program with a key and free ports, in a control group: its file `procs` takes the id
    /// of a process that joins.
    pub(crate) fn in_group(procs: &Path) -> Self {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "echo $$ >\"$0\"; exec \"$@\""]);
        shell.arg(procs).arg(PROGRAM);
        Self::start_with(shell, "")
    }

    /// The id of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn start_with(command: Command, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("mirror.yaml");
        let text = format!("port: 0\nadmin_port: 0\napi_key: the-key-of-these-tests\n{more}");
        fs::write(&config, text).unwrap();
        let mut program = Self::start(command, &config);
        program.folder = Some(folder);
        program
    }

    /// The program as `command` starts it, with the settings in `config`.
    pub(crate) fn start(mut command: Command, config: &Path) -> Self {
        let mut child = command
            .args(["serve", "--config"])
            .arg(config)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let is_muted = Arc::<AtomicBool>::default();
        let is_left = Arc::<AtomicBool>::default();
        let (written, muted) = (Arc::clone(&log), Arc::clone(&is_muted));
        let left = Arc::clone(&is_left);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if left.load(Ordering::Relaxed) {
                    return;
                }
                while muted.load(Ordering::Relaxed) {
                    thread::park_timeout(Duration::from_millis(10));
                }
                written.lock().unwrap().push(line);
            }
        });
        let mut program = Self {
            child,
            folder: None,
            log,
            is_muted,
            is_left,
            mirror: SocketAddr::from(([0; 4], 0)),
            admin: SocketAddr::from(([0; 4], 0)),
        };
        program.wait_for("both listeners", |program| {
            let lines = program.log.lock().unwrap().clone();
            let found = lines
                .iter()
                .find_map(|line| serde_json::from_str(line).ok());
            let Some(Listening { mirror, admin }) = found else {
                return false;
            };
            (program.mirror, program.admin) = (mirror, admin);
            true
        });
        program
    }

    /// Where the Mirror API is served.
    pub(crate) fn mirror(&self) -> SocketAddr {
        self.mirror
    }

    /// Where health and metrics are served.
    pub(crate) fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// A caller, which can be used while the program is told things.
    pub(crate) fn caller(&self) -> Caller {
        Caller(self.mirror)
    }

    /// Posts a body to the mirror's port.
    pub(crate) fn post(&self, path: &str, body: &str) -> Reply {
        self.caller().post(path, body)
    }

    /// Asks for a page of the mirror's port.
    pub(crate) fn get(&self, path: &str) -> Reply {
        send(self.mirror, "GET", path, "")
    }

    /// The value of one of the program's own metrics.
    pub(crate) fn metric(&self, name: &str) -> Option<String> {
        let page = self.metrics();
        let mut lines = page.lines();
        lines.find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(' ')?.to_owned()))
    }

    /// How many lines of the log hold `text`.
    pub(crate) fn logged(&self, text: &str) -> usize {
        let lines = self.log.lock().unwrap();
        lines.iter().filter(|line| line.contains(text)).count()
    }

    /// Asks for a reload, and waits until the log holds `text` once more.
    #[track_caller]
    pub(crate) fn hang_up(&mut self, text: &str) {
        let before = self.logged(text);
        self.signal("HUP");
        self.wait_for(text, |program| program.logged(text) > before);
    }

    /// Sends the signal of that name.
    #[track_caller]
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let mut kill = Command::new("kill");
        assert!(kill.args(["-s", name, &id]).status().unwrap().success());
    }

    /// How the process ended, which it does soon.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> ExitStatus {
        self.wait_for("end", |program| program.child.try_wait().unwrap().is_some());
        self.child.wait().unwrap()
    }

    /// What it says of itself, whole.
    pub(crate) fn metrics(&self) -> String {
        send(self.admin, "GET", "/metrics", "").body
    }

    /// From now on its log is read, or not.
    pub(crate) fn mute(&self, is_muted: bool) {
        self.is_muted.store(is_muted, Ordering::Relaxed);
    }

    /// The reader of its log leaves at the next line.
    pub(crate) fn leave_log(&self) {
        self.is_left.store(true, Ordering::Relaxed);
    }

    /// Waits until `is_so`.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, what: &str, is_so: impl Fn(&mut Self) -> bool) {
        let began = Instant::now();
        while !is_so(self) {
            let log = || self.log.lock().unwrap().join("\n");
            assert!(began.elapsed() < PATIENCE, "no {what}:\n{}", log());
            thread::park_timeout(Duration::from_millis(10));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
