//! What stands around the data of every answer: `status`, `errorType`, `error`, `warnings`,
//! `infos`.

use crate::series::Stop;
use crate::upstream::decode::Decoded;
use crate::upstream::decode::ErrorBody;
use crate::upstream::decode::Fault;
use crate::upstream::decode::Unusable;
use crate::upstream::decode::json::Event;
use crate::upstream::decode::json::Listener;
use crate::upstream::decode::members::NAME;
use crate::upstream::decode::members::Seen;
use crate::upstream::decode::members::Skip;

/// How much of the text of an error is wanted: what it is about stands behind the query that some
/// backends repeat.
const ERROR: usize = 64 << 10;
/// How much of one remark is wanted, and how many. It is more than can be shown, of whatever characters:
/// a secret that is cut here lies beyond that.
const REMARK: usize = 4 << 10;
const REMARKS: usize = 32;

const STATUS: u8 = 1;
const DATA: u8 = 2;
const KIND: u8 = 4;
const TEXT: u8 = 8;
const WARNINGS: u8 = 16;
const INFOS: u8 = 32;
const PARTIAL: u8 = 64;

/// Reads the `data` member of an answer.
pub(in crate::upstream) trait Data: Send {
    /// What it gives.
    type Value;

    /// A whole answer that holds nothing, for a dry run.
    const EMPTY: &'static str;

    /// A new attempt begins: what came before means nothing.
    fn restart(&mut self);

    /// Takes the next event of `data`, which is not null.
    fn event(&mut self, event: Event<'_>) -> Result<(), Fault>;

    /// See [`Listener::pairs`]. What expects none takes none.
    fn pairs<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], Fault> {
        Ok(bytes)
    }

    /// See [`Listener::wanted`].
    fn wanted(&self) -> usize;

    /// See [`Listener::holds`]. What wants no long texts need not look.
    fn holds(&mut self, _bytes: usize) -> Result<(), Fault> {
        Ok(())
    }

    /// What has been read, and how many series or entries that is. `has_data`: whether there was
    /// any; some backends send null for an empty list.
    fn finish(self, has_data: bool) -> Result<(Self::Value, usize), Fault>;

    /// What has been read where the rest was not wanted.
    fn stopped(self, stop: Stop) -> Result<(Self::Value, usize), Fault>
    where
        Self: Sized;
}

/// Everything of an answer.
#[derive(Debug)]
pub(super) struct Envelope<D> {
    data: D,
    about: About,
}

/// Everything of an answer but its data.
#[derive(Debug, Default)]
struct About {
    at: At,
    seen: Seen,
    /// Whether `status` says that there is an error.
    is_error: bool,
    error: ErrorBody,
    /// Whether `data` is there and not null.
    has_data: bool,
    warnings: Vec<String>,
    infos: Vec<String>,
    /// Whether the backend says that something is missing (`isPartial` of `VictoriaMetrics`).
    is_partial: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Start,
    Members,
    Status,
    /// In the data, so deep.
    Data(u32),
    Kind,
    Text,
    Warnings,
    WarningList,
    Infos,
    InfoList,
    Partial,
    Other(Skip),
    End,
}

impl At {
    fn skipping(mut skip: Skip, event: Event<'_>) -> Self {
        if skip.ends_with(event) {
            Self::Members
        } else {
            Self::Other(skip)
        }
    }
}

impl<D: Data> Envelope<D> {
    pub(super) fn new(data: D) -> Self {
        Self {
            data,
            about: About::default(),
        }
    }

    pub(super) fn restart(&mut self) {
        self.data.restart();
        self.about = About::default();
    }

    /// What a whole answer holds. A success without the member `data` is none.
    pub(super) fn finish(self) -> Result<Decoded<D::Value>, Unusable> {
        let about = self.about;
        if about.at != At::End || !about.seen.has(STATUS) {
            return Err(Unusable::Unreadable);
        }
        if about.is_error {
            return Err(Unusable::Error(about.error));
        }
        if !about.seen.has(DATA) {
            return Err(Unusable::Unreadable);
        }
        let (value, entries) = self
            .data
            .finish(about.has_data)
            .map_err(|_| Unusable::Unreadable)?;
        Ok(Decoded {
            value,
            entries,
            warnings: about.warnings,
            infos: about.infos,
            call: None,
            is_partial: about.is_partial,
        })
    }

    /// What an answer held up to where its sink stopped.
    pub(super) fn stopped(self, stop: Stop) -> Result<Decoded<D::Value>, Unusable> {
        let (value, entries) = self.data.stopped(stop).map_err(|_| Unusable::Unreadable)?;
        Ok(Decoded {
            value,
            entries,
            warnings: Vec::new(),
            infos: Vec::new(),
            call: None,
            is_partial: false,
        })
    }

    fn data(&mut self, depth: u32, event: Event<'_>) -> Result<(), Fault> {
        if depth == 0 && event == Event::Null {
            self.about.at = At::Members;
            return Ok(());
        }
        self.about.has_data = true;
        let depth = match event {
            Event::Array | Event::Object => depth + 1,
            Event::End => depth - 1,
            _ => depth,
        };
        self.about.at = if depth == 0 {
            At::Members
        } else {
            At::Data(depth)
        };
        self.data.event(event)
    }
}

impl<D: Data> Listener for Envelope<D> {
    fn event(&mut self, event: Event<'_>) -> Result<(), Fault> {
        match self.about.at {
            At::Data(depth) => self.data(depth, event),
            _ => self.about.event(event),
        }
    }

    fn pairs<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], Fault> {
        match self.about.at {
            At::Data(_) => self.data.pairs(bytes),
            _ => Ok(bytes),
        }
    }

    fn wanted(&self) -> usize {
        match self.about.at {
            At::Data(_) => self.data.wanted(),
            At::Members | At::Status | At::Kind => NAME,
            At::Text => ERROR,
            At::WarningList if self.about.warnings.len() < REMARKS => REMARK,
            At::InfoList if self.about.infos.len() < REMARKS => REMARK,
            _ => 0,
        }
    }

    fn holds(&mut self, bytes: usize) -> Result<(), Fault> {
        match self.about.at {
            At::Data(_) => self.data.holds(bytes),
            _ => Ok(()),
        }
    }
}

impl About {
    fn event(&mut self, event: Event<'_>) -> Result<(), Fault> {
        self.at = match (self.at, event) {
            (At::Start, Event::Object) => At::Members,
            (At::Members, Event::Key(name)) => self.member(name)?,
            (At::Members, Event::End) => At::End,
            (At::Status, Event::Text("success")) => At::Members,
            (At::Status, Event::Text("error")) => {
                self.is_error = true;
                At::Members
            }
            (At::Kind, Event::Text(kind)) => {
                kind.clone_into(&mut self.error.kind);
                At::Members
            }
            (At::Text, Event::Text(text)) => {
                text.clone_into(&mut self.error.text);
                At::Members
            }
            (At::Warnings, Event::Array) => At::WarningList,
            (At::Infos, Event::Array) => At::InfoList,
            (At::Partial, Event::Bool(is_partial)) => {
                self.is_partial = is_partial;
                At::Members
            }
            // Of anything else nobody can say what it means.
            (At::Partial, event) => At::skipping(Skip::default(), event),
            (At::Kind | At::Text | At::Warnings | At::Infos, Event::Null) => At::Members,
            (At::WarningList, Event::Text(text)) => {
                remark(&mut self.warnings, text);
                At::WarningList
            }
            (At::InfoList, Event::Text(text)) => {
                remark(&mut self.infos, text);
                At::InfoList
            }
            (At::WarningList | At::InfoList, Event::End) => At::Members,
            (At::Other(skip), event) => At::skipping(skip, event),
            _ => return Err(Fault::Malformed),
        };
        Ok(())
    }

    fn member(&mut self, name: &str) -> Result<At, Fault> {
        let (bit, at) = match name {
            "status" => (STATUS, At::Status),
            "data" => (DATA, At::Data(0)),
            "errorType" => (KIND, At::Kind),
            "error" => (TEXT, At::Text),
            "warnings" => (WARNINGS, At::Warnings),
            "infos" => (INFOS, At::Infos),
            "isPartial" => (PARTIAL, At::Partial),
            _ => return Ok(At::Other(Skip::default())),
        };
        self.seen.once(bit)?;
        Ok(at)
    }
}

fn remark(remarks: &mut Vec<String>, text: &str) {
    if remarks.len() < REMARKS {
        remarks.push(text.to_owned());
    }
}
