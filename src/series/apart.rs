//! In what several label sets differ: an answer may have a thousand, each as long as it likes. As
//! long as they are small they are kept, and what tells them apart is solved; of more, only what their
//! labels have in common is known.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher as _};

use crate::series::Labels;
use crate::series::solver;
use crate::series::solver::Solution;

/// Most bytes of names and values that are kept. Labels that come later are not told about.
const KEPT: usize = 64 << 10;

/// What is known of the label sets of an answer, each counted once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Apart {
    sets: HashSet<u64>,
    labels: BTreeMap<String, Values>,
    kept: usize,
    /// Whether sets are kept beyond what an error text needs.
    is_keeping: bool,
    /// Whether some label was too long to be told about.
    is_cut: bool,
    /// The sets themselves, once there are two.
    whole: Option<Box<Whole>>,
}

/// Whole sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Whole {
    /// As far as they are kept.
    sets: Vec<Labels>,
    /// How many bytes all have, those too that are not kept.
    bytes: usize,
    /// What tells them apart, once that was solved.
    solution: Option<Solution>,
}

/// The values that one label has.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Values {
    first: String,
    /// How many sets have the label.
    sets: usize,
    has_several: bool,
    /// Those values, for as long as no two sets have the same.
    distinct: Option<HashSet<u64>>,
    /// Whether two sets lack the label: then it does not tell all of them apart.
    lacking: usize,
}

/// Most sets that are kept (experience.md, "Why is it empty, why is it too many").
const SETS: usize = 1_000;
/// Most bytes of sets that are kept for an error text: a refusal may be kept for others, and many
/// be refused at once.
const WHOLE: usize = 128 << 10;

impl Apart {
    /// Nothing yet; the sets are kept however long they are, up to 1,000 of them.
    #[must_use]
    pub fn keeping() -> Self {
        Self {
            is_keeping: true,
            ..Self::default()
        }
    }

    /// The sets, as far as they were kept; none if there is only one.
    #[must_use]
    pub fn sets(&self) -> &[Labels] {
        self.whole.as_ref().map_or(&[], |whole| &whole.sets)
    }

    /// The same, with what tells the sets apart solved, for whoever asks more than once.
    #[must_use]
    pub fn solved(mut self) -> Self {
        let solution = self.solution();
        if let Some(whole) = &mut self.whole {
            whole.solution = solution;
        }
        self
    }

    /// What tells the sets apart; `None` if there are fewer than two, or too many and too long ones to
    /// be compared whole. The same whether sets are kept beyond that or not.
    #[must_use]
    pub fn solution(&self) -> Option<Solution> {
        let whole = self.whole.as_ref()?;
        if self.is_cut || whole.bytes > WHOLE || whole.sets.len() < self.count() {
            return None;
        }
        let solve = || {
            let sets: Vec<_> = whole.sets.iter().map(|set| set.0.clone()).collect();
            solver::solve(&sets)
        };
        Some(whole.solution.clone().unwrap_or_else(solve))
    }

    /// The labels that tell the sets apart: as few as do, else all in which they differ.
    #[must_use]
    pub fn telling_labels(&self) -> Vec<String> {
        match self.solution() {
            Some(solution) => solution.labels,
            None => self.differing().map(str::to_owned).collect(),
        }
    }

    /// Keeps `set`, and before the second one the first: that is all that is known of labels so far.
    fn keep(&mut self, set: &Labels) {
        let whole = self.whole.get_or_insert_with(|| {
            let first = self.labels.iter();
            let first = first.map(|(name, values)| (name.clone(), values.first.clone()));
            let first = Labels(first.collect());
            Box::new(Whole {
                bytes: size(&first),
                sets: vec![first],
                solution: None,
            })
        });
        whole.solution = None;
        whole.bytes = whole.bytes.saturating_add(size(set));
        let has_room = self.is_keeping || whole.bytes <= WHOLE;
        if has_room && whole.sets.len() < SETS {
            whole.sets.push(set.clone());
        }
    }

    /// Takes one more set, unless an equal one is there.
    pub fn add(&mut self, set: &Labels) {
        let before = self.sets.len();
        if !self.sets.insert(hash(set)) {
            return;
        }
        if before > 0 {
            self.keep(set);
        }
        for (name, value) in &set.0 {
            match self.labels.get_mut(name) {
                Some(values) => values.add(value),
                None if self.kept + name.len() + value.len() <= KEPT => {
                    self.kept += name.len() + value.len();
                    self.labels.insert(name.clone(), Values::of(value, before));
                }
                None => self.is_cut = true,
            }
        }
        let count = self.sets.len();
        for values in self.labels.values_mut() {
            values.lacking = count - values.sets;
            if values.lacking > 1 {
                values.distinct = None;
            }
        }
    }

    /// About how many bytes this takes.
    #[must_use]
    pub fn size(&self) -> usize {
        let hashes = |set: &HashSet<u64>| set.capacity() * size_of::<(u64, u8)>();
        let values = self.labels.values();
        let distinct = values.filter_map(|values| values.distinct.as_ref());
        let entry = size_of::<(String, Values)>();
        let labels = self.labels.len() * entry + distinct.map(hashes).sum::<usize>();
        // What is solved of them is shorter than they are.
        let whole = self.sets().iter().map(size).sum::<usize>() * 2;
        size_of::<Self>() + self.kept + hashes(&self.sets) + labels + whole
    }

    /// How many different sets there were.
    #[must_use]
    pub fn count(&self) -> usize {
        self.sets.len()
    }

    /// The sorted names of the labels in which the sets differ, or that are missing in some of
    /// them.
    pub fn differing(&self) -> impl Iterator<Item = &str> {
        self.names(|values| values.has_several || values.lacking > 0)
    }

    /// The sorted names of the labels that have several values.
    pub fn conflicting(&self) -> impl Iterator<Item = &str> {
        self.names(|values| values.has_several)
    }

    /// The first label that is different in each set, and the value that the first set with that
    /// label has.
    #[must_use]
    pub fn telling(&self) -> Option<(&str, &str)> {
        let mut labels = self.labels.iter();
        labels
            .find(|(_, values)| values.distinct.is_some() && self.count() > 1)
            .map(|(name, values)| (name.as_str(), values.first.as_str()))
    }

    fn names(&self, are: fn(&Values) -> bool) -> impl Iterator<Item = &str> {
        let labels = self.labels.iter();
        labels
            .filter(move |(_, values)| are(values))
            .map(|(name, _)| name.as_str())
    }
}

impl Values {
    /// The first one, behind so many sets without the label.
    fn of(value: &str, before: usize) -> Self {
        Self {
            first: value.to_owned(),
            sets: 1,
            has_several: false,
            distinct: Some(HashSet::from([hash(value)])),
            lacking: before,
        }
    }

    fn add(&mut self, value: &str) {
        self.sets += 1;
        self.has_several |= value != self.first;
        if let Some(distinct) = &mut self.distinct
            && !distinct.insert(hash(value))
        {
            self.distinct = None;
        }
    }
}

/// About how many bytes a set takes.
fn size(set: &Labels) -> usize {
    let labels = set.0.iter();
    let text = labels.map(|(name, value)| name.len() + value.len());
    text.sum::<usize>() + set.0.len() * size_of::<(String, String)>()
}

/// Whoever makes two of them equal has only a worse error text from it.
fn hash<T: Hash + ?Sized>(value: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apart(sets: &[&[(&str, &str)]]) -> Apart {
        let mut apart = Apart::default();
        for pairs in sets {
            let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            apart.add(&Labels(pairs.iter().map(owned).collect()));
        }
        apart
    }

    /// Checks in what the sets differ, which labels have several values, and which label tells all
    /// of them apart.
    #[track_caller]
    fn check(
        sets: &[&[(&str, &str)]],
        differing: &[&str],
        conflicting: &[&str],
        telling: Option<(&str, &str)>,
    ) {
        let apart = apart(sets);
        assert_eq!(apart.differing().collect::<Vec<_>>(), differing);
        assert_eq!(apart.conflicting().collect::<Vec<_>>(), conflicting);
        assert_eq!(apart.telling(), telling);
    }

    #[test]
    fn labels_differ_by_value_or_by_absence_and_are_sorted() {
        check(
            &[
                &[("job", "a"), ("pod", "1"), ("zone", "x")],
                &[("job", "a"), ("pod", "2")],
            ],
            &["pod", "zone"],
            &["pod"],
            Some(("pod", "1")),
        );
    }

    #[test]
    fn one_set_differs_in_nothing() {
        check(&[&[("job", "a")]], &[], &[], None);
        check(&[&[("job", "a")], &[("job", "a")]], &[], &[], None);
        check(&[], &[], &[], None);
    }

    #[test]
    fn a_label_tells_the_sets_apart_only_if_each_has_another_value() {
        let by_pod: &[&[(&str, &str)]] = &[
            &[("code", "200"), ("pod", "a")],
            &[("code", "200"), ("pod", "b")],
            &[("code", "500"), ("pod", "c")],
        ];
        check(
            by_pod,
            &["code", "pod"],
            &["code", "pod"],
            Some(("pod", "a")),
        );
        let by_both: &[&[(&str, &str)]] = &[
            &[("code", "200"), ("pod", "a")],
            &[("code", "200"), ("pod", "b")],
            &[("code", "500"), ("pod", "a")],
        ];
        check(by_both, &["code", "pod"], &["code", "pod"], None);
    }

    #[test]
    fn one_set_may_lack_the_label_that_tells_the_others() {
        check(&[&[], &[("pod", "b")]], &["pod"], &[], Some(("pod", "b")));
        let pods: &[&[(&str, &str)]] = &[&[], &[("pod", "b")], &[("pod", "c"), ("x", "")]];
        check(pods, &["pod", "x"], &["pod"], Some(("pod", "b")));
        let two_lack_it: &[&[(&str, &str)]] = &[&[], &[("x", "1")], &[("pod", "b"), ("x", "1")]];
        check(two_lack_it, &["pod", "x"], &[], None);
    }

    #[test]
    fn an_equal_set_counts_once() {
        let apart = apart(&[&[("a", "1")], &[("a", "2")], &[("a", "1")]]);
        assert_eq!(apart.count(), 2);
        assert_eq!(apart.telling(), Some(("a", "1")));
    }

    #[test]
    fn as_few_labels_as_tell_the_sets_apart_are_named() {
        let pods: &[&[(&str, &str)]] = &[
            &[("instance", "10.0.0.1:80"), ("pod", "a"), ("zone", "x")],
            &[("instance", "10.0.0.2:80"), ("pod", "b"), ("zone", "x")],
            &[("instance", "10.0.0.3:80"), ("pod", "c"), ("zone", "y")],
        ];
        let apart = apart(pods);
        assert_eq!(apart.telling_labels(), ["pod"]);
        assert_eq!(apart.sets().len(), 3);
        assert_eq!(apart.solution().unwrap().tuples, [["a"], ["b"], ["c"]]);
        let one = self::apart(&[&[("job", "a")]]);
        assert!(one.solution().is_none() && one.sets().is_empty());
    }

    #[test]
    fn sets_that_are_too_long_to_be_compared_are_told_by_their_labels_kept_or_not() {
        for mut apart in [Apart::default(), Apart::keeping()] {
            for set in 0..100 {
                let pairs = [("job", "x".repeat(2_000)), ("pod", set.to_string())];
                let pairs = pairs.map(|(name, value)| (name.to_owned(), value));
                apart.add(&Labels(pairs.into()));
            }
            assert!(apart.solution().is_none());
            assert_eq!(apart.telling_labels(), ["pod"]);
            assert_eq!(apart.sets().len() == 100, apart.is_keeping);
            assert!(apart.is_keeping || apart.size() < 3 * WHOLE);
        }
    }

    #[test]
    fn a_label_that_is_too_long_to_be_known_is_not_taken_for_a_missing_one() {
        let long = "x".repeat(KEPT);
        let sets: &[&[(&str, &str)]] = &[
            &[("long", &long), ("pod", "a")],
            &[("long", &long), ("pod", "b")],
        ];
        let apart = apart(sets);
        assert!(apart.solution().is_none());
        assert_eq!(apart.telling_labels(), ["pod"]);
    }

    #[test]
    fn what_is_kept_of_many_long_labels_is_bounded() {
        let mut apart = Apart::default();
        for set in 0..1_000 {
            let name = format!("{set:0>1000}");
            apart.add(&Labels([(name, "x".repeat(1_000))].into()));
        }
        assert_eq!(apart.count(), 1_000);
        assert_eq!(apart.differing().count(), KEPT / 2_000);
    }
}
