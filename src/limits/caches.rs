//! How much memory the caches may take.

use super::Budget;

/// What all caches together may take of the memory for requests (reliability.md, "The process").
const QUARTER: usize = 4;

/// How many bytes each kind of cache may take. Settings `answer_cache` and `list_cache`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheRoom {
    /// Finished answers, with all their forms and keys.
    pub answers: usize,
    /// Lists of names and values, and metadata.
    pub lists: usize,
}

impl Default for CacheRoom {
    fn default() -> Self {
        Self {
            answers: 64 << 20,
            lists: 32 << 20,
        }
    }
}

impl CacheRoom {
    /// What there is of it within `budget`: lists get up to a third of what all caches may take,
    /// answers what is left. The shares are a choice, that of the defaults.
    #[must_use]
    pub fn within(self, budget: &Budget) -> Self {
        let most = budget.limit() / QUARTER;
        let lists = self.lists.min(most / 3);
        Self {
            answers: self.answers.min(most - lists),
            lists,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wanted: (usize, usize), limit: usize, expected: (usize, usize)) {
        let (answers, lists) = wanted;
        let room = CacheRoom { answers, lists }.within(&Budget::of(limit));
        assert_eq!((room.answers, room.lists), expected);
        assert!(room.answers + room.lists <= limit / 4);
    }

    #[test]
    fn all_caches_together_take_at_most_a_quarter() {
        let CacheRoom { answers, lists } = CacheRoom::default();
        check((answers, lists), 512 << 20, (64 << 20, 32 << 20));
        check((answers, lists), 120, (20, 10));
        check((100, 0), 120, (30, 0));
        check((5, 100), 120, (5, 10));
        check((usize::MAX, usize::MAX), 0, (0, 0));
    }
}
