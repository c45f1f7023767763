//! How much memory the control group of this process may use; version 2, or version 1.

use std::fs;
use std::path::{Path, PathBuf};

/// From here on a limit of version 1 says that there is none: it is the largest multiple of a page.
const NONE: u64 = 1 << 62;

/// The control group whose limit this process meets first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    limit: u64,
    folder: PathBuf,
    files: Files,
}

/// What the files of a version are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Files {
    limit: &'static str,
    usage: &'static str,
    /// What of `memory.stat` could be given back at once: pages of files that nobody used lately.
    spare: &'static str,
}

const VERSION_2: Files = Files {
    limit: "memory.max",
    usage: "memory.current",
    spare: "inactive_file",
};

const VERSION_1: Files = Files {
    limit: "memory.limit_in_bytes",
    usage: "memory.usage_in_bytes",
    spare: "total_inactive_file",
};

impl Group {
    /// That of this process, if any has a limit.
    #[must_use]
    pub fn of_this_process() -> Option<Self> {
        let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
        Self::of(&groups, Path::new("/sys/fs/cgroup"))
    }

    /// The one with the lowest limit of all that the process is in. `groups` is
    /// `/proc/self/cgroup`.
    fn of(groups: &str, root: &Path) -> Option<Self> {
        groups
            .lines()
            .filter_map(|line| {
                let mut parts = line.splitn(3, ':').skip(1);
                let (controllers, group) = (parts.next()?, parts.next()?);
                if controllers.is_empty() {
                    lowest(root, group, VERSION_2)
                } else if controllers.split(',').any(|it| it == "memory") {
                    lowest(&root.join("memory"), group, VERSION_1)
                } else {
                    None
                }
            })
            .min_by_key(|group| group.limit)
    }

    /// Its limit, in bytes.
    pub(super) const fn limit(&self) -> u64 {
        self.limit
    }

    /// For how many connections there is room at once: each takes up to 16 KiB while it idles, and all
    /// together a third of the limit.
    #[must_use]
    pub fn connections(&self) -> usize {
        usize::try_from(self.limit / (48 << 10)).unwrap_or(usize::MAX)
    }

    /// How much of its limit it uses, in percent; `None` if that cannot be read.
    #[must_use]
    pub fn used_percent(&self) -> Option<u64> {
        let Files { usage, spare, .. } = self.files;
        let read = |file| fs::read_to_string(self.folder.join(file)).ok();
        let used: u64 = read(usage)?.trim().parse().ok()?;
        let stat = read("memory.stat")?;
        let spare = stat
            .lines()
            .find_map(|line| line.strip_prefix(spare)?.trim().parse().ok())
            .unwrap_or(0);
        let used = used.saturating_sub(spare);
        Some(used.saturating_mul(100) / self.limit.max(1))
    }
}

/// The lowest limit of a group and those that it lies in. In a container the group's path is often
/// that outside of it, and then the root is the container's own group.
fn lowest(root: &Path, group: &str, files: Files) -> Option<Group> {
    let group: PathBuf = root.join(group.trim_start_matches('/'));
    group
        .ancestors()
        .take_while(|folder| folder.starts_with(root))
        .filter_map(|folder| {
            let text = fs::read_to_string(folder.join(files.limit)).ok()?;
            let limit = text.trim().parse().ok().filter(|limit| *limit < NONE)?;
            Some(Group {
                limit,
                folder: folder.to_owned(),
                files,
            })
        })
        .min_by_key(|group| group.limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks which limit the process has whose groups and files are these.
    #[track_caller]
    fn check(groups: &str, files: &[(&str, &str)], expected: Option<u64>) {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = root.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let found = Group::of(groups, root.path());
        assert_eq!(found.as_ref().map(Group::limit), expected);
    }

    #[test]
    fn version_2_names_the_limit_in_the_group_or_above() {
        let files = [("a/memory.max", "max\n"), ("a/b/memory.max", "67108864\n")];
        check("0::/a/b\n", &files, Some(64 << 20));
        let files = [("a/memory.max", "4096\n"), ("a/b/memory.max", "8192\n")];
        check("0::/a/b\n", &files, Some(4096));
        check("0::/a\n", &[("a/memory.max", "max\n")], None);
    }

    #[test]
    fn connections_that_idle_fill_a_third_of_the_memory() {
        let root = tempfile::tempdir().unwrap();
        for (limit, expected) in [(64 << 20, 1_365), (512 << 20, 10_922)] {
            fs::write(root.path().join("memory.max"), format!("{limit}\n")).unwrap();
            let group = Group::of("0::/\n", root.path()).unwrap();
            assert_eq!(group.connections(), expected);
        }
    }

    #[test]
    fn inside_a_container_the_root_is_its_own_group() {
        let files = [("memory.max", "67108864\n")];
        check("0::/../outside/pod\n", &files, Some(64 << 20));
        check("0::/\n", &files, Some(64 << 20));
    }

    #[test]
    fn version_1_has_a_folder_of_its_own() {
        let groups = "9:name=systemd:/\n4:cpu,memory:/a\n0::/\n";
        let file = "memory/a/memory.limit_in_bytes";
        check(groups, &[(file, "67108864\n")], Some(64 << 20));
        check(groups, &[(file, "9223372036854771712\n")], None);
        check(groups, &[(file, "4611686018427387904\n")], None);
        check("4:memory:/a\n", &[(file, "67108864\n")], Some(64 << 20));
        check("4:cpuset:/a\n", &[(file, "67108864\n")], None);
    }

    #[test]
    fn without_groups_there_is_no_limit() {
        check("", &[], None);
        check("nonsense\n4:cpuset:/\n", &[("memory.max", "1\n")], None);
    }

    /// Checks how much is used of 1,000 bytes where these files tell it.
    #[track_caller]
    fn check_used(files: Files, usage: &str, stat: &str, expected: Option<u64>) {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(files.limit), "1000\n").unwrap();
        fs::write(root.path().join(files.usage), usage).unwrap();
        fs::write(root.path().join("memory.stat"), stat).unwrap();
        let group = lowest(root.path(), "/", files).unwrap();
        assert_eq!(group.used_percent(), expected);
    }

    #[test]
    fn pages_of_files_that_nobody_used_lately_are_not_used() {
        let stat = "anon 1\ninactive_file 50\nslab 2\n";
        check_used(VERSION_2, "1000\n", stat, Some(95));
        let stat = "inactive_file 10\ntotal_inactive_file 100\n";
        check_used(VERSION_1, "1000\n", stat, Some(90));
        check_used(VERSION_2, "929\n", "", Some(92));
        check_used(VERSION_2, "nonsense", "", None);
    }
}
