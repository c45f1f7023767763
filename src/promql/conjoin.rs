//! Adds matchers to a query of a caller (queries.md, "Tilde").
//!
//! Pure: text and matchers in, text out. The tree is edited, never the string; what is printed is
//! parsed again and must be the tree that was meant.

use crate::promql::Matcher;
use crate::promql::Origin;
use crate::promql::Selector;
use crate::promql::Spelled;
use crate::promql::scan;
use crate::promql::selector::Listed;
use crate::promql::tree;
use crate::promql::tree::Tree;

/// A query that matchers were added to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conjoined {
    /// Its text; byte for byte the caller's if it selects nothing that could be restricted.
    pub text: Spelled,
    /// Its vector selectors, without ranges and offsets, each once.
    pub selectors: Vec<Spelled>,
}

/// How much of a text is handled.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Deepest nesting, chains of operators counted.
    pub depth: usize,
    /// Longest text, in bytes.
    pub length: usize,
}

/// Why matchers cannot be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConjoinError {
    /// The parser does not know it; it may still be `MetricsQL`.
    #[error("does not parse as PromQL")]
    DoesNotParse,
    /// Deeper than [`Bounds::depth`], so that no parser was let near it.
    #[error("nests too deep to be parsed")]
    TooDeep,
    /// What would be sent is not surely what was meant.
    #[error("cannot be printed back without a change")]
    CannotPrint,
    /// Longer than [`Bounds::length`] with the matchers.
    #[error("is {0} bytes long with them")]
    TooLong(usize),
}

/// Adds `matchers` to every vector selector of `text`.
///
/// # Errors
///
/// Each [`ConjoinError`] as it says; nothing may be sent then.
pub fn conjoin(
    text: &str,
    matchers: &[Matcher],
    bounds: Bounds,
) -> Result<Conjoined, ConjoinError> {
    let mut wanted = parse(text, bounds.depth)?;
    // A query of 32 KiB has room for thousands of selectors: measured before it grows.
    let added = Listed(matchers).to_string().len() + 1;
    let mut length = text.len();
    wanted.selectors_mut(&mut |selector| {
        length = length.saturating_add(added.saturating_mul(selector.alternatives.len()));
    });
    if length > bounds.length {
        return Err(ConjoinError::TooLong(length));
    }
    wanted.selectors_mut(&mut |selector| {
        for alternative in &mut selector.alternatives {
            alternative.extend_from_slice(matchers);
        }
    });
    let selectors = list(&mut wanted);
    if selectors.is_empty() {
        return Ok(Conjoined {
            text: Spelled::of(text, Origin::Tilde),
            selectors,
        });
    }
    let printed = wanted.spelled();
    if parse(&printed.text, bounds.depth) != Ok(wanted) {
        return Err(ConjoinError::CannotPrint);
    }
    Ok(Conjoined {
        text: printed,
        selectors,
    })
}

/// The vector selectors of `text`, without ranges and offsets, each once; none if it does not parse.
#[must_use]
pub fn selectors(text: &str, bounds: Bounds) -> Vec<Spelled> {
    parse(text, bounds.depth).map_or_else(|_| Vec::new(), |mut tree| list(&mut tree))
}

/// The same as values; one with an `or` inside its braces is left out.
#[must_use]
pub fn selector_values(text: &str, bounds: Bounds) -> Vec<Selector> {
    let Ok(mut tree) = parse(text, bounds.depth) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    tree.selectors_mut(&mut |selector| {
        if let [matchers] = selector.alternatives.as_slice()
            && let [first, others @ ..] = matchers.as_slice()
        {
            let value = Selector::with(first.clone()).and_all(others.iter().cloned());
            if !found.contains(&value) {
                found.push(value);
            }
        }
    });
    found
}

/// Whether the values of `text` depend on the whole range that is asked for, as with `@ start()`.
/// True in doubt.
#[must_use]
pub fn is_bound_to_range(text: &str) -> bool {
    scan::scan(text).map_or(true, |scanned| scanned.is_bound_to_range)
}

fn parse(text: &str, depth: usize) -> Result<Tree, ConjoinError> {
    let scanned = scan::scan(text).map_err(|_| ConjoinError::DoesNotParse)?;
    if scanned.depth > depth {
        return Err(ConjoinError::TooDeep);
    }
    tree::read(&scanned).ok_or(ConjoinError::DoesNotParse)
}

fn list(tree: &mut Tree) -> Vec<Spelled> {
    let mut found = Vec::new();
    tree.selectors_mut(&mut |selector| {
        let text = selector.series();
        if !found.contains(&text) {
            found.push(text);
        }
    });
    found
}

#[cfg(test)]
mod tests;
