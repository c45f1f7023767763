//! The four methods of the Mirror API without HTTP.
//!
//! Each method reads as the path of a request: resolve the connection, learn what must be known of
//! the backend, plan, fetch, and give the points; a failure is worded on the way out.
//!
//! What is configured comes with each request, as its caller found it when the request began; what
//! is remembered of backends, their pools, facts and lists, is the mirror's own and outlives a
//! reload. It is kept under what a connection is, not under its name, so a connection that a reload
//! changed or removed finds nothing of it.

mod answers;
mod complete;
mod connection;
mod field_names;
mod field_values;
mod known;
pub mod ladder;
mod metric;
mod probing;
mod recorded;
mod said;

use std::sync::Arc;
use std::time::Instant;

use crate::cache::Lists;
use crate::caller::Caller;
use crate::connections;
use crate::connections::Configured;
use crate::connections::Warning;
use crate::connections::ambient::Ambient;
use crate::failures;
use crate::failures::Failure;
use crate::instruments::Instruments;
use crate::limits::Budget;
use crate::limits::CacheRoom;
use crate::probe::Prober;
use crate::protocol::RawDetails;
use crate::record::Arrival;
use crate::record::Context;
use crate::time::Deadline;
use crate::time::UnixMillis;
use crate::upstream::Upstream;
use crate::upstream::Upstreams;
use answers::Answers;
pub use answers::Finished;
pub use complete::COUNTED;
pub use complete::Completed;
pub use complete::Completion;
pub use complete::Item;
pub use complete::Wanted;
use known::Known;
use known::Resolved;
pub use metric::MetricAnswer;
pub use probing::Probing;
use said::Said;

/// The four methods, and what they need.
#[derive(Debug)]
pub struct Mirror {
    /// The clients of all backends.
    upstreams: Upstreams,
    /// What is known of backends.
    prober: Prober,
    /// Lists of names and values, kept for a little while.
    lists: Lists,
    /// Answers to metric queries: under way, and kept for a moment.
    answers: Answers,
    /// What connection details come to.
    known: Known,
    /// The warnings that stand in the log already.
    said: Said,
    /// Our own instruments.
    instruments: Arc<Instruments>,
}

/// What a request works with once its connection is resolved.
struct Opened {
    cx: Context,
    upstream: Upstream,
    resolved: Arc<Resolved>,
}

impl Opened {
    /// What the author of the connection details should know.
    fn warnings(&self) -> &[Warning] {
        &self.resolved.warnings
    }
}

impl Mirror {
    /// A mirror that knows no backend yet. Requests to AWS are signed at the time of `clock`; what
    /// all requests together hold of answers is charged to `budget`, and `room` is what may be kept
    /// of them.
    #[must_use]
    pub fn new(
        instruments: Arc<Instruments>,
        ambient: Ambient,
        clock: fn() -> UnixMillis,
        budget: &Budget,
        room: CacheRoom,
    ) -> Self {
        let room = room.within(budget);
        let lists = Lists::new(room);
        let answers = Answers::new(room, budget.clone(), Arc::clone(&instruments));
        let (clear_lists, clear_answers) = (lists.clearer(), answers.clearer());
        budget.relieved_by(move || {
            clear_answers();
            clear_lists();
        });
        Self {
            upstreams: Upstreams::new(Arc::clone(&instruments), ambient, clock, budget.clone()),
            prober: Prober::default(),
            lists,
            answers,
            known: Known::default(),
            said: Said::default(),
            instruments,
        }
    }

    /// Which ports this program listens on: no backend is there.
    pub fn listens_on(&self, ports: Vec<u16>) {
        self.upstreams.listens_on(ports);
    }

    /// The configuration has changed: which names backends have is learnt anew.
    pub fn reconfigured(&self) {
        self.upstreams.reconfigured();
    }

    /// How many calls are under way by the connection called `name`; `None` if it made none yet.
    #[must_use]
    pub fn in_use(&self, name: &str) -> Option<usize> {
        self.upstreams.in_use(name)
    }

    /// From now on `room` is what may be kept within `budget`, which may have changed too.
    pub fn resize(&self, room: CacheRoom, budget: &Budget) {
        let room = room.within(budget);
        self.answers.resize(room);
        self.lists.resize(room);
    }

    /// Forgets all answers and lists, to have their memory.
    pub fn forget(&self) {
        self.answers.clear();
        self.lists.clear();
    }

    /// Resolves the connection of a request of `caller`, whose deadline begins with its arrival.
    fn open(
        &self,
        configured: &Configured,
        caller: &Caller,
        arrival: Arrival,
        details: &RawDetails,
        request_timeout: Option<u64>,
    ) -> Result<Opened, Failure> {
        let resolved = self.resolved(configured, caller, details, request_timeout)?;
        let upstream = self.upstreams.open(&resolved.destination);
        let connection = upstream.connection();
        let deadline = Deadline::new(arrival.started, connection.timeout);
        let cx = Context::new(arrival.request_id, deadline).recorded_by(arrival.recorder);
        let size = configured.calls.of(connection.name.as_deref());
        for warning in &resolved.warnings {
            let text = warning.to_string();
            if self.said.is_due(upstream.identity(), &text, Instant::now()) {
                let connection = connection.name.as_deref();
                let host = upstream.host();
                tracing::warn!(connection, host, warning = text, "connection details");
            }
        }
        let opened = Opened {
            cx,
            upstream: upstream.with_size(size),
            resolved,
        };
        recorded::connection(&opened, details, request_timeout);
        Ok(opened)
    }
    /// What `details` come to for `caller`, if it may use that.
    fn resolved(
        &self,
        configured: &Configured,
        caller: &Caller,
        details: &RawDetails,
        request_timeout: Option<u64>,
    ) -> Result<Arc<Resolved>, Failure> {
        let asked = known::Asked {
            text: details.text(),
            timeout: request_timeout,
            caller,
            generation: configured.generation,
        };
        let now = Instant::now();
        if let Some(resolved) = self.known.find(asked, now) {
            return Ok(resolved);
        }
        let connections::Resolved {
            mut connection,
            mut warnings,
        } = connections::resolve(details, request_timeout, configured, caller)
            .map_err(|error| failures::details(&error))?;
        let Configured { policy, named, .. } = configured;
        policy
            .admit(&mut connection, named)
            .map_err(|error| failures::policy(&error))?;
        let destination = self
            .upstreams
            .destination(connection, configured.generation);
        let assumes_region = self.upstreams.open(&destination).assumes_region();
        warnings.extend(assumes_region.then_some(Warning::RegionAssumed));
        let resolved = Arc::new(Resolved {
            destination,
            warnings,
        });
        self.known.keep(asked, &resolved, now);
        Ok(resolved)
    }
}
