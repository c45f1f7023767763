//! What one connection is doing, told by the service that answers on it to the timers that watch
//! over it and to the crowd that it is one of.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::task::Context;

use futures_util::task::AtomicWaker;

use super::crowd::Crowd;
use crate::instruments::CloseReason;
use crate::instruments::OpenConnection;
use crate::limits::Charge;

/// The rank of a connection that has something to do.
const BUSY: u64 = u64::MAX;

/// What a connection is told from outside. The later implies the earlier; none is ever taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Word {
    /// Nothing.
    GoOn = 0,
    /// To end when the running request has ended.
    Close = 1,
    /// To end at once, since the time to stop is over.
    Cut = 2,
    /// To end at once and make room.
    Leave = 3,
}

/// How many requests and answers there were on a connection. Both sides of it run in one task, so
/// the atomics only spare a lock; what others look at is the rank alone.
#[derive(Debug)]
pub(super) struct Activity {
    requests: AtomicU64,
    answers: AtomicU64,
    /// What keeps the connection from being idle: a request, bytes that the peer does not take.
    engagements: AtomicU8,
    /// When it became idle: the lower, the longer ago.
    rank: AtomicU64,
    /// Whether the last answer went out before its request was read to the end.
    is_unread: AtomicBool,
    /// Why we close it, as [`CloseReason::ALL`] counts from 1.
    closing: AtomicU8,
    /// The last [`Word`], and who waits for it. One for all words, and one of its own for each
    /// connection: what is shared by all would be fought over at every wake-up.
    word: AtomicU8,
    waker: AtomicWaker,
    crowd: Arc<Crowd>,
    counted: Option<OpenConnection>,
}

impl Activity {
    /// A connection on which nothing has happened.
    pub(super) fn new(crowd: &Arc<Crowd>, counted: Option<OpenConnection>) -> Arc<Self> {
        Arc::new(Self {
            requests: AtomicU64::new(0),
            answers: AtomicU64::new(0),
            engagements: AtomicU8::new(0),
            rank: AtomicU64::new(crowd.rank()),
            is_unread: AtomicBool::new(false),
            closing: AtomicU8::new(0),
            word: AtomicU8::new(Word::GoOn as u8),
            waker: AtomicWaker::new(),
            crowd: Arc::clone(crowd),
            counted,
        })
    }

    /// What the bytes of a head are charged to that has not ended.
    pub(super) fn head_charge(&self) -> Charge {
        self.crowd.heads().charge()
    }

    /// Whether a request has been read to the end of its head and is not answered.
    pub(super) fn is_busy(&self) -> bool {
        self.requests.load(Ordering::Relaxed) != self.answers()
    }

    /// Whether nothing was ever asked.
    pub(super) fn is_fresh(&self) -> bool {
        self.requests.load(Ordering::Relaxed) == 0
    }

    /// How many requests have been answered or given up.
    pub(super) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    /// Whether the peer may still be sending what nobody will read.
    pub(super) fn is_unread(&self) -> bool {
        self.is_unread.load(Ordering::Relaxed)
    }

    /// The body of a request is given up before its end.
    pub(super) fn leave_unread(&self) {
        self.is_unread.store(true, Ordering::Relaxed);
    }

    /// A request begins; it ends when the turn is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Turn {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.is_unread.store(false, Ordering::Relaxed);
        self.engage();
        if let Some(counted) = &self.counted {
            counted.begin();
        }
        Turn(Arc::clone(self))
    }

    /// Something begins that must not be cut off for the sake of a newcomer.
    pub(super) fn engage(&self) {
        if self.engagements.fetch_add(1, Ordering::Relaxed) == 0 {
            self.rank.store(BUSY, Ordering::SeqCst);
        }
    }

    /// It has ended.
    pub(super) fn release(self: &Arc<Self>) {
        if self.engagements.fetch_sub(1, Ordering::Relaxed) == 1 {
            let rank = self.crowd.rank();
            self.rank.store(rank, Ordering::SeqCst);
            self.crowd.idles(rank, self);
        }
    }

    /// The rank in which idle connections are evicted; `None` while it is not idle.
    pub(super) fn idle_rank(&self) -> Option<u64> {
        let rank = self.rank.load(Ordering::SeqCst);
        (rank != BUSY).then_some(rank)
    }

    /// Ends the connection, if it is idle in that rank still.
    pub(super) fn evict(&self, rank: u64) -> bool {
        let exchanged = self
            .rank
            .compare_exchange(rank, BUSY, Ordering::SeqCst, Ordering::Relaxed);
        if exchanged.is_ok() {
            self.tell(Word::Leave);
        }
        exchanged.is_ok()
    }

    /// Tells the connection something.
    pub(super) fn tell(&self, word: Word) {
        self.word.fetch_max(word as u8, Ordering::Release);
        self.waker.wake();
    }

    /// What the connection was told last; its task is woken for the next word.
    pub(super) fn poll_word(&self, cx: &Context<'_>) -> Word {
        self.waker.register(cx.waker());
        self.word()
    }

    /// What the connection was told last.
    pub(super) fn word(&self) -> Word {
        match self.word.load(Ordering::Acquire) {
            0 => Word::GoOn,
            1 => Word::Close,
            2 => Word::Cut,
            _ => Word::Leave,
        }
    }

    /// The connection is about to be closed by us. The first reason holds.
    pub(super) fn close(&self, reason: CloseReason) {
        let place = CloseReason::ALL.iter().position(|it| *it == reason);
        let number = place.and_then(|place| u8::try_from(place + 1).ok());
        let order = Ordering::Relaxed;
        // It fails where there is a reason already.
        let _ = self
            .closing
            .compare_exchange(0, number.unwrap_or(0), order, order);
    }

    /// Why we close it, if it was not the peer who did.
    pub(super) fn close_reason(&self) -> Option<CloseReason> {
        let number = usize::from(self.closing.load(Ordering::Relaxed));
        CloseReason::ALL.get(number.checked_sub(1)?).copied()
    }
}

/// One request and its answer.
#[derive(Debug)]
pub(super) struct Turn(Arc<Activity>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.answers.fetch_add(1, Ordering::Relaxed);
        if let Some(counted) = &self.0.counted {
            counted.end();
        }
        self.0.release();
    }
}
