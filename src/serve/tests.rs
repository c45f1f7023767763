//! Serving over real sockets: timers, and the stages of stopping.

mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::Request;
use tokio::net::TcpSocket;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::ServeError;
use super::Stages;
use super::accept;
use super::accept::Port;
use super::bodies::Asked;
use super::listen::listen;
use super::serve_until;
use crate::api::Api;
use crate::app::App;
use crate::app::tests::app;
use crate::caller;
use crate::config::Settings;
use crate::config::tests::with_key;

const HEALTHCHECK: &str = "GET /healthcheck HTTP/1.1\r\nhost: localhost\r\n\r\n";
/// The head of a call whose body of two bytes is still to come.
const CALL: &str = "POST /api/metric HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n";

/// A served application.
struct Served {
    app: Arc<App>,
    mirror: SocketAddr,
    admin: SocketAddr,
    stages: Stages,
    ended: JoinHandle<Result<(), ServeError>>,
}

fn start() -> Served {
    let (app, stages) = (app(), Stages::default());
    let [mirror, admin] = [(); 2].map(|()| listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap());
    let addresses = [&mirror, &admin].map(|l| l.local_addr().unwrap());
    let serving = serve_until(Arc::clone(&app), mirror, admin, stages.clone());
    let ended = TaskTracker::new().spawn(serving);
    Served {
        app,
        mirror: addresses[0],
        admin: addresses[1],
        stages,
        ended,
    }
}

/// A caller's end of a connection.
struct Peer(TcpStream);

impl Peer {
    async fn connect(to: SocketAddr) -> Self {
        Self(TcpSocket::new_v4().unwrap().connect(to).await.unwrap())
    }

    async fn send(&self, text: &str) {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            self.0.writable().await.unwrap();
            match self.0.try_write(rest) {
                Ok(n) => rest = &rest[n..],
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
            }
        }
    }

    /// What comes until `is_enough`, or until the other side closes or resets.
    async fn receive(&self, is_enough: impl Fn(&str) -> bool) -> String {
        let bytes = self.receive_until(|bytes| is_enough(std::str::from_utf8(bytes).unwrap()));
        String::from_utf8(bytes.await).unwrap()
    }

    /// What comes until the other side closes or resets, which need not be text.
    async fn receive_bytes(&self) -> Vec<u8> {
        self.receive_until(|_| false).await
    }

    async fn receive_until(&self, is_enough: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut buffer = [0; 4096];
        while !is_enough(&bytes) {
            self.0.readable().await.unwrap();
            match self.0.try_read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => bytes.extend_from_slice(&buffer[..n]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_reset) => break,
            }
        }
        bytes
    }

    /// One answer, whose body is short JSON or a line.
    async fn answer(&self) -> String {
        self.receive(|text| {
            text.ends_with('}')
                || (text.contains("\r\n\r\n") && text.ends_with('\n') && !text.ends_with("\r\n"))
        })
        .await
    }

    async fn rest(&self) -> String {
        self.receive(|_| false).await
    }
}

async fn ask(to: SocketAddr, text: &str) -> String {
    let peer = Peer::connect(to).await;
    peer.send(text).await;
    peer.answer().await
}

#[tokio::test]
async fn a_caller_that_is_still_sending_reads_why_its_body_is_refused() {
    let served = start();
    let peer = Peer::connect(served.mirror).await;
    let size = (1 << 20) + (1 << 19);
    let head =
        format!("POST /api/metric HTTP/1.1\r\nhost: localhost\r\ncontent-length: {size}\r\n\r\n");
    peer.send(&head).await;
    let answer = peer.receive(|text| text.contains("PM-1010")).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    // After a plain close the first of these would be answered by a reset.
    for _ in 0..8 {
        peer.send(&" ".repeat(64 << 10)).await;
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other() {
    let served = start();
    let peer = Peer::connect(served.mirror).await;
    for _ in 0..2 {
        peer.send(HEALTHCHECK).await;
        let answer = peer.answer().await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(!answer.contains("connection: close"), "{answer}");
    }
    let page = served.app.instruments.encode();
    assert!(
        page.contains(r#"mirror_connections{state="idle"} 1"#),
        "{page}"
    );
}

#[tokio::test]
async fn the_admin_listener_tells_health_readiness_and_metrics_and_never_the_key() {
    let served = start();
    for (path, expected) in [
        ("/-/healthy", "200 OK"),
        ("/-/ready", "200 OK"),
        ("/metrics", "application/openmetrics-text"),
        ("/api/metric", "404"),
    ] {
        let peer = Peer::connect(served.admin).await;
        peer.send(&format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        ))
        .await;
        let answer = peer.rest().await;
        assert!(answer.contains(expected), "{answer}");
        assert!(!answer.contains("opensesame"), "{answer}");
    }
}

#[tokio::test]
async fn while_load_balancers_look_away_callers_are_still_answered_and_sent_off() {
    let served = start();
    served.stages.draining.cancel();
    let answer = ask(served.mirror, HEALTHCHECK).await;
    assert!(answer.contains("connection: close"), "{answer}");
    let answer = ask(
        served.admin,
        "GET /-/ready HTTP/1.1\r\nhost: localhost\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    let answer = ask(
        served.admin,
        "GET /-/healthy HTTP/1.1\r\nhost: localhost\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn a_running_request_is_answered_before_the_end_and_an_idle_connection_is_closed() {
    let served = start();
    let idle = Peer::connect(served.mirror).await;
    idle.send(HEALTHCHECK).await;
    idle.answer().await;
    let running = Peer::connect(served.mirror).await;
    running.send(CALL).await;
    until(&served.app, r#"mirror_in_flight{scope="global"} 1"#).await;

    served.stages.draining.cancel();
    served.stages.closing.cancel();
    assert_eq!(idle.rest().await, "");
    assert!(!served.ended.is_finished());
    running.send("{]").await;
    let answer = running.rest().await;
    assert!(answer.contains("x-mirror-error: PM-1001"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    served.ended.await.unwrap().unwrap();
    assert!(
        TcpSocket::new_v4()
            .unwrap()
            .connect(served.mirror)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn who_waits_in_the_backlog_when_the_listener_closes_is_still_served() {
    let served = start();
    // Nothing else runs between this and the next await: it is connected by the kernel alone.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.connect(&served.mirror.into()).unwrap();
    served.stages.closing.cancel();
    socket.set_nonblocking(true).unwrap();
    let waiting = Peer(TcpStream::from_std(socket.into()).unwrap());
    waiting.send(HEALTHCHECK).await;
    assert!(waiting.rest().await.starts_with("HTTP/1.1 200"));
    served.ended.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_request_that_does_not_end_in_time_is_cut_off_and_counted() {
    let served = start();
    let running = Peer::connect(served.mirror).await;
    running.send(CALL).await;
    until(&served.app, r#"mirror_in_flight{scope="global"} 1"#).await;
    served.stages.closing.cancel();
    served.stages.cutting.cancel();
    let ended = served.ended.await.unwrap();
    assert!(
        matches!(ended, Err(ServeError::Cut { requests: 1 })),
        "{ended:?}"
    );
    assert_eq!(running.rest().await, "");
}

#[tokio::test]
async fn a_head_that_is_too_big_is_a_431_without_a_body() {
    let served = start();
    let field = format!("x: {}\r\n", "a".repeat(33 << 10));
    let fields: String = (0..65).map(|n| format!("x-{n}: a\r\n")).collect();
    for fields in [field, fields] {
        let peer = Peer::connect(served.mirror).await;
        peer.send(&format!(
            "GET / HTTP/1.1\r\nhost: localhost\r\n{fields}\r\n"
        ))
        .await;
        let answer = peer.rest().await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    }
}

/// Waits until the metrics page has `line`.
async fn until(app: &App, line: &str) {
    while !app.instruments.encode().contains(line) {
        tokio::task::yield_now().await;
    }
}

/// A port without an application's other parts, on a clock that tests move.
fn port<S: accept::Service>(service: S) -> SocketAddr {
    crowded(service, 10_000)
}

/// The same, with room for `most` connections.
fn crowded<S: accept::Service>(service: S, most: usize) -> SocketAddr {
    let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let address = listener.local_addr().unwrap();
    let port = Port::new(service, &Stages::default(), None, most);
    TaskTracker::new().spawn(async move { port.accept(listener, None).await });
    address
}

#[tokio::test(start_paused = true)]
async fn who_connects_and_says_nothing_is_closed_after_five_seconds() {
    let peer = Peer::connect(port(Api::new(&app()))).await;
    let start = Instant::now();
    assert_eq!(peer.rest().await, "");
    check_elapsed(start, 5);
}

#[tokio::test(start_paused = true)]
async fn who_sends_a_head_byte_by_byte_wins_no_time() {
    let peer = Peer::connect(port(Api::new(&app()))).await;
    let start = Instant::now();
    let trickle = async {
        loop {
            peer.send("G").await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::select! {
        text = peer.rest() => {
            assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
            assert!(text.ends_with("\r\n\r\n"), "{text}");
        }
        () = trickle => {}
    }
    check_elapsed(start, 5);
}

#[tokio::test(start_paused = true)]
async fn a_connection_may_idle_for_a_minute_between_requests() {
    let peer = Peer::connect(port(Api::new(&app()))).await;
    peer.send(HEALTHCHECK).await;
    peer.answer().await;
    let start = Instant::now();
    tokio::time::sleep(Duration::from_secs(59)).await;
    peer.send(HEALTHCHECK).await;
    assert!(peer.answer().await.starts_with("HTTP/1.1 200"));
    assert_eq!(peer.rest().await, "");
    check_elapsed(start, 119);
}

/// After how many seconds a connection ends on which a request comes every `pause` seconds.
async fn age(settings: &Settings, pause: u64) -> u64 {
    let app = Arc::new(App::new(settings).unwrap());
    let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let peer = Peer::connect(listener.local_addr().unwrap()).await;
    let port = Port::new(Api::new(&app), &Stages::default(), None, 1).secured(app.changes());
    TaskTracker::new().spawn(async move { port.accept(listener, None).await });
    let start = Instant::now();
    for _ in 0..100 {
        peer.send(HEALTHCHECK).await;
        if peer.answer().await.contains("connection: close") {
            assert_eq!(peer.rest().await, "");
            return start.elapsed().as_secs();
        }
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
    panic!("it stays open");
}

#[tokio::test(start_paused = true)]
async fn the_answer_that_finds_a_connection_old_is_its_last() {
    let mut settings = with_key("opensesame");
    let aged = age(&settings, 30).await;
    assert!((540..=690).contains(&aged), "{aged}");
    settings.limits.connection_age = Duration::from_secs(10);
    let aged = age(&settings, 1).await;
    assert!((9..=12).contains(&aged), "{aged}");
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_his_answer_is_cut_after_ten_seconds() {
    let peer = Peer::connect(port(Long)).await;
    peer.send(HEALTHCHECK).await;
    let start = Instant::now();
    tokio::time::sleep(Duration::from_secs(9)).await;
    // Still there: what the kernel holds can be read, and more comes.
    assert!(peer.receive(|text| text.len() > 4096).await.len() > 4096);
    tokio::time::sleep(Duration::from_secs(20)).await;
    let got = peer.rest().await.len();
    assert!(got < Long::LENGTH, "{got}");
    check_elapsed(start, 29);
}

#[tokio::test]
async fn at_the_cap_the_connection_that_idles_for_longest_makes_room() {
    let to = crowded(Api::new(&app()), 2);
    let first = Peer::connect(to).await;
    let second = Peer::connect(to).await;
    for peer in [&first, &second, &first] {
        peer.send(HEALTHCHECK).await;
        peer.answer().await;
    }
    let third = Peer::connect(to).await;
    third.send(HEALTHCHECK).await;
    assert!(third.answer().await.starts_with("HTTP/1.1 200"));
    assert_eq!(second.rest().await, "");
    first.send(HEALTHCHECK).await;
    assert!(first.answer().await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn at_the_cap_a_newcomer_waits_while_everybody_is_busy() {
    let to = crowded(Api::new(&app()), 2);
    let busy = [Peer::connect(to).await, Peer::connect(to).await];
    for peer in &busy {
        peer.send(&CALL.replace("\r\n\r\n", "\r\nexpect: 100-continue\r\n\r\n"))
            .await;
        // So its head has been read.
        peer.receive(|text| text.contains("100 Continue")).await;
    }
    let newcomer = Peer::connect(to).await;
    newcomer.send(HEALTHCHECK).await;
    for peer in &busy {
        peer.send("{]").await;
        assert!(peer.answer().await.contains("PM-1001"));
    }
    assert!(newcomer.answer().await.starts_with("HTTP/1.1 200"));
}

#[track_caller]
fn check_elapsed(start: Instant, seconds: u64) {
    let elapsed = start.elapsed().as_secs_f64().round();
    assert!(
        (elapsed - Duration::from_secs(seconds).as_secs_f64()).abs() < 0.5,
        "{elapsed}"
    );
}

/// Answers with more than any socket buffer holds.
#[derive(Clone)]
struct Long;

impl Long {
    const LENGTH: usize = 64 << 20;
}

impl accept::Service for Long {
    async fn answer(&self, _: &caller::Peer, _: Request<Asked>) -> Response {
        Response::new(Body::from("a".repeat(Self::LENGTH)))
    }
}
