//! Field names and values, and values that come back as conditions.

use crate::labels::{HOSTILE, hostile_value};
use crate::question::Question;
use crate::rig::Rig;
use crate::samples::{BASE, HOUR, SCRAPE};
use crate::wire::{Point, Scalar, Value};
use crate::{Case, On};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "names_are_the_virtual_fields_and_then_the_labels",
        on: On::Each(names),
    },
    Case {
        name: "conditions_narrow_the_names_but_not_the_virtual_fields",
        on: On::Each(narrowed_names),
    },
    Case {
        name: "values_are_sorted_and_narrowed_but_not_by_themselves",
        on: On::Each(values),
    },
    Case {
        name: "values_are_paged_by_offset_and_limit",
        on: On::Each(paged),
    },
    Case {
        name: "without_metadata_names_tell_the_kind",
        on: On::Each(kinds),
    },
    Case {
        name: "hostile_values_come_back_and_select_their_own_series",
        on: On::Each(hostile),
    },
    Case {
        name: "numbers_and_booleans_match_their_spellings",
        on: On::Each(scalars),
    },
    Case {
        name: "a_dotted_label_selects_or_is_said_to_be_unsupported",
        on: On::Each(dotted),
    },
    Case {
        name: "the_connection_test_is_passed",
        on: On::Each(connection),
    },
];

const RANGE: (i64, i64) = (BASE, BASE + HOUR);
const VIRTUAL: [&str; 5] = [
    "__counter__",
    "__gauge__",
    "__histogram__",
    "__summary__",
    "~",
];

fn here(question: Question) -> Question {
    question.between(RANGE.0, RANGE.1)
}

#[track_caller]
fn expect_names(rig: &Rig<'_>, question: Question, labels: &[&str]) {
    let expected: Vec<&str> = VIRTUAL.iter().chain(labels).copied().collect();
    assert_eq!(
        rig.names(&here(question)),
        (owned(&expected), false),
        "{}",
        rig.engine.kind.name
    );
}

#[track_caller]
fn expect_values(rig: &Rig<'_>, question: Question, expected: &[&str], is_partial: bool) {
    assert_eq!(
        rig.values(&here(question)),
        (owned(expected), is_partial),
        "{}",
        rig.engine.kind.name
    );
}

fn owned(all: &[&str]) -> Vec<String> {
    all.iter().map(|one| (*one).to_owned()).collect()
}

fn names(rig: &Rig<'_>) {
    let mut all = vec![
        "http.status",
        "instance",
        "job",
        "le",
        "quantile",
        "status",
        "text",
        "zone",
    ];
    if !rig.engine.kind.takes_dotted_labels {
        all.remove(0);
    }
    expect_names(rig, Question::field_names(), &all);
    let (first, is_partial) = rig.names(&here(Question::field_names().limit(2)));
    let expected: Vec<&str> = VIRTUAL.iter().chain(&all[..2]).copied().collect();
    assert_eq!(
        (first, is_partial),
        (owned(&expected), true),
        "virtual fields do not count"
    );
}

fn narrowed_names(rig: &Rig<'_>) {
    let asked = Question::field_names;
    expect_names(
        rig,
        asked().with("__gauge__", "fields_gauge"),
        &["job", "status", "zone"],
    );
    expect_names(
        rig,
        asked().with("__gauge__", "gauge_two").with("instance", "a"),
        &["instance", "job", "zone"],
    );
    expect_names(rig, asked().with("__gauge__", "no_such_gauge"), &[]);
    // `le` and `quantile` belong to the kind and are no labels of the user's.
    expect_names(
        rig,
        asked().with("__histogram__", "fields_latency"),
        &["job"],
    );
    expect_names(rig, asked().with("__summary__", "fields_size"), &["job"]);
    expect_names(
        rig,
        asked().with("__gauge__", "fields_size"),
        &["job", "quantile"],
    );
}

fn values(rig: &Rig<'_>) {
    let asked = || Question::field_values("zone");
    expect_values(rig, asked(), &["north", "south", "southwest", "z1"], false);
    expect_values(
        rig,
        asked().with("__gauge__", "fields_gauge"),
        &["north", "south", "southwest"],
        false,
    );
    expect_values(
        rig,
        asked().with("__counter__", "fields_requests_total"),
        &["north"],
        false,
    );
    // The field that is asked does not narrow itself.
    let itself = asked()
        .with("__gauge__", "fields_gauge")
        .with("zone", "south");
    expect_values(rig, itself, &["north", "south", "southwest"], false);
    expect_values(rig, asked().with("status", "200"), &["north"], false);
    expect_values(
        rig,
        asked().with("~", "up").with("status", "true"),
        &["south"],
        false,
    );
    expect_values(rig, Question::field_values("no_such_label"), &[], false);
    expect_values(rig, Question::field_values("~"), &[], false);
    expect_values(rig, asked().prefix("so"), &["south", "southwest"], false);
    expect_values(rig, asked().prefix("So"), &[], false);
    expect_values(
        rig,
        asked().prefix("south*"),
        &["south", "southwest"],
        false,
    );
    expect_values(rig, asked().prefix(".*"), &[], false);
}

fn paged(rig: &Rig<'_>) {
    let asked = || Question::field_values("zone");
    expect_values(rig, asked().limit(2), &["north", "south"], true);
    expect_values(rig, asked().limit(2).offset(2), &["southwest", "z1"], false);
    expect_values(
        rig,
        asked().limit(2).offset(1),
        &["south", "southwest"],
        true,
    );
    expect_values(rig, asked().offset(3), &["z1"], false);
    expect_values(rig, asked().offset(4), &[], false);
    expect_values(
        rig,
        asked().prefix("s").offset(1).limit(1),
        &["southwest"],
        false,
    );
    expect_values(
        rig,
        asked().limit(i64::from(i32::MAX)),
        &["north", "south", "southwest", "z1"],
        false,
    );
}

fn kinds(rig: &Rig<'_>) {
    let asked = |field| Question::field_values(field).prefix("fields_");
    let counters = [
        "fields_latency_bucket",
        "fields_latency_count",
        "fields_latency_sum",
        "fields_requests_total",
        "fields_size_count",
        "fields_size_sum",
    ];
    expect_values(rig, asked("__counter__"), &counters, false);
    expect_values(rig, asked("__gauge__"), &["fields_gauge"], false);
    expect_values(rig, asked("__histogram__"), &["fields_latency"], false);
    expect_values(rig, asked("__summary__"), &["fields_size"], false);
    expect_values(
        rig,
        asked("__counter__").with("zone", "north"),
        &["fields_requests_total"],
        false,
    );
    // The kind that stands in the conditions is the one being edited.
    expect_values(
        rig,
        asked("__gauge__").with("__counter__", "fields_requests_total"),
        &["fields_gauge"],
        false,
    );
}

fn hostile(rig: &Rig<'_>) {
    let mut sorted = HOSTILE;
    sorted.sort_unstable();
    expect_values(
        rig,
        Question::field_values("text").with("__gauge__", "hostile"),
        &sorted,
        false,
    );
    for (n, value) in HOSTILE.iter().enumerate() {
        expect_values(
            rig,
            Question::field_values("text").prefix(value),
            &[value],
            false,
        );
        let expected: Vec<Point> = (0..5)
            .map(|k| BASE + k * SCRAPE)
            .map(|at| Point {
                value: hostile_value(n),
                start: at,
                end: at,
            })
            .collect();
        let set = Value::InSetValue(vec![Scalar::from(*value), Scalar::from("nothing")]);
        for question in [
            Question::gauge("hostile").with("text", value),
            Question::gauge("hostile").with_value("text", set),
        ] {
            rig.expect(
                "the series with this very value",
                &here(question),
                &expected,
                0.0,
            );
        }
    }
    for value in ["a", "b", "a.b", "", "a\"", "c"] {
        rig.expect_not_found(
            &here(Question::gauge("hostile").with("text", value)),
            "hostile",
        );
    }
}

fn scalars(rig: &Rig<'_>) {
    for (value, expected) in [
        (Value::DoubleValue(200.0), 1.0_f64),
        (Value::BooleanValue(true), 2.0),
        (Value::DoubleValue(2.5), 3.0),
        (
            Value::InSetValue(vec![Scalar::Flag(true), Scalar::Fraction(7.5)]),
            2.0,
        ),
        (Value::InSetValue(vec![Scalar::Whole(200)]), 1.0),
    ] {
        let question = here(Question::gauge("fields_gauge").with_value("status", value));
        let (got, _) = rig.points(&question);
        assert!(
            got.len() == 5
                && got
                    .iter()
                    .all(|point| point.value.to_bits() == expected.to_bits()),
            "{got:?}"
        );
    }
}

fn dotted(rig: &Rig<'_>) {
    let question = here(Question::gauge("dotted").with("http.status", "200"));
    match rig.engine.kind.name {
        // 2.53 parses the name and stores none; 2.42 and 1.79 do not parse it.
        "prometheus-trixie" => rig.expect_not_found(&question, "dotted"),
        _ if rig.engine.kind.takes_dotted_labels => {
            let (got, _) = rig.points(&question);
            assert_eq!(got.len(), 5);
            expect_values(rig, Question::field_values("http.status"), &["200"], false);
        }
        _ => rig.expect_failure(&question, "label name not supported by the backend", &[]),
    }
}

fn connection(rig: &Rig<'_>) {
    let (path, request) = Question::connection(&rig.engine.url);
    let reply = rig.mirror.ask(path, &request);
    let is_fine = |answer: &crate::wire::Answer| matches!(answer, crate::wire::Answer::TestConnectionResponse { status, error: None } if status == "OK");
    assert!(reply.status == 200 && is_fine(&reply.answer), "{reply:?}");
}
