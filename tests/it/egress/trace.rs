//! What a program connected to, as the kernel was asked for it.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use crate::program::bare;

/// `program` under strace, if there is one here. It stays the process that is started.
pub(super) fn traced(program: &str, log: &Path) -> Option<Command> {
    let mut trial = Command::new("strace");
    let trial = trial.arg("-V").stdout(Stdio::null()).status();
    let mut strace = bare("strace");
    strace
        .args(["-D", "-f", "-qq", "-yy", "-e", "trace=connect", "-o"])
        .arg(log)
        .arg(program);
    trial.is_ok().then_some(strace)
}

/// Where TCP connections were begun. The C library connects sockets of UDP to addresses that it
/// sorts, which sends nothing.
pub(super) fn connected(log: &Path) -> Vec<SocketAddr> {
    let text = fs::read_to_string(log).unwrap();
    let calls = text.lines().filter(|line| line.contains("connect("));
    let tcp = calls.filter(|line| !line.contains("<UDP") && !line.contains("AF_UNIX"));
    tcp.filter_map(peer).collect()
}

fn peer(call: &str) -> Option<SocketAddr> {
    let between = |start: &str, end: &str| {
        let (_, rest) = call.split_once(start)?;
        Some(rest.split_once(end)?.0)
    };
    let port = between("_port=htons(", ")")?.parse().ok()?;
    let v4 = between("inet_addr(\"", "\"");
    let v6 = || between("inet_pton(AF_INET6, \"", "\"");
    let address: IpAddr = v4.or_else(v6)?.parse().ok()?;
    Some(SocketAddr::new(address, port))
}

#[test]
fn calls_are_read_as_strace_writes_them() {
    let lines = [
        r#"7  connect(9<TCP:[123]>, {sa_family=AF_INET, sin_port=htons(9090), sin_addr=inet_addr("127.0.0.1")}, 16) = -1 EINPROGRESS"#,
        r#"7  connect(9<UDP:[124]>, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("127.0.0.1")}, 16) = 0"#,
        r#"7  connect(9<TCPv6:[125]>, {sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "fd00:ec2::254", &sin6_addr), sin6_scope_id=0}, 28 <unfinished ...>"#,
        r#"7  connect(9<UNIX-STREAM:[126]>, {sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"}, 110) = -1 ENOENT"#,
        r#"7  <... connect resumed>) = 0"#,
    ];
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("trace");
    fs::write(&log, lines.join("\n")).unwrap();
    let expected = ["127.0.0.1:9090", "[fd00:ec2::254]:80"].map(|it| it.parse().unwrap());
    assert_eq!(connected(&log), expected);
}
