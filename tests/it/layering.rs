//! Which module may name which. An arrow that is not in the table is a decision, and is made here;
//! `ARCHITECTURE.md` says why the arrows point as they do.

use std::collections::BTreeSet;

use crate::source::Source;
use crate::source::sources;

/// What a module may name besides itself.
enum May {
    /// These modules.
    Name(&'static [&'static str]),
    /// Every module that stands above it in `lib.rs`, but for these.
    NameAllAboveBut(&'static [&'static str]),
}
use May::Name;
use May::NameAllAboveBut;

/// The modules in the order of `lib.rs`.
const ARROWS: &[(&str, May)] = &[
    ("time", Name(&[])),
    ("random", Name(&[])),
    ("secret", Name(&[])),
    ("series", Name(&["time"])),
    ("options", Name(&["time"])),
    ("limits", Name(&["time"])),
    ("network", Name(&[])),
    ("protocol", Name(&["limits", "secret", "time"])),
    ("openapi", Name(&["options", "protocol"])),
    ("promql", Name(&["limits", "time"])),
    (
        "connections",
        Name(&[
            "caller", "limits", "network", "options", "promql", "protocol", "secret", "time",
        ]),
    ),
    ("caller", Name(&["network", "protocol", "secret", "time"])),
    ("record", Name(&["promql", "protocol", "time"])),
    ("instruments", Name(&["protocol", "time"])),
    (
        "translate",
        Name(&["limits", "options", "promql", "protocol", "series", "time"]),
    ),
    ("egress", Name(&["limits", "network", "time"])),
    (
        "upstream",
        Name(&[
            "caller",
            "connections",
            "egress",
            "instruments",
            "limits",
            "network",
            "promql",
            "random",
            "record",
            "secret",
            "series",
            "time",
        ]),
    ),
    (
        "cache",
        Name(&[
            "connections",
            "instruments",
            "limits",
            "record",
            "series",
            "time",
            "translate",
            "upstream",
        ]),
    ),
    (
        "probe",
        Name(&[
            "cache",
            "instruments",
            "limits",
            "options",
            "promql",
            "record",
            "series",
            "time",
            "translate",
            "upstream",
        ]),
    ),
    (
        "fetch",
        Name(&[
            "buckets",
            "cache",
            "instruments",
            "limits",
            "options",
            "protocol",
            "record",
            "series",
            "time",
            "translate",
            "upstream",
        ]),
    ),
    (
        "buckets",
        Name(&["options", "protocol", "series", "time", "translate"]),
    ),
    (
        "failures",
        NameAllAboveBut(&["cache", "egress", "instruments"]),
    ),
    ("mirror", NameAllAboveBut(&["egress"])),
    ("explain", NameAllAboveBut(&["egress", "upstream"])),
    (
        "config",
        Name(&[
            "caller",
            "connections",
            "egress",
            "limits",
            "network",
            "options",
            "secret",
            "time",
        ]),
    ),
    ("app", NameAllAboveBut(&[])),
    ("api", NameAllAboveBut(&["egress", "upstream"])),
    ("admin", NameAllAboveBut(&["api", "egress", "upstream"])),
    ("logging", NameAllAboveBut(&[])),
    ("serve", NameAllAboveBut(&[])),
    ("cli", NameAllAboveBut(&[])),
    ("fuzzing", NameAllAboveBut(&[])),
];

/// What is wrong with `sources`, as `file: finding`; `modules` are those of `lib.rs`.
fn violations(modules: &[&str], sources: &[Source]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for source in sources {
        let Some(module) = source.module().filter(|module| *module != "main") else {
            continue;
        };
        if source.code.contains("crate::{") {
            found.insert(format!("{}: several modules in one use", source.path));
        }
        let Some(allowed) = allowed(module) else {
            found.insert(format!("{}: the module {module} has no row", source.path));
            continue;
        };
        for named in named_modules(source) {
            if named != module && modules.contains(&named) && !allowed.contains(&named) {
                found.insert(format!("{}: names {named}", source.path));
            }
        }
    }
    found
}

/// The modules that `module` may name, if it has a row.
fn allowed(module: &str) -> Option<Vec<&'static str>> {
    let row = ARROWS.iter().position(|(name, _)| *name == module)?;
    Some(match &ARROWS[row].1 {
        Name(names) => names.to_vec(),
        NameAllAboveBut(names) => {
            let above = ARROWS[..row].iter().map(|(name, _)| *name);
            above.filter(|name| !names.contains(name)).collect()
        }
    })
}

/// What follows `crate::`, or as many `super::` as lead there.
fn named_modules(source: &Source) -> Vec<&str> {
    let up = "super::".repeat(source.depth());
    ["crate::", &up]
        .iter()
        .flat_map(|root| {
            source
                .code
                .match_indices(root)
                .map(|(at, root)| at + root.len())
        })
        .map(|at| {
            let rest = &source.code[at..];
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            &rest[..end.unwrap_or(rest.len())]
        })
        .collect()
}

/// The modules that `lib.rs` declares, in its order.
fn modules(sources: &[Source]) -> Vec<&str> {
    let lib = sources.iter().find(|source| source.path == "src/lib.rs");
    let lines = lib.unwrap().code.lines();
    lines
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect()
}

#[test]
fn every_arrow_of_the_crate_is_in_the_table() {
    let sources = sources();
    assert_eq!(
        violations(&modules(&sources), &sources),
        BTreeSet::new(),
        "see the table in tests/it/layering.rs"
    );
}

#[test]
fn every_module_has_its_row_in_reading_order() {
    let sources = sources();
    let rows: Vec<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(modules(&sources), rows);
}

#[test]
fn no_row_names_a_module_that_does_not_exist() {
    for (module, may) in ARROWS {
        let (Name(names) | NameAllAboveBut(names)) = may;
        for name in *names {
            assert!(allowed(name).is_some(), "{module} names {name}");
        }
    }
}

/// Plants `text` at `path` and expects one finding, which names the file.
#[track_caller]
fn check(path: &str, text: &str, finding: &str) {
    let modules: Vec<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    let found = violations(&modules, &[Source::new(path, text)]);
    assert_eq!(found, BTreeSet::from([format!("{path}: {finding}")]));
}

#[test]
fn a_forbidden_arrow_is_found_at_any_depth_and_names_the_file() {
    check(
        "src/time.rs",
        "use crate::options::Profile;",
        "names options",
    );
    check(
        "src/translate/a/b.rs",
        "fn f() { crate::fetch::run() }",
        "names fetch",
    );
    check(
        "src/promql.rs",
        "#[cfg(test)] mod tests { use crate::translate; }",
        "names translate",
    );
    check(
        "src/buckets/fill.rs",
        "use super::super::upstream::x;",
        "names upstream",
    );
    check(
        "src/buckets.rs",
        "use super::upstream::x;",
        "names upstream",
    );
}

#[test]
fn a_use_of_several_modules_hides_nothing() {
    check(
        "src/fetch/a.rs",
        "use crate::{time, app};",
        "several modules in one use",
    );
}

#[test]
fn a_module_without_a_row_is_found() {
    check("src/helper/a.rs", "", "the module helper has no row");
}

#[test]
fn what_only_comments_and_literals_name_is_no_arrow() {
    let text = "//! [`crate::app`]\nconst A: &str = \"crate::app\"; use super::x;";
    let found = violations(&["app"], &[Source::new("src/time/a.rs", text)]);
    assert_eq!(found, BTreeSet::new());
}
