//! The connection test, each step broken in turn: its id, and a text that fits StackState's box.

use serde_json::{Value, json};

use crate::ask::Asked;
use crate::aws::{ROLE, STATIC, named};
use crate::nginx::USER;
use crate::pki::CA;
use crate::process::free_ports;
use crate::rig::Rig;
use crate::setup::Setup;
use crate::trap::Trap;

crate::cases![
    details,
    allowed,
    name,
    connect_and_tls,
    credentials,
    authorisation,
    query,
    data,
    success_on_every_kind_of_authentication,
];

/// Failed with this id, said in 200 characters, all parts among them.
#[track_caller]
fn fails(asked: Asked<()>, id: &str, parts: &[&str]) {
    let failed = asked.expect_err("it was to fail");
    assert_eq!(failed.id, id, "{}", failed.details);
    let length = failed.details.chars().count();
    assert!(length <= 200, "{length} characters: {}", failed.details);
    for part in parts {
        assert!(
            failed.details.contains(part),
            "no {part} in: {}",
            failed.details
        );
    }
}

fn details(rig: &Rig) {
    let mirror = Setup::new().start();
    let url = rig.prometheus.url.as_str();
    for (details, id, parts) in [
        (json!({}), "PM-1002", vec!["connectionDetails"]),
        (json!({"url": 7}), "PM-1002", vec!["connectionDetails.url"]),
        (
            json!({"url": "prometheus:9090"}),
            "PM-1002",
            vec!["connectionDetails.url", "http://"],
        ),
        (
            json!({"url": url, "host": "x"}),
            "PM-1008",
            vec!["connectionDetails"],
        ),
        (
            json!({"url": url, "basic_auth": {"usrname": "u"}}),
            "PM-1008",
            vec!["username"],
        ),
        (
            json!({"url": url, "aws": {"roleArn": ROLE}}),
            "PM-1008",
            vec!["role_arn"],
        ),
        (
            json!({"url": url, "azuread": {}}),
            "PM-1008",
            vec!["azuread", "not supported yet"],
        ),
        (
            json!({"url": "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1"}),
            "PM-1008",
            vec!["\"aws\": {}"],
        ),
    ] {
        fails(mirror.test(&details), id, &parts);
    }
}

fn allowed(rig: &Rig) {
    let mirror = Setup::new()
        .section("policy", json!({"allowed_upstreams": [rig.nginx.url("")]}))
        .start();
    fails(
        mirror.test(&json!({"url": rig.prometheus.url})),
        "PM-6002",
        &["127.0.0.1"],
    );
    fails(mirror.test(&named("nobody")), "PM-6006", &[]);
    drop(mirror);
    let mirror = Setup::new().start();
    let metadata = json!({"url": "http://169.254.169.254", "request_timeout_seconds": 2});
    fails(mirror.test(&metadata), "PM-6003", &["169.254.169.254"]);
    let file = json!({"url": rig.prometheus.url, "bearer_token_file": "x"});
    fails(mirror.test(&file), "PM-6005", &["bearer_token_file"]);
    drop(mirror);
    let only_named = json!({"named_only": true});
    let mirror = Setup::new()
        .section("policy", only_named)
        .connection("lab", json!({"url": rig.prometheus.url}))
        .start();
    fails(
        mirror.test(&json!({"url": rig.prometheus.url})),
        "PM-6002",
        &[],
    );
    mirror.test(&named("lab")).unwrap();
}

fn name(_rig: &Rig) {
    let mirror = Setup::new().start();
    // A name that no resolver may know (RFC 6761).
    let details = json!({"url": "http://nowhere.invalid:9090", "request_timeout_seconds": 5});
    fails(mirror.test(&details), "PM-3001", &["nowhere.invalid"]);
}

fn connect_and_tls(rig: &Rig) {
    let mirror = Setup::new().start();
    let [port] = free_ports();
    let closed = format!("127.0.0.1:{port}");
    fails(
        mirror.test(&json!({"url": format!("http://{closed}")})),
        "PM-3002",
        &[&closed, "refused"],
    );
    let tls = |listener, ca: Value| json!({"url": rig.nginx.tls_url(listener, "open"), "tls_config": {"ca": ca}});
    let ca = json!(rig.pki.read(&format!("{CA}.pem")));
    fails(
        mirror.test(&tls("expired", ca.clone())),
        "PM-3003",
        &["expired"],
    );
    fails(
        mirror.test(&tls("wrong-name", ca.clone())),
        "PM-3003",
        &["other.example"],
    );
    fails(mirror.test(&tls("foreign", ca)), "PM-3003", &["ca"]);
    // Either scheme at the port of the other.
    let plain = rig.nginx.url("open").replace("http:", "https:");
    fails(mirror.test(&json!({"url": plain})), "PM-3003", &["http://"]);
    let plain = rig.nginx.tls_url("tls", "open").replace("https:", "http:");
    fails(
        mirror.test(&json!({"url": plain})),
        "PM-3003",
        &["https://"],
    );
}

fn credentials(rig: &Rig) {
    let mirror = rig.with_sts().connection("amp", rig.amp(json!({}))).start();
    fails(mirror.test(&named("amp")), "PM-4001", &["environment"]);
    rig.sts.set(&json!({"denied_roles": [ROLE]}));
    let role = rig.assuming(&STATIC, ROLE);
    fails(
        mirror.test(&role),
        "PM-4002",
        &[ROLE, "AccessDenied", "trust policy", "external_id"],
    );
    drop(mirror);
    rig.sts
        .set(&json!({"denied_roles": [], "fail": "InternalFailure"}));
    let mirror = rig.with_sts().start();
    fails(mirror.test(&role), "PM-4003", &["STS"]);
    let mut sigv4 = rig.amp(json!(null));
    sigv4["sigv4"] = json!({"access_key": "k", "secret_key": "s"});
    drop(mirror);
    let mirror = Setup::new().start();
    fails(mirror.test(&sigv4), "PM-4005", &["region"]);
}

fn authorisation(rig: &Rig) {
    let mirror = Setup::new().start();
    let basic = json!({"username": USER, "password": "wrong"});
    let wrong = json!({"url": rig.nginx.url("basic"), "basic_auth": basic});
    fails(mirror.test(&wrong), "PM-3004", &["401", "basic_auth"]);
    fails(
        mirror.test(&json!({"url": rig.nginx.url("forbidden")})),
        "PM-3004",
        &["403"],
    );
    let mut wrong = rig.amp(STATIC.block());
    wrong["aws"]["aws_secret_access_key"] = json!("wrong");
    fails(mirror.test(&wrong), "PM-3004", &["403", "eu-west-1", "aps"]);
    rig.amp.set(&json!({"denied": ["QueryMetrics"]}));
    fails(
        mirror.test(&rig.amp(STATIC.block())),
        "PM-3004",
        &["aps:QueryMetrics"],
    );
}

fn query(rig: &Rig) {
    let mirror = Setup::new().start();
    let at = |place: &str| json!({"url": rig.nginx.url(place), "request_timeout_seconds": 2});
    fails(
        mirror.test(&at("redirect-302")),
        "PM-3015",
        &[&rig.trap.url],
    );
    fails(mirror.test(&at("login")), "PM-3010", &["text/html"]);
    fails(mirror.test(&at("gone")), "PM-3009", &["404", "path_prefix"]);
    fails(mirror.test(&at("broken")), "PM-3009", &["500"]);
    fails(mirror.test(&at("busy")), "PM-3007", &[]);
    let silent = Trap::open();
    let silence = json!({"url": silent.url, "request_timeout_seconds": 1.5});
    fails(mirror.test(&silence), "PM-3005", &["did not answer"]);
    assert!(silent.visits() > 0, "port {}", silent.port);
    mirror.test(&at("get-only")).unwrap();
}

fn data(rig: &Rig) {
    let mirror = Setup::new().start();
    rig.amp.set(&json!({"denied": ["GetLabels"]}));
    fails(
        mirror.test(&rig.amp(STATIC.block())),
        "PM-3004",
        &["aps:GetLabels"],
    );
}

fn success_on_every_kind_of_authentication(rig: &Rig) {
    let mirror = rig.with_sts().start();
    let ca = rig.pki.read("ca.pem");
    for details in [
        json!({"url": rig.prometheus.url}),
        json!({"url": rig.nginx.tls_url("tls", "open"), "tls_config": {"ca": ca}}),
        json!({"url": rig.nginx.url("bearer"), "bearer_token": crate::nginx::TOKEN_ONE}),
        rig.amp(STATIC.block()),
        rig.assuming(&STATIC, ROLE),
    ] {
        mirror.test(&details).unwrap();
    }
}
