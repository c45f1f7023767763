//! The guard: which of its addresses a name may be dialled at, and whether a connection leads where
//! it was to (security.md, "Egress guard"). Nothing switches it off.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use crate::egress::address;
use crate::egress::address::Refusal;
use crate::egress::dial::DialError;
use crate::egress::kept::Kept;
use crate::egress::resolve;
use crate::egress::resolve::Resolve;
use crate::egress::resolve::System;
use crate::network::Bounds;

/// Is told of each refusal.
pub(super) type OnRefusal = Box<dyn Fn(Refusal) + Send + Sync>;

/// The guard of all diallers. Clones are the same one.
#[derive(Clone)]
pub struct Guard(Arc<Shared>);

struct Shared {
    resolver: Box<dyn Resolve>,
    /// Held for the copying of a few addresses, never while something is waited for.
    kept: Mutex<Kept>,
    own_ports: Mutex<Vec<u16>>,
    on_refusal: OnRefusal,
}

impl Guard {
    /// A guard that knows names by the system's resolver.
    #[must_use]
    pub fn new(on_refusal: Box<dyn Fn(Refusal) + Send + Sync>) -> Self {
        Self::with(Box::<System>::default(), on_refusal)
    }

    pub(super) fn with(resolver: Box<dyn Resolve>, on_refusal: OnRefusal) -> Self {
        Self(Arc::new(Shared {
            resolver,
            kept: Mutex::default(),
            own_ports: Mutex::default(),
            on_refusal,
        }))
    }

    /// Which ports this program listens on, so that it never asks itself.
    pub fn listens_on(&self, ports: Vec<u16>) {
        *lock(&self.0.own_ports) = ports;
    }

    /// Every address of `host`, a name or an address without brackets, at most `limit` later.
    ///
    /// # Errors
    ///
    /// [`DialError::Resolve`] if there is none, [`DialError::Forbidden`] if one of them is refused:
    /// an honest name has none of that kind.
    pub(super) async fn addresses(
        &self,
        host: &str,
        bounds: &Bounds,
        limit: Duration,
    ) -> Result<Vec<IpAddr>, DialError> {
        if let Ok(address) = host.parse() {
            self.check(host, &[address], bounds)?;
            return Ok(vec![address]);
        }
        let Shared { resolver, kept, .. } = &*self.0;
        let found = resolve::resolve(&**resolver, host, limit).await;
        match found {
            Ok(addresses) => {
                self.check(host, &addresses, bounds)?;
                lock(kept).keep(host, &addresses, Instant::now());
                Ok(addresses)
            }
            Err(unresolved) => {
                if unresolved.is_gone {
                    lock(kept).forget(host);
                }
                let last = lock(kept).find(host, Instant::now());
                let Some(addresses) = last else {
                    return Err(DialError::Resolve {
                        reason: unresolved.reason,
                        is_temporary: unresolved.is_temporary,
                    });
                };
                // What holds may have changed since they were found.
                self.check(host, &addresses, bounds)?;
                let reason = unresolved.reason;
                tracing::warn!(
                    host,
                    reason,
                    "cannot be resolved; its last good addresses are used"
                );
                Ok(addresses)
            }
        }
    }

    /// The addresses of `host`, of which none is going to be dialled on this account; none if it
    /// has none, or they are not known within `limit`.
    pub(super) async fn look(&self, host: &str, limit: Duration) -> Vec<IpAddr> {
        if let Ok(address) = host.parse() {
            return vec![address];
        }
        let last = lock(&self.0.kept).find(host, Instant::now());
        match last {
            Some(addresses) => addresses,
            None => resolve::resolve(&*self.0.resolver, host, limit)
                .await
                .unwrap_or_default(),
        }
    }

    /// What is refused of a host that a proxy dials: a name is the proxy's to resolve.
    pub(super) fn check_literal(&self, host: &str, bounds: &Bounds) -> Result<(), DialError> {
        match host.parse() {
            Ok(address) => self.check(host, &[address], bounds),
            Err(_) => Ok(()),
        }
    }

    /// Whether a connection to `dialled`, an address of `host`, may be used. Nothing has been sent.
    pub(super) fn check_arrival(
        &self,
        host: &str,
        dialled: SocketAddr,
        peer: SocketAddr,
        local: SocketAddr,
    ) -> Result<(), DialError> {
        let own_ports = lock(&self.0.own_ports).clone();
        arrival(dialled, peer, local, &own_ports)
            .map_err(|refusal| self.refuse(host, peer.ip(), refusal))
    }

    fn check(&self, host: &str, addresses: &[IpAddr], bounds: &Bounds) -> Result<(), DialError> {
        for address in addresses {
            address::check(*address, bounds)
                .map_err(|refusal| self.refuse(host, *address, refusal))?;
        }
        Ok(())
    }

    fn refuse(&self, host: &str, address: IpAddr, refusal: Refusal) -> DialError {
        (self.0.on_refusal)(refusal);
        DialError::Forbidden {
            host: host.to_owned(),
            address,
            refusal,
        }
    }
}

/// Whether `peer` is what was dialled, and is not this program.
fn arrival(
    dialled: SocketAddr,
    peer: SocketAddr,
    local: SocketAddr,
    own_ports: &[u16],
) -> Result<(), Refusal> {
    if (peer.ip(), peer.port()) != (dialled.ip(), dialled.port()) {
        return Err(Refusal::Peer);
    }
    let is_here = address::is_loopback(peer.ip()) || peer.ip() == local.ip();
    if is_here && own_ports.contains(&peer.port()) {
        return Err(Refusal::Ourselves);
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for Guard {
    /// For programs that count nothing.
    fn default() -> Self {
        Self::new(Box::new(|_| {}))
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(super) mod tests;
