//! The whole program but its listener, in front of a backend on loopback that says what it is told
//! to. No other address can be dialled: the list of upstreams has this one alone, the identity of the
//! machine is switched off, and AWS' endpoint is this one too.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use http::HeaderMap;
use http::Request;
use http::Response;
use http_body_util::BodyExt as _;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_util::task::TaskTracker;

use crate::api::Api;
use crate::app::App;
use crate::caller::Peer;
use crate::config;
use crate::config::Flags;
use crate::config::Purpose;
use crate::config::Settings;
use crate::config::World;
use crate::connections::policy::AllowedUpstreams;
use crate::connections::policy::UpstreamPattern;

/// What proves the mirror; it may stand in its own header, and nowhere else.
pub(crate) const KEY: &str = "the-key-of-the-stack";

/// What the backend is asked: the path, and the form.
type Script = dyn Fn(&str, &[u8]) -> (u16, Vec<u8>) + Send + Sync;

/// The program and the backend.
pub(crate) struct Stack {
    runtime: Runtime,
    address: SocketAddr,
}

/// What the program answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) head: HeaderMap,
    pub(crate) body: Bytes,
}

impl Stack {
    /// A backend that answers as `script` says, for as long as this value lives.
    pub(crate) fn start(
        script: impl Fn(&str, &[u8]) -> (u16, Vec<u8>) + Send + Sync + 'static,
    ) -> Self {
        let runtime = Runtime::new().expect("threads can be had");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let listener = listener.expect("loopback has a port");
        let address = listener.local_addr().expect("is bound");
        let tasks = TaskTracker::new();
        let connections = tasks.clone();
        let script: Arc<Script> = Arc::new(script);
        let accept = async move {
            while let Ok((stream, _)) = listener.accept().await {
                let script = Arc::clone(&script);
                let service = service_fn(move |asked| answer(Arc::clone(&script), asked));
                let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                // A caller may leave whenever it likes.
                connections.spawn(async { drop(serving.await) });
            }
        };
        tasks.spawn_on(accept, runtime.handle());
        Self { runtime, address }
    }

    /// Where the backend is.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A program that knows nothing yet.
    pub(crate) fn program(&self) -> Program {
        let app = Arc::new(App::new(&self.settings()).expect("the key fits into a header"));
        Program {
            api: Api::new(&app),
            app,
        }
    }

    /// Runs `work` among the backend's threads.
    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    fn settings(&self) -> Settings {
        let endpoint = format!("http://{}", self.address);
        let environment: HashMap<&str, &str> = HashMap::from([
            ("API_KEY", KEY),
            ("AWS_ENDPOINT_URL_STS", endpoint.as_str()),
            ("AWS_REGION", "eu-west-1"),
        ]);
        let world = World {
            environment: &environment,
            random: getrandom::fill,
            cores: 2,
            purpose: Purpose::Run,
            running: None,
        };
        let loaded = config::load(&Flags::default(), world).expect("these are settings");
        let mut settings = loaded.settings;
        let listed = UpstreamPattern::parse(&endpoint).expect("is an entry");
        let policy = &mut settings.connections.policy;
        policy.allowed_upstreams = AllowedUpstreams::Listed(vec![listed]);
        policy.ambient_credentials = false;
        settings
    }
}

/// One program, with what it has learnt.
#[derive(Clone)]
pub(crate) struct Program {
    api: Api,
    app: Arc<App>,
}

impl Program {
    /// Sends a request.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answered {
        let peer = Peer::plain(SocketAddr::from((Ipv4Addr::LOCALHOST, 1)));
        let (head, body) = self.api.call(&peer, request).await.into_parts();
        let body = body.collect().await.expect("an answer is whole").to_bytes();
        Answered {
            status: head.status.as_u16(),
            head: head.headers,
            body,
        }
    }

    /// How many requests panicked.
    pub(crate) fn panics(&self) -> u64 {
        let page = self.app.instruments.encode();
        let line = page
            .lines()
            .find_map(|it| it.strip_prefix("mirror_panics_total "));
        line.and_then(|it| it.parse().ok())
            .expect("panics are counted")
    }
}

async fn answer(
    script: Arc<Script>,
    asked: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = asked.into_parts();
    let body = body.collect().await.map(|it| it.to_bytes());
    let (status, body) = script(head.uri.path(), &body.unwrap_or_default());
    let mut response = Response::new(Full::new(Bytes::from(body)));
    // Without it a program would wait before it asks again, and with a long one not ask at all.
    let after = http::HeaderValue::from_static("0");
    response
        .headers_mut()
        .insert(http::header::RETRY_AFTER, after);
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    Ok(response)
}

/// What Prometheus says where it has nothing.
pub(crate) fn nothing(path: &str) -> (u16, Vec<u8>) {
    let data = match path.rsplit('/').next() {
        Some("query_range") => r#"{"resultType":"matrix","result":[]}"#,
        Some("query") => r#"{"resultType":"vector","result":[]}"#,
        Some("metadata" | "buildinfo") => "{}",
        _ => "[]",
    };
    (
        200,
        format!(r#"{{"status":"success","data":{data}}}"#).into_bytes(),
    )
}
