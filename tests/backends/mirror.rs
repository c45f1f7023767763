//! The program under test, started as a user starts it and asked over HTTP.

use std::path::Path;

use crate::process::{Process, client, free_ports};
use crate::wire::{Answer, Request};

const KEY: &str = "a-key-for-tests-only";

pub(crate) struct Mirror {
    // Held for its drop, which ends the process.
    process: Process,
    url: String,
    client: ureq::Agent,
}

/// An answer and the two headers that say something of it.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) profile: Option<String>,
    pub(crate) answer: Answer,
}

impl Mirror {
    /// Starts the mirror on two free ports and waits until it says it is healthy.
    pub(crate) fn start(folder: &Path) -> Self {
        let [port, admin] = free_ports();
        let environment = [
            ("PORT", port.to_string()),
            ("ADMIN_PORT", admin.to_string()),
            ("API_KEY", KEY.to_owned()),
        ];
        let log = folder.join("mirror.log");
        let program = Path::new(env!("CARGO_BIN_EXE_prometheus-mirror"));
        let process = Process::start(program, &["serve".to_owned()], &environment, &log);
        let mirror = Self {
            process,
            url: format!("http://127.0.0.1:{port}"),
            client: client(),
        };
        let health = format!("{}/healthcheck", mirror.url);
        mirror.process.wait_until_ready(&mirror.client, &health);
        mirror
    }

    /// Posts the request. Every answer carries the key, or `StackState` would not read it.
    pub(crate) fn ask(&self, path: &str, request: &Request) -> Reply {
        let body = serde_json::to_vec(request).unwrap();
        let url = format!("{}{path}", self.url);
        let mut answer = self
            .client
            .post(&url)
            .header("Content-Type", "application/json")
            .send(&body[..])
            .unwrap_or_else(|error| {
                panic!(
                    "the mirror did not answer {path}: {error}; its log: {}",
                    self.process.last_words()
                )
            });
        let header = |name| {
            answer
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(
            header("X-MIRROR-API-KEY").as_deref(),
            Some(KEY),
            "the key on {path}"
        );
        let (status, profile) = (answer.status().as_u16(), header("X-Mirror-Profile"));
        let body = answer
            .body_mut()
            .with_config()
            .limit(1 << 28)
            .read_to_vec()
            .unwrap();
        let answer = serde_json::from_slice(&body).unwrap_or_else(|error| {
            let start = String::from_utf8_lossy(&body[..body.len().min(2_000)]).into_owned();
            panic!("{path} answered {status} with a body that does not fit: {error}\n{start}")
        });
        Reply {
            status,
            profile,
            answer,
        }
    }
}
