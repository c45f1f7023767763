//! Under what an answer is kept and waited for: the identity, the configuration and the whole plan
//! (performance.md, "Coalescing"; security.md, "Cache keys").
//!
//! Everything is written out one after the other, each part so that it ends where it ends, and keys
//! are compared byte by byte. Every type is taken apart without `..`: a new field does not compile
//! until someone decides whether two answers may differ in it.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hash, Hasher};
use std::sync::Arc;

use crate::translate::plan::ComputedRead;
use crate::translate::plan::Grid;
use crate::translate::plan::Instants;
use crate::translate::plan::LegacyRead;
use crate::translate::plan::ObservationsRead;
use crate::translate::plan::Plan;
use crate::translate::plan::Quantiles;
use crate::translate::plan::RangeRead;
use crate::translate::plan::Read;
use crate::translate::plan::Reduction;
use crate::translate::plan::SampleRead;
use crate::translate::plan::Several;
use crate::translate::plan::Spelled;
use crate::translate::plan::Subject;

/// The key of an answer. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Of `bytes`, under a key of this process: callers choose what is in them.
    hash: u64,
    bytes: Arc<[u8]>,
}

impl Key {
    /// The key of the answer to `plan` for `identity`, which is `Upstream::identity`: the caller, the
    /// URL, everything that proves us, TLS, headers and parameters, and the generation of the
    /// configuration.
    #[must_use]
    pub fn new(seed: &RandomState, identity: &str, plan: &Plan) -> Self {
        let mut text = Text(Vec::with_capacity(512));
        text.put(identity);
        text.plan(plan);
        let Text(bytes) = text;
        Self {
            hash: seed.hash_one(&bytes),
            bytes: bytes.into(),
        }
    }

    /// What it takes, in bytes.
    pub(super) fn size(&self) -> usize {
        self.bytes.len() + size_of::<Self>()
    }

    /// A number that differs for most keys.
    pub(super) const fn hash(&self) -> u64 {
        self.hash
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// A key in the making. It takes what is hashed as it comes: what the standard library feeds a
/// hasher with is free of prefixes, so no two values are written alike.
struct Text(Vec<u8>);

impl Hasher for Text {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

impl Text {
    fn put(&mut self, value: &(impl Hash + ?Sized)) {
        value.hash(self);
    }

    fn plan(&mut self, plan: &Plan) {
        let Plan {
            subject,
            read,
            reduction,
            several,
            limit,
            nan,
            inf,
            parameters,
            // For the record of a request; what they are about changes the read itself.
            rate_window: _,
            held_back: _,
        } = plan;
        self.subject(subject);
        self.read(read);
        self.reduction(reduction);
        self.several(several);
        self.put(limit);
        self.put(nan);
        self.put(inf);
        self.put(parameters);
    }

    /// The name and what is shown stand in failures, which are kept too.
    fn subject(&mut self, subject: &Subject) {
        let Subject {
            name,
            shown,
            selectors,
            range,
            quantiles,
        } = subject;
        self.put(name);
        self.put(shown);
        self.spelled(selectors);
        self.put(range);
        match quantiles {
            None => self.put(&0_u8),
            Some(Quantiles { all, wanted, count }) => {
                self.put(&1_u8);
                self.put(&all.text);
                self.put(wanted);
                self.put(&count.text);
            }
        }
    }

    /// What the texts are made of is for the record alone.
    fn spelled(&mut self, all: &[Spelled]) {
        self.put(&all.len());
        for Spelled { text, fragments: _ } in all {
            self.put(text);
        }
    }

    fn read(&mut self, read: &Read) {
        match read {
            Read::Nothing => self.put(&0_u8),
            Read::Range(range) => {
                self.put(&1_u8);
                self.range(range);
            }
            Read::Samples(samples) => {
                self.put(&2_u8);
                self.samples(samples);
            }
            Read::Legacy(legacy) => {
                self.put(&3_u8);
                self.legacy(legacy);
            }
            Read::Missing => self.put(&4_u8),
            Read::Observations(observations) => {
                self.put(&5_u8);
                self.observations(observations);
            }
            Read::Computed(computed) => {
                self.put(&6_u8);
                self.computed(computed);
            }
        }
    }

    fn range(&mut self, read: &RangeRead) {
        let RangeRead {
            expr,
            fragments: _,
            instants: Instants { first, last, step },
            group,
            is_splittable,
            max_steps,
            max_range,
        } = read;
        self.put(expr);
        self.put(first);
        self.put(last);
        self.put(step);
        self.put(group);
        self.put(is_splittable);
        self.put(max_steps);
        self.put(max_range);
    }

    fn samples(&mut self, read: &SampleRead) {
        let SampleRead {
            selector,
            range,
            interval,
            max_range,
            skips_nan,
        } = read;
        self.put(selector);
        self.put(range);
        self.put(interval);
        self.put(max_range);
        self.put(skips_nan);
    }

    fn observations(&mut self, read: &ObservationsRead) {
        let ObservationsRead {
            samples,
            since,
            source,
        } = read;
        self.samples(samples);
        self.put(since);
        self.put(source);
    }

    fn computed(&mut self, read: &ComputedRead) {
        let ComputedRead {
            samples,
            grid,
            method,
            arithmetic,
            interval,
            refuses_several,
            budget,
        } = read;
        self.samples(samples);
        self.grid(*grid);
        self.put(method);
        self.put(arithmetic);
        self.put(interval);
        self.put(refuses_several);
        self.put(budget);
    }

    fn legacy(&mut self, read: &LegacyRead) {
        let LegacyRead {
            expr,
            fragments: _,
            start,
            end,
            step,
        } = read;
        self.put(expr);
        self.put(start);
        self.put(end);
        self.put(step);
    }

    fn reduction(&mut self, reduction: &Reduction) {
        match reduction {
            Reduction::Points => self.put(&0_u8),
            Reduction::Rates { since } => {
                self.put(&1_u8);
                self.put(since);
            }
            Reduction::Buckets {
                grid,
                is_zero_filled,
            } => {
                self.put(&2_u8);
                self.grid(*grid);
                self.put(is_zero_filled);
            }
            Reduction::Fold {
                grid,
                method,
                is_zero_filled,
            } => {
                self.put(&3_u8);
                self.grid(*grid);
                self.put(method);
                self.put(is_zero_filled);
            }
            Reduction::Legacy { bucket, end } => {
                self.put(&4_u8);
                self.put(bucket);
                self.put(end);
            }
        }
    }

    fn grid(&mut self, grid: Grid) {
        let Grid {
            first_end,
            last_end,
            width,
        } = grid;
        self.put(&first_end);
        self.put(&last_end);
        self.put(&width);
    }

    fn several(&mut self, several: &Several) {
        match several {
            Several::Refuse => self.put(&0_u8),
            Several::Pool {
                read,
                percentile,
                budget,
            } => {
                self.put(&1_u8);
                self.samples(read);
                self.put(percentile);
                self.put(budget);
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
