//! From layers to settings: each value read once, every finding kept.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use super::account::Account;
use super::error::{Code, ConfigError, Finding};
use super::files::Files;
use super::layers::Layers;
use super::reader::Reader;
use super::setting;
use super::{Flags, Loaded, Log, LogFormat, LogLevel, Settings, World, listen};
use crate::connections::Configured;
use crate::connections::ambient::Ambient;
use crate::connections::details::error::Unfit;
use crate::connections::details::given::Given;

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
        findings: layers.misfits(),
        warnings: Vec::new(),
        files,
        account: Account::new(layers.file_name.clone(), world.cores),
        layers,
        folder: path
            .as_deref()
            .and_then(Path::parent)
            .map(PathBuf::from)
            .unwrap_or_default(),
        purpose: world.purpose,
    };
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let address = reader.value(&setting::LISTEN, listen::address);
    let (port, admin_port) = reader.ports();
    let workers = reader.value(&setting::WORKERS, |given| given.integer(1..=MOST_WORKERS));
    let workers = workers.and_then(|count| usize::try_from(count).ok());
    let format = reader.value(&setting::LOG_FORMAT, |given| given.choice(&FORMATS));
    let level = reader.value(&setting::LOG_LEVEL, |given| given.choice(&LEVELS));
    let listener = SocketAddr::new(address.unwrap_or(loopback), port);
    let exposed = listen::exposed(listener, world.running);
    let api_key = reader.api_key(exposed, world);
    let key = api_key.as_ref().map(|(api_key, _)| api_key);
    let tap_entries = reader.tap_entries();
    let console_token = reader.console_token(key);
    let defaults = reader.defaults();
    let policy = reader.policy();
    let named = reader.named(&defaults, &policy);
    let mut callers = reader.callers();
    reader.warn_of_callers(&callers, key, &policy, &named);
    let (limits, calls) = reader.limits(&named, callers.entries.len());
    let mut connections = Configured {
        defaults,
        policy,
        named,
        calls,
        ..Configured::default()
    };
    let answers = reader.answers();
    connections.policy.grants = std::mem::take(&mut callers.grants);
    let tls = reader.listener_tls();
    // Once every file has been read that the configuration names.
    reader.check_secrets_dir(&connections.policy);
    let is_loopback = listen::is_loopback(world.running.unwrap_or(listener.ip()));
    let gate = reader.gate(is_loopback, &tls, &mut callers);
    let insecure = reader.walls(exposed, &gate, &tls, &mut connections);

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
            callers: gate,
            insecure,
            tls: tls.material,
            console_token,
            tap_entries,
            limits,
            connections,
            answers,
            ambient: Ambient::read(|name| world.environment.variable(name)),
        },
        is_key_random,
        warnings: reader.warnings,
        files: reader.files,
        account: reader.account,
    })
}

impl Reader<'_> {
    /// The ports of the two listeners, which differ unless each is any free one.
    fn ports(&mut self) -> (u16, u16) {
        let mut read = |setting, default| {
            let found = self.value_with_origin(setting, |given| port(&given));
            found.map_or((default, None), |(port, origin)| (port, Some(origin)))
        };
        let (port, origin) = read(&setting::PORT, 9900);
        let (admin_port, admin_origin) = read(&setting::ADMIN_PORT, 9901);
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
}

fn port(given: &Given) -> Result<u16, Unfit> {
    let port = given.integer(0..=u16::MAX.into())?;
    Ok(u16::try_from(port).expect("the range ends with u16"))
}
