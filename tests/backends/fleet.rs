//! Which engines are asked, and all of them running with the same samples in them.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::engine::{Engine, Kind};
use crate::mirror::Mirror;
use crate::rig::Rig;
use crate::samples::{self, Series};
use crate::{SUBJECTS, labels};

/// What the environment and the command line say.
pub(crate) struct Settings {
    backends: PathBuf,
    /// `BACKENDS_REQUIRED=1`: an absent engine is a failure.
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

    /// Tells whether any case on this engine is to run.
    pub(crate) fn selects_engine(&self, kind: Kind) -> bool {
        let name = |subject: &str, case: &str| format!("{}::{subject}::{case}", kind.name);
        self.is_whole()
            || SUBJECTS.iter().any(|(subject, cases)| {
                cases
                    .iter()
                    .any(|case| self.selects(&name(subject, case.name)))
            })
    }

    /// Tells whether this engine must be here.
    pub(crate) fn demands(&self, kind: Kind) -> bool {
        self.is_demanding && kind.is_required
    }
}

/// The engines that are here, filled, and one mirror for all of them.
pub(crate) struct Fleet {
    mirror: Mirror,
    engines: Vec<Engine>,
    backends: PathBuf,
    // Last, so that it outlives those who write into it.
    folder: TempDir,
}

impl Fleet {
    /// Starts and fills whatever is selected and here.
    pub(crate) fn start(settings: &Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mirror = Mirror::start(folder.path());
        let pair_is_selected = settings.selects(&format!("{}::left_open::", Kind::OPEN.name));
        let is_wanted = |kind: &Kind| {
            settings.selects_engine(*kind) || (*kind == Kind::CLOSED && pair_is_selected)
        };
        let is_here = |kind: &Kind| kind.program(&settings.backends).is_file();
        let engines: Vec<Engine> = Kind::ALL
            .into_iter()
            .filter(|kind| is_wanted(kind) && is_here(kind))
            .map(|kind| {
                Engine::start(
                    kind,
                    &settings.backends,
                    &folder.path().join(kind.name),
                    None,
                )
            })
            .collect();
        // All are written before one is waited for: the slow ones index in the meantime.
        for engine in &engines {
            engine.write(&written(engine.kind));
        }
        for engine in &engines {
            engine.wait_for(&written(engine.kind));
        }
        Self {
            mirror,
            engines,
            backends: settings.backends.clone(),
            folder,
        }
    }

    /// What a case needs to ask this engine, unless it is absent.
    pub(crate) fn rig(&self, kind: Kind) -> Option<Rig<'_>> {
        let engine = self.engines.iter().find(|engine| engine.kind == kind)?;
        Some(Rig::new(
            engine,
            &self.mirror,
            &self.backends,
            self.folder.path(),
        ))
    }

    pub(crate) fn has_victoria_metrics(&self) -> bool {
        self.engines
            .iter()
            .any(|engine| engine.kind.is_victoria_metrics())
    }
}

/// All that this kind of engine takes.
pub(crate) fn written(kind: Kind) -> Vec<Series> {
    let mut all = samples::all();
    if kind.takes_dotted_labels {
        all.push(labels::dotted());
    }
    all
}
