//! The configuration changes under load: no request is lost, and a bad file changes nothing.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::ask::refused;
use crate::aws::named;
use crate::nginx::{PASSWORD, TOKEN_ONE, USER};
use crate::process::poll;
use crate::rig::Rig;
use crate::setup::{Running, Setup};

crate::cases![
    a_reload_under_load_loses_no_request,
    a_bad_file_is_not_applied_and_shows_in_a_metric,
    a_removed_connection_is_gone_at_once,
    a_changed_credential_holds_at_once,
];

fn lab(rig: &Rig) -> Value {
    let basic = json!({"username": USER, "password": PASSWORD});
    json!({"url": rig.nginx.url("basic"), "basic_auth": basic})
}

fn is_known(mirror: &Running, name: &str) -> bool {
    mirror.query(&named(name)).is_ok()
}

/// The value of the instrument that tells how the last reload went.
fn last_reload(mirror: &Running) -> String {
    let metrics = mirror.metrics();
    let found = metrics
        .lines()
        .find_map(|line| line.strip_prefix("mirror_config_last_reload_successful "));
    found
        .unwrap_or_else(|| panic!("no such instrument in\n{metrics}"))
        .to_owned()
}

fn a_reload_under_load_loses_no_request(rig: &Rig) {
    let mut running = Setup::new().connection("lab", lab(rig)).start();
    let (url, client) = (running.mirror.url.clone(), running.mirror.client.clone());
    let request = json!({
        "_type": "TestConnectionRequest", "connectionDetails": {"connection": "lab"},
    });
    let (is_over, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let answer = client
                        .post(format!("{url}/api/connection"))
                        .send_json(&request);
                    let text = answer.unwrap().body_mut().read_to_string().unwrap();
                    assert!(text.contains(r#""status":"OK""#), "{text}");
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // Told by a signal five times, and once left to find out by itself.
        for n in 0..6 {
            let name = format!("more-{n}");
            running.add_connection(&name, json!({"url": rig.prometheus.url}));
            if n < 5 {
                running.mirror.process.signal("HUP");
            }
            poll(|| name.clone(), || is_known(&running, &name));
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(asked.into_inner() > 100);
    assert_eq!(last_reload(&running), "1");
}

fn a_bad_file_is_not_applied_and_shows_in_a_metric(rig: &Rig) {
    let mut running = Setup::new().connection("lab", lab(rig)).start();
    let good = std::fs::read_to_string(running.folder.path().join("mirror.yaml")).unwrap();
    for bad in [
        "connections: {".to_owned(),
        "connections: {lab: {url: 'http://127.0.0.1:1', basic_auth: {usrname: x}}}".to_owned(),
        good.replace("connections", "conections"),
        r#"{"connections": {"lab": {"url": "http://127.0.0.1:1", "bearer_token_file": "missing"}}}"#.to_owned(),
    ] {
        running.write("mirror.yaml", &bad);
        running.mirror.process.signal("HUP");
        poll(|| format!("a failed reload of {bad}"), || last_reload(&running) == "0");
        running.query(&named("lab")).unwrap();
        running.write("mirror.yaml", &good);
        running.mirror.process.signal("HUP");
        poll(|| "a good reload".to_owned(), || last_reload(&running) == "1");
        running.query(&named("lab")).unwrap();
    }
}

fn a_removed_connection_is_gone_at_once(rig: &Rig) {
    let mut running = Setup::new().connection("lab", lab(rig)).start();
    running.query(&named("lab")).unwrap();
    running.write(
        "mirror.yaml",
        &json!({"connections": {"other": lab(rig)}}).to_string(),
    );
    running.mirror.process.signal("HUP");
    poll(
        || "the other connection".to_owned(),
        || is_known(&running, "other"),
    );
    refused(running.query(&named("lab")), "PM-6006", &[]);
}

fn a_changed_credential_holds_at_once(rig: &Rig) {
    let bearer = |token: &str| json!({"url": rig.nginx.url("bearer"), "bearer_token": token});
    let mut running = Setup::new().connection("lab", bearer("wrong")).start();
    refused(running.query(&named("lab")), "PM-3004", &["401"]);
    running.add_connection("lab", bearer(TOKEN_ONE));
    running.mirror.process.signal("HUP");
    poll(
        || "the right token".to_owned(),
        || is_known(&running, "lab"),
    );
    running.add_connection("lab", bearer("wrong"));
    running.mirror.process.signal("HUP");
    poll(
        || "the wrong token".to_owned(),
        || !is_known(&running, "lab"),
    );
}
