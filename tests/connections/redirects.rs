//! Redirects are never followed: not by queries, not by token clients, not to the same host.

use serde_json::json;

use crate::ask::refused;
use crate::nginx::REDIRECTS;
use crate::rig::{CLIENT_SECRET, Rig};
use crate::setup::Setup;

crate::cases![
    no_code_leads_a_query_elsewhere,
    no_code_leads_a_query_to_another_path_of_the_same_host,
    no_code_leads_a_token_request_elsewhere,
];

fn no_code_leads_a_query_elsewhere(rig: &Rig) {
    let mirror = Setup::new().start();
    for code in REDIRECTS {
        let url = rig.nginx.url(&format!("redirect-{code}"));
        // Asking for redirects warns, and changes nothing. The token is no short one: all its forms are hidden
        // in what is told, and that of a letter in hexadecimal digits may stand in the port.
        let details = json!({"url": url, "follow_redirects": true, "bearer_token": "opensesame"});
        refused(mirror.test(&details), "PM-3015", &[&rig.trap.url]);
        refused(mirror.query(&details), "PM-3015", &[&rig.trap.url]);
    }
    assert_eq!(rig.trap.visits(), 0);
}

fn no_code_leads_a_query_to_another_path_of_the_same_host(rig: &Rig) {
    let mirror = Setup::new().start();
    for code in REDIRECTS {
        let url = rig.nginx.url(&format!("same-host-{code}"));
        refused(mirror.test(&json!({"url": url})), "PM-3015", &[]);
    }
    assert!(
        rig.nginx
            .visits()
            .iter()
            .all(|visit| visit.uri.starts_with("/same-host-"))
    );
}

fn no_code_leads_a_token_request_elsewhere(rig: &Rig) {
    let visits = rig.trap.visits();
    for code in REDIRECTS {
        rig.oauth2.set(&json!({"redirect": [code, rig.trap.url]}));
        let mirror = Setup::new().start();
        let details = json!({"url": rig.nginx.url("bearer"), "oauth2": {
            "client_id": "mirror", "client_secret": CLIENT_SECRET,
            "token_url": format!("{}/token", rig.oauth2.url),
        }});
        mirror.test(&details).unwrap_err();
        refused(mirror.query(&details), "PM-4003", &[]);
    }
    assert_eq!(rig.trap.visits(), visits);
}
