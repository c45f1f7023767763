//! What goes over the wire, and what comes of it, against backends that do as they are told.

mod aws;
mod calls;
mod codings;
mod faults;
mod load;
mod proofs;
mod proxies;
mod secure;
mod server;
mod tls;
mod tokens;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::connections::Connection;
use crate::connections::HttpMethod;
use crate::connections::url::BaseUrl;
use crate::instruments::Instruments;
use crate::limits::Budget;
use crate::record::Context;
use crate::series::Labels;
use crate::series::NumberText;
use crate::series::SampleSink;
use crate::series::Stop;
use crate::series::Want;
use crate::time::Deadline;
use crate::time::UnixMillis;
use crate::upstream::Upstream;
use crate::upstream::Upstreams;
use crate::upstream::aws::Surroundings;
use crate::upstream::body::Progress;

use server::Server;
use server::Step;

/// `1+1`, as Prometheus answers it.
const TWO: &str = r#"{"status":"success","data":{"resultType":"scalar","result":[0,"2"]}}"#;

/// A server, and us in front of it. Repeats wait as short as they may.
struct Rig {
    server: Server,
    instruments: Arc<Instruments>,
    upstream: Upstream,
}

impl Rig {
    async fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self::with(steps, Progress::default(), |_| ()).await
    }

    async fn with(
        steps: impl IntoIterator<Item = Step>,
        progress: Progress,
        change: impl FnOnce(&mut Connection),
    ) -> Self {
        let server = Server::start(steps).await;
        let instruments = Arc::new(Instruments::new());
        let upstreams = Upstreams::with(
            progress,
            || 0.0,
            Surroundings::default(),
            Arc::clone(&instruments),
            Budget::of(usize::MAX),
        );
        let mut connection = connection(&server.url);
        change(&mut connection);
        Self {
            server,
            instruments,
            upstream: upstreams.open_new(&connection),
        }
    }

    fn counted(&self, outcome: &str) -> bool {
        let line = format!(r#"backend_calls_total{{backend="other",outcome="{outcome}"}} "#);
        self.instruments.encode().contains(&line)
    }
}

pub(super) fn connection(url: &str) -> Connection {
    Connection {
        caller: Default::default(),
        name: None,
        authentication: Default::default(),
        headers: Vec::new(),
        tls: Default::default(),
        proxy: None,
        reach: Default::default(),
        enable_http2: false,
        compression: Default::default(),
        url: BaseUrl::parse(url).unwrap().base,
        timeout: Duration::from_secs(30),
        http_method: HttpMethod::Post,
        query_parameters: Vec::new(),
        options: Default::default(),
    }
}

/// A request that has `millis` from now on.
fn lasting(millis: u64) -> Context {
    let deadline = Deadline::new(Instant::now(), Duration::from_millis(millis));
    Context::new("test".to_owned(), deadline)
}

fn ok(body: &str) -> Step {
    Step::Answer(server::json("200 OK", body))
}

/// Counts what is pushed.
#[derive(Debug, Default, PartialEq)]
struct Count {
    series: usize,
    samples: usize,
}

impl SampleSink for Count {
    fn restart(&mut self) {
        *self = Self::default();
    }

    fn begin_series(&mut self) -> ControlFlow<Stop, Want> {
        ControlFlow::Continue(Want::Samples)
    }

    fn sample(&mut self, _: UnixMillis, _: NumberText<'_>) -> ControlFlow<Stop, Want> {
        self.samples += 1;
        ControlFlow::Continue(Want::Samples)
    }

    fn end_series(&mut self, _: Labels, _: bool) -> ControlFlow<Stop> {
        self.series += 1;
        ControlFlow::Continue(())
    }
}
