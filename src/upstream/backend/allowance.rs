//! How many repeats a backend is given: a bucket that first attempts and time fill (reliability.md,
//! "Retries"). A dead backend gets a tenth more calls by it, not twice as many. Pure: the time is an
//! argument.

use std::time::Instant;

/// What the bucket holds at most, and at first.
const MOST: f64 = 10.0;
/// What a first attempt adds, and what a second does.
const FILL: f64 = 0.1;

/// The repeats that a backend may be given now.
#[derive(Debug)]
pub(super) struct Allowance {
    tokens: f64,
    at: Instant,
}

impl Allowance {
    /// A full bucket.
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            tokens: MOST,
            at: now,
        }
    }

    /// A call is made for the first time.
    pub(super) fn first_attempt(&mut self, now: Instant) {
        self.fill(now);
        self.tokens = (self.tokens + FILL).min(MOST);
    }

    /// Takes one repeat; false if there is none.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        self.fill(now);
        // Ten times a tenth is a little less than one.
        let has_one = self.tokens > 1.0 - 1e-9;
        if has_one {
            self.tokens = (self.tokens - 1.0).max(0.0);
        }
        has_one
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + passed * FILL).min(MOST);
        self.at = self.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ten_repeats_then_one_for_ten_calls_or_ten_seconds() {
        let mut now = Instant::now();
        let mut allowance = Allowance::new(now);
        let count = (0..20).filter(|_| allowance.take(now)).count();
        assert_eq!(count, 10);
        for _ in 0..9 {
            allowance.first_attempt(now);
        }
        assert!(!allowance.take(now));
        allowance.first_attempt(now);
        assert!(allowance.take(now));
        now += Duration::from_millis(9_900);
        assert!(!allowance.take(now));
        now += Duration::from_millis(100);
        assert!(allowance.take(now));
        now += Duration::from_secs(3_600);
        let count = (0..20).filter(|_| allowance.take(now)).count();
        assert_eq!(count, 10, "an hour fills it and no more");
    }

    #[test]
    fn a_dead_backend_gets_a_tenth_more_calls() {
        let now = Instant::now();
        let mut allowance = Allowance::new(now);
        let mut calls = 0;
        for _ in 0..1_000 {
            allowance.first_attempt(now);
            calls += 1;
            while calls % 3 != 0 && allowance.take(now) {
                calls += 1;
            }
        }
        assert!(calls <= 1_000 + 10 + 100, "{calls}");
    }

    proptest! {
        #[test]
        fn no_order_of_events_gives_more_than_was_filled_in(
            steps in prop::collection::vec((0..3_u8, 0..5_000_u64), 0..300),
        ) {
            let start = Instant::now();
            let (mut now, mut firsts, mut taken) = (start, 0_u32, 0_u32);
            let mut allowance = Allowance::new(now);
            for (step, millis) in steps {
                match step {
                    0 => now += Duration::from_millis(millis),
                    1 => {
                        allowance.first_attempt(now);
                        firsts += 1;
                    }
                    _ => taken += u32::from(allowance.take(now)),
                }
                let filled = f64::from(firsts) * FILL + (now - start).as_secs_f64() * FILL;
                prop_assert!(f64::from(taken) <= MOST + filled + 1e-6);
            }
        }
    }
}
