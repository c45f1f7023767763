//! What tells clients apart: everything that a connection of theirs is made with, and no credential
//! (connections.md, "The HTTP client").

use std::hash::{Hash, Hasher};
use std::path::PathBuf;

use url::Url;

use crate::connections::Proxy;
use crate::connections::auth::SecretSource;
use crate::connections::tls::ClientCertificate;
use crate::connections::tls::Tls;
use crate::connections::tls::TlsVersion;
use crate::network::Bounds;
use crate::secret::Secret;
use crate::upstream::client::no_proxy;
use crate::upstream::credentials;
use crate::upstream::credentials::CredentialError;
use crate::upstream::credentials::files::Files;

/// Where a connection leads and how it is made.
#[derive(Clone, Copy, Debug)]
pub(in crate::upstream) struct Way<'a> {
    /// The name of the connection, if it has one; for the instruments alone.
    pub(in crate::upstream) name: Option<&'a str>,
    /// Scheme, host and port count, nothing else of it.
    pub(in crate::upstream) url: &'a Url,
    pub(in crate::upstream) tls: &'a Tls,
    /// The block of the connection details that `tls` stands in.
    pub(in crate::upstream) tls_block: &'static str,
    pub(in crate::upstream) proxy: Option<&'a Proxy>,
    /// Which addresses the host may have, and the proxy.
    pub(in crate::upstream) bounds: &'a Bounds,
    pub(in crate::upstream) proxy_bounds: &'a Bounds,
    pub(in crate::upstream) enable_http2: bool,
}

/// Which client. Material from files counts by path here and by content in [`Material`], so that
/// new content is known as new content of the same client.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) is_https: bool,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) proxy: Option<(Url, Bounds)>,
    /// What was allowed when a connection was made is not what is allowed to another.
    pub(super) bounds: Bounds,
    pub(super) offers_h2: bool,
    pub(super) only_tls13: bool,
    pub(super) trusts_anyone: bool,
    pub(super) server_name: Option<String>,
    ca: Option<Source>,
    cert: Option<Source>,
    key: Option<Source>,
}

/// Which backend, for what is remembered of it whoever asks: which addresses are allowed to one caller
/// is not what tells it from another (reliability.md, "Circuit breaker").
#[derive(Clone, PartialEq, Eq, Hash)]
pub(in crate::upstream) struct BackendKey {
    base: String,
    way: Key,
}

/// The TLS material of a client as it is now.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Material {
    pub(super) ca: Option<Text>,
    /// Certificate and key.
    pub(super) identity: Option<(Text, Text)>,
}

/// A text that is compared by what it holds, and is not shown.
#[derive(Clone)]
pub(super) struct Text(Secret);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Source {
    Inline(Text),
    File(PathBuf),
}

impl Way<'_> {
    /// The proxy, unless the host is one that is dialled without it.
    pub(super) fn proxy(&self) -> Option<&Url> {
        let host = self.url.host_str()?;
        let port = self.url.port_or_known_default()?;
        let proxy = self.proxy?;
        (!no_proxy::covers(&proxy.no_proxy, host, port)).then_some(&proxy.url)
    }

    pub(super) fn key(&self) -> Key {
        // Without `..`: a new setting does not compile until it is decided on.
        let Tls {
            ca,
            client,
            server_name,
            min_version,
            insecure_skip_verify,
        } = self.tls;
        let (cert, key) = match client {
            Some(ClientCertificate { cert, key }) => (Some(cert), Some(key)),
            None => (None, None),
        };
        let is_https = self.url.scheme() == "https";
        let source = |source: Option<&SecretSource>| source.map(Source::of);
        Key {
            is_https,
            host: self.url.host_str().unwrap_or_default().to_owned(),
            port: self.url.port_or_known_default().unwrap_or_default(),
            proxy: self
                .proxy()
                .map(|url| (url.clone(), self.proxy_bounds.clone())),
            bounds: self.bounds.clone(),
            offers_h2: self.enable_http2 && is_https,
            only_tls13: *min_version == TlsVersion::Tls13,
            trusts_anyone: *insecure_skip_verify,
            server_name: server_name.clone(),
            ca: source(ca.as_ref()),
            cert: source(cert),
            key: source(key),
        }
    }

    /// The backend at its end.
    pub(in crate::upstream) fn backend(&self) -> BackendKey {
        let key = self.key();
        let proxy = key.proxy.map(|(url, _)| (url, Bounds::default()));
        BackendKey {
            base: self.url.as_str().to_owned(),
            way: Key {
                bounds: Bounds::default(),
                offers_h2: false,
                proxy,
                ..key
            },
        }
    }

    /// The material as it is now.
    pub(super) async fn material(&self, files: &Files) -> Result<Material, CredentialError> {
        let mut material = Material::default();
        if let Some(source) = &self.tls.ca {
            material.ca = Some(self.text(files, source, "ca").await?);
        }
        if let Some(client) = &self.tls.client {
            let cert = self.text(files, &client.cert, "cert").await?;
            let key = self.text(files, &client.key, "key").await?;
            material.identity = Some((cert, key));
        }
        Ok(material)
    }

    async fn text(
        &self,
        files: &Files,
        source: &SecretSource,
        name: &str,
    ) -> Result<Text, CredentialError> {
        let key = format!("{}.{name}", self.tls_block);
        let found = credentials::find(files, source, &key).await?;
        Ok(Text(found.secret))
    }
}

impl Source {
    fn of(source: &SecretSource) -> Self {
        match source {
            SecretSource::Inline(secret) => Self::Inline(Text(secret.clone())),
            SecretSource::File(path) => Self::File(path.clone()),
        }
    }
}

impl Text {
    pub(super) fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.expose().hash(state);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const OPEN: Bounds = Bounds {
        networks: None,
        allows_private: true,
        is_veiled: false,
    };

    pub(in crate::upstream::client) fn key(host: &str) -> Key {
        let url = Url::parse(&format!("https://h{host}/prefix")).unwrap();
        let tls = Tls::default();
        way(&url, &tls).key()
    }

    impl BackendKey {
        /// The one at `url`, with no TLS settings and no proxy.
        pub(in crate::upstream) fn of(url: &Url) -> Self {
            way(url, &Tls::default()).backend()
        }
    }

    pub(in crate::upstream::client) fn material(text: &str) -> Material {
        Material {
            ca: Some(Text(Secret::new(text.to_owned()))),
            identity: None,
        }
    }

    fn way<'a>(url: &'a Url, tls: &'a Tls) -> Way<'a> {
        Way {
            name: None,
            url,
            tls,
            tls_block: "tls_config",
            proxy: None,
            bounds: &OPEN,
            proxy_bounds: &OPEN,
            enable_http2: false,
        }
    }

    /// Checks whether a way with another address or another proxy has another client.
    #[track_caller]
    fn check(url: &str, proxy: Option<&str>, enable_http2: bool, is_same: bool) {
        let tls = Tls::default();
        let one = Url::parse("https://h/prefix").unwrap();
        let other = Url::parse(url).unwrap();
        let proxy = proxy.map(|url| Proxy {
            url: Url::parse(url).unwrap(),
            no_proxy: vec!["exempt".to_owned()],
        });
        let changed = Way {
            proxy: proxy.as_ref(),
            enable_http2,
            ..way(&other, &tls)
        };
        assert_eq!(changed.key() == way(&one, &tls).key(), is_same, "{url}");
    }

    #[test]
    fn scheme_host_port_proxy_and_version_tell_clients_apart() {
        check("https://h:443/other?path", None, false, true);
        check("http://h:443", None, false, false);
        check("https://i", None, false, false);
        check("https://h:8443", None, false, false);
        check("https://h", Some("http://proxy:3128"), false, false);
        check("https://h", None, true, false);
    }

    #[test]
    fn a_proxy_that_is_not_used_does_not_count() {
        let url = Url::parse("https://exempt").unwrap();
        let tls = Tls::default();
        let proxy = Proxy {
            url: Url::parse("http://proxy:3128").unwrap(),
            no_proxy: vec!["exempt".to_owned()],
        };
        let with = Way {
            proxy: Some(&proxy),
            ..way(&url, &tls)
        };
        assert!(with.key() == way(&url, &tls).key());
    }

    #[test]
    fn what_may_be_dialled_tells_clients_apart() {
        let url = Url::parse("https://h").unwrap();
        let tls = Tls::default();
        let proxy = Proxy {
            url: Url::parse("http://proxy:3128").unwrap(),
            no_proxy: Vec::new(),
        };
        let narrow = Bounds {
            allows_private: false,
            ..OPEN
        };
        let key = |bounds, proxy_bounds, proxy| {
            Way {
                bounds,
                proxy_bounds,
                proxy,
                ..way(&url, &tls)
            }
            .key()
        };
        assert!(key(&OPEN, &OPEN, None) != key(&narrow, &OPEN, None));
        assert!(key(&OPEN, &OPEN, Some(&proxy)) != key(&OPEN, &narrow, Some(&proxy)));
        assert!(key(&OPEN, &OPEN, None) == key(&OPEN, &narrow, None));
    }

    #[test]
    fn a_backend_is_the_same_whatever_may_be_dialled_and_whichever_version_is_offered() {
        let url = Url::parse("https://h").unwrap();
        let tls = Tls::default();
        let narrow = Bounds {
            allows_private: false,
            ..OPEN
        };
        let plain = way(&url, &tls).backend();
        let backend = |bounds, enable_http2| {
            let other = Way {
                bounds,
                enable_http2,
                ..way(&url, &tls)
            };
            other.backend()
        };
        assert!(backend(&narrow, false) == plain);
        assert!(backend(&OPEN, true) == plain);
    }

    #[test]
    fn a_client_wants_the_version_of_tls_that_is_set() {
        let url = Url::parse("https://h").unwrap();
        for (min_version, expected) in [(TlsVersion::Tls12, false), (TlsVersion::Tls13, true)] {
            let tls = Tls {
                min_version,
                ..Tls::default()
            };
            assert_eq!(way(&url, &tls).key().only_tls13, expected);
        }
    }

    #[test]
    fn each_credential_of_a_proxy_has_a_client() {
        let url = Url::parse("https://h").unwrap();
        let tls = Tls::default();
        let [one, other] = ["a", "b"].map(|password| Proxy {
            url: Url::parse(&format!("http://u:{password}@proxy")).unwrap(),
            no_proxy: Vec::new(),
        });
        let [one, other] = [&one, &other].map(|proxy| {
            let proxy = Some(proxy);
            Way {
                proxy,
                ..way(&url, &tls)
            }
            .key()
        });
        assert!(one != other);
    }

    #[test]
    fn each_setting_of_tls_tells_clients_apart() {
        let inline = |text: &str| SecretSource::Inline(Secret::new(text.to_owned()));
        let file = |path: &str| SecretSource::File(path.into());
        let pair = |cert, key| Some(ClientCertificate { cert, key });
        let plain = Tls::default;
        let all = [
            plain(),
            Tls {
                ca: Some(inline("a")),
                ..plain()
            },
            Tls {
                ca: Some(inline("b")),
                ..plain()
            },
            Tls {
                ca: Some(file("a")),
                ..plain()
            },
            Tls {
                client: pair(inline("a"), inline("b")),
                ..plain()
            },
            Tls {
                client: pair(inline("b"), inline("b")),
                ..plain()
            },
            Tls {
                client: pair(inline("a"), inline("a")),
                ..plain()
            },
            Tls {
                server_name: Some("a".to_owned()),
                ..plain()
            },
            Tls {
                min_version: TlsVersion::Tls13,
                ..plain()
            },
            Tls {
                insecure_skip_verify: true,
                ..plain()
            },
        ];
        let url = Url::parse("https://h").unwrap();
        for (at, one) in all.iter().enumerate() {
            for (beside, other) in all.iter().enumerate() {
                let is_same = way(&url, one).key() == way(&url, other).key();
                assert_eq!(is_same, at == beside, "{at} {beside}");
            }
        }
    }
}
