//! Panics of the program's own tasks, on the program as a process (reliability.md, row 31): one
//! begins anew, and one that goes on panicking ends the program with a status of its own.
//!
//! Nothing makes the built program panic. So the process is this binary of tests, which serves as the
//! program does, by a clock and in an environment that panic for as long as a file says so.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use prometheus_mirror::app::wall_clock;
use prometheus_mirror::cli;
use prometheus_mirror::config::Environment;
use prometheus_mirror::config::Flags;
use prometheus_mirror::config::Purpose;
use prometheus_mirror::config::Source;
use prometheus_mirror::config::World;
use prometheus_mirror::time::UnixMillis;
use tempfile::TempDir;

use super::*;

/// Says that this process is the one that serves, and where its configuration is.
const SERVES: &str = "PANICS_CONFIG";
const IN_FORCE: &str = "is in force";

#[expect(
    clippy::disallowed_methods,
    reason = "the test tells its other half where its configuration is"
)]
fn config() -> Option<PathBuf> {
    env::var_os(SERVES).map(PathBuf::from)
}

fn panics_if_told(by: &str) {
    let file = config().unwrap().with_file_name(by);
    assert!(!file.exists(), "{PLANTED}");
}

fn clock() -> UnixMillis {
    panics_if_told("clock");
    wall_clock()
}

struct Planted;

impl Environment for Planted {
    fn variable(&self, _: &str) -> Option<String> {
        panics_if_told("environment");
        None
    }
}

/// Serves until the end of this process, if this is the process that does.
#[expect(
    clippy::disallowed_methods,
    reason = "the status is what the test is about, and there is nothing to drop"
)]
fn serve_if_told() {
    let Some(config) = config() else { return };
    let flags = Flags {
        config: Some(config),
        ..Flags::default()
    };
    let world = World {
        environment: &Planted,
        random: getrandom::fill,
        cores: 2,
        purpose: Purpose::Run,
        running: None,
    };
    let code = cli::serve::run(Source::new(flags, world), clock);
    std::process::exit(code.into());
}

/// The process that serves in the test called `name`, and the folder in which it is told to panic.
fn serve(name: &str) -> (Program, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("mirror.yaml");
    let text = format!("port: 0\nadmin_port: 0\napi_key: {KEY}\n");
    fs::write(&config, text).unwrap();
    // What the program is given as arguments, these tests take for names of tests.
    let script = format!("{SERVES}=\"$3\" exec \"$0\" --exact --nocapture {name}");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &script]).arg(env::current_exe().unwrap());
    (Program::start(shell, &config), folder)
}

fn metric(program: &Program, name: &str, expected: &str) {
    assert_eq!(program.metric(name).as_deref(), Some(expected), "{name}");
}

#[test]
fn f31_a_task_that_goes_on_panicking_ends_the_program_with_70() {
    serve_if_told();
    let name = "faults::panics::f31_a_task_that_goes_on_panicking_ends_the_program_with_70";
    let (mut program, folder) = serve(name);
    let (backend, _) = backend();
    let panics = folder.path().join("clock");

    fs::write(&panics, "").unwrap();
    program.hang_up("begins anew");
    fs::remove_file(&panics).unwrap();
    program.wait_for("restart", |it| {
        it.metric("mirror_task_restarts_total").as_deref() == Some("1")
    });
    metric(&program, "mirror_panics_total", "1");
    // The program goes on, and so does the task.
    let reply = ask(&program, &backend.url(), 4);
    assert_eq!((id(&reply), reply.status), ("none", 200), "{reply:?}");
    program.hang_up(IN_FORCE);

    fs::write(&panics, "").unwrap();
    program.hang_up("begins anew");
    program.signal("HUP");
    assert_eq!(program.ended().code(), Some(70));
    for said in ["goes on panicking", "went on panicking"] {
        program.wait_for(said, |it| it.logged(said) == 1);
    }
    assert_eq!(program.logged("panics.rs"), 3, "where");
    assert_eq!(program.logged(PLANTED), 0, "and not what");
}

#[test]
fn f31_a_configuration_whose_reading_panics_is_a_bad_one_and_ends_nothing() {
    serve_if_told();
    let name =
        "faults::panics::f31_a_configuration_whose_reading_panics_is_a_bad_one_and_ends_nothing";
    let (mut program, folder) = serve(name);
    let panics = folder.path().join("environment");
    let successful = "mirror_config_last_reload_successful";

    fs::write(&panics, "").unwrap();
    for count in 1..=4 {
        program.hang_up("panicked");
        let counted = count.to_string();
        program.wait_for("count", |it| {
            it.metric("mirror_panics_total").as_deref() == Some(&counted)
        });
    }
    metric(&program, successful, "0");
    metric(&program, "mirror_task_restarts_total", "0");
    fs::remove_file(&panics).unwrap();
    program.hang_up(IN_FORCE);
    metric(&program, successful, "1");
    assert_eq!(program.logged(PLANTED), 0);
    program.signal("INT");
    assert_eq!(program.ended().code(), Some(0));
}
