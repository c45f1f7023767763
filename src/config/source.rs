//! Where settings come from, so that they can be read again.

use std::net::IpAddr;

use super::{ConfigError, Flags, Loaded, World, load};

/// What settings are read from, at the start and at each reload.
#[derive(Clone)]
pub struct Source {
    flags: Flags,
    world: World<'static>,
}

impl Source {
    /// Settings from `flags` and from `world`.
    #[must_use]
    pub const fn new(flags: Flags, world: World<'static>) -> Self {
        Self { flags, world }
    }

    /// Reads the settings as they are now, for a mirror that listens on `running` already.
    ///
    /// # Errors
    ///
    /// As [`load`].
    pub fn reload(&self, running: IpAddr) -> Result<Loaded, ConfigError> {
        let running = Some(running);
        let world = World {
            running,
            ..self.world
        };
        load(&self.flags, world)
    }

    /// Reads the settings as they are now.
    ///
    /// # Errors
    ///
    /// As [`load`].
    pub fn load(&self) -> Result<Loaded, ConfigError> {
        load(&self.flags, self.world)
    }
}
