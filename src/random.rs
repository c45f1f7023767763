//! Numbers that differ, for ids and for the jitter of waits: nobody gains by guessing one, so they cost
//! no system call. Keys and nonces are made by `getrandom`.

use std::hash::BuildHasher as _;
use std::hash::Hasher as _;
use std::hash::RandomState;

/// Any number.
///
/// The standard library takes the first key of a thread from the system, counts it on, and mixes what
/// it counts with a keyed hash.
#[must_use]
pub fn number() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Within `0.0..1.0`.
#[must_use]
pub fn share() -> f64 {
    let bits = u32::try_from(number() >> 32).unwrap_or_default();
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn numbers_differ() {
        let numbers: HashSet<u64> = (0..10_000).map(|_| number()).collect();
        assert_eq!(numbers.len(), 10_000);
    }

    #[test]
    fn shares_fill_their_range_evenly() {
        let mut tenths = [0_u32; 10];
        for _ in 0..10_000 {
            let share = share();
            assert!((0.0..1.0).contains(&share), "{share}");
            let tenth = (0..10_u8).rfind(|it| share >= f64::from(*it) / 10.0);
            tenths[usize::from(tenth.unwrap_or(0))] += 1;
        }
        // Far beyond what chance does: the standard deviation is 30.
        assert!(
            tenths.iter().all(|it| (700..1_300).contains(it)),
            "{tenths:?}"
        );
    }
}
