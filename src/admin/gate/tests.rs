//! Who passes, over the whole route table.

use std::net::SocketAddr;

use axum::body::Body;
use http_body_util::BodyExt as _;

use super::*;
use crate::admin::Admin;
use crate::app::reload::Reloads;
use crate::config::Settings;
use crate::config::tests::with_key;
use crate::secret::Secret;

const KEY: &str = "the-key-of-these-tests";
const TOKEN: &str = "the-token-of-the-console";
const OPEN: [&str; 3] = ["/-/healthy", "/-/ready", "/metrics"];
/// Also what does not exist.
const TOLD: [(&str, &str); 9] = [
    ("GET", "/openapi.json"),
    ("GET", "/schemas/connection-details.json"),
    ("POST", "/openapi.json"),
    ("GET", "/debug/requests"),
    ("POST", "/debug/explain"),
    ("GET", "/nowhere"),
    ("GET", "/metrics/"),
    ("GET", "//metrics"),
    ("GET", "/-/healthy/../../openapi.json"),
];
const CHANGES: [(&str, &str); 2] = [("POST", "/-/reload"), ("GET", "/-/reload")];
const HERE: &str = "127.0.0.1";
const ELSEWHERE: &str = "10.0.0.1";
const AT_HOME: (&str, &str) = ("host", "localhost:9901");
const RIGHT: (&str, &str) = ("authorization", "Bearer the-token-of-the-console");
const WRONG: (&str, &str) = ("authorization", "Bearer another-token-of-16-bytes");

struct Given(Admin, Arc<App>);

impl Given {
    fn new(token: Option<&str>) -> Self {
        let token = token.map(|token| TokenDigest::new(&Secret::new(token.to_owned())).unwrap());
        let settings = Settings {
            console_token: token,
            ..with_key(KEY)
        };
        let app = Arc::new(App::new(&settings).unwrap());
        Self(Admin::new(&app, Reloads::default()), app)
    }

    async fn ask(
        &self,
        peer: &str,
        (method, path): (&str, &str),
        lines: &[(&str, &str)],
    ) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        let peer = Peer::plain(SocketAddr::new(peer.parse().unwrap(), 40_000));
        let request = request.body(Body::empty()).unwrap();
        self.0.call(&peer, request).await
    }

    /// Checks status and, of every answer, that it is not to be kept and holds no key.
    #[track_caller]
    fn check(
        &self,
        peer: &str,
        asked: (&str, &str),
        lines: &[(&str, &str)],
        expected: &[u16],
    ) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move {
            let (head, body) = self.ask(peer, asked, lines).await.into_parts();
            let what = format!("{place}: {peer} {asked:?} {lines:?}: {head:?}");
            assert!(expected.contains(&head.status.as_u16()), "{what}");
            assert_eq!(head.headers["cache-control"], "no-store", "{what}");
            assert!(!head.headers.contains_key("x-mirror-api-key"), "{what}");
            let body = body.collect().await.unwrap().to_bytes();
            let text = str::from_utf8(&body).unwrap();
            assert!(!text.contains(KEY) && !text.contains(TOKEN), "{what}");
        }
    }
}

#[tokio::test]
async fn a_wrong_token_is_logged_and_nobody_else_who_does_not_pass() {
    for (lines, is_logged) in [(vec![WRONG], true), (vec![], false), (vec![RIGHT], false)] {
        let given = Given::new(Some(TOKEN));
        let _answer = given.ask(ELSEWHERE, TOLD[0], &lines).await;
        // Who was logged just now is not to be logged again.
        let source = ELSEWHERE.parse().unwrap();
        let is_due = given.1.refusals.is_due(source, Instant::now());
        assert_eq!(is_due, !is_logged, "{lines:?}");
    }
}

#[tokio::test]
async fn health_and_metrics_are_open_to_anybody() {
    for token in [None, Some(TOKEN)] {
        let given = Given::new(token);
        for path in OPEN {
            for peer in [HERE, ELSEWHERE] {
                for lines in [vec![], vec![("host", "evil.example")], vec![WRONG]] {
                    given.check(peer, ("GET", path), &lines, &[200, 503]).await;
                }
            }
        }
    }
}

#[tokio::test]
async fn without_a_token_this_machine_is_answered_and_nobody_else() {
    let given = Given::new(None);
    // 400: what passed has no body, and one is needed.
    let passed = &[200, 400, 404, 405, 503];
    for asked in TOLD.into_iter().chain(CHANGES) {
        given.check(HERE, asked, &[AT_HOME], passed).await;
        let own = ("origin", "http://localhost:9901");
        given.check(HERE, asked, &[AT_HOME, own], passed).await;
        // No token is asked for, so none helps.
        for lines in [
            vec![],
            vec![("host", "evil.example:9901")],
            vec![AT_HOME, ("origin", "http://evil.example")],
            vec![AT_HOME, ("x-forwarded-for", "127.0.0.1")],
            vec![AT_HOME, ("forwarded", "for=127.0.0.1")],
        ] {
            // What changes something wants a loopback peer first; then the same.
            given.check(HERE, asked, &lines, &[403]).await;
        }
        given.check(ELSEWHERE, asked, &[AT_HOME], &[403]).await;
        given
            .check(ELSEWHERE, asked, &[AT_HOME, RIGHT], &[403])
            .await;
    }
}

#[tokio::test]
async fn with_a_token_everybody_needs_it_and_changes_still_come_from_here() {
    let given = Given::new(Some(TOKEN));
    // 400: what passed has no body, and one is needed.
    let passed = &[200, 400, 404, 405, 503];
    for asked in TOLD {
        for peer in [HERE, ELSEWHERE] {
            let far = ("host", "mirror.example");
            given.check(peer, asked, &[far, RIGHT], passed).await;
            given.check(peer, asked, &[AT_HOME], &[401]).await;
        }
    }
    for asked in CHANGES {
        given.check(HERE, asked, &[AT_HOME, RIGHT], passed).await;
        given.check(HERE, asked, &[AT_HOME], &[401]).await;
        given
            .check(ELSEWHERE, asked, &[AT_HOME, RIGHT], &[403])
            .await;
        let carried = ("x-forwarded-for", "127.0.0.1");
        given.check(HERE, asked, &[RIGHT, carried], &[403]).await;
    }
}

#[tokio::test]
async fn ten_wrong_tokens_end_the_trying_of_that_peer_alone() {
    let given = Given::new(Some(TOKEN));
    let asked = ("GET", "/openapi.json");
    // None is no wrong one, so a page that does not know it yet uses nothing up.
    for _ in 0..20 {
        given.check(ELSEWHERE, asked, &[], &[401]).await;
    }
    for _ in 0..10 {
        given.check(ELSEWHERE, asked, &[WRONG], &[401]).await;
    }
    for line in [WRONG, RIGHT] {
        given.check(ELSEWHERE, asked, &[line], &[429]).await;
    }
    let refused = given.ask(ELSEWHERE, asked, &[RIGHT]).await;
    let wait: u64 = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    given.check(HERE, asked, &[RIGHT], &[200]).await;
    given
        .check(ELSEWHERE, ("GET", "/metrics"), &[WRONG], &[200])
        .await;
}

#[test]
fn who_waits_as_told_is_not_too_soon_again() {
    for (millis, expected) in [(0, "1"), (999, "1"), (1_500, "2"), (60_000, "61")] {
        let refusal = Refusal::TooSoon(Duration::from_millis(millis));
        let answer = refusal.answer(false);
        assert_eq!(answer.headers()[RETRY_AFTER], expected, "{millis}");
    }
}

#[tokio::test]
async fn a_wrong_token_and_none_hear_the_same() {
    let given = Given::new(Some(TOKEN));
    let mut heard = Vec::new();
    for lines in [vec![], vec![WRONG], vec![("authorization", "Basic eA==")]] {
        let (head, body) = given.ask(HERE, TOLD[0], &lines).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        assert_eq!(head.headers["www-authenticate"], "Bearer");
        heard.push((head.status, head.headers, body));
    }
    assert!(heard.iter().all(|it| *it == heard[0]), "{heard:?}");
}

#[test]
fn a_token_is_said_in_one_line_and_whole() {
    let check = |lines: &[&'static [u8]], expected: Option<&str>| {
        let mut head = HeaderMap::new();
        for line in lines {
            let line = HeaderValue::from_bytes(line).unwrap();
            head.append(AUTHORIZATION, line);
        }
        assert_eq!(bearer(&head), expected, "{lines:?}");
    };
    check(&[b"Bearer a"], Some("a"));
    check(&[b"bearer  a b "], Some("a b"));
    check(&["Bearer é".as_bytes()], Some("é"));
    check(&[], None);
    check(&[b"Bearer"], None);
    check(&[b"Bearer "], None);
    check(&[b"Basic a"], None);
    check(&[b"a"], None);
    check(&[b"Bearer \xff"], None);
    check(&[b"Bearer a", b"Bearer a"], None);
}
