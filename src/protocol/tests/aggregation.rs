//! Aggregations.

use super::*;
use crate::protocol::metric::{Aggregation, AggregationMethod};

fn aggregation(members: &str) -> Option<Aggregation> {
    let query = metric(&format!(r#", "aggregation": {members}"#));
    query.unwrap().aggregation
}

#[test]
fn each_method_is_known_by_its_name_in_any_case() {
    for (name, method) in AggregationMethod::NAMED {
        let mixed = format!("{}{}", &name[..1], name[1..].to_lowercase());
        for name in [name, &name.to_lowercase(), &mixed] {
            let read = aggregation(&format!(r#"{{"method": "{name}"}}"#));
            assert_eq!(read.unwrap().method, Some(method), "{name}");
        }
    }
}

#[test]
fn whatever_names_no_method_is_none() {
    for method in [
        "",
        r#""method": null"#,
        r#""method": "MEDIAN""#,
        r#""method": "PERCENTILE_""#,
        r#""method": """#,
        r#""method": 1"#,
        r#""method": -1.5"#,
        r#""method": true"#,
        r#""method": ["MAX"]"#,
        r#""method": {"MAX": 1}"#,
    ] {
        let read = aggregation(&format!("{{{method}}}"));
        assert_eq!(read.unwrap().method, None, "{method}");
    }
}

#[test]
fn without_an_aggregation_the_points_are_raw() {
    assert_eq!(metric("").unwrap().aggregation, None);
    assert_eq!(aggregation("null"), None);
}

#[test]
fn an_aggregation_is_an_object() {
    for given in ["[]", r#""MEAN""#, "true"] {
        let read = metric(&format!(r#", "aggregation": {given}"#));
        refused(read, "query.aggregation", "must be an object");
    }
}
