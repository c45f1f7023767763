//! What the kernel tells of memory, and a control group of a test's own.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The peak of the resident memory of a process, where the kernel tells it.
pub(crate) fn peak_kib(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// A memory control group. It goes with this value, when nothing is in it any more.
pub(crate) struct Group(PathBuf);

impl Group {
    /// One with a limit in bytes, where one may be made: as root on a machine with control groups. Where
    /// none may, the test says that it shows nothing.
    pub(crate) fn of(limit: u64) -> Option<Self> {
        static GROUPS: AtomicUsize = AtomicUsize::new(0);
        let number = GROUPS.fetch_add(1, Ordering::Relaxed);
        let name = format!("mirror-test-{}-{number}", process::id());
        let version_1 = Path::new("/sys/fs/cgroup/memory").join(&name);
        let version_2 = Path::new("/sys/fs/cgroup").join(&name);
        [
            (version_1, "memory.limit_in_bytes"),
            (version_2, "memory.max"),
        ]
        .into_iter()
        .find_map(|(folder, file)| {
            fs::create_dir(&folder).ok()?;
            let group = Self(folder);
            let limited = fs::write(group.0.join(file), limit.to_string());
            limited.is_ok().then_some(group)
        })
        .or_else(|| {
            #[expect(clippy::print_stdout, reason = "what was not shown is to be known")]
            {
                println!("skipped: no memory control group can be made here");
            }
            None
        })
    }

    /// The file that takes the ids of processes that join.
    pub(crate) fn procs(&self) -> PathBuf {
        self.0.join("cgroup.procs")
    }

    /// How many bytes all in it use.
    pub(crate) fn used(&self) -> u64 {
        let read = |file: &str| fs::read_to_string(self.0.join(file)).ok();
        let text = read("memory.current").or_else(|| read("memory.usage_in_bytes"));
        text.unwrap().trim().parse().unwrap()
    }

    /// How often the kernel killed something in it.
    pub(crate) fn kills(&self) -> u64 {
        let read = |file: &str| fs::read_to_string(self.0.join(file)).ok();
        let text = read("memory.events").or_else(|| read("memory.oom_control"));
        let lines = text.unwrap_or_default();
        let count = lines.lines().find_map(|it| it.strip_prefix("oom_kill "));
        count.map_or(0, |count| count.trim().parse().unwrap())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}
