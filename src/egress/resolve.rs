//! From a name to addresses.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::net::ToSocketAddrs as _;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// What a resolver does, by and by.
pub(super) type Resolving<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Something that knows the addresses of names.
pub(super) trait Resolve: Send + Sync {
    /// All addresses of `host`.
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a>;
}

/// Most lookups at a time. One holds a thread until the resolver gives up, however long nobody has
/// waited for it; secrets are read from files on the same threads, of which the runtime has 512.
const LOOKUPS: usize = 256;

/// The resolver of the system, with its files and search domains.
#[derive(Clone, Debug)]
pub(super) struct System {
    lookups: Arc<Semaphore>,
}

impl Default for System {
    fn default() -> Self {
        Self::of(LOOKUPS)
    }
}

impl System {
    /// One that looks up so many names at a time.
    fn of(lookups: usize) -> Self {
        Self {
            lookups: Arc::new(Semaphore::new(lookups)),
        }
    }

    /// What `lookup` finds, once there is room for it. The room is free when it has ended, and not when
    /// nobody waits for it any more.
    async fn within_room<T: Send + 'static>(
        &self,
        lookup: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let room = Arc::clone(&self.lookups).acquire_owned().await;
        let room = room.map_err(io::Error::other)?;
        let looking = spawn_blocking(move || {
            let found = lookup();
            drop(room);
            found
        });
        looking.await.map_err(io::Error::other)?
    }
}

impl Resolve for System {
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a> {
        let host = host.to_owned();
        Box::pin(self.within_room(move || {
            let found = (host.as_str(), 0).to_socket_addrs()?;
            Ok(found.map(|address| address.ip()).collect())
        }))
    }
}

/// Why a name has no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unresolved {
    /// What the resolver said.
    pub(super) reason: String,
    /// Whether asking again may help.
    pub(super) is_temporary: bool,
    /// Whether the name does not exist. Anything else is no word on that: glibc says of a name that
    /// it has no address also where one server failed and another had none of one version (measured
    /// with glibc 2.36).
    pub(super) is_gone: bool,
}

/// The addresses of `host`, at least one, within `limit`.
pub(super) async fn resolve(
    resolver: &dyn Resolve,
    host: &str,
    limit: Duration,
) -> Result<Vec<IpAddr>, Unresolved> {
    match timeout(limit, resolver.resolve(host)).await {
        Ok(Ok(addresses)) if addresses.is_empty() => Err(Unresolved {
            reason: "it has no address".to_owned(),
            is_temporary: false,
            is_gone: false,
        }),
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(error)) => Err(Unresolved::of(&error)),
        Err(_) => Err(Unresolved {
            reason: format!("no answer within {limit:?}"),
            is_temporary: true,
            is_gone: false,
        }),
    }
}

impl Unresolved {
    /// The resolver tells its failures apart by text alone; glibc and musl each have one for "ask
    /// again later" (`EAI_AGAIN`), which is also what SERVFAIL becomes, and one for NXDOMAIN
    /// (`EAI_NONAME`).
    fn of(error: &io::Error) -> Self {
        let text = error.to_string();
        let reason = text.rsplit(": ").next().unwrap_or(&text);
        let is = |texts: [&str; 2]| texts.iter().any(|text| reason.starts_with(text));
        Self {
            reason: reason.to_owned(),
            is_temporary: is(["Temporary failure", "Try again"]),
            is_gone: is(["Name or service not known", "Name does not resolve"]),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_lookup_that_nobody_waits_for_any_more_keeps_its_room_until_it_ends() {
        let system = System::of(1);
        let (ends, hangs) = mpsc::channel::<()>();
        let hung = system.within_room(move || {
            let _ = hangs.recv();
            Ok(())
        });
        let moment = Duration::from_millis(50);
        assert!(timeout(moment, hung).await.is_err());
        let next = || system.within_room(|| Ok("found"));
        assert!(timeout(moment, next()).await.is_err(), "there was room");
        drop(ends);
        assert_eq!(next().await.unwrap(), "found");
    }

    #[test]
    fn what_may_pass_is_told_from_a_name_that_does_not_exist() {
        #[track_caller]
        fn check(text: &str, is_temporary: bool, is_gone: bool) {
            let error = format!("failed to lookup address information: {text}");
            let expected = Unresolved {
                reason: text.to_owned(),
                is_temporary,
                is_gone,
            };
            assert_eq!(Unresolved::of(&io::Error::other(error)), expected);
        }
        check("Name or service not known", false, true);
        check("Name does not resolve", false, true);
        check("Temporary failure in name resolution", true, false);
        check("Try again", true, false);
        check("No address associated with hostname", false, false);
        check("Non-recoverable failure in name resolution", false, false);
    }
}
