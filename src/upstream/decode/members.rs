//! Members of objects: those that nobody reads, and those that may come once.

use crate::upstream::decode::Fault;
use crate::upstream::decode::json::Event;

/// How much of the name of a member is wanted where only some names are known: more than any of
/// those has.
pub(super) const NAME: usize = 32;

/// A value that is passed over. The scanner has checked it like all others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Skip {
    depth: u32,
}

impl Skip {
    /// Passes over one event; whether the value ends with it.
    pub(super) fn ends_with(&mut self, event: Event<'_>) -> bool {
        match event {
            Event::Array | Event::Object => self.depth += 1,
            Event::End => self.depth -= 1,
            Event::Key(_) | Event::Text(_) | Event::Number(_) | Event::Bool(_) | Event::Null => {}
        }
        self.depth == 0 && !matches!(event, Event::Key(_))
    }
}

/// Which known members of an object have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen(u8);

impl Seen {
    /// Notes the member with this `bit`, which may not come twice.
    pub(super) fn once(&mut self, bit: u8) -> Result<(), Fault> {
        if self.has(bit) {
            return Err(Fault::Malformed);
        }
        self.0 |= bit;
        Ok(())
    }

    /// Whether it has come.
    pub(super) const fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }
}
