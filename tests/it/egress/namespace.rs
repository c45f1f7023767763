//! A network of its own, in which metadata addresses are this machine's, and a name server of its
//! own: what the mirror does there is seen by canaries and by the kernel.

use std::env;
use std::fs;
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::canary::{Canaries, FORBIDDEN, forbidden};
use super::corpus;
use super::dns::{Dns, Says};
use super::trace;
use super::{ask, id, misjudged};
use crate::fake_backend::{Answer, Backend};
use crate::program::{Program, bare};

/// Says that this process is the one inside.
const INSIDE: &str = "EGRESS_NAMESPACE";
/// Where a proxy variable points to.
const PROXY: &str = "127.0.0.1:3128";
/// This machine by an address that is private and not loopback.
const HERE: &str = "10.1.2.3";
const CODES: [u16; 5] = [301, 302, 303, 307, 308];

#[expect(
    clippy::disallowed_methods,
    reason = "the test tells its other half where it is"
)]
fn is_set(name: &str) -> bool {
    env::var_os(name).is_some()
}

#[expect(clippy::print_stderr, reason = "what was not tried must be told")]
fn say(text: &str) {
    eprintln!("{text}");
}

/// Whether this process has a network of its own. If it has none, the test called `name` is run in one
/// that has, and must pass there.
pub(crate) fn is_apart(name: &str) -> bool {
    if is_set(INSIDE) {
        return true;
    }
    let apart = |program: &Path| {
        let mut unshare = Command::new("unshare");
        unshare.args(["-rnmpf", "--kill-child", "--mount-proc", "--"]);
        unshare.arg(program);
        unshare
    };
    // What the test needs inside, tried out.
    let mut trial = apart(Path::new("ip"));
    let trial = trial.args(["link", "set", "lo", "up"]).output();
    if !trial.as_ref().is_ok_and(|tried| tried.status.success()) {
        assert!(!is_set("NAMESPACE_REQUIRED"), "no namespace: {trial:?}");
        say(&format!(
            "skipped: no network namespace may be made here: {trial:?}"
        ));
        return false;
    }
    let mut again = apart(&env::current_exe().unwrap());
    let ended = again
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stdout) + String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
    assert!(said.contains("1 passed"), "nothing ran: {said}");
    false
}

#[test]
fn no_packet_reaches_an_address_that_is_never_dialled() {
    if is_apart("egress::namespace::no_packet_reaches_an_address_that_is_never_dialled") {
        inside();
    }
}

pub(crate) fn run(program: &str, arguments: &[&str]) {
    let ended = Command::new(program).args(arguments).output().unwrap();
    assert!(ended.status.success(), "{program} {arguments:?}: {ended:?}");
}

/// The network: loopback, and every forbidden address on it with a canary at its usual ports.
fn network() -> Canaries {
    run("ip", &["link", "set", "lo", "up"]);
    let canaries = Canaries::default();
    for (address, text) in forbidden().zip(FORBIDDEN) {
        let length = if address.is_ipv4() { 32 } else { 128 };
        let network = format!("{text}/{length}");
        run("ip", &["addr", "add", &network, "dev", "lo", "nodad"]);
        for port in [80, 443, 9090] {
            canaries.perch(SocketAddr::new(address, port));
        }
    }
    // An honest private address, which is not loopback.
    run("ip", &["addr", "add", &format!("{HERE}/32"), "dev", "lo"]);
    // What 0.0.0.0 and :: lead to, and the port of a proxy.
    for address in ["127.0.0.1:80", "[::1]:80", "[::1]:9090", PROXY] {
        canaries.perch(address.parse().unwrap());
    }
    canaries
}

/// The resolver of this namespace asks 127.0.0.1, once, and waits for so many seconds.
pub(crate) fn resolver(folder: &Path, seconds: u32) {
    let file = folder.join("resolv.conf");
    let text = format!("nameserver 127.0.0.1\noptions timeout:{seconds} attempts:1\n");
    fs::write(&file, text).unwrap();
    let real = fs::canonicalize("/etc/resolv.conf").unwrap();
    run(
        "mount",
        &["--bind", file.to_str().unwrap(), real.to_str().unwrap()],
    );
}

fn addresses<const N: usize>(all: [&str; N]) -> Says {
    Says::Addresses(all.iter().map(|text| text.parse().unwrap()).collect())
}

/// What the name server says; anything that is not listed is at the metadata address.
fn names(phase: Arc<AtomicUsize>) -> Dns {
    let turn = AtomicUsize::new(0);
    let script = move |name: &str, wants_v6: bool| match name {
        "good.test" => addresses(["127.0.0.1"]),
        "mixed.test" => addresses(["127.0.0.1", "169.254.169.254"]),
        "six.test" => addresses(["fd00:ec2::254"]),
        "mapped.test" => addresses(["::ffff:169.254.169.254"]),
        "6to4.test" => addresses(["2002:a9fe:a9fe::1"]),
        "nat64.test" => addresses(["64:ff9b::a9fe:a9fe"]),
        "zero.test" => addresses(["0.0.0.0", "::"]),
        // Both versions are asked for at each look-up; the first one turns the page.
        "alternating.test" if wants_v6 => addresses([]),
        "alternating.test" => match turn.fetch_add(1, Ordering::SeqCst) % 4 {
            0 => addresses(["127.0.0.1"]),
            1 => addresses(["169.254.169.254"]),
            2 => addresses(["127.0.0.1", "169.254.170.2"]),
            _ => addresses(["100.100.100.200", "127.0.0.1"]),
        },
        "fading.test" => match phase.load(Ordering::SeqCst) {
            0 if wants_v6 => addresses([]),
            0 => addresses(["127.0.0.1"]),
            1 => Says::Fails,
            2 if wants_v6 => addresses([]),
            2 => Says::Fails,
            3 => Says::Silence,
            4 => Says::Unknown,
            _ => Says::Fails,
        },
        _ => addresses(["169.254.169.254"]),
    };
    Dns::start("127.0.0.1:53", Box::new(script))
}

/// The program, traced if that can be, with every variable that names a proxy.
fn program(folder: &Path, trace: &Path) -> (Program, bool) {
    let config = folder.join("mirror.yaml");
    fs::write(&config, "port: 0\nadmin_port: 0\n").unwrap();
    let binary = env!("CARGO_BIN_EXE_prometheus-mirror");
    let traced = trace::traced(binary, trace);
    let is_traced = traced.is_some();
    let mut command = traced.unwrap_or_else(|| bare(binary));
    for name in ["http_proxy", "https_proxy", "all_proxy"] {
        let proxy = format!("http://{PROXY}");
        command.env(name, &proxy).env(name.to_uppercase(), proxy);
    }
    (Program::start(command, &config), is_traced)
}

fn inside() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("trace");
    resolver(folder.path(), 1);
    let canaries = network();
    let phase = Arc::<AtomicUsize>::default();
    let dns = names(Arc::clone(&phase));
    let (mut program, is_traced) = program(folder.path(), &log);
    let backend = Backend::start(|_| {
        Answer::json(r#"{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}"#)
    });

    for hostile in corpus::read(&program) {
        assert_eq!(misjudged(&program, &backend, &hostile), None);
        assert_eq!(canaries.visits(), [], "{hostile:?}");
    }
    alternating_answers(&program, &dns, &backend);
    last_good_addresses(&program, &phase, &backend);
    redirects(&program);
    one_text(&mut program);
    what_listens_beyond_loopback(folder.path());

    let port = backend.port();
    drop(program);
    assert_eq!(canaries.visits(), []);
    if !is_traced {
        say("no strace here: what the canaries saw is all that is known");
        return;
    }
    let connected = trace::connected(&log);
    let dialled = |address: &str, port: u16| {
        connected.contains(&SocketAddr::new(address.parse().unwrap(), port))
    };
    assert!(dialled("127.0.0.1", port), "the trace shows nothing");
    let here: IpAddr = HERE.parse().unwrap();
    let is_near = |address: &IpAddr| address.to_canonical().is_loopback() || *address == here;
    let elsewhere: Vec<_> = connected.iter().filter(|it| !is_near(&it.ip())).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
    assert!(!dialled("127.0.0.1", 3128), "a proxy was asked");
}

/// A thousand look-ups, each with another answer.
fn alternating_answers(program: &Program, dns: &Dns, backend: &Backend) {
    let details = format!(r#""url": "http://alternating.test:{}""#, backend.port());
    let mut refused = 0;
    let mut last = 0;
    while dns.asked("alternating.test") < 2_000 {
        let reply = ask(program, &details);
        match id(&reply) {
            "PM-6003" => refused += 1,
            // The backend has no labels to list.
            "PM-3010" => {}
            _ => panic!("{}", reply.body),
        }
        let asked = dns.asked("alternating.test");
        assert!(asked > last, "an answer was kept");
        last = asked;
    }
    assert!(refused >= 400, "{refused}");
}

/// While the name server fails, for one version of addresses or for both, or is silent, the last
/// good address is used; a name that is gone is gone.
fn last_good_addresses(program: &Program, phase: &AtomicUsize, backend: &Backend) {
    let details = format!(r#""url": "http://fading.test:{}""#, backend.port());
    for (now, expected) in [
        (0, "PM-3010"),
        (1, "PM-3010"),
        (2, "PM-3010"),
        (3, "PM-3010"),
        (4, "PM-3001"),
        (5, "PM-3001"),
    ] {
        phase.store(now, Ordering::SeqCst);
        let reply = ask(program, &details);
        assert_eq!(id(&reply), expected, "{now}: {}", reply.body);
    }
}

/// Beyond loopback a closed port, a port without TLS, one that wants another name and one that
/// hangs up are one to who may reach them all.
fn one_text(program: &mut Program) {
    let plain = TcpListener::bind((HERE, 0)).unwrap();
    let hasty = TcpListener::bind((HERE, 0)).unwrap();
    let free = TcpListener::bind((HERE, 0)).unwrap().local_addr().unwrap();
    let [plain_at, hasty_at] = [&plain, &hasty].map(|it| it.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in plain.incoming().map_while(Result::ok) {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    thread::spawn(move || hasty.incoming().map_while(Result::ok).for_each(drop));
    for url in [
        format!("http://{free}"),
        format!("https://{free}"),
        format!("https://{plain_at}"),
        format!("https://{hasty_at}"),
    ] {
        let reply = ask(program, &format!(r#""url": "{url}""#));
        let host = url.split_once("://").unwrap().1;
        let text = format!(
            "No usable connection to {host}. \
             Ask the mirror's operator; its log has the reason. [PM-3000]"
        );
        assert!(reply.body.contains(&text), "{url}: {}", reply.body);
        let reason = format!("no usable connection to {host}: ");
        program.wait_for(&reason, |program| program.logged(&reason) > 0);
        let block =
            format!(r#"{{"client_id": "c", "client_secret": "s", "token_url": "{url}/t"}}"#);
        let backend = Backend::start(|_| Answer::Silence);
        let details = format!(r#""url": "{}", "oauth2": {block}"#, backend.url());
        let reply = ask(program, &details);
        assert!(
            reply.body.contains(&text),
            "{url} for tokens: {}",
            reply.body
        );
    }
    let near = ask(program, r#""url": "http://127.0.0.1:1""#);
    assert_eq!(id(&near), "PM-3002", "on loopback everything is told");
}

/// The mirror on every address of the machine is the mirror at each of them.
fn what_listens_beyond_loopback(folder: &Path) {
    let config = folder.join("open.yaml");
    let text = format!(
        "listen: 0.0.0.0\nport: 9900\nadmin_port: 9901\napi_key: the-key-of-these-tests\n\
         policy: {{allowed_upstreams: ['http://{HERE}:9900', 'http://{HERE}:9901', 'http://{HERE}:9902']}}\n"
    );
    fs::write(&config, text).unwrap();
    let program = Program::serve(&config);
    for (port, expected) in [(9900, "PM-6003"), (9901, "PM-6003"), (9902, "PM-3002")] {
        let reply = ask(&program, &format!(r#""url": "http://{HERE}:{port}""#));
        assert_eq!(id(&reply), expected, "{port}: {}", reply.body);
    }
    let reply = ask(&program, r#""url": "http://169.254.169.254""#);
    assert_eq!(
        id(&reply),
        "PM-6002",
        "no list admits it, and this one does not"
    );
}

/// Each code to the same host, to another one and to the metadata address.
fn redirects(program: &Program) {
    let other = Backend::start(|_| Answer::json("{}"));
    for code in CODES {
        for target in [
            "/elsewhere".to_owned(),
            format!("{}/elsewhere", other.url()),
            "http://169.254.169.254/latest/meta-data/".to_owned(),
            "//169.254.169.254/".to_owned(),
        ] {
            let location = target.clone();
            let backend = Backend::start(move |_| Answer::Body {
                status: code,
                headers: vec![("location", location.clone())],
                body: Vec::new(),
            });
            let reply = ask(program, &format!(r#""url": "{}""#, backend.url()));
            assert_eq!(id(&reply), "PM-3015", "{code} {target}: {}", reply.body);
            let block = format!(
                r#"{{"client_id": "c", "client_secret": "s", "token_url": "{}/token"}}"#,
                backend.url()
            );
            let details = format!(r#""url": "{}", "oauth2": {block}"#, other.url());
            let reply = ask(program, &details);
            assert_eq!(id(&reply), "PM-4003", "{code} {target}: {}", reply.body);
            let followed = backend
                .calls()
                .into_iter()
                .find(|it| it.path == "/elsewhere");
            assert!(followed.is_none(), "{code} {target}");
        }
    }
    assert!(other.calls().is_empty());
}
