//! What slots, rooms and bytes are shared with. `model/` puts loom's in its place, and so checks the
//! same sources in every order that threads can run in.

pub(super) use std::sync::Arc;
pub(super) use std::sync::Mutex;
pub(super) use std::sync::MutexGuard;
pub(super) use std::sync::atomic::AtomicUsize;
