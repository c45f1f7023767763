//! What a reload replaces, as one value.

use http::HeaderValue;

use super::AppError;
use crate::caller::Gate;
use crate::caller::TokenDigest;
use crate::config::Insecure;
use crate::config::Settings;
use crate::connections::Configured;
use crate::egress::tls::ServerTls;
use crate::limits::Load;

/// The configuration as requests see it. Each keeps the one that it began with, from its acceptance
/// to the key header of its answer (reliability.md, "Shutdown and reload").
#[derive(Debug)]
pub struct Snapshot {
    /// What proves the mirror to `StackState`; marked sensitive, so that nothing prints it.
    pub key: HeaderValue,
    /// What a caller has to prove.
    pub callers: Gate,
    /// How callers are spoken to; `None`: in clear. For connections that begin now.
    pub tls: Option<ServerTls>,
    /// What proves a person to the admin listener; `None`: only this machine is answered there.
    pub console_token: Option<TokenDigest>,
    /// How many requests the tap keeps.
    pub tap_entries: usize,
    /// Which doors are left open.
    pub insecure: Insecure,
    /// How much is worked on at once, and how the end comes.
    pub limits: Load,
    /// What is configured about connections.
    pub connections: Configured,
    /// Whether answers are compressed for callers who accept that.
    pub answer_compression: bool,
}

impl Snapshot {
    /// The snapshot that `settings` describe, as this `generation` of the configuration.
    ///
    /// # Errors
    ///
    /// [`AppError::Key`] if the key cannot stand in a header.
    pub fn new(settings: &Settings, generation: u64) -> Result<Self, AppError> {
        let key = settings.api_key.expose();
        let mut key = HeaderValue::from_str(key).map_err(|_| AppError::Key)?;
        key.set_sensitive(true);
        Ok(Self {
            key,
            callers: settings.callers.clone(),
            tls: settings.tls.clone(),
            console_token: settings.console_token.clone(),
            tap_entries: settings.tap_entries,
            insecure: settings.insecure,
            limits: settings.limits.clone(),
            connections: Configured {
                answer_ttl: settings.answers.ttl,
                generation,
                ..settings.connections.clone()
            },
            answer_compression: settings.answers.compression,
        })
    }
}
