//! The dialler on real sockets.

use std::sync::atomic::Ordering;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use super::*;
use crate::egress::guard::tests::Answer;
use crate::egress::guard::tests::Script;
use crate::egress::tls::Roots;
use crate::egress::tls::Settings;

async fn dial(url: &str, timers: Timers) -> Result<Stream, DialError> {
    let url: Uri = url.parse().unwrap();
    let roots = Roots::default();
    // Anyone, so that a test needs no roots of its system.
    let settings = Settings {
        trusts_anyone: true,
        ..Settings::default()
    };
    let tls = Tls::new(settings, &roots).await.unwrap();
    let dialler = Dialler {
        timers,
        ..Dialler::new(Guard::default(), Bounds::default(), Some(tls), None)
    };
    dialler.dial(&url, &|_, _| ()).await
}

#[tokio::test]
async fn a_listening_port_is_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    dial(&url, Timers::default()).await.unwrap();
}

#[tokio::test]
async fn a_closed_port_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = dial(&url, Timers::default()).await.unwrap_err();
    let reason = "connection refused".to_owned();
    assert_eq!(error, DialError::Connect { reason });
}

#[tokio::test]
async fn an_address_in_brackets_is_an_address() {
    let error = dial("http://[::1]:1", Timers::default()).await.unwrap_err();
    assert!(matches!(error, DialError::Connect { .. }), "{error}");
}

#[tokio::test]
async fn what_is_near_is_known_before_the_first_connection_and_learnt_from_each() {
    #[track_caller]
    fn check(is_near: bool, expected: bool) {
        assert_eq!(is_near, expected);
    }
    let dialler = Dialler::new(Guard::default(), Bounds::default(), None, None);
    let url = |text: &str| text.parse::<Uri>().unwrap();
    check(dialler.leads_near(&url("http://[::1]:9090/p")).await, true);
    check(dialler.leads_near(&url("http://192.0.2.1")).await, false);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let open = url(&format!("http://{}", listener.local_addr().unwrap()));
    dialler.clone().try_out(&open, &|_, _| ()).await.unwrap();
    check(dialler.leads_near(&url("http://192.0.2.1")).await, true);
}

#[tokio::test]
async fn a_peer_that_speaks_no_tls_is_a_failure_of_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server = async {
        let (socket, _) = listener.accept().await.unwrap();
        socket.writable().await.unwrap();
        socket
            .try_write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
        socket
    };
    let (dialled, _socket) = tokio::join!(dial(&url, Timers::default()), server);
    let error = dialled.unwrap_err();
    assert!(matches!(error, DialError::Tls { .. }), "{error}");
}

#[tokio::test]
async fn a_handshake_that_hangs_is_ended() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let timers = Timers {
        handshake: Duration::from_millis(50),
        ..Timers::default()
    };
    let error = dial(&url, timers).await.unwrap_err();
    let reason = "the handshake did not end within 50ms".to_owned();
    assert_eq!(error, DialError::Tls { reason });
}

fn scripted(answers: impl IntoIterator<Item = Answer>, bounds: Bounds) -> (Dialler, Script) {
    let script = Script::new(answers);
    (Dialler::new(script.guard(), bounds, None, None), script)
}

async fn dial_with(dialler: &Dialler, url: &str) -> Result<Stream, DialError> {
    dialler.dial(&url.parse().unwrap(), &|_, _| ()).await
}

#[tokio::test]
async fn what_is_dialled_is_what_was_classified() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // Who resolves twice dials the second answer.
    let answers = [
        Answer::Found(vec!["127.0.0.1"]),
        Answer::Found(vec!["169.254.169.254"]),
    ];
    let (dialler, script) = scripted(answers, Bounds::default());
    let url = format!("http://prom.example:{port}");
    dial_with(&dialler, &url).await.unwrap();
    assert_eq!(script.asked.load(Ordering::Relaxed), 1);
    let error = dial_with(&dialler, &url).await.unwrap_err();
    let refusal = Refusal::LinkLocal;
    let (host, address) = (
        "prom.example".to_owned(),
        "169.254.169.254".parse().unwrap(),
    );
    assert_eq!(
        error,
        DialError::Forbidden {
            host,
            address,
            refusal
        }
    );
}

#[tokio::test]
async fn no_url_reaches_our_own_ports() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answers = [Answer::Found(vec!["127.0.0.1"])];
    let (dialler, _) = scripted(answers, Bounds::default());
    dialler.guard.listens_on(vec![port]);
    for host in ["127.0.0.1", "prom.example", "[::ffff:127.0.0.1]"] {
        let url = format!("http://{host}:{port}");
        let error = dial_with(&dialler, &url).await.unwrap_err();
        let DialError::Forbidden { refusal, .. } = error else {
            panic!("{host}: {error}");
        };
        assert_eq!(refusal, Refusal::Ourselves, "{host}");
        let (mut accepted, _) = listener.accept().await.unwrap();
        let mut sent = Vec::new();
        accepted.read_to_end(&mut sent).await.unwrap();
        assert_eq!(sent, b"", "closed before a byte is sent");
    }
}

#[tokio::test]
async fn beyond_loopback_a_veil_hides_what_failed() {
    let veil = Bounds {
        is_veiled: true,
        ..Bounds::default()
    };
    // Loopback alone is told as it is.
    let error = dial_with(&scripted([], veil.clone()).0, "http://127.0.0.1:1").await;
    assert!(matches!(error, Err(DialError::Connect { .. })), "{error:?}");
    // One address of a name that is elsewhere is enough. 192.0.2.0/24 is nobody's.
    let both = [Answer::Found(vec!["127.0.0.1", "::1", "192.0.2.1"])];
    let (dialler, _) = scripted(both, veil);
    let dialler = Dialler {
        timers: Timers {
            connect: Duration::from_millis(50),
            ..Timers::default()
        },
        ..dialler
    };
    let error = dial_with(&dialler, "http://prom.example:1").await;
    let Err(DialError::Unreached {
        part, is_temporary, ..
    }) = error
    else {
        panic!("{error:?}");
    };
    assert_eq!((part, is_temporary), (Part::Connect, true));
}

#[tokio::test]
async fn a_veil_hides_a_way_through_a_proxy_unless_both_ends_are_here() {
    for (host, url, is_veiled, is_hidden) in [
        ("127.0.0.1", "http://localhost:9090", true, false),
        ("127.0.0.1", "http://prom.example", true, true),
        ("192.0.2.1", "http://localhost:9090", true, true),
        ("127.0.0.1", "http://prom.example", false, false),
    ] {
        let proxy = Proxy {
            host: host.to_owned(),
            port: 1,
            bounds: Bounds::default(),
            tls: None,
            authorization: None,
        };
        let bounds = Bounds {
            is_veiled,
            ..Bounds::default()
        };
        let dialler = Dialler {
            timers: Timers {
                connect: Duration::from_millis(50),
                ..Timers::default()
            },
            ..Dialler::new(Script::new([]).guard(), bounds, None, Some(proxy))
        };
        let error = dial_with(&dialler, url).await.unwrap_err();
        let was_hidden = matches!(error, DialError::Unreached { .. });
        assert_eq!(was_hidden, is_hidden, "{host} {url}: {error:?}");
    }
}

#[test]
fn what_failed_is_left_to_the_log() {
    let reason = || "r".to_owned();
    let tls = DialError::Tls { reason: reason() };
    let expected = DialError::Unreached {
        part: Part::Handshake,
        reason: reason(),
        is_temporary: false,
    };
    assert_eq!(tls.veiled(), expected);
    assert_eq!(
        expected.to_string(),
        "no usable connection: TLS: r",
        "the step is in it"
    );
    let proxy = DialError::Proxy {
        reason: reason(),
        is_temporary: false,
    };
    let DialError::Unreached { part, reason, .. } = proxy.veiled() else {
        panic!("it can be seen");
    };
    assert_eq!(part, Part::Connect);
    assert_eq!(reason, "no way through the proxy: r");
}

#[tokio::test]
async fn behind_a_proxy_addresses_are_classified_and_names_are_the_proxys() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = |host: &str| Proxy {
        host: host.to_owned(),
        port: listener.local_addr().unwrap().port(),
        bounds: Bounds::default(),
        tls: None,
        authorization: None,
    };
    let through = |proxy| {
        Dialler::new(
            Script::new([]).guard(),
            Bounds::default(),
            None,
            Some(proxy),
        )
    };
    let near = through(proxy("127.0.0.1"));
    for url in [
        "http://169.254.169.254",
        "http://[::ffff:169.254.169.254]:80",
        "http://[fd00:ec2::254]",
        "http://0.0.0.0:9090",
    ] {
        let error = dial_with(&near, url).await.unwrap_err();
        assert!(
            matches!(error, DialError::Forbidden { .. }),
            "{url}: {error}"
        );
    }
    dial_with(&near, "http://metadata.example").await.unwrap();
    for host in ["169.254.169.254", "fe80::1"] {
        let error = dial_with(&through(proxy(host)), "http://prom.example").await;
        let Err(DialError::Forbidden { host: refused, .. }) = error else {
            panic!("{host}: {error:?}");
        };
        assert_eq!(refused, host);
    }
}

#[test]
fn what_is_near_is_known_by_its_name() {
    for (host, expected) in [
        ("localhost", true),
        ("prom.localhost", true),
        ("127.0.0.1", true),
        ("::1", true),
        ("notlocalhost", false),
        ("localhost.example", false),
        ("10.0.0.1", false),
    ] {
        assert_eq!(is_near(host), expected, "{host}");
    }
}
