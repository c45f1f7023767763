//! The settings of the program: a flag before the environment, that before the configuration file,
//! that before the default (connections.md, section 6).
//!
//! Only this module reads the environment. What it needs of the world comes as an argument, so a
//! test is a map and a few values. No finding repeats a value: settings can be secrets.

mod answers;
pub mod environment;
pub mod error;
mod file;
mod account;
mod callers;
mod console;
mod defaults;
pub mod details;
mod files;
pub mod form;
mod key;
mod layers;
mod limits;
mod listen;
mod material;
mod named;
mod placeholder;
mod policy;
pub mod print;
mod read;
mod reader;
mod secret_file;
mod setting;
mod source;
mod supervisor;
mod tls;
mod tree;
mod walls;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use crate::caller::Gate;
use crate::caller::TokenDigest;
use crate::connections::Configured;
use crate::connections::ambient::Ambient;
use crate::egress::tls::ServerTls;
use crate::limits::Load;
use crate::secret::Secret;
pub use account::Account;
pub use answers::Answers;
pub use environment::Environment;
pub use environment::ProcessEnvironment;
pub use error::Code;
pub use error::ConfigError;
pub use error::Finding;
pub use error::Origin;
pub use files::Files;
pub use source::Source;
pub use supervisor::Supervisor;

/// Every setting with its value decided.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address that both listeners are bound to. Setting `listen`, variable `MIRROR_LISTEN`;
    /// default `127.0.0.1`.
    pub listen: IpAddr,
    /// The port of the Mirror API, 0 for any free one. Setting `port`, variable `PORT`; default
    /// 9900.
    pub port: u16,
    /// The port of health and metrics, 0 for any free one. Setting `admin_port`, variable
    /// `ADMIN_PORT`; default 9901.
    pub admin_port: u16,
    /// Threads that requests are worked on, `1..=1024`. Setting `workers`, variable `WORKERS`;
    /// default: one per core.
    pub workers: usize,
    /// What proves the mirror to `StackState`: visible ASCII. Setting `api_key` or `api_key_file`,
    /// variable `API_KEY` or `API_KEY_FILE`; on loopback a random one by default.
    pub api_key: Secret,
    /// How the log is written.
    pub log: Log,
    /// What a caller has to prove. Settings `allowed_callers`, `trusted_proxies` and `callers`,
    /// variables `MIRROR_ALLOWED_CALLERS`, `MIRROR_TRUSTED_PROXIES`, `CALLER_TOKEN` and
    /// `CALLER_TOKEN_FILE`; by default nothing.
    pub callers: Gate,
    /// Which doors these settings leave open.
    pub insecure: Insecure,
    /// How callers are spoken to: by default in clear. Settings `tls.cert_file` and `tls.key_file`,
    /// and `tls.client_ca_file` if callers need a certificate.
    pub tls: Option<ServerTls>,
    /// What proves a person to the admin listener; `None`: only this machine is answered there.
    /// Setting `console.token` or `console.token_file`, variable `CONSOLE_TOKEN` or
    /// `MIRROR_CONSOLE_TOKEN_FILE`: 16 to 512 bytes.
    pub console_token: Option<TokenDigest>,
    /// How many requests the tap keeps: `0..=4096`; 0: none. Setting `console.tap_entries`, variable
    /// `MIRROR_CONSOLE_TAP_ENTRIES`; default 500.
    pub tap_entries: usize,
    /// How much is worked on at once, and how the end comes. Settings `limits`, but for the calls to
    /// backends, which stand with the connections.
    pub limits: Load,
    /// What is configured about connections. Settings `defaults`, `connections`,
    /// `limits.backend_calls` and `limits.backend_calls_for`.
    pub connections: Configured,
    /// What becomes of finished answers.
    pub answers: Answers,
    /// What the environment says about AWS. Variables `AWS_REGION`, `AWS_DEFAULT_REGION`,
    /// `AWS_ENDPOINT_URL_STS`, `AWS_ROLE_ARN` and `AWS_WEB_IDENTITY_TOKEN_FILE`.
    pub ambient: Ambient,
}

/// What can be used, is warned about at start, and is shown for as long as it lasts
/// (`mirror_insecure_config`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Insecure {
    /// Beyond loopback, whoever reaches the port is accepted.
    pub callers_open: bool,
    /// And may have any role assumed by the mirror's own identity.
    pub role_arns_open: bool,
}

/// How the log is written. Setting `log`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// Setting `log.format`, variable `MIRROR_LOG_FORMAT`.
    pub format: LogFormat,
    /// Setting `log.level`, variable `MIRROR_LOG_LEVEL`.
    pub level: LogLevel,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// For the eye.
    Text,
}

/// The least severe event that is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// What must be seen to.
    Error,
    /// What should be known.
    Warn,
    /// What happened.
    #[default]
    Info,
    /// Why it happened.
    Debug,
    /// Every step.
    Trace,
}

impl Settings {
    /// Where the Mirror API is served.
    #[must_use]
    pub fn mirror_address(&self) -> SocketAddr {
        SocketAddr::new(self.listen, self.port)
    }

    /// Where health and metrics are served.
    #[must_use]
    pub fn admin_address(&self) -> SocketAddr {
        SocketAddr::new(self.listen, self.admin_port)
    }
}

/// What was said on the command line. No flag takes a secret: process lists show flags.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--listen`
    pub listen: Option<IpAddr>,
    /// `--port`
    pub port: Option<u16>,
    /// `--admin-port`
    pub admin_port: Option<u16>,
    /// `--workers`
    pub workers: Option<u16>,
}

/// What settings are read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To run with them, or to see whether that would work.
    Run,
    /// To see the same, but for what stands in the files that they name. The key then has no use.
    RunWithoutFiles,
    /// To show them, or to use the connections: neither those files nor a key are needed.
    Show,
}

/// What settings depend on beside flags and file.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The variables.
    pub environment: &'a dyn Environment,
    /// Fills a buffer with random bytes.
    pub random: fn(&mut [u8]) -> Result<(), getrandom::Error>,
    /// How many threads can run at the same time.
    pub cores: usize,
    /// What they are read for.
    pub purpose: Purpose,
    /// Where the mirror listens already, if it does: a reload cannot move it, so what must stand
    /// there must go on standing.
    pub running: Option<IpAddr>,
}

/// Settings, and what their author should know.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// Whether the key was made for this run, so that somebody must be told it.
    pub is_key_random: bool,
    /// What can be used and should not stay.
    pub warnings: Vec<Finding>,
    /// What it was read from.
    pub files: Files,
    /// What was given and where.
    pub account: Account,
}

/// Reads the settings.
///
/// # Errors
///
/// Every finding that keeps the program from starting: in the file by line and column, then the
/// others.
pub fn load(flags: &Flags, world: World<'_>) -> Result<Loaded, ConfigError> {
    read::settings(flags, world)
}

#[cfg(test)]
pub(crate) mod tests;
