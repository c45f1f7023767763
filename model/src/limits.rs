//! The mirror's own files, and what they name.
#![expect(dead_code, reason = "a model does not need all of them")]

#[path = "../../src/limits/budget.rs"]
pub mod budget;
#[path = "../../src/limits/room.rs"]
pub mod room;

pub mod sync {
    pub(super) use loom::sync::Arc;
    pub(super) use loom::sync::Mutex;
    pub(super) use loom::sync::MutexGuard;
    pub(super) use loom::sync::atomic::AtomicUsize;
}

pub mod memory {
    /// There is none in a model.
    pub struct Group;

    impl Group {
        pub const fn of_this_process() -> Option<Self> {
            None
        }

        pub const fn limit(&self) -> u64 {
            0
        }
    }
}
