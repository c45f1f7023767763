//! Answers that are lists: label names and values, series. What is over the cap is read, checked
//! and dropped.

use std::collections::BTreeSet;

use crate::limits;
use crate::limits::Charge;
use crate::series::Stop;
use crate::upstream::List;
use crate::upstream::decode::Fault;
use crate::upstream::decode::envelope::Data;
use crate::upstream::decode::hold;
use crate::upstream::decode::json::Event;
use crate::upstream::decode::keep;

/// What an entry takes beside its text, about.
const ENTRY: usize = 40;

/// The data of `labels` and of `label/…/values`.
#[derive(Debug)]
pub(in crate::upstream) struct Strings<'c> {
    values: Vec<String>,
    charge: &'c mut Charge,
    is_within: bool,
}

impl<'c> Strings<'c> {
    pub(in crate::upstream) fn new(charge: &'c mut Charge) -> Self {
        Self {
            values: Vec::new(),
            charge,
            is_within: false,
        }
    }

    /// A list of exactly the cap counts as cut too: the backend was told to stop there
    /// (queries.md, "Field names and values").
    fn is_full(&self) -> bool {
        self.values.len() == limits::ANSWER_LIST
    }
}

impl Data for Strings<'_> {
    const EMPTY: &'static str = r#"{"status":"success","data":[]}"#;

    type Value = List<String>;

    fn restart(&mut self) {
        self.values = Vec::new();
        self.charge.clear();
        self.is_within = false;
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), Fault> {
        match (self.is_within, event) {
            (false, Event::Array) => self.is_within = true,
            (true, Event::Text(_)) if self.is_full() => {}
            (true, Event::Text(text)) => {
                keep(self.charge, text.len() + ENTRY)?;
                self.values.push(text.to_owned());
            }
            (true, Event::End) => self.is_within = false,
            _ => return Err(Fault::Malformed),
        }
        Ok(())
    }

    fn wanted(&self) -> usize {
        if self.is_full() { 0 } else { usize::MAX }
    }

    fn holds(&mut self, bytes: usize) -> Result<(), Fault> {
        hold(self.charge, bytes)
    }

    fn finish(self, _: bool) -> Result<(List<String>, usize), Fault> {
        let entries = self.values.len();
        let list = List {
            is_cut: self.is_full(),
            values: self.values,
        };
        Ok((list, entries))
    }

    fn stopped(self, _: Stop) -> Result<(List<String>, usize), Fault> {
        Err(Fault::Malformed)
    }
}

/// The data of `series`: the values that one label has in them.
#[derive(Debug)]
pub(in crate::upstream) struct ValuesOf<'c> {
    label: &'c str,
    values: BTreeSet<String>,
    charge: &'c mut Charge,
    sets: usize,
    at: At,
    /// Whether the set that is read has the label.
    has_label: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Start,
    List,
    Names,
    Value,
    OtherValue,
}

impl<'c> ValuesOf<'c> {
    pub(in crate::upstream) fn new(label: &'c str, charge: &'c mut Charge) -> Self {
        Self {
            label,
            values: BTreeSet::new(),
            charge,
            sets: 0,
            at: At::Start,
            has_label: false,
        }
    }
}

impl Data for ValuesOf<'_> {
    const EMPTY: &'static str = r#"{"status":"success","data":[]}"#;

    type Value = List<String>;

    fn restart(&mut self) {
        self.values = BTreeSet::new();
        self.charge.clear();
        self.sets = 0;
        self.at = At::Start;
        self.has_label = false;
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), Fault> {
        self.at = match (self.at, event) {
            (At::Start, Event::Array) => At::List,
            (At::List, Event::End) => At::Start,
            (At::List, Event::Object) => {
                self.sets += 1;
                self.has_label = false;
                At::Names
            }
            (At::Names, Event::Key(name)) if name != self.label => At::OtherValue,
            (At::Names, Event::Key(_)) if self.has_label => return Err(Fault::Malformed),
            (At::Names, Event::Key(_)) => {
                self.has_label = true;
                At::Value
            }
            (At::Names, Event::End) => At::List,
            (At::OtherValue, Event::Text(_)) => At::Names,
            (At::Value, Event::Text(value)) => {
                if self.sets <= limits::ANSWER_LIST && !self.values.contains(value) {
                    keep(self.charge, value.len() + ENTRY)?;
                    self.values.insert(value.to_owned());
                }
                At::Names
            }
            _ => return Err(Fault::Malformed),
        };
        Ok(())
    }

    fn wanted(&self) -> usize {
        match self.at {
            // One more than it has, so that no longer name is taken for it.
            At::Names => self.label.len() + 1,
            At::Value => usize::MAX,
            At::Start | At::List | At::OtherValue => 0,
        }
    }

    fn holds(&mut self, bytes: usize) -> Result<(), Fault> {
        hold(self.charge, bytes)
    }

    fn finish(self, _: bool) -> Result<(List<String>, usize), Fault> {
        let list = List {
            values: self.values.into_iter().collect(),
            is_cut: self.sets >= limits::ANSWER_LIST,
        };
        Ok((list, self.sets))
    }

    fn stopped(self, _: Stop) -> Result<(List<String>, usize), Fault> {
        Err(Fault::Malformed)
    }
}
