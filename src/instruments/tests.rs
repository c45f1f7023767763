use super::*;

#[track_caller]
fn check(act: impl FnOnce(&Instruments), line: &str) {
    let instruments = Instruments::new();
    act(&instruments);
    let page = instruments.encode();
    assert!(page.lines().any(|l| l == line), "no {line} in\n{page}");
}

#[test]
fn each_instrument_has_the_name_and_the_labels_of_the_specification() {
    let took = Duration::from_millis(3);
    check(
        |i| i.request(MethodLabel::FieldName, RequestOutcome::ClientGone, took),
        r#"mirror_requests_total{method="field_name",outcome="client_gone"} 1"#,
    );
    check(
        |i| i.overhead(MethodLabel::Metric, took),
        r#"mirror_overhead_seconds_bucket{le="0.005",method="metric"} 1"#,
    );
    check(
        |i| i.request(MethodLabel::Metric, RequestOutcome::Ok, took),
        r#"mirror_request_duration_seconds_bucket{le="0.005",method="metric"} 1"#,
    );
    check(
        |i| i.overhead(MethodLabel::Metric, took),
        r#"mirror_overhead_seconds_bucket{le="0.005",method="metric"} 1"#,
    );
    check(
        |i| i.error("PM-2001"),
        r#"mirror_errors_total{code="PM-2001"} 1"#,
    );
    check(
        |i| i.backend_call(None, CallOutcome::BadAnswer, took),
        r#"mirror_backend_calls_total{backend="other",outcome="bad_answer"} 1"#,
    );
    check(
        |i| i.credential_refresh(Some("prod"), Refresh::Throttled),
        r#"mirror_credential_refresh_total{backend="prod",result="throttled"} 1"#,
    );
    check(
        |i| i.credential_expiry("prod", 1_700_000_000),
        r#"mirror_credential_expiry_timestamp_seconds{backend="prod"} 1700000000"#,
    );
    check(
        |i| i.certificate_expiry("prod", 1_700_000_000),
        r#"mirror_certificate_expiry_timestamp_seconds{backend="prod"} 1700000000"#,
    );
    check(
        |i| i.clock_skew(Some("prod"), -900),
        r#"mirror_clock_skew_seconds{backend="prod"} -900"#,
    );
    check(
        |i| i.backend_retry(Some("prod"), CallOutcome::Unavailable),
        r#"mirror_backend_retries_total{backend="prod",outcome="unavailable"} 1"#,
    );
    check(
        |i| i.backend_retry_denied(None, Denied::Budget),
        r#"mirror_backend_retries_denied_total{backend="other",reason="budget"} 1"#,
    );
    check(
        |i| i.breaker(Some("prod"), Breaker::Open),
        r#"mirror_breaker_state{backend="prod"} 2"#,
    );
    check(
        |i| i.breaker_opened(Some("prod")),
        r#"mirror_breaker_opened_total{backend="prod"} 1"#,
    );
    check(
        |i| i.shed(ShedReason::Caller),
        r#"mirror_shed_total{reason="caller"} 1"#,
    );
    check(|_| (), r#"mirror_queued{scope="backend"} 0"#);
    check(|_| (), r#"mirror_in_flight{scope="backend"} 0"#);
    check(
        |i| i.queue_wait(Scope::Backend, took),
        r#"mirror_queue_wait_seconds_bucket{le="0.005",scope="backend"} 1"#,
    );
    check(
        |i| i.points_dropped(DropReason::Nan, 7),
        r#"mirror_points_dropped_total{reason="nan"} 7"#,
    );
    for reason in CloseReason::ALL {
        let name = reason.as_str();
        check(
            |i| i.connection_closed(reason),
            &format!(r#"mirror_connections_closed_total{{reason="{name}"}} 1"#),
        );
    }
    check(
        |_| (),
        r#"mirror_accept_errors_total{reason="descriptors"} 0"#,
    );
    check(
        |i| i.refused_caller(RefusedCaller::Token),
        r#"mirror_refused_callers_total{reason="token"} 1"#,
    );
    check(
        |i| i.insecure_config(Insecurity::CallersOpen, true),
        r#"mirror_insecure_config{reason="callers_open"} 1"#,
    );
    check(
        |_| (),
        r#"mirror_insecure_config{reason="role_arns_open"} 0"#,
    );
    check(
        |i| i.listener_certificate_expiry(Some(7)),
        r#"mirror_listener_certificate_expiry_timestamp_seconds{listener="mirror"} 7"#,
    );
    check(Instruments::panic, "mirror_panics_total 1");
    check(
        |i| i.notice("PM-7004"),
        r#"mirror_notices_total{code="PM-7004"} 1"#,
    );
    check(Instruments::tap_dropped, "mirror_tap_dropped_total 1");
    check(|_| (), "mirror_config_last_reload_successful 1");
    check(
        |i| i.config_reloaded(false),
        "mirror_config_last_reload_successful 0",
    );
    check(
        |i| drop(i.held(Scope::Global)),
        r#"mirror_in_flight{scope="global"} 0"#,
    );
}

#[test]
fn what_is_gone_does_not_end() {
    let instruments = Instruments::new();
    for name in ["prod", "lab"] {
        instruments.credential_expiry(name, 1);
        instruments.certificate_expiry(name, 1);
    }
    instruments.forget_expiry("prod");
    let page = instruments.encode();
    let count = |name: &str| {
        page.matches(&format!(r#"seconds{{backend="{name}"}}"#))
            .count()
    };
    assert_eq!((count("prod"), count("lab")), (0, 2), "{page}");
}

#[test]
fn the_page_names_the_build_and_ends_as_openmetrics_demands() {
    let page = Instruments::new().encode();
    let version = env!("CARGO_PKG_VERSION");
    let build = format!(r#"mirror_build_info{{version="{version}",revision="{REVISION}"}} 1"#);
    assert!(page.contains(&build), "{page}");
    assert!(page.ends_with("# EOF\n"), "{page}");
}

#[test]
fn a_request_is_in_flight_for_as_long_as_its_guard_lives() {
    let instruments = Instruments::new();
    let guard = instruments.held(Scope::Global);
    assert!(
        instruments
            .encode()
            .contains("mirror_in_flight{scope=\"global\"} 1")
    );
    drop(guard);
    assert!(
        instruments
            .encode()
            .contains("mirror_in_flight{scope=\"global\"} 0")
    );
}
