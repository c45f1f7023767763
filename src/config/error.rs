//! What is wrong with settings, where, and under which id (experience.md, "Errors").

use std::fmt;

use super::files::Files;
use crate::connections::details::error::Unfit;

/// The constant id of a finding about settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The file cannot be read, or is no YAML.
    Unreadable,
    /// A key that no setting has.
    UnknownKey,
    /// A value that does not fit, or that contradicts another.
    BadValue,
    /// Beyond loopback nothing limits who may call or what may be reached.
    NoWall,
    /// No key where one is needed, a key that everybody knows, or a short one.
    DefaultKey,
    /// A file that a setting names cannot be used.
    UnusableFile,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable => "PM-5001",
            Self::UnknownKey => "PM-5002",
            Self::BadValue => "PM-5003",
            Self::NoWall => "PM-5004",
            Self::DefaultKey => "PM-5005",
            Self::UnusableFile => "PM-5007",
        })
    }
}

/// Where a value was given, or where it is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The configuration file as a whole.
    File(String),
    /// A place in the configuration file; line and column from 1.
    Place {
        /// The file as it was named.
        file: String,
        /// The line.
        line: u64,
        /// The column, in characters.
        column: u64,
        /// The setting, for example `log.level`; empty where the text names it.
        path: String,
    },
    /// A variable.
    Variable(String),
    /// A flag, with its dashes.
    Flag(String),
    /// An address that is to be listened on.
    Listener(std::net::SocketAddr),
}

impl Origin {
    /// Which layer it belongs to; the lower one holds.
    pub(super) fn layer(&self) -> u8 {
        match self {
            Self::Flag(_) => 0,
            Self::Variable(_) => 1,
            Self::File(_) | Self::Place { .. } => 2,
            Self::Listener(_) => 3,
        }
    }

    /// Findings are listed by the line and column of the file, then the others.
    fn place(&self) -> (u64, u64) {
        match self {
            Self::File(_) => (0, 0),
            Self::Place { line, column, .. } => (*line, *column),
            Self::Variable(_) | Self::Flag(_) | Self::Listener(_) => (u64::MAX, 0),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(name) | Self::Variable(name) | Self::Flag(name) => f.write_str(name),
            Self::Place {
                file,
                line,
                column,
                path,
            } => {
                write!(f, "{file}:{line}:{column}")?;
                let colon = if path.is_empty() { "" } else { ": " };
                write!(f, "{colon}{path}")
            }
            Self::Listener(address) => write!(f, "{address}"),
        }
    }
}

/// One thing about the settings. Its text never repeats a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its id.
    pub code: Code,
    /// Where.
    pub origin: Origin,
    /// What.
    pub text: String,
}

impl Finding {
    /// What makes a value unfit that was given at `origin`.
    pub(super) fn of(unfit: Unfit, origin: Origin) -> Self {
        let code = match unfit {
            Unfit::Unknown(_) => Code::UnknownKey,
            Unfit::Invalid(_) | Unfit::Refused(_) | Unfit::File(_) => Code::BadValue,
        };
        Self::new(code, origin, unfit.expectation())
    }

    /// A finding at `origin`.
    #[must_use]
    pub fn new(code: Code, origin: Origin, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { code, origin, text }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.text)
    }
}

/// Why the program cannot start: at least one finding.
#[derive(Debug, thiserror::Error)]
#[error("{} of the settings cannot be used", findings.len())]
pub struct ConfigError {
    /// By line and column of the file, then the others.
    pub findings: Vec<Finding>,
    /// What was read; as long as none of it changes, the findings stay the same.
    pub files: Files,
}

impl ConfigError {
    /// The error that `findings` make.
    pub(super) fn new(mut findings: Vec<Finding>, files: Files) -> Self {
        findings.sort_by_key(|finding| finding.origin.place());
        Self { findings, files }
    }
}
