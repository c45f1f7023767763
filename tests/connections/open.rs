//! The same questions without any authentication: what fails here is no matter of connections.

use serde_json::json;

use crate::rig::Rig;
use crate::setup::Setup;
use crate::stored::{METRIC, TEXTS, value};

crate::cases![every_awkward_text_is_found, a_named_connection_is_found];

fn every_awkward_text_is_found(rig: &Rig) {
    let mirror = Setup::new().start();
    for method in ["POST", "GET"] {
        let details = json!({"url": rig.prometheus.url, "http_method": method});
        mirror.test(&details).unwrap();
        for (n, text) in TEXTS.iter().enumerate() {
            let got = mirror.gauge(&details, text).unwrap();
            assert_eq!(got.to_bits(), value(n).to_bits(), "{text:?}");
            let query = format!("sum( {METRIC}{{text={}}} )  +  0 ", json!(text));
            let got = mirror
                .mirror
                .metric(&details, &[("~", json!(query))])
                .unwrap();
            assert_eq!(got.to_bits(), value(n).to_bits(), "{query}");
        }
        let mut values = mirror.mirror.values(&details, "text").unwrap();
        let mut expected = TEXTS.to_vec();
        values.sort_unstable();
        expected.sort_unstable();
        assert_eq!(values, expected);
        let names = mirror.mirror.names(&details).unwrap();
        assert!(names.iter().any(|name| name == "text"), "{names:?}");
    }
}

fn a_named_connection_is_found(rig: &Rig) {
    let mirror = Setup::new()
        .connection("plain", json!({"url": rig.prometheus.url}))
        .start();
    mirror.query(&json!({"connection": "plain"})).unwrap();
}
