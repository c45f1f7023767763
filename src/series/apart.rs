//! In what several label sets differ, without keeping them: an answer may have a thousand, each as
//! long as it likes.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher as _};

use crate::series::Labels;

/// Most bytes of names and values that are kept. Labels that come later are not told about.
const KEPT: usize = 64 << 10;

/// What is known of the label sets of an answer, each counted once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Apart {
    sets: HashSet<u64>,
    labels: BTreeMap<String, Values>,
    kept: usize,
    /// The sets themselves, if they are wanted.
    whole: Option<Vec<Labels>>,
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

impl Apart {
    /// Nothing yet; the sets themselves are kept too, up to 1,000 of them.
    #[must_use]
    pub fn keeping() -> Self {
        Self {
            whole: Some(Vec::new()),
            ..Self::default()
        }
    }

    /// The sets, if they were kept.
    #[must_use]
    pub fn sets(&self) -> &[Labels] {
        self.whole.as_deref().unwrap_or_default()
    }

    /// Takes one more set, unless an equal one is there.
    pub fn add(&mut self, set: &Labels) {
        let before = self.sets.len();
        if !self.sets.insert(hash(set)) {
            return;
        }
        if let Some(whole) = self.whole.as_mut().filter(|whole| whole.len() < SETS) {
            whole.push(set.clone());
        }
        for (name, value) in &set.0 {
            match self.labels.get_mut(name) {
                Some(values) => values.add(value),
                None if self.kept + name.len() + value.len() <= KEPT => {
                    self.kept += name.len() + value.len();
                    self.labels.insert(name.clone(), Values::of(value, before));
                }
                None => {}
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
        size_of::<Self>() + self.kept + hashes(&self.sets) + labels
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
