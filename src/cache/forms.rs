//! The compressed forms of a finished answer: each made once, for the first caller who wants it.

use bytes::Bytes;
use tokio::sync::OnceCell;

use super::shared::Taken;
use crate::limits::Budget;
use crate::limits::Charge;

/// How an answer can be compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// Zstandard.
    Zstd,
    /// gzip.
    Gzip,
}

/// The forms of one answer.
#[derive(Debug)]
pub struct Forms {
    budget: Budget,
    zstd: OnceCell<Bytes>,
    gzip: OnceCell<Bytes>,
    /// The room of the answer, if it is kept.
    taken: OnceCell<Taken>,
}

impl Forms {
    /// None yet. What is made is charged to `budget`.
    #[must_use]
    pub fn new(budget: Budget) -> Self {
        Self {
            budget,
            zstd: OnceCell::new(),
            gzip: OnceCell::new(),
            taken: OnceCell::new(),
        }
    }

    /// From now on what is made takes its part of the room of the answer.
    pub fn counted(&self, taken: Taken) {
        drop(self.taken.set(taken));
    }

    /// The form in `coding`; `make` makes it, unless that was done before or is being done. It gets
    /// something to charge what it makes to, and gives `None` if it can make nothing.
    pub async fn form<F>(&self, coding: Coding, make: impl FnOnce(Charge) -> F) -> Option<Bytes>
    where
        F: Future<Output = Option<Bytes>>,
    {
        let cell = match coding {
            Coding::Zstd => &self.zstd,
            Coding::Gzip => &self.gzip,
        };
        let form = cell.get_or_try_init(async || {
            let form = make(self.budget.charge()).await.ok_or(None)?;
            match self.taken.get() {
                // There is no room to keep it.
                Some(taken) if !taken.grow(form.len()) => Err(Some(form)),
                Some(_) | None => Ok(form),
            }
        });
        match form.await {
            Ok(form) => Some(form.clone()),
            Err(unkept) => unkept,
        }
    }
}
