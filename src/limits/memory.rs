//! How much memory the control group of this process may use; version 2, or version 1.

use std::fs;
use std::path::{Path, PathBuf};

/// From here on a limit of version 1 says that there is none: it is the largest multiple of a page.
const NONE: u64 = 1 << 62;

/// The limit in bytes, if there is one.
pub(super) fn limit() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    limit_of(&groups, Path::new("/sys/fs/cgroup"))
}

/// The lowest limit of all groups that the process is in. `groups` is `/proc/self/cgroup`.
fn limit_of(groups: &str, root: &Path) -> Option<u64> {
    groups
        .lines()
        .filter_map(|line| {
            let mut parts = line.splitn(3, ':').skip(1);
            let (controllers, group) = (parts.next()?, parts.next()?);
            if controllers.is_empty() {
                lowest(root, group, "memory.max")
            } else if controllers.split(',').any(|it| it == "memory") {
                lowest(&root.join("memory"), group, "memory.limit_in_bytes")
            } else {
                None
            }
        })
        .min()
}

/// The lowest limit of a group and those that it lies in. In a container the group's path is often
/// that outside of it, and then the root is the container's own group.
fn lowest(root: &Path, group: &str, file: &str) -> Option<u64> {
    let group: PathBuf = root.join(group.trim_start_matches('/'));
    group
        .ancestors()
        .take_while(|folder| folder.starts_with(root))
        .filter_map(|folder| fs::read_to_string(folder.join(file)).ok())
        .filter_map(|text| text.trim().parse().ok())
        .filter(|limit| *limit < NONE)
        .min()
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
        assert_eq!(limit_of(groups, root.path()), expected);
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
    }

    #[test]
    fn without_groups_there_is_no_limit() {
        check("", &[], None);
        check("nonsense\n4:cpuset:/\n", &[("memory.max", "1\n")], None);
    }
}
