//! A model of who looks, joins, begins, keeps and leaves in which order: all interleavings of a few
//! callers and their work, each step as large as one hold of the lock.
//!
//! The model is the protocol and not the code, so it also shows that the orders which the code
//! avoids are wrong: keeping after the work is out of the map, leaving in two steps, and taking out
//! what is another's.

use std::collections::BTreeSet;

/// How many callers ask for the same.
const CALLERS: usize = 3;

/// Which rules hold.
#[derive(Clone, Copy, Debug)]
struct Rules {
    /// The outcome is kept before its work is out of the map.
    keeps_first: bool,
    /// The last waiter takes the work out of the map in the step in which it counts itself out.
    leaves_at_once: bool,
    /// Work takes out only its own entry.
    removes_its_own: bool,
}

const RIGHT: Rules = Rules {
    keeps_first: true,
    leaves_at_once: true,
    removes_its_own: true,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Caller {
    Outside,
    Waiting(usize),
    /// It was the last one and has counted itself out, but has not done the rest.
    Leaving(usize),
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Running,
    /// The first of the two steps at its end is done.
    Landing,
    Ended,
    Abandoned,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct World {
    callers: [Caller; CALLERS],
    /// Each work, and how many wait for it.
    works: Vec<(Phase, usize)>,
    /// Which work is in the map.
    entry: Option<usize>,
    is_kept: bool,
    /// A newcomer took the place of work once, as after half of its first waiter's time.
    has_replaced: bool,
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wrong {
    /// A caller found neither work nor outcome though work had come to an outcome.
    AskedTwice,
    /// A caller waits for what nobody does any more.
    Hangs,
    /// Work that may be joined is not in the map, or what is over is.
    Map,
}

impl World {
    fn new() -> Self {
        Self {
            callers: [Caller::Outside; CALLERS],
            works: Vec::new(),
            entry: None,
            is_kept: false,
            has_replaced: false,
        }
    }

    fn begin(&mut self, caller: usize) {
        self.entry = Some(self.works.len());
        self.callers[caller] = Caller::Waiting(self.works.len());
        self.works.push((Phase::Running, 1));
    }

    fn remove(&mut self, work: usize, rules: Rules) {
        if !rules.removes_its_own || self.entry == Some(work) {
            self.entry = None;
        }
    }

    fn give_up(&mut self, work: usize, rules: Rules) {
        self.remove(work, rules);
        if self.works[work].0 != Phase::Ended {
            self.works[work].0 = Phase::Abandoned;
        }
    }

    /// All worlds that are one step on.
    fn next(&self, rules: Rules, wrong: &mut BTreeSet<Wrong>) -> Vec<Self> {
        let mut all = Vec::new();
        for caller in 0..CALLERS {
            self.step_of(caller, rules, wrong, &mut all);
        }
        for (work, (phase, _)) in self.works.iter().enumerate() {
            let mut next = self.clone();
            let keeps = match phase {
                Phase::Running => rules.keeps_first,
                Phase::Landing => !rules.keeps_first,
                Phase::Ended | Phase::Abandoned => continue,
            };
            if keeps {
                next.is_kept = true;
            } else {
                next.remove(work, rules);
            }
            next.works[work].0 = match phase {
                Phase::Running => Phase::Landing,
                _ => Phase::Ended,
            };
            all.push(next);
        }
        all
    }

    fn step_of(
        &self,
        caller: usize,
        rules: Rules,
        wrong: &mut BTreeSet<Wrong>,
        all: &mut Vec<Self>,
    ) {
        let mut next = self.clone();
        match self.callers[caller] {
            Caller::Outside if self.is_kept => next.callers[caller] = Caller::Gone,
            Caller::Outside => {
                if let Some(work) = self.entry {
                    // Too late to join: its own work takes the place.
                    if !self.has_replaced {
                        let mut replacing = self.clone();
                        replacing.has_replaced = true;
                        replacing.begin(caller);
                        all.push(replacing);
                    }
                    next.works[work].1 += 1;
                    next.callers[caller] = Caller::Waiting(work);
                } else {
                    let has_landed = |phase| matches!(phase, Phase::Landing | Phase::Ended);
                    if self.works.iter().any(|(phase, _)| has_landed(*phase)) {
                        wrong.insert(Wrong::AskedTwice);
                    }
                    next.begin(caller);
                }
            }
            Caller::Waiting(work) => {
                if self.works[work].0 == Phase::Abandoned {
                    wrong.insert(Wrong::Hangs);
                }
                // It may leave at any time; one that has heard the end leaves in the same way.
                next.works[work].1 -= 1;
                next.callers[caller] = Caller::Gone;
                if next.works[work].1 == 0 {
                    if rules.leaves_at_once {
                        next.give_up(work, rules);
                    } else {
                        next.callers[caller] = Caller::Leaving(work);
                    }
                }
            }
            Caller::Leaving(work) => {
                next.give_up(work, rules);
                next.callers[caller] = Caller::Gone;
            }
            Caller::Gone => return,
        }
        all.push(next);
    }

    fn check(&self, wrong: &mut BTreeSet<Wrong>) {
        let is_over = |work: usize| matches!(self.works[work].0, Phase::Ended | Phase::Abandoned);
        if self.entry.is_some_and(is_over) {
            wrong.insert(Wrong::Map);
        }
        let last = self.works.len().checked_sub(1);
        let runs = |work: usize| self.works[work].0 == Phase::Running && self.works[work].1 > 0;
        if last.is_some_and(runs) && self.entry != last {
            wrong.insert(Wrong::Map);
        }
    }
}

/// Visits every world that can come about; what is wrong in any of them, and how many there are.
fn visit(rules: Rules) -> (BTreeSet<Wrong>, usize) {
    let mut wrong = BTreeSet::new();
    let mut seen = BTreeSet::from([World::new()]);
    let mut open = vec![World::new()];
    while let Some(world) = open.pop() {
        world.check(&mut wrong);
        for next in world.next(rules, &mut wrong) {
            if seen.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    (wrong, seen.len())
}

#[test]
fn no_order_of_steps_asks_twice_hangs_or_loses_work() {
    let (wrong, worlds) = visit(RIGHT);
    assert_eq!(wrong, BTreeSet::new());
    assert!(worlds > 100, "{worlds}");
}

#[test]
fn the_orders_that_are_avoided_are_wrong() {
    #[track_caller]
    fn check(rules: Rules, expected: Wrong) {
        let (wrong, _) = visit(rules);
        assert!(wrong.contains(&expected), "{wrong:?}");
    }
    check(
        Rules {
            keeps_first: false,
            ..RIGHT
        },
        Wrong::AskedTwice,
    );
    check(
        Rules {
            leaves_at_once: false,
            ..RIGHT
        },
        Wrong::Hangs,
    );
    check(
        Rules {
            removes_its_own: false,
            ..RIGHT
        },
        Wrong::Map,
    );
}
