//! `backend_compression`, with a real nginx that compresses whatever it is let.

use serde_json::{Value, json};

use crate::ask::refused;
use crate::rig::Rig;
use crate::setup::Setup;
use crate::stored::TEXTS;

crate::cases![
    gzip_is_offered_as_the_setting_says_and_undone,
    a_coding_that_was_not_offered_is_refused,
];

fn details(rig: &Rig, place: &str, compression: Value) -> Value {
    json!({"url": rig.nginx.url(place), "backend_compression": compression})
}

fn gzip_is_offered_as_the_setting_says_and_undone(rig: &Rig) {
    let mirror = Setup::new().start();
    for (compression, expected) in [
        (json!("on"), "gzip"),
        (json!("off"), ""),
        // nginx is on loopback.
        (json!("auto"), ""),
        (json!(null), ""),
    ] {
        rig.reset();
        let details = details(rig, "gzip", compression);
        let mut values = mirror.mirror.values(&details, "text").unwrap();
        values.sort_unstable();
        let mut texts = TEXTS.to_vec();
        texts.sort_unstable();
        assert_eq!(values, texts);
        mirror.query(&details).unwrap();
        for visit in rig.nginx.visits() {
            assert_eq!(
                (visit.offered.as_str(), visit.coding.as_str()),
                (expected, expected)
            );
        }
    }
}

fn a_coding_that_was_not_offered_is_refused(rig: &Rig) {
    let mirror = Setup::new().start();
    for compression in ["on", "off", "auto"] {
        let details = details(rig, "miscoded", json!(compression));
        refused(mirror.test(&details), "PM-3010", &["coded as br"]);
    }
}
