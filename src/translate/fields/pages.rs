//! One page of a list.

/// The values from `offset` on, sorted bytewise and each once, at most `limit` of them; and whether
/// more remain. An offset beyond the end gives an empty page.
///
/// They are borrowed from the list: of 100,000 values only the page is ever copied.
#[must_use]
pub fn page(mut values: Vec<&str>, offset: usize, limit: Option<usize>) -> (Vec<&str>, bool) {
    values.sort_unstable();
    values.dedup();
    values.drain(..offset.min(values.len()));
    let limit = limit.unwrap_or(usize::MAX);
    let is_cut = values.len() > limit;
    values.truncate(limit);
    (values, is_cut)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_page_is_sorted_by_bytes_before_it_is_cut() {
        let values = vec!["b", "é", "B", "a", "a"];
        assert_eq!(page(values, 1, Some(2)), (vec!["a", "b"], true));
    }

    #[test]
    fn an_offset_beyond_the_end_gives_an_empty_page() {
        assert_eq!(page(vec!["a"], 5, Some(1)), (Vec::new(), false));
        assert_eq!(page(vec!["a"], 1, None), (Vec::new(), false));
    }

    proptest! {
        #[test]
        fn pages_join_to_the_whole(
            values in proptest::collection::btree_set("[a-c]{0,4}", 0..40),
            size in 1_usize..10,
        ) {
            let all: Vec<&str> = values.iter().map(String::as_str).collect();
            let mut joined = Vec::new();
            loop {
                let (part, is_partial) = page(all.clone(), joined.len(), Some(size));
                prop_assert!(part.len() <= size);
                joined.extend(part);
                if !is_partial {
                    break;
                }
            }
            prop_assert_eq!(joined, all);
        }
    }
}
