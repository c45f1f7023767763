//! The table of the start: address × walls × keys × reload.

use super::*;

/// Settings that are wall A, each alone.
const WALL_A: [&str; 4] = [
    "allowed_callers: [10.0.0.0/8]",
    "allowed_callers: [10.0.0.0/8, 192.168.0.0/16, '2001:db8::/32']",
    "callers: [{name: a, tokens: [0123456789abcdef]}]",
    "allowed_callers: [0.0.0.0/0]\ncallers: [{name: a, tokens: [0123456789abcdef]}]",
];
/// Settings that are wall B, each alone.
const WALL_B: [&str; 4] = [
    "policy: {allowed_upstreams: ['http://a']}",
    "connections: {a: {url: 'http://a'}}",
    "policy: {named_only: true}\nconnections: {a: {url: 'http://a'}}",
    "allowed_callers: [0.0.0.0/0]\npolicy: {allowed_upstreams: ['http://a']}",
];
/// Settings that look like a wall and are none.
const NO_WALL: [&str; 13] = [
    "",
    "callers: []",
    "connections: {}",
    "allowed_callers: [0.0.0.0/0]",
    "allowed_callers: ['::/0']",
    "allowed_callers: [10.0.0.0/8, '::/0']",
    "allowed_callers: [0.0.0.0/1, 128.0.0.0/1]",
    "allowed_callers: [128.0.0.0/2, 0.0.0.0/2, 192.0.0.0/2, 64.0.0.0/2]",
    "policy: {allowed_upstreams: any}",
    "policy: {allowed_upstreams: any}\nconnections: {a: {url: 'http://a'}}",
    "policy: {named_only: true}",
    "trusted_proxies: [10.0.0.0/8]",
    "allowed_callers: [10.0.0.0/8]\ntrusted_proxies: [0.0.0.0/0]",
];
const TOKEN: &str = "callers: [{name: a, tokens: [0123456789abcdeg]}]";
const LOOPBACK: [&str; 3] = ["127.0.0.1", "127.9.9.9", "::1"];
const BEYOND: [&str; 4] = ["0.0.0.0", "::", "192.0.2.1", "::ffff:127.0.0.1"];
/// Keys with which a mirror beyond loopback starts, and without.
const GOOD_KEYS: [&str; 2] = [LONG_KEY, "short"];
const BAD_KEYS: [&str; 4] = ["", "unsecure", "API_KEY", "xxx"];

fn given<'a>(file: &'a str, variables: &'a [(&'a str, &'a str)]) -> Given<'a> {
    Given {
        file: Some(file),
        variables,
        ..Given::default()
    }
}

/// What keeps the settings from being used; at most one line.
#[track_caller]
fn refusal(given: Given<'_>) -> Option<String> {
    let findings = given.load().err()?.findings;
    assert_eq!(findings.len(), 1, "{findings:?}");
    Some(format!("error[{}]: {}", findings[0].code, findings[0]))
}

fn no_wall(address: &str) -> String {
    format!(
        "error[PM-5004]: {address}: nothing limits who may call or what may be reached; set \
         allowed_callers or callers, or policy.allowed_upstreams or connections, or listen on \
         127.0.0.1"
    )
}

#[test]
fn on_loopback_the_mirror_starts_whatever_stands() {
    for listen in LOOPBACK {
        for file in WALL_A.iter().chain(&WALL_B).chain(&NO_WALL) {
            for api_key in GOOD_KEYS.iter().chain(&BAD_KEYS) {
                let variables = [("MIRROR_LISTEN", listen), ("API_KEY", api_key)];
                let loaded = given(file, &variables).load().unwrap();
                assert_eq!(loaded.settings.insecure, Insecure::default(), "{file}");
                assert_eq!(loaded.is_key_random, api_key.is_empty());
            }
        }
    }
}

#[test]
fn beyond_loopback_one_wall_and_a_key_of_ones_own_are_enough() {
    for listen in BEYOND {
        for file in WALL_A.iter().chain(&WALL_B) {
            for api_key in GOOD_KEYS {
                let variables = [("MIRROR_LISTEN", listen), ("API_KEY", api_key)];
                let settings = settings(given(file, &variables));
                assert_eq!(
                    settings.insecure.callers_open,
                    WALL_B.contains(file),
                    "{file}"
                );
            }
            for api_key in BAD_KEYS {
                let variables = [("MIRROR_LISTEN", listen), ("API_KEY", api_key)];
                let line = refusal(given(file, &variables)).expect(file);
                assert!(line.starts_with("error[PM-5005]: "), "{line}");
                let names_it = line.contains("API_KEY") || line.contains("api_key");
                assert!(names_it, "{line}");
            }
        }
    }
}

#[test]
fn beyond_loopback_without_a_wall_the_mirror_does_not_start_whatever_its_key_is() {
    for (listen, shown) in [
        ("0.0.0.0", "0.0.0.0:9900"),
        ("::", "[::]:9900"),
        ("192.0.2.1", "192.0.2.1:9900"),
        ("::ffff:127.0.0.1", "[::ffff:127.0.0.1]:9900"),
    ] {
        for file in NO_WALL {
            for api_key in GOOD_KEYS.iter().chain(&BAD_KEYS) {
                let variables = [("MIRROR_LISTEN", listen), ("API_KEY", api_key)];
                assert_eq!(
                    refusal(given(file, &variables)),
                    Some(no_wall(shown)),
                    "{file}"
                );
            }
        }
    }
}

#[test]
fn either_wall_is_one_variable() {
    for wall in [
        ("CALLER_TOKEN", "0123456789abcdef"),
        ("MIRROR_ALLOWED_CALLERS", "10.0.0.0/8"),
        ("MIRROR_POLICY_ALLOWED_UPSTREAMS", "http://a"),
    ] {
        let variables = [("MIRROR_LISTEN", "0.0.0.0"), ("API_KEY", LONG_KEY), wall];
        assert_eq!(refusal(given("", &variables)), None, "{wall:?}");
    }
    for (name, empty) in [
        ("CALLER_TOKEN", ""),
        ("MIRROR_ALLOWED_CALLERS", ""),
        ("MIRROR_POLICY_ALLOWED_UPSTREAMS", ""),
        ("MIRROR_POLICY_ALLOWED_UPSTREAMS", "any"),
        ("MIRROR_ALLOWED_CALLERS", "0.0.0.0/0"),
    ] {
        let variables = [
            ("MIRROR_LISTEN", "0.0.0.0"),
            ("API_KEY", LONG_KEY),
            (name, empty),
        ];
        let expected = Some(no_wall("0.0.0.0:9900"));
        assert_eq!(refusal(given("", &variables)), expected, "{name}");
    }
}

#[test]
fn a_reload_is_judged_by_where_the_mirror_listens_already() {
    let reload = |file, listen, running: &str| {
        let variables = [("MIRROR_LISTEN", listen), ("API_KEY", LONG_KEY)];
        let given = Given {
            running: Some(running.parse().unwrap()),
            ..given(file, &variables)
        };
        refusal(given)
    };
    for file in NO_WALL {
        // The listener does not move before a restart, so the last wall must stay.
        let expected = Some(no_wall("0.0.0.0:9900"));
        assert_eq!(reload(file, "127.0.0.1", "0.0.0.0"), expected, "{file}");
        assert_eq!(reload(file, "0.0.0.0", "0.0.0.0"), expected, "{file}");
        // And what could not be started with is no configuration.
        assert_eq!(reload(file, "0.0.0.0", "127.0.0.1"), expected, "{file}");
        assert_eq!(reload(file, "127.0.0.1", "127.0.0.1"), None, "{file}");
        assert_eq!(reload(file, "127.0.0.2", "::1"), None, "{file}");
    }
    for file in WALL_A.iter().chain(&WALL_B) {
        for listen in ["127.0.0.1", "0.0.0.0"] {
            for running in ["127.0.0.1", "0.0.0.0"] {
                assert_eq!(reload(file, listen, running), None, "{file}");
            }
        }
    }
}

#[test]
fn a_reload_beyond_loopback_needs_a_key_wherever_it_wants_to_listen() {
    for api_key in BAD_KEYS {
        let variables = [("MIRROR_LISTEN", "127.0.0.1"), ("API_KEY", api_key)];
        let given = Given {
            running: Some([0, 0, 0, 0].into()),
            ..given(WALL_A[0], &variables)
        };
        let line = refusal(given).unwrap();
        assert!(line.starts_with("error[PM-5005]: "), "{line}");
    }
}

#[test]
fn the_gate_is_that_of_the_listener_that_runs() {
    let is_loopback = |listen, running: &str| {
        let variables = [("MIRROR_LISTEN", listen), ("API_KEY", LONG_KEY)];
        let given = Given {
            running: Some(running.parse().unwrap()),
            ..given(WALL_B[0], &variables)
        };
        settings(given).callers.is_loopback
    };
    assert!(is_loopback("0.0.0.0", "127.0.0.1"));
    assert!(!is_loopback("127.0.0.1", "0.0.0.0"));
    assert!(!is_loopback("0.0.0.0", "0.0.0.0"));
}

/// The ids of the warnings of a mirror beyond loopback.
#[track_caller]
fn warns(file: &str, expected: &[&str]) -> Settings {
    let variables = [("MIRROR_LISTEN", "0.0.0.0"), ("API_KEY", LONG_KEY)];
    let loaded = given(file, &variables).load().unwrap();
    let warnings = loaded.warnings.iter();
    let warnings: Vec<String> = warnings
        .map(|it| format!("{}: {}", it.code, it.text))
        .collect();
    assert_eq!(warnings.len(), expected.len(), "{warnings:?}");
    for (warning, expected) in warnings.iter().zip(expected) {
        assert!(warning.starts_with(expected), "{warning}");
    }
    loaded.settings
}

const CALLERS_OPEN: &str = "PM-5004: every caller that reaches this port is accepted";
const ROLES_OPEN: &str = "PM-5004: every caller may have any role assumed";

#[test]
fn open_callers_are_warned_about_and_shown() {
    let open = warns(WALL_B[0], &[CALLERS_OPEN, ROLES_OPEN]).insecure;
    assert!(open.callers_open && open.role_arns_open);
    let roles = "policy: {allowed_upstreams: ['http://a'], allowed_role_arns: []}";
    assert!(!warns(roles, &[CALLERS_OPEN]).insecure.role_arns_open);
    let no_identity = "policy: {allowed_upstreams: ['http://a'], ambient_credentials: false}";
    assert!(!warns(no_identity, &[CALLERS_OPEN]).insecure.role_arns_open);
    assert_eq!(warns(WALL_A[0], &[]).insecure, Insecure::default());
}

#[test]
fn files_of_requests_need_authenticated_callers() {
    let dir =
        |wall: &str| format!("{wall}\npolicy: {{allowed_upstreams: ['http://a'], secrets_dir: d}}");
    let no_effect = "PM-5003: policy.secrets_dir has no effect";
    let open = warns(&dir(""), &[CALLERS_OPEN, ROLES_OPEN, no_effect]);
    assert!(open.connections.policy.secrets_dir.is_none());
    let walled = warns(&dir(WALL_A[0]), &[]);
    assert!(walled.connections.policy.secrets_dir.is_some());
    assert!(of_file(&dir("")).connections.policy.secrets_dir.is_some());
}

#[test]
fn tokens_on_a_plain_listener_are_warned_about() {
    warns(TOKEN, &["PM-5003: tokens of callers travel in clear"]);
}

#[test]
fn what_only_looks_does_not_need_a_wall() {
    let environment = HashMap::from([("MIRROR_LISTEN", "0.0.0.0")]);
    let world = World {
        environment: &environment,
        random: zeros,
        cores: CORES,
        purpose: Purpose::Show,
        running: None,
    };
    assert!(load(&Flags::default(), world).is_ok());
    let without_files = World {
        purpose: Purpose::RunWithoutFiles,
        ..world
    };
    let findings = load(&Flags::default(), without_files).unwrap_err().findings;
    assert_eq!(findings[0].code, Code::NoWall);
}
