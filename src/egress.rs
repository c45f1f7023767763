//! The one dialler: every connection to a backend is made here and nowhere else (security.md,
//! "Egress guard").
//!
//! It resolves a name, connects to one of its addresses and speaks TLS on it. It knows neither
//! HTTP nor Prometheus, follows no redirect and takes no proxy from the environment.

pub mod address;
pub mod dial;
mod near;
mod proxy;
mod race;
mod stream;
pub mod tls;

pub use address::Refusal;
pub use dial::DialError;
pub use dial::Dialler;
pub use proxy::Proxy;
pub use stream::Stream;
pub use stream::Traffic;
pub use tls::Tls;
