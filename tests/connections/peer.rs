//! A Python peer of `tests/peers`: started on a port of its own, set and read over its control
//! endpoint.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::process::{Process, client, poll};

pub(crate) struct Peer {
    // Held for its drop, which ends the process.
    _process: Process,
    pub(crate) url: String,
    client: ureq::Agent,
}

#[derive(Deserialize)]
struct Shown<F> {
    seen: Vec<F>,
}

#[derive(Deserialize)]
struct Issued {
    secrets: Vec<String>,
}

impl Peer {
    pub(crate) fn start(python: &Path, script: &str, arguments: &[&str], folder: &Path) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/peers")
            .join(script);
        let mut all = vec!["-B".to_owned(), file.display().to_string()];
        all.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        let process = Process::start(
            python,
            &all,
            &[],
            &folder.join(script).with_extension("log"),
        );
        let mut port = None;
        poll(
            || format!("{script}; it said:\n{}", process.last_words()),
            || {
                port = process
                    .words()
                    .lines()
                    .find_map(|line| line.parse::<u16>().ok());
                port.is_some()
            },
        );
        let url = format!("http://127.0.0.1:{}", port.unwrap());
        Self {
            _process: process,
            url,
            client: client(),
        }
    }

    /// Changes settings; what is not named stays.
    #[track_caller]
    pub(crate) fn set(&self, settings: &Value) {
        let answer = self.client.put(self.control()).send_json(settings);
        let mut answer = answer.unwrap();
        let said = answer.body_mut().read_to_string().unwrap();
        assert_eq!(answer.status(), 200, "{said}");
    }

    /// Forgets what was seen and goes back to the settings of the start.
    pub(crate) fn reset(&self) {
        self.client.delete(self.control()).call().unwrap();
    }

    /// What was seen since the last reset, in the order of arrival.
    pub(crate) fn seen<F: DeserializeOwned>(&self) -> Vec<F> {
        let shown: Shown<F> = serde_json::from_slice(&self.shown()).unwrap();
        shown.seen
    }

    /// The secrets that it has given out since its start.
    pub(crate) fn issued(&self) -> Vec<String> {
        let issued: Issued = serde_json::from_slice(&self.shown()).unwrap();
        issued.secrets
    }

    fn shown(&self) -> Vec<u8> {
        let mut answer = self.client.get(self.control()).call().unwrap();
        let body = answer.body_mut().with_config().limit(1 << 28);
        body.read_to_vec().unwrap()
    }

    fn control(&self) -> String {
        format!("{}/_control", self.url)
    }
}
