//! Patterns in place of a cut list (`field_value_patterns`).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::protocol::field_values::FieldValue;

/// The values as at most `limit` entries, which cover all of them: where they do not fit, those with
/// a common prefix become a pattern. `sorted` is sorted bytewise, each value once; `limit` is at
/// least 1.
///
/// A prefix tree is opened from its root, always the heaviest node first, as long as the entries
/// fit; of equally heavy nodes the first. A node that does not fit stays a pattern.
#[must_use]
pub fn patterns(sorted: &[&str], limit: usize) -> Vec<FieldValue> {
    if sorted.len() <= limit {
        return sorted.iter().map(|value| complete(value)).collect();
    }
    let mut closed = vec![Node::of(sorted, 0, sorted.len())];
    let mut open = BinaryHeap::from([(sorted.len(), Reverse(0))]);
    let mut entries = 1;
    while let Some((_, Reverse(index))) = open.pop() {
        let Some(node) = closed.get(index).copied() else {
            continue;
        };
        let Some(children) = node.children(sorted, limit + 1 - entries) else {
            continue;
        };
        entries = entries - 1 + children.len();
        if let Some(slot) = closed.get_mut(index) {
            slot.is_open = true;
        }
        for child in children {
            if child.weight() > 1 {
                open.push((child.weight(), Reverse(closed.len())));
            }
            closed.push(child);
        }
    }
    let mut shown: Vec<Node> = closed.into_iter().filter(|node| !node.is_open).collect();
    shown.sort_unstable_by_key(|node| node.from);
    shown.iter().filter_map(|node| node.entry(sorted)).collect()
}

/// The values of `from..to`, which share their first `prefix` bytes and no more characters.
#[derive(Clone, Copy, Debug)]
struct Node {
    from: usize,
    to: usize,
    prefix: usize,
    is_open: bool,
}

impl Node {
    fn of(sorted: &[&str], from: usize, to: usize) -> Self {
        let ends = (sorted.get(from), sorted.get(to.saturating_sub(1)));
        // In a sorted list, what the ends share is shared by all between.
        let prefix = match ends {
            (Some(first), Some(last)) => shared(first, last),
            _ => 0,
        };
        Self {
            from,
            to,
            prefix,
            is_open: false,
        }
    }

    const fn weight(self) -> usize {
        self.to - self.from
    }

    /// One node for each character that follows the prefix, and one for the value that ends there;
    /// `None` if they are more than `most`. Each end is found by halving, so that a long list of
    /// values with few children is not walked again at each level.
    fn children(self, sorted: &[&str], most: usize) -> Option<Vec<Self>> {
        let next = |value: &str| value.get(self.prefix..)?.chars().next();
        let mut children = Vec::new();
        let mut from = self.from;
        while from < self.to {
            if children.len() == most {
                return None;
            }
            let rest = sorted.get(from..self.to)?;
            let first = next(rest.first()?);
            let to = from + rest.partition_point(|value| next(value) == first);
            children.push(Self::of(sorted, from, to));
            from = to;
        }
        Some(children)
    }

    fn entry(self, sorted: &[&str]) -> Option<FieldValue> {
        let first = sorted.get(self.from)?;
        Some(if self.weight() == 1 {
            complete(first)
        } else {
            FieldValue::FieldValuePattern {
                value: [first.get(..self.prefix)?, "*"].concat(),
            }
        })
    }
}

fn complete(value: &str) -> FieldValue {
    FieldValue::CompleteValue {
        value: value.to_owned(),
    }
}

/// How many bytes of whole characters two texts share at their start.
fn shared(left: &str, right: &str) -> usize {
    let both = left.chars().zip(right.chars());
    both.take_while(|(left, right)| left == right)
        .map(|(character, _)| character.len_utf8())
        .sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(values: &[&str], limit: usize, expected: &[&str]) {
        let shown: Vec<String> = patterns(values, limit)
            .into_iter()
            .map(|value| match value {
                FieldValue::CompleteValue { value } => ["=", &value].concat(),
                FieldValue::FieldValuePattern { value } => value,
            })
            .collect();
        assert_eq!(shown, expected);
    }

    const PODS: [&str; 6] = ["api-1", "api-2", "api-3", "db-1", "db-2", "web"];

    #[test]
    fn values_that_fit_stay_complete() {
        check(
            &PODS,
            6,
            &["=api-1", "=api-2", "=api-3", "=db-1", "=db-2", "=web"],
        );
    }

    #[test]
    fn the_heaviest_node_is_opened_first() {
        check(&PODS, 5, &["=api-1", "=api-2", "=api-3", "db-*", "=web"]);
        check(&PODS, 4, &["api-*", "=db-1", "=db-2", "=web"]);
        check(&PODS, 3, &["api-*", "db-*", "=web"]);
        check(&PODS, 2, &["*"]);
        check(&PODS, 1, &["*"]);
    }

    #[test]
    fn a_value_that_is_a_prefix_of_others_stands_beside_their_pattern() {
        check(&["a", "ab1", "ab2"], 2, &["=a", "ab*"]);
    }

    #[test]
    fn a_prefix_never_ends_within_a_character() {
        check(&["é1", "ê1", "ë1"], 2, &["*"]);
        check(&["z", "éa1", "éa2"], 2, &["=z", "éa*"]);
    }

    proptest! {
        #[test]
        fn patterns_fit_and_cover_everything_once(
            values in proptest::collection::btree_set("[a-cé]{0,5}", 1..60),
            limit in 1_usize..30,
        ) {
            let sorted: Vec<&str> = values.iter().map(String::as_str).collect();
            let shown = patterns(&sorted, limit);
            prop_assert!(shown.len() <= limit);
            for value in &sorted {
                let covering = shown.iter().filter(|entry| match entry {
                    FieldValue::CompleteValue { value: complete } => complete == *value,
                    FieldValue::FieldValuePattern { value: pattern } => {
                        value.starts_with(pattern.trim_end_matches('*'))
                    }
                });
                prop_assert_eq!(covering.count(), 1, "{}", value);
            }
        }
    }
}
