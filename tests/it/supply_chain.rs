//! What the program is built from, as far as files say it (security.md, "Supply chain"); cargo-deny
//! looks at the rest.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// Most direct dependencies. Those of tests alone do not count: they are in no program.
const DEPENDENCIES: usize = 43;

/// The least versions of crates that were wrong before.
const FLOORS: [(&str, [u64; 3]); 3] = [
    ("idna", [1, 0, 3]),
    ("tracing-subscriber", [0, 3, 20]),
    ("h2", [0, 4, 16]),
];

/// Two versions of one of these would be two policies.
const ONLY_ONCE: [&str; 3] = ["rustls", "hyper", "http"];

/// The folder of the project.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// The files below `folder`, and in the folders of it.
pub(crate) fn files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found
}

/// The versions of a crate in `Cargo.lock`.
fn versions(name: &str) -> Vec<[u64; 3]> {
    let lock = read("Cargo.lock");
    let mark = format!("\nname = \"{name}\"\nversion = \"");
    let after = lock.split(&mark).skip(1);
    let version = after.map(|rest| rest.split(['"', '-', '+']).next().unwrap());
    version
        .map(|version| {
            let mut parts = version.split('.').map(|part| part.parse().unwrap());
            [(); 3].map(|()| parts.next().unwrap())
        })
        .collect()
}

#[test]
fn there_are_few_direct_dependencies_and_none_of_another_source() {
    let manifest = read("Cargo.toml");
    let (_, rest) = manifest.split_once("\n[dependencies]\n").unwrap();
    let own = rest.split("\n[").next().unwrap();
    let lines = own.lines().filter(|line| line.contains(" = "));
    let count = lines.count();
    assert!((1..=DEPENDENCIES).contains(&count), "{count} dependencies");
    assert!(!manifest.contains("git = "));
    let lock = read("Cargo.lock");
    let mut sources = lock.lines().filter(|line| line.starts_with("source = "));
    assert!(sources.all(|line| line.contains("registry+")));
    let packages = lock.split("\n[[package]]\nname = \"").skip(1);
    let local = packages.filter(|it| !it.contains("\nsource = "));
    let names: Vec<_> = local.filter_map(|it| it.split('"').next()).collect();
    assert_eq!(names, ["lrtable", "prometheus-mirror"], "vendor/README.md");
}

#[test]
fn no_crate_is_older_than_its_floor_and_some_are_there_once() {
    for (name, floor) in FLOORS {
        let versions = versions(name);
        assert!(
            versions.iter().all(|it| *it >= floor),
            "{name} {versions:?}"
        );
    }
    for name in ONLY_ONCE {
        assert_eq!(versions(name).len(), 1, "{name}");
    }
}

#[test]
fn nothing_is_run_when_the_program_is_built() {
    // It embeds files that are there, and neither starts a program nor asks the network for one.
    let script = read("build.rs");
    for word in ["process", "Command", "std::net", "http:", "https:"] {
        assert!(!script.contains(word), "build.rs: {word}");
    }
    assert!(!read("Cargo.toml").contains("\n[build-dependencies]"));
    for file in ["src/lib.rs", "src/main.rs"] {
        assert!(read(file).contains("\n#![forbid(unsafe_code)]\n"), "{file}");
    }
}

#[test]
fn no_command_of_a_script_changes_a_version() {
    let scripts = files("scripts").into_iter().chain(files(".github"));
    let others = ["justfile", "test.sh", "quickstart.sh"].map(|name| root().join(name));
    let commands =
        ["build", "clippy", "doc", "install", "run", "test"].map(|it| format!("cargo {it} "));
    let mut seen = 0;
    for path in scripts.chain(others) {
        let text = fs::read_to_string(&path).unwrap();
        let text = text.replace("\\\n", " ");
        for line in text.lines().filter(|line| !line.trim().starts_with('#')) {
            if commands.iter().any(|command| line.contains(command)) {
                assert!(line.contains("--locked"), "{}: {line}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 5, "{seen} commands");
}

#[test]
fn workflows_may_read_and_run_nothing_of_strangers() {
    let workflows = files(".github/workflows");
    assert!(!workflows.is_empty());
    for path in workflows {
        let name = path.display();
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.contains("\npermissions:\n  contents: read\n"),
            "{name}"
        );
        for word in ["pull_request_target", "workflow_run", "secrets."] {
            assert!(!text.contains(word), "{name}: {word}");
        }
        // What publishes has to write, so it runs for a tag, which only the owners push.
        let (triggers, _) = text.split_once("\njobs:").unwrap();
        let is_for_tags = triggers.contains("tags:") && !triggers.contains("pull_request");
        assert!(is_for_tags || !text.contains(": write"), "{name}: : write");
        for line in text.lines() {
            let Some((_, action)) = line.split_once("uses: ") else {
                continue;
            };
            let hash = action.split_once('@').map_or("", |(_, rest)| rest);
            let hash = hash.split_whitespace().next().unwrap_or_default();
            let is_full = hash.len() == 40 && hash.bytes().all(|it| it.is_ascii_hexdigit());
            assert!(is_full, "{name}: {line}");
        }
    }
}

#[test]
fn what_is_measured_is_built_as_what_is_shipped() {
    // One setting that differs, and all dependencies are built once more.
    let profile = |manifest: &str| {
        let text = read(manifest);
        let (_, rest) = text.split_once("\n[profile.release]\n").unwrap();
        let own = rest.split("\n\n").next().unwrap().to_owned();
        let lines = own.lines().filter(|line| !line.starts_with('#'));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let shipped = profile("Cargo.toml");
    assert!(shipped.iter().any(|line| line.starts_with("lto = ")));
    assert_eq!(profile("bench/Cargo.toml"), shipped);
}

#[test]
fn an_exception_from_an_advisory_has_a_reason_and_an_end() {
    let deny = read("deny.toml");
    let ignored = deny.split("id = \"RUSTSEC-").skip(1);
    for exception in ignored {
        let line = exception.lines().next().unwrap();
        assert!(line.contains("reason = \"until 20"), "{line}");
    }
    assert!(
        !deny.contains("\nignore = [\"RUSTSEC"),
        "an id alone gives no reason"
    );
}
