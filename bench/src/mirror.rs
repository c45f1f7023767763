//! The mirror in process, before a backend in process.

use std::cell::Cell;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt as _;
use http_body_util::Full;
use prometheus_mirror::api::Api;
use prometheus_mirror::app::App;
use prometheus_mirror::caller::Peer;
use prometheus_mirror::config::Flags;
use prometheus_mirror::config::Purpose;
use prometheus_mirror::config::World;
use prometheus_mirror::config::load;
use tokio::task::LocalSet;

use crate::backend;
use crate::corpus;
use crate::corpus::Question;

/// The mirror's port without a socket.
pub(crate) struct Mirror {
    api: Api,
    backend: String,
    peer: Peer,
    /// The tasks of the backend.
    tasks: LocalSet,
    /// What makes questions differ.
    asked: Cell<usize>,
}

impl Mirror {
    /// A mirror as it is without any setting but its key, and what answers it.
    pub(crate) async fn start() -> io::Result<Self> {
        let environment = HashMap::from([("API_KEY", "the-key-of-the-replay")]);
        let world = World {
            environment: &environment,
            random: getrandom::fill,
            cores: 1,
            purpose: Purpose::Run,
            running: None,
        };
        let loaded =
            load(&Flags::default(), world).map_err(|error| io::Error::other(error.to_string()))?;
        let app = App::new(&loaded.settings).map_err(io::Error::other)?;
        let tasks = LocalSet::new();
        let address = backend::start(&tasks, &corpus::answers()).await?;
        Ok(Self {
            api: Api::new(&Arc::new(app)),
            backend: format!("http://{address}"),
            peer: Peer::plain(SocketAddr::from(([127, 0, 0, 1], 1))),
            tasks,
            asked: Cell::new(0),
        })
    }

    /// Asks so often, one after the other, and reads the answers.
    pub(crate) async fn ask_often(&self, question: Question, times: usize) {
        let asking = async {
            for _ in 0..times {
                self.ask(question).await;
            }
        };
        self.tasks.run_until(asking).await;
    }

    async fn ask(&self, question: Question) {
        let number = self.asked.replace(self.asked.get() + 1);
        let body = question.body(&self.backend, number);
        let request = Request::post("/api/metric")
            .header("host", "127.0.0.1")
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body)))
            .expect("a request that is always the same");
        let response = self.api.call(&self.peer, request).await;
        let status = response.status();
        let collected = response.into_body().collect().await;
        let body = collected.expect("the body ends").to_bytes();
        assert_eq!(
            status.is_success(),
            question.is_answered(),
            "{}",
            String::from_utf8_lossy(&body[..body.len().min(500)])
        );
    }
}
