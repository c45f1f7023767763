use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::time::Millis;
use crate::time::TimeRange;
use crate::time::UnixMillis;
use crate::translate::plan::AggregationMethod;
use crate::translate::plan::Arithmetic;
use crate::translate::plan::ComputedRead;
use crate::translate::plan::InfInterpretation;
use crate::translate::plan::NanInterpretation;
use crate::translate::plan::ObservationsRead;
use crate::translate::plan::Origin;
use crate::translate::plan::Percentile;
use crate::translate::plan::Quantiles;
use crate::translate::plan::Selector;
use crate::translate::plan::Source;

/// What the plan is made of, as it is written.
const SOURCE: &str = include_str!("../../translate/plan.rs");

const fn at(millis: i64) -> UnixMillis {
    UnixMillis::new(millis)
}

fn spelled(text: &str) -> Spelled {
    Spelled::of(text, Origin::Profile)
}

fn range() -> RangeRead {
    RangeRead {
        expr: "up".to_owned(),
        fragments: Vec::new(),
        instants: Instants {
            first: at(60_000),
            last: at(600_000),
            step: Millis::MINUTE,
        },
        group: 1,
        is_splittable: true,
        max_steps: 11_000,
        max_range: Millis::DAY,
    }
}

fn samples() -> SampleRead {
    SampleRead {
        selector: Selector::of("up"),
        range: TimeRange {
            start: at(0),
            end: at(600_000),
        },
        interval: Millis::MINUTE,
        max_range: Millis::DAY,
        skips_nan: false,
    }
}

fn legacy() -> LegacyRead {
    LegacyRead {
        expr: "up".to_owned(),
        fragments: Vec::new(),
        start: 60,
        end: 600,
        step: 60,
    }
}

const GRID: Grid = Grid {
    first_end: at(60_000),
    last_end: at(600_000),
    width: Millis::MINUTE,
};

fn quantiles() -> Quantiles {
    Quantiles {
        all: spelled("up"),
        wanted: &["0.9", "0.90"],
        count: spelled("up_count"),
    }
}

fn observations() -> ObservationsRead {
    ObservationsRead {
        samples: samples(),
        since: at(0),
        source: Source::Pairs,
    }
}

fn computed() -> ComputedRead {
    ComputedRead {
        samples: samples(),
        grid: GRID,
        method: AggregationMethod::Mean,
        arithmetic: Arithmetic::Values,
        interval: Millis::MINUTE,
        refuses_several: false,
        budget: 500_000,
    }
}

fn pool() -> Several {
    Several::Pool {
        read: samples(),
        percentile: Percentile::P95,
        budget: 500_000,
    }
}

fn plan() -> Plan {
    Plan {
        subject: Subject {
            name: "up".to_owned(),
            shown: "up".to_owned(),
            selectors: vec![Selector::of("up").spelled()],
            range: TimeRange {
                start: at(0),
                end: at(600_000),
            },
            quantiles: None,
        },
        read: Read::Range(range()),
        reduction: Reduction::Buckets {
            grid: GRID,
            is_zero_filled: false,
        },
        several: Several::Refuse,
        limit: 100_000,
        nan: NanInterpretation::Zero,
        inf: InfInterpretation::None,
        parameters: Vec::new(),
        rate_window: None,
        held_back: None,
    }
}

/// A plan about a metric.
pub(crate) fn named(name: &str) -> Plan {
    let mut plan = plan();
    name.clone_into(&mut plan.subject.name);
    plan
}

/// Two plans for each field and variant of the plan's types, which differ in that alone.
fn cases() -> Vec<(&'static str, Plan, Plan)> {
    let of = |change: &dyn Fn(&mut Plan)| {
        let mut changed = plan();
        change(&mut changed);
        changed
    };
    let from = |change: &dyn Fn(&mut Plan)| (plan(), of(change));
    let read = |one: Read, other: Read| {
        (
            of(&|it| it.read = one.clone()),
            of(&|it| it.read = other.clone()),
        )
    };
    let reduce = |one: Reduction, other: Reduction| {
        (
            of(&|it| it.reduction = one.clone()),
            of(&|it| it.reduction = other.clone()),
        )
    };
    let ranged = |change: &dyn Fn(&mut RangeRead)| {
        let mut changed = range();
        change(&mut changed);
        read(Read::Range(range()), Read::Range(changed))
    };
    let sampled = |change: &dyn Fn(&mut SampleRead)| {
        let mut changed = samples();
        change(&mut changed);
        read(Read::Samples(samples()), Read::Samples(changed))
    };
    let legacied = |change: &dyn Fn(&mut LegacyRead)| {
        let mut changed = legacy();
        change(&mut changed);
        read(Read::Legacy(legacy()), Read::Legacy(changed))
    };
    let buckets = |grid, is_zero_filled| Reduction::Buckets {
        grid,
        is_zero_filled,
    };
    let fold = |grid, method, is_zero_filled| Reduction::Fold {
        grid,
        method,
        is_zero_filled,
    };
    let (mean, max) = (AggregationMethod::Mean, AggregationMethod::Max);
    let later = Grid {
        first_end: at(120_000),
        ..GRID
    };
    let old = |bucket, end| Reduction::Legacy { bucket, end };
    let pooled = |change: &dyn Fn(&mut SampleRead, &mut Percentile, &mut usize)| {
        let mut changed = pool();
        if let Several::Pool {
            read,
            percentile,
            budget,
        } = &mut changed
        {
            change(read, percentile, budget);
        }
        (
            of(&|it| it.several = pool()),
            of(&|it| it.several = changed.clone()),
        )
    };
    let quantiled = |change: &dyn Fn(&mut Quantiles)| {
        let mut changed = quantiles();
        change(&mut changed);
        (
            of(&|it| it.subject.quantiles = Some(quantiles())),
            of(&|it| it.subject.quantiles = Some(changed.clone())),
        )
    };
    let observed = |change: &dyn Fn(&mut ObservationsRead)| {
        let mut changed = observations();
        change(&mut changed);
        read(
            Read::Observations(observations()),
            Read::Observations(changed),
        )
    };
    let computing = |change: &dyn Fn(&mut ComputedRead)| {
        let mut changed = computed();
        change(&mut changed);
        read(
            Read::Computed(Box::new(computed())),
            Read::Computed(Box::new(changed)),
        )
    };
    let grown = |resolution| Arithmetic::Growth {
        resolution: Millis::new(resolution),
    };
    let computings = |one: Arithmetic, other: Arithmetic| {
        let of = |arithmetic| {
            Read::Computed(Box::new(ComputedRead {
                arithmetic,
                ..computed()
            }))
        };
        read(of(one), of(other))
    };
    let cases = [
        ("Plan.subject", from(&|it| it.subject.name.push('x'))),
        ("Plan.read", from(&|it| it.read = Read::Nothing)),
        (
            "Plan.reduction",
            from(&|it| it.reduction = Reduction::Points),
        ),
        ("Plan.several", from(&|it| it.several = pool())),
        ("Plan.limit", from(&|it| it.limit -= 1)),
        ("Plan.nan", from(&|it| it.nan = NanInterpretation::None)),
        ("Plan.inf", from(&|it| it.inf = InfInterpretation::Max)),
        (
            "Plan.parameters",
            from(&|it| it.parameters.push(("nocache", "1"))),
        ),
        ("Subject.name", from(&|it| it.subject.name.push('x'))),
        ("Subject.shown", from(&|it| it.subject.shown.push('x'))),
        (
            "Subject.selectors",
            from(&|it| it.subject.selectors.clear()),
        ),
        ("Subject.range", from(&|it| it.subject.range.end = at(1))),
        ("Read::Nothing", read(Read::Nothing, Read::Range(range()))),
        (
            "Read::Range",
            read(Read::Range(range()), Read::Samples(samples())),
        ),
        (
            "Read::Samples",
            read(Read::Samples(samples()), Read::Legacy(legacy())),
        ),
        ("Read::Legacy", read(Read::Legacy(legacy()), Read::Nothing)),
        ("RangeRead.expr", ranged(&|it| it.expr.push('x'))),
        (
            "RangeRead.instants",
            ranged(&|it| it.instants.last = at(660_000)),
        ),
        ("RangeRead.group", ranged(&|it| it.group = 2)),
        (
            "RangeRead.is_splittable",
            ranged(&|it| it.is_splittable = false),
        ),
        ("RangeRead.max_steps", ranged(&|it| it.max_steps = 5)),
        (
            "RangeRead.max_range",
            ranged(&|it| it.max_range = Millis::HOUR),
        ),
        ("Instants.first", ranged(&|it| it.instants.first = at(0))),
        (
            "Instants.last",
            ranged(&|it| it.instants.last = at(660_000)),
        ),
        (
            "Instants.step",
            ranged(&|it| it.instants.step = Millis::new(30_000)),
        ),
        (
            "SampleRead.selector",
            sampled(&|it| it.selector = Selector::of("down")),
        ),
        ("SampleRead.range", sampled(&|it| it.range.start = at(1))),
        (
            "SampleRead.interval",
            sampled(&|it| it.interval = Millis::HOUR),
        ),
        (
            "SampleRead.max_range",
            sampled(&|it| it.max_range = Millis::HOUR),
        ),
        ("SampleRead.skips_nan", sampled(&|it| it.skips_nan = true)),
        (
            "Subject.quantiles",
            from(&|it| it.subject.quantiles = Some(quantiles())),
        ),
        ("Quantiles.all", quantiled(&|it| it.all.text.push('x'))),
        ("Quantiles.wanted", quantiled(&|it| it.wanted = &["1"])),
        ("Quantiles.count", quantiled(&|it| it.count.text.push('x'))),
        ("Read::Missing", read(Read::Missing, Read::Nothing)),
        (
            "Read::Observations",
            read(Read::Observations(observations()), Read::Samples(samples())),
        ),
        (
            "Read::Computed",
            read(
                Read::Computed(Box::new(computed())),
                Read::Samples(samples()),
            ),
        ),
        (
            "ObservationsRead.samples",
            observed(&|it| it.samples.skips_nan = true),
        ),
        ("ObservationsRead.since", observed(&|it| it.since = at(1))),
        (
            "ObservationsRead.source",
            observed(&|it| it.source = Source::Native),
        ),
        ("Source::Pairs", observed(&|it| it.source = Source::Native)),
        ("Source::Native", observed(&|it| it.source = Source::Native)),
        (
            "ComputedRead.samples",
            computing(&|it| it.samples.skips_nan = true),
        ),
        ("ComputedRead.grid", computing(&|it| it.grid = later)),
        ("ComputedRead.method", computing(&|it| it.method = max)),
        (
            "ComputedRead.arithmetic",
            computing(&|it| it.arithmetic = Arithmetic::Distribution),
        ),
        (
            "ComputedRead.interval",
            computing(&|it| it.interval = Millis::HOUR),
        ),
        (
            "ComputedRead.refuses_several",
            computing(&|it| it.refuses_several = true),
        ),
        ("ComputedRead.budget", computing(&|it| it.budget = 1)),
        (
            "Arithmetic::Values",
            computing(&|it| it.arithmetic = Arithmetic::Distribution),
        ),
        (
            "Arithmetic::Growth",
            computing(&|it| it.arithmetic = grown(1)),
        ),
        (
            "Arithmetic::Growth.resolution",
            computings(grown(1), grown(2)),
        ),
        (
            "Arithmetic::Observations",
            computings(
                Arithmetic::Observations(Source::Pairs),
                Arithmetic::Observations(Source::Native),
            ),
        ),
        (
            "Arithmetic::Distribution",
            computing(&|it| it.arithmetic = Arithmetic::Distribution),
        ),
        ("LegacyRead.expr", legacied(&|it| it.expr.push('x'))),
        ("LegacyRead.start", legacied(&|it| it.start = 0)),
        ("LegacyRead.end", legacied(&|it| it.end = 660)),
        ("LegacyRead.step", legacied(&|it| it.step = 30)),
        (
            "Reduction::Points",
            reduce(Reduction::Points, buckets(GRID, false)),
        ),
        (
            "Reduction::Rates",
            reduce(Reduction::Rates { since: at(0) }, Reduction::Points),
        ),
        (
            "Reduction::Rates.since",
            reduce(
                Reduction::Rates { since: at(0) },
                Reduction::Rates { since: at(1) },
            ),
        ),
        (
            "Reduction::Buckets",
            reduce(buckets(GRID, true), fold(GRID, mean, true)),
        ),
        (
            "Reduction::Buckets.grid",
            reduce(buckets(GRID, true), buckets(later, true)),
        ),
        (
            "Reduction::Buckets.is_zero_filled",
            reduce(buckets(GRID, true), buckets(GRID, false)),
        ),
        (
            "Reduction::Fold",
            reduce(fold(GRID, mean, true), old(None, at(0))),
        ),
        (
            "Reduction::Fold.grid",
            reduce(fold(GRID, mean, true), fold(later, mean, true)),
        ),
        (
            "Reduction::Fold.method",
            reduce(fold(GRID, mean, true), fold(GRID, max, true)),
        ),
        (
            "Reduction::Fold.is_zero_filled",
            reduce(fold(GRID, mean, true), fold(GRID, mean, false)),
        ),
        (
            "Reduction::Legacy",
            reduce(old(None, at(0)), Reduction::Rates { since: at(0) }),
        ),
        (
            "Reduction::Legacy.bucket",
            reduce(old(None, at(0)), old(Some(Millis::ZERO), at(0))),
        ),
        (
            "Reduction::Legacy.end",
            reduce(old(None, at(0)), old(None, at(1))),
        ),
        (
            "Grid.first_end",
            reduce(buckets(GRID, true), buckets(later, true)),
        ),
        (
            "Grid.last_end",
            reduce(
                buckets(GRID, true),
                buckets(
                    Grid {
                        last_end: at(0),
                        ..GRID
                    },
                    true,
                ),
            ),
        ),
        (
            "Grid.width",
            reduce(
                buckets(GRID, true),
                buckets(
                    Grid {
                        width: Millis::HOUR,
                        ..GRID
                    },
                    true,
                ),
            ),
        ),
        ("Several::Refuse", from(&|it| it.several = pool())),
        ("Several::Pool", from(&|it| it.several = pool())),
        (
            "Several::Pool.read",
            pooled(&|read, _, _| read.skips_nan = true),
        ),
        (
            "Several::Pool.percentile",
            pooled(&|_, percentile, _| *percentile = Percentile::P99),
        ),
        ("Several::Pool.budget", pooled(&|_, _, budget| *budget = 1)),
    ];
    cases
        .into_iter()
        .map(|(name, (one, other))| (name, one, other))
        .collect()
}

/// Every field and variant in the source of the plan: `Plan.limit`, `Read::Range`,
/// `Several::Pool.budget`.
fn written() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let (mut outer, mut is_enum, mut variant) = (String::new(), false, String::new());
    for line in SOURCE.lines() {
        let depth = line.len() - line.trim_start().len();
        let text = line.trim();
        if depth == 0 {
            outer.clear();
            for (word, kind) in [("pub struct ", false), ("pub enum ", true)] {
                if let Some(name) = text.strip_prefix(word) {
                    outer = name.trim_end_matches([' ', '{']).to_owned();
                    is_enum = kind;
                }
            }
            continue;
        }
        if outer.is_empty() || text.starts_with(['/', '#', '}']) {
            continue;
        }
        match (is_enum, depth) {
            (false, 4) => {
                let field = text.trim_start_matches("pub ");
                let (field, _) = field.split_once(':').expect("a field has a type");
                found.insert(format!("{outer}.{field}"));
            }
            (true, 4) => {
                let end = text.find(|c: char| !c.is_alphanumeric());
                text[..end.unwrap_or(text.len())].clone_into(&mut variant);
                found.insert(format!("{outer}::{variant}"));
            }
            (true, 8) => {
                let (field, _) = text.split_once(':').expect("a field has a type");
                found.insert(format!("{outer}::{variant}.{field}"));
            }
            _ => {}
        }
    }
    found
}

/// What only the record of a request tells: answers do not differ in it.
const RECORDED: [&str; 7] = [
    "Plan.rate_window",
    "Plan.held_back",
    "RateWindow.length",
    "RateWindow.interval",
    "RateWindow.is_widened",
    "RangeRead.fragments",
    "LegacyRead.fragments",
];

#[test]
fn the_cases_are_all_fields_and_variants_of_the_plan() {
    let cases: BTreeSet<String> = cases()
        .iter()
        .map(|(name, ..)| (*name).to_owned())
        .chain(RECORDED.map(ToOwned::to_owned))
        .collect();
    assert_eq!(cases, written());
}

#[test]
fn changing_one_field_of_the_plan_makes_another_key() {
    let seed = RandomState::new();
    for (name, one, other) in cases() {
        let key = |plan: &Plan| Key::new(&seed, "me", plan);
        assert_ne!(one, other, "{name}");
        assert_eq!(key(&one), key(&one.clone()), "{name}");
        assert_ne!(key(&one), key(&other), "{name}");
        assert_ne!(key(&one).hash, key(&other).hash, "{name}");
    }
}

#[test]
fn a_key_takes_what_it_holds_and_itself() {
    let key = Key::new(&RandomState::new(), "me", &plan());
    assert!(key.bytes.len() > 100, "{}", key.bytes.len());
    assert_eq!(key.size(), key.bytes.len() + size_of::<Key>());
}

#[test]
fn another_identity_makes_another_key() {
    let seed = RandomState::new();
    let key = |identity| Key::new(&seed, identity, &plan());
    assert_eq!(key("a/1"), key("a/1"));
    assert_ne!(key("a/1"), key("a/2"));
    assert_ne!(key("a/1"), key("b/1"));
}

#[test]
fn hashes_are_seeded_at_random() {
    let hash = || Key::new(&RandomState::new(), "me", &plan()).hash;
    assert_ne!(hash(), hash());
}

proptest! {
    #[test]
    fn what_moves_from_one_text_to_the_next_makes_another_key(
        text in "[ -~]{0,12}\u{e4}?",
        cut in 0_usize..14,
        other_cut in 0_usize..14,
    ) {
        let seed = RandomState::new();
        let key = |cut: usize| {
            let cut = text.floor_char_boundary(cut);
            let (name, shown) = text.split_at(cut);
            let mut plan = plan();
            plan.subject.name = name.to_owned();
            plan.subject.shown = shown.to_owned();
            (cut, Key::new(&seed, "me", &plan))
        };
        let (one, other) = (key(cut), key(other_cut));
        prop_assert_eq!(one.0 == other.0, one.1 == other.1);
    }

    #[test]
    fn lists_end_where_they_end(all in proptest::collection::vec("[ab]{0,2}", 0..4), cut in 0_usize..4) {
        let seed = RandomState::new();
        let mut one = plan();
        one.subject.selectors = all.iter().map(|text| spelled(text)).collect();
        let mut other = plan();
        let cut = cut.min(all.len());
        other.subject.selectors = vec![spelled(&all[..cut].concat()), spelled(&all[cut..].concat())];
        let keys = [&one, &other].map(|plan| Key::new(&seed, "me", plan));
        prop_assert_eq!(one == other, keys[0] == keys[1]);
    }
}
