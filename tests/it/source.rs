//! The text of `src/`, read just well enough to search it: comments, literals and test modules are
//! told apart from code.

use std::fs;
use std::path::Path;

/// One file of `src/`.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its path from the root of the repository, with `/`.
    pub(crate) path: String,
    /// Its code: comments and the insides of literals are blank, everything else is in its place.
    pub(crate) code: String,
    /// Where its string and byte string literals begin in `code`, and what they hold, as written.
    pub(crate) literals: Vec<(usize, String)>,
}

impl Source {
    /// The file at `path` with the given text.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let mut source = Self {
            path: path.to_owned(),
            code: String::with_capacity(text.len()),
            literals: Vec::new(),
        };
        source.read(text);
        source
    }

    /// The top module that the file belongs to; `None` for `lib.rs`. Fuzz targets are one module,
    /// wherever they lie.
    pub(crate) fn module(&self) -> Option<&str> {
        if self.is_of("fuzzing") {
            return Some("fuzzing");
        }
        let rest = self.path.strip_prefix("src/").unwrap();
        let name = rest.split(['/', '.']).next().unwrap();
        (name != "lib").then_some(name)
    }

    /// How many modules deep the file is: 1 for `src/fetch.rs`, 2 for `src/fetch/chunks.rs`.
    pub(crate) fn depth(&self) -> usize {
        self.path.matches('/').count()
    }

    /// The file without what is compiled for tests alone: test modules, and files of tests and of
    /// fuzz targets.
    pub(crate) fn shipped(&self) -> Source {
        let mut code = self.code.clone();
        if self.is_of("tests") || self.is_of("fuzzing") {
            code = blank(&code);
        }
        while let Some(start) = code.find("#[cfg(test)]") {
            let end = end_of_item(&code, start);
            code.replace_range(start..end, &blank(&code[start..end]));
        }
        let bytes = code.as_bytes();
        let is_code = |at: &usize| bytes.get(*at) == Some(&b'"');
        Source {
            path: self.path.clone(),
            literals: self
                .literals
                .iter()
                .filter(|(at, _)| is_code(at))
                .cloned()
                .collect(),
            code,
        }
    }

    /// Whether it is a module of this name, or lies inside of one.
    fn is_of(&self, module: &str) -> bool {
        let (file, folder) = (format!("/{module}.rs"), format!("/{module}/"));
        self.path.ends_with(&file) || self.path.contains(&folder)
    }

    fn read(&mut self, text: &str) {
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let length = if rest.starts_with("//") {
                self.skip(rest, rest.find('\n').unwrap_or(rest.len()))
            } else if rest.starts_with("/*") {
                self.skip(rest, rest.find("*/").map_or(rest.len(), |end| end + 2))
            } else if let Some(hashes) = raw_hashes(rest).filter(|_| self.is_at_word()) {
                self.literal(rest, Some(hashes))
            } else if next == '"' {
                self.literal(rest, None)
            } else if let Some(length) = char_literal(rest) {
                self.skip(rest, length)
            } else {
                self.keep(rest, next.len_utf8())
            };
            rest = &rest[length..];
        }
    }

    fn keep(&mut self, rest: &str, length: usize) -> usize {
        self.code.push_str(&rest[..length]);
        length
    }

    fn skip(&mut self, rest: &str, length: usize) -> usize {
        self.code.push_str(&blank(&rest[..length]));
        length
    }

    /// Takes a string literal: a raw one with so many hashes, or one with escapes.
    fn literal(&mut self, rest: &str, hashes: Option<usize>) -> usize {
        let open = rest.find('"').unwrap();
        let held = &rest[open + 1..];
        let length = match hashes {
            Some(hashes) => held.find(&format!("\"{}", "#".repeat(hashes))).unwrap(),
            None => {
                let mut is_escaped = false;
                held.find(|c| {
                    let ends = c == '"' && !is_escaped;
                    is_escaped = c == '\\' && !is_escaped;
                    ends
                })
                .unwrap()
            }
        };
        self.keep(rest, open);
        self.literals
            .push((self.code.len(), held[..length].to_owned()));
        self.keep("\"", 1);
        self.skip(held, length);
        self.keep("\"", 1);
        open + length + 2
    }

    /// Whether what is read next begins a word.
    fn is_at_word(&self) -> bool {
        !self
            .code
            .ends_with(|c: char| c.is_alphanumeric() || c == '_')
    }
}

/// Every file under `src/`.
pub(crate) fn sources() -> Vec<Source> {
    fn walk(folder: &Path, found: &mut Vec<Source>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let root = Path::new(env!("CARGO_MANIFEST_DIR"));
                let name = path.strip_prefix(root).unwrap().to_str().unwrap();
                found.push(Source::new(name, &fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 50, "src/ was not found");
    found
}

/// As many bytes of nothing, with the line ends kept.
fn blank(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte == b'\n' { '\n' } else { ' ' })
        .collect()
}

/// The number of hashes of the raw string that `rest` begins with, if it does.
fn raw_hashes(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix('r')?.trim_start_matches('#');
    after.starts_with('"').then(|| rest.len() - 1 - after.len())
}

/// The length of the char literal that `rest` begins with; `None` if that is a lifetime.
fn char_literal(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    let first = inside.chars().next()?;
    if first == '\\' {
        return inside[2..].find('\'').map(|end| end + 4);
    }
    let end = 1 + first.len_utf8();
    rest[end..].starts_with('\'').then_some(end + 1)
}

/// Where the item ends that stands behind the attribute at `start`.
fn end_of_item(code: &str, start: usize) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code[start..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth <= 1 => return start + at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return start + at + 1,
            _ => {}
        }
    }
    code.len()
}

#[test]
fn comments_and_literals_are_no_code() {
    let text =
        "//! crate::a\nuse b; /* crate::c */ let d = \"crate::e\"; let f = r#\"crate::\"g\"#;";
    let source = Source::new("src/x.rs", text);
    assert_eq!(source.code.len(), text.len());
    assert!(!source.code.contains("crate::"), "{}", source.code);
    assert!(source.code.contains("use b;") && source.code.contains("let f = r#\""));
    let held: Vec<&str> = source
        .literals
        .iter()
        .map(|(_, held)| held.as_str())
        .collect();
    assert_eq!(held, ["crate::e", "crate::\"g"]);
}

#[test]
fn quotes_in_literals_end_nothing_too_early() {
    let source = Source::new(
        "src/x.rs",
        r#"let a = ['"', '\'', '\\']; let b = "\"//"; fn c<'d>() {}"#,
    );
    let held: Vec<&str> = source
        .literals
        .iter()
        .map(|(_, held)| held.as_str())
        .collect();
    assert_eq!(held, [r#"\"//"#]);
    assert!(source.code.contains("fn c<'d>() {}"));
}

#[test]
fn what_is_compiled_for_tests_alone_is_not_shipped() {
    let text = "fn a() { \"b\" }\n#[cfg(test)]\nmod tests { fn c() { \"d\" } }\nfn e() {}";
    let shipped = Source::new("src/x.rs", text).shipped();
    assert!(shipped.code.contains("fn a()") && shipped.code.contains("fn e()"));
    assert!(!shipped.code.contains("fn c()"));
    assert_eq!(shipped.literals.len(), 1);
}
