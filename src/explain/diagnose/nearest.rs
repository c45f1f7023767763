//! What resembles a text: edit distance on lower-cased text, then bytewise (experience.md, "Why is
//! it empty, why is it too many").

/// Most that are told.
const MOST: usize = 5;
/// Longest texts that are compared, in characters: the distance takes their product.
const LONGEST: usize = 200;

/// In what two texts differ that a person would call the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Only {
    /// Upper and lower case.
    Case,
    /// Blanks around it.
    Blanks,
    /// How a number is spelt, as 42 and 42.0.
    Spelling,
}

impl Only {
    /// As a text says it.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Case => "only case differs",
            Self::Blanks => "only outer blanks differ",
            Self::Spelling => "only the spelling of the number differs",
        }
    }
}

/// The trifle in which `a` and `b` differ, if it is one.
pub(super) fn only(a: &str, b: &str) -> Option<Only> {
    if a == b {
        return None;
    }
    if a.trim() == b.trim() {
        return Some(Only::Blanks);
    }
    if let (Ok(a), Ok(b)) = (a.trim().parse::<f64>(), b.trim().parse::<f64>())
        && a.total_cmp(&b).is_eq()
    {
        return Some(Only::Spelling);
    }
    (a.trim().to_lowercase() == b.trim().to_lowercase()).then_some(Only::Case)
}

/// The nearest of `candidates` to `wanted`, at most five; what differs in a trifle first.
pub(super) fn nearest(wanted: &str, candidates: &[String]) -> Vec<String> {
    let folded: Vec<char> = wanted.to_lowercase().chars().take(LONGEST).collect();
    let mut ranked: Vec<(bool, usize, &String)> = candidates
        .iter()
        .filter(|candidate| !candidate.is_empty() && *candidate != wanted)
        .map(|candidate| {
            let other: Vec<char> = candidate.to_lowercase().chars().take(LONGEST).collect();
            let is_far = only(wanted, candidate).is_none();
            (is_far, distance(&folded, &other), candidate)
        })
        .collect();
    ranked.sort_unstable();
    ranked.dedup();
    let ranked = ranked.into_iter().take(MOST);
    ranked.map(|(_, _, candidate)| candidate.clone()).collect()
}

/// Insertions, deletions and replacements from one text to the other.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// Whether a name is near enough to be what was meant: at most a third of it differs.
pub(super) fn is_near(wanted: &str, candidate: &str) -> bool {
    let chars = |text: &str| -> Vec<char> { text.to_lowercase().chars().take(LONGEST).collect() };
    let (a, b) = (chars(wanted), chars(candidate));
    distance(&a, &b) * 3 <= a.len().max(b.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wanted: &str, candidates: &[&str], expected: &[&str]) {
        let candidates: Vec<String> = candidates.iter().map(ToString::to_string).collect();
        assert_eq!(nearest(wanted, &candidates), expected);
    }

    #[test]
    fn the_nearest_is_first_and_ties_are_bytewise() {
        check(
            "http_request_total",
            &["up", "http_requests_total"],
            &["http_requests_total", "up"],
        );
        check("ab", &["ad", "ac", "ab"], &["ac", "ad"]);
        check(
            "x",
            &["1", "2", "3", "4", "5", "6"],
            &["1", "2", "3", "4", "5"],
        );
        check("a", &["", "a"], &[]);
    }

    #[test]
    fn a_trifle_is_nearer_than_a_letter() {
        check("42", &["43", "42.0"], &["42.0", "43"]);
        assert_eq!(only("Prod", "prod"), Some(Only::Case));
        assert_eq!(only("prod ", "prod"), Some(Only::Blanks));
        assert_eq!(only("42", "42.0"), Some(Only::Spelling));
        assert_eq!(only("a", "b"), None);
        assert_eq!(only("a", "a"), None);
    }

    #[test]
    fn near_is_what_a_typing_error_makes() {
        assert!(is_near("http_request_total", "http_requests_total"));
        assert!(!is_near("http_request_total", "up"));
    }
}
