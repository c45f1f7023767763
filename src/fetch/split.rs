//! Splitting evaluation instants over calls. Values do not depend on the split.

use crate::time::Millis;
use crate::translate::plan::Instants;

/// How many instants there are.
pub(super) fn count(instants: Instants) -> usize {
    let steps = instants.last.since(instants.first).get() / instants.step.get();
    usize::try_from(steps).map_or(usize::MAX, |steps| steps.saturating_add(1))
}

/// The instants in consecutive chunks of `size`, the last one perhaps shorter. `size` is positive.
pub(super) fn chunks(instants: Instants, size: usize) -> impl Iterator<Item = Instants> {
    let stride = times(instants.step, size);
    std::iter::successors(Some(instants.first), move |first| Some(*first + stride))
        .take_while(move |first| *first <= instants.last)
        .map(move |first| {
            let last = instants.last.min(first + (stride - instants.step));
            Instants {
                first,
                last,
                ..instants
            }
        })
}

/// The two halves of the instants, cut between groups of `group`; `None` for a single group.
pub(super) fn halves(instants: Instants, group: usize) -> Option<(Instants, Instants)> {
    let groups = count(instants).div_ceil(group);
    cut(instants, groups / 2 * group)
}

/// The first `size` instants and the others; `None` if that leaves one of both without any.
pub(super) fn cut(instants: Instants, size: usize) -> Option<(Instants, Instants)> {
    if size == 0 || size >= count(instants) {
        return None;
    }
    let second = instants.first + times(instants.step, size);
    Some((
        Instants {
            last: second - instants.step,
            ..instants
        },
        Instants {
            first: second,
            ..instants
        },
    ))
}

fn times(step: Millis, count: usize) -> Millis {
    step.times(i64::try_from(count).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::UnixMillis;

    fn instants() -> impl Strategy<Value = Instants> {
        (0..1_000_000_i64, 1..100_000_i64, 0..500_i64).prop_map(|(first, step, steps)| Instants {
            first: UnixMillis::new(first),
            last: UnixMillis::new(first + step * steps),
            step: Millis::new(step),
        })
    }

    fn all(instants: Instants) -> Vec<UnixMillis> {
        (0..count(instants))
            .map(|k| instants.first + times(instants.step, k))
            .collect()
    }

    proptest! {
        #[test]
        fn chunks_hold_every_instant_once_and_none_is_larger_than_its_size(
            whole in instants(), size in 1..600_usize,
        ) {
            let chunks: Vec<Instants> = chunks(whole, size).collect();
            prop_assert!(chunks.iter().all(|chunk| (1..=size).contains(&count(*chunk))));
            let joined: Vec<UnixMillis> = chunks.into_iter().flat_map(all).collect();
            prop_assert_eq!(joined, all(whole));
        }

        #[test]
        fn halves_hold_every_instant_once_and_are_cut_between_groups(
            whole in instants(), group in 1..50_usize,
        ) {
            match halves(whole, group) {
                None => prop_assert!(count(whole) <= group),
                Some((first, second)) => {
                    prop_assert_eq!(count(first) % group, 0);
                    prop_assert_eq!([all(first), all(second)].concat(), all(whole));
                }
            }
        }
    }
}
