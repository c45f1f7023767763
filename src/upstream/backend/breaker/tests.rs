//! When it opens, for how long, and who may probe.

use proptest::prelude::*;

use super::*;

/// Without a random part.
const MIDDLE: f64 = 0.5;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A breaker and its clock.
struct Bench {
    breaker: Breaker<&'static str>,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            breaker: Breaker::new(now),
            now,
        }
    }

    fn judge(&mut self, permit: Permit, verdict: Option<Verdict<&'static str>>) {
        self.breaker.judge(permit, verdict, self.now, MIDDLE);
    }

    fn admit(&mut self) -> Option<Permit> {
        self.breaker.admit(self.now).ok()
    }

    /// A call that goes through and fails.
    fn fail(&mut self) {
        let permit = self.admit().expect("it is let through");
        self.judge(permit, Some(Verdict::Failure("dns")));
    }

    fn succeed(&mut self) {
        let permit = self.admit().expect("it is let through");
        self.judge(permit, Some(Verdict::Success));
    }

    /// One that five failures have opened.
    fn open() -> Self {
        let mut bench = Self::new();
        for _ in 0..5 {
            bench.fail();
        }
        bench
    }

    #[track_caller]
    fn check(&self, shown: Shown) {
        assert_eq!(self.breaker.shown(), shown);
    }
}

#[test]
fn five_failures_in_a_row_open_it_for_a_second() {
    let mut bench = Bench::new();
    for _ in 0..4 {
        bench.fail();
    }
    bench.succeed();
    for _ in 0..4 {
        bench.fail();
    }
    bench.check(Shown::Closed);
    bench.fail();
    bench.check(Shown::Open);
    let refused = bench.breaker.admit(bench.now).unwrap_err();
    let expected = Refused {
        failures: 5,
        last: "dns",
        next: seconds(1),
    };
    assert_eq!(refused, expected);
    bench.now += Duration::from_millis(999);
    assert_eq!(bench.admit(), None);
    bench.now += Duration::from_millis(1);
    assert!(bench.admit().is_some_and(|permit| permit.is_probe));
    bench.check(Shown::Probing);
}

#[test]
fn more_than_half_of_twenty_within_ten_seconds_open_it() {
    let mut bench = Bench::new();
    // Nine of eighteen, then ten of twenty: half is not more than half.
    for _ in 0..9 {
        bench.succeed();
        bench.fail();
    }
    bench.succeed();
    bench.fail();
    bench.check(Shown::Closed);
    bench.fail();
    bench.check(Shown::Open);
}

#[test]
fn what_is_ten_seconds_old_does_not_count() {
    let mut bench = Bench::new();
    for _ in 0..10 {
        bench.succeed();
        bench.fail();
    }
    bench.now += seconds(10);
    bench.fail();
    bench.check(Shown::Closed);
}

#[test]
fn each_failed_probe_doubles_the_time_up_to_half_a_minute() {
    let mut bench = Bench::open();
    for expected in [1, 2, 4, 8, 16, 30, 30] {
        let refused = bench.breaker.admit(bench.now).unwrap_err();
        assert_eq!(refused.next, seconds(expected));
        bench.now += refused.next;
        bench.fail();
    }
    bench.now += seconds(30);
    bench.succeed();
    bench.check(Shown::Closed);
    assert_eq!(bench.breaker.failures, 0);
}

#[test]
fn a_minute_closed_makes_it_begin_with_a_second_again() {
    for (closed, expected) in [(59, 2), (60, 1)] {
        let mut bench = Bench::open();
        bench.now += seconds(1);
        bench.succeed();
        bench.now += seconds(closed);
        for _ in 0..5 {
            bench.fail();
        }
        let refused = bench.breaker.admit(bench.now).unwrap_err();
        assert_eq!(refused.next, seconds(expected));
    }
}

#[test]
fn the_time_is_a_fifth_more_or_less() {
    for (random, millis) in [(0.0, 800), (1.0, 1_200)] {
        let mut bench = Bench::new();
        for _ in 0..5 {
            let permit = bench.admit().unwrap();
            let failure = Some(Verdict::Failure("tls"));
            bench.breaker.judge(permit, failure, bench.now, random);
        }
        let refused = bench.breaker.admit(bench.now).unwrap_err();
        assert_eq!(refused.next, Duration::from_millis(millis));
    }
}

#[test]
fn one_probe_at_a_time() {
    let mut bench = Bench::open();
    bench.now += seconds(1);
    let probe = bench.admit().unwrap();
    let refused = bench.breaker.admit(bench.now).unwrap_err();
    assert_eq!(refused.next, PROBE_HEAD);
    bench.judge(probe, None);
    let next = bench.admit().expect("who leaves frees its place");
    bench.judge(next, Some(Verdict::Success));
    bench.check(Shown::Closed);
}

#[test]
fn a_probe_without_an_answer_opens_it_and_its_late_success_closes_it() {
    let mut bench = Bench::open();
    bench.now += seconds(1);
    let probe = bench.admit().unwrap();
    bench.now += PROBE_HEAD;
    bench.breaker.overdue(probe, "silent", bench.now, MIDDLE);
    bench.check(Shown::Open);
    let refused = bench.breaker.admit(bench.now).unwrap_err();
    assert_eq!((refused.last, refused.next), ("silent", seconds(2)));
    let mut late = bench.breaker.admit_anyhow(bench.now);
    bench.judge(late, None);
    bench.judge(probe, Some(Verdict::Failure("silent")));
    bench.check(Shown::Open);
    assert_eq!(bench.breaker.opened(), 2, "its failure was known already");
    late = probe;
    bench.judge(late, Some(Verdict::Success));
    bench.check(Shown::Closed);
}

#[test]
fn the_connection_test_goes_through_an_open_breaker_and_closes_it() {
    let mut bench = Bench::open();
    let test = bench.breaker.admit_anyhow(bench.now);
    assert!(test.is_probe);
    bench.judge(test, Some(Verdict::Success));
    bench.check(Shown::Closed);
    let ordinary = bench.breaker.admit_anyhow(bench.now);
    assert!(!ordinary.is_probe, "while it is closed it is a call as any");
}

#[test]
fn calls_from_before_it_opened_say_nothing_about_after() {
    let mut bench = Bench::new();
    let old: Vec<_> = (0..12).map(|_| bench.admit().unwrap()).collect();
    for permit in &old[..5] {
        bench.judge(*permit, Some(Verdict::Failure("dns")));
    }
    bench.judge(old[5], Some(Verdict::Success));
    bench.check(Shown::Open);
    bench.now += seconds(1);
    bench.succeed();
    for permit in &old[6..] {
        bench.judge(*permit, Some(Verdict::Failure("dns")));
    }
    bench.check(Shown::Closed);
}

/// An hour of outage with a call every `every`: how many went through, and how long after its end
/// the breaker was closed.
fn outage(every: Duration, randoms: &[f64]) -> (u32, Duration) {
    let mut breaker = Breaker::new(Instant::now());
    let start = Instant::now();
    let end = start + seconds(3_600);
    let (mut now, mut through) = (start, 0);
    for n in 0.. {
        let random = randoms[n % randoms.len()];
        if let Ok(permit) = breaker.admit(now) {
            if now >= end {
                breaker.judge(permit, Some(Verdict::Success), now, random);
                return (through, now - end);
            }
            through += 1;
            breaker.judge(permit, Some(Verdict::Failure("down")), now, random);
        }
        now += every;
    }
    unreachable!("it closes at some time")
}

proptest! {
    #[test]
    fn an_outage_costs_a_probe_an_interval_and_ends_with_the_last_interval(
        millis in 10..1_000_u64,
        randoms in prop::collection::vec(0.0..1.0_f64, 1..20),
    ) {
        let (through, recovery) = outage(Duration::from_millis(millis), &randoms);
        // Five that open it, five that double the time, then at most one in 24 s.
        prop_assert!(through <= 10 + 3_600 / 24, "{through}");
        prop_assert!(recovery <= seconds(36 + 1), "{recovery:?}");
    }

    #[test]
    fn whatever_happens_there_is_one_probe_and_none_while_it_is_open(
        steps in prop::collection::vec((0..6_u8, 0..8_000_u64, 0.0..1.0_f64), 0..200),
    ) {
        let mut bench = Bench::new();
        let mut under_way: Vec<Permit> = Vec::new();
        for (step, millis, random) in steps {
            match step {
                0 | 1 => bench.now += Duration::from_millis(millis),
                2 | 3 => {
                    let before = bench.breaker.refuses(bench.now);
                    let permit = bench.admit();
                    prop_assert_eq!(before.is_none(), permit.is_some());
                    under_way.extend(permit);
                }
                _ if under_way.is_empty() => {}
                _ => {
                    let at = usize::try_from(millis).unwrap_or(0) % under_way.len();
                    let permit = under_way.swap_remove(at);
                    let verdict = match step {
                        4 => Some(Verdict::Failure("x")),
                        _ if random < 0.3 => None,
                        _ => Some(Verdict::Success),
                    };
                    bench.breaker.judge(permit, verdict, bench.now, random);
                }
            }
            let probes = under_way.iter().filter(|it| bench.breaker.is_the_probe(**it)).count();
            let is_probing = bench.breaker.shown() == Shown::Probing;
            prop_assert_eq!(probes, usize::from(is_probing));
        }
    }
}
