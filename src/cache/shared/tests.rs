use std::sync::atomic::AtomicU32;
use std::sync::atomic::AtomicU64;

use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::advance;

use super::*;
use crate::translate::plan::Plan;

mod model;
mod moments;

/// What the works of one test have in common.
#[derive(Debug)]
struct Bench {
    shared: Shared<Job>,
    instruments: Arc<Instruments>,
    runs: Arc<AtomicU32>,
}

/// Work that ends when it is told to.
#[derive(Debug)]
struct Job {
    runs: Arc<AtomicU32>,
    end: watch::Receiver<End>,
    /// By how many seconds it was put off in all.
    put_off: AtomicU64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    NotYet,
    /// With this outcome, kept for so many milliseconds and taking so many bytes.
    Kept(u32, u64, usize),
    Unkept(u32),
    Panic,
}

impl Work for Job {
    type Outcome = u32;

    async fn run(&self) -> Done<u32> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        let mut end = self.end.clone();
        let end = *end.wait_for(|end| *end != End::NotYet).await.unwrap();
        match end {
            End::Kept(outcome, millis, bytes) => Done {
                outcome,
                keeps: Ok(Keeps {
                    lifetime: Duration::from_millis(millis),
                    bytes,
                }),
            },
            End::Unkept(outcome) => Done {
                outcome,
                keeps: Err(NotStored::Failure),
            },
            End::NotYet | End::Panic => {
                assert!(std::hint::black_box(false), "on purpose");
                unreachable!("it panics")
            }
        }
    }

    fn put_off_to(&self, deadline: &Deadline) {
        self.put_off
            .fetch_max(deadline.length().as_secs(), Ordering::SeqCst);
    }

    fn counted(_outcome: &u32, taken: Taken) {
        assert!(!taken.grow(usize::MAX));
    }
}

fn deadline(seconds: u64) -> Deadline {
    Deadline::new(Instant::now().into_std(), Duration::from_secs(seconds))
}

fn plan(name: &str) -> Plan {
    crate::cache::key::tests::named(name)
}

impl Bench {
    fn of(bytes: usize) -> Self {
        let instruments = Arc::new(Instruments::new());
        Self {
            shared: Shared::new(bytes, Arc::clone(&instruments)),
            instruments,
            runs: Arc::default(),
        }
    }

    fn key(&self, name: &str) -> Key {
        self.shared.key("me", &plan(name))
    }

    fn job(&self, end: &watch::Sender<End>) -> Job {
        Job {
            runs: Arc::clone(&self.runs),
            end: end.subscribe(),
            put_off: AtomicU64::new(0),
        }
    }

    fn ask(&self, key: &Key, way: Way, seconds: u64, end: &watch::Sender<End>) -> Found<Job> {
        let job = || self.job(end);
        self.shared.ask(key, way, &deadline(seconds), job)
    }

    fn waiter(&self, key: &Key, seconds: u64, end: &watch::Sender<End>) -> Waiter<Job> {
        match self.ask(key, Way::Shared, seconds, end) {
            Found::Waiting(waiter) => waiter,
            found => panic!("{found:?}"),
        }
    }

    /// The outcome that is kept, and its age in milliseconds.
    fn kept(&self, key: &Key) -> Option<(u32, u128)> {
        let end = watch::Sender::new(End::NotYet);
        match self.ask(key, Way::Shared, 10, &end) {
            Found::Kept { outcome, age } => Some((outcome, age.as_millis())),
            Found::Waiting(_) => None,
            Found::Crowded => panic!("crowded"),
        }
    }

    /// Runs work with this end to its end.
    async fn put(&self, key: &Key, way: Way, end: End) {
        let end = watch::Sender::new(end);
        let Found::Waiting(mut waiter) = self.ask(key, way, 10, &end) else {
            panic!("there is one");
        };
        waiter.wait(Duration::from_secs(1)).await.unwrap();
    }

    fn runs(&self) -> u32 {
        self.runs.load(Ordering::SeqCst)
    }

    fn not_stored(&self, reason: &str) -> u64 {
        let page = self.instruments.encode();
        let name = format!("mirror_answers_not_stored_total{{reason=\"{reason}\"}} ");
        let line = page.lines().find_map(|line| line.strip_prefix(&name));
        line.unwrap().parse().unwrap()
    }
}

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_thousand_who_ask_at_once_wait_for_one_work() {
    let bench = Bench::of(1 << 20);
    let (key, end) = (bench.key("up"), watch::Sender::new(End::NotYet));
    let mut waiters: Vec<_> = (0..1_000).map(|_| bench.waiter(&key, 10, &end)).collect();
    assert!(waiters[0].has_begun());
    assert!(waiters[1..].iter().all(|waiter| !waiter.has_begun()));
    // The first one leaves.
    drop(waiters.remove(0));
    end.send_replace(End::Unkept(7));
    let ended = join_all(waiters.iter_mut().map(|waiter| waiter.wait(LONG))).await;
    assert!(ended.iter().all(|ended| *ended == Some(Ended::Done(7))));
    assert_eq!((bench.runs(), bench.shared.len()), (1, (0, 0)));
}

#[tokio::test]
async fn one_more_than_may_wait_is_refused() {
    let bench = Bench::of(1 << 20);
    let (key, end) = (bench.key("up"), watch::Sender::new(End::NotYet));
    let mut waiters: Vec<_> = (0..WAITERS).map(|_| bench.waiter(&key, 10, &end)).collect();
    let ask = || bench.ask(&key, Way::Shared, 10, &end);
    assert!(matches!(ask(), Found::Crowded));
    drop(waiters.pop());
    assert!(matches!(ask(), Found::Waiting(_)));
}

#[tokio::test]
async fn work_ends_with_the_last_of_its_waiters() {
    let bench = Bench::of(1 << 20);
    let (key, end) = (bench.key("up"), watch::Sender::new(End::NotYet));
    let waiters = [bench.waiter(&key, 10, &end), bench.waiter(&key, 10, &end)];
    tokio::task::yield_now().await;
    assert_eq!(end.receiver_count(), 2);
    let [first, second] = waiters;
    drop(first);
    tokio::task::yield_now().await;
    assert_eq!(end.receiver_count(), 2);
    drop(second);
    // Nobody joins what is being given up.
    assert_eq!(bench.shared.len(), (0, 0));
    tokio::task::yield_now().await;
    assert_eq!(end.receiver_count(), 0);
    assert_eq!(bench.not_stored("cancelled"), 1);
}

#[tokio::test]
async fn a_panic_reaches_all_who_wait_and_is_counted_once() {
    let bench = Bench::of(1 << 20);
    let (key, end) = (bench.key("up"), watch::Sender::new(End::NotYet));
    let mut waiters: Vec<_> = (0..3).map(|_| bench.waiter(&key, 10, &end)).collect();
    end.send_replace(End::Panic);
    let ended = join_all(waiters.iter_mut().map(|waiter| waiter.wait(LONG))).await;
    assert!(ended.iter().all(|ended| *ended == Some(Ended::Broken)));
    assert_eq!(bench.shared.len(), (0, 0));
    assert_eq!(bench.not_stored("panic"), 1);
    assert!(bench.instruments.encode().contains("mirror_panics_total 1"));
    // The next one begins anew.
    end.send_replace(End::Unkept(1));
    let again = bench.waiter(&key, 10, &end).wait(LONG).await;
    assert_eq!(again, Some(Ended::Done(1)));
}

#[tokio::test(start_paused = true)]
async fn nobody_joins_in_the_second_half_of_the_first_ones_time() {
    let bench = Bench::of(1 << 20);
    let (key, end) = (bench.key("up"), watch::Sender::new(End::NotYet));
    let mut first = bench.waiter(&key, 10, &end);
    let half = deadline(10).remaining(Instant::now().into_std()) / 2;
    advance(half).await;
    let joined = bench.waiter(&key, 60, &end);
    assert!(!joined.has_begun());
    assert_eq!(joined.work().put_off.load(Ordering::SeqCst), 60);
    advance(Duration::from_millis(1)).await;
    let mut late = bench.waiter(&key, 10, &end);
    assert!(late.has_begun());
    // It took the place of the other, which takes itself out no more.
    assert!(!bench.waiter(&key, 10, &end).has_begun());
    end.send_replace(End::Unkept(7));
    assert_eq!(first.wait(LONG).await, Some(Ended::Done(7)));
    assert_eq!(late.wait(LONG).await, Some(Ended::Done(7)));
    assert_eq!((bench.runs(), bench.shared.len()), (2, (0, 0)));
}

#[tokio::test(start_paused = true)]
async fn each_waiter_keeps_its_own_time() {
    let bench = Bench::of(1 << 20);
    let (key, end) = (bench.key("up"), watch::Sender::new(End::NotYet));
    let mut first = bench.waiter(&key, 10, &end);
    let mut second = bench.waiter(&key, 10, &end);
    assert_eq!(second.wait(Duration::from_secs(1)).await, None);
    drop(second);
    end.send_replace(End::Unkept(7));
    assert_eq!(first.wait(LONG).await, Some(Ended::Done(7)));
}

#[tokio::test(start_paused = true)]
async fn an_outcome_is_kept_for_its_lifetime() {
    let bench = Bench::of(1 << 20);
    let key = bench.key("up");
    bench.put(&key, Way::Shared, End::Kept(7, 2_000, 100)).await;
    assert_eq!(bench.kept(&key), Some((7, 0)));
    advance(Duration::from_millis(1_999)).await;
    assert_eq!(bench.kept(&key), Some((7, 1_999)));
    assert_eq!(bench.kept(&bench.key("down")), None);
    advance(Duration::from_millis(1)).await;
    assert_eq!(bench.kept(&key), None);
}

#[tokio::test(start_paused = true)]
async fn what_has_expired_is_swept_out_and_its_memory_is_back() {
    let bench = Bench::of(1 << 20);
    for name in ["a", "b", "c"] {
        let end = End::Kept(7, 2_000, 1_000);
        bench.put(&bench.key(name), Way::Shared, end).await;
    }
    assert!(bench.shared.bytes() > 3_000);
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!((bench.shared.bytes(), bench.shared.len()), (0, (0, 0)));
    // And again after it has ended.
    bench
        .put(&bench.key("a"), Way::Shared, End::Kept(7, 1_000, 9))
        .await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(bench.shared.bytes(), 0);
}

#[tokio::test]
async fn what_goes_alone_neither_reads_nor_joins_and_replaces() {
    let bench = Bench::of(1 << 20);
    let key = bench.key("up");
    bench
        .put(&key, Way::Shared, End::Kept(1, 60_000, 100))
        .await;
    bench.put(&key, Way::Alone, End::Kept(2, 60_000, 100)).await;
    assert_eq!(bench.kept(&key), Some((2, 0)));
    assert_eq!(bench.runs(), 2);
    bench.put(&key, Way::Alone, End::Unkept(3)).await;
    assert_eq!(bench.kept(&key).unwrap().0, 2);
    // Nor does anybody join it.
    let end = watch::Sender::new(End::NotYet);
    let other = bench.key("down");
    let Found::Waiting(alone) = bench.ask(&other, Way::Alone, 10, &end) else {
        panic!("it waits");
    };
    assert!(bench.waiter(&other, 10, &end).has_begun());
    drop(alone);
}

#[tokio::test(start_paused = true)]
async fn what_began_earlier_replaces_nothing_newer() {
    let bench = Bench::of(1 << 20);
    let (key, end) = (bench.key("up"), watch::Sender::new(End::NotYet));
    let mut slow = bench.waiter(&key, 10, &end);
    advance(Duration::from_millis(10)).await;
    bench.put(&key, Way::Alone, End::Kept(2, 60_000, 100)).await;
    end.send_replace(End::Kept(1, 60_000, 100));
    assert_eq!(slow.wait(LONG).await, Some(Ended::Done(1)));
    assert_eq!(bench.kept(&key).unwrap().0, 2);
    assert_eq!(bench.not_stored("overtaken"), 1);
}

#[tokio::test]
async fn what_is_too_large_or_has_no_lifetime_is_not_kept() {
    let bench = Bench::of(64 << 20);
    let key = bench.key("up");
    bench
        .put(&key, Way::Shared, End::Kept(1, 1_000, LARGEST))
        .await;
    bench.put(&key, Way::Shared, End::Kept(1, 0, 1)).await;
    assert_eq!(bench.kept(&key), None);
    assert_eq!(
        (bench.not_stored("too_large"), bench.not_stored("off")),
        (1, 1)
    );
    let none = Bench::of(0);
    none.put(&none.key("up"), Way::Shared, End::Kept(1, 1_000, 1))
        .await;
    assert_eq!((none.not_stored("memory"), none.shared.bytes()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn the_oldest_goes_for_the_newest() {
    let bench = Bench::of(64 << 10);
    for at in 0..1_000 {
        let key = bench.key(&at.to_string());
        bench
            .put(&key, Way::Shared, End::Kept(at, 60_000, 1_000))
            .await;
        assert!(bench.shared.bytes() <= 64 << 10);
    }
    let newest = bench.key("999");
    assert_eq!(bench.kept(&newest), Some((999, 0)));
    let (kept, under_way) = bench.shared.len();
    assert!((20..64).contains(&kept), "{kept}");
    assert_eq!(under_way, 0);
    bench.shared.clear();
    assert_eq!((bench.shared.len(), bench.shared.bytes()), ((0, 0), 0));
}

#[tokio::test(start_paused = true)]
async fn a_million_keys_stay_within_their_room() {
    const ROOM: usize = 1 << 20;
    let bench = Bench::of(ROOM);
    let inner = &bench.shared.0;
    let flight = Arc::new(Flight {
        work: bench.job(&watch::Sender::new(End::NotYet)),
        began: Instant::now(),
        joinable_until: Instant::now(),
        waiters: AtomicUsize::new(1),
        ended: watch::Sender::new(None),
        abandoned: CancellationToken::new(),
    });
    let keeps = Keeps {
        lifetime: LONG,
        bytes: 100,
    };
    let mut all = plan("up");
    for at in 0..1_000_000 {
        all.limit = at;
        let key = bench.shared.key("me", &all);
        assert_eq!(inner.put(&key, &flight, keeps, &1), Ok(()));
        assert!(bench.shared.bytes() <= ROOM);
    }
    let (kept, _) = bench.shared.len();
    assert!(kept > 1_000 && kept * 100 < ROOM, "{kept}");
    let queued = inner.shards.iter().map(|shard| locked(shard).queued());
    assert_eq!(queued.sum::<usize>(), kept);
}

#[tokio::test(start_paused = true)]
async fn where_there_is_less_room_the_oldest_go() {
    let bench = Bench::of(1 << 20);
    let keys: Vec<_> = (0..8).map(|at| bench.key(&at.to_string())).collect();
    for (key, outcome) in keys.iter().zip(0..) {
        let end = End::Kept(outcome, 60_000, 100);
        bench.put(key, Way::Shared, end).await;
    }
    let all = bench.shared.bytes();
    bench.shared.resize(all);
    assert_eq!(bench.shared.len(), (8, 0));
    bench.shared.resize(all / 2);
    assert!(bench.shared.bytes() <= all / 2);
    let (kept, _) = bench.shared.len();
    assert!((1..=4).contains(&kept), "{kept}");
    bench.shared.resize(0);
    assert_eq!((bench.shared.len(), bench.shared.bytes()), ((0, 0), 0));
}

#[tokio::test]
async fn another_form_is_counted_for_as_long_as_the_outcome_is_kept() {
    let room = Arc::new(Room::of(1_000));
    let rest = Room::take(&room, 400).unwrap();
    let taken = rest.taken();
    assert!(taken.grow(500));
    assert!(!taken.grow(101));
    assert_eq!(room.used(), 900);
    drop(rest);
    assert_eq!(room.used(), 0);
    assert!(!taken.grow(1));
    let large = Arc::new(Room::of(2 * LARGEST));
    let rest = Room::take(&large, LARGEST).unwrap();
    assert!(!rest.taken().grow(1));
}

#[tokio::test]
async fn a_shard_that_a_panic_left_is_emptied_and_its_waiters_still_hear() {
    let bench = Bench::of(1 << 20);
    let (key, end) = (bench.key("up"), watch::Sender::new(End::NotYet));
    let mut waiter = bench.waiter(&key, 10, &end);
    let inner = Arc::clone(&bench.shared.0);
    let poisoned = key.clone();
    let panics = inner.tasks.clone().spawn(async move {
        let _shard = inner.shard(&poisoned);
        assert!(std::hint::black_box(false), "on purpose");
    });
    assert!(panics.await.is_err());
    assert_eq!(bench.shared.len(), (0, 0));
    end.send_replace(End::Unkept(7));
    assert_eq!(waiter.wait(LONG).await, Some(Ended::Done(7)));
}
