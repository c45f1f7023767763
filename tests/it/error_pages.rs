//! The pages of the errors in `docs/errors` are those of the catalogue. `UPDATE_DOCS=1` rewrites them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use prometheus_mirror::failures::catalogue::pages;

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the switch of whoever runs the tests"
)]
fn the_pages_in_docs_are_those_of_the_catalogue() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/errors");
    let mut expected: BTreeMap<String, String> = pages::pages()
        .map(|page| (format!("{}.md", page.id()), page.markdown()))
        .collect();
    expected.insert("README.md".to_owned(), pages::index());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in &expected {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    let found: BTreeMap<String, String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    assert_eq!(
        found.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>()
    );
    for (name, text) in &expected {
        assert_eq!(&found[name], text, "{name}: rewrite it with UPDATE_DOCS=1");
    }
}

#[test]
fn what_a_page_tells_to_set_can_be_set() {
    let schemas = ["config", "connection-details", "query-options", "openapi"];
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let known: String = schemas
        .iter()
        .filter_map(|name| fs::read_to_string(folder.join(format!("{name}.json"))).ok())
        .collect();
    let mut seen = 0;
    for page in pages::pages() {
        for quoted in [page.fix, page.how, page.mend]
            .iter()
            .flat_map(|text| text.split('`').skip(1).step_by(2))
        {
            // Settings and keys alone have such names, but for these two of series and of JSON.
            let is_name = quoted.contains('_') && !["__name__", "_type"].contains(&quoted);
            let name = quoted.split(':').next().unwrap();
            let mut parts = name.split('.');
            if !is_name
                || parts
                    .clone()
                    .any(|it| !it.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
            {
                continue;
            }
            seen += 1;
            assert!(
                parts.all(|it| known.contains(&format!("\"{it}\": {{"))),
                "{}: {name}",
                page.id()
            );
        }
    }
    assert!(seen > 20, "{seen} names");
}
