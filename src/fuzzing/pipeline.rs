//! The pipeline against a reference as plain as it can be: serde structs, lists of floats, the same
//! rules on them.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use proptest::prelude::*;
use serde::Deserialize;

use crate::buckets::BucketError;
use crate::buckets::Part;
use crate::fetch::FetchError;
use crate::fetch::replay;
use crate::limits::Budget;
use crate::options::InfInterpretation;
use crate::options::NanInterpretation;
use crate::time::Millis;
use crate::time::TimeRange;
use crate::time::UnixMillis;
use crate::translate::Plan;
use crate::translate::plan::Grid;
use crate::translate::plan::Instants;
use crate::translate::plan::Read;
use crate::translate::plan::Reduction;
use crate::translate::plan::Several;
use crate::translate::plan::Subject;

const FIRST: i64 = 1_700_000_000_000;
const STEP: i64 = 500;
const COUNT: i64 = 8;

#[derive(Deserialize)]
struct Answer {
    status: String,
    data: Data,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: String,
    result: Vec<Series>,
}

#[derive(Deserialize)]
struct Series {
    metric: BTreeMap<String, String>,
    values: Vec<(f64, String)>,
}

/// What an answer comes to.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// It is none.
    Unreadable,
    Altered,
    Several,
    /// Bits of the value, and times; and whether something was cut.
    Points(Vec<(u64, Vec<i64>)>, bool),
}

/// What the samples become.
#[derive(Clone, Copy, Debug)]
enum Want {
    Buckets { is_zero_filled: bool },
    Instants,
    Samples,
}

/// Where a limit and its rules are, which every plan has.
#[derive(Clone, Copy, Debug)]
struct Case {
    want: Want,
    limit: usize,
    nan: NanInterpretation,
    inf: InfInterpretation,
}

const fn instants() -> Instants {
    Instants {
        first: UnixMillis::new(FIRST),
        last: UnixMillis::new(FIRST + STEP * (COUNT - 1)),
        step: Millis::new(STEP),
    }
}

impl Case {
    fn part(self) -> Part {
        let Instants { first, last, step } = instants();
        match self.want {
            Want::Buckets { .. } | Want::Instants => Part::Instants(instants()),
            Want::Samples => Part::Samples(range(first, last), step),
        }
    }

    fn plan(self) -> Plan {
        let Instants { first, last, step } = instants();
        Plan {
            subject: Subject {
                name: "m".to_owned(),
                shown: "m".to_owned(),
                selectors: Vec::new(),
                range: range(first, last),
                quantiles: None,
            },
            read: Read::Nothing,
            reduction: match self.want {
                Want::Buckets { is_zero_filled } => Reduction::Buckets {
                    grid: Grid {
                        first_end: first,
                        last_end: last,
                        width: step,
                    },
                    is_zero_filled,
                },
                Want::Instants | Want::Samples => Reduction::Points,
            },
            several: Several::Refuse,
            limit: self.limit,
            nan: self.nan,
            inf: self.inf,
            parameters: Vec::new(),
            rate_window: None,
            held_back: None,
        }
    }

    /// What comes of `body`, whose bytes come as `chunks`.
    fn outcome<'c>(self, chunks: impl IntoIterator<Item = &'c [u8]>) -> Outcome {
        let budget = Budget::of(1 << 20);
        let outcome = match replay(&self.plan(), self.part(), chunks, &budget) {
            Ok(None) => Outcome::Unreadable,
            Ok(Some(answer)) => {
                assert!(budget.used() >= answer.body.len(), "the answer is charged");
                let points = answer.read().1.into_iter();
                let points = points.map(|(value, times)| (value.to_bits(), times));
                Outcome::Points(points.collect(), answer.is_partial)
            }
            Err(FetchError::AlteredTimestamps) => Outcome::Altered,
            Err(FetchError::SeveralSeries(_)) => Outcome::Several,
            Err(error) => panic!("{error}"),
        };
        assert_eq!(budget.used(), 0, "everything is given back");
        outcome
    }

    fn reference(self, body: &[u8]) -> Outcome {
        let Some(series) = series(body) else {
            return Outcome::Unreadable;
        };
        let sets: BTreeSet<_> = series.iter().map(|(labels, _)| labels).collect();
        if sets.len() > 1 {
            return Outcome::Several;
        }
        let samples = series.first().map_or(&[][..], |(_, samples)| samples);
        match self.points(samples) {
            Ok(mut points) => {
                let is_partial = points.len() > self.limit;
                points.truncate(self.limit);
                Outcome::Points(points, is_partial)
            }
            Err(BucketError::AlteredTimestamps) => Outcome::Altered,
        }
    }

    /// The points, up to one more than the limit: of what comes after it, only the times are looked at.
    fn points(self, samples: &[(i64, f64)]) -> Result<Vec<(u64, Vec<i64>)>, BucketError> {
        let last = FIRST + STEP * (COUNT - 1);
        let mut points = Vec::new();
        let mut due = FIRST;
        let mut before = None;
        for &(at, value) in samples {
            let is_new = before.is_none_or(|before| before < at);
            let is_within = (FIRST..=last).contains(&at);
            match self.want {
                Want::Samples if !is_new || !is_within => continue,
                Want::Samples => {}
                Want::Buckets { .. } | Want::Instants => {
                    if !is_new || !is_within || (at - FIRST) % STEP != 0 {
                        return Err(BucketError::AlteredTimestamps);
                    }
                }
            }
            before = Some(at);
            self.fill(&mut points, &mut due, at);
            due = at + STEP;
            if points.len() > self.limit {
                continue;
            }
            let value = match (value.is_nan(), value.is_infinite()) {
                (true, _) => (self.nan == NanInterpretation::Zero).then_some(0.0),
                (_, true) => {
                    (self.inf == InfInterpretation::Max).then_some(f64::MAX.copysign(value))
                }
                _ => Some(value),
            };
            points.extend(value.map(|value| (value.to_bits(), self.times(at))));
        }
        self.fill(&mut points, &mut due, last + 1);
        Ok(points)
    }

    fn fill(self, points: &mut Vec<(u64, Vec<i64>)>, due: &mut i64, until: i64) {
        let is_filled = matches!(
            self.want,
            Want::Buckets {
                is_zero_filled: true
            }
        );
        while is_filled && *due < until && points.len() <= self.limit {
            points.push((0.0_f64.to_bits(), self.times(*due)));
            *due += STEP;
        }
    }

    fn times(self, at: i64) -> Vec<i64> {
        match self.want {
            Want::Buckets { .. } => vec![at - STEP, at],
            Want::Instants | Want::Samples => vec![at],
        }
    }
}

fn range(start: UnixMillis, end: UnixMillis) -> TimeRange {
    TimeRange { start, end }
}

/// Labels, and times and values, if all of it is what Prometheus sends.
#[expect(clippy::type_complexity, reason = "as plain as it can be")]
fn series(body: &[u8]) -> Option<Vec<(BTreeMap<String, String>, Vec<(i64, f64)>)>> {
    let text = str::from_utf8(body).ok()?;
    let answer: Answer = serde_json::from_str(text).ok()?;
    let is_matrix = answer.status == "success" && answer.data.result_type == "matrix";
    let series = answer.data.result.into_iter().map(|series| {
        let samples = series.values.into_iter().map(|(seconds, value)| {
            let millis = (seconds * 1_000.0).round();
            #[expect(clippy::cast_possible_truncation, reason = "it is checked")]
            let at = millis as i64;
            (at.unsigned_abs() < 1 << 53).then_some((at, value.parse().ok()?))
        });
        Some((series.metric, samples.collect::<Option<_>>()?))
    });
    series.collect::<Option<_>>().filter(|_| is_matrix)
}

fn case() -> impl Strategy<Value = Case> {
    let want = prop_oneof![
        any::<bool>().prop_map(|is_zero_filled| Want::Buckets { is_zero_filled }),
        Just(Want::Instants),
        Just(Want::Samples),
    ];
    let nan = prop_oneof![Just(NanInterpretation::Zero), Just(NanInterpretation::None)];
    let inf = prop_oneof![Just(InfInterpretation::Max), Just(InfInterpretation::None)];
    (want, 1..12_usize, nan, inf).prop_map(|(want, limit, nan, inf)| Case {
        want,
        limit,
        nan,
        inf,
    })
}

fn value() -> impl Strategy<Value = String> {
    let odd = [
        "NaN",
        "+Inf",
        "-Inf",
        "-0",
        "0",
        "+1",
        ".5",
        "5.",
        "1e+21",
        "1E-7",
        "1e999",
        "1e-999",
        "1e100",
        "999999999999999999999",
        "12345678901234567890123456789012",
        "123456789012345678901234567890123",
        "0.1234567890123456789012345678901234",
        "1_000",
        "",
        "\\u0031",
    ];
    prop_oneof![
        6 => (-1e6..1e6).prop_map(|value: f64| value.to_string()),
        2 => (0..1_000_000_u32).prop_map(|value| value.to_string()),
        1 => any::<f64>().prop_map(|value| value.to_string()),
        1 => any::<f64>().prop_map(|value| format!("{value:e}")),
        3 => prop::sample::select(odd.to_vec()).prop_map(str::to_owned),
    ]
}

/// A time at an instant, or near one, spelled in one of several ways.
fn time() -> impl Strategy<Value = (i64, u8)> {
    let at = (-1..=COUNT).prop_map(|k| FIRST + k * STEP);
    let near = prop_oneof![30 => Just(0_i64), 1 => -2..3_i64];
    (at, near, 0..12_u8).prop_map(|(at, near, form)| (at + near, form))
}

fn spelled(at: i64, form: u8) -> String {
    let (seconds, millis) = (at / 1_000, at % 1_000);
    match form {
        0 => format!("{seconds}.{millis:03}0"),
        1 => format!("{at}e-3"),
        _ if millis == 0 => seconds.to_string(),
        _ if millis % 100 == 0 => format!("{seconds}.{}", millis / 100),
        _ => format!("{seconds}.{millis:03}"),
    }
}

fn one_series() -> impl Strategy<Value = String> {
    let labels = prop::sample::select(vec![
        r#"{"job":"a"}"#,
        r#"{"job":"b"}"#,
        r#"{}"#,
        r#" { "instance" : "ä\\\"" } "#,
    ]);
    let samples = prop::collection::vec((time(), value(), 0..20_u8), 0..10);
    let samples = (samples, prop::bool::weighted(0.9)).prop_map(|(mut samples, is_sorted)| {
        if is_sorted {
            samples.sort_by_key(|((at, _), ..)| *at);
            samples.dedup_by_key(|((at, _), ..)| *at);
        }
        let pairs = samples.iter().map(|((at, form), value, blank)| {
            let blank = if *blank == 0 { " " } else { "" };
            format!(r#"[{}{blank},"{value}"]"#, spelled(*at, *form))
        });
        pairs.collect::<Vec<_>>().join(",")
    });
    (labels, samples, 0..3_u8).prop_map(|(labels, samples, order)| match order {
        0 => format!(r#"{{"values":[{samples}],"metric":{labels}}}"#),
        1 => format!(r#"{{"metric":{labels},"x":[[1700000000,"1"],{{}}],"values":[ {samples} ]}}"#),
        _ => format!(r#"{{"metric":{labels},"values":[{samples}]}}"#),
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let series = prop_oneof![
        8 => prop::collection::vec(one_series(), 1),
        2 => prop::collection::vec(one_series(), 0..4),
    ];
    (series, 0..3_u8).prop_map(|(series, order)| {
        let result = series.join(",");
        let body = match order {
            0 => format!(
                r#"{{"data":{{"result":[{result}],"resultType":"matrix"}},"status":"success"}}"#
            ),
            1 => format!(
                "{{\"status\":\"success\",\n\"x\":[{{\"y\":null}}], \"data\" : \
                 {{\"resultType\":\"matrix\",\"result\": [{result}]}} }}\n"
            ),
            _ => format!(
                r#"{{"status":"success","data":{{"resultType":"matrix","result":[{result}]}}}}"#
            ),
        };
        body.into_bytes()
    })
}

proptest! {
    #[test]
    fn the_pipeline_equals_the_reference_wherever_chunks_end(
        case in case(),
        body in body(),
        sizes in prop::collection::vec(1..60_usize, 1..8),
    ) {
        let expected = case.reference(&body);
        prop_assert_eq!(case.outcome([&body[..]]), expected, "{}", String::from_utf8_lossy(&body));
        let expected = case.reference(&body);
        prop_assert_eq!(&case.outcome(body.chunks(1)), &expected);
        if body.len() < 400 {
            for cut in 0..=body.len() {
                let (first, second) = body.split_at(cut);
                prop_assert_eq!(&case.outcome([first, second]), &expected, "cut at {}", cut);
            }
        }
        let mut rest = &body[..];
        let chunks = sizes.iter().cycle().map_while(|size| {
            let (chunk, after) = rest.split_at_checked(*size).unwrap_or((rest, &[]));
            rest = after;
            (!chunk.is_empty()).then_some(chunk)
        });
        prop_assert_eq!(&case.outcome(chunks), &expected);
    }

    #[test]
    fn what_a_strict_parser_refuses_is_refused(
        case in case(),
        body in body(),
        at: prop::sample::Index,
        byte in prop_oneof![any::<u8>(), prop::sample::select(b"[]{}\",:.0e- ".to_vec())],
        how in 0..3_u8,
    ) {
        let mut body = body;
        let at = at.index(body.len());
        match how {
            0 => body[at] = byte,
            1 => body.insert(at, byte),
            _ => body.truncate(at),
        }
        let expected = case.reference(&body);
        prop_assert_eq!(case.outcome([&body[..]]), expected, "{}", String::from_utf8_lossy(&body));
    }
}
