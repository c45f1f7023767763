//! From layers to settings: each value read once, every finding kept.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::{Code, ConfigError, Finding, Origin};
use super::files::Files;
use super::key::{self, Verdict};
use super::layers::{self, Layers, Setting};
use super::{Flags, Loaded, Log, LogFormat, LogLevel, Settings, World, listen, secret_file};
use crate::connections::Configured;
use crate::connections::Defaults;
use crate::connections::details::error::Unfit;
use crate::connections::details::given::Given;
use crate::connections::details::options;
use crate::connections::details::options::Applied;
use crate::connections::details::timeout;
use crate::secret::Secret;

const FORMATS: [(&str, LogFormat); 2] = [("json", LogFormat::Json), ("text", LogFormat::Text)];
const LEVELS: [(&str, LogLevel); 5] = [
    ("error", LogLevel::Error),
    ("warn", LogLevel::Warn),
    ("info", LogLevel::Info),
    ("debug", LogLevel::Debug),
    ("trace", LogLevel::Trace),
];
/// Most worker threads (a choice; the predecessor's 20 fit).
const MOST_WORKERS: u32 = 1024;

/// Reads the settings; see [`super::load`].
pub(super) fn settings(flags: &Flags, world: World<'_>) -> Result<Loaded, ConfigError> {
    let variable = world.environment.variable("MIRROR_CONFIG");
    let path = flags.config.clone().or(variable.map(PathBuf::from));
    let mut files = Files::default();
    let layers = match Layers::new(flags, world.environment, path.as_deref(), &mut files) {
        Ok(layers) => layers,
        Err(finding) => return Err(ConfigError::new(vec![finding], files)),
    };
    let mut reader = Reader {
        findings: layers.unknown_keys(),
        warnings: Vec::new(),
        files,
        layers,
        folder: path.as_deref().and_then(Path::parent).map(PathBuf::from),
    };
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let address = reader.value(&layers::LISTEN, listen::address);
    let (port, admin_port) = reader.ports();
    let workers = reader.value(&layers::WORKERS, |given| given.integer(1..=MOST_WORKERS));
    let workers = workers.and_then(|count| usize::try_from(count).ok());
    let format = reader.value(&layers::LOG_FORMAT, |given| given.choice(&FORMATS));
    let level = reader.value(&layers::LOG_LEVEL, |given| given.choice(&LEVELS));
    let listener = SocketAddr::new(address.unwrap_or(loopback), port);
    let api_key = reader.api_key(listener, world);
    let defaults = reader.defaults();
    reader.warnings.extend(listen::walls(listener));

    let Some((api_key, is_key_random)) = api_key.filter(|_| reader.findings.is_empty()) else {
        return Err(ConfigError::new(reader.findings, reader.files));
    };
    Ok(Loaded {
        settings: Settings {
            listen: listener.ip(),
            port,
            admin_port,
            workers: workers.unwrap_or(world.cores),
            api_key,
            log: Log {
                format: format.unwrap_or_default(),
                level: level.unwrap_or_default(),
            },
            connections: Configured {
                defaults,
                ..Configured::default()
            },
        },
        is_key_random,
        warnings: reader.warnings,
        files: reader.files,
    })
}

struct Reader<'a> {
    layers: Layers<'a>,
    /// Where the file lies: paths in it are relative to that.
    folder: Option<PathBuf>,
    files: Files,
    findings: Vec<Finding>,
    warnings: Vec<Finding>,
}

impl Reader<'_> {
    /// The value of a setting, unless it is absent or unfit.
    fn value<T>(
        &mut self,
        setting: &Setting,
        read: impl FnOnce(Given) -> Result<T, Unfit>,
    ) -> Option<T> {
        self.value_with_origin(setting, read)
            .map(|(value, _)| value)
    }

    fn value_with_origin<T>(
        &mut self,
        setting: &Setting,
        read: impl FnOnce(Given) -> Result<T, Unfit>,
    ) -> Option<(T, Origin)> {
        let found = self.layers.value(setting).and_then(|found| {
            let Some((given, origin)) = found else {
                return Ok(None);
            };
            match read(given) {
                Ok(value) => Ok(Some((value, origin))),
                Err(unfit) => Err(Finding::new(Code::BadValue, origin, unfit.expectation())),
            }
        });
        found.unwrap_or_else(|finding| {
            self.findings.push(finding);
            None
        })
    }

    /// The ports of the two listeners, which differ unless each is any free one.
    fn ports(&mut self) -> (u16, u16) {
        let mut read = |setting, default| {
            let found = self.value_with_origin(setting, |given| port(&given));
            found.map_or((default, None), |(port, origin)| (port, Some(origin)))
        };
        let (port, origin) = read(&layers::PORT, 9900);
        let (admin_port, admin_origin) = read(&layers::ADMIN_PORT, 9901);
        if let Some(origin) = admin_origin.or(origin)
            && port == admin_port
            && port != 0
        {
            let text = "port and admin_port must differ";
            self.findings
                .push(Finding::new(Code::BadValue, origin, text));
        }
        (port, admin_port)
    }

    /// The key, and whether it was made for this run. `None` only beside a finding.
    fn api_key(&mut self, address: SocketAddr, world: World<'_>) -> Option<(Secret, bool)> {
        let before = self.findings.len();
        let inline = self.value_with_origin(&layers::API_KEY, Given::text);
        let path = self.value_with_origin(&layers::API_KEY_FILE, Given::text);
        if self.findings.len() > before {
            return None;
        }
        let (api_key, origin) = match (inline, path) {
            (None, None) => return Some((self.random_key(address, world)?, true)),
            (Some((_, inline)), Some((_, path))) if inline.layer() == path.layer() => {
                let text = "cannot stand beside api_key in the same place";
                self.findings.push(Finding::new(Code::BadValue, path, text));
                return None;
            }
            (Some((_, inline)), Some((path, origin))) if origin.layer() < inline.layer() => {
                (self.secret_in(&path, &origin)?, origin)
            }
            (Some((value, origin)), _) => (Secret::new(value), origin),
            (None, Some((path, origin))) => (self.secret_in(&path, &origin)?, origin),
        };
        match key::judge(&api_key, origin, address) {
            Verdict::Good => {}
            Verdict::Warning(finding) => self.warnings.push(finding),
            Verdict::Refused(finding) => {
                self.findings.push(finding);
                return None;
            }
        }
        Some((api_key, false))
    }

    fn random_key(&mut self, address: SocketAddr, world: World<'_>) -> Option<Secret> {
        if !listen::is_loopback(address.ip()) {
            self.findings.push(key::missing(address));
            return None;
        }
        let origin = Origin::Listener(address);
        key::random(world.random)
            .map_err(|error| {
                let text = format!("no key can be made ({error}); set API_KEY");
                self.findings
                    .push(Finding::new(Code::DefaultKey, origin, text));
            })
            .ok()
    }

    /// The secret in a file that was named at `origin`.
    fn secret_in(&mut self, path: &str, origin: &Origin) -> Option<Secret> {
        let relative = Path::new(path);
        let path = match (origin, &self.folder) {
            (Origin::Place { .. }, Some(folder)) => folder.join(relative),
            _ => relative.to_owned(),
        };
        secret_file::read(&path, &mut self.files)
            .map_err(|error| {
                let text = format!("{}: {error}", path.display());
                let finding = Finding::new(Code::UnusableFile, origin.clone(), text);
                self.findings.push(finding);
            })
            .ok()
    }

    fn defaults(&mut self) -> Defaults {
        let mut defaults = Defaults::default();
        if let Some((seconds, origin)) =
            self.value_with_origin(&layers::TIMEOUT, |given| given.seconds())
        {
            defaults.timeout = timeout::clamped(seconds);
            if Duration::try_from_secs_f64(seconds) != Ok(defaults.timeout) {
                let holds = defaults.timeout.as_secs();
                let text = format!("outside of 1 to 60 seconds; {holds} s is used");
                self.warnings
                    .push(Finding::new(Code::BadValue, origin, text));
            }
        }
        for (name, setting) in layers::query_options() {
            let options = &mut defaults.options;
            let applied =
                self.value_with_origin(&setting, |given| options::apply(name, given, options));
            if let Some((Some(Applied::CeilingKept(_)), origin)) = applied {
                let text = "can only be lowered; the ceiling stays what it is";
                self.warnings
                    .push(Finding::new(Code::BadValue, origin, text));
            }
        }
        defaults
    }
}

fn port(given: &Given) -> Result<u16, Unfit> {
    let port = given.integer(0..=u16::MAX.into())?;
    Ok(u16::try_from(port).expect("the range ends with u16"))
}
