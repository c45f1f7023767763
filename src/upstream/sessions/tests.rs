//! The whole of it on a paused clock: hours pass in milliseconds.

mod interleavings;

use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::time::advance;
use tokio::time::sleep;

use super::*;
use crate::caller::Caller;
use crate::connections::identity::ProcessKey;

/// What a load ends with when there is no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refuse {
    No,
    Nothing,
}

impl LoadError for Refuse {
    fn is_refusal(&self) -> bool {
        *self == Self::No
    }
}

/// Sessions of one key, and whoever gives them.
struct Giver {
    sessions: Sessions<u64, Refuse>,
    claim: Claim,
    /// What the identities of other sessions are made with.
    process: ProcessKey,
    /// How many loads there were; the value of a session is the number of its load.
    loads: Arc<AtomicU64>,
    lifetime: Duration,
    /// How long a load takes.
    delay: Duration,
}

impl Giver {
    fn new(lifetime: u64) -> Self {
        Self {
            sessions: Sessions::new(|| 0.5),
            claim: Claim {
                identity: ProcessKey::random().identity("one"),
                owner: Caller::Anyone,
            },
            process: ProcessKey::random(),
            loads: Arc::default(),
            lifetime: Duration::from_secs(lifetime),
            delay: Duration::from_millis(50),
        }
    }

    fn loads(&self) -> u64 {
        self.loads.load(Ordering::Relaxed)
    }

    fn load(&self, outcome: Result<(), Refuse>) -> Load<u64, Refuse> {
        let (loads, lifetime, delay) = (Arc::clone(&self.loads), self.lifetime, self.delay);
        Arc::new(move |_| {
            let value = loads.fetch_add(1, Ordering::Relaxed) + 1;
            async move {
                sleep(delay).await;
                outcome.map(|()| Loaded { value, lifetime })
            }
            .boxed()
        })
    }

    async fn ask(&self, outcome: Result<(), Refuse>) -> Result<u64, Missing<Refuse>> {
        let deadline = Instant::now() + Duration::from_secs(10);
        let load = self.load(outcome);
        let held = self.sessions.session(&self.claim, deadline, &load).await?;
        Ok(held.value)
    }

    /// Asks for the session of another number, as `owner`.
    async fn ask_for(
        &self,
        number: u64,
        owner: Caller,
        outcome: Result<(), Refuse>,
    ) -> Result<u64, Missing<Refuse>> {
        let deadline = Instant::now() + Duration::from_secs(10);
        let claim = Claim {
            identity: self.process.identity(number.to_string().as_str()),
            owner,
        };
        let load = self.load(outcome);
        let held = self.sessions.session(&claim, deadline, &load).await?;
        Ok(held.value)
    }

    async fn held(&self) -> Held<u64> {
        let deadline = Instant::now() + Duration::from_secs(10);
        let load = self.load(Ok(()));
        let held = self.sessions.session(&self.claim, deadline, &load).await;
        held.unwrap()
    }

    async fn renew(&self, used: &Held<u64>) -> Result<u64, Missing<Refuse>> {
        let deadline = Instant::now() + Duration::from_secs(10);
        let load = self.load(Ok(()));
        let renewed = self
            .sessions
            .renewed(&self.claim, used, deadline, &load)
            .await?;
        Ok(renewed.value)
    }
}

/// Asks every ten seconds for as long as ten sessions last; the number of loads.
async fn ten_lifetimes(lifetime: u64) -> u64 {
    let giver = Giver::new(lifetime);
    for _ in 0..lifetime {
        giver.ask(Ok(())).await.unwrap();
        advance(Duration::from_secs(10)).await;
        // The load in the background has its turn.
        sleep(Duration::from_millis(100)).await;
    }
    giver.loads()
}

#[tokio::test(start_paused = true)]
async fn ten_lifetimes_of_an_hour_cost_at_most_eleven_loads() {
    let loads = ten_lifetimes(3600).await;
    assert!((10..=11).contains(&loads), "{loads}");
}

#[tokio::test(start_paused = true)]
async fn ten_lifetimes_of_a_quarter_of_an_hour_cost_at_most_thirteen_loads() {
    let loads = ten_lifetimes(900).await;
    assert!((12..=13).contains(&loads), "{loads}");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_first_callers_make_one_load() {
    let giver = Giver::new(3600);
    let answers = join_all((0..1_000).map(|_| giver.ask(Ok(())))).await;
    assert!(answers.iter().all(|answer| *answer == Ok(1)));
    assert_eq!(giver.loads(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_makes_nobody_wait() {
    let giver = Giver::new(900);
    giver.ask(Ok(())).await.unwrap();
    advance(Duration::from_secs(770)).await;
    let before = Instant::now();
    let answers = join_all((0..100).map(|_| giver.ask(Ok(())))).await;
    assert!(answers.iter().all(|answer| *answer == Ok(1)));
    assert_eq!(Instant::now(), before);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(giver.ask(Ok(())).await, Ok(2));
    assert_eq!(giver.loads(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_load_outlives_its_first_caller() {
    let mut giver = Giver::new(3600);
    giver.delay = Duration::from_secs(3);
    let soon = Instant::now() + Duration::from_secs(1);
    let load = giver.load(Ok(()));
    let late = giver.sessions.session(&giver.claim, soon, &load).await;
    assert_eq!(late, Err(Missing::Late));
    sleep(Duration::from_secs(3)).await;
    let before = Instant::now();
    assert_eq!(giver.ask(Ok(())).await, Ok(1));
    assert_eq!(Instant::now(), before);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_leaves_ends_no_load() {
    let giver = Giver::new(3600);
    {
        let leaving = giver.ask(Ok(()));
        tokio::pin!(leaving);
        assert!(leaving.as_mut().now_or_never().is_none());
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!(giver.ask(Ok(())).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn an_outage_inside_a_session_is_no_error() {
    let giver = Giver::new(3600);
    giver.ask(Ok(())).await.unwrap();
    // From well before the renewal is due until six seconds before the end.
    advance(Duration::from_secs(2_990)).await;
    for _ in 0..604 {
        assert_eq!(giver.ask(Err(Refuse::Nothing)).await, Ok(1));
        sleep(Duration::from_secs(1)).await;
    }
    let tries = giver.loads() - 1;
    // 1 + 2 + 4 + 8 + 16 + 30 + 30 + … seconds in 300, each between a half and the whole.
    assert!((10..=25).contains(&tries), "{tries}");
    assert_eq!(giver.ask(Ok(())).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_session_serves_until_five_seconds_before_its_end() {
    let giver = Giver::new(900);
    giver.ask(Ok(())).await.unwrap();
    advance(Duration::from_millis(894_900)).await;
    assert_eq!(giver.ask(Err(Refuse::Nothing)).await, Ok(1));
    advance(Duration::from_millis(200)).await;
    let failed = giver.ask(Err(Refuse::Nothing)).await;
    assert_eq!(failed, Err(Missing::Failed(Refuse::Nothing)));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_answered_from_memory_for_ten_seconds() {
    let giver = Giver::new(3600);
    let no = Err(Missing::Failed(Refuse::No));
    assert_eq!(giver.ask(Err(Refuse::No)).await, no);
    advance(Duration::from_millis(9_900)).await;
    assert_eq!(giver.ask(Ok(())).await, no);
    assert_eq!(giver.loads(), 1);
    advance(Duration::from_millis(200)).await;
    assert_eq!(giver.ask(Ok(())).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn an_outage_without_a_session_is_not_hammered_at() {
    let giver = Giver::new(3600);
    for _ in 0..600 {
        let failed = giver.ask(Err(Refuse::Nothing)).await;
        assert_eq!(failed, Err(Missing::Failed(Refuse::Nothing)));
        sleep(Duration::from_millis(100)).await;
    }
    let loads = giver.loads();
    assert!((5..=8).contains(&loads), "{loads}");
}

#[tokio::test(start_paused = true)]
async fn a_key_is_loaded_once_a_second_at_most() {
    // Sessions that are over when they arrive: each request needs another one.
    let giver = Giver::new(0);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(20) {
        giver.ask(Ok(())).await.unwrap();
    }
    assert!(giver.loads() <= 21, "{}", giver.loads());
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_refused_is_renewed_once_for_all() {
    let giver = Giver::new(3600);
    let used = giver.held().await;
    sleep(Duration::from_secs(60)).await;
    let renewed = join_all((0..100).map(|_| giver.renew(&used))).await;
    assert!(renewed.iter().all(|answer| *answer == Ok(2)));
    assert_eq!(giver.loads(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_used_an_older_session_gets_the_newest_without_a_load() {
    let giver = Giver::new(3600);
    let used = giver.held().await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(giver.renew(&used).await, Ok(2));
    assert_eq!(giver.renew(&used).await, Ok(2));
    assert_eq!(giver.loads(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_is_forced_once_a_minute_at_most() {
    let giver = Giver::new(3600);
    let first = giver.held().await;
    assert_eq!(giver.renew(&first).await, Ok(2));
    let second = giver.held().await;
    advance(Duration::from_secs(58)).await;
    assert_eq!(giver.renew(&second).await, Err(Missing::Again));
    assert_eq!(giver.ask(Ok(())).await, Ok(2));
    advance(Duration::from_secs(3)).await;
    assert_eq!(giver.renew(&second).await, Ok(3));
}

#[tokio::test(start_paused = true)]
async fn a_connection_test_neither_reads_nor_fills() {
    let giver = Giver::new(3600);
    giver.ask(Ok(())).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    let apart = giver.load(Err(Refuse::No));
    let tested = giver
        .sessions
        .session_apart(giver.claim.identity, deadline, &apart)
        .await;
    assert_eq!(tested, Err(Missing::Failed(Refuse::No)));
    assert_eq!(giver.ask(Ok(())).await, Ok(1));
    assert_eq!(giver.loads(), 2);

    let empty = Giver::new(3600);
    let apart = empty.load(Ok(()));
    let tested = empty
        .sessions
        .session_apart(empty.claim.identity, deadline, &apart)
        .await;
    assert_eq!(tested.unwrap().value, 1);
    assert_eq!(empty.ask(Ok(())).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn connection_tests_within_ten_seconds_share_one_load() {
    let giver = Giver::new(3600);
    let load = giver.load(Ok(()));
    let ask = || async {
        let deadline = Instant::now() + Duration::from_secs(10);
        let held = giver
            .sessions
            .session_apart(giver.claim.identity, deadline, &load)
            .await;
        held.unwrap().value
    };
    assert!(
        join_all((0..100).map(|_| ask()))
            .await
            .iter()
            .all(|it| *it == 1)
    );
    advance(Duration::from_secs(9)).await;
    assert_eq!(ask().await, 1);
    advance(Duration::from_secs(2)).await;
    assert_eq!(ask().await, 2);
}

#[tokio::test(start_paused = true)]
async fn the_least_recently_used_of_more_than_256_goes() {
    let giver = Giver::new(36_000);
    let ask = async |n| giver.ask_for(n, Caller::Anyone, Ok(())).await.unwrap();
    for n in 0..256 {
        ask(n).await;
    }
    let of_the_first = ask(0).await;
    ask(256).await;
    assert_eq!(giver.sessions.shared.table().len(), 256);
    assert_eq!(ask(0).await, of_the_first);
    assert_eq!(giver.loads(), 257);
    ask(1).await;
    assert_eq!(giver.loads(), 258);
}

#[tokio::test(start_paused = true)]
async fn whoever_had_most_made_makes_room_and_what_holds_nothing_goes_first() {
    let giver = Giver::new(36_000);
    let ask = |owner: &str, n, outcome| giver.ask_for(n, Caller::Named(owner.into()), outcome);
    ask("victim", 0, Ok(())).await.unwrap();
    ask("victim", 1, Ok(())).await.unwrap();
    // Later than those of the other, and the last of them holds nothing.
    for n in 2..400 {
        advance(Duration::from_millis(1)).await;
        ask("other", n, Ok(())).await.unwrap();
    }
    ask("other", 400, Err(Refuse::No)).await.unwrap_err();
    assert_eq!(giver.sessions.shared.table().len(), 256);
    let loads = giver.loads();
    ask("victim", 0, Ok(())).await.unwrap();
    ask("victim", 1, Ok(())).await.unwrap();
    assert_eq!(giver.loads(), loads, "those of others are still there");
    ask("other", 401, Ok(())).await.unwrap();
    ask("other", 399, Ok(())).await.unwrap();
    ask("other", 147, Ok(())).await.unwrap();
    assert_eq!(giver.loads(), loads + 1, "what held nothing made room");
    // Whoever else needs the same gets it.
    ask("victim", 399, Ok(())).await.unwrap();
    assert_eq!(giver.loads(), loads + 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_waited_for_makes_no_room() {
    let giver = Giver::new(36_000);
    let ask = async |n| giver.ask_for(n, Caller::Anyone, Ok(())).await.unwrap();
    for n in 0..256 {
        ask(n).await;
    }
    join_all((0..10).map(|n| ask(1_000 + n / 2))).await;
    assert_eq!(giver.loads(), 256 + 5);
    ask(1_000).await;
    assert_eq!(giver.loads(), 256 + 5);
}

#[tokio::test(start_paused = true)]
async fn an_hour_without_use_is_enough() {
    let giver = Giver::new(43_200);
    giver.ask(Ok(())).await.unwrap();
    advance(Duration::from_secs(3_599)).await;
    assert_eq!(giver.ask(Ok(())).await, Ok(1));
    advance(Duration::from_secs(3_600)).await;
    assert_eq!(giver.ask(Ok(())).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_load_that_panics_is_made_again() {
    let giver = Giver::new(3600);
    let deadline = Instant::now() + Duration::from_secs(10);
    let bad: Load<u64, Refuse> = Arc::new(|_| async { panic!("a bug") }.boxed());
    let lost = giver.sessions.session(&giver.claim, deadline, &bad).await;
    assert_eq!(lost, Err(Missing::Lost));
    assert_eq!(giver.ask(Ok(())).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_renewal_is_told_what_it_replaces() {
    let giver = Giver::new(900);
    giver.ask(Ok(())).await.unwrap();
    advance(Duration::from_secs(899)).await;
    let deadline = Instant::now() + Duration::from_secs(10);
    let lifetime = Duration::from_secs(900);
    let add: Load<u64, Refuse> = Arc::new(move |previous| {
        let value = previous.unwrap() + 41;
        async move { Ok(Loaded { value, lifetime }) }.boxed()
    });
    let held = giver.sessions.session(&giver.claim, deadline, &add).await;
    assert_eq!(held.unwrap().value, 42);
}

#[tokio::test(start_paused = true)]
async fn with_the_last_owner_all_loads_end() {
    let mut giver = Giver::new(3600);
    giver.delay = Duration::from_secs(1);
    let load = giver.load(Ok(()));
    let (claim, sessions) = (giver.claim.clone(), giver.sessions.clone());
    let tasks = giver.sessions.shared.tasks.clone();
    let asking = async move {
        let deadline = Instant::now() + Duration::from_millis(10);
        drop(sessions.session(&claim, deadline, &load).await);
    };
    asking.await;
    assert_eq!(tasks.len(), 1);
    drop(giver);
    sleep(Duration::from_millis(10)).await;
    assert_eq!(tasks.len(), 0);
}
