//! The solver: the smallest set of labels whose values tell all series apart (experience.md, "Why is
//! it empty, why is it too many").
//!
//! Pure. A label that a series lacks counts as empty, as `PromQL` has it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

/// Most labels of which all sets are tried: those with most values.
const TRIED: usize = 24;
/// Largest set that is looked for among all of them.
const LARGEST: usize = 3;
/// Most tuples that are shown.
const TUPLES: usize = 10;
/// Most values whose series are counted.
const COUNTS: usize = 100;

/// What tells series apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Solution {
    /// How many series there are.
    pub series: usize,
    /// The labels, in the order of their names.
    pub labels: Vec<String>,
    /// The labels that have one value throughout.
    pub constant: BTreeMap<String, String>,
    /// The first of the different tuples of values, sorted.
    pub tuples: Vec<Vec<String>>,
    /// How many series each value of these labels has, the most first.
    pub counts: Vec<Count>,
    /// Whether the labels tell all series apart. If not, no labels do.
    pub is_separable: bool,
}

/// How many series have a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The label.
    pub label: String,
    /// The value.
    pub value: String,
    /// The number of series.
    pub series: usize,
}

/// What tells the series with these label sets apart.
#[must_use]
pub fn solve(sets: &[BTreeMap<String, String>]) -> Solution {
    let names: BTreeSet<&str> = sets
        .iter()
        .flat_map(|set| set.keys())
        .map(String::as_str)
        .collect();
    let columns = names.into_iter().map(|name| Column::new(name, sets));
    let (constant, varying): (Vec<Column<'_>>, _) = columns.partition(|it| it.distinct == 1);
    let table = Table {
        rows: sets.len(),
        columns: varying,
    };
    let (chosen, is_separable) = table.chosen();
    let chosen: Vec<&Column<'_>> = chosen.iter().map(|index| &table.columns[*index]).collect();
    let tuples: BTreeSet<Vec<&str>> = (0..sets.len())
        .map(|row| chosen.iter().map(|column| column.values[row]).collect())
        .collect();
    let shown = tuples.into_iter().take(TUPLES);
    Solution {
        series: sets.len(),
        labels: chosen.iter().map(|column| column.name.to_owned()).collect(),
        constant: (constant.iter())
            .filter_map(|column| {
                Some((column.name.to_owned(), (*column.values.first()?).to_owned()))
            })
            .collect(),
        tuples: shown
            .map(|tuple| tuple.into_iter().map(str::to_owned).collect())
            .collect(),
        counts: chosen.iter().flat_map(|column| column.counts()).collect(),
        is_separable,
    }
}

/// A label, and its value in each series.
struct Column<'a> {
    name: &'a str,
    values: Vec<&'a str>,
    /// The same as numbers below `distinct`, equal where the values are.
    ids: Vec<usize>,
    distinct: usize,
    /// How long the values are, added.
    length: usize,
}

impl<'a> Column<'a> {
    fn new(name: &'a str, sets: &'a [BTreeMap<String, String>]) -> Self {
        let values: Vec<&str> = sets
            .iter()
            .map(|set| set.get(name).map_or("", String::as_str))
            .collect();
        let mut known = HashMap::new();
        let ids = values
            .iter()
            .map(|value| {
                let next = known.len();
                *known.entry(*value).or_insert(next)
            })
            .collect();
        Self {
            name,
            ids,
            distinct: known.len(),
            length: values.iter().map(|value| value.len()).sum(),
            values,
        }
    }

    fn counts(&self) -> Vec<Count> {
        let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
        for value in &self.values {
            *counted.entry(value).or_default() += 1;
        }
        let mut counts: Vec<Count> = counted
            .into_iter()
            .map(|(value, series)| Count {
                label: self.name.to_owned(),
                value: value.to_owned(),
                series,
            })
            .collect();
        counts.sort_by_key(|count| std::cmp::Reverse(count.series));
        counts.truncate(COUNTS);
        counts
    }
}

/// The labels that do not have one value throughout, in the order of their names.
struct Table<'a> {
    rows: usize,
    columns: Vec<Column<'a>>,
}

impl Table<'_> {
    /// The columns of the smallest set, ascending, and whether it separates all rows.
    fn chosen(&self) -> (Vec<usize>, bool) {
        if self.rows < 2 {
            return (Vec::new(), true);
        }
        let mut tried: Vec<usize> = (0..self.columns.len()).collect();
        tried.sort_by_key(|index| (std::cmp::Reverse(self.columns[*index].distinct), *index));
        tried.truncate(TRIED);
        tried.sort_unstable();
        let mut witnesses = Witnesses::default();
        for size in 1..=LARGEST {
            let best = subsets(&tried, size)
                .filter(|set| self.separates(set, &mut witnesses))
                .min_by_key(|set| (self.length(set), set.clone()));
            if let Some(best) = best {
                return (best, true);
            }
        }
        self.greedy()
    }

    /// Adds the label that splits most pairs, until all are split or none can be.
    fn greedy(&self) -> (Vec<usize>, bool) {
        let mut classes = vec![0_usize; self.rows];
        let mut together = pairs(&classes);
        let mut chosen: Vec<usize> = Vec::new();
        while together > 0 {
            let candidates = (0..self.columns.len()).filter(|index| !chosen.contains(index));
            let best = candidates
                .map(|index| {
                    let refined = refined(&classes, &self.columns[index].ids);
                    (pairs(&refined), self.columns[index].length, index, refined)
                })
                .min_by_key(|(left, length, index, _)| (*left, *length, *index));
            match best {
                Some((left, _, index, refined)) if left < together => {
                    chosen.push(index);
                    classes = refined;
                    together = left;
                }
                _ => break,
            }
        }
        chosen.sort_unstable();
        (chosen, together == 0)
    }

    fn separates(&self, set: &[usize], witnesses: &mut Witnesses) -> bool {
        let columns: Vec<&Column<'_>> = set.iter().map(|index| &self.columns[*index]).collect();
        let most = columns
            .iter()
            .fold(1_usize, |most, column| most.saturating_mul(column.distinct));
        let equal = |(a, b): (usize, usize)| columns.iter().all(|it| it.ids[a] == it.ids[b]);
        if most < self.rows || witnesses.refute(equal) {
            return false;
        }
        let mut seen = HashMap::with_capacity(self.rows);
        for row in 0..self.rows {
            // Ids are below 1,000, and there are three of them at most.
            let key = columns.iter().fold(0_usize, |key, column| {
                key * column.distinct + column.ids[row]
            });
            if let Some(before) = seen.insert(key, row) {
                witnesses.add((before, row));
                return false;
            }
        }
        true
    }

    fn length(&self, set: &[usize]) -> usize {
        set.iter().map(|index| self.columns[*index].length).sum()
    }
}

/// Pairs of series that labels have failed to tell apart. They refute most sets of labels at once.
#[derive(Default)]
struct Witnesses(Vec<(usize, usize)>);

impl Witnesses {
    fn refute(&mut self, are_equal: impl Fn((usize, usize)) -> bool) -> bool {
        let Some(found) = self.0.iter().position(|pair| are_equal(*pair)) else {
            return false;
        };
        // What refuted one set most likely refutes the next, which differs in one label.
        self.0.swap(found, found / 2);
        true
    }

    fn add(&mut self, pair: (usize, usize)) {
        self.0.push(pair);
    }
}

/// All subsets of `size` of 1 to 3, each ascending.
fn subsets(of: &[usize], size: usize) -> Box<dyn Iterator<Item = Vec<usize>> + '_> {
    if size == 0 {
        return Box::new(std::iter::once(Vec::new()));
    }
    Box::new(of.iter().enumerate().flat_map(move |(place, first)| {
        subsets(&of[place + 1..], size - 1).map(move |rest| [vec![*first], rest].concat())
    }))
}

/// The classes that remain when each is split by `ids`.
fn refined(classes: &[usize], ids: &[usize]) -> Vec<usize> {
    let mut known = HashMap::new();
    classes
        .iter()
        .zip(ids)
        .map(|pair| {
            let next = known.len();
            *known.entry(pair).or_insert(next)
        })
        .collect()
}

/// How many pairs are in one class.
fn pairs(classes: &[usize]) -> usize {
    let mut sizes: HashMap<usize, usize> = HashMap::new();
    for class in classes {
        *sizes.entry(*class).or_default() += 1;
    }
    sizes.values().map(|size| size * (size - 1) / 2).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sets(series: &[&[(&str, &str)]]) -> Vec<BTreeMap<String, String>> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        series
            .iter()
            .map(|set| set.iter().map(owned).collect())
            .collect()
    }

    #[track_caller]
    fn check(series: &[&[(&str, &str)]], labels: &[&str], is_separable: bool) {
        let solution = solve(&sets(series));
        assert_eq!(solution.labels, labels);
        assert_eq!(solution.is_separable, is_separable);
    }

    #[test]
    fn one_label_that_tells_all_apart_is_enough() {
        check(
            &[
                &[("job", "a"), ("pod", "x"), ("zone", "1")],
                &[("job", "a"), ("pod", "y"), ("zone", "1")],
                &[("job", "a"), ("pod", "z"), ("zone", "2")],
            ],
            &["pod"],
            true,
        );
    }

    #[test]
    fn of_equal_sets_the_one_with_shorter_values_then_the_first_name() {
        check(
            &[&[("a", "long"), ("b", "x")], &[("a", "longer"), ("b", "y")]],
            &["b"],
            true,
        );
        check(
            &[&[("b", "1"), ("a", "x")], &[("b", "2"), ("a", "y")]],
            &["a"],
            true,
        );
    }

    #[test]
    fn a_missing_label_is_an_empty_one() {
        check(&[&[], &[("pod", "b")]], &["pod"], true);
        check(&[&[("pod", "")], &[]], &[], false);
    }

    #[test]
    fn what_is_shown_of_a_solution() {
        let solution = solve(&sets(&[
            &[("job", "x"), ("pod", "b"), ("code", "1")],
            &[("job", "x"), ("pod", "a"), ("code", "1")],
            &[("job", "x"), ("pod", "a"), ("code", "2")],
        ]));
        assert_eq!(solution.labels, ["code", "pod"]);
        assert_eq!(
            solution.constant,
            BTreeMap::from([("job".to_owned(), "x".to_owned())])
        );
        assert_eq!(solution.tuples, [["1", "a"], ["1", "b"], ["2", "a"]]);
        let counts = solution
            .counts
            .iter()
            .map(|it| (it.value.as_str(), it.series));
        assert_eq!(
            counts.collect::<Vec<_>>(),
            [("1", 2), ("2", 1), ("a", 2), ("b", 1)]
        );
    }

    #[test]
    fn four_labels_are_found_greedily() {
        let bits = |n: u32| {
            let bit = |place: u32| ((n >> place) & 1).to_string();
            (0..4)
                .map(|place| (format!("l{place}"), bit(place)))
                .collect()
        };
        let all: Vec<BTreeMap<String, String>> = (0..16).map(bits).collect();
        let solution = solve(&all);
        assert_eq!(solution.labels, ["l0", "l1", "l2", "l3"]);
        assert!(solution.is_separable);
    }

    /// The bound of the chapter is 100 ms in a release; that it ends at all is what is shown here.
    #[test]
    fn a_thousand_series_of_24_labels_are_solved() {
        let set = |n: usize| {
            let value = |label: usize| format!("v{}", (n / (label + 1)) % (label % 7 + 4));
            (0..24)
                .map(|label| (format!("label{label}"), value(label)))
                .collect()
        };
        let all: Vec<BTreeMap<String, String>> = (0..1_000).map(set).collect();
        assert_eq!(solve(&all).series, 1_000);
    }

    proptest! {
        #[test]
        fn no_smaller_set_separates_and_each_tuple_selects_one_series(
            rows in proptest::collection::btree_set(
                proptest::collection::vec(0_u8..3, 5), 2..12,
            ),
        ) {
            let all: Vec<BTreeMap<String, String>> = rows
                .iter()
                .map(|row| {
                    let labels = row.iter().enumerate();
                    labels.map(|(label, value)| (format!("l{label}"), value.to_string())).collect()
                })
                .collect();
            let solution = solve(&all);
            let tuples = |labels: &[String]| -> BTreeSet<Vec<String>> {
                all.iter()
                    .map(|set| labels.iter().map(|label| set[label].clone()).collect())
                    .collect()
            };
            prop_assert!(solution.is_separable);
            prop_assert_eq!(tuples(&solution.labels).len(), all.len());
            if solution.labels.len() <= LARGEST + 1 {
                let names: Vec<String> = (0..5).map(|label| format!("l{label}")).collect();
                let indexes: Vec<usize> = (0..5).collect();
                for smaller in subsets(&indexes, solution.labels.len() - 1) {
                    let labels: Vec<String> =
                        smaller.iter().map(|index| names[*index].clone()).collect();
                    prop_assert!(tuples(&labels).len() < all.len(), "{labels:?}");
                }
            }
        }
    }
}
