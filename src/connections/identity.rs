//! As whom a connection asks, as a key for caches: what belongs to one identity is never given to
//! another (security.md, "Cache keys").
//!
//! The key is an HMAC-SHA-256 under a key of this process that nobody else knows. A plain hash of
//! secrets could be tried out by whoever sees it, and a short one could meet another's by chance.
//! `ring` computes it: TLS brings it along already, so it costs no code of its own.

mod parts;

use std::fmt;

use ring::hmac;

use crate::connections::Connection;

/// The key under which this process hashes identities. Cheap to clone.
#[derive(Clone)]
pub struct ProcessKey(hmac::Key);

/// Equal for two values that are equal in every field.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity([u8; 32]);

/// Something that an identity is made of.
pub trait Part {
    /// Adds every field, in a form that ends where it ends: nothing of one field can be taken for
    /// the next.
    fn put(&self, digest: &mut Digest);
}

/// An identity in the making.
pub struct Digest(hmac::Context);

impl ProcessKey {
    /// A key of 32 bytes that `fill` makes.
    #[must_use]
    pub fn new<E>(fill: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Self {
        let mut key = [0; 32];
        // A key that is known only makes the hash one without a key: it still tells values apart,
        // and it never leaves the process.
        let _ = fill(&mut key);
        Self(hmac::Key::new(hmac::HMAC_SHA256, &key))
    }

    /// A random key.
    #[must_use]
    pub fn random() -> Self {
        Self::new(getrandom::fill)
    }

    /// The identity of a value.
    #[must_use]
    pub fn identity<T: Part + ?Sized>(&self, value: &T) -> Identity {
        let mut digest = Digest(hmac::Context::with_key(&self.0));
        value.put(&mut digest);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.0.sign().as_ref());
        Identity(bytes)
    }
}

impl Digest {
    /// Adds bytes with their length before them.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    /// Adds which of several forms follows.
    pub fn form(&mut self, form: u8) {
        self.0.update(&[form]);
    }

    /// Adds fields in their order.
    pub fn all(&mut self, fields: &[&dyn Part]) {
        for field in fields {
            field.put(self);
        }
    }
}

/// Whatever is asked of whom, as whom and for whom: two connections that are equal in it get the same answers to
/// the same calls. Not in it: how long to wait, and how answers are read.
impl Part for Connection {
    fn put(&self, digest: &mut Digest) {
        let Self {
            caller,
            // A name leads to settings that are all here; two names for the same are the same.
            name: _,
            url,
            timeout: _,
            http_method,
            query_parameters,
            authentication,
            headers,
            tls,
            proxy,
            reach,
            enable_http2,
            compression: _,
            options: _,
        } = self;
        digest.all(&[
            caller,
            url.url(),
            http_method,
            query_parameters,
            authentication,
            headers,
            tls,
            proxy,
            reach,
            enable_http2,
        ]);
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One text at once: each request has it written.
        let digits = b"0123456789abcdef";
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = digits[usize::from(byte >> 4)];
            pair[1] = digits[usize::from(byte & 0xf)];
        }
        f.write_str(str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for ProcessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests;
