//! The answer of `metadata`: the types of each metric family, and what it is about.

use crate::limits;
use crate::limits::Charge;
use crate::series::Family;
use crate::series::Metadata;
use crate::series::MetricType;
use crate::series::Stop;
use crate::upstream::AnswerLimit;
use crate::upstream::decode::Fault;
use crate::upstream::decode::envelope::Data;
use crate::upstream::decode::hold;
use crate::upstream::decode::json::Event;
use crate::upstream::decode::keep;
use crate::upstream::decode::members::NAME;
use crate::upstream::decode::members::Seen;
use crate::upstream::decode::members::Skip;

/// What a family takes beside its name, about.
const ENTRY: usize = 128;
/// How many bytes of a `help` are kept: a sentence, for whoever chooses among names.
const HELP: usize = 160;
/// What stands behind the ellipsis of a text that was cut.
const DIGEST: usize = 64;

/// The data of `metadata`; `unit` is dropped.
#[derive(Debug)]
pub(in crate::upstream) struct Types<'c> {
    families: Metadata,
    charge: &'c mut Charge,
    family: String,
    seen: Seen,
    at: At,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Start,
    Families,
    Entries,
    Entry,
    Type,
    Help,
    Items,
    Other(Skip),
}

impl<'c> Types<'c> {
    pub(in crate::upstream) fn new(charge: &'c mut Charge) -> Self {
        Self {
            families: Metadata::new(),
            charge,
            family: String::new(),
            seen: Seen::default(),
            at: At::Start,
        }
    }

    fn begin_family(&mut self, family: &str) -> Result<At, Fault> {
        if !self.families.contains_key(family) {
            if self.families.len() == limits::ANSWER_LIST {
                return Err(Fault::Over(AnswerLimit::List));
            }
            keep(self.charge, family.len() + ENTRY)?;
            self.families.insert(family.to_owned(), Family::default());
        }
        family.clone_into(&mut self.family);
        Ok(At::Entries)
    }

    /// The first of a family counts: that targets word it differently is no news.
    fn help(&mut self, text: &str) -> Result<(), Fault> {
        if let Some(family) = self.families.get_mut(&self.family)
            && family.help.is_none()
            && !text.is_empty()
        {
            let shown = match text.len().checked_sub(DIGEST) {
                Some(end) if text.len() > HELP => text.get(..end).unwrap_or_default(),
                _ => text,
            };
            keep(self.charge, shown.len())?;
            family.help = Some(shown.into());
        }
        Ok(())
    }
}

impl Data for Types<'_> {
    const EMPTY: &'static str = r#"{"status":"success","data":{}}"#;

    type Value = Metadata;

    fn restart(&mut self) {
        self.families = Metadata::new();
        self.charge.clear();
        self.at = At::Start;
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), Fault> {
        self.at = match (self.at, event) {
            (At::Start, Event::Object) => At::Families,
            (At::Families, Event::Key(family)) => self.begin_family(family)?,
            (At::Families, Event::End) => At::Start,
            (At::Entries, Event::Array) => At::Items,
            (At::Items, Event::End) => At::Families,
            (At::Items, Event::Object) => {
                self.seen = Seen::default();
                At::Entry
            }
            (At::Entry, Event::Key("type")) => {
                self.seen.once(1)?;
                At::Type
            }
            (At::Entry, Event::Key("help")) => {
                self.seen.once(2)?;
                At::Help
            }
            (At::Entry, Event::Key(_)) => At::Other(Skip::default()),
            (At::Entry, Event::End) if self.seen.has(1) => At::Items,
            (At::Type, Event::Text(name)) => {
                if let Some(family) = self.families.get_mut(&self.family) {
                    family.types.insert(metric_type(name));
                }
                At::Entry
            }
            (At::Help, Event::Text(text)) => {
                self.help(text)?;
                At::Entry
            }
            (At::Help, event) => beside(Skip::default(), event),
            (At::Other(skip), event) => beside(skip, event),
            _ => return Err(Fault::Malformed),
        };
        Ok(())
    }

    fn wanted(&self) -> usize {
        match self.at {
            At::Families => usize::MAX,
            At::Entry | At::Type => NAME,
            At::Help => HELP,
            At::Start | At::Entries | At::Items | At::Other(_) => 0,
        }
    }

    fn holds(&mut self, bytes: usize) -> Result<(), Fault> {
        hold(self.charge, bytes)
    }

    fn finish(self, _: bool) -> Result<(Metadata, usize), Fault> {
        let entries = self.families.len();
        Ok((self.families, entries))
    }

    fn stopped(self, _: Stop) -> Result<(Metadata, usize), Fault> {
        Err(Fault::Malformed)
    }
}

/// Where a value that nobody asked for leads.
fn beside(mut skip: Skip, event: Event<'_>) -> At {
    if skip.ends_with(event) {
        At::Entry
    } else {
        At::Other(skip)
    }
}

fn metric_type(name: &str) -> MetricType {
    match name {
        "counter" => MetricType::Counter,
        "gauge" => MetricType::Gauge,
        "histogram" => MetricType::Histogram,
        "gaugehistogram" => MetricType::GaugeHistogram,
        "summary" => MetricType::Summary,
        "info" => MetricType::Info,
        "stateset" => MetricType::StateSet,
        _ => MetricType::Unknown,
    }
}
