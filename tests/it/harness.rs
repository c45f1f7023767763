//! The real application, started in process on a port of its own, and a caller for it.

use std::io::Read as _;
use std::io::Write as _;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::thread::JoinHandle;

use prometheus_mirror::app::App;
use prometheus_mirror::caller::Gate;
use prometheus_mirror::config::Answers;
use prometheus_mirror::config::Insecure;
use prometheus_mirror::config::Log;
use prometheus_mirror::config::LogFormat;
use prometheus_mirror::config::LogLevel;
use prometheus_mirror::config::Settings;
use prometheus_mirror::connections::Configured;
use prometheus_mirror::connections::ambient::Ambient;
use prometheus_mirror::secret::Secret;
use prometheus_mirror::serve;
use tokio::runtime;
use tokio_util::sync::CancellationToken;
use ureq::http;

/// The key that the mirror proves itself with.
pub(crate) const KEY: &str = "the-key-of-these-tests";

/// A running mirror. It ends with this value.
pub(crate) struct Mirror {
    address: SocketAddr,
    admin: SocketAddr,
    shutdown: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

/// What the mirror answered.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The status.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: String,
    headers: http::HeaderMap,
}

impl Reply {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl Mirror {
    /// A mirror with default settings.
    pub(crate) fn start() -> Self {
        let listener = listener();
        let address = listener.local_addr().unwrap();
        let admin_listener = self::listener();
        let admin = admin_listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let cancelled = shutdown.clone();
        let thread = thread::spawn(move || {
            let runtime = runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            let serving = async {
                let app = Arc::new(App::new(&settings()).unwrap());
                let [listener, admin] = [listener, admin_listener]
                    .map(|listener| tokio::net::TcpListener::from_std(listener).unwrap());
                serve::serve(app, listener, admin, cancelled).await.unwrap();
            };
            runtime.block_on(serving);
        });
        Self {
            address,
            admin,
            shutdown,
            thread: Some(thread),
        }
    }

    /// The base URL of the admin listener.
    pub(crate) fn admin_url(&self) -> String {
        format!("http://{}", self.admin)
    }

    /// Posts a body.
    pub(crate) fn post(&self, path: &str, body: &str) -> Reply {
        self.send("POST", path, body)
    }

    /// Sends any request to the admin listener.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Reply {
        send(self.admin, method, path, body)
    }

    /// Sends any request; only POST and PUT carry their body.
    pub(crate) fn send(&self, method: &str, path: &str, body: &str) -> Reply {
        send(self.address, method, path, body)
    }

    /// Sends bytes as they are, and reads until the mirror closes.
    #[expect(
        clippy::disallowed_methods,
        reason = "a caller of the mirror, not a part of it"
    )]
    pub(crate) fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.shutdown.cancel();
        let ended = self.thread.take().unwrap().join();
        // A second panic while a test fails would hide what it says.
        assert!(
            ended.is_ok() || thread::panicking(),
            "the mirror did not end well"
        );
    }
}

/// Sends any request on a connection of its own; only POST and PUT carry their body.
pub(crate) fn send(to: SocketAddr, method: &str, path: &str, body: &str) -> Reply {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_idle_connections(0)
        .proxy(None)
        .build()
        .into();
    let request = http::Request::builder()
        .method(method)
        .uri(format!("http://{to}{path}"));
    let reply = match method {
        "GET" => agent.run(request.body(()).unwrap()),
        _ => agent.run(request.body(body.to_owned()).unwrap()),
    };
    let mut reply = reply.unwrap();
    Reply {
        status: reply.status().as_u16(),
        headers: reply.headers().clone(),
        body: reply.body_mut().read_to_string().unwrap(),
    }
}

fn listener() -> TcpListener {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    listener
}

fn settings() -> Settings {
    Settings {
        listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port: 0,
        admin_port: 0,
        workers: 2,
        api_key: Secret::new(KEY.to_owned()),
        log: Log {
            format: LogFormat::Json,
            level: LogLevel::Info,
        },
        callers: Gate::default(),
        insecure: Insecure::default(),
        tls: None,
        console_token: None,
        tap_entries: 500,
        limits: Default::default(),
        connections: Configured::default(),
        answers: Answers::default(),
        ambient: Ambient::default(),
    }
}
