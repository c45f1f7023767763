//! How close the process is to the limit of its memory: the second net below the budget of bytes
//! (reliability.md, "The process").

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// From so many percent of the limit on caches are emptied and connections are not kept.
const HIGH: u64 = 92;
/// From so many on new work is shed.
const FULL: u64 = 95;
/// Each ends so many points lower, so that it does not flap.
const SLACK: u64 = 3;

/// What is done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// Nothing.
    None = 0,
    /// Nothing is kept.
    High = 1,
    /// Nothing new is begun.
    Full = 2,
}

/// The level that all look at. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Pressure(Arc<AtomicU8>);

impl Pressure {
    /// The level that holds now.
    #[must_use]
    pub fn level(&self) -> Level {
        match self.0.load(Ordering::Relaxed) {
            0 => Level::None,
            1 => Level::High,
            _ => Level::Full,
        }
    }

    /// So many percent of the limit are used; the level that holds from now on.
    pub fn measured(&self, percent: u64) -> Level {
        let level = self.level().after(percent);
        self.0.store(level as u8, Ordering::Relaxed);
        level
    }
}

impl Level {
    fn after(self, percent: u64) -> Self {
        let holds = |level, from| percent >= if self >= level { from - SLACK } else { from };
        if holds(Self::Full, FULL) {
            Self::Full
        } else if holds(Self::High, HIGH) {
            Self::High
        } else {
            Self::None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_begins_at_its_mark_and_ends_three_points_below_it() {
        let pressure = Pressure::default();
        for (percent, level) in [
            (91, Level::None),
            (92, Level::High),
            (90, Level::High),
            (94, Level::High),
            (95, Level::Full),
            (93, Level::Full),
            (92, Level::Full),
            (91, Level::High),
            (89, Level::High),
            (88, Level::None),
            (91, Level::None),
            (100, Level::Full),
            (50, Level::None),
        ] {
            assert_eq!(pressure.measured(percent), level, "{percent}");
        }
    }
}
