//! Callers with different credentials in random order, against what must hold of any order.

use std::collections::HashMap;

use super::*;

const INTERLEAVINGS: u64 = 10_000;
const CALLERS: u64 = 6;
const KEYS: u64 = 3;

/// A session, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Owned {
    owner: u64,
    load: u64,
}

/// An error, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Foul {
    owner: u64,
    is_refusal: bool,
}

impl LoadError for Foul {
    fn is_refusal(&self) -> bool {
        self.is_refusal
    }
}

/// Numbers that follow from a seed (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % most
    }
}

/// What is known of the loads of one interleaving.
#[derive(Default)]
struct Model {
    loads: u64,
    /// Loads that run, by owner; those of connection tests apart.
    running: HashMap<(u64, bool), u32>,
    /// When the last load of an owner began.
    begun: HashMap<u64, Instant>,
}

type Shared = Arc<Mutex<Model>>;

/// A load for `owner` that takes as long and ends as `dice` say.
fn load(model: &Shared, owner: u64, seed: u64, is_apart: bool) -> Load<Owned, Foul> {
    let model = Arc::clone(model);
    Arc::new(move |previous: Option<Owned>| {
        assert!(
            previous.is_none_or(|it| it.owner == owner),
            "replaces a foreign one"
        );
        let model = Arc::clone(&model);
        let mut dice = Dice(seed);
        async move {
            let load = {
                let mut model = model.lock().unwrap();
                model.loads += 1;
                let running = model.running.entry((owner, is_apart)).or_default();
                *running += 1;
                assert!(is_apart || *running == 1, "two loads of one key");
                let now = Instant::now();
                let last = (!is_apart)
                    .then(|| model.begun.insert(owner, now))
                    .flatten();
                assert!(last.is_none_or(|last| now >= last + Duration::from_secs(1)));
                model.loads
            };
            sleep(Duration::from_millis(dice.below(3_000))).await;
            *model
                .lock()
                .unwrap()
                .running
                .get_mut(&(owner, is_apart))
                .unwrap() -= 1;
            match dice.below(4) {
                0 => Err(Foul {
                    owner,
                    is_refusal: dice.below(2) == 0,
                }),
                _ => {
                    let lifetime = Duration::from_secs(dice.below(60));
                    Ok(Loaded {
                        value: Owned { owner, load },
                        lifetime,
                    })
                }
            }
        }
        .boxed()
    })
}

async fn caller(
    sessions: Sessions<Owned, Foul>,
    keys: &[Identity],
    model: &Shared,
    seed: u64,
) -> u64 {
    let mut dice = Dice(seed);
    let mut used: HashMap<u64, Held<Owned>> = HashMap::new();
    let mut answers = 0;
    for step in 0..4 {
        sleep(Duration::from_millis(dice.below(20_000))).await;
        let owner = dice.below(KEYS);
        let claim = Claim {
            identity: keys[usize::try_from(owner).unwrap()],
            owner: Caller::Anyone,
        };
        let deadline = Instant::now() + Duration::from_millis(dice.below(5_000));
        let kind = dice.below(4);
        let load = load(model, owner, seed ^ step, kind == 0);
        let got = match (kind, used.get(&owner)) {
            (0, _) => {
                sessions
                    .session_apart(claim.identity, deadline, &load)
                    .await
            }
            (1, Some(used)) => sessions.renewed(&claim, used, deadline, &load).await,
            _ => sessions.session(&claim, deadline, &load).await,
        };
        match got {
            Ok(held) => {
                assert_eq!(held.value.owner, owner, "a foreign session");
                answers += 1;
                if kind != 0 {
                    used.insert(owner, held);
                }
            }
            Err(Missing::Failed(foul)) => assert_eq!(foul.owner, owner, "a foreign error"),
            Err(Missing::Late | Missing::Again) => {}
            Err(Missing::Lost) => panic!("a load ended without a word"),
        }
    }
    answers
}

#[tokio::test(start_paused = true)]
async fn callers_with_different_credentials_never_meet_in_10_000_interleavings() {
    let names = ProcessKey::random();
    let keys: Vec<Identity> = (0..KEYS)
        .map(|n| names.identity(n.to_string().as_str()))
        .collect();
    let mut answers = 0;
    for interleaving in 0..INTERLEAVINGS {
        let sessions = Sessions::new(|| 0.5);
        let model = Shared::default();
        let callers = (0..CALLERS).map(|n| {
            let seed = interleaving * CALLERS + n;
            caller(sessions.clone(), &keys, &model, seed << 8)
        });
        answers += join_all(callers).await.iter().sum::<u64>();
    }
    // Most must have got something, or nothing was tried.
    assert!(answers > INTERLEAVINGS * CALLERS * 2, "{answers}");
}
