//! Which engines are asked, and all of them running with the same samples in them.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::engine::{Engine, Kind};
use crate::mirror::Mirror;
use crate::rig::Rig;
use crate::samples;
use crate::series::Series;
use crate::settings::Settings;
use crate::{SUBJECTS, labels, native};

/// Tells whether any case on this engine is to run.
pub(crate) fn selects_engine(settings: &Settings, kind: Kind) -> bool {
    let name = |subject: &str, case: &str| format!("{}::{subject}::{case}", kind.name);
    settings.is_whole()
        || SUBJECTS.iter().any(|(subject, cases)| {
            cases
                .iter()
                .any(|case| settings.selects(&name(subject, case.name)))
        })
}

/// Tells whether this engine must be here.
pub(crate) fn demands(settings: &Settings, kind: Kind) -> bool {
    settings.is_demanding && kind.is_required
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
        let mirror = Mirror::start(folder.path(), &[], &[]);
        let pair_is_selected = settings.selects(&format!("{}::left_open::", Kind::OPEN.name));
        let is_wanted = |kind: &Kind| {
            selects_engine(settings, *kind) || (*kind == Kind::CLOSED && pair_is_selected)
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
            if takes_native_histograms(engine.kind) {
                for body in native::bodies() {
                    engine.send(&body, "native histograms");
                }
            }
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

/// Tells whether native histograms are written to this engine.
pub(crate) fn takes_native_histograms(kind: Kind) -> bool {
    kind == Kind::OPEN
}

/// All that this kind of engine takes.
pub(crate) fn written(kind: Kind) -> Vec<Series> {
    let mut all = samples::all();
    if kind.takes_dotted_labels {
        all.push(labels::dotted());
    }
    all
}
