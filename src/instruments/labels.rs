//! The closed sets of label values. Nothing that a caller or a backend writes becomes a label.

/// Which call a request was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MethodLabel {
    /// `/api/connection`
    Connection,
    /// `/api/field/name`
    FieldName,
    /// `/api/field/value`
    FieldValue,
    /// `/api/metric`
    Metric,
    /// Everything else on the mirror's port.
    Other,
}

impl MethodLabel {
    /// The label's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::FieldName => "field_name",
            Self::FieldValue => "field_value",
            Self::Metric => "metric",
            Self::Other => "other",
        }
    }
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestOutcome {
    /// A whole answer.
    Ok,
    /// An answer with `isPartial`.
    Partial,
    /// A failure of any kind.
    Error,
    /// 401.
    Unaccepted,
    /// Refused because the mirror is at its limit.
    Shed,
    /// The caller went away before its answer was ready.
    ClientGone,
}

impl RequestOutcome {
    /// The label's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Partial => "partial",
            Self::Error => "error",
            Self::Unaccepted => "unaccepted",
            Self::Shed => "shed",
            Self::ClientGone => "client_gone",
        }
    }
}

/// How one call to a backend ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallOutcome {
    /// A usable answer.
    Success,
    /// The backend refused the query: 400, 422, or a typed 500.
    RefusedQuery,
    /// 401 or 403.
    Auth,
    /// 429, or 503 with `Retry-After`.
    Throttled,
    /// Another 5xx.
    Unavailable,
    /// Not everything came in time.
    Timeout,
    /// No TCP connection.
    Connect,
    /// The name has no address.
    Dns,
    /// No TLS session.
    Tls,
    /// The connection broke.
    Broken,
    /// An answer that is not Prometheus', or is over a limit.
    BadAnswer,
    /// Nobody waited for the answer any more.
    Cancelled,
}

impl CallOutcome {
    /// The label's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::RefusedQuery => "refused_query",
            Self::Auth => "auth",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::Dns => "dns",
            Self::Tls => "tls",
            Self::Broken => "broken",
            Self::BadAnswer => "bad_answer",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Why a caller was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusedCaller {
    /// On loopback: carried there by a browser or a proxy.
    NotLocal,
    /// `X-Forwarded-For` that cannot be read.
    Forwarded,
    /// From a network that is not admitted.
    Source,
    /// Without the certificate of a known caller.
    Certificate,
    /// A body that cannot be read, so that its token cannot be either.
    Body,
    /// Without the token of a known caller.
    Token,
}

impl RefusedCaller {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::NotLocal,
        Self::Forwarded,
        Self::Source,
        Self::Certificate,
        Self::Body,
        Self::Token,
    ];

    /// The label's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotLocal => "not_local",
            Self::Forwarded => "forwarded",
            Self::Source => "source",
            Self::Certificate => "certificate",
            Self::Body => "body",
            Self::Token => "token",
        }
    }
}

/// What of the configuration can be used and leaves a door open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Insecurity {
    /// Beyond loopback, whoever reaches the port is accepted.
    CallersOpen,
    /// Whoever reaches it may have any role assumed by the mirror's own identity.
    RoleArnsOpen,
}

impl Insecurity {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::CallersOpen, Self::RoleArnsOpen];

    /// The label's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CallersOpen => "callers_open",
            Self::RoleArnsOpen => "role_arns_open",
        }
    }
}

/// Why samples of a backend became no points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// Not a number, under `nan_interpretation: NONE`.
    Nan,
    /// An infinity, under `inf_interpretation: NONE`.
    Infinite,
}

impl DropReason {
    /// The label's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nan => "nan",
            Self::Infinite => "infinite",
        }
    }
}

/// Why the listener could not accept a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AcceptError {
    /// No descriptor or no buffer is left.
    Descriptors,
    /// Anything else, for example a connection that was gone already.
    Other,
}

impl AcceptError {
    /// Every reason.
    pub const ALL: [Self; 2] = [Self::Descriptors, Self::Other];

    /// The label's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Descriptors => "descriptors",
            Self::Other => "other",
        }
    }
}

/// What a caller's connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectionState {
    /// A request is being worked on or answered.
    Active,
    /// Nothing has been asked, or everything is answered.
    Idle,
}

impl ConnectionState {
    /// The label's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Idle => "idle",
        }
    }
}

/// Why we close a caller's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// Nothing was asked for a minute.
    Idle,
    /// A head did not come in time.
    Head,
    /// A body did not come in time.
    Body,
    /// An answer was not taken in time.
    Write,
    /// There was no TLS session.
    Tls,
    /// It made room for another.
    Evicted,
    /// It was old.
    Age,
    /// The program stops.
    Drain,
    /// What came was no HTTP/1.1, or more than one reading of it was possible.
    Framing,
}

impl CloseReason {
    /// Every reason.
    pub const ALL: [Self; 9] = [
        Self::Idle,
        Self::Head,
        Self::Body,
        Self::Write,
        Self::Tls,
        Self::Evicted,
        Self::Age,
        Self::Drain,
        Self::Framing,
    ];

    /// The label's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Head => "head",
            Self::Body => "body",
            Self::Write => "write",
            Self::Tls => "tls",
            Self::Evicted => "evicted",
            Self::Age => "age",
            Self::Drain => "drain",
            Self::Framing => "framing",
        }
    }
}

/// What became of an attempt to have a session or a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refresh {
    /// It is there.
    Ok,
    /// There were too many attempts.
    Throttled,
    /// Somebody said no.
    Refused,
    /// Nobody said anything that could be used.
    Failed,
}

impl Refresh {
    /// The label's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Throttled => "throttled",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// Why a failed call to a backend was not repeated that was worth it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Denied {
    /// The backend was given as many repeats as it may be.
    Budget,
    /// There was too little time for one, or it was wanted too late.
    Deadline,
    /// The call or its request had as many as it may have.
    Count,
}

impl Denied {
    /// The label's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Budget => "budget",
            Self::Deadline => "deadline",
            Self::Count => "count",
        }
    }
}

/// Whether a backend is called. No label, but as closed a set: the values of a gauge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Breaker {
    /// It is.
    Closed,
    /// One call finds out whether it can be again.
    Probing,
    /// It is not.
    Open,
}

impl Breaker {
    /// The gauge's value.
    #[must_use]
    pub const fn number(self) -> i64 {
        match self {
            Self::Closed => 0,
            Self::Probing => 1,
            Self::Open => 2,
        }
    }
}

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All requests.
    Global,
    /// The calls to one backend; counted for all backends together.
    Backend,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Global, Self::Backend];

    /// The label's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Backend => "backend",
        }
    }
}

/// Which limit had no room left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShedReason {
    /// That of all requests.
    InFlight,
    /// The share that a caller has of one.
    Caller,
    /// That of a backend.
    Backend,
    /// The bytes that all requests may hold.
    Bytes,
    /// The memory of the process.
    Memory,
}

impl ShedReason {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::InFlight,
        Self::Caller,
        Self::Backend,
        Self::Bytes,
        Self::Memory,
    ];

    /// The label's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InFlight => "in_flight",
            Self::Caller => "caller",
            Self::Backend => "backend",
            Self::Bytes => "bytes",
            Self::Memory => "memory",
        }
    }
}

/// Where the answer to a metric query came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AnswerResult {
    /// The backend was asked.
    Miss,
    /// An answer with points, or none, that was kept.
    Hit,
    /// A failure that was kept.
    NegativeHit,
    /// The backend was being asked already.
    Joined,
    /// The caller wanted a new one.
    Bypass,
}

impl AnswerResult {
    /// Every result.
    pub const ALL: [Self; 5] = [
        Self::Miss,
        Self::Hit,
        Self::NegativeHit,
        Self::Joined,
        Self::Bypass,
    ];

    /// The label's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Miss => "miss",
            Self::Hit => "hit",
            Self::NegativeHit => "negative_hit",
            Self::Joined => "joined",
            Self::Bypass => "bypass",
        }
    }
}

/// Why an answer was not kept for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotStored {
    /// The configuration says that none is.
    Off,
    /// The caller said `no-store`.
    Caller,
    /// It is a failure that another call may not meet.
    Failure,
    /// It was cut for want of time or calls.
    Cut,
    /// The backend warned, or called it partial.
    Warned,
    /// The backend said `no-store`.
    NoStore,
    /// It is larger than any that is kept.
    TooLarge,
    /// There was no memory for it.
    Memory,
    /// A newer one is kept already.
    Overtaken,
    /// Nobody waited for it any more.
    Cancelled,
    /// A panic.
    Panic,
}

impl NotStored {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::Off,
        Self::Caller,
        Self::Failure,
        Self::Cut,
        Self::Warned,
        Self::NoStore,
        Self::TooLarge,
        Self::Memory,
        Self::Overtaken,
        Self::Cancelled,
        Self::Panic,
    ];

    /// The label's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Caller => "caller",
            Self::Failure => "failure",
            Self::Cut => "cut",
            Self::Warned => "warned",
            Self::NoStore => "no_store",
            Self::TooLarge => "too_large",
            Self::Memory => "memory",
            Self::Overtaken => "overtaken",
            Self::Cancelled => "cancelled",
            Self::Panic => "panic",
        }
    }
}
