//! Wall A as it is configured, and the two steps through it.

use std::net::IpAddr;
use std::sync::Arc;

use http::header::ORIGIN;
use http::request::Parts;

use super::Accepted;
use super::Caller;
use super::certificate::CertificatePattern;
use super::forwarded;
use super::local;
use super::networks::Networks;
use super::peer::Peer;
use super::refusals::Reason;
use super::refusals::Refused;
use super::token::TokenDigest;
use crate::secret::Secret;

/// What a caller has to prove. Everything that is set must hold; the entries of `callers` are
/// alternatives to one another.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Whether only this machine reaches the listener (127.0.0.0/8, `::1`).
    pub is_loopback: bool,
    /// Where callers may come from (`allowed_callers`); `None`: from anywhere.
    pub allowed: Option<Networks>,
    /// Whose `X-Forwarded-For` is believed (`trusted_proxies`).
    pub trusted_proxies: Networks,
    /// Whether the TLS handshake demands a client certificate (`tls.client_ca_file`).
    pub needs_certificate: bool,
    /// The callers that are known (`callers`); empty: whoever passes the rest.
    pub entries: Vec<Entry>,
}

/// An entry of `callers`. All of its proofs must hold.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The caller's name.
    pub name: Arc<str>,
    /// Its tokens, each as good as the other; `None`: it needs none.
    pub tokens: Option<Vec<TokenDigest>>,
    /// What its certificate must hold, each as good as the other; empty: it needs none.
    pub certificates: Vec<CertificatePattern>,
}

/// A request whose source and certificate have passed.
#[derive(Debug)]
pub struct Entrance<'g> {
    source: IpAddr,
    entries: &'g [Entry],
    /// For each of the entries whether its certificate has held.
    has_certificate: Vec<bool>,
    /// Who is accepted whatever the body holds.
    settled: Option<Caller>,
}

impl Default for Gate {
    /// Nothing set, on loopback.
    fn default() -> Self {
        Self {
            is_loopback: true,
            allowed: None,
            trusted_proxies: Networks::default(),
            needs_certificate: false,
            entries: Vec::new(),
        }
    }
}

impl Gate {
    /// Whether wall A stands: not everybody is admitted.
    #[must_use]
    pub fn stands(&self) -> bool {
        // Whose word is believed whoever it is may say that it comes from anywhere.
        let limits = |networks: &Networks| {
            !networks.admit_everybody() && !self.trusted_proxies.admit_everybody()
        };
        self.needs_certificate
            || !self.entries.is_empty()
            || self.allowed.as_ref().is_some_and(limits)
    }

    /// Judges what is known before the body is read: where a request of `peer` comes from, and the
    /// certificate.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the first proof that does not hold.
    pub fn enter(&self, peer: &Peer, head: &Parts) -> Result<Entrance<'_>, Refused> {
        let address = peer.address.ip();
        let refuse = |source, reason| Err(Refused { reason, source });
        // `allowed_callers` with room for everybody is no wall, and opens nothing either.
        if self.is_loopback && !self.stands() && !local::is_local(&head.uri, &head.headers) {
            return refuse(address.to_canonical(), Reason::NotLocal);
        }
        // A page comes from an admitted network too, if that is this machine; and it tells where it is from.
        let is_proved = self.needs_certificate || !self.entries.is_empty();
        if self.is_loopback && !is_proved && head.headers.contains_key(ORIGIN) {
            return refuse(address.to_canonical(), Reason::NotLocal);
        }
        let Ok(source) = forwarded::source(address, &head.headers, &self.trusted_proxies) else {
            return refuse(address.to_canonical(), Reason::Forwarded);
        };
        let allowed = self.allowed.as_ref();
        if !allowed.is_none_or(|allowed| allowed.contains(source)) {
            return refuse(source, Reason::Source);
        }
        if self.needs_certificate && peer.certificate.is_none() {
            return refuse(source, Reason::Certificate);
        }
        let has_certificate = self.entries.iter().map(|entry| entry.is_shown_by(peer));
        let has_certificate: Vec<bool> = has_certificate.collect();
        if !self.entries.is_empty() && !has_certificate.contains(&true) {
            return refuse(source, Reason::Certificate);
        }
        let mut entrance = Entrance {
            source,
            entries: &self.entries,
            settled: self.entries.is_empty().then(|| self.unnamed()),
            has_certificate,
        };
        if entrance.settled.is_none() {
            entrance.settled = entrance.first(None);
        }
        Ok(entrance)
    }

    /// Who whoever passes is, where no caller has a name.
    fn unnamed(&self) -> Caller {
        if self.allowed.is_some() || self.needs_certificate {
            Caller::Network
        } else {
            Caller::Anyone
        }
    }
}

impl Entry {
    fn is_shown_by(&self, peer: &Peer) -> bool {
        self.certificates.is_empty()
            || peer.certificate.as_ref().is_some_and(|certificate| {
                let mut patterns = self.certificates.iter();
                patterns.any(|pattern| pattern.is_held_by(certificate))
            })
    }
}

impl Entrance<'_> {
    /// The acceptance, if it does not depend on the body.
    #[must_use]
    pub fn settled(&self) -> Option<Accepted> {
        let caller = self.settled.clone()?;
        Some(Accepted { caller })
    }

    /// Accepts a caller by the `token` in its body, if it has proved all that one of the callers
    /// must; the first of them that stands in the configuration.
    ///
    /// # Errors
    ///
    /// [`Refused`] if it is none of them.
    pub fn accept(&self, token: Option<&Secret>) -> Result<Accepted, Refused> {
        // No token is compared as an empty one, which no caller has: the same work either way.
        let given = TokenDigest::of(token.map_or("", Secret::expose));
        match self.first(Some(&given)).or_else(|| self.settled.clone()) {
            Some(caller) => Ok(Accepted { caller }),
            None => Err(self.refused(Reason::Token)),
        }
    }

    /// The refusal of a body that fails the first pass, and so proves nothing.
    #[must_use]
    pub const fn refused(&self, reason: Reason) -> Refused {
        let source = self.source;
        Refused { reason, source }
    }

    /// The first caller all of whose proofs hold. Every token of every caller is looked at.
    fn first(&self, given: Option<&TokenDigest>) -> Option<Caller> {
        let mut first = None;
        for (entry, has_certificate) in self.entries.iter().zip(&self.has_certificate) {
            let has_token = match (&entry.tokens, given) {
                (None, _) => true,
                (Some(tokens), Some(given)) => given.is_among(tokens),
                (Some(_), None) => false,
            };
            if has_token & has_certificate & first.is_none() {
                first = Some(Caller::Named(Arc::clone(&entry.name)));
            }
        }
        first
    }
}

#[cfg(test)]
mod tests;
