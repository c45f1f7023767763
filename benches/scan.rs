//! What the pipeline costs per point: from the bytes of a backend to the bytes of the answer.
//!
//! `cargo bench --features bench --bench scan` prints nanoseconds per point, which compare only with
//! themselves on one machine. Instructions compare everywhere: `scan <case> <times>` runs one case so
//! often and prints nothing, so that under `valgrind --tool=callgrind` the difference between two
//! numbers of times is the cost of one run.

use std::env;
use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;
use std::time::Instant;

use prometheus_mirror::buckets::Part;
use prometheus_mirror::fetch::replay;
use prometheus_mirror::limits::Budget;
use prometheus_mirror::options::InfInterpretation;
use prometheus_mirror::options::NanInterpretation;
use prometheus_mirror::protocol::metric::AggregationMethod;
use prometheus_mirror::time::Millis;
use prometheus_mirror::time::TimeRange;
use prometheus_mirror::time::UnixMillis;
use prometheus_mirror::translate::Plan;
use prometheus_mirror::translate::plan::Grid;
use prometheus_mirror::translate::plan::Instants;
use prometheus_mirror::translate::plan::Read;
use prometheus_mirror::translate::plan::Reduction;
use prometheus_mirror::translate::plan::Several;
use prometheus_mirror::translate::plan::Subject;

const FIRST: i64 = 1_700_000_040_000;
const STEP: Millis = Millis::MINUTE;
/// As much as is read of a connection at a time, about.
const CHUNK: usize = 64 << 10;
/// How many instants a bucket has where values are folded.
const GROUP: i64 = 4;

/// What is done with the samples.
#[derive(Clone, Copy)]
enum Lane {
    /// They are copied, as buckets.
    Aggregated,
    /// They are copied, as raw points.
    Raw,
    /// They become rates.
    Rates,
    /// Some at a time become one.
    Fold,
}

struct Case {
    name: &'static str,
    lane: Lane,
    samples: i64,
    value: fn(i64) -> String,
}

const CASES: [Case; 8] = [
    case("aggregated_121", Lane::Aggregated, 121, short),
    case("aggregated_1000", Lane::Aggregated, 1_000, short),
    case("aggregated_11000", Lane::Aggregated, 11_000, short),
    case("aggregated_long_11000", Lane::Aggregated, 11_000, long),
    case("aggregated_whole_11000", Lane::Aggregated, 11_000, whole),
    case("raw_11000", Lane::Raw, 11_000, short),
    case("rates_11000", Lane::Rates, 11_000, whole),
    case("fold_11000", Lane::Fold, 11_000, short),
];

const fn case(name: &'static str, lane: Lane, samples: i64, value: fn(i64) -> String) -> Case {
    Case {
        name,
        lane,
        samples,
        value,
    }
}

fn short(k: i64) -> String {
    format!("{}.{}", k % 97, k % 10)
}

fn long(k: i64) -> String {
    format!("0.{:017}", 12_345_678_901_234_567 + k * 7_919)
}

fn whole(k: i64) -> String {
    format!("{}", 1_000 + k * 13)
}

impl Case {
    fn instants(&self) -> Instants {
        let first = UnixMillis::new(FIRST);
        Instants {
            first,
            last: first + STEP.times(self.samples - 1),
            step: STEP,
        }
    }

    fn plan(&self) -> Plan {
        let Instants { first, last, step } = self.instants();
        let grid = |width: Millis| Grid {
            first_end: first - step + width,
            last_end: last,
            width,
        };
        Plan {
            subject: Subject {
                name: "m".to_owned(),
                shown: "m".to_owned(),
                selectors: Vec::new(),
                range: self.range(),
            },
            read: Read::Nothing,
            reduction: match self.lane {
                Lane::Aggregated => Reduction::Buckets {
                    grid: grid(step),
                    is_zero_filled: false,
                },
                Lane::Raw => Reduction::Points,
                Lane::Rates => Reduction::Rates { since: first },
                Lane::Fold => Reduction::Fold {
                    grid: grid(step.times(GROUP)),
                    method: AggregationMethod::Mean,
                    is_zero_filled: false,
                },
            },
            several: Several::Refuse,
            limit: 11_000,
            nan: NanInterpretation::Zero,
            inf: InfInterpretation::None,
            parameters: Vec::new(),
        }
    }

    fn range(&self) -> TimeRange {
        let Instants { first, last, .. } = self.instants();
        TimeRange {
            start: first,
            end: last,
        }
    }

    fn part(&self) -> Part {
        match self.lane {
            Lane::Aggregated | Lane::Fold => Part::Instants(self.instants()),
            Lane::Raw | Lane::Rates => Part::Samples(self.range(), STEP),
        }
    }

    fn body(&self) -> String {
        let mut body = r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"m","job":"a"},"values":["#.to_owned();
        for k in 0..self.samples {
            let comma = if k == 0 { "" } else { "," };
            let at = (FIRST + STEP.get() * k) / 1_000;
            let value = (self.value)(k);
            // Writing to a string cannot fail.
            let _written = write!(body, "{comma}[{at},\"{value}\"]");
        }
        body + "]}]}}"
    }

    fn run(&self, times: u32) {
        let (plan, part, body) = (self.plan(), self.part(), self.body());
        let budget = Budget::of(1 << 30);
        for _ in 0..times {
            let chunks = black_box(body.as_bytes()).chunks(CHUNK);
            let answer = replay(&plan, part, chunks, &budget);
            let answer = answer.expect("one series").expect("a whole answer");
            black_box(answer.body.len());
        }
    }

    /// The shortest of some rounds.
    fn nanoseconds_per_point(&self) -> f64 {
        let points = u32::try_from(self.samples).expect("few");
        let times = 2_000_000 / points;
        self.run(times / 10);
        let rounds = (0..7).map(|_| {
            let began = Instant::now();
            self.run(times);
            began.elapsed().as_secs_f64()
        });
        rounds.fold(f64::INFINITY, f64::min) * 1e9 / f64::from(times) / f64::from(points)
    }
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|it| it != "--bench").collect();
    if let [name, times] = arguments.as_slice() {
        let case = CASES.iter().find(|case| case.name == name);
        let times = times.parse().expect("how often");
        case.expect("a case of this name").run(times);
        return;
    }
    for case in &CASES {
        let cost = case.nanoseconds_per_point();
        // Who reads no more wants no more.
        let _written = writeln!(
            std::io::stdout(),
            "{:<24}{cost:>8.1} ns per point",
            case.name
        );
    }
}
