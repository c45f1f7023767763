//! What the mirror dials, on the real program: no hostile URL, no answer of DNS, no redirect and no
//! proxy variable leads it to an address that is never dialled (security.md, "Egress guard").
//!
//! What happens on the network is seen in a namespace of its own, where metadata addresses are ours;
//! where no namespace may be made, that test says so and is passed over. `NAMESPACE_REQUIRED=1`
//! makes it fail there.

mod canary;
mod corpus;
mod dns;
mod namespace;
mod trace;

use std::fs;

use crate::fake_backend::{Answer, Backend};
use crate::harness::Reply;
use crate::program::Program;
use corpus::Hostile;

/// A test of the connection to `details`, members of an object.
fn ask(program: &Program, details: &str) -> Reply {
    let body = format!(r#"{{"connectionDetails": {{{details}}}}}"#);
    program.post("/api/connection", &body)
}

/// The id of the failure, if it is one.
fn id(reply: &Reply) -> &str {
    reply.header("x-mirror-error").unwrap_or("none")
}

/// What is wrong with how a URL is refused, by whatever key it comes.
fn misjudged(program: &Program, backend: &Backend, hostile: &Hostile) -> Option<String> {
    let url = &hostile.json();
    let reply = ask(program, &format!(r#""url": {url}"#));
    if id(&reply) != hostile.id {
        return Some(format!("{hostile:?}: {}", reply.body));
    }
    let block = format!(r#"{{"client_id": "c", "client_secret": "s", "token_url": {url}}}"#);
    let details = format!(r#""url": "{}", "oauth2": {block}"#, backend.url());
    let reply = ask(program, &details);
    let is_refused = ["PM-6003", "PM-1002", "PM-1008"].contains(&id(&reply));
    (!is_refused).then(|| format!("{hostile:?} as token_url: {}", reply.body))
}

#[test]
fn every_hostile_url_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("mirror.yaml");
    fs::write(&config, "port: 0\nadmin_port: 0\n").unwrap();
    let program = Program::serve(&config);
    let backend = Backend::start(|_| Answer::Silence);
    let all = corpus::read(&program);
    let literal: Vec<_> = all.iter().filter(|hostile| !hostile.dns).collect();
    assert!(literal.len() >= 200, "{}", literal.len());
    let misjudged = literal
        .iter()
        .filter_map(|it| misjudged(&program, &backend, it));
    let misjudged: Vec<_> = misjudged.collect();
    assert!(misjudged.is_empty(), "{}", misjudged.join("\n"));
    let counted = |reason: &str| {
        let name = format!("mirror_guard_refusals_total{{reason=\"{reason}\"}}");
        let value = program.metric(&name).unwrap_or_default();
        value.parse::<u32>().unwrap_or_default()
    };
    assert!(backend.calls().is_empty(), "asked without a token");
    for (reason, least) in [("link_local", 50), ("metadata", 8), ("ourselves", 12)] {
        assert!(counted(reason) >= least, "{reason}: {}", counted(reason));
    }
}
