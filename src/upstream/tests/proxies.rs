//! Ways through a proxy, and HTTP/2.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::Response;
use http::Version;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::io::copy_bidirectional;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::server::{Server, Step, answer};
use super::tls::{Authority, Manner, TlsServer, dial, inline};
use super::{TWO, connection, lasting, ok};
use crate::connections::Connection;
use crate::connections::Proxy;
use crate::time::UnixMillis;
use crate::upstream::UpstreamError;
use crate::upstream::Upstreams;

async fn ask(connection: &Connection) -> Result<Option<f64>, UpstreamError> {
    let upstream = Upstreams::of(Default::default()).open_new(connection);
    let at = UnixMillis::new(0);
    upstream.value(&lasting(30_000), "1+1", at, &[]).await
}

fn proxy(url: &str) -> Proxy {
    Proxy {
        url: url.parse().unwrap(),
        no_proxy: Vec::new(),
    }
}

/// A proxy that opens tunnels. Ends when it is dropped.
struct Tunnels {
    port: u16,
    seen: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl Tunnels {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        let book = Arc::clone(&seen);
        tasks.spawn(async move {
            let mut tunnels = JoinSet::new();
            while let Ok((mut socket, _)) = listener.accept().await {
                let book = Arc::clone(&book);
                tunnels.spawn(async move {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        head.push(socket.read_u8().await.unwrap());
                    }
                    let head = String::from_utf8(head).unwrap();
                    let target = head.split(' ').nth(1).unwrap().to_owned();
                    book.lock().unwrap().push(head);
                    let mut far = dial(&target).await;
                    let _ = socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
                    let _ = copy_bidirectional(&mut socket, &mut far).await;
                });
            }
        });
        Self {
            port,
            seen,
            _tasks: tasks,
        }
    }
}

#[tokio::test]
async fn https_goes_through_a_tunnel_and_the_proxy_sees_no_request() {
    let ours = Authority::new();
    let server = TlsServer::start(ours.signs("localhost"), [ok(TWO)]).await;
    let tunnels = Tunnels::start().await;
    let mut connection = connection(&server.url);
    connection.tls.ca = Some(inline(&ours.pem));
    connection.proxy = Some(proxy(&format!("http://u:p%40@127.0.0.1:{}", tunnels.port)));
    assert_eq!(ask(&connection).await, Ok(Some(2.0)));
    let host = server.host();
    let expected = format!(
        "CONNECT {host} HTTP/1.1\r\nHost: {host}\r\nProxy-Authorization: Basic dTpwQA==\r\n\r\n"
    );
    assert_eq!(*tunnels.seen.lock().unwrap(), [expected]);
    let seen = server.behind.seen().remove(0);
    assert!(!seen.head.contains("proxy-authorization"), "{}", seen.head);
}

#[tokio::test]
async fn http_is_given_to_the_proxy_with_its_whole_url() {
    let forwards = Server::start([ok(TWO)]).await;
    let mut connection = connection("http://prometheus.example:9090/p");
    connection.proxy = Some(proxy(&forwards.url.replace("//", "//u:p@")));
    assert_eq!(ask(&connection).await, Ok(Some(2.0)));
    let seen = forwards.seen().remove(0);
    assert_eq!(
        seen.line,
        "POST http://prometheus.example:9090/p/api/v1/query"
    );
    assert!(
        seen.head.contains("host: prometheus.example:9090\r\n"),
        "{}",
        seen.head
    );
    assert!(
        seen.head.contains("proxy-authorization: basic dtpw\r\n"),
        "{}",
        seen.head
    );
}

#[tokio::test]
async fn a_host_of_no_proxy_is_dialled_without_it() {
    let server = Server::start([ok(TWO)]).await;
    let mut connection = connection(&server.url);
    connection.proxy = Some(Proxy {
        no_proxy: vec!["127.0.0.0/8".to_owned()],
        ..proxy("http://u:p@127.0.0.1:1")
    });
    assert_eq!(ask(&connection).await, Ok(Some(2.0)));
    let seen = server.seen().remove(0);
    assert!(!seen.head.contains("proxy-authorization"), "{}", seen.head);
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named_and_not_asked_again() {
    for (url, refusal) in [("https://p.example", "400"), ("http://p.example", "407")] {
        let status = format!("{refusal} No");
        let refuses = Server::start([Step::Close(answer(&status, "", ""))]).await;
        let mut connection = connection(url);
        connection.proxy = Some(proxy(&refuses.url));
        let error = ask(&connection).await.unwrap_err();
        let UpstreamError::Connect { reason, .. } = error else {
            panic!("{error}");
        };
        assert!(
            reason.contains("proxy") && reason.contains(refusal),
            "{reason}"
        );
        assert_eq!(refuses.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_proxy_that_cannot_be_reached_is_told_from_a_backend() {
    let mut connection = connection("https://p.example");
    connection.proxy = Some(proxy("http://127.0.0.1:1"));
    let error = ask(&connection).await.unwrap_err();
    let UpstreamError::Connect { reason, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(reason, "no way through the proxy: connection refused");
}

async fn two(request: http::Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    assert_eq!(request.version(), Version::HTTP_2);
    Ok(Response::new(Full::new(Bytes::from_static(TWO.as_bytes()))))
}

#[tokio::test]
async fn http2_is_spoken_where_the_connection_wants_it_and_the_backend_can() {
    let ours = Authority::new();
    let mut config = Manner::from(ours.signs("localhost")).config();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let session = acceptor.accept(socket).await.unwrap();
        let service = service_fn(two);
        let server = http2::Builder::new(TokioExecutor::new());
        let _ = server
            .serve_connection(TokioIo::new(session), service)
            .await;
    });
    let mut connection = connection(&format!("https://localhost:{port}"));
    connection.tls.ca = Some(inline(&ours.pem));
    connection.enable_http2 = true;
    assert_eq!(ask(&connection).await, Ok(Some(2.0)));

    let server = TlsServer::start(ours.signs("localhost"), [ok(TWO)]).await;
    let mut older = super::connection(&server.url);
    older.tls.ca = Some(inline(&ours.pem));
    older.enable_http2 = true;
    assert_eq!(ask(&older).await, Ok(Some(2.0)), "it only speaks HTTP/1.1");
}
