//! The answer of `status/buildinfo`.

use crate::series::Stop;
use crate::upstream::decode::Fault;
use crate::upstream::decode::envelope::Data;
use crate::upstream::decode::json::Event;
use crate::upstream::decode::members::NAME;
use crate::upstream::decode::members::Seen;
use crate::upstream::decode::members::Skip;

/// How much of a version is wanted.
const VERSION: usize = 1 << 10;

/// What a backend says that it is.
#[derive(Debug, Default)]
pub(in crate::upstream) struct Build {
    version: Option<String>,
    seen: Seen,
    at: At,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Start,
    Members,
    Version,
    Other(Skip),
}

impl Data for Build {
    const EMPTY: &'static str = r#"{"status":"success","data":{}}"#;

    type Value = Option<String>;

    fn restart(&mut self) {
        *self = Self::default();
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), Fault> {
        self.at = match (self.at, event) {
            (At::Start, Event::Object) | (At::Version, Event::Null) => At::Members,
            (At::Members, Event::Key("version")) => {
                self.seen.once(1)?;
                At::Version
            }
            (At::Members, Event::Key(_)) => At::Other(Skip::default()),
            (At::Members, Event::End) => At::Start,
            (At::Version, Event::Text(version)) => {
                self.version = Some(version.to_owned());
                At::Members
            }
            (At::Other(mut skip), event) => {
                if skip.ends_with(event) {
                    At::Members
                } else {
                    At::Other(skip)
                }
            }
            _ => return Err(Fault::Malformed),
        };
        Ok(())
    }

    fn wanted(&self) -> usize {
        match self.at {
            At::Members => NAME,
            At::Version => VERSION,
            At::Start | At::Other(_) => 0,
        }
    }

    fn finish(self, _: bool) -> Result<(Self::Value, usize), Fault> {
        Ok((self.version, 1))
    }

    fn stopped(self, _: Stop) -> Result<(Self::Value, usize), Fault> {
        Err(Fault::Malformed)
    }
}
