//! The checked-in description of the API is the one that the program makes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use prometheus_mirror::admin;
use prometheus_mirror::caller::Caller;
use prometheus_mirror::connections;
use prometheus_mirror::connections::Configured;
use prometheus_mirror::explain;
use prometheus_mirror::openapi;
use prometheus_mirror::protocol;
use prometheus_mirror::protocol::Invalid;
use prometheus_mirror::protocol::connection::TestConnectionRequest;
use serde::Deserialize;
use serde::de::IgnoredAny;

#[derive(Deserialize)]
struct Document {
    openapi: String,
    components: Components,
}

/// The schema of connection details, with the keys of its blocks.
#[derive(Deserialize)]
struct Details {
    properties: BTreeMap<String, Block>,
}

#[derive(Deserialize)]
struct Block {
    properties: Option<BTreeMap<String, IgnoredAny>>,
}

#[derive(Deserialize)]
struct Components {
    schemas: BTreeMap<String, Schema>,
}

#[derive(Deserialize)]
struct Schema {
    #[serde(default)]
    properties: BTreeMap<String, IgnoredAny>,
}

#[test]
fn the_checked_in_documents_are_up_to_date() {
    up_to_date("schemas/openapi.json", &openapi::document());
    up_to_date(
        "schemas/connection-details.json",
        &openapi::connection_details(),
    );
    up_to_date("schemas/config.json", &openapi::config());
    up_to_date("schemas/record.json", &explain::schema());
    up_to_date("schemas/bundle.json", &explain::bundle::schema());
    up_to_date("schemas/debug.json", &admin::debug_schema());
}

#[track_caller]
#[expect(
    clippy::disallowed_methods,
    reason = "the switch of whoever runs the tests"
)]
fn up_to_date(name: &str, document: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        fs::write(&file, document).unwrap();
    }
    let checked_in = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        checked_in == document,
        "{name} differs; UPDATE_SCHEMAS=1 rewrites it"
    );
}

#[test]
fn every_reference_leads_to_a_schema_and_every_schema_is_referred_to() {
    let text = openapi::document();
    let document: Document = serde_json::from_str(&text).unwrap();
    assert_eq!(document.openapi, "3.1.0");
    let mut referred: Vec<&str> = text
        .split("\"#/components/schemas/")
        .skip(1)
        .map(|rest| &rest[..rest.find('"').unwrap()])
        .collect();
    referred.sort_unstable();
    referred.dedup();
    let named: Vec<&String> = document.components.schemas.keys().collect();
    assert_eq!(referred, named);
}

/// What the reader of connection details says of the members of the object.
#[track_caller]
fn findings(members: &str) -> Vec<Invalid> {
    let body = format!(r#"{{"connectionDetails": {{{members}}}}}"#);
    let request: TestConnectionRequest = protocol::decode(body.as_bytes()).unwrap();
    let read = connections::resolve(
        &request.connection_details,
        None,
        &Configured::default(),
        &Caller::Anyone,
    );
    let error = read.expect_err(members);
    error.findings().to_vec()
}

#[test]
fn the_reader_of_connection_details_knows_each_key_of_their_schema() {
    let document: Document = serde_json::from_str(&openapi::document()).unwrap();
    let details = &document.components.schemas["ConnectionDetails"];
    assert!(details.properties.len() > 40);
    for key in details.properties.keys() {
        // An unknown key would only be warned of; a known one does not take a list of a list.
        let found = findings(&format!(r#""{key}": [[1]]"#));
        assert_eq!(found[0].path, format!("connectionDetails.{key}"));
    }
}

#[test]
fn the_reader_knows_each_key_of_each_block() {
    let details: Details = serde_json::from_str(&openapi::connection_details()).unwrap();
    let mut blocks = 0;
    for (block, schema) in &details.properties {
        let keys = schema.properties.as_ref().into_iter().flatten();
        for (key, _) in keys {
            let path = format!("connectionDetails.{block}.{key}");
            let found = findings(&format!(r#""{block}": {{"{key}": [[1]]}}"#));
            let found = found.iter().find(|found| found.path == path).expect(&path);
            assert!(!found.expectation.contains("unknown"), "{found}");
        }
        blocks += usize::from(schema.properties.is_some());
    }
    assert_eq!(blocks, 6);
}

/// A setting, or a section of them.
#[derive(Deserialize)]
struct Setting {
    properties: Option<BTreeMap<String, Setting>>,
    default: Option<Default>,
}

/// What a setting is if nobody says otherwise, as the file would say it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Default {
    Flag(bool),
    Number(u32),
    Text(String),
}

/// The settings of the schema with their defaults, where it tells them.
fn described() -> BTreeMap<String, Option<String>> {
    let root: Setting = serde_json::from_str(&openapi::config()).unwrap();
    let mut described = BTreeMap::new();
    let text = |setting: Setting| {
        setting.default.map(|default| match default {
            Default::Flag(flag) => flag.to_string(),
            Default::Number(number) => number.to_string(),
            Default::Text(text) => text,
        })
    };
    for (name, mut setting) in root.properties.unwrap() {
        match setting.properties.take() {
            Some(members) => {
                for (member, setting) in members {
                    described.insert(format!("{name}.{member}"), text(setting));
                }
            }
            None => drop(described.insert(name, text(setting))),
        }
    }
    described
}

/// The settings as `print-config --defaults` shows them.
fn printed() -> BTreeMap<String, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_prometheus-mirror"))
        .args(["print-config", "--defaults"])
        .output()
        .unwrap();
    let mut printed = BTreeMap::new();
    let mut section = String::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let (name, value) = line.split_once(':').unwrap();
        let value = value.trim().trim_matches('"').to_owned();
        match name.strip_prefix("  ") {
            Some(member) => drop(printed.insert(format!("{section}.{member}"), value)),
            None if value.is_empty() => name.clone_into(&mut section),
            None => drop(printed.insert(name.to_owned(), value)),
        }
    }
    printed
}

#[test]
fn the_schema_of_the_configuration_describes_each_setting_that_there_is() {
    let (described, printed) = (described(), printed());
    assert!(printed.len() > 30);
    let names: Vec<_> = described.keys().collect();
    let settings: Vec<_> = printed.keys().collect();
    assert_eq!(names, settings, "src/openapi/config.rs describes them");
    for (name, default) in described {
        if let Some(default) = default {
            assert_eq!(default, printed[&name], "{name}");
        }
    }
}

#[test]
fn each_key_of_the_chapter_is_described() {
    let details: Details = serde_json::from_str(&openapi::connection_details()).unwrap();
    for key in [
        "connection",
        "url",
        "host",
        "port",
        "path_prefix",
        "request_timeout_seconds",
        "timeout",
        "requestTimeout",
        "token",
        "http_method",
        "query_parameters",
        "headers",
        "http_headers",
        "tls_config",
        "proxy_url",
        "no_proxy",
        "proxy_from_environment",
        "basic_auth",
        "authorization",
        "bearer_token",
        "bearer_token_file",
        "oauth2",
        "aws",
        "sigv4",
        "enable_http2",
        "backend_compression",
        "follow_redirects",
        "profile",
        "strategy",
        "dialect",
        "nan_interpretation",
        "inf_interpretation",
        "bucket_alignment",
        "include_partial_last",
        "settle_delay",
        "multiple_series",
        "tilde_conditions",
        "tilde_variables",
        "scrape_interval_ms",
        "max_points",
        "raw_budget",
        "max_steps",
        "max_query_range",
        "field_value_patterns",
        "classified_labels",
    ] {
        assert!(details.properties.contains_key(key), "{key}");
    }
}

#[test]
fn each_type_of_the_chapter_has_a_schema_of_its_name() {
    let document: Document = serde_json::from_str(&openapi::document()).unwrap();
    for name in [
        "TestConnectionRequest",
        "TestConnectionResponse",
        "FieldNamesRequest",
        "FieldNamesQuery",
        "FieldNamesResponse",
        "FieldDescriptor",
        "FieldValuesRequest",
        "FieldValuesQuery",
        "FieldValuesResponse",
        "CompleteValue",
        "FieldValuePattern",
        "MetricsRequest",
        "MetricsQuery",
        "EqualityCondition",
        "StringValue",
        "DoubleValue",
        "BooleanValue",
        "InSetValue",
        "Aggregation",
        "MetricsResponse",
        "RawMetricTelemetry",
        "AggregatedMetricTelemetry",
        "MetricStoreConnectionError",
        "MetricNotFoundError",
        "UnsupportedFieldTypeError",
        "RemoteMirrorError",
    ] {
        assert!(document.components.schemas.contains_key(name), "{name}");
    }
}
