use std::sync::atomic::AtomicUsize;

use http_body_util::BodyExt as _;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::*;
use crate::egress::Guard;
use crate::network::Bounds;

const PLAIN: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const CHUNKED: &[u8] =
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n";
const LAST: &[u8] = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";

/// What a backend does when it has answered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Waits,
    Closes,
    Babbles,
}

/// A backend that gives one answer to everything.
struct Backend {
    url: String,
    accepted: Arc<AtomicUsize>,
    closed: Arc<AtomicUsize>,
}

impl Backend {
    async fn new(answer: &'static [u8], then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api", listener.local_addr().unwrap());
        let [accepted, closed] = [0, 0].map(|n| Arc::new(AtomicUsize::new(n)));
        let counts = (Arc::clone(&accepted), Arc::clone(&closed));
        TaskTracker::new().spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                counts.0.fetch_add(1, Ordering::SeqCst);
                let closed = Arc::clone(&counts.1);
                TaskTracker::new().spawn(async move {
                    serve(&mut stream, answer, then).await;
                    closed.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        Self {
            url,
            accepted,
            closed,
        }
    }

    fn request(&self) -> Request<Full<Bytes>> {
        Request::post(&self.url).body(Full::from("q=1")).unwrap()
    }

    fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// Waits until so many connections have ended.
    async fn has_lost(&self, count: usize) {
        let lost = async {
            while self.closed.load(Ordering::SeqCst) < count {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(Duration::from_secs(5), lost).await.unwrap();
    }
}

async fn serve(stream: &mut TcpStream, answer: &[u8], then: Then) {
    let mut request = [0; 4096];
    while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
        if stream.write_all(answer).await.is_err() || then == Then::Closes {
            return;
        }
        if then == Then::Babbles {
            sleep(Duration::from_millis(20)).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
        }
    }
}

fn pool() -> Arc<Pool> {
    Pool::new(Dialler::new(
        Guard::default(),
        Bounds::default(),
        None,
        None,
    ))
}

async fn asked(pool: &Arc<Pool>, backend: &Backend) -> Result<Bytes, Unanswered> {
    let reached = AtomicBool::new(false);
    let answer = pool.request(backend.request(), &reached).await?;
    assert!(reached.into_inner());
    Ok(answer.into_body().collect().await.unwrap().to_bytes())
}

#[tokio::test]
async fn a_connection_is_used_again_once_its_answer_was_read() {
    for answer in [PLAIN, CHUNKED] {
        let (pool, backend) = (pool(), Backend::new(answer, Then::Waits).await);
        for _ in 0..3 {
            assert_eq!(asked(&pool, &backend).await.unwrap(), "ok");
        }
        assert_eq!((backend.accepted(), pool.idle().len()), (1, 1));
    }
}

#[tokio::test]
async fn calls_at_the_same_time_have_a_connection_each() {
    let (pool, backend) = (pool(), Backend::new(PLAIN, Then::Waits).await);
    let (one, other) = tokio::join!(asked(&pool, &backend), asked(&pool, &backend));
    assert_eq!((one.unwrap(), other.unwrap()), ("ok".into(), "ok".into()));
    assert_eq!((backend.accepted(), pool.idle().len()), (2, 2));
}

#[tokio::test]
async fn a_connection_that_its_other_end_closes_is_not_used_again() {
    let (pool, backend) = (pool(), Backend::new(PLAIN, Then::Closes).await);
    for count in 1..=3 {
        assert_eq!(asked(&pool, &backend).await.unwrap(), "ok");
        backend.has_lost(count).await;
        // Loopback delivers an end within a moment, not at once.
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(backend.accepted(), 3);
}

#[tokio::test]
async fn a_connection_that_says_something_unasked_is_not_used_again() {
    let (pool, backend) = (pool(), Backend::new(PLAIN, Then::Babbles).await);
    assert_eq!(asked(&pool, &backend).await.unwrap(), "ok");
    sleep(Duration::from_millis(60)).await;
    assert_eq!(asked(&pool, &backend).await.unwrap(), "ok");
    assert_eq!(backend.accepted(), 2);
}

#[tokio::test]
async fn a_connection_is_not_kept_if_its_other_end_says_so() {
    let (pool, backend) = (pool(), Backend::new(LAST, Then::Waits).await);
    assert_eq!(asked(&pool, &backend).await.unwrap(), "ok");
    assert_eq!(pool.idle().len(), 0);
    backend.has_lost(1).await;
}

#[tokio::test]
async fn a_call_of_its_own_leaves_no_connection_and_takes_none() {
    let (pool, backend) = (pool(), Backend::new(PLAIN, Then::Waits).await);
    asked(&pool, &backend).await.unwrap();
    let reached = AtomicBool::new(false);
    let answer = pool
        .request_anew(backend.request(), &reached)
        .await
        .unwrap();
    answer.into_body().collect().await.unwrap();
    assert_eq!((backend.accepted(), pool.idle().len()), (2, 1));
    backend.has_lost(1).await;
}

#[tokio::test]
async fn a_call_that_is_dropped_ends_its_connection_at_once() {
    // Before the head of the answer, and in the middle of its body.
    for answer in [
        b"".as_slice(),
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok",
    ] {
        let (pool, backend) = (pool(), Backend::new(answer, Then::Waits).await);
        let asking = timeout(Duration::from_millis(50), asked(&pool, &backend));
        assert!(asking.await.is_err());
        backend.has_lost(1).await;
        assert_eq!(pool.idle().len(), 0);
    }
}

#[tokio::test]
async fn a_connection_that_rests_loses_its_buffers_and_is_still_used() {
    let (pool, backend) = (pool(), Backend::new(PLAIN, Then::Waits).await);
    asked(&pool, &backend).await.unwrap();
    let Idle { link, since } = pool.idle().pop().unwrap();
    let fresh = Idle { link, since }.swept().unwrap();
    assert!(matches!(fresh.link, Kept::Ready(_)));
    let rested = Idle {
        since: since.checked_sub(SWEEP).unwrap(),
        ..fresh
    };
    let rested = rested.swept().unwrap();
    assert!(matches!(rested.link, Kept::Bare(_)));
    pool.idle().push(rested);
    assert_eq!(asked(&pool, &backend).await.unwrap(), "ok");
    assert_eq!(backend.accepted(), 1);
}

#[tokio::test]
async fn one_that_rests_and_is_closed_meanwhile_is_not_used_again() {
    let (pool, backend) = (pool(), Backend::new(PLAIN, Then::Waits).await);
    asked(&pool, &backend).await.unwrap();
    let Idle { link, since } = pool.idle().pop().unwrap();
    let Kept::Ready(link) = link else {
        panic!("it has just been used")
    };
    let link = Kept::Bare(link.bare().unwrap());
    pool.idle().push(Idle { link, since });
    // The other end of it alone is told to close.
    let Some(Idle {
        link: Kept::Bare(stream),
        since,
    }) = pool.idle().pop()
    else {
        panic!("it was put there")
    };
    let mut stream = stream;
    stream.write_all(b"bye").await.unwrap();
    let mut answer = [0; 64];
    let _ = stream.read(&mut answer).await.unwrap();
    stream.shutdown().await.unwrap();
    backend.has_lost(1).await;
    sleep(Duration::from_millis(20)).await;
    let link = Kept::Bare(stream);
    pool.idle().push(Idle { link, since });
    assert_eq!(asked(&pool, &backend).await.unwrap(), "ok");
    assert_eq!(backend.accepted(), 2);
}

#[tokio::test]
async fn one_that_rests_and_is_closed_meanwhile_is_dropped_at_the_next_look() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let pool = pool();
    let link = pool.connect(&url.parse().unwrap()).await.unwrap();
    let (other_end, _) = listener.accept().await.unwrap();
    let rested = |link| Idle {
        link: Kept::Bare(link),
        since: Instant::now(),
    };
    let rested = rested(link.bare().unwrap()).swept().unwrap();
    drop(other_end);
    sleep(Duration::from_millis(20)).await;
    assert!(rested.swept().is_none());
}

#[tokio::test]
async fn a_connection_is_kept_for_fifty_seconds() {
    let (pool, backend) = (pool(), Backend::new(PLAIN, Then::Waits).await);
    asked(&pool, &backend).await.unwrap();
    let age = |link, age| Idle {
        link,
        since: Instant::now().checked_sub(age).unwrap(),
    };
    let Idle { link, .. } = pool.idle().pop().unwrap();
    let young = age(link, IDLE - Duration::from_secs(1)).swept().unwrap();
    assert!(age(young.link, IDLE).swept().is_none());
    asked(&pool, &backend).await.unwrap();
    let Idle { link, .. } = pool.idle().pop().unwrap();
    pool.idle().push(age(link, IDLE));
    asked(&pool, &backend).await.unwrap();
    assert_eq!(
        backend.accepted(),
        3,
        "nor is one used that nobody has looked at"
    );
}

#[tokio::test]
async fn as_many_are_kept_as_calls_may_be_in_flight() {
    let (pool, backend) = (pool(), Backend::new(PLAIN, Then::Waits).await);
    for _ in 0..=IDLE_CONNECTIONS {
        let url = backend.url.parse().unwrap();
        pool.give(pool.connect(&url).await.unwrap());
    }
    assert_eq!(pool.idle().len(), IDLE_CONNECTIONS);
    backend.has_lost(1).await;
}

#[tokio::test]
async fn a_connection_that_breaks_is_known_to_have_answered_before() {
    // It closes on the second request, which nobody can see before that is sent.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api", listener.local_addr().unwrap());
    TaskTracker::new().spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(PLAIN).await;
            let _ = stream.read(&mut request).await;
        }
    });
    let (pool, reached) = (pool(), AtomicBool::new(false));
    let request = || Request::post(&url).body(Full::from("q=1")).unwrap();
    let answer = pool.request(request(), &reached).await.unwrap();
    answer.into_body().collect().await.unwrap();
    let broken = pool.request(request(), &reached).await.unwrap_err();
    assert!(broken.is_stale(), "{broken}");
    assert!(!broken.is_veiled());
}

#[track_caller]
fn check_address(url: &str, is_forwarding: bool, host: &str, target: &str) {
    let mut request = Request::post(url).body(Full::default()).unwrap();
    address(&mut request, is_forwarding);
    assert_eq!(request.headers()[HOST], host);
    assert_eq!(request.uri(), target);
}

#[test]
fn the_host_stands_in_its_header_and_only_a_proxy_sees_the_whole_url() {
    check_address("http://h:9090/a/b?c=d", false, "h:9090", "/a/b?c=d");
    check_address("http://h:80/", false, "h", "/");
    check_address("https://h:443/", false, "h", "/");
    check_address("https://h:80/", false, "h:80", "/");
    check_address("http://h", false, "h", "/");
    check_address("http://[::1]:9090/a", false, "[::1]:9090", "/a");
    let whole = "http://h:9090/a?b";
    check_address(whole, true, "h:9090", whole);
}

#[test]
fn a_host_that_is_given_stays() {
    let mut request = Request::post("http://h/").body(Full::default()).unwrap();
    request
        .headers_mut()
        .insert(HOST, HeaderValue::from_static("other"));
    address(&mut request, false);
    assert_eq!(request.headers()[HOST], "other");
}
