//! The program under test, started as a user starts it and asked over HTTP.

use std::path::Path;

use serde::Serialize;
use ureq::http::HeaderMap;

use crate::process::{Process, client, free_ports};
use crate::wire::Answer;

pub(crate) const KEY: &str = "a-key-for-tests-only";
const KEY_HEADER: &str = "x-mirror-api-key";

pub(crate) struct Mirror {
    // Dropped with it, which ends the process.
    pub(crate) process: Process,
    pub(crate) url: String,
    /// Of the admin listener.
    pub(crate) admin: String,
    pub(crate) client: ureq::Agent,
    /// Is told each answer, without the key that every one of them carries.
    pub(crate) listener: fn(&str),
    /// `Cache-Control` of each request.
    pub(crate) cache_control: &'static str,
}

/// An answer of one of the four methods.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) answer: Answer,
    /// The body as it came.
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl Mirror {
    /// Starts the mirror on two free ports and waits until it says it is healthy. Arguments
    /// follow `serve`, and the environment holds nothing else but ports and key.
    pub(crate) fn start(
        folder: &Path,
        arguments: &[String],
        environment: &[(&str, String)],
    ) -> Self {
        let [port, admin] = free_ports();
        let mut all = vec![
            ("PORT", port.to_string()),
            ("ADMIN_PORT", admin.to_string()),
            ("API_KEY", KEY.to_owned()),
        ];
        all.extend_from_slice(environment);
        let arguments = [&["serve".to_owned()], arguments].concat();
        let program = Path::new(env!("CARGO_BIN_EXE_prometheus-mirror"));
        let log = folder.join("mirror.log");
        let mut mirror = Self {
            process: Process::start(program, &arguments, &all, &log),
            url: format!("http://127.0.0.1:{port}"),
            admin: format!("http://127.0.0.1:{admin}"),
            client: client(),
            listener: |_| (),
            cache_control: "max-age=0",
        };
        // Which never speaks TLS.
        let health = format!("{}/-/ready", mirror.admin);
        mirror.process.wait_until_ready(&mirror.client, &health);
        mirror
    }

    /// Posts the request. Every answer carries the key, or `StackState` would not read it.
    pub(crate) fn ask(&self, path: &str, request: &impl Serialize) -> Reply {
        let body = serde_json::to_vec(request).unwrap();
        let url = format!("{}{path}", self.url);
        let mut answer = self
            .client
            .post(&url)
            .header("Content-Type", "application/json")
            .header("Cache-Control", self.cache_control)
            .send(&body[..])
            .unwrap_or_else(|error| {
                panic!(
                    "the mirror did not answer {path}: {error}; its log: {}",
                    self.process.last_words()
                )
            });
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let key = headers.get(KEY_HEADER);
        assert_eq!(
            key.and_then(|key| key.to_str().ok()),
            Some(KEY),
            "the key on {path}"
        );
        let body = answer
            .body_mut()
            .with_config()
            .limit(1 << 28)
            .read_to_vec()
            .unwrap();
        let text = String::from_utf8(body).unwrap();
        for (name, value) in headers.iter().filter(|(name, _)| *name != KEY_HEADER) {
            (self.listener)(&format!(
                "{name}: {}",
                String::from_utf8_lossy(value.as_bytes())
            ));
        }
        (self.listener)(&text);
        let answer = serde_json::from_str(&text).unwrap_or_else(|error| {
            let start: String = text.chars().take(2_000).collect();
            panic!("{path} answered {status} with a body that does not fit: {error}\n{start}")
        });
        Reply {
            status,
            headers,
            answer,
            text,
        }
    }
}
