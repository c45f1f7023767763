//! Names that cannot be resolved, or lead where nobody may go (reliability.md, rows 16 and 17): a
//! network of its own with a name server that does what it is told. Where no namespace may be made,
//! these tests say so; `rows` has what can be seen without one.

use std::sync::Arc;
use std::sync::Mutex;

use tempfile::TempDir;

use super::*;
use crate::egress::canary::Canaries;
use crate::egress::dns::{Dns, Says};
use crate::egress::namespace::{is_apart, resolver, run};

/// Where credentials are to be had, by a name of the test's own.
const METADATA: &str = "169.254.169.254";
const LISTED: &str = "policy: {private_targets: listed}\n";
/// How long a look-up may take.
const RESOLVE: Duration = Duration::from_secs(2);

/// A network with a name server, a backend, and the program.
struct Bench {
    program: Program,
    dns: Dns,
    says: Arc<Mutex<Says>>,
    backend: Backend,
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        run("ip", &["link", "set", "lo", "up"]);
        // Longer than a look-up may take, so that the mirror's own timer ends it.
        resolver(folder.path(), 20);
        let says = Arc::new(Mutex::new(Says::Silence));
        let said = Arc::clone(&says);
        let dns = Dns::start(
            "127.0.0.1:53",
            Box::new(move |_, _| said.lock().unwrap().clone()),
        );
        let config = folder.path().join("mirror.yaml");
        fs::write(&config, settings("")).unwrap();
        // It keeps no connection, so that each call needs the address.
        let backend = Backend::start(|_| Answer::Body {
            status: 200,
            headers: vec![("connection", "close".to_owned())],
            body: list().into_bytes(),
        });
        Self {
            program: Program::serve(&config),
            dns,
            says,
            backend,
            folder,
        }
    }

    /// Asks the backend called `name`, while the name server says that.
    fn ask(&self, name: &str, says: Says) -> Reply {
        *self.says.lock().unwrap() = says;
        let url = format!("http://{name}:{}", self.backend.port());
        // Of a label of its own, so that nothing that is remembered answers it.
        let label = format!("\"l{}\"", self.dns.asked(name));
        // Whether a name is near, and compressing worth it, is a look-up of its own.
        let plain = r#""backend_compression": "off", "basic_auth""#;
        let body = query(&url, 10).replace("\"job\"", &label);
        let body = body.replace("\"basic_auth\"", plain);
        self.program.post("/api/field/value", &body)
    }

    fn reload(&mut self, more: &str) {
        let config = self.folder.path().join("mirror.yaml");
        fs::write(config, settings(more)).unwrap();
        self.program.hang_up("is in force");
    }

    /// So many requests have ended in `expected` by now, each with one line and one count.
    #[track_caller]
    fn check_told(&mut self, expected: &str, count: usize) {
        let counted = format!(r#"mirror_errors_total{{code="{expected}"}}"#);
        let told = count.to_string();
        assert_eq!(self.program.metric(&counted), Some(told));
        let line = format!(r#""code":"{expected}""#);
        self.program
            .wait_for("the line", |it| it.logged(&line) == count);
        assert_eq!(self.program.logged(PLANTED), 0);
        check_freed(&mut self.program);
    }
}

fn settings(more: &str) -> String {
    format!("port: 0\nadmin_port: 0\napi_key: {KEY}\n{more}")
}

fn at(addresses: &[&str]) -> Says {
    Says::Addresses(addresses.iter().map(|it| it.parse().unwrap()).collect())
}

#[track_caller]
fn check_well(reply: &Reply) {
    assert_eq!((id(reply), reply.status), ("none", 200), "{reply:?}");
}

#[test]
fn f16_a_name_that_cannot_be_resolved_is_told_and_asked_for_again_only_if_that_may_help() {
    if !is_apart(
        "faults::names::f16_a_name_that_cannot_be_resolved_is_told_and_asked_for_again_only_if_that_may_help",
    ) {
        return;
    }
    let mut bench = Bench::new();
    // Each look-up asks for both versions of addresses.
    for (name, says, lookups) in [
        ("gone.test", Says::Unknown, 1),
        ("failing.test", Says::Fails, 3),
    ] {
        check_failure(&bench.ask(name, says), "PM-3001", C);
        assert_eq!(bench.dns.asked(name), 2 * lookups, "{name}");
    }
    let began = Instant::now();
    check_failure(&bench.ask("silent.test", Says::Silence), "PM-3001", C);
    let took = began.elapsed();
    // Three look-ups, each ended by the mirror's timer, and two waits of at most 250 and 500 ms.
    assert!(took >= 3 * RESOLVE, "{took:?}");
    assert!(took <= 3 * RESOLVE + Duration::from_secs(2), "{took:?}");
    assert!(bench.backend.calls().is_empty());
    bench.check_told("PM-3001", 3);
    let calls = r#"mirror_backend_calls_total{backend="other",outcome="dns"}"#;
    assert_eq!(bench.program.metric(calls).as_deref(), Some("7"));
    // To a backend that is not there, as to one that refuses.
    for _ in 0..4 {
        check_failure(&bench.ask("gone.test", Says::Unknown), "PM-3001", C);
    }
    let asked = bench.dns.asked("gone.test");
    check_failure(&bench.ask("gone.test", Says::Unknown), "PM-3014", C);
    assert_eq!(bench.dns.asked("gone.test"), asked);
}

#[test]
fn f16_while_the_name_server_is_away_the_last_good_addresses_serve_and_are_classified_again() {
    if !is_apart(
        "faults::names::f16_while_the_name_server_is_away_the_last_good_addresses_serve_and_are_classified_again",
    ) {
        return;
    }
    let mut bench = Bench::new();
    let name = "fading.test";
    check_well(&bench.ask(name, at(&["127.0.0.1"])));
    check_well(&bench.ask(name, Says::Fails));
    let began = Instant::now();
    check_well(&bench.ask(name, Says::Silence));
    let took = began.elapsed();
    assert!(took >= RESOLVE && took < 2 * RESOLVE, "{took:?}");
    // They are no way around what holds now.
    bench.reload(LISTED);
    check_failure(&bench.ask(name, Says::Fails), "PM-6003", C);
    bench.reload("");
    check_well(&bench.ask(name, Says::Fails));
    assert_eq!(bench.backend.calls().len(), 4);
    // A name that is gone leaves nothing behind, also not for when the name server is away again.
    check_failure(&bench.ask(name, Says::Unknown), "PM-3001", C);
    check_failure(&bench.ask(name, Says::Fails), "PM-3001", C);
    assert_eq!(bench.backend.calls().len(), 4);
    bench.check_told("PM-3001", 2);
    bench.check_told("PM-6003", 1);
}

#[test]
fn f17_a_name_that_leads_to_a_forbidden_address_gets_no_connection() {
    if !is_apart("faults::names::f17_a_name_that_leads_to_a_forbidden_address_gets_no_connection") {
        return;
    }
    let mut bench = Bench::new();
    run(
        "ip",
        &["addr", "add", &format!("{METADATA}/32"), "dev", "lo"],
    );
    let canaries = Canaries::default();
    canaries.perch(SocketAddr::new(
        METADATA.parse().unwrap(),
        bench.backend.port(),
    ));
    // One address of them is enough, wherever it stands, and though the other one was good before.
    check_well(&bench.ask("turning.test", at(&["127.0.0.1"])));
    let mut refused = 0;
    for (name, addresses) in [
        ("metadata.test", &[METADATA][..]),
        ("behind.test", &["127.0.0.1", METADATA]),
        ("before.test", &[METADATA, "127.0.0.1"]),
        ("mapped.test", &["::ffff:169.254.169.254"]),
        ("turning.test", &[METADATA]),
    ] {
        // More often than a breaker bears failures: the backend has none.
        for _ in 0..6 {
            let before = bench.dns.asked(name);
            check_failure(&bench.ask(name, at(addresses)), "PM-6003", C);
            assert_eq!(bench.dns.asked(name), before + 2, "{name}: not repeated");
            refused += 1;
        }
    }
    assert_eq!(canaries.visits(), []);
    assert_eq!(bench.backend.calls().len(), 1);
    bench.check_told("PM-6003", refused);
    let page = bench.program.metrics();
    let counted = |line: &&str| line.starts_with("mirror_guard_refusals_total{");
    let counts = page.lines().filter(counted);
    let counts = counts.map(|it| it.rsplit(' ').next().unwrap().parse::<usize>().unwrap());
    assert_eq!(counts.sum::<usize>(), refused, "{page}");
    let opened = r#"mirror_breaker_opened_total{backend="other"}"#;
    assert_eq!(bench.program.metric(opened), None);
}
