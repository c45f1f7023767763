//! Leaving, failing, panicking and answering at random moments; by a seed, so that a failure can be
//! seen again.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use tokio::runtime;
use tokio::task::yield_now;

use super::*;

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// One more asks.
    Ask,
    /// One of those who wait leaves.
    Leave(usize),
    /// The work that began last ends.
    End(End),
    /// The tasks get on.
    Yield,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Ask),
        3 => any::<usize>().prop_map(Step::Leave),
        1 => (1_u32..1_000).prop_map(|outcome| Step::End(End::Unkept(outcome))),
        1 => Just(Step::End(End::Panic)),
        2 => Just(Step::Yield),
    ]
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(5),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn block_on(test: impl Future<Output = ()>) {
    let mut builder = runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(test);
}

/// Ends work that has not ended.
fn end(work: &watch::Sender<End>, end: End) {
    work.send_if_modified(|old| {
        let is_first = *old == End::NotYet;
        if is_first {
            *old = end;
        }
        is_first
    });
}

async fn run(steps: &[Step]) {
    let bench = Bench::of(1 << 20);
    let key = bench.key("up");
    let mut works: Vec<watch::Sender<End>> = Vec::new();
    // Each with the work that it waits for.
    let mut waiting: Vec<(usize, Waiter<Job>)> = Vec::new();
    for step in steps {
        match *step {
            Step::Ask => {
                let end = watch::Sender::new(End::NotYet);
                let waiter = bench.waiter(&key, 10, &end);
                if waiter.has_begun() {
                    works.push(end);
                }
                waiting.push((works.len() - 1, waiter));
            }
            Step::Leave(which) if !waiting.is_empty() => {
                drop(waiting.swap_remove(which % waiting.len()));
            }
            Step::End(how) => works.last().into_iter().for_each(|work| end(work, how)),
            Step::Leave(_) | Step::Yield => yield_now().await,
        }
    }
    works.iter().for_each(|work| end(work, End::Unkept(0)));
    for (work, waiter) in &mut waiting {
        let expected = match *works[*work].borrow() {
            End::Unkept(outcome) => Ended::Done(outcome),
            _ => Ended::Broken,
        };
        assert_eq!(waiter.wait(LONG).await, Some(expected));
    }
    waiting.clear();
    yield_now().await;
    assert_eq!(bench.shared.len(), (0, 0));
    assert!(bench.runs() <= u32::try_from(works.len()).unwrap());
}

#[test]
fn who_stays_hears_the_end_of_its_work_and_nothing_is_left() {
    let steps = proptest::collection::vec(step(), 0..60);
    proptest!(config(2_000), |(steps in steps)| block_on(run(&steps)));
}

/// What two callers do, each with its own key and outcomes: odd ones and even ones.
async fn cross(steps: &[(usize, u8, usize)]) {
    let bench = Bench::of(1 << 20);
    let keys = ["one/0", "two/0"].map(|me| bench.shared.key(me, &plan("up")));
    let mut works: [Vec<watch::Sender<End>>; 2] = Default::default();
    let mut waiting: Vec<(u32, Waiter<Job>)> = Vec::new();
    for &(who, what, which) in steps {
        let own = u32::from(who == 1);
        match what {
            0 | 1 => {
                let end = watch::Sender::new(End::NotYet);
                let is_alone = which % 7 == 0;
                let way = if is_alone { Way::Alone } else { Way::Shared };
                match bench.ask(&keys[who], way, 10, &end) {
                    Found::Kept { outcome, .. } => assert_eq!(outcome % 2, own),
                    Found::Waiting(waiter) => {
                        works[who].push(end);
                        waiting.push((own, waiter));
                    }
                    Found::Crowded => panic!("crowded"),
                }
            }
            2 => {
                let outcome = own + 2 * u32::try_from(which % 1_000).unwrap();
                let how = match which % 3 {
                    0 => End::Unkept(outcome),
                    _ => End::Kept(outcome, 5, 10),
                };
                works[who].iter().for_each(|work| end(work, how));
            }
            3 if !waiting.is_empty() => {
                let (own, mut waiter) = waiting.swap_remove(which % waiting.len());
                let ended = waiter.wait(Duration::from_millis(1)).await;
                if let Some(Ended::Done(outcome)) = ended {
                    assert_eq!(outcome % 2, own);
                }
            }
            _ => advance(Duration::from_millis(1)).await,
        }
    }
}

#[test]
fn two_identities_never_cross() {
    let steps = proptest::collection::vec((0_usize..2, 0_u8..5, any::<usize>()), 0..16);
    proptest!(config(10_000), |(steps in steps)| block_on(cross(&steps)));
}
