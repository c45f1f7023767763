//! How a mirror is started for one case: its environment, its configuration file, its folder.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::heard;
use crate::mirror::Mirror;

/// A mirror to be. Without a wish it has neither configuration nor credentials.
pub(crate) struct Setup {
    /// Files of the case lie here; the configuration names them relative to it.
    pub(crate) folder: TempDir,
    environment: Vec<(&'static str, String)>,
    config: Map<String, Value>,
}

/// A running mirror and the folder that its configuration lies in.
pub(crate) struct Running {
    pub(crate) mirror: Mirror,
    // After the mirror, which reads from it.
    pub(crate) folder: TempDir,
    config: Map<String, Value>,
}

impl Setup {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            environment: vec![
                // Nobody's metadata service is asked, unless a case says where one is.
                ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
                // The last case looks for secrets in all that was said.
                ("MIRROR_LOG_LEVEL", "trace".to_owned()),
            ],
            config: Map::new(),
        }
    }

    pub(crate) fn env(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.retain(|(there, _)| *there != name);
        self.environment.push((name, value.into()));
        self
    }

    /// Puts a section of the configuration file.
    pub(crate) fn section(mut self, name: &str, value: Value) -> Self {
        self.config.insert(name.to_owned(), value);
        self
    }

    /// Adds a named connection.
    pub(crate) fn connection(mut self, name: &str, details: Value) -> Self {
        let connections = self
            .config
            .entry("connections")
            .or_insert_with(|| json!({}));
        connections[name] = details;
        self
    }

    /// Writes a file into the folder; only its owner may write it.
    pub(crate) fn file(self, name: &str, content: &str) -> Self {
        write(self.folder.path(), name, content);
        self
    }

    /// Where a file of the folder lies.
    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Writes the configuration file; gives its path.
    pub(crate) fn write_config(&self) -> PathBuf {
        // Every JSON document is a YAML document.
        write(
            self.folder.path(),
            "mirror.yaml",
            &serde_json::to_string_pretty(&self.config).unwrap(),
        );
        self.folder.path().join("mirror.yaml")
    }

    pub(crate) fn start(self) -> Running {
        let mut arguments = Vec::new();
        if !self.config.is_empty() {
            arguments = vec![
                "--config".to_owned(),
                self.write_config().display().to_string(),
            ];
        }
        let mut mirror = Mirror::start(self.folder.path(), &arguments, &self.environment);
        mirror.listener = heard::note;
        // What a backend sees of each query is looked at, and most queries are the same one.
        mirror.cache_control = "no-cache";
        Running {
            mirror,
            folder: self.folder,
            config: self.config,
        }
    }
}

impl Running {
    /// Writes or replaces a file of the folder, as a whole and at once.
    pub(crate) fn write(&self, name: &str, content: &str) {
        write(self.folder.path(), name, content);
    }

    /// Adds a named connection to the file; the mirror is not told.
    pub(crate) fn add_connection(&mut self, name: &str, details: Value) {
        let connections = self
            .config
            .entry("connections")
            .or_insert_with(|| json!({}));
        connections[name] = details;
        self.write("mirror.yaml", &serde_json::to_string(&self.config).unwrap());
    }

    /// Samples of the mirror's own metrics, as text.
    pub(crate) fn metrics(&self) -> String {
        let mut answer = self.mirror.client.get(self.metrics_url()).call().unwrap();
        answer.body_mut().read_to_string().unwrap()
    }

    fn metrics_url(&self) -> String {
        format!("{}/metrics", self.mirror.admin)
    }
}

/// What it logged and counted is kept for the last case.
impl Drop for Running {
    fn drop(&mut self) {
        heard::note(&self.mirror.process.words());
        // It may be gone, if that is what a case wants.
        if let Ok(mut answer) = self.mirror.client.get(self.metrics_url()).call() {
            heard::note(&answer.body_mut().read_to_string().unwrap_or_default());
        }
    }
}

fn write(folder: &Path, name: &str, content: &str) {
    let beside = folder.join(format!("{name}.new"));
    std::fs::create_dir_all(beside.parent().unwrap()).unwrap();
    std::fs::write(&beside, content).unwrap();
    std::fs::rename(beside, folder.join(name)).unwrap();
}
