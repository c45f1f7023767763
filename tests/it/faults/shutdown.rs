//! Signals, reloads and a log that nobody reads (reliability.md, rows 29 and 30).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::*;

const LOAD: usize = 200;

/// A backend whose answers take that long.
fn slow(millis: u64) -> Backend {
    Backend::start(move |_| {
        thread::park_timeout(Duration::from_millis(millis));
        Answer::json(list())
    })
}

/// Asks of so many callers at once, `act` once all are under way; what they read.
fn under_load(
    program: &mut Program,
    count: usize,
    seconds: u32,
    url: &str,
    act: impl FnOnce(&mut Program),
) -> Vec<Reply> {
    let caller = program.caller();
    let asked: Vec<_> = (0..count)
        .map(|number| {
            // A list of its own for each, so that each is a call of its own.
            let label = format!("\"job{number}\"");
            let body = query(url, seconds).replace("\"job\"", &label);
            thread::spawn(move || caller.post("/api/field/value", &body))
        })
        .collect();
    let gauge = r#"mirror_in_flight{scope="global"}"#;
    let all = count.to_string();
    program.wait_for("load", |it| it.metric(gauge).as_deref() == Some(&all));
    act(program);
    asked.into_iter().map(|it| it.join().unwrap()).collect()
}

#[test]
fn f29_at_sigterm_nothing_is_cut_that_can_end() {
    let backend = slow(3_000);
    let mut program = Program::with("limits: {shutdown_delay: 1s, drain: 40s}\n");
    let late = AtomicUsize::new(0);
    let replies = under_load(&mut program, LOAD, 50, &backend.url(), |program| {
        program.signal("TERM");
        program.wait_for("draining", |it| {
            it.metric("mirror_draining").as_deref() == Some("1")
        });
        // The listener accepts on, and sends off.
        let reply = program.get("/healthcheck");
        assert_eq!(
            (reply.status, reply.header("connection")),
            (200, Some("close"))
        );
        late.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!((replies.len(), late.into_inner()), (LOAD, 1));
    for reply in &replies {
        assert_eq!((id(reply), reply.status), ("none", 200), "{reply:?}");
        assert_eq!(reply.header("connection"), Some("close"));
    }
    assert_eq!(program.ended().code(), Some(0));
}

#[test]
fn f29_what_does_not_end_in_time_is_told_so_and_counted_as_cut() {
    let (_backend, at) = backend();
    let proxy = Proxy::start(at, |_| Fault::Silence);
    let mut program = Program::with("limits: {shutdown_delay: 0s, drain: 2s}\n");
    let began = Instant::now();
    let replies = under_load(&mut program, 8, 50, &proxy.url(), |it| it.signal("TERM"));
    for reply in &replies {
        check_failure(reply, "PM-6008", R);
    }
    assert_eq!(program.ended().code(), Some(1));
    assert!(began.elapsed() <= Duration::from_secs(10));
}

#[test]
fn f29_a_second_signal_ends_the_waiting() {
    let (_backend, at) = backend();
    let proxy = Proxy::start(at, |_| Fault::Silence);
    let mut program = Program::with("");
    let began = Instant::now();
    let replies = under_load(&mut program, 8, 50, &proxy.url(), |program| {
        program.signal("TERM");
        program.wait_for("draining", |it| {
            it.metric("mirror_draining").as_deref() == Some("1")
        });
        program.signal("INT");
    });
    for reply in &replies {
        check_failure(reply, "PM-6008", R);
    }
    assert_eq!(program.ended().code(), Some(1));
    assert!(began.elapsed() <= Duration::from_secs(10));
}

#[test]
fn f29_after_a_kill_there_is_no_state_to_repair() {
    let (backend, _) = backend();
    for _ in 0..2 {
        let mut program = Program::with("");
        let reply = ask(&program, &backend.url(), 4);
        assert_eq!((id(&reply), reply.status), ("none", 200), "{reply:?}");
        program.signal("KILL");
        assert_eq!(program.ended().code(), None);
    }
}

#[test]
fn f30_a_log_whose_reader_is_gone_ends_alone() {
    let mut program = Program::with("");
    program.leave_log();
    let dropped = "mirror_log_lines_dropped_total";
    program.wait_for("loss", |it| {
        assert_eq!(id(&it.post("/api/metric", "{]")), "PM-1001");
        it.metric(dropped).is_some_and(|it| it != "0")
    });
    assert_eq!(id(&program.post("/api/metric", "{]")), "PM-1001");
    program.signal("INT");
    assert_eq!(program.ended().code(), Some(0));
}

#[test]
fn f30_a_log_that_nobody_reads_blocks_nothing_and_its_loss_is_counted() {
    let mut program = Program::with("");
    program.mute(true);
    let dropped = "mirror_log_lines_dropped_total";
    let caller = program.caller();
    let asked = Arc::<AtomicUsize>::default();
    // Each logs one line; a pipe and the queue hold some thousands.
    let callers = [(); 4].map(|()| {
        let asked = Arc::clone(&asked);
        thread::spawn(move || {
            while asked.fetch_add(1, Ordering::Relaxed) < 12_000 {
                let reply = caller.post("/api/metric", "{]");
                assert_eq!(id(&reply), "PM-1001");
            }
        })
    });
    for caller in callers {
        caller.join().unwrap();
    }
    program.wait_for("loss", |it| it.metric(dropped).is_some_and(|it| it != "0"));
    program.mute(false);
    let said = "log lines were dropped";
    program.wait_for(said, |it| {
        it.post("/api/metric", "{]");
        it.logged(said) > 0
    });
    program.mute(true);
    program.signal("INT");
    assert_eq!(program.ended().code(), Some(0));
}
