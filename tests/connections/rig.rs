//! All that a case asks: one Prometheus, the peers and nginx before it, and a place where nobody
//! may come. Started once, put back to the start before each case.

use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;

use crate::aws;
use crate::engine::{Engine, Kind};
use crate::nginx::Nginx;
use crate::peer::Peer;
use crate::pki::Pki;
use crate::settings::Settings;
use crate::stored;
use crate::trap::Trap;

/// Of the client `mirror` at the token endpoint.
pub(crate) const CLIENT_SECRET: &str = "client s%cret+/=";

pub(crate) struct Rig {
    pub(crate) nginx: Nginx,
    pub(crate) amp: Peer,
    pub(crate) sts: Peer,
    pub(crate) oauth2: Peer,
    pub(crate) identity: Peer,
    pub(crate) proxy: Peer,
    pub(crate) trap: Trap,
    pub(crate) prometheus: Engine,
    pub(crate) pki: Pki,
    pub(crate) program: PathBuf,
    // Last, so that it outlives those who write into it.
    _folder: TempDir,
}

impl Rig {
    /// Starts everything.
    ///
    /// # Errors
    /// What is not here.
    pub(crate) fn start(settings: &Settings) -> Result<Self, &'static str> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join(".venv/bin/python");
        let is_here = |kind: &Kind| kind.program(&settings.backends).is_file();
        let kind = [Kind::OPEN, Kind::CLOSED].into_iter().find(is_here);
        let kind = kind.ok_or("Prometheus (scripts/backends.sh)")?;
        let unpacked = root.join("target/peers/nginx/usr/sbin/nginx");
        let nginx = [unpacked, "/usr/sbin/nginx".into()];
        let nginx = nginx.into_iter().find(|program| program.is_file());
        let nginx = nginx.ok_or("nginx (scripts/peers.sh)")?;
        if !python.is_file() {
            return Err(".venv (scripts/peers.sh)");
        }

        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        let prometheus = Engine::start(kind, &settings.backends, &place("prometheus"), None);
        let series = stored::series(stored::this_minute());
        prometheus.write(&series);
        let url = prometheus.url.as_str();
        let start =
            |script, arguments: &[&str]| Peer::start(&python, script, arguments, folder.path());
        let (trap, pki) = (Trap::open(), Pki::make(&place("pki")));
        let sts = start("sts.py", &[]);
        let rig = Self {
            nginx: Nginx::start(&nginx, &pki, url, &trap.url, &place("nginx")),
            amp: start("sigv4_proxy.py", &[url, &sts.url]),
            sts,
            oauth2: start("oauth2.py", &[url]),
            identity: start("identity.py", &[]),
            proxy: start("forward_proxy.py", &[]),
            trap,
            pki,
            program: kind.program(&settings.backends),
            prometheus,
            _folder: folder,
        };
        rig.prometheus.wait_for(&series);
        Ok(rig)
    }

    /// Everything as it was at the start.
    pub(crate) fn reset(&self) {
        for peer in [
            &self.amp,
            &self.sts,
            &self.oauth2,
            &self.identity,
            &self.proxy,
        ] {
            peer.reset();
        }
        self.nginx.reset();
        self.amp
            .set(&json!({"prefix": aws::WORKSPACE, "keys": aws::keys()}));
        self.sts.set(&json!({"keys": aws::keys()}));
        self.oauth2
            .set(&json!({"clients": {"mirror": CLIENT_SECRET}}));
    }
}
