use super::*;

const RECORD: &str = r#"{"version":1,"stages":{
    "request":{"type":"MetricsRequest","start":1000,"end":3000,"limit":7,
      "aggregation":{"method":"MEAN","bucket_ms":500}},
    "conditions":[{"key":"__gauge__","type":"StringValue","value":"m"},
      {"key":"code","type":"InSetValue","value":"[\"a\",1]"}]},
    "outcome":{"result":"ok"},"notices":[]}"#;

#[test]
fn a_record_alone_is_opened_as_a_bundle_is() {
    assert!(bundle(RECORD).unwrap().record.is_some());
    let whole = format!(r#"{{"bundle":1,"build":null,"record":{RECORD},"diagnosis":null}}"#);
    assert!(bundle(&whole).unwrap().record.is_some());
    for (text, why) in [
        ("x", "no bundle"),
        ("{}", "no bundle and no record"),
        (r#"{"bundle":2}"#, "version 2"),
        (r#"{"version":9,"stages":{}}"#, "version 9"),
    ] {
        let refused = bundle(text).unwrap_err();
        assert!(refused.contains(why), "{text}: {refused}");
    }
}

#[test]
fn what_is_asked_again_is_what_was_asked_then_or_now() {
    let record: Record = serde_json::from_str(RECORD).unwrap();
    let details = select::raw(r#"{"url":"u"}"#).unwrap();
    let asked = |at| {
        let now = UnixMillis::new(10_000);
        again(&record, &details, at, now).unwrap().1
    };
    let then = asked(At::Then);
    for part in [
        r#""_type":"MetricsRequest""#,
        r#"{"_type":"InSetValue","value":["a",1]}"#,
        r#""method":"MEAN","bucketSizeMillis":500"#,
        r#""startTime":1000,"endTime":3000"#,
        r#""limit":7"#,
    ] {
        assert!(then.contains(part), "{part}: {then}");
    }
    assert!(asked(At::Now).contains(r#""startTime":8000,"endTime":10000"#));
}

#[test]
fn a_classified_value_cannot_be_asked_again() {
    let told = serde_json::from_str(r#"{"key":"a","type":"StringValue","value":"<redacted>"}"#);
    assert!(
        condition(&told.unwrap())
            .unwrap_err()
            .contains("classified")
    );
}
