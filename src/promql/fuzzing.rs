//! The fuzz target of this module: what is built is read back, and what is edited stays what it was.

use crate::fuzzing::parts;
use crate::limits;
use crate::promql::METRIC_NAME;
use crate::promql::MatchOp;
use crate::promql::Matcher;
use crate::promql::Selector;
use crate::promql::conjoin;
use crate::promql::conjoin::Bounds;
use crate::promql::scan;
use crate::promql::tree;
use crate::promql::tree::Tree;
use crate::promql::variables;
use crate::time::Millis;

const BOUNDS: Bounds = Bounds {
    depth: limits::PROMQL_DEPTH,
    length: limits::PROMQL_TEXT,
};

/// Takes a text, and pairs of a label and of what it is compared with: `=`, `!`, `^` (begins with) or
/// `|` (one of several, which `|` separates) and the value.
///
/// A selector of the text and the pairs is read back as exactly them, by our parser and by the few
/// rules of the language; the text as a query keeps its selectors, each with the pairs behind its own
/// matchers.
///
/// # Panics
///
/// If that does not hold.
pub fn promql(data: &[u8]) {
    let texts = parts::texts(data);
    let (text, pairs) = texts.split_first().expect("there is always one");
    let matchers: Vec<Matcher> = pairs.chunks_exact(2).filter_map(matcher).collect();
    builds(text, &matchers);
    edits(text, &matchers);
    let _ = conjoin::is_bound_to_range(text);
    let _ = variables::substituted(text, Millis::MINUTE, Millis::MINUTE);
}

fn matcher(pair: &[String]) -> Option<Matcher> {
    let [label, value] = pair else { return None };
    let mut rest = value.chars();
    let op = rest.next()?;
    let value = rest.as_str();
    let made = match op {
        '=' => Matcher::equal(label, value),
        '!' => Matcher::not_equal(label, value),
        '^' => {
            let made = Matcher::prefix(label, value);
            let regex = made
                .value
                .strip_prefix("(?s:")
                .and_then(|it| it.strip_suffix(".*)"));
            assert_eq!(literals(regex.expect("has a frame")), [value]);
            made
        }
        '|' => {
            let values: Vec<&str> = value.split('|').collect();
            let made = Matcher::one_of(label, &values);
            if made.op == MatchOp::Matches {
                assert_eq!(literals(&made.value), values);
            }
            made
        }
        _ => return None,
    };
    (!label.is_empty()).then_some(made)
}

/// The literal texts that a regular expression of them stands for.
fn literals(regex: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut rest = regex.chars();
    while let Some(next) = rest.next() {
        let literal = match next {
            '|' => {
                all.push(String::new());
                continue;
            }
            '\\' => rest.next().expect("no escape at the end"),
            c => {
                assert!(!".+*?()[]{}^$".contains(c), "{regex:?} has {c:?} unescaped");
                c
            }
        };
        all.last_mut().expect("has one").push(literal);
    }
    all
}

fn builds(metric: &str, matchers: &[Matcher]) {
    let selector = Selector::of(metric).and_all(matchers.to_vec());
    let mut meant = vec![Matcher::equal(METRIC_NAME, metric)];
    meant.extend_from_slice(matchers);
    let printed = selector.to_string();
    assert_eq!(read_back(&printed).as_ref(), Some(&meant), "{printed}");
    // Without one matcher that needs something to be there, it is no selector.
    if metric.is_empty() {
        return;
    }
    let Some(Tree::Selector(read)) = parsed(&printed) else {
        panic!("does not parse: {printed}");
    };
    assert_eq!(read.alternatives, [meant], "{printed}");
    assert_eq!(read.range, None);
}

fn edits(text: &str, matchers: &[Matcher]) {
    let Ok(edited) = conjoin::conjoin(text, matchers, BOUNDS) else {
        return;
    };
    assert!(edited.text.text.len() <= BOUNDS.length.max(text.len()));
    let mut meant = Vec::new();
    let mut before = parsed(text).expect("was read before");
    before.selectors_mut(&mut |selector| {
        for alternative in &mut selector.alternatives {
            alternative.extend_from_slice(matchers);
        }
        meant.push(selector.clone());
    });
    let mut found = Vec::new();
    let mut after = parsed(&edited.text.text).expect("what is sent parses");
    after.selectors_mut(&mut |selector| found.push(selector.clone()));
    assert_eq!(found, meant, "{} of {text}", edited.text.text);
    assert_eq!(after, before, "{} of {text}", edited.text.text);
    assert_eq!(edited.selectors.is_empty(), meant.is_empty());
}

fn parsed(text: &str) -> Option<Tree> {
    let scanned = scan::scan(text).ok()?;
    (scanned.depth <= BOUNDS.depth)
        .then(|| tree::read(&scanned))
        .flatten()
}

/// Reads a printed selector by the rules of the language, and by nothing that wrote it.
fn read_back(printed: &str) -> Option<Vec<Matcher>> {
    let mut rest = printed.strip_prefix('{')?;
    let mut matchers = Vec::new();
    loop {
        let label = name_or_string(&mut rest)?;
        let ops = [
            ("=~", MatchOp::Matches),
            ("!~", MatchOp::NotMatches),
            ("!=", MatchOp::NotEqual),
            ("=", MatchOp::Equal),
        ];
        let (sign, op) = ops.into_iter().find(|(sign, _)| rest.starts_with(sign))?;
        rest = &rest[sign.len()..];
        matchers.push(Matcher::new(label, op, string(&mut rest)?));
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => return (rest == "}").then_some(matchers),
        }
    }
}

fn name_or_string(rest: &mut &str) -> Option<String> {
    if rest.starts_with('"') {
        return string(rest);
    }
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
    let (name, after) = rest.split_at(end);
    *rest = after;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    is_name.then(|| name.to_owned())
}

/// A string in double quotes, as Go writes one.
fn string(rest: &mut &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut at = rest.strip_prefix('"')?;
    loop {
        let next = at.chars().next()?;
        at = &at[next.len_utf8()..];
        match next {
            '"' => break,
            '\n' => return None,
            '\\' => {
                let kind = at.chars().next()?;
                at = &at[kind.len_utf8()..];
                let digits = match kind {
                    'x' => 2,
                    'u' => 4,
                    'U' => 8,
                    _ => 0,
                };
                let code = u32::from_str_radix(at.get(..digits)?, 16);
                at = &at[digits..];
                match kind {
                    'x' => bytes.push(u8::try_from(code.ok()?).ok()?),
                    'u' | 'U' => {
                        let c = char::from_u32(code.ok()?)?;
                        bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                    'n' => bytes.push(b'\n'),
                    'r' => bytes.push(b'\r'),
                    't' => bytes.push(b'\t'),
                    '\\' | '"' => bytes.push(u8::try_from(kind).ok()?),
                    _ => return None,
                }
            }
            other => bytes.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    *rest = at;
    String::from_utf8(bytes).ok()
}
