//! No secret is a plain text (security.md, "Secrets"): a search over the fields of `src/`. Code that
//! is compiled for tests alone is left out. Nor does the memory of the process become a file.

use std::collections::BTreeSet;
use std::fs;

use crate::program::Program;
use crate::source::Source;
use crate::source::sources;

/// What the name of a field holds if a secret may be in it.
const NAMES: [&str; 5] = ["key", "secret", "token", "password", "credential"];
/// What the type of a field holds if it is a text of its own.
const TEXTS: [&str; 6] = [
    "String", "Box<str>", "Arc<str>", "Rc<str>", "Cow<", "Vec<u8>",
];
/// Ends of names that are about a secret and hold none.
const ABOUT: [&str; 3] = ["_file", "_url", "_type"];
/// Fields that hold none, each with what they hold.
const OTHERS: [(&str, &str, &str); 8] = [
    (
        "src/upstream/credentials.rs",
        "key",
        "a key of the connection details",
    ),
    ("src/protocol/condition.rs", "key", "a label's name"),
    ("src/explain/record.rs", "key", "a label's name"),
    ("src/cli/record.rs", "key", "a label's name"),
    (
        "src/record/stages.rs",
        "key",
        "a label's name, or the name of an option",
    ),
    ("src/translate.rs", "key", "a label's name"),
    ("src/translate.rs", "keys", "names of labels"),
    ("src/openapi/", "", "types that only describe a document"),
];

/// Fields that could hold a secret and are texts, as `file: field`.
fn plain(sources: &[Source]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for source in sources {
        let shipped = source.shipped();
        for (name, kind) in shipped.code.lines().filter_map(field) {
            let may_hold = NAMES.iter().any(|it| name.contains(it));
            let is_about = ABOUT.iter().any(|it| name.ends_with(it));
            let is_text = TEXTS.iter().any(|it| kind.contains(it));
            let is_other = OTHERS.iter().any(|(path, field, _)| {
                source.path == *path && name == *field
                    || path.ends_with('/') && source.path.starts_with(path)
            });
            if may_hold && is_text && !is_about && !is_other {
                found.insert(format!("{}: {name}", source.path));
            }
        }
    }
    found
}

/// Name and type, if the line is that of a field. The arguments of a function that stand on lines of
/// their own look the same and are held to the same rule.
fn field(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let line = match line.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(") ")?.1,
        Some(rest) => rest.strip_prefix(' ')?,
        None => line,
    };
    let (name, kind) = line.strip_suffix(',')?.split_once(": ")?;
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    // What is built of values instead of types begins in lower case, or calls something.
    let is_kind = kind.starts_with(|c: char| c.is_ascii_uppercase()) && !kind.contains('(');
    (name.chars().all(is_name) && is_kind).then_some((name, kind))
}

/// The soft and the hard limit of core dumps of a process.
fn core_limits(process: &str) -> Vec<String> {
    let limits = fs::read_to_string(format!("/proc/{process}/limits")).unwrap();
    let line = (limits.lines()).find_map(|it| it.strip_prefix("Max core file size"));
    let words = line.unwrap().split_whitespace().take(2);
    words.map(str::to_owned).collect()
}

#[test]
fn a_process_that_serves_leaves_no_core_dump_and_cannot_be_made_to() {
    let program = Program::where_cores_are_dumped();
    assert_eq!(core_limits(&program.id().to_string()), ["0", "0"]);
}

#[test]
fn no_secret_is_a_plain_text() {
    let found = plain(&sources());
    assert!(
        found.is_empty(),
        "use crate::secret::Secret for: {found:#?}"
    );
}

#[test]
fn a_plain_text_is_found_wherever_it_stands() {
    let check = |line: &str, expected: &[&str]| {
        let text = format!("struct It {{\n    {line}\n}}\n");
        let found = plain(&[Source::new("src/any.rs", &text)]);
        let expected: BTreeSet<String> = expected.iter().map(|it| (*it).to_owned()).collect();
        assert_eq!(found, expected, "{line}");
    };
    check("password: String,", &["src/any.rs: password"]);
    check("pub api_key: Option<String>,", &["src/any.rs: api_key"]);
    check("pub(super) tokens: Vec<Arc<str>>,", &["src/any.rs: tokens"]);
    check(
        "client_secret: Cow<'a, str>,",
        &["src/any.rs: client_secret"],
    );
    check("password: Secret,", &[]);
    check("password_file: PathBuf,", &[]);
    check("// password: String,", &[]);
    check("host: String,", &[]);
}
