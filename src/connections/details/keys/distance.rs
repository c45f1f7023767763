//! How far two words are from each other: the edit distance that counts a swap of two neighbours as
//! one edit (Damerau and Levenshtein; optimal string alignment).

/// The fewest insertions, deletions, replacements and swaps of neighbours that make `b` of `a`, no
/// character being edited twice.
pub(super) fn between(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    // The rows for one and two characters less of `a`; the first one is a row of deletions of `b`.
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut last_but_one = Vec::new();
    let mut before = None;
    for (row, from) in a.chars().enumerate() {
        let mut this = vec![row + 1];
        for (column, to) in b.iter().enumerate() {
            let replaced = last[column] + usize::from(from != *to);
            let mut best = replaced.min(last[column + 1] + 1).min(this[column] + 1);
            let is_swap = column > 0 && before == Some(*to) && b[column - 1] == from;
            if is_swap {
                let swapped: &usize = &last_but_one[column - 1];
                best = best.min(swapped + 1);
            }
            this.push(best);
        }
        last_but_one = std::mem::replace(&mut last, this);
        before = Some(from);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::between;

    #[track_caller]
    fn check(a: &str, b: &str, expected: usize) {
        assert_eq!((between(a, b), between(b, a)), (expected, expected));
    }

    #[test]
    fn each_kind_of_edit_counts_once() {
        check("", "", 0);
        check("", "abc", 3);
        check("port", "port", 0);
        check("prot", "port", 1);
        check("ort", "port", 1);
        check("pxrt", "port", 1);
        check("kitten", "sitting", 3);
        check("nan_interpretaton", "nan_interpretation", 1);
        check("abcd", "badc", 2);
        check("ca", "abc", 3);
        check("größe", "grösse", 2);
    }
}
