//! The numbers that bound what is taken in, from either side (security.md, sections 7 and 8), and
//! what counts against those that all requests share.

mod budget;
mod caches;
mod load;
mod memory;
mod pressure;
mod room;
mod sync;

use std::time::Duration;

pub use budget::Budget;
pub use budget::Charge;
pub use budget::Charged;
pub use budget::Exhausted;
pub use caches::CacheRoom;
pub use load::Calls;
pub use load::Load;
pub use load::REQUEST_PATIENCE;
pub use load::call_patience;
pub use memory::Group;
pub use pressure::Level;
pub use pressure::Pressure;
pub use room::Full;
pub use room::Place;
pub use room::Rooms;
pub use room::Size;

/// Largest body of a request, in bytes.
pub const REQUEST_BODY: usize = 1 << 20;
/// Most bytes of all bodies together whose callers are not accepted yet.
pub const UNACCEPTED_BODIES: usize = 16 << 20;
/// Most bytes of all heads together that have not ended, but for the first 4 KiB of each; of a process
/// with a memory limit at most a sixteenth of that.
pub const UNFINISHED_HEADS: usize = 16 << 20;
/// Deepest nesting of arrays and objects in a request.
pub const REQUEST_DEPTH: usize = 32;
/// Most conditions in one query.
pub const CONDITIONS: usize = 100;
/// Longest condition key, in bytes.
pub const CONDITION_KEY: usize = 1 << 10;
/// Longest condition value, in bytes.
pub const CONDITION_VALUE: usize = 8 << 10;
/// Most members of an `InSetValue`.
pub const SET_MEMBERS: usize = 1_000;
/// Longest text of a tilde query, in bytes.
pub const TILDE_TEXT: usize = 32 << 10;
/// Longest `PromQL` text that is ever sent, in bytes.
pub const PROMQL_TEXT: usize = 64 << 10;
/// Longest label name that is asked for, in bytes.
pub const LABEL_NAME: usize = 1 << 10;
/// Deepest nesting of `PromQL` that is parsed, operator chains counted.
pub const PROMQL_DEPTH: usize = 256;

/// Most query parameters of a connection, and their bytes in all.
pub const QUERY_PARAMETERS: (usize, usize) = (32, 4 << 10);
/// Most parameters of the request for an OAuth 2.0 token, and their bytes in all.
pub const ENDPOINT_PARAMETERS: (usize, usize) = QUERY_PARAMETERS;
/// Most labels that a connection classifies (a choice).
pub const CLASSIFIED_LABELS: usize = 100;
/// Most members of connection details, and of any list or object in them that are looked at (a choice):
/// ten times as many as anybody needs, and few enough to be compared with one another.
pub const DETAILS_MEMBERS: usize = 1_000;
/// Most header values of a connection, and the bytes of each.
pub const HEADERS: (usize, usize) = (32, 8 << 10);
/// Longest base URL of a backend, in bytes.
pub const URL: usize = 2 << 10;

/// Shortest, longest and usual deadline of a request.
pub const TIMEOUT: (Duration, Duration, Duration) = (
    Duration::from_secs(1),
    Duration::from_secs(60),
    Duration::from_secs(30),
);
/// Most backend calls that one request may make, repeats included.
pub const BACKEND_CALLS: u32 = 64;

/// Largest body of a backend's answer, decoded, in bytes.
pub const ANSWER_BODY: usize = 32 << 20;
/// Deepest nesting of arrays and objects in an answer.
pub const ANSWER_DEPTH: u32 = 64;
/// Longest string in an answer, without its escapes, in bytes.
pub const ANSWER_STRING: usize = 1 << 20;
/// What the labels of one series may take, in bytes. Of a name or value over 1 KiB only the start
/// counts, and only that is kept.
pub const ANSWER_LABELS: usize = 128 << 10;
/// Most series in one answer of a backend.
pub const ANSWER_SERIES: usize = 1_000;
/// Most samples of one series that are kept of one answer. Asked for are about 50,000.
pub const ANSWER_SAMPLES: usize = 200_000;
/// Most entries in one list of a backend (labels, values, metadata).
pub const ANSWER_LIST: usize = 100_000;
/// Longest text of a backend that is passed on to a caller, in characters.
pub const BACKEND_TEXT: usize = 512;

/// What heads may hold that have not ended: [`UNFINISHED_HEADS`].
#[must_use]
pub fn unfinished_heads() -> Budget {
    let group = Group::of_this_process();
    Budget::exact(heads_in(group.as_ref().map(Group::limit)))
}

fn heads_in(memory: Option<u64>) -> usize {
    let share = memory.and_then(|memory| usize::try_from(memory / 16).ok());
    share.unwrap_or(usize::MAX).min(UNFINISHED_HEADS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_have_a_sixteenth_of_the_memory_and_16_mib_at_most() {
        assert_eq!(heads_in(Some(64 << 20)), 4 << 20);
        assert_eq!(heads_in(Some(1 << 30)), 16 << 20);
        assert_eq!(heads_in(None), 16 << 20);
        assert!(unfinished_heads().limit() <= 16 << 20);
    }

    #[test]
    fn each_limit_is_the_number_of_the_chapter() {
        let all = [
            ("body of a request", REQUEST_BODY, 1_048_576),
            ("bodies not yet accepted", UNACCEPTED_BODIES, 16_777_216),
            ("depth of a request", REQUEST_DEPTH, 32),
            ("conditions", CONDITIONS, 100),
            ("key of a condition", CONDITION_KEY, 1_024),
            ("value of a condition", CONDITION_VALUE, 8_192),
            ("members of a set", SET_MEMBERS, 1_000),
            ("tilde query", TILDE_TEXT, 32_768),
            ("any PromQL", PROMQL_TEXT, 65_536),
            ("label name", LABEL_NAME, 1_024),
            ("query parameters", QUERY_PARAMETERS.0, 32),
            ("query parameters in all", QUERY_PARAMETERS.1, 4_096),
            ("endpoint parameters", ENDPOINT_PARAMETERS.0, 32),
            ("endpoint parameters in all", ENDPOINT_PARAMETERS.1, 4_096),
            ("classified labels", CLASSIFIED_LABELS, 100),
            ("members of details", DETAILS_MEMBERS, 1_000),
            ("headers", HEADERS.0, 32),
            ("one header", HEADERS.1, 8_192),
            ("URL", URL, 2_048),
            ("body of an answer", ANSWER_BODY, 33_554_432),
            ("string of an answer", ANSWER_STRING, 1_048_576),
            ("labels of one series", ANSWER_LABELS, 131_072),
            ("series of an answer", ANSWER_SERIES, 1_000),
            ("list of an answer", ANSWER_LIST, 100_000),
            ("text of a backend", BACKEND_TEXT, 512),
        ];
        let wrong: Vec<_> = (all.iter()).filter(|(_, is, must)| is != must).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
