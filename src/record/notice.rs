//! What a person should know of an answer that is no failure (experience.md, "Errors").

use std::fmt;

/// A notice, with what its text says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// There are more points than the limit.
    CutByLimit,
    /// The time was over before the end of the range.
    CutByDeadline,
    /// So many NaN became zero, or no points.
    Nan(u64),
    /// One series was made of so many, which these labels tell apart where that is known.
    Combined(usize, Vec<String>),
    /// The backend makes one series of all that match, and does not say of how many.
    CombinedThere,
    /// A window wider than the bucket, in milliseconds.
    WidenedWindow(i64),
    /// The range was asked for in so many calls.
    Split(usize),
    /// So many conditions were added to a query of the caller.
    Appended(usize),
    /// The newest data are held back for so many milliseconds.
    HeldBack(i64),
    /// The backend warns.
    BackendWarns(String),
    /// Requests are signed at another time than our clock's.
    ClockCorrected,
    /// A key of the connection details means nothing.
    UnknownKey(String),
    /// No scrape interval could be measured; so many milliseconds are assumed.
    IntervalAssumed(i64),
    /// So many infinities became no points, or the largest number.
    Infinite(u64),
    /// A counter began anew.
    CounterReset,
    /// A header is not sent to AWS.
    HeaderDropped,
}

impl Notice {
    /// The ids, in ascending order.
    pub const CODES: [&'static str; 15] = [
        "PM-7001", "PM-7002", "PM-7003", "PM-7004", "PM-7005", "PM-7006", "PM-7007", "PM-7008",
        "PM-7009", "PM-7010", "PM-7011", "PM-7012", "PM-7013", "PM-7014", "PM-7015",
    ];

    /// Its id.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::CutByLimit => "PM-7001",
            Self::CutByDeadline => "PM-7002",
            Self::Nan(_) => "PM-7003",
            Self::Combined(..) | Self::CombinedThere => "PM-7004",
            Self::WidenedWindow(_) => "PM-7005",
            Self::Split(_) => "PM-7006",
            Self::Appended(_) => "PM-7007",
            Self::HeldBack(_) => "PM-7008",
            Self::BackendWarns(_) => "PM-7009",
            Self::ClockCorrected => "PM-7010",
            Self::UnknownKey(_) => "PM-7011",
            Self::IntervalAssumed(_) => "PM-7012",
            Self::Infinite(_) => "PM-7013",
            Self::CounterReset => "PM-7014",
            Self::HeaderDropped => "PM-7015",
        }
    }
}

impl Notice {
    /// Whether it is about the answer itself, and so for all who share it.
    pub(super) const fn is_of_answer(&self) -> bool {
        match self {
            Self::CutByLimit
            | Self::CutByDeadline
            | Self::Nan(_)
            | Self::Combined(..)
            | Self::BackendWarns(_)
            | Self::Infinite(_)
            | Self::CounterReset => true,
            Self::CombinedThere
            | Self::WidenedWindow(_)
            | Self::Split(_)
            | Self::Appended(_)
            | Self::HeldBack(_)
            | Self::ClockCorrected
            | Self::UnknownKey(_)
            | Self::IntervalAssumed(_)
            | Self::HeaderDropped => false,
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CutByLimit => f.write_str("The answer was cut at its limit."),
            Self::CutByDeadline => f.write_str("The deadline came before the end of the range."),
            Self::Nan(1) => f.write_str("1 value is NaN."),
            Self::Nan(count) => write!(f, "{count} values are NaN."),
            Self::Combined(count, labels) if labels.is_empty() => {
                write!(f, "{count} series were combined.")
            }
            Self::Combined(count, labels) => {
                let labels = labels.join("', '");
                write!(
                    f,
                    "{count} series were combined; they differ in ['{labels}']."
                )
            }
            Self::CombinedThere => {
                f.write_str("The backend combines all series that match into one.")
            }
            Self::WidenedWindow(ms) => {
                write!(f, "The window of the rate was widened to {ms} ms.")
            }
            Self::Split(calls) => write!(f, "The range was asked for in {calls} calls."),
            Self::Appended(count) => write!(f, "{count} conditions were added to the query."),
            Self::HeldBack(ms) => write!(f, "The newest {ms} ms are held back."),
            Self::BackendWarns(text) => write!(f, "The backend warns: {text}"),
            Self::ClockCorrected => f.write_str("Requests are signed at the backend's time."),
            Self::UnknownKey(text) => f.write_str(text),
            Self::IntervalAssumed(ms) => {
                write!(
                    f,
                    "No scrape interval could be measured; {ms} ms is assumed."
                )
            }
            Self::Infinite(count) => write!(f, "{count} values are infinite."),
            Self::CounterReset => f.write_str("A counter began anew."),
            Self::HeaderDropped => f.write_str("X-Scope-OrgID is not sent to AWS."),
        }
    }
}
