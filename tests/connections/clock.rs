//! A clock that is wrong, on either side: the peers skew theirs.

use serde_json::{Value, json};

use crate::ask::refused;
use crate::aws::{ROLE, STATIC};
use crate::rig::Rig;

crate::cases![
    a_quarter_of_an_hour_off_either_way_fails_no_request,
    sts_and_backend_may_both_be_off,
    four_minutes_off_are_not_corrected,
    a_small_skew_does_not_explain_a_refusal,
    the_test_tells_of_a_skew,
];

fn refusals(rig: &Rig) -> usize {
    rig.signed()
        .iter()
        .filter(|one| one.status != Some(200))
        .count()
}

fn a_quarter_of_an_hour_off_either_way_fails_no_request(rig: &Rig) {
    for (skew, status) in [(900, 403), (900, 400), (-900, 403), (-900, 400)] {
        rig.reset();
        rig.amp
            .set(&json!({"skew_seconds": skew, "expired_status": status}));
        let mirror = rig.with_sts().start();
        for _ in 0..10 {
            mirror.query(&rig.amp(STATIC.block())).unwrap();
        }
        assert_eq!(refusals(rig), 1, "learned once, {skew}");
        // The test too signs with what was learned of this host.
        mirror.test(&rig.amp(STATIC.block())).unwrap();
        assert_eq!(refusals(rig), 1);
    }
}

fn sts_and_backend_may_both_be_off(rig: &Rig) {
    for skew in [900, -900] {
        rig.reset();
        rig.amp.set(&json!({"skew_seconds": skew}));
        rig.sts.set(&json!({"skew_seconds": skew}));
        let mirror = rig.with_sts().start();
        let details: Value = rig.assuming(&STATIC, ROLE);
        for _ in 0..3 {
            mirror.query(&details).unwrap();
        }
        assert!(rig.calls().len() <= 2, "{:?}", rig.calls());
    }
}

fn four_minutes_off_are_not_corrected(rig: &Rig) {
    for skew in [230, -230] {
        rig.reset();
        rig.amp.set(&json!({"skew_seconds": skew}));
        let mirror = rig.with_sts().start();
        for _ in 0..3 {
            mirror.query(&rig.amp(STATIC.block())).unwrap();
        }
        assert_eq!(refusals(rig), 0);
    }
}

fn a_small_skew_does_not_explain_a_refusal(rig: &Rig) {
    rig.amp
        .set(&json!({"skew_seconds": 120, "tolerance_seconds": 60}));
    let mirror = rig.with_sts().start();
    refused(
        mirror.query(&rig.amp(STATIC.block())),
        "PM-4006",
        &["clock"],
    );
    assert_eq!(rig.signed().len(), 1, "it is not repeated");
}

fn the_test_tells_of_a_skew(rig: &Rig) {
    rig.amp
        .set(&json!({"skew_seconds": 120, "tolerance_seconds": 60}));
    let mirror = rig.with_sts().start();
    refused(mirror.test(&rig.amp(STATIC.block())), "PM-4006", &["120"]);
}
