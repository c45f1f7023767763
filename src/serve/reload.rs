//! Reload: on SIGHUP, when the admin listener is asked for it, and when a file that settings were read from holds something else
//! (connections.md, section 6; reliability.md, "Shutdown and reload").
//!
//! Settings are read and checked whole, off the runtime's threads, and then swapped at once. A
//! finding changes nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio::time::interval;
use tokio_util::task::TaskTracker;

use super::stages::Hangups;
use crate::app::App;
use crate::app::AppError;
use crate::app::reload::ReloadError;
use crate::app::reload::Requests;
use crate::config::ConfigError;
use crate::config::Files;
use crate::config::Finding;
use crate::config::Loaded;
use crate::config::Settings;
use crate::config::Source;
use crate::egress::tls::ServerTls;
use crate::logging::Volume;
use crate::time::UnixMillis;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(5);

/// What is in force, and where something newer may come from.
pub(super) struct Reloader {
    app: Arc<App>,
    source: Source,
    volume: Volume,
    /// The settings in force. Of those that need a restart, the ones that the program started with.
    settings: Settings,
    /// What was read last, in force or not.
    files: Files,
    /// What has been warned about and lasts, which is said once.
    warnings: Vec<Finding>,
    tasks: TaskTracker,
}

impl Reloader {
    /// What was `loaded` from `source` is in force, and its warnings were said.
    pub(super) fn new(app: Arc<App>, source: Source, loaded: Loaded, volume: Volume) -> Self {
        let Loaded {
            settings,
            files,
            warnings,
            ..
        } = loaded;
        Self {
            app,
            source,
            volume,
            settings,
            files,
            warnings,
            tasks: TaskTracker::new(),
        }
    }

    /// Reloads as signals, the admin listener and files demand.
    pub(super) async fn follow(&mut self, hangups: &mut Hangups, requests: &mut Requests) {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let (is_asked, asked) = tokio::select! {
                () = hangups.next() => (true, None),
                asked = requests.next() => (true, Some(asked)),
                _ = ticks.tick() => (false, None),
            };
            let (source, files) = (self.source.clone(), self.files.clone());
            let running = self.settings.listen;
            let look = self.tasks.spawn_blocking(move || {
                (is_asked || files.have_changed()).then(|| source.reload(running))
            });
            let outcome = match look.await {
                Ok(Some(loaded)) => self.take(loaded),
                Ok(None) => Ok(()),
                // Where it panicked, that has been logged. It is a bad configuration, which changes
                // nothing, and no reason to begin anew.
                Err(_panicked) => {
                    self.app.instruments.panic();
                    self.app.tell_reload(vec![ReloadError::Broken.to_string()]);
                    Err(ReloadError::Broken)
                }
            };
            if let Some(asked) = asked {
                asked.answer(outcome);
            }
        }
    }

    /// Puts what was read into force, or says why not.
    fn take(&mut self, loaded: Result<Loaded, ConfigError>) -> Result<(), ReloadError> {
        match loaded {
            Ok(loaded) => {
                self.files = loaded.files.clone();
                Ok(self.apply(loaded)?)
            }
            Err(ConfigError { findings, files }) => {
                let problems = findings.iter().map(ToString::to_string);
                self.app.tell_reload(problems.collect());
                for finding in &findings {
                    tracing::error!(code = %finding.code, "{finding}");
                }
                tracing::error!("the configuration cannot be used; the one before stays in force");
                self.files = files;
                Err(ReloadError::Config(findings))
            }
        }
    }

    fn apply(&mut self, loaded: Loaded) -> Result<(), AppError> {
        let Loaded {
            mut settings,
            is_key_random,
            warnings,
            ..
        } = loaded;
        for warning in warnings.iter().filter(|it| !self.warnings.contains(it)) {
            tracing::warn!(code = %warning.code, "{warning}");
        }
        self.warnings = warnings;
        if is_key_random {
            // Nobody was told the new one.
            settings.api_key = self.settings.api_key.clone();
        }
        self.keep_what_needs_a_restart(&mut settings);
        if settings.tls == self.settings.tls {
            // With it goes what sessions are resumed from.
            settings.tls = self.settings.tls.clone();
        }
        let applied = self.app.apply(&settings);
        // Before the log says so: who reads there that it is done finds it done.
        let problem = applied.as_ref().err().map(ToString::to_string);
        self.app.tell_reload(problem.into_iter().collect());
        if let Err(error) = applied {
            tracing::error!(%error, "the configuration cannot be used; the one before stays in force");
            return Err(error);
        }
        tell_expiry(&self.app, settings.tls.as_ref());
        self.volume.set(settings.log.level);
        self.settings = settings;
        tracing::info!("the configuration was read again and is in force");
        Ok(())
    }

    fn keep_what_needs_a_restart(&self, settings: &mut Settings) {
        let running = &self.settings;
        let differs = [
            ("listen", settings.listen != running.listen),
            ("port", settings.port != running.port),
            ("admin_port", settings.admin_port != running.admin_port),
            ("workers", settings.workers != running.workers),
            ("log.format", settings.log.format != running.log.format),
        ];
        for (setting, _) in differs.into_iter().filter(|(_, differs)| *differs) {
            tracing::warn!(
                setting,
                "a change of this setting needs a restart; the rest applies"
            );
        }
        settings.listen = running.listen;
        settings.port = running.port;
        settings.admin_port = running.admin_port;
        settings.workers = running.workers;
        settings.log.format = running.log.format;
    }
}

/// Says when the certificate that callers see ends, and warns where it has.
pub(super) fn tell_expiry(app: &App, tls: Option<&ServerTls>) {
    let expiry = tls.and_then(ServerTls::expiry);
    app.instruments.listener_certificate_expiry(expiry);
    let now = (app.clock)();
    if expiry.is_some_and(|ends| UnixMillis::new(ends.saturating_mul(1000)) <= now) {
        tracing::warn!("the certificate in tls.cert_file has ended; callers will refuse it");
    }
}
