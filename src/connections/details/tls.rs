//! `tls_config`, of a connection and of `oauth2`.

use super::block::Block;
use super::error::Unfit;
use super::fit;
use crate::connections::tls::ClientCertificate;
use crate::connections::tls::Tls;
use crate::connections::tls::TlsVersion;

/// Reads the block.
pub(super) fn read(mut block: Block<'_>) -> Tls {
    let ca = block.source("ca", "ca_file", fit::pem);
    let cert = block.source("cert", "cert_file", fit::pem);
    let key = block.source("key", "key_file", fit::pem_key);
    for (name, others) in [
        ("cert", ["key", "key_file"]),
        ("cert_file", ["key_file", "key"]),
        ("key", ["cert", "cert_file"]),
        ("key_file", ["cert_file", "cert"]),
    ] {
        block.needs_beside(name, &others);
    }
    let server_name = block.text("server_name", fit::server_name);
    let min_version = block.read("min_version", |given| {
        if given.choice(&[("TLS10", ()), ("TLS11", ())]).is_ok() {
            return Err(Unfit::refused("TLS12 is the lowest version"));
        }
        given.choice(&[("TLS12", TlsVersion::Tls12), ("TLS13", TlsVersion::Tls13)])
    });
    let insecure_skip_verify = block.flag("insecure_skip_verify");
    if insecure_skip_verify {
        if !block.rules.allow_insecure_tls {
            let text = "needs policy.allow_insecure_tls; better give the CA in ca";
            block.refuse("insecure_skip_verify", Unfit::refused(text));
        } else if ["cert", "cert_file", "key", "key_file"]
            .iter()
            .any(|name| block.has(name))
        {
            block.refuse("insecure_skip_verify", beside_credential());
        }
    }
    block.close();
    Tls {
        ca,
        client: cert
            .zip(key)
            .map(|(cert, key)| ClientCertificate { cert, key }),
        server_name,
        min_version: min_version.unwrap_or_default(),
        insecure_skip_verify,
    }
}

/// Why `insecure_skip_verify` is refused beside a credential: whoever answers would be handed it.
pub(super) fn beside_credential() -> Unfit {
    Unfit::refused("cannot stand beside a credential; give the CA in ca")
}
