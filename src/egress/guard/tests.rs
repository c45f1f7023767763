//! The guard with a resolver that says what a test wants.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::egress::resolve::Resolving;

const LIMIT: Duration = Duration::from_secs(2);
/// What glibc says of SERVFAIL.
const SERVFAIL: Answer = Answer::Error("x: Temporary failure in name resolution");
const NXDOMAIN: Answer = Answer::Error("x: Name or service not known");

/// What a resolver answers.
#[derive(Clone, Debug)]
pub(in crate::egress) enum Answer {
    Found(Vec<&'static str>),
    Error(&'static str),
    Never,
}

/// Says one answer after the other, and the last one for ever.
#[derive(Clone)]
pub(in crate::egress) struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    pub(in crate::egress) asked: Arc<AtomicUsize>,
}

impl Script {
    pub(in crate::egress) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self {
            answers: Arc::new(Mutex::new(answers.into_iter().collect())),
            asked: Arc::default(),
        }
    }

    pub(in crate::egress) fn guard(&self) -> Guard {
        Guard::with(Box::new(self.clone()), Box::new(|_| {}))
    }
}

impl Resolve for Script {
    fn resolve<'a>(&'a self, _: &'a str) -> Resolving<'a> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let mut answers = lock(&self.answers);
        let answer = if answers.len() > 1 {
            answers.pop_front()
        } else {
            answers.front().cloned()
        };
        Box::pin(async move {
            match answer.unwrap() {
                Answer::Found(all) => Ok(all.iter().map(|text| text.parse().unwrap()).collect()),
                Answer::Error(text) => Err(io::Error::other(text)),
                Answer::Never => std::future::pending().await,
            }
        })
    }
}

fn found<const N: usize>(all: [&'static str; N]) -> Answer {
    Answer::Found(all.to_vec())
}

async fn ask(guard: &Guard) -> Result<Vec<String>, String> {
    ask_within(guard, &Bounds::default()).await
}

async fn ask_within(guard: &Guard, bounds: &Bounds) -> Result<Vec<String>, String> {
    let addresses = guard.addresses("prom.example", bounds, LIMIT).await;
    let texts = |all: Vec<IpAddr>| all.iter().map(ToString::to_string).collect();
    addresses.map(texts).map_err(|error| error.to_string())
}

fn refused(address: &str, refusal: &str) -> Result<Vec<String>, String> {
    Err(format!(
        "prom.example has the address {address}, which is never dialled: {refusal}"
    ))
}

#[tokio::test]
async fn one_refused_address_refuses_the_name() {
    for answer in [
        found(["10.0.0.1", "169.254.169.254"]),
        found(["169.254.169.254", "10.0.0.1"]),
        found([
            "8.8.8.8",
            "10.0.0.1",
            "2001:db8::1",
            "::ffff:169.254.169.254",
        ]),
    ] {
        let guard = Script::new([answer.clone()]).guard();
        let error = ask(&guard).await.unwrap_err();
        assert!(error.contains("169.254.169.254"), "{answer:?}: {error}");
    }
    let guard = Script::new([found(["10.0.0.1", "2001:db8::1"])]).guard();
    let all = ["10.0.0.1", "2001:db8::1"].map(str::to_owned).to_vec();
    assert_eq!(ask(&guard).await, Ok(all));
}

#[tokio::test]
async fn each_refusal_is_counted_with_its_reason() {
    let counted = Arc::new(Mutex::new(Vec::new()));
    let count = Arc::clone(&counted);
    let script = Script::new([found(["::1", "fd00:ec2::254"])]);
    let guard = Guard::with(
        Box::new(script),
        Box::new(move |refusal: Refusal| lock(&count).push(refusal.as_str())),
    );
    ask(&guard).await.unwrap_err();
    let bounds = Bounds::default();
    guard
        .addresses("0.0.0.0", &bounds, LIMIT)
        .await
        .unwrap_err();
    guard.check_literal("::ffff:0:a9fe:1", &bounds).unwrap_err();
    guard
        .check_literal("169.254.169.254.nip.io", &bounds)
        .unwrap();
    assert_eq!(*lock(&counted), ["metadata", "this_host", "link_local"]);
}

#[tokio::test]
async fn an_address_is_no_name() {
    let script = Script::new([NXDOMAIN]);
    let guard = script.guard();
    let bounds = Bounds::default();
    let addresses = guard.addresses("10.0.0.1", &bounds, LIMIT).await.unwrap();
    assert_eq!(addresses, ["10.0.0.1".parse::<IpAddr>().unwrap()]);
    assert_eq!(script.asked.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn while_the_resolver_fails_the_last_good_addresses_are_used() {
    let good = Ok(vec!["10.0.0.1".to_owned()]);
    let failures = [
        found(["10.0.0.1"]),
        SERVFAIL,
        Answer::Never,
        found([]),
        SERVFAIL,
    ];
    let guard = Script::new(failures).guard();
    for _ in 0..5 {
        assert_eq!(ask(&guard).await, good);
    }
    let guard = Script::new([SERVFAIL]).guard();
    let error = ask(&guard).await.unwrap_err();
    assert!(error.contains("Temporary failure"), "{error}");
    let guard = Script::new([Answer::Never]).guard();
    let error = ask(&guard).await.unwrap_err();
    assert!(error.contains("no answer within 2s"), "{error}");
}

#[tokio::test]
async fn a_name_that_is_gone_is_gone() {
    let guard = Script::new([found(["10.0.0.1"]), NXDOMAIN, SERVFAIL]).guard();
    ask(&guard).await.unwrap();
    ask(&guard).await.unwrap_err();
    // Nor does it come back because the resolver fails after that.
    ask(&guard).await.unwrap_err();
}

#[tokio::test]
async fn last_good_addresses_are_classified_again() {
    let guard = Script::new([found(["10.0.0.1"]), SERVFAIL]).guard();
    ask(&guard).await.unwrap();
    let narrower = Bounds {
        allows_private: false,
        ..Bounds::default()
    };
    let expected = refused("10.0.0.1", "private, and the host is not listed");
    assert_eq!(ask_within(&guard, &narrower).await, expected);
}

#[tokio::test]
async fn refused_addresses_are_never_the_last_good_ones() {
    let guard = Script::new([found(["10.0.0.1"]), found(["169.254.169.254"]), SERVFAIL]).guard();
    ask(&guard).await.unwrap();
    ask(&guard).await.unwrap_err();
    assert_eq!(ask(&guard).await, Ok(vec!["10.0.0.1".to_owned()]));
}

#[test]
fn a_connection_leads_where_it_was_to_and_not_to_ourselves() {
    #[track_caller]
    fn check(dialled: &str, peer: &str, local: &str, expected: Result<(), Refusal>) {
        let [dialled, peer, local] = [dialled, peer, local].map(|text| text.parse().unwrap());
        assert_eq!(arrival(dialled, peer, local, &[9900, 9901]), expected);
    }
    let ourselves = Err(Refusal::Ourselves);
    check("127.0.0.1:9090", "127.0.0.1:9090", "127.0.0.1:5", Ok(()));
    check("127.0.0.1:9900", "127.0.0.1:9900", "127.0.0.1:5", ourselves);
    check("127.0.0.9:9901", "127.0.0.9:9901", "127.0.0.1:5", ourselves);
    check("[::1]:9901", "[::1]:9901", "[::1]:5", ourselves);
    check("10.0.0.5:9900", "10.0.0.5:9900", "10.0.0.5:5", ourselves);
    check("10.0.0.5:9902", "10.0.0.5:9902", "10.0.0.5:5", Ok(()));
    check("10.0.0.6:9900", "10.0.0.6:9900", "10.0.0.5:5", Ok(()));
    let mapped = "[::ffff:127.0.0.1]:9900";
    check(mapped, mapped, "[::ffff:127.0.0.1]:5", ourselves);
    let peer = Err(Refusal::Peer);
    check("10.0.0.6:9090", "10.0.0.7:9090", "10.0.0.5:5", peer);
    check("10.0.0.6:9090", "10.0.0.6:9091", "10.0.0.5:5", peer);
}

#[tokio::test]
async fn a_thousand_alternating_answers_let_no_refused_address_through() {
    const GOOD: [&str; 3] = ["127.0.0.1", "10.0.0.1", "8.8.8.8"];
    const BAD: [&str; 9] = [
        "169.254.169.254",
        "169.254.170.2",
        "::ffff:169.254.169.254",
        "64:ff9b::169.254.169.254",
        "2002:a9fe:a9fe::1",
        "fd00:ec2::254",
        "100.100.100.200",
        "0.0.0.0",
        "fe80::1",
    ];
    let answers = (0..1000).map(|n: usize| match n % 4 {
        0 => found([GOOD[n % 3]]),
        1 => found([BAD[n % 9]]),
        2 => found([GOOD[n % 3], BAD[n % 9]]),
        _ => found([BAD[n % 9], GOOD[n % 3]]),
    });
    let script = Script::new(answers);
    let guard = script.guard();
    for n in 0..1000 {
        match ask(&guard).await {
            Ok(all) => {
                assert_eq!(n % 4, 0);
                assert!(all.iter().all(|it| GOOD.contains(&it.as_str())), "{all:?}");
            }
            Err(_) => assert_ne!(n % 4, 0),
        }
        assert_eq!(
            script.asked.load(Ordering::Relaxed),
            n + 1,
            "one look-up each"
        );
    }
}
