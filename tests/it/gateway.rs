//! The mirror without a socket: who calls is what a test says, certificates included.

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use http_body_util::BodyExt as _;
use prometheus_mirror::api::Api;
use prometheus_mirror::app::App;
use prometheus_mirror::caller::Peer;
use prometheus_mirror::config;
use prometheus_mirror::config::Flags;
use prometheus_mirror::config::Purpose;
use prometheus_mirror::config::Settings;
use prometheus_mirror::config::World;
use prometheus_mirror::time::UnixMillis;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The key that the mirror proves itself with.
pub(crate) const KEY: &str = "the-key-of-these-tests";

/// An application and the folder of its settings.
pub(crate) struct Gateway {
    pub(crate) app: Arc<App>,
    api: Api,
    folder: TempDir,
    variables: Vec<(&'static str, String)>,
    runtime: Runtime,
}

/// A request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) headers: Vec<(&'a str, &'a str)>,
    pub(crate) body: Vec<u8>,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: String,
}

impl Answered {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Whether the mirror proved itself.
    pub(crate) fn has_key(&self) -> bool {
        let key = self.header("x-mirror-api-key");
        assert!(key.is_none_or(|key| key == KEY));
        key.is_some()
    }

    /// The id of the failure.
    pub(crate) fn code(&self) -> Option<&str> {
        self.header("x-mirror-error")
    }
}

/// A post of a text.
pub(crate) fn post<'a>(path: &'a str, body: &str) -> Ask<'a> {
    Ask {
        method: "POST",
        path,
        headers: vec![("host", "localhost:9900")],
        body: body.as_bytes().to_vec(),
    }
}

/// The peer at an address.
pub(crate) fn peer(address: &str) -> Peer {
    Peer::plain(SocketAddr::new(address.parse().unwrap(), 40_000))
}

impl Gateway {
    /// A mirror with these settings, beside which these files lie.
    pub(crate) fn new(settings: &str, files: &[(&str, &str)]) -> Self {
        Self::with_variables(settings, files, Vec::new())
    }

    pub(crate) fn with_variables(
        settings: &str,
        files: &[(&str, &str)],
        variables: Vec<(&'static str, String)>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let app = App::new(&read(&folder, &variables, settings)).unwrap();
        Self::of(app, folder, variables)
    }

    /// A mirror with these settings and this clock of the wall.
    pub(crate) fn clocked(settings: &str, clock: fn() -> UnixMillis) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut app = App::new(&read(&folder, &[], settings)).unwrap();
        app.clock = clock;
        Self::of(app, folder, Vec::new())
    }

    fn of(app: App, folder: TempDir, variables: Vec<(&'static str, String)>) -> Self {
        let app = Arc::new(app);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        Self {
            api: Api::new(&app),
            app,
            folder,
            variables,
            runtime,
        }
    }

    /// Puts other settings into force.
    pub(crate) fn reload(&self, settings: &str) {
        let settings = read(&self.folder, &self.variables, settings);
        self.app.apply(&settings).unwrap();
    }

    /// What the mirror answers `peer`.
    pub(crate) fn ask(&self, peer: &Peer, ask: &Ask<'_>) -> Answered {
        let mut request = http::Request::builder().method(ask.method).uri(ask.path);
        for (name, value) in &ask.headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(ask.body.clone())).unwrap();
        self.runtime.block_on(async {
            let (head, body) = self.api.call(peer, request).await.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            Answered {
                status: head.status.as_u16(),
                headers: head.headers,
                body: String::from_utf8(body.to_vec()).unwrap(),
            }
        })
    }

    /// The value of one of the mirror's own metrics.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let page = self.app.instruments.encode();
        let value = page.lines().find_map(|line| line.strip_prefix(name));
        value.map_or(0, |value| value.trim().parse().unwrap())
    }
}

fn read(folder: &TempDir, variables: &[(&'static str, String)], settings: &str) -> Settings {
    let path = folder.path().join("mirror.yaml");
    fs::write(&path, format!("api_key: {KEY}\n{settings}")).unwrap();
    let environment: HashMap<&str, &str> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let world = World {
        environment: &environment,
        random: getrandom::fill,
        cores: 2,
        purpose: Purpose::Run,
        running: None,
    };
    let flags = Flags {
        config: Some(path),
        ..Flags::default()
    };
    config::load(&flags, world).unwrap().settings
}
