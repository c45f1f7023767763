//! What the environment and the command line say to a target that starts real backends.

use std::path::{Path, PathBuf};

pub(crate) struct Settings {
    /// Where the engines are.
    pub(crate) backends: PathBuf,
    /// `BACKENDS_REQUIRED=1`: what is absent is a failure.
    pub(crate) is_demanding: bool,
    filters: Vec<String>,
}

impl Settings {
    /// Reads both. Arguments that begin with a dash are libtest's and mean nothing here.
    pub(crate) fn read() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "where engines are is no setting of the program"
        )]
        let variable = |name: &str| std::env::var_os(name);
        let filters = std::env::args()
            .skip(1)
            .filter(|argument| !argument.starts_with('-'))
            .collect();
        Self {
            backends: variable("BACKENDS_DIR").map_or_else(
                || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/backends"),
                PathBuf::from,
            ),
            is_demanding: variable("BACKENDS_REQUIRED").is_some_and(|value| value == "1"),
            filters,
        }
    }

    /// Nothing was left out by name.
    pub(crate) fn is_whole(&self) -> bool {
        self.filters.is_empty()
    }

    /// Tells whether a case of this full name is to run.
    pub(crate) fn selects(&self, name: &str) -> bool {
        self.is_whole() || self.filters.iter().any(|filter| name.contains(filter))
    }
}
