//! How often STS is asked: the session cache of `connections.md`, by the calls that STS counts.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::ask::{Failed, refused};
use crate::aws::{Call, OTHER_ROLE, ROLE, SECOND, STATIC, named, session_of};
use crate::rig::Rig;

crate::cases![
    a_thousand_first_queries_at_once_make_one_call,
    a_session_serves_every_later_query,
    every_credential_field_has_a_session_of_its_own,
    a_wrong_secret_is_refused_although_the_right_one_is_cached,
    sessions_are_renewed_ahead_and_outlast_an_outage,
    a_refusal_is_answered_from_memory,
    a_connection_test_leaves_the_cache_as_it_was,
    a_corrected_trust_policy_shows_in_the_test_at_once,
    an_expired_token_is_renewed_once,
    an_expired_token_is_renewed_at_most_once_a_minute,
    another_refusal_renews_nothing,
    who_leaves_early_does_not_stop_the_call_for_the_others,
    a_crowd_of_roles_asks_sts_ten_times_a_second_after_a_burst_of_fifty,
    sessions_and_refreshes_show_in_the_metrics,
];

fn role(rig: &Rig) -> Value {
    rig.assuming(&STATIC, ROLE)
}

fn a_thousand_first_queries_at_once_make_one_call(rig: &Rig) {
    // Long enough for all to come while it is under way. They come as fast as threads start: a
    // thousand that are let loose at once keep each other from sending what they have begun.
    rig.sts.set(&json!({"delay_seconds": 3}));
    let mirror = rig.with_sts().start();
    let details = role(rig);
    let answered = std::thread::scope(|scope| {
        let ask = || mirror.query(&details);
        let all: Vec<_> = (0..1_000).map(|_| scope.spawn(ask)).collect();
        // So many at one backend are more than its waiting room holds; being told so is fine.
        let is_answer = |asked: &Result<f64, Failed>| match asked {
            Ok(_) => true,
            Err(failed) if failed.id == "PM-6007" => false,
            Err(failed) => panic!("{failed:?}"),
        };
        all.into_iter()
            .map(|one| one.join().unwrap())
            .filter(is_answer)
            .count()
    });
    assert!(answered >= 200, "only {answered} were answered");
    assert_eq!(rig.calls().len(), 1);
    rig.asked_as(&session_of(ROLE, None));
}

fn a_session_serves_every_later_query(rig: &Rig) {
    let mirror = rig.with_sts().start();
    for _ in 0..20 {
        mirror.query(&role(rig)).unwrap();
        mirror.mirror.values(&role(rig), "text").unwrap();
    }
    assert_eq!(rig.calls().len(), 1);
}

fn every_credential_field_has_a_session_of_its_own(rig: &Rig) {
    let mirror = rig.with_sts().start();
    let mut all = vec![
        role(rig),
        rig.assuming(&SECOND, ROLE),
        rig.assuming(&STATIC, "arn:aws:iam::123456789012:role/x"),
    ];
    for (key, value) in [
        ("external_id", json!("a")),
        ("external_id", json!("b")),
        ("role_session_name", json!("another")),
        ("token_expiry_seconds", json!(900)),
        ("sts_region", json!("eu-north-1")),
    ] {
        let mut details = role(rig);
        details["aws"][key] = value;
        all.push(details);
    }
    for _ in 0..2 {
        for details in &all {
            mirror.query(details).unwrap();
        }
    }
    assert_eq!(rig.calls().len(), all.len());
}

fn a_wrong_secret_is_refused_although_the_right_one_is_cached(rig: &Rig) {
    let mirror = rig.with_sts().start();
    mirror.query(&role(rig)).unwrap();
    let mut wrong = role(rig);
    wrong["aws"]["aws_secret_access_key"] = json!("guessed");
    refused(mirror.query(&wrong), "PM-4002", &["SignatureDoesNotMatch"]);
    let mut wrong = rig.amp(STATIC.block());
    mirror.query(&wrong).unwrap();
    wrong["aws"]["aws_secret_access_key"] = json!("guessed");
    refused(mirror.query(&wrong), "PM-3004", &["403"]);
    mirror.query(&role(rig)).unwrap();
}

fn sessions_are_renewed_ahead_and_outlast_an_outage(rig: &Rig) {
    rig.sts.set(&json!({"expires_in_seconds": 40}));
    let mirror = rig.with_sts().start();
    let (steady, shaken) = (role(rig), rig.assuming(&STATIC, OTHER_ROLE));
    let asked = |role: &str| {
        let is_it = |call: &Call| call.parameter("RoleArn") == Some(role);
        rig.calls().into_iter().filter(is_it).count()
    };
    let began = Instant::now();
    let (mut is_down, mut is_over) = (false, false);
    while began.elapsed() < Duration::from_secs(42) {
        mirror.query(&steady).unwrap();
        mirror.query(&shaken).unwrap();
        if !is_down {
            rig.sts.set(&json!({"failing_roles": [OTHER_ROLE]}));
            is_down = true;
        } else if !is_over && asked(OTHER_ROLE) > 1 {
            rig.sts.set(&json!({"failing_roles": []}));
            is_over = true;
        }
        std::thread::park_timeout(Duration::from_millis(200));
    }
    assert!(is_over, "it was not renewed ahead");
    // Once after 32 to 34 of the 40 seconds.
    assert_eq!(asked(ROLE), 2);
    assert!(rig.signed().iter().all(|one| one.status == Some(200)));
}

fn a_refusal_is_answered_from_memory(rig: &Rig) {
    rig.sts.set(&json!({"denied_roles": [ROLE]}));
    let mirror = rig.with_sts().start();
    for _ in 0..20 {
        refused(mirror.query(&role(rig)), "PM-4002", &["AccessDenied"]);
    }
    assert_eq!(rig.calls().len(), 1);
}

fn a_connection_test_leaves_the_cache_as_it_was(rig: &Rig) {
    let mirror = rig.with_sts().start();
    mirror.test(&role(rig)).unwrap();
    assert_eq!(rig.calls().len(), 1);
    mirror.query(&role(rig)).unwrap();
    assert_eq!(rig.calls().len(), 2, "a test fills no cache");
    // Repeats share the result of the first, and no test takes away what queries use.
    for _ in 0..3 {
        mirror.test(&role(rig)).unwrap();
    }
    mirror.query(&role(rig)).unwrap();
    assert_eq!(rig.calls().len(), 2);
}

fn a_corrected_trust_policy_shows_in_the_test_at_once(rig: &Rig) {
    rig.sts.set(&json!({"denied_roles": [ROLE]}));
    let mirror = rig.with_sts().start();
    refused(mirror.query(&role(rig)), "PM-4002", &[]);
    rig.sts.set(&json!({"denied_roles": []}));
    mirror.test(&role(rig)).unwrap();
}

fn an_expired_token_is_renewed_once(rig: &Rig) {
    let mirror = rig.with_sts().start();
    mirror.query(&role(rig)).unwrap();
    rig.amp.set(&json!({"expire_times": 1}));
    mirror.query(&role(rig)).unwrap();
    assert_eq!(rig.calls().len(), 2);
    let refusals = rig
        .signed()
        .iter()
        .filter(|one| one.status == Some(403))
        .count();
    assert_eq!(refusals, 1);
}

fn an_expired_token_is_renewed_at_most_once_a_minute(rig: &Rig) {
    let mirror = rig.with_sts().start();
    mirror.query(&role(rig)).unwrap();
    rig.amp.set(&json!({"expire_times": 1_000}));
    for _ in 0..5 {
        mirror.query(&role(rig)).unwrap_err();
    }
    assert_eq!(rig.calls().len(), 2);
}

fn another_refusal_renews_nothing(rig: &Rig) {
    let mirror = rig.with_sts().start();
    mirror.query(&role(rig)).unwrap();
    rig.amp
        .set(&json!({"denied": ["QueryMetrics", "GetSeries", "GetLabels"]}));
    let before = rig.signed().len();
    refused(mirror.query(&role(rig)), "PM-3004", &["aps:"]);
    assert_eq!(rig.calls().len(), 1);
    assert_eq!(rig.signed().len() - before, 1, "it is not repeated");
}

fn who_leaves_early_does_not_stop_the_call_for_the_others(rig: &Rig) {
    rig.sts.set(&json!({"delay_seconds": 2}));
    let mirror = rig.with_sts().start();
    let mut hurried = role(rig);
    hurried["request_timeout_seconds"] = json!(1);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| mirror.query(&hurried));
        std::thread::park_timeout(Duration::from_millis(300));
        mirror.query(&role(rig)).unwrap();
        refused(first.join().unwrap(), "PM-4003", &[]);
    });
    assert_eq!(rig.calls().len(), 1);
}

fn a_crowd_of_roles_asks_sts_ten_times_a_second_after_a_burst_of_fifty(rig: &Rig) {
    const ROLES: usize = 80;
    let mirror = rig.with_sts().start();
    let role = |n| format!("arn:aws:iam::123456789012:role/r{n}");
    let all: Vec<Value> = (0..ROLES)
        .map(|n| rig.assuming(&STATIC, &role(n)))
        .collect();
    std::thread::scope(|scope| {
        for details in &all {
            scope.spawn(|| mirror.query(details).unwrap());
        }
    });
    let mut times: Vec<f64> = rig.calls().iter().map(|call| call.at).collect();
    times.sort_unstable_by(f64::total_cmp);
    assert_eq!(times.len(), ROLES);
    // Three seconds for the thirty after the burst; calls may arrive later than they were made, the
    // first ones most of all.
    let took = times[ROLES - 1] - times[0];
    assert!((2.0..10.0).contains(&took), "{took} s");
}

fn sessions_and_refreshes_show_in_the_metrics(rig: &Rig) {
    let mirror = rig.with_sts().connection("amp", role(rig)).start();
    mirror.query(&named("amp")).unwrap();
    mirror.query(&role(rig)).unwrap();
    let metrics = mirror.metrics();
    let value = |line: &str| {
        let found = metrics.lines().find_map(|it| it.strip_prefix(line));
        let value = found.unwrap_or_else(|| panic!("no {line} in\n{metrics}"));
        value.trim().parse::<i64>().unwrap()
    };
    let ends = value(r#"mirror_credential_expiry_timestamp_seconds{backend="amp"}"#);
    let now = crate::stored::this_minute() / 1_000;
    assert!((now + 3_500..now + 3_700).contains(&ends), "{ends}");
    let refreshes = r#"mirror_credential_refresh_total{backend="amp",result="ok"}"#;
    assert_eq!(value(refreshes), 1);
    // A caller's own session has no line of its own, or callers could make the page grow.
    assert!(!metrics.contains(r#"expiry_timestamp_seconds{backend="other"}"#));
}
