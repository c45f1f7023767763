//! Callers with different credentials on one URL, at random and at once: each query must be
//! signed by whose it is.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::aws::{Call, OTHER_ROLE, ROLE, SECOND, STATIC, TEMPORARY};
use crate::numbers::{float, noise};
use crate::rig::Rig;
use crate::setup::Running;

crate::cases![random_interleavings_never_mix];

const THREADS: i64 = 12;
/// The number of the first query. Lower ones are what the mirror asks to learn what a backend is.
const FIRST: i64 = 10;

/// Who asks: its details, and key id, role and external id that must be seen, or none where it
/// has to be refused.
struct Caller {
    details: Value,
    expected: Option<Seen>,
}

/// The key id that signed, or that assumed the role that signed; role; external id.
type Seen = (String, Option<String>, Option<String>);

fn callers(rig: &Rig) -> Vec<Caller> {
    let good = |details: Value, key: &str| {
        let text = |name: &str| details["aws"][name].as_str().map(str::to_owned);
        let expected = Some((key.to_owned(), text("role_arn"), text("external_id")));
        Caller { details, expected }
    };
    let with_id = |mut details: Value, external_id: &str| {
        details["aws"]["external_id"] = json!(external_id);
        details
    };
    let wrong = |mut details: Value| {
        details["aws"]["aws_secret_access_key"] = json!("guessed");
        Caller {
            details,
            expected: None,
        }
    };
    vec![
        good(rig.amp(STATIC.block()), STATIC.id),
        good(rig.amp(SECOND.block()), SECOND.id),
        good(rig.amp(TEMPORARY.block()), TEMPORARY.id),
        good(rig.assuming(&STATIC, ROLE), STATIC.id),
        good(rig.assuming(&STATIC, OTHER_ROLE), STATIC.id),
        good(rig.assuming(&SECOND, ROLE), SECOND.id),
        good(with_id(rig.assuming(&STATIC, ROLE), "a"), STATIC.id),
        good(with_id(rig.assuming(&STATIC, ROLE), "b"), STATIC.id),
        good(with_id(rig.assuming(&SECOND, ROLE), "a"), SECOND.id),
        wrong(rig.amp(STATIC.block())),
        wrong(rig.assuming(&STATIC, ROLE)),
        wrong(with_id(rig.assuming(&SECOND, ROLE), "a")),
    ]
}

fn random_interleavings_never_mix(rig: &Rig) {
    let (seed, each) = (seed(), each());
    println!("       SEED={seed}, {} queries", THREADS * each);
    let mirror = rig.with_sts().start();
    let callers = callers(rig);
    let who = |n: i64| &callers[usize::try_from(noise(seed, n, 12)).unwrap()];
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (mirror, who) = (&mirror, &who);
            scope.spawn(move || {
                let first = FIRST + thread * each;
                (first..first + each).for_each(|n| ask(mirror, who(n), n));
            });
        }
    });
    let sessions: BTreeMap<String, Seen> = rig.calls().into_iter().filter_map(session).collect();
    let mut seen = 0;
    for one in rig.signed().iter().filter(|one| one.status == Some(200)) {
        let n = one.query.as_deref().and_then(number);
        let Some(n) = n.filter(|n| *n >= FIRST) else {
            continue;
        };
        let signer = sessions
            .get(&one.key)
            .cloned()
            .unwrap_or((one.key.clone(), None, None));
        assert_eq!(Some(signer), who(n).expected, "query {n}, SEED={seed}");
        seen += 1;
    }
    assert!(seen > THREADS * each / 2, "only {seen} queries were seen");
}

/// A query whose text and answer hold its number.
fn ask(mirror: &Running, caller: &Caller, n: i64) {
    let asked = mirror
        .mirror
        .metric(&caller.details, &[("~", json!(format!("vector({n})")))]);
    match (&caller.expected, asked) {
        (Some(_), Ok(value)) => assert_eq!(value.to_bits(), float(n).to_bits()),
        (None, Err(failed)) => assert!(
            ["PM-3004", "PM-4002"].contains(&failed.id.as_str()),
            "{failed:?}"
        ),
        (expected, asked) => panic!("query {n} of {expected:?}: {asked:?}"),
    }
}

fn number(query: &str) -> Option<i64> {
    let (_, rest) = query.split_once("vector(")?;
    rest.split_once(')')?.0.trim().parse().ok()
}

/// The key id of a session and whose it is.
fn session(call: Call) -> Option<(String, Seen)> {
    let text = |name: &str| call.parameter(name).map(str::to_owned);
    let seen = (call.key.clone(), text("RoleArn"), text("ExternalId"));
    Some((call.outcome?, seen))
}

/// How many queries a thread asks: a thousand in all, ten thousand under `FULL=1`.
fn each() -> i64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long tests run is no setting of the program"
    )]
    let is_full = std::env::var_os("FULL").is_some_and(|full| full == "1");
    if is_full { 840 } else { 84 }
}

fn seed() -> i64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "a seed is no setting of the program"
    )]
    let given = std::env::var("SEED").ok();
    given.map_or(20, |seed| seed.parse().unwrap())
}
