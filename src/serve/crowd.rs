//! Who is connected: how many at most, and who leaves when there is no room (reliability.md, "The
//! accept loop").

use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Notify;

use super::activity::Activity;
use super::activity::Word;
use crate::limits;
use crate::limits::Budget;

/// How many of those who idle for longest are remembered of one look at everybody. A flood of
/// newcomers then costs a look at all connections once in so many.
const REMEMBERED: usize = 128;

/// The connections of one port.
#[derive(Debug)]
pub(super) struct Crowd {
    most: usize,
    /// What heads hold that have not ended.
    heads: Budget,
    /// How often any connection became idle: a clock that only tells what was before what.
    ranks: AtomicU64,
    /// Whether a newcomer waits because nobody is idle.
    is_awaited: AtomicBool,
    changed: Notify,
    /// Locked when a connection comes or goes, and when somebody has to make room; by a request
    /// only while a newcomer waits.
    members: Mutex<Members>,
}

#[derive(Debug, Default)]
struct Members {
    /// What all were told, and newcomers are.
    word: Option<Word>,
    /// By where their activity lies in memory, which it keeps while it is here.
    open: HashMap<usize, Arc<Activity>>,
    /// Of those who are idle the longest so, first the longest, in the rank of that time. Nobody
    /// else who is idle has a lower rank; who is here may have become busy since.
    idle: VecDeque<(u64, usize)>,
}

/// A place in the crowd, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    crowd: Arc<Crowd>,
    member: usize,
}

impl Crowd {
    /// Room for `most` connections, but at least for one.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most: most.max(1),
            heads: limits::unfinished_heads(),
            ranks: AtomicU64::new(0),
            is_awaited: AtomicBool::new(false),
            changed: Notify::new(),
            members: Mutex::default(),
        })
    }

    /// What heads hold that have not ended.
    pub(super) const fn heads(&self) -> &Budget {
        &self.heads
    }

    /// Waits for room, which whoever has been idle for longest makes at once. One caller at a time.
    pub(super) async fn room(&self) {
        while !self.has_room() {
            self.changed.notified().await;
        }
    }

    /// Takes a place, even if there is none: room is made before.
    pub(super) fn enter(self: &Arc<Self>, activity: &Arc<Activity>) -> Place {
        let member = address(activity);
        let mut members = self.members();
        if let Some(word) = members.word {
            activity.tell(word);
        }
        members.open.insert(member, Arc::clone(activity));
        Place {
            crowd: Arc::clone(self),
            member,
        }
    }

    /// Tells all who are here, and all who will be.
    pub(super) fn tell(&self, word: Word) {
        let mut members = self.members();
        members.word = Some(word);
        members.open.values().for_each(|it| it.tell(word));
    }

    /// The rank of who becomes idle now.
    pub(super) fn rank(&self) -> u64 {
        self.ranks.fetch_add(1, Ordering::Relaxed)
    }

    /// Somebody has become idle.
    pub(super) fn idles(&self, rank: u64, who: &Arc<Activity>) {
        // The rank was stored before this is read, and is read after this was stored: either we see
        // that a newcomer waits, or his look at everybody sees the rank.
        if self.is_awaited.load(Ordering::SeqCst) {
            self.members().idle.push_back((rank, address(who)));
            self.changed.notify_one();
        }
    }

    fn has_room(&self) -> bool {
        let mut members = self.members();
        if members.open.len() < self.most {
            self.is_awaited.store(false, Ordering::SeqCst);
            return true;
        }
        let was_awaited = self.is_awaited.swap(true, Ordering::SeqCst);
        // While a newcomer waits, everybody who becomes idle says so himself.
        let has_made_room = members.evict() || (!was_awaited && members.look() && members.evict());
        if has_made_room {
            self.is_awaited.store(false, Ordering::SeqCst);
        }
        has_made_room
    }

    fn members(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Members {
    /// Ends who has been idle for longest of those remembered, if anybody is still.
    fn evict(&mut self) -> bool {
        while let Some((rank, member)) = self.idle.pop_front() {
            let is_gone = self.open.get(&member).is_some_and(|it| it.evict(rank));
            if is_gone {
                self.open.remove(&member);
                return true;
            }
        }
        false
    }

    /// Looks who is idle; whether anybody is.
    fn look(&mut self) -> bool {
        let ranked = |(member, it): (&usize, &Arc<Activity>)| Some((it.idle_rank()?, *member));
        let mut idle: Vec<(u64, usize)> = self.open.iter().filter_map(ranked).collect();
        if idle.len() > REMEMBERED {
            idle.select_nth_unstable(REMEMBERED);
            idle.truncate(REMEMBERED);
        }
        idle.sort_unstable();
        self.idle = VecDeque::from(idle);
        !self.idle.is_empty()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.crowd.members().open.remove(&self.member);
        if self.crowd.is_awaited.load(Ordering::SeqCst) {
            self.crowd.changed.notify_one();
        }
    }
}

fn address(activity: &Arc<Activity>) -> usize {
    Arc::as_ptr(activity).addr()
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    /// `count` connections of a crowd that has room for so many.
    fn full(count: usize) -> (Arc<Crowd>, Vec<(Arc<Activity>, Place)>) {
        let crowd = Crowd::new(count);
        let enter = |_| {
            assert!(crowd.has_room());
            let activity = Activity::new(&crowd, None);
            let place = crowd.enter(&activity);
            (activity, place)
        };
        let members = (0..count).map(enter).collect();
        (crowd, members)
    }

    fn is_evicted(activity: &Activity) -> bool {
        activity.word() == Word::Leave
    }

    #[test]
    fn the_one_that_idles_for_longest_makes_room_and_no_other() {
        let (crowd, members) = full(300);
        // The first has been asked something since, so the second idles for longest.
        drop(members[0].0.begin());
        let mut busy = Vec::new();
        let mut left = Vec::new();
        for expected in (1..300).chain([0]) {
            assert!(crowd.has_room());
            let newcomer = Activity::new(&crowd, None);
            busy.push((crowd.enter(&newcomer), newcomer.begin()));
            let is_new = |n: &usize| is_evicted(&members[*n].0) && !left.contains(n);
            let evicted: Vec<usize> = (0..300).filter(is_new).collect();
            assert_eq!(evicted, [expected]);
            left.push(expected);
        }
        assert!(!crowd.has_room());
    }

    #[test]
    fn who_is_busy_stays_and_a_newcomer_waits_for_the_first_that_ends() {
        let (crowd, mut members) = full(3);
        let mut turns: Vec<_> = members.iter().map(|(it, _)| it.begin()).collect();
        let mut room = Box::pin(crowd.room());
        assert!(room.as_mut().now_or_never().is_none());
        drop(turns.remove(1));
        assert!(room.as_mut().now_or_never().is_some());
        assert!(is_evicted(&members[1].0) && !is_evicted(&members[0].0));

        let newcomer = Activity::new(&crowd, None);
        let _turn = newcomer.begin();
        let _place = crowd.enter(&newcomer);
        let mut room = Box::pin(crowd.room());
        assert!(room.as_mut().now_or_never().is_none());
        // Whoever leaves makes room as well.
        drop(members.remove(0));
        assert!(room.now_or_never().is_some());
    }

    #[test]
    fn who_has_just_been_asked_again_is_not_evicted() {
        let (crowd, members) = full(2);
        assert!(crowd.members().look());
        let _turn = members[0].0.begin();
        assert!(crowd.has_room());
        assert!(!is_evicted(&members[0].0) && is_evicted(&members[1].0));
    }
}
