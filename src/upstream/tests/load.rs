//! What is remembered of a backend, and how many calls it gets: breaker, cool-down, slots, and the
//! budget of repeats (reliability.md, sections 2 to 4).

use std::future::ready;
use std::time::Duration;

use tokio::time;

use super::{Rig, TWO, lasting, ok, server};
use crate::limits::Size;
use crate::record::Context;
use crate::time::UnixMillis;
use crate::upstream::Upstream;
use crate::upstream::UpstreamError;
use server::Step;

const AT: UnixMillis = UnixMillis::new(0);

async fn ask(upstream: &Upstream, cx: &Context) -> Result<Option<f64>, UpstreamError> {
    upstream.value(cx, "1+1", AT, &[]).await
}

fn bad(line: &str) -> Step {
    Step::Answer(server::answer(line, "", "no"))
}

fn gateway() -> Step {
    bad("502 Bad Gateway")
}

/// So little time that nothing is repeated.
fn short() -> Context {
    lasting(400)
}

/// A rig whose backend has failed five times.
async fn opened() -> Rig {
    let rig = Rig::new((0..5).map(|_| gateway())).await;
    for _ in 0..5 {
        let error = ask(&rig.upstream, &short()).await.unwrap_err();
        assert!(matches!(error, UpstreamError::Status { .. }), "{error}");
    }
    rig
}

/// Lets the time pass that a breaker without luck stays open at first.
async fn a_second_passes() {
    time::pause();
    time::advance(Duration::from_secs(1)).await;
    time::resume();
}

#[tokio::test]
async fn f20_after_five_failures_no_call_goes_out() {
    let rig = opened().await;
    let error = ask(&rig.upstream, &lasting(30_000)).await.unwrap_err();
    let UpstreamError::Open {
        host,
        failures,
        last,
        next,
    } = error
    else {
        panic!("{error}");
    };
    assert_eq!((host, failures), (rig.server.host(), 5));
    assert!(matches!(*last, UpstreamError::Status { status: 502, .. }));
    // The shortest time, less a fifth: the rig knows no luck.
    assert!(next <= Duration::from_millis(800), "{next:?}");
    assert_eq!(rig.server.seen().len(), 5);
    let page = rig.instruments.encode();
    for line in [
        r#"mirror_breaker_state{backend="other"} 2"#,
        r#"mirror_breaker_opened_total{backend="other"} 1"#,
    ] {
        assert!(page.contains(line), "{page}");
    }
}

#[tokio::test]
async fn f20_a_probe_is_one_call_and_closes_the_circuit_or_opens_it_again() {
    let rig = opened().await;
    a_second_passes().await;
    rig.server.then([gateway()]);
    let error = ask(&rig.upstream, &lasting(30_000)).await.unwrap_err();
    assert!(matches!(error, UpstreamError::Status { .. }), "{error}");
    assert_eq!(rig.server.seen().len(), 6, "a probe is not repeated");
    let error = ask(&rig.upstream, &short()).await.unwrap_err();
    let again = matches!(error, UpstreamError::Open { failures: 6, .. });
    assert!(again, "{error}");
    a_second_passes().await;
    a_second_passes().await;
    rig.server.then([ok(TWO), ok(TWO)]);
    for _ in 0..2 {
        assert_eq!(ask(&rig.upstream, &short()).await, Ok(Some(2.0)));
    }
}

#[tokio::test]
async fn f20_a_probe_whose_caller_leaves_makes_way_for_the_next() {
    let rig = opened().await;
    a_second_passes().await;
    rig.server.then([Step::Hang(Vec::new()), ok(TWO)]);
    let cx = lasting(30_000);
    tokio::select! {
        answer = ask(&rig.upstream, &cx) => panic!("{answer:?}"),
        () = rig.server.until_seen(6) => {}
    }
    assert_eq!(ask(&rig.upstream, &cx).await, Ok(Some(2.0)));
}

#[tokio::test]
async fn the_connection_test_gets_the_truth_of_now() {
    let rig = opened().await;
    rig.server.then([ok(TWO), ok(TWO)]);
    let test = rig.upstream.clone().for_testing();
    assert_eq!(ask(&test, &short()).await, Ok(Some(2.0)));
    assert_eq!(ask(&rig.upstream, &short()).await, Ok(Some(2.0)));
}

#[tokio::test]
async fn f09_who_is_asked_to_wait_for_long_does_not_call_until_then() {
    let later = "Retry-After: 20\r\n";
    let rig = Rig::new([Step::Answer(server::answer("429 No", later, ""))]).await;
    for _ in 0..2 {
        let error = ask(&rig.upstream, &lasting(5_000)).await.unwrap_err();
        let UpstreamError::Throttled { retry_after, .. } = error else {
            panic!("{error}");
        };
        let left = retry_after.unwrap();
        assert!(left <= Duration::from_secs(20), "{left:?}");
        assert!(left > Duration::from_secs(10), "{left:?}");
    }
    assert_eq!(rig.server.seen().len(), 1);
    let page = rig.instruments.encode();
    let denied = r#"retries_denied_total{backend="other",reason="deadline"} 1"#;
    assert!(page.contains(denied), "{page}");
}

#[tokio::test]
async fn f10_one_that_is_away_is_waited_for_as_it_says() {
    let soon = "Retry-After: 0\r\n";
    let away = Step::Answer(server::answer("503 Later", soon, ""));
    let rig = Rig::new([away, ok(TWO)]).await;
    assert_eq!(ask(&rig.upstream, &lasting(30_000)).await, Ok(Some(2.0)));
    let line = r#"backend_retries_total{backend="other",outcome="success"} 1"#;
    assert!(rig.instruments.encode().contains(line));
    let late = "Retry-After: 900\r\n";
    rig.server
        .then([Step::Answer(server::answer("503 Later", late, ""))]);
    let error = ask(&rig.upstream, &lasting(30_000)).await.unwrap_err();
    let is_away = matches!(error, UpstreamError::Status { status: 503, .. });
    assert!(is_away, "{error}");
}

#[tokio::test]
async fn a_backend_gets_as_many_calls_as_it_has_slots() {
    let rig = Rig::new([Step::Hang(Vec::new()), ok(TWO)]).await;
    let size = Size {
        slots: 1,
        waiting: 1,
        is_shared: false,
    };
    let upstream = rig.upstream.clone().with_size(size);
    let cx = lasting(30_000);
    let mut first = Box::pin(ask(&upstream, &cx));
    tokio::select! {
        biased;
        answer = &mut first => panic!("{answer:?}"),
        () = rig.server.until_seen(1) => {}
    }
    let mut second = Box::pin(ask(&upstream, &cx));
    tokio::select! {
        biased;
        answer = &mut second => panic!("{answer:?}"),
        () = ready(()) => {}
    }
    let page = rig.instruments.encode();
    for line in [
        r#"mirror_in_flight{scope="backend"} 1"#,
        r#"mirror_queued{scope="backend"} 1"#,
    ] {
        assert!(page.contains(line), "{page}");
    }
    let host = rig.server.host();
    assert_eq!(ask(&upstream, &cx).await, Err(UpstreamError::Busy { host }));
    // Who leaves frees its place, and the next one is called.
    drop(first);
    assert_eq!(second.await, Ok(Some(2.0)));
    rig.server.until_closed(1).await;
    let page = rig.instruments.encode();
    for line in [
        r#"mirror_in_flight{scope="backend"} 0"#,
        r#"mirror_queued{scope="backend"} 0"#,
        r#"mirror_shed_total{reason="backend"} 1"#,
        r#"mirror_queue_wait_seconds_count{scope="backend"} 1"#,
    ] {
        assert!(page.contains(line), "{page}");
    }
}

#[tokio::test]
async fn a_call_waits_for_a_slot_for_a_quarter_of_its_time() {
    let rig = Rig::new([Step::Hang(Vec::new())]).await;
    let size = Size {
        slots: 1,
        waiting: 1,
        is_shared: false,
    };
    let upstream = rig.upstream.clone().with_size(size);
    let (long, brief) = (lasting(30_000), lasting(500));
    let mut first = Box::pin(ask(&upstream, &long));
    tokio::select! {
        biased;
        answer = &mut first => panic!("{answer:?}"),
        () = rig.server.until_seen(1) => {}
    }
    let host = rig.server.host();
    assert_eq!(
        ask(&upstream, &brief).await,
        Err(UpstreamError::Busy { host })
    );
    assert_eq!(brief.calls(), 0);
}

#[tokio::test]
async fn a_backend_that_keeps_failing_gets_a_fifth_more_calls_at_most() {
    let rig = Rig::new([]).await;
    for n in 0..900 {
        // Two of three succeed, which holds the breaker closed.
        let is_failing = n % 3 == 2;
        let step = || if is_failing { gateway() } else { ok(TWO) };
        rig.server.instead((0..3).map(|_| step()));
        let cx = lasting(30_000);
        let answer = ask(&rig.upstream, &cx).await;
        assert_eq!(answer.is_err(), is_failing);
        assert!(cx.calls() <= 3);
    }
    let calls = rig.server.seen().len();
    assert!((910..=1_080).contains(&calls), "{calls}");
    let page = rig.instruments.encode();
    let denied = r#"retries_denied_total{backend="other",reason="budget"}"#;
    assert!(page.contains(denied), "{page}");
}
