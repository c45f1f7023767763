//! What is read, and what is refused.

use std::ops::ControlFlow;

use proptest::prelude::*;
use serde::Deserialize;

use crate::limits;
use crate::limits::Budget;
use crate::series::Labels;
use crate::series::Metadata;
use crate::series::MetricType;
use crate::series::NumberText;
use crate::series::Observations;
use crate::series::Sample;
use crate::series::SampleSink;
use crate::series::Series;
use crate::series::Stop;
use crate::series::Want;
use crate::time::UnixMillis;
use crate::upstream::AnswerLimit;
use crate::upstream::List;
use crate::upstream::decode;
use crate::upstream::decode::Build;
use crate::upstream::decode::Data;
use crate::upstream::decode::Decoded;
use crate::upstream::decode::ErrorBody;
use crate::upstream::decode::Intake;
use crate::upstream::decode::QueryData;
use crate::upstream::decode::Reading;
use crate::upstream::decode::Strings;
use crate::upstream::decode::Types;
use crate::upstream::decode::Unusable;
use crate::upstream::decode::ValuesOf;

/// Keeps everything, up to a number of samples per series.
struct Keep {
    series: Vec<(Series, bool)>,
    samples: Vec<Sample>,
    wanted: usize,
    stop_after: usize,
}

impl Keep {
    fn all() -> Self {
        Self {
            series: Vec::new(),
            samples: Vec::new(),
            wanted: usize::MAX,
            stop_after: usize::MAX,
        }
    }

    fn want(&self) -> Want {
        if self.samples.len() < self.wanted {
            Want::Samples
        } else {
            Want::LabelsOnly
        }
    }
}

impl SampleSink for Keep {
    fn restart(&mut self) {
        self.series.clear();
        self.samples.clear();
    }

    fn begin_series(&mut self) -> ControlFlow<Stop, Want> {
        if self.series.len() == self.stop_after {
            return ControlFlow::Break(Stop::Series);
        }
        ControlFlow::Continue(self.want())
    }

    fn sample(&mut self, at: UnixMillis, value: NumberText<'_>) -> ControlFlow<Stop, Want> {
        assert_eq!(self.want(), Want::Samples, "a sample that is not wanted");
        let value = value.as_f64();
        self.samples.push(Sample { at, value });
        ControlFlow::Continue(self.want())
    }

    fn end_series(&mut self, labels: Labels, histograms: bool) -> ControlFlow<Stop> {
        let samples = std::mem::take(&mut self.samples);
        self.series.push((Series { labels, samples }, histograms));
        ControlFlow::Continue(())
    }
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Labels(pairs.iter().map(owned).collect())
}

fn series(pairs: &[(&str, &str)], samples: &[(i64, f64)]) -> Series {
    let samples = samples.iter().map(|&(at, value)| Sample {
        at: UnixMillis::new(at),
        value,
    });
    Series {
        labels: labels(pairs),
        samples: samples.collect(),
    }
}

/// Reads `body` in chunks of `size`.
fn in_chunks<D: Data>(body: &[u8], size: usize, data: D) -> Result<Decoded<D::Value>, Unusable> {
    let mut reading = Reading::new(data);
    for chunk in body.chunks(size) {
        if reading.push(chunk).is_break() {
            break;
        }
    }
    reading.finish()
}

/// Reads `body` in one piece and a byte at a time, which must give the same.
fn query(body: &[u8], sink: &mut Keep) -> Result<Decoded<Option<Stop>>, Unusable> {
    let whole = in_chunks(body, body.len().max(1), QueryData::new(sink));
    let mut other = Keep {
        wanted: sink.wanted,
        stop_after: sink.stop_after,
        ..Keep::all()
    };
    let bytes = in_chunks(body, 1, QueryData::new(&mut other));
    assert_eq!(whole, bytes);
    if whole.is_ok() {
        assert_eq!(format!("{:?}", sink.series), format!("{:?}", other.series));
    }
    whole
}

fn strings(body: &[u8]) -> Result<Decoded<List<String>>, Unusable> {
    let mut charge = Budget::of(usize::MAX).charge();
    in_chunks(body, 1 << 16, Strings::new(&mut charge))
}

fn values_of(label: &str, body: &[u8]) -> Result<List<String>, Unusable> {
    let mut charge = Budget::of(usize::MAX).charge();
    in_chunks(body, 7, ValuesOf::new(label, &mut charge)).map(|decoded| decoded.value)
}

fn metadata(body: &[u8]) -> Result<Metadata, Unusable> {
    let mut charge = Budget::of(usize::MAX).charge();
    in_chunks(body, 5, Types::new(&mut charge)).map(|decoded| decoded.value)
}

fn read(text: &str) -> Result<Vec<(Series, bool)>, Unusable> {
    let mut sink = Keep::all();
    query(text.as_bytes(), &mut sink).map(|_| sink.series)
}

#[track_caller]
fn check(text: &str, expected: &[Series]) {
    let expected: Vec<_> = expected.iter().map(|it| (it.clone(), false)).collect();
    assert_eq!(read(text), Ok(expected), "{text}");
}

#[track_caller]
fn refuse(text: &str) {
    assert_eq!(read(text), Err(Unusable::Unreadable), "{text}");
}

/// A success with the given members of `data`.
fn success(data: &str) -> String {
    format!(r#"{{"status":"success","data":{{{data}}}}}"#)
}

fn matrix(result: &str) -> String {
    success(&format!(r#""resultType":"matrix","result":[{result}]"#))
}

const MATRIX: &str = r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"m","job":"a\"\\\n\u00e4"},"values":[[1700000000,"1"],[1700000000.5,"NaN"],[1700000001.001,"-Inf"]]},{"metric":{},"values":[[0,"-0"]],"histograms":[[1,{"count":"1","sum":"2","buckets":[[0,"1","2","1"]]}]]}],"stats":{"deep":[1,{"x":null}]}},"warnings":["w"],"infos":["i"]}"#;

#[test]
fn a_matrix_is_its_series() {
    let mut sink = Keep::all();
    let decoded = query(MATRIX.as_bytes(), &mut sink).unwrap();
    assert_eq!((decoded.value, decoded.entries), (None, 2));
    assert_eq!(decoded.warnings, ["w"]);
    assert_eq!(decoded.infos, ["i"]);
    let (first, has_histograms) = &sink.series[0];
    assert_eq!(
        first.labels,
        labels(&[("__name__", "m"), ("job", "a\"\\\nä")])
    );
    assert_eq!(first.samples[0].at, UnixMillis::new(1_700_000_000_000));
    assert_eq!(first.samples[1].at, UnixMillis::new(1_700_000_000_500));
    assert!(first.samples[1].value.is_nan());
    assert_eq!(Some(first.samples[2].value), Some(f64::NEG_INFINITY));
    assert!(!has_histograms);
    assert!(sink.series[1].1, "the second series holds a histogram");
    assert!(sink.series[1].0.samples[0].value.is_sign_negative());
}

#[test]
fn the_order_of_members_is_free() {
    check(
        r#"{"data":{"result":[{"values":[[1,"2"]],"metric":{"a":"b"}}],"resultType":"matrix"},"status":"success"}"#,
        &[series(&[("a", "b")], &[(1_000, 2.0)])],
    );
}

#[test]
fn a_vector_has_one_sample_a_series() {
    let text = r#""resultType":"vector","result":[{"metric":{"a":"b"},"value":[1.5,"+Inf"]}]"#;
    let expected = series(&[("a", "b")], &[(1_500, f64::INFINITY)]);
    check(&success(text), &[expected]);
}

#[test]
fn a_scalar_is_a_series_without_labels() {
    for text in [
        r#""resultType":"scalar","result":[1700000000.123,"2"]"#,
        r#""result":[1700000000.123,"2"],"resultType":"scalar""#,
    ] {
        check(&success(text), &[series(&[], &[(1_700_000_000_123, 2.0)])]);
    }
    let whole = r#""resultType":"scalar","result":[-3,"2"]"#;
    check(&success(whole), &[series(&[], &[(-3_000, 2.0)])]);
}

#[test]
fn a_string_holds_no_sample() {
    check(
        &success(r#""resultType":"string","result":[1,"text"]"#),
        &[],
    );
}

#[test]
fn an_empty_result_may_be_null() {
    check(&matrix(""), &[]);
    check(&success(r#""resultType":"vector","result":null"#), &[]);
}

#[test]
fn a_series_of_histograms_alone_has_no_samples() {
    let histogram = r#"{"count":"3","sum":"4.5","buckets":[[0,"1","2","3"]]}"#;
    let many = matrix(&format!(
        r#"{{"metric":{{}},"histograms":[[1,{histogram}]]}}"#
    ));
    assert_eq!(read(&many), Ok(vec![(series(&[], &[]), true)]));
    let one = format!(
        r#""resultType":"vector","result":[{{"metric":{{}},"histogram":[1,{histogram}]}}]"#
    );
    assert_eq!(read(&success(&one)), Ok(vec![(series(&[], &[]), true)]));
}

/// Keeps native histogram samples, and refuses whatever else there is.
#[derive(Default)]
struct Histograms(Vec<(i64, f64, f64)>);

impl SampleSink for Histograms {
    fn restart(&mut self) {
        self.0.clear();
    }

    fn begin_series(&mut self) -> ControlFlow<Stop, Want> {
        ControlFlow::Continue(Want::Samples)
    }

    fn sample(&mut self, _at: UnixMillis, _value: NumberText<'_>) -> ControlFlow<Stop, Want> {
        ControlFlow::Break(Stop::Samples)
    }

    fn histogram(&mut self, seen: Observations) -> ControlFlow<Stop, Want> {
        self.0.push((seen.at.get(), seen.count, seen.sum));
        ControlFlow::Continue(Want::Samples)
    }

    fn end_series(&mut self, _labels: Labels, _histograms: bool) -> ControlFlow<Stop> {
        ControlFlow::Continue(())
    }
}

#[test]
fn native_histograms_tell_their_count_and_sum_wherever_these_stand() {
    let list = r#"{"metric":{},"histograms":[[1.5,{"buckets":[[0,"1","2","3"]],"sum":"4.5","count":"3"}],[2,{"count":"4","sum":"NaN"}]]}"#;
    let one = r#""resultType":"vector","result":[{"metric":{},"histogram":[1,{"count":"3","sum":"-Inf","new":{"x":[]}}]}]"#;
    for size in [1, 4_096] {
        let mut sink = Histograms::default();
        in_chunks(matrix(list).as_bytes(), size, QueryData::new(&mut sink)).unwrap();
        let expected = "[(1500, 3.0, 4.5), (2000, 4.0, NaN)]";
        assert_eq!(format!("{:?}", sink.0), expected);
        let mut sink = Histograms::default();
        in_chunks(success(one).as_bytes(), size, QueryData::new(&mut sink)).unwrap();
        assert_eq!(sink.0, [(1_000, 3.0, f64::NEG_INFINITY)]);
    }
}

#[test]
fn a_native_histogram_has_one_count_and_one_sum() {
    for histogram in [
        r#"[1,{"count":"3"}]"#,
        r#"[1,{"sum":"3"}]"#,
        r#"[1,{"count":"3","sum":"1","count":"3"}]"#,
        r#"[1,{"count":"3","sum":"1","sum":"3"}]"#,
        r#"[1,{"count":3,"sum":"1"}]"#,
        r#"[1,{"count":"three","sum":"1"}]"#,
        r#"[1,{"count":"3","sum":"1"},2]"#,
        r#"[{"count":"3","sum":"1"}]"#,
    ] {
        refuse(&matrix(&format!(
            r#"{{"metric":{{}},"histograms":[{histogram}]}}"#
        )));
    }
}

#[test]
fn a_truncated_answer_is_never_a_success() {
    assert!(read(MATRIX).is_ok());
    for end in 0..MATRIX.len() {
        let mut sink = Keep::all();
        let cut = query(&MATRIX.as_bytes()[..end], &mut sink);
        assert_eq!(cut.unwrap_err(), Unusable::Unreadable, "cut at byte {end}");
    }
}

#[test]
fn what_is_known_may_not_come_twice() {
    let one = r#"{"metric":{},"values":[[1,"2"]]}"#;
    refuse(r#"{"status":"success","status":"success","data":{"resultType":"matrix","result":[]}}"#);
    refuse(&success(
        r#""resultType":"matrix","resultType":"matrix","result":[]"#,
    ));
    refuse(&success(&format!(
        r#""resultType":"matrix","result":[{one}],"result":[{one}]"#
    )));
    refuse(&matrix(r#"{"metric":{},"metric":{},"values":[]}"#));
    refuse(&matrix(r#"{"metric":{},"values":[],"values":[]}"#));
    refuse(&matrix(r#"{"metric":{"a":"1","a":"2"},"values":[]}"#));
}

#[test]
fn what_is_not_an_answer_is_refused() {
    for text in [
        "",
        "{}",
        "[]",
        "null",
        "<html>please log in</html>",
        r#"{"status":"fine","data":{"resultType":"matrix","result":[]}}"#,
        r#"{"status":"success"}"#,
        r#"{"status":"success","data":null}"#,
        r#"{"data":{"resultType":"matrix","result":[]}}"#,
    ] {
        refuse(text);
    }
    refuse(&format!("{MATRIX}x"));
    refuse(&format!("{MATRIX}{MATRIX}"));
    assert!(read(&format!("{MATRIX}\n")).is_ok());
}

#[test]
fn what_is_not_a_sample_is_refused() {
    for sample in [
        "[]",
        "[1]",
        r#"[1,"2","3"]"#,
        r#"["1","2"]"#,
        "[1,2]",
        "[1,null]",
        r#"[1,""]"#,
        r#"[1,"1_000"]"#,
        r#"[1,"two"]"#,
        r#"[null,"2"]"#,
        r#"[1e99,"2"]"#,
        r#"{"1":"2"}"#,
    ] {
        refuse(&matrix(&format!(
            r#"{{"metric":{{}},"values":[{sample}]}}"#
        )));
    }
    refuse(&matrix(r#"{"values":[]}"#));
    refuse(&matrix(r#"{"metric":{}}"#));
    refuse(&matrix(r#"{"metric":{"a":1},"values":[]}"#));
}

#[test]
fn a_result_must_be_of_its_type() {
    let one = r#"{"metric":{},"value":[1,"2"]}"#;
    refuse(&matrix(one));
    refuse(&matrix(r#"1,"2""#));
    refuse(&success(
        r#""resultType":"vector","result":[{"metric":{},"values":[]}]"#,
    ));
    refuse(&success(r#""resultType":"scalar","result":[]"#));
    refuse(&success(r#""resultType":"scalar","result":[1,"2",3]"#));
    refuse(&success(&format!(
        r#""resultType":"scalar","result":[{one},1,"2"]"#
    )));
    refuse(&success(r#""resultType":"tensor","result":[]"#));
    refuse(&success(r#""result":[]"#));
    refuse(&success(r#""resultType":"matrix""#));
}

#[test]
fn bad_utf_8_is_refused() {
    let mut bytes = matrix(r#"{"metric":{"a":"x"},"values":[]}"#).into_bytes();
    let at = bytes.iter().position(|byte| *byte == b'x').unwrap();
    bytes[at] = 0xff;
    let read = query(&bytes, &mut Keep::all());
    assert_eq!(read.unwrap_err(), Unusable::Unreadable);
}

#[test]
fn a_skipped_member_is_checked_as_well() {
    let beside = |text: &str| {
        success(&format!(
            r#""resultType":"matrix","result":[],"other":{text}"#
        ))
    };
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    check(&beside(&nested(62)), &[]);
    refuse(&beside(&nested(63)));
    refuse(&beside(r#""\ud800""#));
    refuse(&beside("01"));
    refuse(&beside("[1,]"));
}

#[test]
fn a_thousand_series_are_read_and_one_more_is_too_many() {
    let many = |count: usize| {
        let one = r#"{"metric":{},"values":[]}"#;
        matrix(&vec![one; count].join(","))
    };
    assert_eq!(read(&many(1_000)).unwrap().len(), 1_000);
    assert_eq!(read(&many(1_001)), Err(Unusable::Over(AnswerLimit::Series)));
}

#[test]
fn an_unwanted_sample_is_checked_and_not_pushed() {
    let good = matrix(r#"{"metric":{"a":"b"},"values":[[1,"1"],[2,"2"],[3,"3"]]}"#);
    let mut sink = Keep {
        wanted: 1,
        ..Keep::all()
    };
    query(good.as_bytes(), &mut sink).unwrap();
    assert_eq!(sink.series[0].0, series(&[("a", "b")], &[(1_000, 1.0)]));

    let bad = good.replace(r#""3""#, r#""three""#);
    let mut sink = Keep {
        wanted: 1,
        ..Keep::all()
    };
    let read = query(bad.as_bytes(), &mut sink);
    assert_eq!(read.unwrap_err(), Unusable::Unreadable);
}

#[test]
fn a_sink_that_stops_ends_the_reading() {
    let mut sink = Keep {
        stop_after: 1,
        ..Keep::all()
    };
    let one = r#"{"metric":{},"values":[]}"#;
    let text = matrix(&format!("{one},{one},and no JSON"));
    let decoded = query(text.as_bytes(), &mut sink).unwrap();
    assert_eq!(decoded.value, Some(Stop::Series));
}

#[test]
fn an_error_is_read_whatever_its_data() {
    let expected = Err(Unusable::Error(ErrorBody {
        kind: "bad_data".to_owned(),
        text: "no".to_owned(),
    }));
    for text in [
        r#"{"status":"error","errorType":"bad_data","error":"no"}"#,
        r#"{"error":"no","errorType":"bad_data","data":null,"status":"error"}"#,
        r#"{"data":{"resultType":"matrix","result":[]},"status":"error","errorType":"bad_data","error":"no"}"#,
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn only_an_error_of_the_api_is_an_error_body() {
    let body = br#"{"status":"error","errorType":"timeout","error":"late","data":[1]}"#;
    let expected = ErrorBody {
        kind: "timeout".to_owned(),
        text: "late".to_owned(),
    };
    assert_eq!(decode::error_body(body), Some(expected));
    assert_eq!(decode::error_body(MATRIX.as_bytes()), None);
    assert_eq!(decode::error_body(br#"{"message":"Forbidden"}"#), None);
    assert_eq!(decode::error_body(b"Bad Gateway"), None);
}

#[test]
fn lists_are_read_in_order() {
    let body = br#"{"status":"success","data":["b","a"],"warnings":["w"]}"#;
    let decoded = strings(body).unwrap();
    assert_eq!(decoded.value.values, ["b", "a"]);
    assert!(!decoded.value.is_cut);
    assert_eq!(decoded.warnings, ["w"]);

    let null = br#"{"status":"success","data":null}"#;
    assert_eq!(strings(null).unwrap().value, List::default());
    for data in ["[1]", "{}", "\"a\"", "[[]]", "[\"a\",null]"] {
        let body = format!(r#"{{"status":"success","data":{data}}}"#);
        assert_eq!(
            strings(body.as_bytes()),
            Err(Unusable::Unreadable),
            "{data}"
        );
    }
}

#[test]
fn a_list_is_cut_at_its_cap() {
    let list = |count: usize| {
        let entries = vec![r#""x""#; count].join(",");
        format!(r#"{{"status":"success","data":[{entries}]}}"#)
    };
    let read = |count| strings(list(count).as_bytes()).unwrap().value;
    assert!(!read(99_999).is_cut);
    // The backend was told to stop there, so there may be more.
    assert!(read(100_000).is_cut);
    let list = read(100_001);
    assert_eq!((list.values.len(), list.is_cut), (100_000, true));
}

#[test]
fn a_list_that_memory_has_no_room_for_is_not_read_on() {
    let body = br#"{"status":"success","data":["a","b"]}"#;
    let mut charge = Budget::of(0).charge();
    let read = in_chunks(body, 100, Strings::new(&mut charge));
    assert_eq!(read, Err(Unusable::Memory));
}

#[test]
fn the_values_that_a_label_has_in_series_are_sorted_and_stand_once() {
    let body = br#"{"status":"success","data":[
        {"a":"2","x":"y"},{},{"ab":"3"},{"x":"y","a":"1"},{"a":"2"}]}"#;
    let list = values_of("a", body).unwrap();
    assert_eq!(list.values, ["1", "2"]);
    assert!(!list.is_cut);
    assert!(values_of("absent", body).unwrap().values.is_empty());
    for set in [
        r#"{"a":1}"#,
        r#"{"b":1}"#,
        r#"{"a":"1","a":"1"}"#,
        "[]",
        "1",
    ] {
        let body = format!(r#"{{"status":"success","data":[{set}]}}"#);
        let read = values_of("a", body.as_bytes());
        assert_eq!(read, Err(Unusable::Unreadable), "{set}");
    }
}

#[test]
fn values_in_series_are_cut_at_as_many_series() {
    let body = |count: usize| {
        let sets: Vec<_> = (0..count).map(|it| format!(r#"{{"a":"{it}"}}"#)).collect();
        format!(r#"{{"status":"success","data":[{}]}}"#, sets.join(","))
    };
    let list = values_of("a", body(99_999).as_bytes()).unwrap();
    assert_eq!((list.values.len(), list.is_cut), (99_999, false));
    let list = values_of("a", body(100_001).as_bytes()).unwrap();
    assert_eq!((list.values.len(), list.is_cut), (100_000, true));
}

#[test]
fn metadata_are_the_types_of_each_family() {
    let text = br#"{"status":"success","data":{
        "a":[{"type":"counter","help":"h","unit":""},{"help":"","type":"gauge"}],
        "b":[{"type":"unknown"},{"type":"histogram"}],"c":[{"type":"new"}],"d":[]}}"#;
    let metadata = metadata(text).unwrap();
    let types = |family: &str| metadata[family].types.iter().copied().collect::<Vec<_>>();
    assert_eq!(types("a"), [MetricType::Counter, MetricType::Gauge]);
    assert_eq!(types("b"), [MetricType::Histogram, MetricType::Unknown]);
    assert_eq!(types("c"), [MetricType::Unknown]);
    assert!(types("d").is_empty());
}

#[test]
fn metadata_tell_what_a_family_is_about() {
    let long = "ü".repeat(100);
    let text = format!(
        r#"{{"status":"success","data":{{
        "a":[{{"help":"","type":"gauge"}},{{"type":"gauge","help":"Of a."}},{{"help":"Another.","type":"gauge"}}],
        "b":[{{"type":"gauge","help":null}}],"c":[{{"type":"gauge","help":{{"x":[1]}},"unit":"s"}}],
        "d":[{{"type":"gauge","help":"{long}"}}],"e":[{{"type":"gauge","help":"{}"}}]}}}}"#,
        &long[..160],
    );
    let metadata = metadata(text.as_bytes()).unwrap();
    let help = |family: &str| metadata[family].help.as_deref();
    assert_eq!(
        (help("a"), help("b"), help("c")),
        (Some("Of a."), None, None)
    );
    assert_eq!(help("d"), Some(&*format!("{}…", &long[..160])));
    assert_eq!(help("e"), Some(&long[..160]));
}

#[test]
fn what_is_no_metadata_is_refused() {
    for data in [
        "[]",
        r#"{"a":{}}"#,
        r#"{"a":[{}]}"#,
        r#"{"a":[{"type":1}]}"#,
        r#"{"a":[{"type":"gauge","type":"gauge"}]}"#,
        r#"{"a":[{"type":"gauge","help":"x","help":"x"}]}"#,
        r#"{"a":["gauge"]}"#,
    ] {
        let body = format!(r#"{{"status":"success","data":{data}}}"#);
        let read = metadata(body.as_bytes());
        assert_eq!(read, Err(Unusable::Unreadable), "{data}");
    }
}

#[test]
fn metadata_of_more_families_than_a_list_has_are_refused() {
    let body = |count: usize| {
        let families: Vec<_> = (0..count).map(|it| format!(r#""{it}":[]"#)).collect();
        format!(
            r#"{{"status":"success","data":{{{}}}}}"#,
            families.join(",")
        )
    };
    assert_eq!(metadata(body(100_000).as_bytes()).unwrap().len(), 100_000);
    let over = metadata(body(100_001).as_bytes());
    assert_eq!(over, Err(Unusable::Over(AnswerLimit::List)));
}

#[test]
fn a_version_is_what_buildinfo_says() {
    let version = |data: &str| {
        let body = format!(r#"{{"status":"success","data":{data}}}"#);
        in_chunks(body.as_bytes(), 3, Build::default()).map(|decoded| decoded.value)
    };
    let data = r#"{"revision":"x","version":"2.42.0","deep":{"version":1}}"#;
    assert_eq!(version(data), Ok(Some("2.42.0".to_owned())));
    assert_eq!(version("{}"), Ok(None));
    assert_eq!(version(r#"{"version":null}"#), Ok(None));
    assert_eq!(version("null"), Ok(None));
    for data in [r#"{"version":1}"#, "[]", r#"{"version":"1","version":"1"}"#] {
        assert_eq!(version(data), Err(Unusable::Unreadable), "{data}");
    }
}

#[test]
fn one_string_may_have_a_mebibyte() {
    let beside = |length: usize| {
        let text = "x".repeat(length);
        success(&format!(
            r#""resultType":"matrix","result":[],"other":"{text}""#
        ))
    };
    check(&beside(limits::ANSWER_STRING), &[]);
    let over = Err(Unusable::Over(AnswerLimit::String));
    assert_eq!(read(&beside(limits::ANSWER_STRING + 1)), over);
    let label = |length: usize| {
        let text = "\\n".repeat(length);
        matrix(&format!(r#"{{"metric":{{"a":"{text}"}},"values":[]}}"#))
    };
    assert!(read(&label(limits::ANSWER_STRING)).is_ok());
    assert_eq!(read(&label(limits::ANSWER_STRING + 1)), over);
    let list = |length: usize| {
        let text = "ä".repeat(length / 2);
        strings(format!(r#"{{"status":"success","data":["{text}"]}}"#).as_bytes())
    };
    let values = list(limits::ANSWER_STRING).unwrap().value.values;
    assert_eq!(values[0].len(), limits::ANSWER_STRING);
    assert_eq!(
        list(limits::ANSWER_STRING + 2).unwrap_err(),
        Unusable::Over(AnswerLimit::String)
    );
}

#[test]
fn of_a_long_label_value_only_what_tells_it_apart_is_kept() {
    let value = |text: &str| {
        let series = format!(r#"{{"metric":{{"a":"{text}"}},"values":[]}}"#);
        read(&matrix(&series)).unwrap()[0].0.labels.0["a"].clone()
    };
    let long = "ä".repeat(512);
    assert_eq!(value(&long), long);
    let (one, other) = (value(&format!("{long}x")), value(&format!("{long}y")));
    assert!(one != other && one.starts_with(&long) && other.starts_with(&long));
    assert_eq!(one.len(), 1_024 + "…".len() + 64);
    let (longer, same) = (value(&"z".repeat(900_000)), value(&"z".repeat(900_000)));
    assert_eq!(longer, same);
    assert!(longer != value(&"z".repeat(900_001)));
}

#[test]
fn the_labels_of_one_series_are_bounded() {
    let series = |count: usize| {
        let value = "x".repeat(1_024 - 64 - 4);
        let labels: Vec<_> = (0..count)
            .map(|it| format!(r#""{it:04}":"{value}""#))
            .collect();
        matrix(&format!(
            r#"{{"metric":{{{}}},"values":[]}}"#,
            labels.join(",")
        ))
    };
    assert!(read(&series(128)).is_ok());
    assert_eq!(read(&series(129)), Err(Unusable::Over(AnswerLimit::Labels)));
}

#[test]
fn remarks_are_kept_up_to_a_number_and_a_length() {
    let warnings: Vec<_> = (0..40)
        .map(|it| format!(r#""{it}{}""#, "x".repeat(5_000)))
        .collect();
    let list = warnings.join(",");
    let body = format!(r#"{{"status":"success","data":[],"warnings":[{list}],"infos":[{list}]}}"#);
    let decoded = strings(body.as_bytes()).unwrap();
    assert_eq!((decoded.warnings.len(), decoded.infos.len()), (32, 32));
    assert!(
        decoded
            .warnings
            .iter()
            .all(|it| (2_048..4_200).contains(&it.len()))
    );
    assert!(decoded.warnings[31].starts_with("31x"));
}

#[test]
fn a_long_error_text_is_read_to_where_it_matters() {
    let body = |length: usize| {
        let text = "x".repeat(length);
        let error = format!(r#"{{"status":"error","errorType":"e","error":"{text}why"}}"#);
        decode::error_body(error.as_bytes()).unwrap().text
    };
    assert!(body(60_000).ends_with("why"));
    assert!(body(70_000).len() < 66_000);
}

#[test]
fn nothing_is_left_of_what_came_before_a_restart() {
    let mut sink = Keep::all();
    let mut reading = Reading::new(QueryData::new(&mut sink));
    assert!(reading.push(&MATRIX.as_bytes()[..200]).is_continue());
    assert!(reading.is_within());
    reading.restart();
    assert!(!reading.is_within());
    assert!(reading.push(MATRIX.as_bytes()).is_continue());
    let decoded = reading.finish().unwrap();
    assert_eq!((decoded.entries, sink.series.len()), (2, 2));
    assert_eq!(decoded.warnings, ["w"]);

    let mut sink = Keep::all();
    let mut reading = Reading::new(QueryData::new(&mut sink));
    assert!(reading.push(b"no JSON").is_break());
    assert!(!reading.is_within());
    reading.restart();
    assert!(reading.push(MATRIX.as_bytes()).is_continue());
    assert!(reading.finish().is_ok());
}

/// The plain way to read a matrix, to compare with.
#[derive(Deserialize)]
struct Reference {
    data: ReferenceData,
}

#[derive(Deserialize)]
struct ReferenceData {
    result: Vec<ReferenceSeries>,
}

#[derive(Deserialize)]
struct ReferenceSeries {
    metric: Metric,
    values: Vec<(f64, String)>,
}

type Metric = std::collections::BTreeMap<String, String>;

fn reference(text: &str) -> Vec<Series> {
    let answer: Reference = serde_json::from_str(text).unwrap();
    let plain = |series: ReferenceSeries| Series {
        labels: Labels(series.metric),
        samples: series
            .values
            .into_iter()
            .map(|(seconds, text)| Sample {
                at: UnixMillis::new(format!("{:.0}", seconds * 1000.0).parse().unwrap()),
                value: text.parse().unwrap(),
            })
            .collect(),
    };
    answer.data.result.into_iter().map(plain).collect()
}

fn bits(series: &[Series]) -> Vec<(&Labels, Vec<(UnixMillis, u64)>)> {
    let samples = |series: &Series| {
        let each = series.samples.iter();
        each.map(|sample| (sample.at, sample.value.to_bits()))
            .collect()
    };
    series.iter().map(|it| (&it.labels, samples(it))).collect()
}

prop_compose! {
    fn any_series()(
        metric in prop::collection::btree_map(any::<String>(), any::<String>(), 0..4),
        samples in prop::collection::vec((0..1i64 << 42, any::<f64>()), 0..6),
        is_metric_last: bool,
    ) -> String {
        let metric = format!(r#""metric":{}"#, serde_json::to_string(&metric).unwrap());
        let samples: Vec<String> = samples
            .iter()
            .map(|(at, value)| format!(r#"[{},"{value}"]"#, UnixMillis::new(*at)))
            .collect();
        let values = format!(r#""values":[{}]"#, samples.join(","));
        if is_metric_last {
            format!("{{{values},{metric}}}")
        } else {
            format!("{{{metric},{values}}}")
        }
    }
}

proptest! {
    #[test]
    fn every_matrix_is_read_as_plain_serde_reads_it(
        all in prop::collection::vec(any_series(), 0..5),
        size in 1..300_usize,
    ) {
        let text = matrix(&all.join(","));
        let mut sink = Keep::all();
        in_chunks(text.as_bytes(), size, QueryData::new(&mut sink)).unwrap();
        let read: Vec<Series> = sink.series.into_iter().map(|(it, _)| it).collect();
        let plain = reference(&text);
        prop_assert_eq!(bits(&read), bits(&plain));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = query(&bytes, &mut Keep::all());
        let _ = metadata(&bytes);
        let _ = decode::error_body(&bytes);
    }

    #[test]
    fn no_change_of_an_answer_makes_it_panic(
        at in 0..MATRIX.len(), to in ".{0,3}", length in 0..4_usize,
    ) {
        let mut bytes = MATRIX.as_bytes().to_vec();
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, to.bytes());
        let read = query(&bytes, &mut Keep::all());
        // What a parser refuses is refused.
        if serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_err() {
            prop_assert_eq!(read.unwrap_err(), Unusable::Unreadable);
        }
    }
}
