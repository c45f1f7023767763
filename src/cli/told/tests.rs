use super::*;

const PLAIN: Screen = Screen {
    is_coloured: false,
    is_terminal: false,
    width: 100,
};
const RECORD: &str = r#"{"version":1,"stages":{
    "request":{"type":"MetricsRequest","method":"metric","profile":"exact",
      "connection":{"alias":null,"host":"lab:9090","form":"url"},"start":0,"end":1,"limit":null,
      "aggregation":null,"field":null,"prefix":null,"offset":0,"defaults":[],"ignored":[],"warnings":[]},
    "conditions":[
      {"index":0,"key":"__gauge__","type":"StringValue","value":"m_bytes","became":"metric","text":"m_bytes","error":null},
      {"index":1,"key":"job","type":"StringValue","value":"checkout","became":"matcher","text":"job=\"checkout\"","error":null}],
    "promql":[{"query":0,"purpose":"raw","text":"{__name__=\"m_bytes\",job=\"checkout\"}[3600001ms]","fragments":[]}],
    "plan":{"kind":"gauge","strategy":"raw_samples","chunks":1,"last":1700000000000,"deadline_ms":30000},
    "calls":[{"call":0,"query":0,"verb":"POST","url":"http://lab:9090/api/v1/query","parameters":[],
      "authentication":{"kind":"none"},"status":200,"ms":14.2,"bytes":9,"series":3,"samples":720}],
    "reduction":{"series_in":3},
    "response":{"status":500,"type":"RemoteMirrorError","error":"PM-2001"}},
  "outcome":{"result":"error","error":{"id":"PM-2001","type":"RemoteMirrorError","summary":"Too many metrics.",
      "details":"3 series match m_bytes{job=\"checkout\"}; they differ in ['pod']. Add pod = checkout-0. [PM-2001]"},
    "ambiguity":{"series":3,"labels":["pod"],"constant":{"job":"checkout"},
      "tuples":[["checkout-0"],["checkout-1"],["checkout-2"]],"counts":[],
      "suggestions":[{"conditions":[{"key":"pod","value":"checkout-0"}]}],
      "combine":"sum(m_bytes{job=\"checkout\"})","separable":true}},
  "answer":null,"notices":[]}"#;

#[test]
fn a_record_is_told_in_the_lines_of_the_chapter() {
    let record: Record = serde_json::from_str(RECORD).unwrap();
    assert_eq!(
        record.lines(PLAIN),
        "1 request     MetricsRequest, raw, 2 conditions, profile exact\n\
         2 conditions  __gauge__ = m_bytes   -> metric name\n              \
         job = checkout        -> matcher job=\"checkout\"\n\
         3 promql      {__name__=\"m_bytes\",job=\"checkout\"}[3600001ms]\n\
         4 plan        1 call at 22:13:20.000, deadline 30 s\n\
         5 calls       POST http://lab:9090/api/v1/query   200   14 ms   3 series   720 samples\n\
         6 reduction   stopped: a raw query needs one series\n\
         7 response    500 RemoteMirrorError \"Too many metrics.\"\n\
         error[PM-2001]: 3 series match m_bytes{job=\"checkout\"}; they differ in ['pod']\n  \
         pod   checkout-0 | checkout-1 | checkout-2\n  \
         fix   add the condition  pod = checkout-0\n  \
         or    ~ = sum(m_bytes{job=\"checkout\"})\n"
    );
    assert_eq!(record.code(), 4);
}

#[test]
fn on_a_narrow_terminal_a_long_query_goes_on_below() {
    let record: Record = serde_json::from_str(RECORD).unwrap();
    let narrow = Screen {
        is_terminal: true,
        width: 40,
        ..PLAIN
    };
    let text = record.lines(narrow);
    let stages = text.lines().take_while(|line| !line.starts_with("error"));
    assert!(stages.clone().count() > 10, "{text}");
    assert!(
        stages.clone().all(|line| line.chars().count() <= 40),
        "{text}"
    );
}

#[test]
fn a_length_is_said_as_people_say_it() {
    for (millis, expected) in [
        (30_000, "30 s"),
        (90_000, "90 s"),
        (60_000, "60 s"),
        (600_000, "10 min"),
        (3_600_000, "1 h"),
        (1_500, "1500 ms"),
        (172_800_000, "2 d"),
    ] {
        assert_eq!(length(millis), expected);
    }
}

#[test]
fn nothing_but_a_version_can_be_told() {
    let record: Record = serde_json::from_str(r#"{"version":1}"#).unwrap();
    assert!(
        record
            .lines(PLAIN)
            .starts_with("1 request     not understood\n")
    );
}
