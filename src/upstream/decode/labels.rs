//! A set of labels: an object whose members are all strings.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::limits;
use crate::series::Labels;
use crate::upstream::AnswerLimit;
use crate::upstream::decode::Fault;
use crate::upstream::decode::json::Event;

/// How much of a name or value is kept. Nobody reads more of it, and the mark behind what is cut
/// still tells two values apart.
pub(super) const KEPT: usize = 1 << 10;
/// What a label takes beside its texts, about.
const ENTRY: usize = 64;

/// One set of labels being read, up to its end; a label twice is an error.
#[derive(Debug, Default)]
pub(super) struct LabelSet {
    labels: BTreeMap<String, String>,
    /// The name whose value comes next.
    name: Option<String>,
    size: usize,
}

impl LabelSet {
    /// Takes an event within the braces; the labels at the closing one.
    pub(super) fn event(&mut self, event: Event<'_>) -> Result<Option<Labels>, Fault> {
        match (event, self.name.take()) {
            (Event::Key(name), _) => self.name = Some(name.to_owned()),
            (Event::Text(value), Some(name)) => {
                self.size += name.len() + value.len() + ENTRY;
                if self.size > limits::ANSWER_LABELS {
                    return Err(Fault::Over(AnswerLimit::Labels));
                }
                match self.labels.entry(name) {
                    Entry::Vacant(place) => place.insert(value.to_owned()),
                    Entry::Occupied(_) => return Err(Fault::Malformed),
                };
            }
            (Event::End, None) => {
                let labels = std::mem::take(&mut self.labels);
                *self = Self::default();
                return Ok(Some(Labels(labels)));
            }
            _ => return Err(Fault::Malformed),
        }
        Ok(None)
    }
}
