//! `limits`.

use super::*;

/// A file with one connection, called `prod`, and these limits.
fn file(limits: &str) -> String {
    format!("connections: {{prod: {{url: 'http://h'}}}}\nlimits: {{{limits}}}\n")
}

#[track_caller]
fn refuses_limits(limits: &str, expected: &str) {
    refuses_file(&file(limits), &[expected]);
}

#[test]
fn a_backend_has_the_calls_of_its_name_or_those_of_all() {
    let settings = of_file(&file("backend_calls: 100, backend_calls_for: {prod: 40}"));
    let calls = &settings.connections.calls;
    assert_eq!(calls.of(Some("prod")).slots, 40);
    assert_eq!(
        (calls.of(Some("lab")).slots, calls.of(None).slots),
        (100, 100)
    );
}

#[test]
fn a_limit_for_a_connection_that_there_is_not_is_a_slip() {
    refuses_limits(
        "backend_calls_for: {prd: 4}",
        "PM-5003: mirror.yaml:2:29: limits.backend_calls_for: prd: is no connection",
    );
    refuses_limits(
        "backend_calls_for: {prod: 0}",
        "PM-5003: mirror.yaml:2:29: limits.backend_calls_for: prod: must be an integer from 1 to 1048576",
    );
    refuses_limits(
        "backend_calls_for: 7",
        "PM-5003: mirror.yaml:2:29: limits.backend_calls_for: must be a map of names of connections to numbers",
    );
}

#[test]
fn other_limits_are_refused_with_their_range() {
    refuses_limits(
        "in_flight: 0",
        "PM-5003: mirror.yaml:2:21: limits.in_flight: must be an integer from 1 to 1048576",
    );
    refuses_limits(
        "drain: 11m",
        "PM-5003: mirror.yaml:2:17: limits.drain: must be a duration from 0 to 10m",
    );
    refuses_limits(
        "byte_budget: 1kB",
        "PM-5003: mirror.yaml:2:23: limits.byte_budget: must be a number of bytes from 1MiB, for example 512MiB",
    );
    refuses_limits(
        "in_flihgt: 1",
        "PM-5002: mirror.yaml:2:10: limits.in_flihgt: unknown key; did you mean in_flight",
    );
}

#[test]
fn a_backend_never_takes_more_than_a_quarter_of_all() {
    let text = file("in_flight: 80, backend_calls: 20");
    let loaded = Given {
        file: Some(&text),
        ..Given::default()
    }
    .load()
    .unwrap();
    let expected = "PM-5003: mirror.yaml:2:40: limits.backend_calls: slots and waiting room of a \
                    backend are at most a quarter of in_flight; 10 is used";
    assert_eq!(printed(&loaded.warnings), [expected]);
    assert_eq!(loaded.settings.connections.calls.of(None).slots, 10);
    // What nobody asked for needs no word.
    let loaded = settings(Given {
        variables: &[("MIRROR_LIMITS_IN_FLIGHT", "80")],
        ..Given::default()
    });
    assert_eq!(loaded.connections.calls.of(None).slots, 10);
}

#[test]
fn two_callers_share_what_there_is() {
    let caller = |name: &str| format!("{{name: {name}, tokens: [{name}-0123456789abcdef]}}");
    for (callers, is_shared) in [(vec!["a"], false), (vec!["a", "b"], true)] {
        let list: Vec<_> = callers.into_iter().map(caller).collect();
        let settings = of_file(&format!("callers: [{}]\n", list.join(", ")));
        assert_eq!(settings.limits.is_shared, is_shared);
        assert_eq!(settings.limits.requests().is_shared, is_shared);
        assert_eq!(settings.connections.calls.of(None).is_shared, is_shared);
    }
}

#[test]
fn limits_of_the_environment_are_printed_as_a_file_has_them() {
    let given = Given {
        file: Some("connections: {prod: {url: 'http://h'}}\n"),
        variables: &[("MIRROR_LIMITS_BACKEND_CALLS_FOR", "prod=40")],
        ..Given::default()
    };
    let yaml = crate::config::print::yaml(&given.load().unwrap().account, false);
    assert!(
        yaml.contains("backend_calls_for: { prod: \"40\" }"),
        "{yaml}"
    );
    assert_eq!(of_file(&yaml).connections.calls.by_name["prod"], 40);
}
