//! The one dialler: every connection to a backend is made here and nowhere else (security.md,
//! "Egress guard").
//!
//! It resolves a name once, refuses it if one of its addresses is never dialled, connects to one of
//! them and speaks TLS on it. It knows neither HTTP nor Prometheus, follows no redirect and takes no
//! proxy from the environment. [`AmbientDialler`] alone dials without the guard.

pub mod address;
mod ambient;
pub mod dial;
mod guard;
mod kept;
mod near;
mod proxy;
mod race;
mod resolve;
mod stream;
pub mod tls;

pub use address::Refusal;
pub use ambient::AmbientDialler;
pub use dial::DialError;
pub use dial::Dialler;
pub use guard::Guard;
pub use proxy::Proxy;
pub use stream::Stream;
pub use stream::Traffic;
pub use stream::Veil;
pub use stream::Wire;
pub use tls::Tls;
