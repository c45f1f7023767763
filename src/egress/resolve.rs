//! From a name to addresses.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::timeout;

/// What a resolver does, by and by.
pub(super) type Resolving<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Something that knows the addresses of names.
pub(super) trait Resolve: Send + Sync {
    /// All addresses of `host`.
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a>;
}

/// The resolver of the system, with its files and search domains.
#[derive(Clone, Copy, Debug)]
pub(super) struct System;

impl Resolve for System {
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a> {
        Box::pin(async move {
            #[expect(
                clippy::disallowed_methods,
                reason = "this is the one place that resolves"
            )]
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Why a name has no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unresolved {
    /// What the resolver said.
    pub(super) reason: String,
    /// Whether it is the resolver that failed, and not the name: asking again may help.
    pub(super) is_temporary: bool,
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
        }),
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(error)) => Err(Unresolved::of(&error)),
        Err(_) => Err(Unresolved {
            reason: format!("no answer within {limit:?}"),
            is_temporary: true,
        }),
    }
}

impl Unresolved {
    /// The resolver tells its failures apart by text alone; glibc and musl each have one for "ask
    /// again later" (`EAI_AGAIN`), which is also what SERVFAIL becomes.
    fn of(error: &io::Error) -> Self {
        let text = error.to_string();
        let reason = text.rsplit(": ").next().unwrap_or(&text);
        let is_temporary =
            reason.starts_with("Temporary failure") || reason.starts_with("Try again");
        Self {
            reason: reason.to_owned(),
            is_temporary,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failure_that_may_pass_is_temporary() {
        #[track_caller]
        fn check(text: &str, expected: (&str, bool)) {
            let Unresolved {
                reason,
                is_temporary,
            } = Unresolved::of(&io::Error::other(text));
            assert_eq!((reason.as_str(), is_temporary), expected);
        }
        let prefix = "failed to lookup address information";
        check(
            &format!("{prefix}: Name or service not known"),
            ("Name or service not known", false),
        );
        check(
            &format!("{prefix}: Temporary failure in name resolution"),
            ("Temporary failure in name resolution", true),
        );
        check(&format!("{prefix}: Try again"), ("Try again", true));
    }
}
