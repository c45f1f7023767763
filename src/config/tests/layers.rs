//! Flag, environment, file, default.

use super::*;
use crate::caller::Networks;
use crate::connections::Policy;
use crate::connections::policy::AllowedUpstreams;
use crate::options::QueryOptions;

/// One setting in each layer; every value another one.
struct Row {
    /// `section.key`
    path: &'static str,
    flag: Option<fn(&mut Flags)>,
    variable: (&'static str, &'static str),
    /// The value in the file.
    file: &'static str,
    read: fn(&Settings) -> String,
    /// What flag, variable, file and default make of it.
    expected: [&'static str; 4],
}

macro_rules! rows {
    ($($path:literal $(($flag:ident = $value:expr))? $variable:literal=$given:literal $file:literal
        |$settings:ident| $read:expr => $expected:expr;)+) => {
        [$(Row {
            path: $path,
            flag: rows!(@flag $($flag = $value)?),
            variable: ($variable, $given),
            file: $file,
            read: |$settings| format!("{:?}", $read),
            expected: $expected,
        },)+]
    };
    (@flag) => { None };
    (@flag $flag:ident = $value:expr) => { Some(|flags| flags.$flag = Some($value)) };
}

const ROWS: [Row; 49] = rows! {
    "listen" (listen = [127, 0, 0, 2].into()) "MIRROR_LISTEN"="127.0.0.3" "127.0.0.4"
        |s| s.listen => ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.1"];
    "port" (port = 1) "PORT"="2" "3" |s| s.port => ["1", "2", "3", "9900"];
    "admin_port" (admin_port = 1) "ADMIN_PORT"="2" "3"
        |s| s.admin_port => ["1", "2", "3", "9901"];
    "workers" (workers = 1) "WORKERS"="20" "2" |s| s.workers => ["1", "20", "2", "3"];
    "api_key" "API_KEY"="of-the-environment" "of-the-file-itself" |s| s.api_key.expose() =>
        ["", r#""of-the-environment""#, r#""of-the-file-itself""#,
         r#""AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA""#];
    "allowed_callers" "MIRROR_ALLOWED_CALLERS"="10.0.0.0/8, ::1" "[10.0.0.1]"
        |s| s.callers.allowed.as_ref().map(|it| [contains(it, "10.0.0.1"), contains(it, "10.0.0.2"), contains(it, "::1")]) =>
        ["", "Some([true, true, true])", "Some([true, false, false])", "None"];
    "trusted_proxies" "MIRROR_TRUSTED_PROXIES"="10.0.0.0/8" "[10.0.0.1, 10.0.0.2]"
        |s| ["10.0.0.1", "10.0.0.3"].map(|it| contains(&s.callers.trusted_proxies, it)) =>
        ["", "[true, true]", "[true, false]", "[false, false]"];
    "answer_ttl" "MIRROR_ANSWER_TTL"="5s" "0"
        |s| s.answers.ttl => ["", "5s", "0ns", "2s"];
    "answer_cache" "MIRROR_ANSWER_CACHE"="1000" "2 KiB"
        |s| s.answers.room.answers => ["", "1000", "2048", "67108864"];
    "list_cache" "MIRROR_LIST_CACHE"="1MiB" "0"
        |s| s.answers.room.lists => ["", "1048576", "0", "33554432"];
    "answer_compression" "MIRROR_ANSWER_COMPRESSION"="on" "off"
        |s| s.answers.compression => ["", "true", "false", "true"];
    "log.format" "MIRROR_LOG_FORMAT"="text" "json"
        |s| s.log.format => ["", "Text", "Json", "Json"];
    "log.level" "MIRROR_LOG_LEVEL"="error" "debug"
        |s| s.log.level => ["", "Error", "Debug", "Info"];
    "console.token" "CONSOLE_TOKEN"="of-the-environment" "of-the-file-itself"
        |s| ["of-the-environment", "of-the-file-itself"].map(|it| s.console_token.as_ref().is_some_and(|token| token.is_of(it))) =>
        ["", "[true, false]", "[false, true]", "[false, false]"];
    "console.tap_entries" "MIRROR_CONSOLE_TAP_ENTRIES"="0" "7"
        |s| s.tap_entries => ["", "0", "7", "500"];
    "policy.allowed_upstreams" "MIRROR_POLICY_ALLOWED_UPSTREAMS"="http://a, http://b" "any"
        |s| shape(&s.connections.policy.allowed_upstreams) => ["", "2", "18446744073709551615", "0"];
    "policy.private_targets" "MIRROR_POLICY_PRIVATE_TARGETS"="allow" "listed"
        |s| s.connections.policy.private_targets => ["", "Allow", "Listed", "Allow"];
    "policy.named_only" "MIRROR_POLICY_NAMED_ONLY"="false" "true"
        |s| s.connections.policy.named_only => ["", "false", "true", "false"];
    "policy.request_credentials" "MIRROR_POLICY_REQUEST_CREDENTIALS"="true" "false"
        |s| s.connections.policy.request_credentials => ["", "true", "false", "true"];
    "policy.ambient_credentials" "MIRROR_POLICY_AMBIENT_CREDENTIALS"="true" "false"
        |s| s.connections.policy.ambient_credentials => ["", "true", "false", "true"];
    "policy.allowed_role_arns" "MIRROR_POLICY_ALLOWED_ROLE_ARNS"="a,b" "[c]"
        |s| roles(&s.connections.policy) => ["", "Some(2)", "Some(1)", "None"];
    "policy.secrets_dir" "MIRROR_POLICY_SECRETS_DIR"="/a" "/b"
        |s| s.connections.policy.secrets_dir.as_ref().map(|it| it.path().to_owned()) =>
        ["", r#"Some("/a")"#, r#"Some("/b")"#, "None"];
    "policy.allow_insecure_tls" "MIRROR_POLICY_ALLOW_INSECURE_TLS"="false" "true"
        |s| s.connections.policy.allow_insecure_tls => ["", "false", "true", "false"];
    "limits.in_flight" "MIRROR_LIMITS_IN_FLIGHT"="8" "16"
        |s| s.limits.in_flight => ["", "8", "16", "2048"];
    "limits.backend_calls" "MIRROR_LIMITS_BACKEND_CALLS"="8" "16"
        |s| s.connections.calls.each => ["", "8", "16", "256"];
    "limits.backend_calls_for" "MIRROR_LIMITS_BACKEND_CALLS_FOR"=" , " "{}"
        |s| s.connections.calls.by_name => ["", "{}", "{}", "{}"];
    "limits.byte_budget" "MIRROR_LIMITS_BYTE_BUDGET"="8MiB" "2097152"
        |s| s.limits.byte_budget => ["", "Some(8388608)", "Some(2097152)", "None"];
    "limits.connection_age" "MIRROR_LIMITS_CONNECTION_AGE"="1s" "90"
        |s| s.limits.connection_age => ["", "1s", "90s", "600s"];
    "limits.shutdown_delay" "MIRROR_LIMITS_SHUTDOWN_DELAY"="1s" "0"
        |s| s.limits.shutdown_delay => ["", "1s", "0ns", "5s"];
    "limits.drain" "MIRROR_LIMITS_DRAIN"="1s" "2m"
        |s| s.limits.drain => ["", "1s", "120s", "20s"];
    "defaults.timeout" "MIRROR_DEFAULTS_TIMEOUT"="5s" "6.5"
        |s| s.connections.defaults.timeout => ["", "5s", "6.5s", "30s"];
    "defaults.profile" "MIRROR_DEFAULTS_PROFILE"="exact" "legacy"
        |s| options(s).profile => ["", "Exact", "Legacy", "Exact"];
    "defaults.dialect" "MIRROR_DEFAULTS_DIALECT"="metricsql" "promql-open"
        |s| options(s).dialect => ["", "Some(Metricsql)", "Some(PromqlOpen)", "None"];
    "defaults.nan_interpretation" "MIRROR_DEFAULTS_NAN_INTERPRETATION"="zero" "NONE"
        |s| options(s).nan_interpretation => ["", "Zero", "None", "Zero"];
    "defaults.inf_interpretation" "MIRROR_DEFAULTS_INF_INTERPRETATION"="NONE" "max"
        |s| options(s).inf_interpretation => ["", "None", "Max", "None"];
    "defaults.bucket_alignment" "MIRROR_DEFAULTS_BUCKET_ALIGNMENT"="epoch" "start"
        |s| options(s).bucket_alignment => ["", "Epoch", "Start", "Epoch"];
    "defaults.include_partial_last" "MIRROR_DEFAULTS_INCLUDE_PARTIAL_LAST"="false" "true"
        |s| options(s).include_partial_last => ["", "false", "true", "false"];
    "defaults.settle_delay" "MIRROR_DEFAULTS_SETTLE_DELAY"="1s" "2s"
        |s| options(s).settle_delay.map(|it| it.to_string()) =>
        ["", r#"Some("1000ms")"#, r#"Some("2000ms")"#, "None"];
    "defaults.multiple_series" "MIRROR_DEFAULTS_MULTIPLE_SERIES"="combine" "error"
        |s| options(s).multiple_series => ["", "Combine", "Error", "Combine"];
    "defaults.tilde_conditions" "MIRROR_DEFAULTS_TILDE_CONDITIONS"="ignore" "reject"
        |s| options(s).tilde_conditions => ["", "Ignore", "Reject", "Apply"];
    "defaults.tilde_variables" "MIRROR_DEFAULTS_TILDE_VARIABLES"="false" "true"
        |s| options(s).tilde_variables => ["", "false", "true", "false"];
    "defaults.scrape_interval_ms" "MIRROR_DEFAULTS_SCRAPE_INTERVAL_MS"="1000" "2000"
        |s| options(s).scrape_interval.map(|it| it.to_string()) =>
        ["", r#"Some("1000ms")"#, r#"Some("2000ms")"#, "None"];
    "defaults.max_points" "MIRROR_DEFAULTS_MAX_POINTS"="7" "8"
        |s| options(s).max_points => ["", "7", "8", "100000"];
    "defaults.raw_budget" "MIRROR_DEFAULTS_RAW_BUDGET"="7" "8"
        |s| options(s).raw_budget => ["", "7", "8", "500000"];
    "defaults.max_steps" "MIRROR_DEFAULTS_MAX_STEPS"="7" "8"
        |s| options(s).max_steps => ["", "7", "8", "11000"];
    "defaults.max_query_range" "MIRROR_DEFAULTS_MAX_QUERY_RANGE"="1h" "2h"
        |s| options(s).max_query_range.to_string() =>
        ["", r#""3600000ms""#, r#""7200000ms""#, r#""2678400000ms""#];
    "defaults.field_value_patterns" "MIRROR_DEFAULTS_FIELD_VALUE_PATTERNS"="false" "true"
        |s| options(s).field_value_patterns => ["", "false", "true", "false"];
    "defaults.classified_labels" "MIRROR_DEFAULTS_CLASSIFIED_LABELS"="a,b" "[c]"
        |s| options(s).classified_labels => ["", r#"["a", "b"]"#, r#"["c"]"#, "[]"];
    "defaults.strategy" "MIRROR_DEFAULTS_STRATEGY"="raw" "auto"
        |s| options(s).strategy => ["", "Raw", "Auto", "Auto"];
};

fn options(settings: &Settings) -> &QueryOptions {
    &settings.connections.defaults.options
}

fn roles(policy: &Policy) -> Option<usize> {
    policy.allowed_role_arns.as_ref().map(Vec::len)
}

fn contains(networks: &Networks, address: &str) -> bool {
    networks.contains(address.parse().unwrap())
}

/// In how many words the upstreams are limited.
fn shape(allowed: &AllowedUpstreams) -> usize {
    match allowed {
        AllowedUpstreams::Unset => 0,
        AllowedUpstreams::Any => usize::MAX,
        AllowedUpstreams::Listed(entries) => entries.len(),
    }
}

impl Row {
    /// The setting in a file.
    fn text(&self) -> String {
        match self.path.split_once('.') {
            Some((section, key)) => format!("{section}: {{{key}: {}}}", self.file),
            None => format!("{}: {}", self.path, self.file),
        }
    }
}

#[test]
fn a_flag_goes_before_the_environment_before_the_file_before_the_default() {
    for row in ROWS {
        let text = row.text();
        for (layers, expected) in row.expected.iter().enumerate() {
            // Each layer alone is left out, from the first on.
            let mut flags = Flags::default();
            match row.flag {
                Some(flag) if layers == 0 => flag(&mut flags),
                None if layers == 0 => continue,
                _ => {}
            }
            let variables = [row.variable];
            let given = Given {
                flags,
                variables: if layers <= 1 { &variables } else { &[] },
                file: (layers <= 2).then_some(&text),
                ..Given::default()
            };
            assert_eq!((row.read)(&settings(given)), *expected, "{text}");
        }
    }
}

#[test]
fn every_setting_is_in_the_table() {
    let all = setting::all().map(|setting| setting.path());
    // What is in a file counts, so those are in `keys` and in `tls`.
    let missing =
        all.filter(|path| !path.ends_with("_file") && !ROWS.iter().any(|row| row.path == path));
    assert_eq!(missing.collect::<Vec<_>>(), <[String; 0]>::default());
}

#[test]
fn an_empty_variable_is_not_set_and_an_unknown_one_is_ignored() {
    let settings = settings(Given {
        variables: &[
            ("PORT", ""),
            ("MIRROR_PORT", "tcp://10.0.0.1:9900"),
            ("MIRROR_X", "y"),
        ],
        ..Given::default()
    });
    assert_eq!(settings.port, 9900);
}

#[test]
fn the_file_may_be_named_by_a_variable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mirror.yaml");
    fs::write(&path, "port: 1234").unwrap();
    let settings = settings(Given {
        variables: &[("MIRROR_CONFIG", path.to_str().unwrap())],
        ..Given::default()
    });
    assert_eq!(settings.port, 1234);
}

#[test]
fn a_list_in_a_variable_is_separated_by_commas() {
    let settings = settings(Given {
        variables: &[("MIRROR_DEFAULTS_CLASSIFIED_LABELS", "user, mail,,user")],
        ..Given::default()
    });
    assert_eq!(
        settings.connections.defaults.options.classified_labels,
        ["user", "mail"]
    );
}
