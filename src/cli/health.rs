//! `health`: asks a running mirror whether it is ready, for containers without a shell.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::runtime::Builder;

use super::{DONE, FAILED, USAGE, print};
use crate::config;
use crate::config::Flags;
use crate::config::Purpose;
use crate::config::World;
use crate::connections::url::BaseUrl;
use crate::egress::Dialler;
use crate::egress::Guard;
use crate::network::Bounds;

/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the admin listener at `url`, or at the address of the settings; the exit code.
pub(super) fn run(url: Option<String>, config: Option<PathBuf>) -> u8 {
    let url = match url {
        Some(url) => url,
        None => match address(config) {
            Ok(address) => format!("http://{address}"),
            Err(code) => return code,
        },
    };
    let base = match BaseUrl::parse(&url) {
        Ok(normalised) => normalised.base,
        Err(error) => {
            print::error(&format_args!("URL: {error}"));
            return USAGE;
        }
    };
    let target = base.endpoint(&["-", "ready"]);
    match ready(target.as_str()) {
        Ok(()) => {
            print::data("ready\n");
            DONE
        }
        Err(reason) => {
            print::error(&format_args!("{target}: {reason}"));
            FAILED
        }
    }
}

/// Where the settings say that the admin listener is.
fn address(config: Option<PathBuf>) -> Result<SocketAddr, u8> {
    let flags = Flags {
        config,
        ..Flags::default()
    };
    // Only the address is wanted: neither a key nor what stands in files.
    let world = World {
        purpose: Purpose::Show,
        ..super::world()
    };
    let loaded = config::load(&flags, world).map_err(|error| {
        print::findings(&error);
        USAGE
    })?;
    Ok(reachable(loaded.settings.admin_address()))
}

/// An address to ask a listener on `address` from the same machine.
pub(super) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn ready(target: &str) -> Result<(), String> {
    let uri: Uri = target
        .parse()
        .map_err(|_| "no URL to be asked".to_owned())?;
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let dialler = Dialler::new(Guard::default(), Bounds::default(), None, None);
        let client: Client<Dialler, Empty<Bytes>> =
            Client::builder(TokioExecutor::new()).build(dialler);
        let answer = tokio::time::timeout(PATIENCE, client.get(uri)).await;
        match answer.map_err(|_| "no answer in time".to_owned())? {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("answered {}", answer.status())),
            Err(error) => Err(causes(&error)),
        }
    })
}

/// The innermost cause, which is what the reader can do something about.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
