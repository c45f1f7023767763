//! File descriptors: as many as we may have, some of them kept for the admin listener
//! (reliability.md, "The accept loop").

use rustix::process::Resource;
use rustix::process::Rlimit;
use rustix::process::getrlimit;
use rustix::process::setrlimit;
use socket2::Domain;
use socket2::Socket;
use socket2::Type;

/// Most connections of callers (security.md, "Limits on input").
const CONNECTIONS: usize = 10_000;
/// How many descriptors are kept for the admin listener.
const RESERVED: usize = 16;

/// Raises the soft limit to the hard one; how many descriptors we may have now.
pub(super) fn raise() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    let limit = if current == maximum {
        current
    } else {
        match setrlimit(Resource::Nofile, raised) {
            Ok(()) => maximum,
            Err(error) => {
                tracing::warn!(%error, "the limit of open files cannot be raised");
                current
            }
        }
    };
    // `None` is no limit.
    limit.map_or(usize::MAX, |it| usize::try_from(it).unwrap_or(usize::MAX))
}

/// How many connections callers may have if we may have `descriptors`: less than half of them, since
/// a connection to a backend can belong to each.
pub(super) fn connections(descriptors: usize) -> usize {
    let half = descriptors.saturating_sub(RESERVED + 1) / 2;
    half.clamp(1, CONNECTIONS)
}

/// Descriptors that are held so that there are some when there are no others.
#[derive(Debug, Default)]
pub(super) struct Reserve(Vec<Socket>);

impl Reserve {
    /// Holds as many as it can.
    pub(super) fn fill(&mut self) {
        while self.0.len() < RESERVED {
            // It is never connected: what matters is its number.
            let Ok(socket) = Socket::new(Domain::IPV4, Type::STREAM, None) else {
                return;
            };
            self.0.push(socket);
        }
    }

    /// Gives one back, if any is left.
    pub(super) fn give(&mut self) -> bool {
        self.0.pop().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(descriptors: usize, expected: usize) {
        let connections = connections(descriptors);
        assert_eq!(connections, expected);
        assert!(connections * 2 < descriptors.max(3), "not under half");
    }

    #[test]
    fn connections_are_ten_thousand_and_under_half_of_the_descriptors() {
        check(usize::MAX, 10_000);
        check(1 << 20, 10_000);
        check(20_017, 10_000);
        check(20_016, 9_999);
        check(1_024, 503);
        check(64, 23);
        check(17, 1);
        check(0, 1);
    }

    #[test]
    fn the_reserve_gives_what_it_holds_and_is_filled_again() {
        let mut reserve = Reserve::default();
        assert!(!reserve.give());
        reserve.fill();
        assert_eq!((0..99).filter(|_| reserve.give()).count(), RESERVED);
        reserve.fill();
        assert!(reserve.give());
    }
}
