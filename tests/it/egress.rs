//! What the mirror dials, on the real program: no hostile URL, no answer of DNS, no redirect and no
//! proxy variable leads it to an address that is never dialled (security.md, "Egress guard").
//!
//! What happens on the network is seen in a namespace of its own, where metadata addresses are ours;
//! where no namespace may be made, that test says so and is passed over. `NAMESPACE_REQUIRED=1`
//! makes it fail there.

pub(crate) mod canary;
mod corpus;
pub(crate) mod dns;
pub(crate) mod namespace;
mod trace;

use std::fs;
use std::path::Path;

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

/// The program with the settings in `config`.
fn serve(folder: &Path, config: &str) -> Program {
    let file = folder.join("mirror.yaml");
    fs::write(&file, format!("port: 0\nadmin_port: 0\n{config}")).unwrap();
    Program::serve(&file)
}

/// What a test of the connection to a backend that knows no labels ends in.
const REACHED: &str = "PM-3010";

fn backend() -> Backend {
    let value = r#"{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}"#;
    Backend::start(move |_| Answer::json(value))
}

#[test]
fn what_a_name_may_resolve_to_is_narrowed_by_its_entry() {
    let folder = tempfile::tempdir().unwrap();
    let backend = backend();
    let url = backend.url();
    let own = format!("connections: {{own: {{url: '{url}'}}}}\n");
    for (networks, expected) in [
        ("127.0.0.0/8", REACHED),
        ("127.0.0.1, 10.0.0.0/8", REACHED),
        ("10.0.0.0/8", "PM-6003"),
        ("127.0.0.0/32", "PM-6003"),
        ("'::/0'", "PM-6003"),
    ] {
        let list =
            format!("policy: {{allowed_upstreams: [{{url: '{url}', addresses: [{networks}]}}]}}\n");
        let program = serve(folder.path(), &(list + &own));
        for details in [
            format!(r#""url": "{url}""#),
            r#""connection": "own""#.to_owned(),
        ] {
            let reply = ask(&program, &details);
            assert_eq!(id(&reply), expected, "{networks}: {}", reply.body);
        }
    }
}

#[test]
fn private_addresses_may_be_left_to_listed_hosts_and_a_reload_says_so_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let backend = backend();
    let details = format!(r#""url": "{}""#, backend.url());
    let mut program = serve(folder.path(), "");
    let metric = |program: &Program| {
        let query = r#"{"conditions": [{"key": "__gauge__", "value": {"_type": "StringValue", "value": "m"}}],
            "startTime": 1699999200000, "endTime": 1699999500000}"#;
        let body = format!(r#"{{"connectionDetails": {{{details}}}, "query": {query}}}"#);
        program.post("/api/metric", &body)
    };
    assert_eq!(id(&ask(&program, &details)), REACHED);
    assert_ne!(id(&metric(&program)), "PM-6003");
    // The connection that is kept from before is not for those who may not make it.
    let file = folder.path().join("mirror.yaml");
    let listed = "port: 0\nadmin_port: 0\npolicy: {private_targets: listed}\n";
    fs::write(&file, listed).unwrap();
    program.hang_up("read again and is in force");
    for reply in [ask(&program, &details), metric(&program)] {
        assert_eq!(id(&reply), "PM-6003", "{}", reply.body);
    }
    let named = format!(
        "{listed}connections: {{own: {{url: '{}'}}}}\n",
        backend.url()
    );
    fs::write(&file, named).unwrap();
    program.hang_up("read again and is in force");
    assert_eq!(id(&ask(&program, &details)), REACHED);
}

#[test]
fn every_hostile_url_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let program = serve(folder.path(), "");
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
