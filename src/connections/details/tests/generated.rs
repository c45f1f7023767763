//! Documents that nobody would write.

use proptest::prelude::*;

use super::*;

/// Any value, with a marker in it wherever text is possible.
fn value() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        (-1e9..1e9_f64).prop_map(|number| number.to_string()),
        "(http://|https://|h:)?[a-zA-Z0-9%./:@?#\\[\\] _-]{0,12}"
            .prop_map(|text| format!(r#""{text}PLANTED{text}""#)),
    ];
    scalar.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3)
                .prop_map(|members| format!("[{}]", members.join(","))),
            prop::collection::vec(inner, 0..3).prop_map(|members| {
                let members = members.iter().enumerate();
                let members: Vec<String> = members
                    .map(|(i, member)| format!(r#""k{i}":{member}"#))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

fn document() -> impl Strategy<Value = String> {
    let known = keys::all();
    let name = prop_oneof![
        4 => prop::sample::select(known).prop_map(str::to_owned),
        1 => "[a-zA-Z_-]{0,20}",
    ];
    prop::collection::vec((name, value()), 0..8).prop_map(|members| {
        let members: Vec<String> = members
            .iter()
            .map(|(name, value)| format!(r#""{name}":{value}"#))
            .collect();
        format!("{{{}}}", members.join(","))
    })
}

proptest! {
    #[test]
    fn no_document_panics_and_nothing_repeats_a_value(text in document(), beside in any::<Option<u64>>()) {
        match resolve(&text, beside, &Defaults::default()) {
            Ok(resolved) => {
                prop_assert!(resolved.connection.timeout >= Duration::from_secs(1));
                prop_assert!(resolved.connection.timeout <= Duration::from_secs(60));
                for warning in resolved.warnings {
                    prop_assert!(!warning.to_string().contains("PLANTED"));
                }
            }
            Err(error) => {
                prop_assert!(!error.to_string().contains("PLANTED"), "{error}");
                prop_assert!(error.findings().len() <= 5);
            }
        }
    }
}
