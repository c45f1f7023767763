//! What identities are made of. Every type is taken apart without `..`: a new field does not
//! compile until someone decides whether it belongs to the identity.

use std::path::PathBuf;
use std::time::Duration;

use super::{Digest, Part};
use crate::caller::Caller;
use crate::connections::Header;
use crate::connections::HttpMethod;
use crate::connections::Proxy;
use crate::connections::auth::Authentication;
use crate::connections::auth::Authorization;
use crate::connections::auth::Aws;
use crate::connections::auth::AwsBlock;
use crate::connections::auth::AwsKeys;
use crate::connections::auth::Basic;
use crate::connections::auth::OAuth2;
use crate::connections::auth::SecretSource;
use crate::connections::reach::Reach;
use crate::connections::tls::ClientCertificate;
use crate::connections::tls::Tls;
use crate::connections::tls::TlsVersion;
use crate::network::Bounds;
use crate::network::Network;
use crate::secret::Secret;

impl Part for str {
    fn put(&self, digest: &mut Digest) {
        digest.bytes(self.as_bytes());
    }
}

impl Part for String {
    fn put(&self, digest: &mut Digest) {
        self.as_str().put(digest);
    }
}

impl Part for Secret {
    fn put(&self, digest: &mut Digest) {
        self.expose().put(digest);
    }
}

impl Part for PathBuf {
    fn put(&self, digest: &mut Digest) {
        digest.bytes(self.as_os_str().as_encoded_bytes());
    }
}

impl Part for ::url::Url {
    fn put(&self, digest: &mut Digest) {
        self.as_str().put(digest);
    }
}

impl Part for bool {
    fn put(&self, digest: &mut Digest) {
        digest.form((*self).into());
    }
}

impl Part for Duration {
    fn put(&self, digest: &mut Digest) {
        digest.bytes(&self.as_nanos().to_be_bytes());
    }
}

impl<T: Part> Part for Option<T> {
    fn put(&self, digest: &mut Digest) {
        self.is_some().put(digest);
        if let Some(value) = self {
            value.put(digest);
        }
    }
}

impl<T: Part> Part for Vec<T> {
    fn put(&self, digest: &mut Digest) {
        digest.bytes(&self.len().to_be_bytes());
        for member in self {
            member.put(digest);
        }
    }
}

impl<A: Part, B: Part> Part for (A, B) {
    fn put(&self, digest: &mut Digest) {
        let (first, second) = self;
        digest.all(&[first, second]);
    }
}

impl Part for Caller {
    fn put(&self, digest: &mut Digest) {
        match self {
            Self::Anyone => digest.form(0),
            Self::Network => digest.form(1),
            Self::Named(name) => {
                digest.form(2);
                name.put(digest);
            }
        }
    }
}

impl Part for HttpMethod {
    fn put(&self, digest: &mut Digest) {
        digest.form(match self {
            Self::Post => 0,
            Self::Get => 1,
        });
    }
}

/// A file counts by its path; what it holds is its reader's business.
impl Part for SecretSource {
    fn put(&self, digest: &mut Digest) {
        match self {
            Self::Inline(secret) => {
                digest.form(0);
                secret.put(digest);
            }
            Self::File(path) => {
                digest.form(1);
                path.put(digest);
            }
        }
    }
}

impl Part for Header {
    fn put(&self, digest: &mut Digest) {
        let Self {
            name,
            value,
            // What is sent is the same.
            is_secret: _,
        } = self;
        digest.all(&[name, value]);
    }
}

impl Part for Authentication {
    fn put(&self, digest: &mut Digest) {
        let (form, block): (u8, &dyn Part) = match self {
            Self::None => (0, &false),
            Self::Basic(basic) => (1, basic),
            Self::Authorization(authorization) => (2, authorization),
            Self::OAuth2(oauth2) => (3, &**oauth2),
            Self::Aws(aws) => (4, &**aws),
        };
        digest.form(form);
        block.put(digest);
    }
}

impl Part for Basic {
    fn put(&self, digest: &mut Digest) {
        let Self { username, password } = self;
        digest.all(&[username, password]);
    }
}

impl Part for Authorization {
    fn put(&self, digest: &mut Digest) {
        let Self {
            // Both spellings make the same header.
            block: _,
            scheme,
            credentials,
        } = self;
        digest.all(&[scheme, credentials]);
    }
}

impl Part for OAuth2 {
    fn put(&self, digest: &mut Digest) {
        let Self {
            client_id,
            client_secret,
            token_url,
            scopes,
            endpoint_params,
            tls,
        } = self;
        digest.all(&[
            client_id,
            client_secret,
            token_url,
            scopes,
            endpoint_params,
            tls,
        ]);
    }
}

impl Part for Aws {
    fn put(&self, digest: &mut Digest) {
        let Self {
            block,
            role_arn,
            external_id,
            role_session_name,
            session_length,
            keys,
            region,
            service,
            profile,
            sts_region,
            use_fips_sts_endpoint,
            sts_endpoint,
            web_identity_token_file,
        } = self;
        digest.form(match block {
            AwsBlock::Aws => 0,
            AwsBlock::Sigv4 => 1,
        });
        digest.all(&[
            role_arn,
            external_id,
            role_session_name,
            session_length,
            keys,
            region,
            service,
            profile,
            sts_region,
            use_fips_sts_endpoint,
            sts_endpoint,
            web_identity_token_file,
        ]);
    }
}

impl Part for AwsKeys {
    fn put(&self, digest: &mut Digest) {
        let Self {
            id,
            secret,
            session_token,
        } = self;
        digest.all(&[id, secret, session_token]);
    }
}

impl Part for Tls {
    fn put(&self, digest: &mut Digest) {
        let Self {
            ca,
            client,
            server_name,
            min_version,
            insecure_skip_verify,
        } = self;
        digest.all(&[ca, client, server_name, insecure_skip_verify]);
        digest.form(match min_version {
            TlsVersion::Tls12 => 0,
            TlsVersion::Tls13 => 1,
        });
    }
}

impl Part for ClientCertificate {
    fn put(&self, digest: &mut Digest) {
        let Self { cert, key } = self;
        digest.all(&[cert, key]);
    }
}

impl Part for Proxy {
    fn put(&self, digest: &mut Digest) {
        let Self { url, no_proxy } = self;
        digest.all(&[url, no_proxy]);
    }
}

/// What may be reached counts: what was found while more was allowed is found no more.
impl Part for Reach {
    fn put(&self, digest: &mut Digest) {
        let Self {
            backend,
            token,
            proxy,
        } = self;
        digest.all(&[backend, token, proxy]);
    }
}

impl Part for Bounds {
    fn put(&self, digest: &mut Digest) {
        let Self {
            networks,
            allows_private,
            is_veiled,
        } = self;
        digest.all(&[networks, allows_private, is_veiled]);
    }
}

impl Part for Network {
    fn put(&self, digest: &mut Digest) {
        self.to_string().put(digest);
    }
}
