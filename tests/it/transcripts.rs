//! A transcript of every command: what stands behind `$`, what it prints, what it says on stderr (behind
//! `!`), and its exit code (experience.md, "Command line"). `UPDATE_GOLDEN=1` rewrites them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use crate::commands::Lab;
use crate::commands::lab;
use crate::fake_backend::Answer;
use crate::fake_backend::Backend;
use crate::harness::Mirror;

const PROGRAM: &str = env!("CARGO_BIN_EXE_prometheus-mirror");

/// Of a longer answer that many lines are kept: other tests read the whole of it.
const MOST_LINES: usize = 30;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/transcripts")
}

/// What the commands are told about: files beside the lab's own, and a mirror that runs.
struct Scene {
    lab: Lab,
    mirror: Mirror,
    /// A backend that wants a password.
    closed: Backend,
}

impl Scene {
    fn new() -> Self {
        let lab = lab();
        let closed = Backend::start(|_| Answer::status(401, "who are you?"));
        let url = closed.url();
        lab.file("closed.json", &format!(r#"{{"url":"{url}"}}"#));
        lab.file("dead.json", r#"{"url":"http://127.0.0.1:1"}"#);
        lab.file(
            "secret.json",
            r#"{"url":"http://127.0.0.1:1","basic_auth":{"username":"mirror","password":"planted"}}"#,
        );
        lab.file(
            "good.yaml",
            "port: 9900\nconnections:\n  lab:\n    url: http://prometheus.test:9090\n",
        );
        lab.file("bad.yaml", "prot: 9900\nconnections:\n  lab:\n    url: 7\n");
        Self {
            lab,
            mirror: Mirror::start(),
            closed,
        }
    }

    /// Runs what stands behind `$`, and tells what came of it. `> FILE` keeps what is printed.
    fn told(&self, line: &str) -> String {
        let line = line.replace("{admin}", &self.mirror.admin_url());
        let mut words: Vec<&str> = line.split_whitespace().collect();
        let kept = words.iter().position(|word| *word == ">").map(|place| {
            let name = words[place + 1];
            words.truncate(place);
            name
        });
        let begin = words.iter().position(|word| *word == "prometheus-mirror");
        let begin = begin.expect("a line names the program");
        let variables = words[..begin]
            .iter()
            .filter_map(|word| word.split_once('='));
        let output = Command::new(PROGRAM)
            .args(&words[begin + 1..])
            .env_clear()
            .envs(variables)
            .current_dir(self.lab.folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let mut printed = self.lines(&output.stdout);
        if let Some(name) = kept {
            self.lab
                .file(name, &String::from_utf8(output.stdout).unwrap());
            printed.clear();
        }
        let mut told = String::new();
        for line in printed {
            let _ = writeln!(told, "{line}");
        }
        for line in self.lines(&output.stderr) {
            let _ = writeln!(told, "! {line}");
        }
        let _ = writeln!(told, "[exit {}]", output.status.code().unwrap());
        told
    }

    fn lines(&self, bytes: &[u8]) -> Vec<String> {
        let text = self
            .lab
            .shown(bytes)
            .replace(&self.mirror.admin_url(), "{admin}")
            .replace(&self.closed.host(), "{closed}")
            .replace(env!("CARGO_PKG_VERSION"), "{version}");
        let mut lines: Vec<String> = text.lines().map(steady).collect();
        if lines.len() > MOST_LINES {
            lines.truncate(MOST_LINES);
            // Not how many more: that would change with each setting and each error.
            lines.push("…".to_owned());
        }
        lines
    }

    /// The transcript that the commands of `written` have now.
    fn again(&self, written: &str) -> String {
        let commands = written.lines().filter_map(|line| line.strip_prefix("$ "));
        let told = commands.map(|line| format!("$ {line}\n{}", self.told(line)));
        told.collect::<Vec<_>>().join("\n")
    }
}

/// Without what differs from machine to machine.
fn steady(line: &str) -> String {
    if line.starts_with("workers: ") {
        return "workers: {one per core}".to_owned();
    }
    match line.split_once(", up ") {
        Some((before, _)) if before.starts_with("status ") => format!("{before}, up {{time}}"),
        _ => line.trim_end().to_owned(),
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the switch of whoever runs the tests"
)]
fn each_command_says_what_its_transcript_says() {
    let scene = Scene::new();
    let mut seen = BTreeSet::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let file = entry.unwrap().path();
        let written = fs::read_to_string(&file).unwrap();
        let again = scene.again(&written);
        assert!(!again.contains("planted"), "{}: a secret", file.display());
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&file, &again).unwrap();
        } else {
            assert_eq!(again, written, "{}", file.display());
        }
        seen.insert(file.file_stem().unwrap().to_str().unwrap().to_owned());
    }
    assert_eq!(
        seen,
        commands(),
        "a command without a transcript, or the reverse"
    );
}

/// The commands that `--help` lists.
fn commands() -> BTreeSet<String> {
    let output = Command::new(PROGRAM).arg("--help").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let listed = text.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.take_while(|line| !line.is_empty());
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names
        .filter(|it| *it != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn each_exit_code_of_a_command_stands_in_a_transcript() {
    let mut seen = BTreeSet::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let written = fs::read_to_string(entry.unwrap().path()).unwrap();
        let codes = written
            .lines()
            .filter_map(|line| line.strip_prefix("[exit "));
        seen.extend(codes.map(|code| code.trim_end_matches(']').to_owned()));
    }
    let wanted = ["0", "1", "2", "3", "4", "5", "6"].map(str::to_owned);
    assert_eq!(seen, BTreeSet::from(wanted));
}

#[test]
fn an_interrupted_command_exits_with_130() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let lab = lab();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let details = lab.file("silent.json", &format!(r#"{{"url":"{url}"}}"#));
    let mut child = Command::new(PROGRAM)
        .args(["query", "-c", &details, "__gauge__=one"])
        .env_clear()
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // It waits for an answer from here on.
    let _asked = silent.accept().unwrap();
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
