//! The schema of the configuration, held by Python's jsonschema against documents that the program
//! itself takes or refuses.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::command::run;
use crate::rig::Rig;
use crate::setup::Setup;

crate::cases![
    the_schema_of_the_configuration_takes_what_the_program_takes,
    what_is_printed_fits_the_schema,
];

/// Says of each document in a list what does not fit the schema, a line each.
const VALIDATE: &str = "import json, sys, jsonschema\n\
    schema, documents = [json.load(open(name)) for name in sys.argv[1:]]\n\
    validator = jsonschema.Draft202012Validator\n\
    validator.check_schema(schema)\n\
    for document in documents:\n\
    \x20   errors = validator(schema).iter_errors(document)\n\
    \x20   print('; '.join(' '.join(error.message.split()) for error in errors))";

/// What does not fit the schema in each of the documents.
fn misfits(setup: &Setup, documents: &[Value]) -> Vec<String> {
    let schema = run(&["schema", "config"], &[]);
    assert_eq!(schema.code, 0, "{}", schema.stderr);
    let [schema_at, documents_at] = ["schema.json", "documents.json"].map(|name| setup.path(name));
    std::fs::write(&schema_at, schema.stdout).unwrap();
    std::fs::write(&documents_at, json!(documents).to_string()).unwrap();
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/python");
    let output = Command::new(python)
        .args(["-c", VALIDATE, &schema_at, &documents_at])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(str::to_owned).collect()
}

#[track_caller]
fn check(documents: &[Value], are_taken: bool) {
    let setup = Setup::new();
    let misfits = misfits(&setup, documents);
    assert_eq!(misfits.len(), documents.len());
    let file = setup.path("document.json");
    for (document, misfit) in documents.iter().zip(misfits) {
        assert_eq!(misfit.is_empty(), are_taken, "{document}: {misfit}");
        std::fs::write(&file, document.to_string()).unwrap();
        let ended = run(&["check-config", "--offline", &file], &[("SET", "9911")]);
        let is_taken = ended.code == 0;
        assert_eq!(is_taken, are_taken, "{document}: {}", ended.stderr);
    }
}

fn the_schema_of_the_configuration_takes_what_the_program_takes(_: &Rig) {
    let arn = "arn:aws:iam::123456789012:role/amp-query";
    let connection = |more: Value| {
        let mut details = json!({"url": "http://h"});
        let members = details.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        json!({"connections": {"lab": details}})
    };
    let whole = json!({
        "listen": "127.0.0.1", "port": 9900, "admin_port": "${SET}", "workers": 4,
        "api_key_file": "secrets/mirror-key", "log": {"format": "text", "level": null},
        "policy": {
            "allowed_upstreams": ["https://*.example.com/p", {"url": "http://a.b.svc:9090", "addresses": ["10.0.0.0/8"]}],
            "named_only": false, "request_credentials": true, "ambient_credentials": true,
            "allowed_role_arns": [arn, {"role_arn": arn, "external_id": "x"}],
            "private_targets": "listed", "secrets_dir": "caller-secrets", "allow_insecure_tls": false,
        },
        "defaults": {"profile": "exact", "nan_interpretation": "ZERO", "timeout": "30s"},
        "connections": {
            "prod": {
                "url": "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1",
                "aws": {"role_arn": arn, "external_id": "${SET}", "profile": "p"},
            },
            "lab": {
                "url": "https://prometheus.lab.example:9090", "max_points": "${SET}",
                "basic_auth": {"username": "mirror", "password_file": "secrets/lab-password"},
                "tls_config": {"ca_file": "ca.pem", "cert_file": "a.pem", "key_file": "a.key"},
            },
            "hosted": {
                "url": "https://metrics.example.com/prometheus",
                "headers": {"X-Scope-OrgID": "team-a"},
                "oauth2": {
                    "client_id": "mirror", "client_secret": "${SET}",
                    "token_url": "https://login.example.com/token",
                },
                "proxy_url": "http://proxy.example:3128", "no_proxy": ["a.example"],
                "enable_http2": true, "backend_compression": "on",
            },
        },
    });
    check(
        &[
            whole,
            json!({"policy": {"allowed_upstreams": "any"}}),
            connection(json!({})),
        ],
        true,
    );
    let refused = [
        json!({"prot": 9900}),
        json!({"port": 65_536}),
        json!({"workers": 0}),
        json!({"log": {"format": "xml"}}),
        json!({"policy": {"named_onyl": true}}),
        json!({"policy": {"allowed_role_arns": [{"external_id": "x"}]}}),
        json!({"defaults": {"url": "http://h"}}),
        json!({"defaults": {"strategy": "fast"}}),
        json!({"connections": {"Lab": {"url": "http://h"}}}),
        connection(json!({"token": "0123456789abcdef"})),
        connection(json!({"connection": "other"})),
        connection(json!({"basic_auth": {"usrname": "u"}})),
        connection(json!({"aws": {"roleArn": arn}})),
        connection(json!({"backend_compression": "deflate"})),
        connection(json!({"azuread": {}})),
    ];
    check(&refused, false);
}

fn what_is_printed_fits_the_schema(_: &Rig) {
    // YAML is no JSON, but the program reads one as the other.
    let setup = Setup::new();
    let mut document = json!({});
    let printed = run(&["print-config", "--defaults"], &[]);
    let mut section = None;
    for line in printed.stdout.lines() {
        let (name, value) = line.split_once(':').unwrap();
        let value = match value.trim() {
            "" => {
                section = Some(name.to_owned());
                continue;
            }
            text => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        };
        match (name.strip_prefix("  "), &section) {
            (Some(name), Some(section)) => document[section][name] = value,
            _ => document[name] = value,
        }
    }
    assert!(document["defaults"].as_object().unwrap().len() > 10);
    assert_eq!(misfits(&setup, &[document]), [""]);
}
