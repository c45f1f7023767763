//! What a service manager says in the environment (`sd_notify(3)`, `sd_watchdog_enabled(3)`): where it
//! wants to hear that we are ready, and how often that we live.

use std::time::Duration;

use super::Environment;

/// Who supervises this process. The default: nobody that wants to be told anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Supervisor {
    /// Its socket: a path, or with `@` in front an abstract name. Variable `NOTIFY_SOCKET`.
    pub socket: Option<String>,
    /// Longer than this without a word, and it ends the process. Variable `WATCHDOG_USEC`, unless
    /// `WATCHDOG_PID` says that another process is meant.
    pub watchdog: Option<Duration>,
}

impl Supervisor {
    /// The supervisor that `environment` tells to the process `pid`.
    #[must_use]
    pub fn of(environment: &dyn Environment, pid: u32) -> Self {
        let number = |name| environment.variable(name)?.parse::<u64>().ok();
        let is_another = number("WATCHDOG_PID").is_some_and(|meant| meant != u64::from(pid));
        Self {
            socket: environment.variable("NOTIFY_SOCKET"),
            watchdog: number("WATCHDOG_USEC")
                .filter(|&micros| micros > 0 && !is_another)
                .map(Duration::from_micros),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[track_caller]
    fn check(watchdog: &[(&'static str, &'static str)], expected: Option<Duration>) {
        let mut variables: HashMap<&str, &str> = watchdog.iter().copied().collect();
        variables.insert("NOTIFY_SOCKET", "/run/systemd/notify");
        let supervisor = Supervisor::of(&variables, 7);
        assert_eq!(supervisor.socket.as_deref(), Some("/run/systemd/notify"));
        assert_eq!(supervisor.watchdog, expected);
    }

    #[test]
    fn a_watchdog_that_is_meant_for_another_process_is_none_of_ours() {
        let half_a_minute = Some(Duration::from_secs(30));
        check(&[], None);
        check(&[("WATCHDOG_USEC", "30000000")], half_a_minute);
        check(
            &[("WATCHDOG_USEC", "30000000"), ("WATCHDOG_PID", "7")],
            half_a_minute,
        );
        check(
            &[("WATCHDOG_USEC", "30000000"), ("WATCHDOG_PID", "8")],
            None,
        );
        check(&[("WATCHDOG_USEC", "0")], None);
        check(&[("WATCHDOG_USEC", "soon")], None);
    }

    #[test]
    fn without_a_service_manager_nobody_is_told_anything() {
        let none = HashMap::<&str, &str>::new();
        assert_eq!(Supervisor::of(&none, 7), Supervisor::default());
    }
}
