//! The inputs that are kept, on the plain compiler; and that no target is forgotten anywhere.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::Path;
use std::path::PathBuf;

use super::TARGETS;

/// All inputs of all targets together: a corpus is kept to be replayed, not to be collected.
const MOST_BYTES: u64 = 400 << 10;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn inputs(target: &str) -> Vec<PathBuf> {
    let folder = fuzz().join("corpus").join(target);
    let entries = fs::read_dir(&folder).expect(target);
    let mut inputs: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    inputs.sort();
    inputs
}

#[test]
fn every_input_that_is_kept_holds() {
    for (name, target) in TARGETS {
        let inputs = inputs(name);
        assert!(!inputs.is_empty(), "{name} has no inputs");
        for path in inputs {
            let data = fs::read(&path).unwrap();
            let held = catch_unwind(|| target(&data));
            assert!(held.is_ok(), "{}", path.display());
        }
    }
}

#[test]
fn every_target_holds_for_nothing_and_for_every_byte() {
    for (name, target) in TARGETS {
        let all = (u8::MIN..=u8::MAX).map(|byte| vec![byte]);
        for data in all.chain([Vec::new()]) {
            assert!(catch_unwind(|| target(&data)).is_ok(), "{name}: {data:?}");
        }
    }
}

#[test]
fn the_inputs_are_few() {
    let sizes = TARGETS.iter().flat_map(|(name, _)| inputs(name));
    let bytes: u64 = sizes.map(|path| path.metadata().unwrap().len()).sum();
    assert!(bytes <= MOST_BYTES, "{bytes} bytes of inputs");
}

#[test]
fn every_target_has_a_program_and_a_folder_and_nothing_else_has() {
    let names = TARGETS.map(|(name, _)| name.to_owned());
    let names = BTreeSet::from(names);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    let programs = manifest.lines().filter_map(|line| {
        let path = line.strip_prefix("path = \"fuzz_targets/")?;
        Some(path.strip_suffix(".rs\"")?.to_owned())
    });
    assert_eq!(programs.collect::<BTreeSet<_>>(), names);
    for folder in ["corpus", "fuzz_targets"] {
        let entries = fs::read_dir(fuzz().join(folder)).unwrap();
        let found = entries.map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.trim_end_matches(".rs").to_owned()
        });
        assert_eq!(found.collect::<BTreeSet<_>>(), names, "{folder}");
    }
    for name in names {
        let program = fuzz().join("fuzz_targets").join(format!("{name}.rs"));
        let program = fs::read_to_string(program).unwrap();
        assert!(
            program.contains(&format!("fuzzing::{name}(data)")),
            "{name}"
        );
    }
}
